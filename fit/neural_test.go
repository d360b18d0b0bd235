package fit_test

import (
	"context"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
)

// learned fits networks to a simulated experiment and returns the rms error of
// unknown 0 along the exact path, relative to the truth's rms.
func learned(t *testing.T, c truth.Case, text, formula string) float64 {
	t.Helper()
	d, err := c.Data(text)
	if err != nil {
		t.Fatal(err)
	}
	e := &fit.Engine{Data: d, Seed: 1}
	sm, err := e.Smooth(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	f, err := e.Neural(context.Background(), "neural", sm)
	if err != nil {
		t.Fatal(err)
	}
	_, states, err := c.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	want, err := expr.Parse(formula)
	if err != nil {
		t.Fatal(err)
	}
	got := f.Formula(0)
	square, size := 0.0, 0.0
	for i := range c.Samples {
		at := func(name string) (float64, bool) {
			k := c.Model.StateIndex(name)
			return states[max(k, 0)][i], k >= 0
		}
		a, err := expr.Eval(got, at)
		if err != nil {
			t.Fatal(err)
		}
		b, err := expr.Eval(want, at)
		if err != nil {
			t.Fatal(err)
		}
		square += (a - b) * (a - b)
		size += b * b
	}
	return math.Sqrt(square / size)
}

const rosslerNeural = `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {neural: {hidden: [10]}}}
equations: |
  x' = -y - z
  y' = f(x, y)
  z' = 0.22 + z*(x - 14)
`

func TestANetworkLearnsRosslersSecondEquation(t *testing.T) {
	quick.Skip(t)
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.05, Samples: 1200, Seed: 5, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	wrong := learned(t, c, rosslerNeural, "x + 0.2*y")
	// Over eight realisations of the noise 0.002 to 0.016, as the minimum lies; the smoothed
	// series itself is 0.027 off.
	if wrong > 0.02 {
		t.Errorf("the learned function is %.3g off", wrong)
	}
}

// The food chain of Hastings and Powell (1991): the prey's capture saturates, so
// no polynomial is it, and it acts in two equations.
func TestANetworkLearnsASaturatingCoupling(t *testing.T) {
	m, err := model.Read("truth.yaml", []byte(`
states: {x: 0.8, y: 0.2, z: 9}
equations: |
  x' = x*(1 - x) - 5*x/(1 + 3*x)*y
  y' = 5*x/(1 + 3*x)*y - 0.1*y/(1 + 2*y)*z - 0.4*y
  z' = 0.1*y/(1 + 2*y)*z - 0.01*z
`))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 1, Samples: 600, Seed: 5, Transient: 2000, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	wrong := learned(t, c, `
states: {x: 0.8, y: 0.2, z: 9}
unknowns: {f: {}}
equations: |
  x' = x*(1 - x) - f(x)*y
  y' = f(x)*y - 0.1*y/(1 + 2*y)*z - 0.4*y
  z' = 0.1*y/(1 + 2*y)*z - 0.01*z
`, "5*x/(1 + 3*x)")
	if wrong > 0.005 {
		t.Errorf("the learned function is %.3g off", wrong)
	}
}

func TestANeuralFitHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 200, Seed: 5, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	d, err := c.Data(strings.Replace(rosslerNeural, "[10]", "[3]", 1))
	if err != nil {
		t.Fatal(err)
	}
	fitted := func(workers int, seed uint64) *fit.Fitted {
		e := &fit.Engine{Data: d, Workers: workers, Seed: seed}
		sm, err := e.Smooth(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		f, err := e.Neural(context.Background(), "neural", sm)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	one := fitted(1, 1)
	if three := fitted(3, 1); !reflect.DeepEqual(one, three) {
		t.Error("three workers give other bits than one")
	}
	if other := fitted(1, 2); slices.Equal(one.Forms[0].Neural.Start, other.Forms[0].Neural.Start) {
		t.Error("another seed gives the same weights")
	}
}
