//go:build slow

package discover_test

import (
	"context"
	"math"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/internal/truth"
	"govern/model"
	"govern/verdict"
)

// slow runs a discovery on a system with a slow state that the model lacks.
func slow(t *testing.T, system, learned string, c truth.Case) (*discover.Result, *fit.Data) {
	t.Helper()
	m, err := model.Read("system.yaml", []byte(system))
	if err != nil {
		t.Fatal(err)
	}
	c.Model = m
	return learn(t, c, learned, 0, discover.Options{})
}

// number of a fitted parameter.
func number(t *testing.T, r *discover.Result, name string) float64 {
	t.Helper()
	k := 0
	for _, p := range r.Model.Parameters {
		if p.Name == name {
			return r.Chosen.Parameters[k]
		}
		if p.Fit {
			k++
		}
	}
	t.Fatalf("no parameter %s", name)
	return 0
}

// The adaptation of Hindmarsh and Rose, z' = 0.006·(4·(x + 1.6) − z), enters x' as
// −z. Driven by x alone its scale and origin are others: z = 4·q + 6.4.
func TestSlowStatesThatModelsLackAreFound(t *testing.T) {
	for _, c := range []struct {
		name, system, learned string
		truth                 truth.Case
		driver, enters        string
		rate, gain            float64
	}{
		{"Hindmarsh–Rose without its adaptation",
			`
states: {x: -1.3, y: -7.5, z: 3.2}
equations: |
  x' = y - x^3 + 3*x^2 - z + 3.25
  y' = 1 - 5*x^2 - y
  z' = 0.006*(4*(x + 1.6) - z)
`,
			`
states: {x: 0, y: 0}
unknowns: {f: {library: {degree: 3}}}
equations: |
  x' = y + f(x)
  y' = 1 - 5*x^2 - y
`,
			truth.Case{Step: 0.1, Samples: 6000, Transient: 300, Noise: map[string]float64{"x": 0.01}, Seed: 5}, "x", "x", 0.006, -4},
		{"FitzHugh–Nagumo with a slow current",
			`
states: {v: -1, w: 1, s: 0}
equations: |
  v' = v - v^3/3 - w + 0.5 - 0.6*s
  w' = 0.08*(v + 0.7 - 0.8*w)
  s' = 0.01*(v - s)
`,
			`
states: {v: 0, w: 0}
unknowns: {f: {library: {degree: 3}}}
equations: |
  v' = f(v) - w
  w' = 0.08*(v + 0.7 - 0.8*w)
`,
			truth.Case{Step: 0.2, Samples: 3000, Transient: 5, Noise: map[string]float64{"v": 0.01}, Seed: 5}, "v", "v", 0.01, -0.6},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := slow(t, c.system, c.learned, c.truth)
			if r.Extra == nil {
				t.Fatalf("%s (%s), no extra state: %s, defect %g, tc %g", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice(), r.Chosen.Formula(0), r.Chosen.Omega, r.Data.Time)
			}
			rate := number(t, r, r.Extra.Rate)
			gain := number(t, r, r.Extra.Gain) / rate
			t.Logf("%s: driver %s, enters %s, rate %g, gain %g, f = %s", verdict.OfSearch(r).Status, r.Extra.Driver, r.Extra.Enters, rate, gain, r.Chosen.Formula(0))
			if r.Extra.Driver.String() != c.driver || r.Extra.Enters != c.enters || math.Abs(rate/c.rate-1) > 0.1 || math.Abs(gain/c.gain-1) > 0.1 {
				t.Errorf("want driver %s, enters %s, rate %g, gain %g", c.driver, c.enters, c.rate, c.gain)
			}
		})
	}
}

// A library that lacks the term of the truth leaves something that is no memory; a
// model that has all it needs passes by itself.
func TestAnExtraStateIsNoCureForAWrongLibrary(t *testing.T) {
	for _, c := range []struct {
		name, system, learned string
		truth                 truth.Case
		passes                bool
	}{
		{"Lorenz, z' without x*y", "lorenz",
			`
states: {x: 0, y: 0, z: 0}
unknowns: {f: {library: {degree: 1}}}
equations: |
  x' = 10*(y - x)
  y' = x*(28 - z) - y
  z' = f(x, y, z)
`,
			truth.Case{Step: 0.02, Samples: 1500, Transient: 50, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}, Seed: 5}, false},
		{"Rössler, z' without x*z", "rossler-14",
			`
states: {x: 0, y: 0, z: 0}
unknowns: {f: {library: {degree: 1}}}
equations: |
  x' = -y - z
  y' = x + 0.2*y
  z' = f(x, z)
`,
			truth.Case{Step: 0.1, Samples: 1500, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}, Seed: 5}, false},
		{"FitzHugh–Nagumo without its cubic", "fitzhugh-nagumo",
			`
states: {v: 0, w: 0}
unknowns: {f: {library: {degree: 2}}}
equations: |
  v' = f(v) - w
  w' = 0.08*(v + 0.7 - 0.8*w)
`,
			truth.Case{Step: 0.2, Samples: 1500, Transient: 20, Noise: map[string]float64{"v": 0.01}, Seed: 5}, false},
		{"FitzHugh–Nagumo with it", "fitzhugh-nagumo",
			`
states: {v: 0, w: 0}
unknowns: {f: {library: {degree: 3}}}
equations: |
  v' = f(v) - w
  w' = 0.08*(v + 0.7 - 0.8*w)
`,
			truth.Case{Step: 0.2, Samples: 1500, Transient: 20, Noise: map[string]float64{"v": 0.01}, Seed: 5}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.truth.Model = catalogue(t, c.system)
			d, err := c.truth.Data(c.learned)
			if err != nil {
				t.Fatal(err)
			}
			r, err := discover.Run(context.Background(), &fit.Engine{Data: d}, discover.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if passed := r.Trusted(); passed != c.passes || r.Extra != nil {
				t.Errorf("status %s, extra %+v: %s", verdict.OfSearch(r).Status, r.Extra, verdict.OfSearch(r).Advice())
			}
		})
	}
}
