package ode

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"govern/model"
)

var background = context.Background()

func solved(t *testing.T, s *System, x0, times []float64, opt Options) *Solution {
	t.Helper()
	sol, err := Solve(background, s, x0, times, opt)
	if err != nil {
		t.Fatal(err)
	}
	return sol
}

func grid(end float64, n int) []float64 {
	times := make([]float64, n+1)
	for k := range times {
		times[k] = end * float64(k) / float64(n)
	}
	return times
}

// From (1, 1, 1) errors grow by e^(0.9·10) ≈ 1e4 on average and up to 1e6; two
// methods at 1e-13 a step agree to 1e-7 or better.
func TestLorenzAgreesBetweenSolvers(t *testing.T) {
	s := lorenz(t)
	times, x0 := grid(10, 10), []float64{1, 1, 1}
	a := solved(t, s, x0, times, Options{Relative: 1e-13, Absolute: 1e-15})
	b := solved(t, s, x0, times, Options{Method: RK4, Step: 2e-4})
	for i := range a.Values {
		for k := range times {
			if d := math.Abs(a.Values[i][k] - b.Values[i][k]); d > 1e-7 {
				t.Errorf("%s(%g): tsit5 %.12g, rk4 %.12g", s.States[i], times[k], a.Values[i][k], b.Values[i][k])
			}
		}
	}
}

// The exact solution is known, so this is the error over 200 turns at the default
// tolerance: about rtol for each of 200·140 steps.
func TestDefaultToleranceHoldsOverLongTimes(t *testing.T) {
	s := system(t, "x' = v; v' = -x", "")
	const turns = 200
	times := grid(2*math.Pi*turns, 7*turns)
	sol := solved(t, s, []float64{1, 0}, times, Options{})
	for k, at := range times {
		if d := math.Hypot(sol.Values[0][k]-math.Cos(at), sol.Values[1][k]+math.Sin(at)); d > 2e-6 {
			t.Fatalf("error %g at t = %g", d, at)
		}
	}
	if perTurn := float64(sol.Steps) / turns; perTurn < 50 || perTurn > 150 || sol.Rejected > sol.Steps/20 {
		t.Errorf("%.1f steps a turn, %d of %d rejected", perTurn, sol.Rejected, sol.Steps)
	}
}

func TestRequestedTimesDoNotChangeTheSteps(t *testing.T) {
	s := lorenz(t)
	x0 := []float64{1, 1, 1}
	few := solved(t, s, x0, []float64{0, 5}, Options{})
	many := solved(t, s, x0, grid(5, 1000), Options{})
	if few.Steps != many.Steps {
		t.Errorf("%d steps for two times, %d for 1001", few.Steps, many.Steps)
	}
	for i, v := range few.Last() {
		if v != many.Last()[i] {
			t.Errorf("%s: %g and %g", s.States[i], v, many.Last()[i])
		}
	}
}

// Multiplying a state by 1e-5 changes its unit, not the problem.
func TestTolerancesFollowTheUnits(t *testing.T) {
	a := system(t, "x' = v; v' = -x", "")
	b := system(t, "x' = 1e-5*v; v' = -1e5*x", "")
	times := []float64{0, 50}
	sa := solved(t, a, []float64{1, 0}, times, Options{})
	sb := solved(t, b, []float64{1e-5, 0}, times, Options{})
	if d := math.Abs(sa.Last()[0] - 1e5*sb.Last()[0]); d > 1e-8 || abs(sa.Steps-sb.Steps) > sa.Steps/50 {
		t.Errorf("difference %g, steps %d and %d", d, sa.Steps, sb.Steps)
	}
}

// At a jump the error estimate is right only to one or two orders of magnitude.
func TestJumpsInTheEquationsAreCrossed(t *testing.T) {
	s := system(t, "x' = if(t < 1, 1, -2) + heaviside(t - 2)", "")
	sol := solved(t, s, []float64{0}, []float64{0, 1, 2, 3}, Options{})
	for k, want := range []float64{0, 1, -1, -2} {
		if d := math.Abs(sol.Values[0][k] - want); d > 1e-6 {
			t.Errorf("x(%d) = %g, want %g", k, sol.Values[0][k], want)
		}
	}
}

// The pulse is shorter than the steps that a system at rest takes, and its
// integral is exact, since steps end where the signal bends.
func TestInputPulsesAreNeverSteppedOver(t *testing.T) {
	s := system(t, "x' = u", "", "u")
	pulse := Signal{Time: []float64{0, 500, 500.01, 500.02}, Value: []float64{0, 0, 1, 0}}
	if err := s.SetInput("u", pulse); err != nil {
		t.Fatal(err)
	}
	for _, opt := range []Options{{}, {Method: RK4, Step: 1}} {
		sol := solved(t, s, []float64{0}, []float64{0, 1000}, opt)
		if d := math.Abs(sol.Last()[0] - 0.01); d > 1e-12 {
			t.Errorf("%v: ∫u = %g, want 0.01", opt.Method, sol.Last()[0])
		}
	}
}

