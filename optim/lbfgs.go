package optim

import (
	"cmp"
	"context"
	"math"

	"govern/internal/vector"
)

// Smooth is a differentiable objective of many numbers.
type Smooth interface {
	// Evaluate returns the objective at x and writes its gradient; +Inf or NaN
	// where the model cannot be evaluated.
	Evaluate(x, gradient []float64) float64
	// Accept says that the x that was evaluated last has become the iterate.
	Accept()
	// Bounds returns the limits of x (±Inf where there are none).
	Bounds() (lower, upper []float64)
}

// LBFGS settings; the zero value of a field is its default.
type LBFGS struct {
	Iterations int     // at most; 0: 200
	Memory     int     // pairs of steps and gradient changes kept; 0: 20
	Tolerance  float64 // stop when Patience iterations together gain less; 0: 1e-2
	Patience   int     // 0: 5
	// Precondition turns a gradient into a step, by an approximate inverse of the
	// second derivatives; nil: the size of the last step over that of the gradient's
	// change.
	Precondition func(v []float64)
	// Retry is asked where no step along the preconditioned slope decreases the
	// objective: true after changing the preconditioner, false to end. May be nil.
	Retry  func() bool
	Report func(iteration int, objective, step float64) // called after each iteration; may be nil
}

// Minimise improves x in place by the limited-memory quasi-Newton method (Nocedal,
// Mathematics of Computation 35 (1980) 773–782), with a bisecting line search for
// the weak Wolfe conditions (Lewis and Overton, Mathematical Programming 141
// (2013) 135–163). A number at a bound that it would leave waits there. Cost of
// an iteration beside the evaluations: O(Memory·len(x)) and the preconditioner's;
// evaluations: one where the preconditioner is good. Outcome.Damping is the last
// step's length.
func (s LBFGS) Minimise(ctx context.Context, f Smooth, x []float64) (Outcome, error) {
	r := newQuasi(s.withDefaults(), f, len(x))
	r.objective = f.Evaluate(x, r.gradient)
	if err := ctx.Err(); err != nil { // then an evaluation may have been cut short
		return Outcome{}, err
	}
	if !finite(r.objective) {
		return Outcome{Status: Failed, Objective: r.objective}, nil
	}
	f.Accept()
	out := Outcome{Objective: r.objective}
	for out.Iterations < r.settings.Iterations {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		descent := r.descent(x)
		if !(descent < 0) {
			if out.Status = Converged; math.IsNaN(descent) {
				out.Status = Stalled
			}
			break
		}
		next, taken, err := r.search(ctx, f, x, descent, r.firstLength(descent))
		if err != nil {
			return out, err
		}
		if taken == 0 {
			if r.canRetry() {
				continue
			}
			out.Status = Stalled
			if -descent <= r.settings.Tolerance {
				out.Status = Converged
			}
			break
		}
		r.move(x, next)
		out.Iterations++
		out.Objective, out.Damping = next, taken
		if s.Report != nil {
			s.Report(out.Iterations, next, taken)
		}
		if r.gainsLittle() {
			out.Status = Converged
			break
		}
	}
	return out, nil
}

// withDefaults has every default filled in.
func (s LBFGS) withDefaults() LBFGS {
	s.Iterations = cmp.Or(s.Iterations, 200)
	s.Memory = cmp.Or(s.Memory, 20)
	s.Tolerance = cmp.Or(s.Tolerance, 1e-2)
	s.Patience = cmp.Or(s.Patience, 5)
	return s
}

func sum(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v
	}
	return s
}

// quasi is an LBFGS minimisation on its way.
type quasi struct {
	settings     LBFGS
	lower, upper []float64
	objective    float64
	gradient     []float64
	gains        []float64 // decrease of the objective, by iteration
	direction    []float64
	trial, slope []float64 // where search ended, and the gradient there
	pairs        []pair    // oldest first
	weight       []float64
}

func newQuasi(s LBFGS, f Smooth, n int) *quasi {
	r := &quasi{settings: s, gradient: make([]float64, n), direction: make([]float64, n), trial: make([]float64, n), slope: make([]float64, n)}
	r.lower, r.upper = f.Bounds()
	return r
}

// descent sets the direction at x and returns its slope; a memory that points uphill
// is forgotten.
func (r *quasi) descent(x []float64) float64 {
	slope := r.setDirection(x, r.gradient)
	if !(slope < 0) && len(r.pairs) > 0 {
		r.pairs = r.pairs[:0]
		slope = r.setDirection(x, r.gradient)
	}
	return slope
}

// firstLength is the step that is tried first: one, unless nothing is known of the
// second derivatives.
func (r *quasi) firstLength(descent float64) float64 {
	if r.settings.Precondition == nil && len(r.pairs) == 0 {
		return math.Min(1, 1/math.Sqrt(-descent))
	}
	return 1
}

// canRetry changes what the direction came from, after a search that found no step:
// first the memory, then the preconditioner.
func (r *quasi) canRetry() bool {
	if len(r.pairs) > 0 {
		r.pairs = r.pairs[:0]
		return true
	}
	return r.settings.Retry != nil && r.settings.Retry()
}

