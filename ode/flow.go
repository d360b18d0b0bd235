package ode

import "context"

// Flow advances one state and tangent vectors along it stretch by stretch, as
// Lyapunov exponents need. Steps are controlled by the errors of the state and
// of the tangents. It belongs to one goroutine.
type Flow struct {
	system  *System
	slopes  *slopes
	g       *integrator
	cursors []int
}

// NewFlow starts a flow at (t, x0) with the given number of tangents, all zero.
func (s *System) NewFlow(t float64, x0 []float64, tangents int, opt Options) (*Flow, error) {
	opt = opt.Filled()
	if err := checkSolve(s, x0, []float64{t}, opt); err != nil {
		return nil, err
	}
	n := len(s.States)
	y := make([]float64, n*(1+tangents))
	copy(y, x0)
	slopes := newSlopes(s, s.field, s.Values, tangents)
	slopes.enter(t)
	return &Flow{s, slopes, newIntegrator(slopes.at, s.States, len(y), t, y, opt), make([]int, len(s.signals))}, nil
}

// Time is where the flow is.
func (f *Flow) Time() float64 { return f.g.t }

// Steps is the number of steps it took.
func (f *Flow) Steps() int { return f.g.Steps }

// NextStep is the step that the error control would take next.
func (f *Flow) NextStep() float64 { return f.g.control.step }

// State returns the flow's own memory: it may be read and changed until the next
// Advance, which moves it elsewhere.
func (f *Flow) State() []float64 { return f.vector(0) }

// Tangent returns the memory of the j-th tangent, like State.
func (f *Flow) Tangent(j int) []float64 { return f.vector(1 + j) }

func (f *Flow) vector(j int) []float64 {
	n := len(f.system.States)
	return f.g.y[j*n : (j+1)*n : (j+1)*n]
}

// Advance moves to the time end exactly. Errors are those of Solve.
func (f *Flow) Advance(ctx context.Context, end float64) error {
	f.slopes.enter(f.g.t)
	f.g.restart()
	for f.g.t < end {
		if f.g.Steps%256 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if f.slopes.enter(f.g.t) {
			f.g.restart()
		}
		if err := f.g.advance(min(end, f.system.nextKnot(f.g.t, f.cursors))); err != nil {
			return err
		}
	}
	return nil
}