func TestBlowUpNamesStateAndTimeAndKeepsTheSolution(t *testing.T) {
	s := system(t, "y' = 1; x' = x^2", "")
	for _, opt := range []Options{{}, {Method: RK4, Step: 1e-3}} {
		sol, err := Solve(background, s, []float64{0, 1}, grid(2, 20), opt)
		var blow *BlowUpError
		if !errors.As(err, &blow) || blow.State != "x" || math.Abs(blow.Time-1) > 0.01 {
			t.Fatalf("%v: %v", opt.Method, err)
		}
		if n := len(sol.Time); n < 10 || n > 11 || math.Abs(sol.Values[1][9]-10) > 1e-5 {
			t.Errorf("%v: %d times kept, x(0.9) = %g", opt.Method, n, sol.Values[1][9])
		}
	}
}

func TestLeavingADomainNamesTheEquation(t *testing.T) {
	s := system(t, "x' = y; y' = -1; z' = sqrt(y) + x", "")
	sol, err := Solve(background, s, []float64{0, 1, 0}, grid(2, 20), Options{})
	var blow *BlowUpError
	if !errors.As(err, &blow) || blow.State != "z" || !math.IsNaN(blow.Value) || math.Abs(blow.Time-1) > 1e-6 || len(sol.Time) < 10 {
		t.Errorf("%v", err)
	}
}

func TestSingularitiesAndStiffnessAreStepErrorsWithAdvice(t *testing.T) {
	for _, c := range []struct {
		name, equations string
		start           []float64
		opt             Options
		stiff           bool
		advice          string
	}{
		{"singular", "x' = -1/x^3", []float64{1}, Options{}, false, "singularity"},
		{"stiff", "x' = -1e6*(x - cos(t))", []float64{1}, Options{MaxSteps: 10000}, true, "stiff"},
		{"long", "x' = v; v' = -x", []float64{1, 0}, Options{MaxSteps: 1000}, false, "MaxSteps"},
	} {
		s := system(t, c.equations, "")
		_, err := Solve(background, s, c.start, []float64{0, 1000}, c.opt)
		var step *StepError
		if !errors.As(err, &step) || step.Stiff != c.stiff || !strings.Contains(err.Error(), c.advice) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWhatCannotWorkIsRefusedBeforeTheStart(t *testing.T) {
	s := lorenz(t)
	driven := system(t, "x' = u", "", "u")
	x0 := []float64{1, 1, 1}
	for name, err := range map[string]error{
		"rk4 without a step": second(Solve(background, s, x0, []float64{0, 1}, Options{Method: RK4})),
		"falling times":      second(Solve(background, s, x0, []float64{0, 1, 1}, Options{})),
		"no times":           second(Solve(background, s, x0, nil, Options{})),
		"too few states":     second(Solve(background, s, x0[:2], []float64{0, 1}, Options{})),
		"tolerance 1e-16":    second(Solve(background, s, x0, []float64{0, 1}, Options{Relative: 1e-16})),
		"input missing":      second(Solve(background, driven, x0[:1], []float64{0, 1}, Options{})),
		"unknown parameter":  second(SolveSensitivity(background, s, x0, []float64{0, 1}, []string{"q"}, Options{})),
		"unordered signal":   driven.SetInput("u", Signal{Time: []float64{1, 0}, Value: []float64{0, 0}}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func abs(n int) int { return max(n, -n) }

func second(_ *Solution, err error) error { return err }

func TestCancelledSolveReturnsWhatItHas(t *testing.T) {
	ctx, cancel := context.WithCancel(background)
	cancel()
	sol, err := Solve(ctx, lorenz(t), []float64{1, 1, 1}, grid(100, 100), Options{})
	if !errors.Is(err, context.Canceled) || len(sol.Time) == 0 {
		t.Errorf("%v, %d times", err, len(sol.Time))
	}
}

func TestEveryCatalogueModelRuns(t *testing.T) {
	for _, name := range model.Catalogue() {
		m, err := model.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Unknowns) > 0 {
			continue
		}
		inputs := map[string]Signal{}
		for _, u := range m.Inputs {
			inputs[u] = Signal{Time: []float64{0}, Value: []float64{0}}
		}
		if _, err := Simulate(background, m, inputs, grid(50, 100), Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheBoundGrowsWithTheStart(t *testing.T) {
	s := system(t, "x' = -x; y' = y", "")
	if _, err := Solve(background, s, []float64{1e13, 1}, grid(2, 20), Options{}); err != nil {
		t.Errorf("a decay from 1e13: %v", err)
	}
	var blow *BlowUpError
	if _, err := Solve(background, s, []float64{1e13, 1}, grid(2, 20), Options{Bound: 1e12}); !errors.As(err, &blow) {
		t.Errorf("beyond a given bound: %v", err)
	}
	if _, err := Solve(background, s, []float64{0, 1}, []float64{0, 40}, Options{}); !errors.As(err, &blow) || blow.Bound != 1e12 {
		t.Errorf("growth from 1 to 2e17: %v", err)
	}
}
