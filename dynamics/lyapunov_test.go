package dynamics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"govern/internal/quick"
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
	quick.Skip(t)
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

// At a fixed point the exponents are the real parts of the eigenvalues: Lorenz's
// origin, ρ = 0.5, has −1.4751, −8/3 and −9.5249. On the cycle of van der Pol
// one is 0 and the other the mean divergence, −1.0587 for μ = 1 (Floquet
// multiplier 8.6e-4 over the period 6.6633).
func TestExponentsOfRegularMotion(t *testing.T) {
	for _, c := range []struct {
		name       string
		parameters map[string]float64
		exponents  []float64
	}{
		{"lorenz", map[string]float64{"rho": 0.5}, []float64{-(11 - math.Sqrt(81+20)) / 2, -8. / 3, -(11 + math.Sqrt(81+20)) / 2}},
		{"vanderpol", map[string]float64{"mu": 1}, []float64{0, -1.0587}},
	} {
		sys := catalogue(t, c.name, c.parameters)
		s, err := Lyapunov(background, sys, sys.Start, Options{})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for j, want := range c.exponents {
			if math.Abs(s.Exponents[j]-want) > 1e-3*(1+math.Abs(want)) {
				t.Errorf("%s: λ%d = %.5f, want %.5f", c.name, j+1, s.Exponents[j], want)
			}
		}
	}
}

// The sum of all exponents is the divergence, exactly; the error is the solver's.
func TestSumOfExponentsIsTheDivergence(t *testing.T) {
	sys := catalogue(t, "lorenz", nil)
	s, err := Lyapunov(background, sys, sys.Start, Options{Duration: 100})
	if err != nil {
		t.Fatal(err)
	}
	if sum := s.Exponents[0] + s.Exponents[1] + s.Exponents[2]; math.Abs(sum+10+1+8./3) > 1e-3 {
		t.Errorf("sum %.6f, divergence −13.6667", sum)
	}
}

func TestLyapunovIsTheSameEveryTime(t *testing.T) {
	sys := catalogue(t, "rossler", nil)
	opt := Options{Transient: 100, Duration: 500, Step: 0.5}
	a, _ := Lyapunov(background, sys, sys.Start, opt)
	b, err := Lyapunov(background, sys, sys.Start, opt)
	if err != nil {
		t.Fatal(err)
	}
	for j, v := range a.Exponents {
		if v != b.Exponents[j] {
			t.Errorf("λ%d: %g and %g", j+1, v, b.Exponents[j])
		}
	}
	opt.Count = 4
	if _, err := Lyapunov(background, sys, sys.Start, opt); err == nil {
		t.Error("four exponents of three states: no error")
	}
}

func TestLyapunovOfAnUnstableModelIsTheSolversError(t *testing.T) {
	quick.Skip(t)
	sys := catalogue(t, "rossler", nil)
	far := []float64{1000, 0, 1} // z bursts and throws x far out, where z decays at rates beyond 1e6
	_, err := Lyapunov(background, sys, far, Options{Solver: ode.Options{Bound: 1e5}})
	var blowUp *ode.BlowUpError
	if !errors.As(err, &blowUp) {
		t.Errorf("bound 1e5: %v", err)
	}
	_, err = Lyapunov(background, sys, far, Options{})
	var step *ode.StepError
	if !errors.As(err, &step) || !step.TooFew {
		t.Errorf("no bound: %v", err)
	}
}

// Rössler with x and z in units 24 orders apart: exponents are those of the bare
// system when lengths are measured in the sizes of the states.
func TestExponentsDoNotDependOnUnits(t *testing.T) {
	const x, z = 1 << 40, 1. / (1 << 40)
	read := func(text string) *ode.System {
		m, err := model.Read("model", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		s, err := ode.NewSystem(m)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	options := Options{Transient: 50, Duration: 200, Scale: []float64{8, 7, 6}}
	bare := read("states: {x: 1, y: 1, z: 0.1}\nequations: |\n  x' = -y - z\n  y' = x + 0.2*y\n  z' = 0.22 + z*(x - 14)\n")
	want, err := Lyapunov(background, bare, bare.Start, options)
	if err != nil {
		t.Fatal(err)
	}
	sys := read(fmt.Sprintf("states: {x: %g, y: 1, z: %g}\nequations: |\n  x' = %g*(-y - z/%g)\n  y' = x/%g + 0.2*y\n  z' = %g*(0.22 + z/%g*(x/%g - 14))\n",
		1.*x, 0.1*z, 1.*x, z, 1.*x, z, z, 1.*x))
	options = Options{Transient: 50, Duration: 200, Scale: []float64{8 * x, 7, 6 * z}}
	got, err := Lyapunov(background, sys, sys.Start, options)
	if err != nil {
		t.Fatal(err)
	}
	for j, v := range got.Exponents {
		if math.Abs(v-want.Exponents[j]) > 1e-6 {
			t.Errorf("exponent %d is %.9g, without units %.9g", j, v, want.Exponents[j])
		}
	}
}