// move goes to where search ended.
func (r *quasi) move(x []float64, objective float64) {
	r.remember(x, r.trial, r.gradient, r.slope)
	r.gains = append(r.gains, r.objective-objective)
	copy(x, r.trial)
	copy(r.gradient, r.slope)
	r.objective = objective
}

// gainsLittle says that the last iterations together gained less than the tolerance.
func (r *quasi) gainsLittle() bool {
	k := len(r.gains) - r.settings.Patience
	return k >= 0 && sum(r.gains[k:]) < r.settings.Tolerance
}

// pair is a step, the gradient's change on it, and 1/(step·change).
type pair struct {
	step, change []float64
	rho          float64
}

// setDirection sets the direction at x and returns its slope.
func (r *quasi) setDirection(x, g []float64) float64 {
	d := r.direction
	for j, v := range g {
		d[j] = -v
		if r.atBound(x[j], -v, j) {
			d[j] = 0
		}
	}
	r.weight = r.weight[:0]
	for k := len(r.pairs) - 1; k >= 0; k-- {
		p := r.pairs[k]
		a := p.rho * vector.Dot(p.step, d)
		vector.Axpy(d, -a, p.change)
		r.weight = append(r.weight, a)
	}
	switch {
	case r.settings.Precondition != nil:
		r.settings.Precondition(d)
	case len(r.pairs) > 0:
		p := r.pairs[len(r.pairs)-1]
		scale := 1 / (p.rho * vector.Dot(p.change, p.change))
		for j := range d {
			d[j] *= scale
		}
	}
	for k, p := range r.pairs {
		b := p.rho * vector.Dot(p.change, d)
		vector.Axpy(d, r.weight[len(r.pairs)-1-k]-b, p.step)
	}
	for j := range d {
		if r.atBound(x[j], -g[j], j) || r.atBound(x[j], d[j], j) {
			d[j] = 0
		}
	}
	return vector.Dot(d, g)
}

// atBound says that x_j is at a bound beyond which v points.
func (r *quasi) atBound(x, v float64, j int) bool {
	return x <= r.lower[j] && v < 0 || x >= r.upper[j] && v > 0
}

// The conditions of a step: decrease of the objective and of the slope.
const (
	decrease  = 1e-4
	curvature = 0.9
	searches  = 20
)

// search finds a step along the direction; it leaves the point in trial and the
// gradient there in slope. taken is 0 where no step decreases the objective.
func (r *quasi) search(ctx context.Context, f Smooth, x []float64, descent, length float64) (next, taken float64, err error) {
	objective, trial, slope := r.objective, r.trial, r.slope
	low, high, guess := 0.0, math.Inf(1), math.NaN()
	for range searches {
		if err := ctx.Err(); err != nil {
			return objective, 0, err
		}
		clamped := false
		for j, d := range r.direction {
			trial[j] = x[j] + length*d
			if c := math.Min(math.Max(trial[j], r.lower[j]), r.upper[j]); c != trial[j] {
				trial[j], clamped = c, true
			}
		}
		next = f.Evaluate(trial, slope)
		if err := ctx.Err(); err != nil {
			return objective, 0, err
		}
		switch {
		case !(next <= objective+decrease*length*descent):
			high, guess = length, math.NaN()
			if low == 0 && finite(next) { // the parabola's minimum
				guess = -length * length * descent / (2 * (next - objective - length*descent))
			}
		case !clamped && vector.Dot(slope, r.direction) < curvature*descent:
			low = length
		default:
			f.Accept()
			return next, length, nil
		}
		switch {
		case math.IsInf(high, 1):
			length *= 2
		case low == 0:
			length = high * math.Max(0.05, math.Min(guess/high, 0.5))
			if math.IsNaN(length) {
				length = high / 10
			}
		default:
			length = (low + high) / 2
		}
	}
	if low == 0 {
		return objective, 0, nil
	}
	for j, d := range r.direction { // the longest that decreased enough
		trial[j] = math.Min(math.Max(x[j]+low*d, r.lower[j]), r.upper[j])
	}
	next = f.Evaluate(trial, slope)
	if err := ctx.Err(); err != nil {
		return objective, 0, err
	}
	f.Accept()
	return next, low, nil
}

// remember adds a step to the memory where the curvature along it is positive.
func (r *quasi) remember(x, next, g, slope []float64) {
	var p pair
	if len(r.pairs) == r.settings.Memory {
		p = r.pairs[0]
		copy(r.pairs, r.pairs[1:])
		r.pairs = r.pairs[:len(r.pairs)-1]
	} else {
		p = pair{step: make([]float64, len(x)), change: make([]float64, len(x))}
	}
	for j := range x {
		p.step[j], p.change[j] = next[j]-x[j], slope[j]-g[j]
	}
	along := vector.Dot(p.step, p.change)
	if !(along > 1e-12*math.Sqrt(vector.Dot(p.step, p.step)*vector.Dot(p.change, p.change))) {
		return
	}
	p.rho = 1 / along
	r.pairs = append(r.pairs, p)
}
