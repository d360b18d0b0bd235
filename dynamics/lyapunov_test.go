package dynamics

import (
	"context"
	"math"
	"testing"

	"govern/model"
	"govern/ode"
)

var background = context.Background()

func catalogue(tb testing.TB, name string, parameters map[string]float64) *ode.System {
	tb.Helper()
	m, err := model.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := ode.NewSystem(m.WithParameters(parameters))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Literature and our own longer computations (RK4, T = 5000); tolerances are
// about three standard errors of the default duration.
func TestLyapunovSpectraMatchPublishedNumbers(t *testing.T) {
	for _, c := range []struct {
		name       string
		parameters map[string]float64
		exponents  []float64
		tolerance  float64
	}{
		{"lorenz", nil, []float64{0.9056, 0, -14.572}, 0.012},
		{"rossler", map[string]float64{"a": 0.2, "b": 0.2, "c": 5.7}, []float64{0.0722, 0, -5.395}, 0.004},
		{"rossler-14", nil, []float64{0.111, 0}, 0.006},
		{"petrzela-polak", nil, []float64{0.126, 0}, 0.006},
	} {
		sys := catalogue(t, c.name, c.parameters)
		s, err := Lyapunov(background, sys, sys.Start, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s %.5f ± %.5f, transient %.4g, duration %.4g, step %.3g", c.name, s.Exponents, s.StandardErrors, s.Transient, s.Duration, s.Step)
		for j, want := range c.exponents {
			if math.Abs(s.Exponents[j]-want) > c.tolerance*max(1, math.Abs(want)) {
				t.Errorf("%s: λ%d = %.5f ± %.5f, want %.4f", c.name, j+1, s.Exponents[j], s.StandardErrors[j], want)
			}
		}
	}
}
