package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/fit/neural"
	"govern/fit/prior"
	"govern/optim"
)

// The optimisers of trajectory fits, as in Options.Optimiser.
const (
	Auto  = "auto"  // by the cost of Levenberg–Marquardt
	LM    = "lm"    // Levenberg–Marquardt: nodes and columns together
	LBFGS = "lbfgs" // columns by gradients, the nodes eliminated by Gauss–Newton
	Adam  = "adam"  // the same, after some epochs over batches of windows
)

// Optimisers lists what Options.Optimiser may be.
func Optimisers() []string { return []string{Auto, LM, LBFGS, Adam} }

// A Levenberg–Marquardt step above either costs more than gradients.
const (
	mostOperations = 2e8 // multiply-adds of a factorisation
	mostBytes      = 1 << 30
)

// optimiser chooses by size: the cost of one Levenberg–Marquardt step on this
// many nodes with n states, m channels and p columns.
func (o Options) optimiser(nodes, n, m, p int) string {
	if p == 0 {
		return LM
	}
	if o.Optimiser != "" && o.Optimiser != Auto {
		return o.Optimiser
	}
	operations := float64(nodes) * float64(2*m*p*p+8*n*n*(n+p))
	bytes := 8 * float64(nodes) * float64((n+m)*(n+p+1)+2*n*(2*n+p+1))
	if operations > mostOperations || bytes > mostBytes {
		return LBFGS
	}
	return LM
}

// trainer minimises a stage from its point on, and says what is known there.
type trainer interface {
	minimise(ctx context.Context, limit int, report func(iteration int, objective, damping float64)) (optim.Outcome, error)
	posterior(variances bool) posterior
	covariance() []float64 // of the columns, after posterior; nil where they are too many
	supplied() (motion, defect []float64)
	factor() *optim.Factor // of everything, after posterior; nil where there is none
}

// newTrainer chooses the optimiser of a spec and builds its stage, at the nodes
// and columns of start.
func (e *Engine) newTrainer(sp spec, start, from *Fitted, trials int) (*stage, *optim.Point, trainer, error) {
	columns, nodes := len(sp.columns)+len(neural.Weights(sp.forms)), 0
	for _, x := range start.Nodes {
		nodes += len(x) / len(sp.states)
	}
	kind := e.Options.optimiser(nodes, len(sp.states), len(sp.channels), columns)
	if kind != LM && len(sp.priors.Drawn) > 0 {
		if o := e.Options.Optimiser; o != "" && o != Auto {
			return nil, nil, nil, &SpreadError{Parameter: sp.priors.Spreads[0].Parameter, Optimiser: o}
		}
		kind = LM
	}
	sp.nodes = kind != LM
	st, err := e.stageOf(sp, from)
	if err != nil {
		return nil, nil, nil, err
	}
	p := st.point()
	for c := range p.Nodes {
		copy(p.Nodes[c], start.Nodes[c])
	}
	copy(p.Border, start.Coefficients)
	copy(p.Border[len(start.Terms):], start.Parameters)
	copy(p.Border[st.named:], neural.Weights(start.Forms))
	if kind == LM {
		return st, p, &fullSpace{st: st, p: p, trials: trials}, nil
	}
	copy(st.held, p.Border)
	r := newReducedSpace(newReduced(st), p)
	r.trials, r.epochs, r.seed = trials, 0, e.Seed
	if kind == Adam {
		r.epochs = adamEpochs
	}
	if err := r.sketch(e.Workers); err != nil {
		return nil, nil, nil, err
	}
	return st, p, r, nil
}

// SpreadError says that gradients cannot learn how a parameter is spread over
// entries: that takes the covariance of its values.
type SpreadError struct{ Parameter, Optimiser string }

func (e *SpreadError) Error() string {
	return fmt.Sprintf("fit: the spread of %s over entries cannot be learned with `optimiser: %s`; leave the optimiser out, or leave `spread` of %s out",
		e.Parameter, e.Optimiser, e.Parameter)
}

// fullSpace is Levenberg–Marquardt on nodes and columns.
type fullSpace struct {
	st     *stage
	p      *optim.Point
	l      optim.Linear
	f      optim.Factor
	trials int
}

func (t *fullSpace) minimise(ctx context.Context, limit int, report func(int, float64, float64)) (optim.Outcome, error) {
	return optim.LevenbergMarquardt{Iterations: limit, Trials: t.trials, Report: report}.Minimise(ctx, t.st, t.p, &t.l, &t.f)
}

func (t *fullSpace) posterior(variances bool) posterior {
	return t.st.posteriorAt(t.p, &t.l, &t.f, variances)
}
func (t *fullSpace) covariance() []float64                { return t.f.BorderCovariance() }
func (t *fullSpace) supplied() (motion, defect []float64) { return t.st.supplied(t.p, &t.l) }

func (t *fullSpace) factor() *optim.Factor { return &t.f }

