package assess

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"govern/dynamics"
	"govern/expr"
	"govern/note"
	"govern/ode"
	"govern/series"
)

// reach is how many ranges of the data a free run may leave them by before it
// counts as escaped.
const reach = 2

// attractor runs the final model freely over as long a time as the training
// data last, and compares where it goes with where they went.
func (p *Proof) attractor(ctx context.Context, in Input, sys *ode.System) error {
	longest := p.Longest
	p.Bounded = true
	entry := in.Train[longest]
	if len(entry.Set) > 0 { // exponents are those under the entry's conditions
		var err error
		if sys, err = ode.NewSystem(in.Final.WithParameters(entry.Set)); err != nil {
			return err
		}
	}
	n := len(in.Final.States)
	x0 := make([]float64, n)
	for s := range x0 {
		x0[s] = in.Path[longest][s][0]
	}
	sol, err := Solve(ctx, in.Final, entry, x0)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if sol == nil {
		return err
	}
	p.Long = sol
	if err != nil {
		p.Bounded, p.Escape = false, ending(err)
	}
	for s := range n {
		lo, hi := limits(in.Path, s)
		for k, v := range sol.Values[s] {
			if p.Bounded && (v < lo-reach*(hi-lo) || v > hi+reach*(hi-lo)) {
				p.Bounded = false
				p.Escape = fmt.Sprintf("%s = %.4g at t = %.4g, the data stay within %.4g … %.4g", in.Final.States[s].Name, v, sol.Time[k], lo, hi)
			}
		}
	}
	p.Horizon = 3 * p.Cycle
	if !p.Bounded || len(in.Final.Inputs) > 0 {
		if len(in.Final.Inputs) > 0 {
			p.Notes = append(p.Notes, note.Of(note.NoExponents, "", "the model is driven by inputs: Lyapunov exponents are left out"))
		}
		return nil
	}
	if err := p.lyapunov(ctx, sys, sol.Last(), in.Scale); err != nil {
		return err
	}
	p.noteRest(in)
	return p.distances(in, entry, longest)
}

// Data of at least so many cycles, the last half of which moves at least so much
// as the first, are a sustained motion.
const (
	sustainedCycles = 10
	sustainedShare  = 0.7
)

// noteRest says so when every small perturbation of the model dies out, its motion
// with it, while the data are a sustained one. A model driven by the time goes on
// moving whatever its exponents are.
func (p *Proof) noteRest(in Input) {
	for _, right := range in.Final.Rhs() {
		if slices.Contains(expr.Names(right), "t") {
			return
		}
	}
	if len(p.Lyapunov) == 0 || !(p.Lyapunov[0] < -3*p.LyapunovError[0]) || !(p.Lyapunov[0]*p.Cycle*100 < -1) {
		return
	}
	for e := range in.Path {
		times := in.Train[e].Times
		if times[len(times)-1]-times[0] < sustainedCycles*p.Cycle {
			return
		}
		for _, x := range in.Path[e] {
			if half := len(x) / 2; series.Std(x[half:]) < sustainedShare*series.Std(x[:half]) {
				return
			}
		}
	}
	p.Rest = fmt.Sprintf("all its Lyapunov exponents are negative (the largest %.3g), while the data go on moving", p.Lyapunov[0])
}

// precision is the relative standard error of a positive largest exponent beyond
// which it alone is computed again over a longer time.
const precision = 0.03

// lyapunov computes the spectrum and from it the unit of prediction.
func (p *Proof) lyapunov(ctx context.Context, sys *ode.System, x0, scale []float64) error {
	solver := ode.Options{Relative: 1e-8, Absolute: 1e-8, MaxSteps: 1_500_000}
	s, err := dynamics.Lyapunov(ctx, sys, x0, dynamics.Options{Solver: solver, Scale: scale})
	if err == nil && s.Exponents[0] > s.StandardErrors[0] && s.StandardErrors[0] > precision*s.Exponents[0] {
		var first *dynamics.Spectrum
		if first, err = dynamics.Lyapunov(ctx, sys, x0, dynamics.Options{Duration: 3 * s.Duration, Count: 1, Solver: solver, Scale: scale}); err == nil {
			s.Exponents[0], s.StandardErrors[0] = first.Exponents[0], first.StandardErrors[0]
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var step *ode.StepError
	var blow *ode.BlowUpError
	if errors.As(err, &step) && step.TooFew {
		p.Notes = append(p.Notes, note.Of(note.NoExponents, "", "the model is too stiff for its Lyapunov exponents: %s", ending(err)))
		return nil
	}
	if errors.As(err, &step) || errors.As(err, &blow) {
		p.Notes = append(p.Notes, note.Of(note.EarlyEnd, "", "the free run stays within reach of the data for as long as they last, but ends later: %s", ending(err)))
		return nil
	}
	if err != nil {
		return err
	}
	p.Lyapunov, p.LyapunovError = s.Exponents, s.StandardErrors
	// Chaos: the largest exponent is positive beyond its error, and grows a
	// perturbation noticeably within a hundred cycles.
	if l := s.Exponents[0]; l > 3*s.StandardErrors[0] && l*100*p.Cycle > 1 {
		p.Chaotic = true
		p.Horizon = 1 / l
	}
	return nil
}

// ending says in a clause why an integration ended. The whole error names every
// state and advises how to integrate; here the equations are what is judged.
func ending(err error) string {
	var step *ode.StepError
	var blow *ode.BlowUpError
	switch {
	case errors.As(err, &blow) && math.IsNaN(blow.Value):
		return fmt.Sprintf("%s becomes undefined after t = %.4g", blow.State, blow.Time)
	case errors.As(err, &blow):
		return fmt.Sprintf("%s grows without bound after t = %.4g", blow.State, blow.Time)
	case errors.As(err, &step) && (step.Stiff || step.TooFew):
		return fmt.Sprintf("%s becomes too stiff to integrate at t = %.4g", step.State, step.Time)
	case errors.As(err, &step):
		return fmt.Sprintf("%s meets a singularity or a jump at t = %.4g", step.State, step.Time)
	}
	return err.Error()
}

// limits is the range of state s over all paths.
func limits(path [][][]float64, s int) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for e := range path {
		for _, v := range path[e][s] {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	return lo, hi
}
