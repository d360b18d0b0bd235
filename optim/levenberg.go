package optim

import (
	"context"
	"math"
)

// Point is where a problem is evaluated: the nodes of every chain, N numbers a
// node, and the border.
type Point struct {
	Nodes  [][]float64
	Border []float64
}

// Clone returns a copy of p that shares nothing with it.
func (p *Point) Clone() *Point {
	q := &Point{Nodes: make([][]float64, len(p.Nodes)), Border: append([]float64(nil), p.Border...)}
	for c, n := range p.Nodes {
		q.Nodes[c] = append([]float64(nil), n...)
	}
	return q
}

// Copy makes p equal to q, which has the same shape.
func (p *Point) Copy(q *Point) {
	for c := range p.Nodes {
		copy(p.Nodes[c], q.Nodes[c])
	}
	copy(p.Border, q.Border)
}

// Problem is a nonlinear least-squares problem on chains of nodes.
type Problem interface {
	// Objective returns the sum of squared residuals; +Inf or NaN where the
	// model cannot be evaluated.
	Objective(p *Point) float64
	// Linearise fills the rows of l at p and returns the objective.
	Linearise(p *Point, l *Linear) float64
	// Bounds returns the limits of the border (±Inf where there are none).
	Bounds() (lower, upper []float64)
}

// Status says how an optimisation ended.
type Status uint8

const (
	IterationLimit Status = iota // the last step still promised a decrease
	Converged                    // no step promises a decrease above the tolerance
	Stalled                      // a decrease is promised, but no step delivers it
	Failed                       // the starting point cannot be evaluated
)

func (s Status) String() string {
	return [...]string{"iteration limit", "converged", "stalled", "failed"}[s]
}

// LevenbergMarquardt settings; the zero value of a field is its default.
type LevenbergMarquardt struct {
	Iterations int                                             // accepted steps at most; 0: 40
	Trials     int                                             // steps tried at most, accepted or not; 0: no limit
	Tolerance  float64                                         // stop when the promised decrease of the objective is below it; 0: 1e-4
	Report     func(iteration int, objective, damping float64) // called after each accepted step; may be nil
}

// Outcome of a minimisation.
type Outcome struct {
	Status     Status
	Objective  float64
	Iterations int // steps accepted
	Tried      int // steps tried, accepted or not: one factorisation and one objective each
	Damping    float64
}

// Minimise improves p in place. It begins with undamped Gauss–Newton steps,
// which solve linear problems at once, and turns to Marquardt's damping when a
// step does not keep its promise (Moré 1978; Nielsen's update of λ, 1999).
// l and f are working memory and hold the last linearisation and its undamped
// or damped factorisation afterwards.
func (s LevenbergMarquardt) Minimise(ctx context.Context, pr Problem, p *Point, l *Linear, f *Factor) (Outcome, error) {
	if s.Iterations == 0 {
		s.Iterations = 40
	}
	if s.Tolerance == 0 {
		s.Tolerance = 1e-4
	}
	lower, upper := pr.Bounds()
	trial := p.Clone()
	delta := p.Clone()
	lambda, grow := 0.0, 2.0
	out := Outcome{}
	objective := pr.Linearise(p, l)
	if !finite(objective) {
		return Outcome{Status: Failed, Objective: objective}, nil
	}
	for ; out.Iterations < s.Iterations && (s.Trials == 0 || out.Tried < s.Trials); out.Tried++ {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		f.Eliminate(l, Damping{math.Sqrt(lambda)})
		f.SolveBorder(delta.Border)
		clampStep(f, p.Border, delta.Border, lower, upper)
		promised := objective - f.predict(delta.Border)
		f.SolveNodes(delta.Border, delta.Nodes)
		if promised <= s.Tolerance && lambda < 1e-6 {
			out.Status = Converged
			break
		}
		step(trial, p, delta)
		next := pr.Objective(trial)
		if gained := objective - next; finite(next) && gained > 0 && gained >= 1e-4*promised {
			out.Iterations++
			p.Copy(trial)
			ratio := math.Min(gained/promised, 1)
			lambda *= math.Max(1./10, 1-math.Pow(2*ratio-1, 3))
			grow = 2
			if lambda < 1e-9 {
				lambda = 0
			}
			objective = pr.Linearise(p, l)
			if s.Report != nil {
				s.Report(out.Iterations, objective, lambda)
			}
			if gained <= s.Tolerance && lambda < 1e-6 {
				out.Status = Converged
				break
			}
			continue
		}
		if lambda == 0 {
			lambda = 1e-6
		} else {
			lambda *= grow
			grow *= 2
		}
		if lambda > 1e12 {
			out.Status = Stalled
			if promised <= s.Tolerance {
				out.Status = Converged
			}
			break
		}
	}
	out.Objective, out.Damping = objective, lambda
	return out, nil
}

// BoundedStep writes the border's part of the minimiser to delta such that
// at+delta stays within the bounds, and returns the linear model's objective
// there, the nodes being at their best.
func (f *Factor) BoundedStep(at, lower, upper, delta []float64) float64 {
	f.SolveBorder(delta)
	clampStep(f, at, delta, lower, upper)
	return f.predict(delta)
}

// predict returns the linear model's objective after a border step, the nodes
// being at their best.
func (f *Factor) predict(delta []float64) float64 {
	w := f.size + 1
	sum := f.Residual()
	for i := range f.size {
		v := f.border[i*w+f.size]
		for j := i; j < f.size; j++ {
			v += f.border[i*w+j] * delta[j]
		}
		sum += v * v
	}
	return sum
}

// clampStep keeps p+delta within the bounds: an unknown that would leave is set
// to its bound and the others are solved again.
func clampStep(f *Factor, p, delta, lower, upper []float64) {
	held := make([]bool, len(p))
	for range p {
		changed := false
		for j := range p {
			v := p[j] + delta[j]
			if held[j] || v >= lower[j] && v <= upper[j] {
				continue
			}
			held[j], changed = true, true
			delta[j] = math.Min(math.Max(v, lower[j]), upper[j]) - p[j]
		}
		if !changed {
			return
		}
		f.solveHeld(delta, held)
	}
}

// solveHeld minimises over the border's unknowns that are not held.
func (f *Factor) solveHeld(delta []float64, held []bool) {
	var free []int
	for j := range held {
		if !held[j] {
			free = append(free, j)
		}
	}
	p, w, k := f.size, f.size+1, len(free)
	a := make([]float64, p*(k+1))
	for i := range p {
		rhs := f.border[i*w+p]
		for j := i; j < p; j++ {
			if held[j] {
				rhs += f.border[i*w+j] * delta[j]
			}
		}
		for c, j := range free {
			if j >= i {
				a[i*(k+1)+c] = f.border[i*w+j]
			}
		}
		a[i*(k+1)+k] = rhs
	}
	f.reflect(a, p, k+1, k, 0)
	for i := k - 1; i >= 0; i-- {
		row := a[i*(k+1) : (i+1)*(k+1)]
		sum := -row[k]
		for j := i + 1; j < k; j++ {
			sum -= row[j] * delta[free[j]]
		}
		delta[free[i]] = divide(sum, row[i], row[:k])
	}
}

func step(trial, p, delta *Point) {
	for c, nodes := range p.Nodes {
		t, d := trial.Nodes[c], delta.Nodes[c]
		for i, v := range nodes {
			t[i] = v + d[i]
		}
	}
	for j, v := range p.Border {
		trial.Border[j] = v + delta.Border[j]
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