// reducedSpace minimises over the columns alone, the nodes being at their best for
// them (variable projection: Golub and Pereyra, SIAM Journal on Numerical
// Analysis 10 (1973) 413–432). There the gradient by the nodes vanishes, so that
// by the columns is the whole one's part (the envelope theorem): one adjoint.
// The nodes follow by Gauss–Newton steps on chains without border, which costs
// nothing with the columns.
type reducedSpace struct {
	st   *reduced
	p, g *optim.Point
	keep [][]float64 // nodes at the accepted columns
	l    optim.Linear
	f    optim.Factor

	windows *windows // nil where the columns are too many
	batches []*reducedSpace
	trials  int
	epochs  int
	seed    uint64
	ctx     context.Context
}

// Steps of the columns for one of Levenberg–Marquardt, and what five of them must
// gain for each column, of which the posterior's own spread takes 1; steps of the
// nodes for one of the columns, and when they have arrived; passes of Adam
// before the first.
const (
	gradientSteps = 5
	smallGain     = 1e-2
	nodeSteps     = 12
	nodeTolerance = 1e-4
	adamEpochs    = 30
)

func newReducedSpace(st *reduced, p *optim.Point) *reducedSpace {
	r := &reducedSpace{st: st, p: p, g: st.point()}
	for _, x := range p.Nodes {
		r.keep = append(r.keep, slices.Clone(x))
	}
	return r
}

// Evaluate moves the nodes from the accepted ones to their best for columns x.
func (r *reducedSpace) Evaluate(x, gradient []float64) float64 {
	copy(r.p.Border, x)
	copy(r.st.held, x)
	for c, nodes := range r.keep {
		copy(r.p.Nodes[c], nodes)
	}
	out, err := optim.LevenbergMarquardt{Iterations: nodeSteps, Tolerance: nodeTolerance}.
		Minimise(r.ctx, r.st, &optim.Point{Nodes: r.p.Nodes}, &r.l, &r.f)
	if err != nil || out.Status == optim.Failed {
		return math.Inf(1)
	}
	objective := r.st.Gradient(r.p, r.g)
	copy(gradient, r.g.Border)
	return objective
}

// Accept keeps the nodes.
func (r *reducedSpace) Accept() {
	for c, nodes := range r.p.Nodes {
		copy(r.keep[c], nodes)
	}
}

// Bounds of all columns.
func (r *reducedSpace) Bounds() (lower, upper []float64) {
	for _, c := range r.st.columns {
		lower, upper = append(lower, c.Lower), append(upper, c.Upper)
	}
	return lower, upper
}

func (r *reducedSpace) minimise(ctx context.Context, limit int, report func(int, float64, float64)) (optim.Outcome, error) {
	r.ctx = ctx
	x := slices.Clone(r.p.Border)
	for c, nodes := range r.p.Nodes { // the point may have been set from outside
		copy(r.keep[c], nodes)
	}
	undamped := func(iteration int, objective, _ float64) { report(iteration, objective, 0) }
	if r.epochs > 0 {
		if err := r.approach(ctx, x, undamped); err != nil {
			return optim.Outcome{}, err
		}
		r.epochs = 0
		copy(r.p.Border, x)
		for c, nodes := range r.keep {
			copy(r.p.Nodes[c], nodes)
		}
	}
	s := optim.LBFGS{Iterations: gradientSteps * limit, Report: undamped, Tolerance: smallGain * math.Max(1, float64(len(x)))}
	if r.trials > 0 {
		s.Iterations = min(s.Iterations, r.trials)
	}
	if r.windows != nil {
		r.windows.refresh(r.p)
		s.Precondition, s.Retry = r.windows.solve, r.windows.retry
		s.Report = func(iteration int, objective, length float64) {
			report(iteration, objective, r.windows.damping)
			if r.windows.adapt(length); iteration%r.windows.every == 0 {
				r.windows.refresh(r.p)
			}
		}
	}
	out, err := s.Minimise(ctx, r, x)
	copy(r.p.Border, x)
	copy(r.st.held, x)
	for c, nodes := range r.keep {
		copy(r.p.Nodes[c], nodes)
	}
	return out, err
}

// posterior integrates nodes and weights out as the whole factorisation would
// where the windows are the whole; else the windows stand for the weights, whose
// share in the nodes' variances is left out.
func (r *reducedSpace) posterior(variances bool) posterior {
	copy(r.st.held, r.p.Border)
	if w := r.windows; w != nil && w.scale == 1 {
		w.moveTo(r.p)
		post := w.st.posteriorAt(w.p, &w.l, &w.f, variances)
		r.st.Linearise(&optim.Point{Nodes: r.p.Nodes}, &r.l) // for supplied
		return post
	}
	post := r.st.posteriorAt(&optim.Point{Nodes: r.p.Nodes}, &r.l, &r.f, variances)
	own := r.st.priors.Objective(r.p.Border)
	post.objective += own
	post.evidence += own
	if r.windows != nil {
		r.windows.refresh(r.p)
		_, post.logBorder = r.windows.f.LogDet()
		if weights := len(r.st.columns) - r.st.named; weights > 0 {
			post.evidence += post.logBorder - float64(weights)*math.Log(prior.Ridge)
		}
	}
	return post
}

func (r *reducedSpace) covariance() []float64 {
	if r.windows == nil {
		return nil
	}
	return r.windows.f.BorderCovariance()
}

func (r *reducedSpace) factor() *optim.Factor { return nil }

func (r *reducedSpace) supplied() (motion, defect []float64) { return r.st.supplied(r.p, &r.l) }
