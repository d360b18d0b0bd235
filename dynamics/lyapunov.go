package dynamics

import (
	"context"
	"fmt"
	"math"

	"govern/internal/vector"
	"govern/ode"
)

// Options of Lyapunov; zero values are chosen from the dynamics. Their unit is
// the mean step that the integrator takes, a fraction of the fastest motion.
type Options struct {
	Transient float64     // left out at the start; default 4000 units
	Duration  float64     // averaged over; default 200,000 units
	Step      float64     // between re-orthonormalisations; default: the tangents part by a factor e⁵
	Count     int         // number of exponents, largest first; default all
	Solver    ode.Options // default Tsit5 with tolerances 1e-6, 2 million steps at most
}

// Spectrum is a Lyapunov spectrum and the times it was computed with.
type Spectrum struct {
	Exponents      []float64 // per unit of time, largest first
	StandardErrors []float64 // from the means of 32 successive blocks
	Transient      float64
	Duration       float64
	Step           float64
}

const blocks = 32

// Lyapunov computes the Lyapunov exponents of the system on the attractor that
// x0 leads to: tangent vectors are carried along the trajectory and made
// orthonormal again and again; the exponents are the mean logarithms of their
// growth (Benettin et al., Meccanica 15 (1980) 9–30). It is deterministic. A
// trajectory that leaves every bound, or becomes too stiff, is the solver's
// error.
func Lyapunov(ctx context.Context, sys *ode.System, x0 []float64, opt Options) (*Spectrum, error) {
	n := len(sys.States)
	if opt.Count == 0 {
		opt.Count = n
	}
	if opt.Count < 0 || opt.Count > n {
		return nil, fmt.Errorf("dynamics: %d Lyapunov exponents of %d states", opt.Count, n)
	}
	if opt.Solver.Relative == 0 {
		opt.Solver.Relative, opt.Solver.Absolute = 1e-6, 1e-6
	}
	if opt.Solver.MaxSteps == 0 {
		opt.Solver.MaxSteps = 2_000_000
	}
	flow, err := sys.NewFlow(0, x0, opt.Count, opt.Solver)
	if err != nil {
		return nil, err
	}
	for j := range opt.Count {
		flow.Tangent(j)[j] = 1
	}
	a := &averager{flow: flow, sum: make([]float64, opt.Count)}
	if err := a.pilot(ctx, &opt); err != nil {
		return nil, err
	}
	if rest := opt.Transient - flow.Time(); rest > 0 {
		if err := a.run(ctx, rest, max(1, int(math.Ceil(rest/opt.Step)))); err != nil {
			return nil, err
		}
	}
	opt.Transient = flow.Time()
	if opt.Duration == 0 {
		opt.Duration = 200_000 * flow.Time() / float64(flow.Steps())
	}
	perBlock := max(1, int(math.Ceil(opt.Duration/opt.Step/blocks)))
	opt.Step = opt.Duration / float64(blocks*perBlock)

	s := &Spectrum{
		Exponents: make([]float64, opt.Count), StandardErrors: make([]float64, opt.Count),
		Transient: opt.Transient, Duration: opt.Duration, Step: opt.Step,
	}
	for b := range blocks {
		if err := a.run(ctx, opt.Duration/blocks, perBlock); err != nil {
			return nil, err
		}
		for j, v := range a.sum { // running mean and sum of squares (Welford)
			v /= opt.Duration / blocks
			d := v - s.Exponents[j]
			s.Exponents[j] += d / float64(b+1)
			s.StandardErrors[j] += d * (v - s.Exponents[j])
		}
	}
	for j, v := range s.StandardErrors {
		s.StandardErrors[j] = math.Sqrt(v / (blocks - 1) / blocks)
	}
	return s, nil
}

// averager adds up the logarithms of the tangents' growth.
type averager struct {
	flow *ode.Flow
	sum  []float64
}

// pilot takes a thousand steps and fills in the transient and the step that are
// zero.
func (a *averager) pilot(ctx context.Context, opt *Options) error {
	const steps = 1000
	f := a.flow
	start, parted := 0.0, 0.0 // of the second half
	for f.Steps() < steps {
		if start == 0 && f.Steps() >= steps/2 {
			start, parted = f.Time(), 0
		}
		if err := a.run(ctx, 4*f.NextStep(), 1); err != nil {
			return err
		}
		low, high := math.Inf(1), 0.0
		for _, v := range a.sum {
			low, high = min(low, v), max(high, math.Abs(v))
		}
		parted += max(high, high-low)
	}
	unit := f.Time() / float64(f.Steps())
	if opt.Transient == 0 {
		opt.Transient = 4000 * unit
	}
	if opt.Step == 0 {
		rate := parted / (f.Time() - start)
		opt.Step = min(100*unit, max(unit, 5/rate))
	}
	return nil
}

// run advances by duration in equal stretches, each followed by an
// orthonormalisation, and sets sum.
func (a *averager) run(ctx context.Context, duration float64, stretches int) error {
	clear(a.sum)
	start := a.flow.Time()
	for k := range stretches {
		if err := a.flow.Advance(ctx, start+duration*float64(k+1)/float64(stretches)); err != nil {
			return err
		}
		orthonormalise(a.flow, a.sum)
	}
	return nil
}

// orthonormalise applies the modified Gram–Schmidt process to the tangents and
// adds the logarithms of their lengths to sum.
func orthonormalise(f *ode.Flow, sum []float64) {
	for j := range sum {
		v := f.Tangent(j)
		for i := range j {
			u := f.Tangent(i)
			vector.Axpy(v, -vector.Dot(u, v), u)
		}
		length := math.Sqrt(vector.Dot(v, v))
		sum[j] += math.Log(length)
		for k := range v {
			v[k] /= length
		}
	}
}
