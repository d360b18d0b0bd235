package ode

import "context"

// StepTimes integrates like Solve, except that steps end at every one of the
// times, and returns where its steps ended, times[0] first: the steps that an Adjoint
// repeats. Errors are those of Solve and come with the steps up to there.
//
// Rounding apart, an Adjoint of the same method that repeats them is at the states
// of SolveSensitivity at steps' ends, and its gradients are the products with those
// sensitivities.
func StepTimes(ctx context.Context, sys *System, x0, times []float64, opt Options) ([]float64, error) {
	opt = opt.Filled()
	if err := checkSolve(sys, x0, times, opt); err != nil {
		return nil, err
	}
	n := len(sys.States)
	slopes := newSlopes(sys, sys.field, sys.Values, 0)
	slopes.enter(times[0])
	g := newIntegrator(slopes.at, sys.States, n, times[0], x0, opt)
	ends := []float64{times[0]}
	cursors := make([]int, len(sys.signals))
	for k := 1; k < len(times); {
		if g.Steps%256 == 0 && ctx.Err() != nil {
			return ends, context.Cause(ctx)
		}
		if slopes.enter(g.t) {
			g.restart()
		}
		if err := g.advance(min(times[k], sys.nextKnot(g.t, cursors))); err != nil {
			return ends, err
		}
		ends = append(ends, g.t)
		if g.t == times[k] {
			k++
		}
	}
	return ends, nil
}
