package govern_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govern"
	"govern/problem"
)

// relaxation is x' = 0.5·(u − x) sampled every half unit under an input, solved exactly
// between samples for an input that is held, and for one that runs linearly.
func relaxation(held bool, input func(k int) float64) string {
	const rate, dt, noise = 0.5, 0.5, 0.006
	rng := rand.New(rand.NewPCG(5, 7))
	var b strings.Builder
	b.WriteString("t,x,u\n")
	x := 0.0
	for k := range 300 {
		fmt.Fprintf(&b, "%g,%.6f,%.6g\n", dt*float64(k), x+noise*rng.NormFloat64(), input(k))
		u, slope := input(k), 0.0
		if !held {
			slope = (input(k+1) - u) / dt
		}
		// x = u + s·t − s/a + (x0 − u + s/a)·exp(−a·t)
		x = u + slope*dt - slope/rate + (x-u+slope/rate)*math.Exp(-rate*dt)
	}
	return b.String()
}

// A square wave that is joined by lines makes a rate 13 % wrong and a line a cubic.
func TestWhatAnInputDoesBetweenSamplesIsFound(t *testing.T) {
	square := func(k int) float64 { return math.Floor(math.Mod(float64(k)/16, 2)) }
	rng := rand.New(rand.NewPCG(1, 1))
	random := make([]float64, 302)
	for i := range random {
		random[i] = rng.Float64()
	}
	for _, c := range []struct {
		name string
		held bool
		in   func(k int) float64
	}{
		{"a square wave, held", true, square},
		{"a new value at every sample, held", true, func(k int) float64 { return random[k] }},
		{"a new value at every sample, linear", false, func(k int) float64 { return random[k] }},
		{"a square wave with ramps", false, square},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "data.csv"), []byte(relaxation(c.held, c.in)), 0o666); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "problem.yaml")
			text := "model:\n  states: {x: 0}\n  inputs: [u]\n  unknowns: {f: {}}\n  equations: |\n    x' = f(x, u)\ndata:\n  - {file: data.csv, time: t, observe: {x: x}, inputs: {u: u}}\n"
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			p, err := problem.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			out, err := govern.Discover(context.Background(), p, govern.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			terms := out.Result.Unknowns["f"].Terms
			if len(terms) != 2 {
				t.Fatalf("%s: f = %s, %v", out.Result.Status, *out.Result.Unknowns["f"].Expression, out.Result.Warnings)
			}
			for _, term := range terms {
				want := map[string]float64{"x": -0.5, "u": 0.5}[term.Term]
				// Two per cent of ±0.5.
				if math.Abs(float64(term.Coefficient)-want) > 0.01 || float64(term.Low) > want || float64(term.High) < want {
					t.Errorf("%s: %.4g [%.4g, %.4g], want %g", term.Term, float64(term.Coefficient), float64(term.Low), float64(term.High), want)
				}
			}
		})
	}
}
