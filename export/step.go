package export

import (
	"context"
	"fmt"
	"math"

	"govern/model"
	"govern/ode"
)

const (
	usualSteps  = 500  // of Tsit5 at 1e-9, the length of trajectory that is measured
	longest     = 1e4  // time units of it
	windows     = 50   // that are integrated anew
	allowed     = 5e-9 // sum of the errors of the windows, relative to each state's magnitude
	defaultStep = 0.001
)

// step is the largest step of the classical Runge–Kutta method in an exported
// program, and how it was found.
type step struct {
	size float64
	note string
}

// measureStep returns the largest of 1, 2, 5 · 10^k that is small enough along
// the trajectory from the initial state, inputs zero: started anew from an
// accurate solution at each of 50 times, RK4 misses it by 5e-9 of the states'
// magnitudes in sum. Errors in windows are summed, since those of a
// whole run grow with the divergence of the trajectories, whatever the step.
func measureStep(m *model.Model) step {
	unmeasured := step{defaultStep, "a guess: the model's trajectory could not be measured"}
	sys, err := ode.NewSystem(m)
	if err != nil {
		return unmeasured
	}
	for _, name := range sys.Inputs {
		if err := sys.SetInput(name, ode.Signal{Time: []float64{0}, Value: []float64{0}}); err != nil {
			return unmeasured
		}
	}
	end, mean := horizon(sys)
	if end == 0 {
		return unmeasured
	}
	times := make([]float64, windows+1)
	for i := range times {
		times[i] = end * float64(i) / windows
	}
	exact, err := ode.Solve(context.Background(), sys, sys.Start, times, ode.Options{Relative: 1e-12, Absolute: 1e-14})
	if err != nil {
		return unmeasured
	}
	for h := roundDown(10 * mean); h > mean/1000; h = roundDown(0.99 * h) {
		if missed(sys, exact, h) < allowed {
			return step{h, fmt.Sprintf("measured up to t = %.3g: small enough for 8 digits there", end)}
		}
	}
	return unmeasured
}

// horizon returns a time up to which Tsit5 takes about usualSteps steps, and
// their mean; zeros when it cannot take that many.
func horizon(sys *ode.System) (end, mean float64) {
	for t := 1e-6; t <= longest; t *= 1.5 {
		s, err := ode.Solve(context.Background(), sys, sys.Start, []float64{0, t}, ode.Options{MaxSteps: 4 * usualSteps})
		if err != nil {
			break
		}
		end, mean = t, t/float64(s.Steps)
		if s.Steps >= usualSteps {
			break
		}
	}
	return end, mean
}

// missed sums the errors of RK4 over the windows between the solution's times.
func missed(sys *ode.System, exact *ode.Solution, h float64) float64 {
	magnitude := make([]float64, len(exact.Values))
	for i, values := range exact.Values {
		for _, v := range values {
			magnitude[i] = max(magnitude[i], math.Abs(v))
		}
	}
	total := 0.0
	start := make([]float64, len(exact.Values))
	for k := range windows {
		for i, values := range exact.Values {
			start[i] = values[k]
		}
		s, err := ode.Solve(context.Background(), sys, start, exact.Time[k:k+2], ode.Options{Method: ode.RK4, Step: h})
		if err != nil {
			return math.Inf(1)
		}
		worst := 0.0
		for i, v := range s.Last() {
			if magnitude[i] > 0 {
				worst = max(worst, math.Abs(v-exact.Values[i][k+1])/magnitude[i])
			}
		}
		if total += worst; total > allowed {
			break
		}
	}
	return total
}

// roundDown returns the largest of 1, 2, 5 · 10^k that is at most v.
func roundDown(v float64) float64 {
	k := math.Floor(math.Log10(v))
	for _, digit := range []float64{5, 2, 1} {
		if h := parsePower(digit, k); h <= v {
			return h
		}
	}
	return parsePower(5, k-1)
}

// parsePower returns digit·10^k rounded once, so that it prints with one digit.
func parsePower(digit, k float64) float64 {
	if k < 0 {
		return digit / math.Pow(10, -k)
	}
	return digit * math.Pow(10, k)
}
