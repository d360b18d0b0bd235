// Command gradient times the design benchmark against its peers, in one run, because
// times of different runs on a shared machine cannot be compared:
//
//	go run ./bench/gradient
//
// The gradient of a loss by 355 parameters through Rössler's system with a gain and a
// tanh network 3-16-16-2: 64 segments of 50 RK4 steps, the exact discrete adjoint, one
// thread. Peers are C++ written for this one system, lanes side by side, compiled
// with -O3 -march=native -ffast-math (of two block widths the faster counts), once with
// libm's tanh and once with 1 − 2/(e²ᵃ + 1), which is quicker and loses the digits of
// small arguments, and PyTorch. What is absent is skipped. All must arrive at the same
// gradient.
package main

import (
	_ "embed"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"govern/bench/internal/processor"
	"govern/expr"
	"govern/internal/lane"
	"govern/ode"
	"govern/tape"
)

//go:embed peers/lanes.cpp
var lanesSource []byte

//go:embed peers/torch_adjoint.py
var torchSource []byte

const (
	segmentCount = 64
	stepCount    = 50
	step         = 0.02
	batches      = 15
)

// timing is the least CPU time a gradient and the gradient's norm.
type timing struct{ milliseconds, norm float64 }

func main() {
	if err := compare(); err != nil {
		fmt.Fprintln(os.Stderr, "gradient:", err)
		os.Exit(1)
	}
}

func compare() error {
	kernels, err := lane.Chosen()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	own := govern(16)
	for _, lanes := range []int{32, 64} {
		if t := govern(lanes); t.milliseconds < own.milliseconds {
			own = t
		}
	}
	fmt.Printf("govern, kernels %-7s %8.3f ms a gradient\n", kernels.Level, own.milliseconds)
	for _, peer := range []struct {
		name string
		run  func(dir string) (timing, error)
	}{
		{"C++ lanes, libm's tanh", func(dir string) (timing, error) { return cplusplus(dir) }},
		{"C++ lanes, exp in tanh", func(dir string) (timing, error) { return cplusplus(dir, "-DOWN_TANH") }},
		{"PyTorch, eager", torch},
	} {
		t, err := peer.run(dir)
		if err != nil {
			fmt.Printf("%-23s  skipped: %v\n", peer.name, err)
			continue
		}
		fmt.Printf("%-23s %8.3f ms, %.2f times govern's\n", peer.name, t.milliseconds, t.milliseconds/own.milliseconds)
		if math.Abs(t.norm-own.norm) > 1e-9*own.norm {
			return fmt.Errorf("%s computes another gradient: norm %.15g, govern's %.15g", peer.name, t.norm, own.norm)
		}
	}
	return nil
}

// govern times ode.Adjoint with blocks of the given number of lanes.
func govern(lanes int) timing {
	field := rossler()
	a := field.NewAdjoint(ode.RK4, lanes)
	gradient := make([]float64, field.Columns)
	whole := func() { segments(a, gradient) }
	whole()
	best := math.Inf(1)
	for range batches {
		const size = 20
		start := processor.Seconds()
		for range size {
			whole()
		}
		best = math.Min(best, 1e3*(processor.Seconds()-start)/size)
	}
	return timing{best, norm(gradient)}
}

func norm(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}

func rossler() *ode.Field {
	list, diagnostics := expr.ParseEquations("", 1, 1, "x' = -y - z + K*(xd - x); y' = f(x, y, z) + a*y; z' = g(x, y, z) + K*(zd - z)")
	if len(list) != 3 {
		panic(diagnostics)
	}
	net := tape.Neural{
		Names: []string{"f", "g"}, Inputs: 3, Hidden: []int{16, 16}, Activation: "tanh",
		Shift: []float64{0, 0, 1}, Scale: []float64{5, 5, 3}, Offset: []float64{0, 0.2}, Gain: []float64{2, 3},
	}
	net.Start = make([]float64, 3*16+16+16*16+16+16*2+2)
	for j := range net.Start {
		net.Start[j] = 0.3 * math.Sin(float64(j+1))
	}
	f, err := ode.NewField([]*expr.Expr{list[0].Right, list[1].Right, list[2].Right},
		[]string{"x", "y", "z"}, []string{"xd", "zd"}, []string{"K"}, []string{"a"}, net)
	if err != nil {
		panic(err)
	}
	return f
}

// segments sets gradient to that of all segments, in blocks of a's lanes.
func segments(a *ode.Adjoint, gradient []float64) {
	clear(gradient)
	for first := 0; first < segmentCount; first += a.Lanes {
		block(a, first, gradient)
	}
}

// block adds the gradient of half the square of the final states of some segments.
func block(a *ode.Adjoint, first int, gradient []float64) {
	a.Reset()
	a.SetColumn(0, 0.2)
	a.SetColumn(1, 0.3*math.Sin(1)) // new weights a gradient
	for l := range a.Lanes {
		g := float64(first + l)
		a.SetCondition(0, l, 0.5)
		a.Time[l], a.Step[l], a.Origin[l] = 0, step, 0
		a.State[0][l], a.State[1][l], a.State[2][l] = 1+0.01*g, 2, 0.5
		a.Base[0][l], a.Base[1][l], a.Slope[0][l], a.Slope[1][l] = math.Sin(g), 0.5+0.01*g, -1, 0.1
	}
	a.Advance(stepCount)
	for i := range a.Bar {
		copy(a.Bar[i], a.State[i])
	}
	a.Backward(stepCount)
	a.AddGradient(gradient)
}

func cplusplus(dir string, options ...string) (timing, error) {
	compiler, err := exec.LookPath("g++")
	if err != nil {
		return timing{}, fmt.Errorf("no g++ on the path")
	}
	source := filepath.Join(dir, "lanes.cpp")
	if err := os.WriteFile(source, lanesSource, 0o600); err != nil {
		return timing{}, err
	}
	best := timing{milliseconds: math.Inf(1)}
	for _, lanes := range []string{"-DLANES=32", "-DLANES=64"} {
		program := filepath.Join(dir, "lanes")
		arguments := append([]string{"-O3", "-march=native", "-ffast-math", "-o", program, source, lanes}, options...)
		if text, err := exec.Command(compiler, arguments...).CombinedOutput(); err != nil {
			return timing{}, fmt.Errorf("g++: %w: %s", err, text)
		}
		t, err := printed(exec.Command(program, fmt.Sprint(batches)))
		if err != nil {
			return timing{}, err
		}
		if t.milliseconds < best.milliseconds {
			best = t
		}
	}
	return best, nil
}

// torch asks the interpreters that may have PyTorch: the first on the path, then the
// system's own, for which distributions pack it.
func torch(dir string) (timing, error) {
	source := filepath.Join(dir, "torch_adjoint.py")
	if err := os.WriteFile(source, torchSource, 0o600); err != nil {
		return timing{}, err
	}
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import torch").Run() == nil {
			return printed(exec.Command(python, source, "10"))
		}
	}
	return timing{}, fmt.Errorf("no python3 with torch")
}

// printed runs a peer, which prints milliseconds and norm.
func printed(c *exec.Cmd) (timing, error) {
	c.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	out, err := c.Output()
	if err != nil {
		return timing{}, fmt.Errorf("%s: %w", filepath.Base(c.Path), err)
	}
	var t timing
	if _, err := fmt.Sscan(strings.TrimSpace(string(out)), &t.milliseconds, &t.norm); err != nil {
		return timing{}, fmt.Errorf("%s printed %q: %w", filepath.Base(c.Path), out, err)
	}
	return t, nil
}
