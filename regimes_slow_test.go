//go:build slow

package govern_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"govern"
	"govern/expr"
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
					if off := math.Abs(float64(g.From) - changes[k-1]); off > 3 { // half a cycle
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

// rosslerIn observes Rössler's equations, all states, at 1 %.
func rosslerIn(t *testing.T) truth.Case {
	t.Helper()
	m, err := model.Lookup("rossler")
	if err != nil {
		t.Fatal(err)
	}
	return truth.Case{Model: m, Step: 0.15, Samples: 1600, Seed: 11, Transient: 200, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
}

const openThird = "model:\n  states: {x: 1, y: 1, z: 0.1}\n  unknowns: {f: {}}\n  equations: |\n    x' = -y - z\n    y' = x + 0.2*y\n    z' = f(x, z)\ndata: {file: data.csv, time: t}\n"

// The change lies where no search looks; the formulas come from the first four
// fifths of each regime.
func TestAChangeInTheHeldOutDataIsFound(t *testing.T) {
	entry, changes, err := rosslerIn(t).Regimes([]map[string]float64{{"c": 5.7}, {"c": 9}})
	if err != nil {
		t.Fatal(err)
	}
	p := writeEntry(t, entry.Slice(0, 1950), openThird) // the last 390 are held out, 350 of them behind the change
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Result
	if !r.Status.Trusted() || len(r.Regimes) != 2 || r.Regimes[1].Change == nil {
		t.Fatalf("status %s (%s), %d regimes, warnings %v", r.Status, r.Advice, len(r.Regimes), r.Warnings)
	}
	c := r.Regimes[1].Change
	if off := math.Abs(float64(c.Value) - changes[0]); off > 6 || float64(c.Low) > changes[0] || float64(c.High) < changes[0] {
		t.Errorf("change at %g (%g … %g), true %g", float64(c.Value), float64(c.Low), float64(c.High), changes[0])
	}
	for k, want := range []float64{-5.7, -9} {
		for _, term := range r.Regimes[k].Unknowns["f"].Terms {
			if term.Term == "z" && math.Abs(float64(term.Coefficient)-want) > 0.05 {
				t.Errorf("regime %d: %g·z", k+1, float64(term.Coefficient))
			}
		}
	}
}

func TestADriftIsCalledOneAndFound(t *testing.T) {
	c := rosslerIn(t)
	c.Samples = 2400
	entry, err := c.Drift(map[string]float64{"c": 9}, map[string]float64{"c": 14})
	if err != nil {
		t.Fatal(err)
	}
	out, err := govern.Discover(context.Background(), writeEntry(t, entry, openThird), govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Result
	if !strings.Contains(strings.Join(r.Warnings, " "), "coefficients drift") || len(r.Regimes) > 0 {
		t.Fatalf("status %s, %d regimes, warnings %v", r.Status, len(r.Regimes), r.Warnings)
	}
	want := map[string]float64{"1": 0.2, "z": -9, "x*z": 1, "t*z": -5 / (0.15 * 2399)}
	e, err := expr.Parse(*r.Equations["z"])
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range expr.Terms(e) {
		w := want[term.Factor.String()]
		if !(math.Abs(term.Coefficient-w) < 0.02*math.Abs(w)) {
			t.Errorf("%g·%s, want %g", term.Coefficient, term.Factor, w)
		}
	}
}
