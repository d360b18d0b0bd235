//go:build slow

package govern_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"govern"
	"govern/internal/truth"
	"govern/model"
)

// Three regimes of Rössler's equations one after another; the user knows neither
// how many there are nor where.
func TestRegimesAreFoundWithoutBeingAskedFor(t *testing.T) {
	cs := []float64{5.7, 9, 14}
	const (
		openZ = "model:\n  states: {x: 1, y: 1, z: 0.1}\n  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = x + 0.2*y\n    z' = f(x, z)\ndata: {file: data.csv, time: t}\n"
		openY = "model:\n  states: {x: 1, y: 1, z: 0.1}\n  parameters: {c: {value: 8, fit: true}}\n  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = f(x, y)\n    z' = 0.2 + z*(x - c)\ndata: {file: data.csv, time: t}\n"
	)
	m, err := model.Lookup("rossler")
	if err != nil {
		t.Fatal(err)
	}
	var values []map[string]float64
	for _, c := range cs {
		values = append(values, map[string]float64{"a": 0.2, "b": 0.2, "c": c})
	}
	for name, text := range map[string]string{"z": openZ, "y": openY} {
		t.Run(name, func(t *testing.T) {
			entry, changes, err := truth.Case{Model: m, Step: 0.1, Samples: 3000, Seed: 21, Transient: 200,
				Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}.Regimes(values)
			if err != nil {
				t.Fatal(err)
			}
			p := writeEntry(t, entry, text)
			out, err := govern.Discover(context.Background(), p, govern.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			r := out.Result
			if !r.Status.Trusted() || len(r.Regimes) != len(cs) {
				t.Fatalf("status %s (%s), %d regimes, equations %v", r.Status, r.Advice, len(r.Regimes), show(r.Equations))
			}
			for k, g := range r.Regimes {
				if k > 0 {
					if off := math.Abs(float64(g.From) - changes[k-1]); off > 6 {
						t.Errorf("change %d at t = %g, true %g", k, float64(g.From), changes[k-1])
					}
				}
				t.Log(float64(g.From), show(g.Equations))
				want := map[string]float64{"x": 1, "y": 0.2}
				if name == "z" {
					want = map[string]float64{"1": 0.2, "z": -cs[k], "x*z": 1}
				} else if off := math.Abs(float64(g.Parameters["c"].Value) - cs[k]); off > 0.02*cs[k] {
					t.Errorf("regime %d: c = %g", k, float64(g.Parameters["c"].Value))
				}
				if len(g.Unknowns["f"].Terms) != len(want) {
					t.Errorf("regime %d: %s", k, *g.Unknowns["f"].Expression)
				}
				for _, term := range g.Unknowns["f"].Terms {
					if !(math.Abs(float64(term.Coefficient)-want[term.Term]) < 0.05*math.Abs(want[term.Term])) {
						t.Errorf("regime %d: %g·%s, want %g", k, float64(term.Coefficient), term.Term, want[term.Term])
					}
				}
			}
		})
	}
}

func show(equations map[string]*string) string {
	text := ""
	for s, e := range equations {
		if e != nil {
			text += fmt.Sprintf("%s' = %s; ", s, *e)
		}
	}
	return text
}
