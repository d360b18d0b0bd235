// Million measures what a discovery on a long record costs: it simulates
// Rössler's equations with 1 % noise, leaves y' open, runs `govern discover`
// with default settings in a process of its own, and prints its time, its peak
// resident memory and the formula.
//
//	go run ./bench/million [-samples 1000000] [-dt 0.05] [-c 5.7] [-o DIR]
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"govern/internal/truth"
	"govern/model"
	"govern/series"
	"govern/series/csv"
)

const problem = `name: long-rossler
model:
  states: {x: 1, y: 1, z: 0.1}
  parameters: {b: 0.2, c: %v}
  equations: |
    x' = -y - z
    y' = f(x, y)
    z' = b + z*(x - c)
  unknowns: {f: {}}
data:
  - file: train.csv
    observe: {x: x, y: y, z: z}
`

func main() {
	log.SetFlags(0)
	log.SetPrefix("million: ")
	samples := flag.Int("samples", 1_000_000, "length of the record")
	step := flag.Float64("dt", 0.05, "sampling interval")
	c := flag.Float64("c", 5.7, "Rössler's c")
	seed := flag.Uint64("seed", 7, "of start and noise")
	out := flag.String("o", "", "directory for data and run (default: a temporary one)")
	flag.Parse()
	if err := measure(*samples, *step, *c, *seed, *out); err != nil {
		log.Fatal(err)
	}
}

func measure(samples int, step, c float64, seed uint64, dir string) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "million"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := write(dir, samples, step, c, seed); err != nil {
		return err
	}
	binary := filepath.Join(dir, "govern")
	build := exec.Command("go", "build", "-o", binary, "./cmd/govern")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building govern (run this from the repository's root): %w", err)
	}
	command := exec.Command(binary, "discover", filepath.Join(dir, "problem.yaml"), "-o", filepath.Join(dir, "run"), "--force", "--json", "--quiet")
	command.Stderr = os.Stderr
	clock := time.Now()
	text, err := command.Output()
	seconds := time.Since(clock).Seconds()
	if text == nil {
		return err
	}
	var result struct {
		Status   string
		Unknowns map[string]struct{ Expression string }
		Warnings []string
	}
	if err := json.Unmarshal(text, &result); err != nil {
		return err
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	fmt.Printf("%d samples, dt %g, c %g: %s, f = %s\n", samples, step, c, result.Status, result.Unknowns["f"].Expression)
	fmt.Printf("%.0f s, %.0f s of processors, %.2f GB resident at most\n", seconds,
		command.ProcessState.UserTime().Seconds()+command.ProcessState.SystemTime().Seconds(), float64(usage.Maxrss)/(1<<20))
	for _, w := range result.Warnings {
		fmt.Println("warning:", w)
	}
	return err
}

// write simulates the record and writes it beside its problem.
func write(dir string, samples int, step, c float64, seed uint64) error {
	m, err := model.Lookup("rossler")
	if err != nil {
		return err
	}
	entry, err := truth.Case{
		Model: m.WithParameters(map[string]float64{"a": 0.2, "b": 0.2, "c": c}), Step: step, Samples: samples,
		Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}, Seed: seed, Transient: 200,
	}.Entry()
	if err != nil {
		return err
	}
	s := &series.Series{Name: "train.csv", Time: entry.Times, TimeName: "t", Header: []string{"t"}}
	for _, ch := range entry.Channels {
		s.Header = append(s.Header, ch.Column)
		s.Columns = append(s.Columns, series.Column{Name: ch.Column, Values: ch.Values})
	}
	file, err := os.Create(filepath.Join(dir, "train.csv"))
	if err != nil {
		return err
	}
	defer file.Close()
	if err := csv.Write(file, s); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "problem.yaml"), fmt.Appendf(nil, problem, c), 0o644)
}
