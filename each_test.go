package govern_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govern"
	"govern/internal/truth"
	"govern/model"
	"govern/problem"
	"govern/series"
	"govern/series/csv"
)

// trials are records of one system, each with a value of its own of a parameter.
type trials struct {
	system    string // of the catalogue
	parameter string
	values    []float64
	samples   []int // of every trial; one number: of all
	step      float64
	noise     float64 // of every state, in standard deviations
	seed      uint64
}

// write puts the trials into a new directory and reads a problem that has %s where
// its data stand; set says what is known of a trial.
func (c trials) write(t *testing.T, text string, set func(k int) string) *problem.Problem {
	t.Helper()
	dir := t.TempDir()
	var data strings.Builder
	for k, v := range c.values {
		m := lookup(t, c.system).WithParameters(map[string]float64{c.parameter: v})
		noise := map[string]float64{}
		for _, s := range m.States {
			noise[s.Name] = c.noise
		}
		samples := c.samples[0]
		if len(c.samples) > 1 {
			samples = c.samples[k]
		}
		entry, err := truth.Case{Model: m, Step: c.step, Samples: samples, Seed: c.seed*1009 + uint64(k), Transient: 50, Noise: noise}.Entry()
		if err != nil {
			t.Fatal(err)
		}
		s := &series.Series{TimeName: "t", Time: entry.Times}
		for _, ch := range entry.Channels {
			s.Columns = append(s.Columns, series.Column{Name: ch.Column, Values: ch.Values})
		}
		var b bytes.Buffer
		if err := csv.Write(&b, s); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file(k)), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&data, "  - {file: %s%s}\n", c.file(k), set(k))
	}
	p, err := problem.Read(filepath.Join(dir, "problem.yaml"), []byte(fmt.Sprintf(text, data.String())))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c trials) file(k int) string { return fmt.Sprintf("trial%d.csv", k+1) }

func nothing(int) string { return "" }

const rosslerEach = `
model:
  states: {x: 0, y: 0, z: 0}
  parameters: {c: {value: 10, fit: true, each: entry}}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = f(x, y)
    z' = 0.2 + z*(x - c)
data:
%s`

func TestExplore(t *testing.T) {
	c := trials{system: "rossler", parameter: "c", values: []float64{8, 9, 10, 11, 12, 13, 14, 7}, samples: []int{300}, step: 0.1, noise: 0.05, seed: 1}
	p := c.write(t, rosslerEach, nothing)
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := out.Result.Encode()
	fmt.Println(string(b))
	fmt.Println(string(out.Model.Encode()))
	for k, v := range c.values {
		e := out.Result.Parameters["c"].Entries[c.file(k)]
		half := float64(e.High-e.Low) / 2
		fmt.Printf("%v %v ± %v: %.2f\n", v, e.Value, half, (float64(e.Value)-v)/half*1.96)
	}
	_ = model.Model{}
	_ = math.Pi
}
