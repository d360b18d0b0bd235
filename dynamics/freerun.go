package dynamics

import (
	"context"
	"errors"
	"math"

	"govern/ode"
)

// Run is a free run: the model alone, from a start, without any help by data.
type Run struct {
	Values [][]float64 // [state][time]; NaN from where the run ended early
	End    error       // why it ended early: *ode.BlowUpError, *ode.StepError; nil when it did not
}

// FreeRun runs the system from x0 at times[0] through all times. A model that
// blows up is a result, not an error; what stops every run (a wrong argument, a
// cancelled context) is an error.
func FreeRun(ctx context.Context, sys *ode.System, x0, times []float64, opt ode.Options) (*Run, error) {
	sol, err := ode.Solve(ctx, sys, x0, times, opt)
	var blowUp *ode.BlowUpError
	var step *ode.StepError
	if err != nil && !errors.As(err, &blowUp) && !errors.As(err, &step) {
		return nil, err
	}
	run := &Run{Values: sol.Values, End: err}
	for i := range run.Values {
		for len(run.Values[i]) < len(times) {
			run.Values[i] = append(run.Values[i], math.NaN())
		}
	}
	return run, nil
}

// Horizon returns how long a computed trajectory from x0 can be believed: the
// valid time of a run with Tsit5 at tolerance 1e-9 against one at 1e-12, where
// scale is each state's standard deviation. No valid time beyond it means
// anything. When the two agree to the end it is the whole duration.
func Horizon(ctx context.Context, sys *ode.System, x0, times, scale []float64) (float64, error) {
	fine, err := FreeRun(ctx, sys, x0, times, ode.Options{Relative: 1e-12, Absolute: 1e-15})
	if err != nil {
		return 0, err
	}
	coarse, err := FreeRun(ctx, sys, x0, times, ode.Options{})
	if err != nil {
		return 0, err
	}
	until, _ := ValidTime(times, fine.Values, coarse.Values, scale, nil)
	return until, nil
}
