package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/journal"
	"govern/optim"
)

// Term is a candidate of an unknown: one summand of its formula.
type Term struct {
	Unknown int        // in the model's Unknowns
	Factor  *expr.Expr // in the unknown's arguments; the number 1 for the constant
	Degree  int
	Knots   int // fitted numbers inside the factor, which cost like coefficients
}

// Key identifies a term.
func (t Term) Key() string { return fmt.Sprintf("%d:%s", t.Unknown, t.Factor) }

// Fitted is a model with sums of terms or neural forms in place of its unknowns,
// fitted on trajectories.
type Fitted struct {
	Terms        []Term
	Coefficients []float64 // of Terms
	Forms        []Form    // at their fitted weights
	Parameters   []float64 // of the model's fitted parameters, in their order
	Spreads      []Spread  // of parameters whose values of entries are drawn from a distribution
	Nodes        [][]float64
	Sigma        []float64 // per channel of the data
	Scale        []float64 // per state
	Omega        float64   // defect weight: sd = Omega·scale·√(dt/t_c)
	Driven       bool      // the defects are process noise: Scale holds each state's own, see Engine.Driven
	Substeps     int
	Objective    float64   // Σ residual²/σ² + Σ defect²/w²
	Evidence     float64   // −2 log evidence, coefficients and parameters at their best, weights integrated out
	LogBorder    float64   // log det of the columns' information
	Covariance   []float64 // of coefficients, then parameters, then weights; nil for more than 2000
	Residual     []float64 // rms residual per channel
	Motion       []float64 // per state: rms of the right-hand side, as means over segments
	Defect       []float64 // per state: rms defect per unit of time, what the equations do not explain
	Status       optim.Status
	Iterations   int // steps accepted
	Tried        int // steps tried in the last minimisation of the schedule
}

// Variance of column i: a coefficient, then a parameter, then a weight; NaN where
// they are too many for a covariance.
func (f *Fitted) Variance(i int) float64 { return f.covariance(i, i) }

func (f *Fitted) covariance(i, j int) float64 {
	if f.Covariance == nil {
		return math.NaN()
	}
	return f.Covariance[i*f.Columns()+j]
}

// Formula is the fitted sum of unknown u, or its network written out, in its
// arguments.
func (f *Fitted) Formula(u int) *expr.Expr {
	if form := f.Form(u); form != nil {
		return form.Neural.Formula(form.Arguments)
	}
	var sum *expr.Expr
	for i, t := range f.Terms {
		c := f.Coefficients[i]
		switch {
		case t.Unknown != u:
		case sum == nil:
			sum = scaled(expr.Num(c), t.Factor)
		case c < 0:
			sum = expr.Binary(expr.Sub, sum, scaled(expr.Num(-c), t.Factor))
		default:
			sum = expr.Binary(expr.Add, sum, scaled(expr.Num(c), t.Factor))
		}
	}
	if sum == nil {
		return expr.Num(0)
	}
	return sum
}

// scaled is c·factor, multiplied from the left so that products need no
// parentheses.
func scaled(c, factor *expr.Expr) *expr.Expr {
	switch {
	case factor.Kind == expr.Number && factor.Value == 1:
		return c
	case factor.Kind == expr.Mul:
		return expr.Binary(expr.Mul, scaled(c, factor.Args[0]), factor.Args[1])
	case factor.Kind == expr.Div:
		return expr.Binary(expr.Div, scaled(c, factor.Args[0]), factor.Args[1])
	}
	return expr.Binary(expr.Mul, c, factor)
}

// coefficientName of term i.
func coefficientName(i int) string { return fmt.Sprintf("c#%d", i) }

// withTerms is the model's right-hand side with the sums in place of the
// unknowns; coefficients are names. Calls of neural forms stay.
func (d *Data) withTerms(terms []Term, forms []Form) []*expr.Expr {
	sums := map[string]*expr.Expr{}
	for i, t := range terms {
		name := d.Model.Unknowns[t.Unknown].Name
		e := scaled(expr.Var(coefficientName(i)), t.Factor)
		if sums[name] != nil {
			e = expr.Binary(expr.Add, sums[name], e)
		}
		sums[name] = e
	}
	right := d.Model.Rhs()
	for i, r := range right {
		right[i] = expr.ReplaceCalls(r, func(c *expr.Expr) *expr.Expr {
			for i, u := range d.Model.Unknowns {
				if u.Name != c.Ident || formOf(forms, i) != nil {
					continue
				}
				sum := sums[u.Name]
				if sum == nil {
					return expr.Num(0)
				}
				arguments := map[string]*expr.Expr{}
				for k, a := range u.Arguments {
					arguments[a] = c.Args[k]
				}
				return expr.Substitute(sum, arguments)
			}
			return nil
		})
	}
	return right
}

// libraryStage builds the stage of a library or formula fit.
func (e *Engine) libraryStage(terms []Term, from *Fitted, gain *Gain) (*stage, error) {
	sp, err := e.librarySpec(terms, from, gain)
	if err != nil {
		return nil, err
	}
	return e.stageOf(sp, from)
}

// stageOf builds a stage at the defect weight of a fit.
func (e *Engine) stageOf(sp spec, from *Fitted) (*stage, error) {
	st, err := newStage(sp, e.Workers)
	if err == nil {
		st.weights(from.Scale, from.Omega)
	}
	return st, err
}

// librarySpec says what the stage of a library, formula or neural fit is.
func (e *Engine) librarySpec(terms []Term, from *Fitted, gain *Gain) (spec, error) {
	d := e.Data
	sp := spec{
		data: d, right: d.withTerms(terms, from.Forms), forms: from.Forms, segment: e.segment(), substeps: from.Substeps,
		sigma: append([]float64(nil), from.Sigma...), weight: make([]float64, len(d.Model.States)),
	}
	for i := range terms {
		sp.columns = append(sp.columns, Column{coefficientName(i), math.Inf(-1), math.Inf(1)})
	}
	sp.columns = append(sp.columns, d.fitted()...)
	sp.given, sp.drawn = d.beliefs(sp.columns)
	if sp.spreads = slices.Clone(from.Spreads); len(sp.spreads) == 0 {
		sp.spreads = d.startSpreads()
	}
	for _, s := range d.Model.States {
		sp.states = append(sp.states, s.Name)
	}
	for c := range d.Channels {
		sp.channels = append(sp.channels, c)
	}
	if gain != nil && gain.K > 0 {
		gains := make([]float64, len(d.Channels))
		for c := range gains {
			gains[c] = gain.K * d.Trust(c, from.Sigma[c])
		}
		var err error
		if sp.right, err = d.Nudge(sp.right, gains, from.mean(len(d.Model.States)), d.driven); err != nil {
			return sp, err
		}
		sp.drive = d.trusting(gain.Drive, gains)
	}
	return sp, nil
}

// mean is the mean state over all nodes.
func (f *Fitted) mean(n int) []float64 {
	out := make([]float64, n)
	count := 0.0
	for _, nodes := range f.Nodes {
		for i, v := range nodes {
			out[i%n] += v
		}
		count += float64(len(nodes) / n)
	}
	for i := range out {
		out[i] /= math.Max(count, 1)
	}
	return out
}

func (e *Engine) segment() int { return max(e.Options.Segment, 1) }

// weights sets every state's defect to omega·scale·√(dt/t_c).
func (s *stage) weights(scale []float64, omega float64) {
	for i := range s.states {
		s.weight[i] = omega * math.Max(scale[i], 1e-300) / math.Sqrt(s.data.Time)
	}
}

// Start is a fit to begin from: the smoothed path and coefficients of a
// regression.
func (e *Engine) Start(sm *Smoothed, terms []Term, coefficients, parameters []float64) *Fitted {
	d := e.Data
	f := &Fitted{
		Terms: terms, Coefficients: append([]float64(nil), coefficients...), Parameters: append([]float64(nil), parameters...),
		Sigma: append([]float64(nil), sm.Sigma...), Scale: append([]float64(nil), sm.Scale...),
	}
	n := len(d.Model.States)
	for k := range d.Entries {
		ch := d.chain(k, nil, e.segment())
		nodes := make([]float64, len(ch.nodes)*n)
		for b, i := range ch.nodes {
			for s := range n {
				nodes[b*n+s] = sm.States[k][s][i]
			}
		}
		f.Nodes = append(f.Nodes, nodes)
	}
	return f
}

// Schedule says how a trajectory fit lowers the defect weight.
type Schedule struct {
	From, To   float64 // omega; From ≤ To: one stage at To
	Iterations int     // Levenberg–Marquardt steps of the last stage; 0: 40
	Trials     int     // steps tried in a stage, accepted or not; 0: no limit
	Noise      bool    // re-estimate the noise under its cap
	Gain       *Gain   // nil: none
	Longer     bool    // long segments from shorter ones: long records go window by window, too
	Held       []int   // columns, terms and then parameters, that stay where the start has them
}

// The factor between stages and the steps of a stage that is not the last.
const (
	omegaFactor     = 0.31622776601683794
	stageIterations = 6
)

// OmegaEnd is the lowest defect weight, used where the data allow it.
const OmegaEnd = 1e-3

// Trajectory fits terms on trajectories from the given start. The defect weight
// falls from schedule.From to the end that evidence prefers, not below
// schedule.To.
func (e *Engine) Trajectory(ctx context.Context, name string, start *Fitted, schedule Schedule) (*Fitted, error) {
	out := &Fitted{}
	err := e.do(name, out, func() error {
		f, err := e.trajectory(ctx, name, start, schedule)
		if err == nil {
			*out = *f
		}
		return err
	})
	return out, err
}

func (e *Engine) trajectory(ctx context.Context, name string, start *Fitted, schedule Schedule) (*Fitted, error) {
	if e.streams(start, schedule) {
		return e.stream(ctx, name, start, schedule)
	}
	from := *start
	if from.Substeps == 0 {
		from.Substeps = max(e.Options.Substeps, 1)
	}
	if from.Omega == 0 {
		from.Omega = schedule.To
	}
	sp, err := e.librarySpec(start.Terms, &from, schedule.Gain)
	if err != nil {
		return nil, err
	}
	st, p, train, err := e.newTrainer(sp, start, &from, schedule.Trials)
	if err != nil {
		return nil, err
	}
	for _, k := range schedule.Held {
		st.columns[k].Lower, st.columns[k].Upper = p.Border[k], p.Border[k]
	}
	choose := func(omega float64) { // a stage needs steps as fine as its defects
		if start.Substeps == 0 && e.Options.Substeps == 0 {
			st.weights(from.Scale, omega)
			st.substeps = st.chooseSubsteps(p, st.weight)
		}
	}
	omegas := []float64{}
	for w := schedule.From; w > schedule.To*1.01; w *= omegaFactor {
		omegas = append(omegas, w)
	}
	omegas = append(omegas, schedule.To)
	iterations := 0
	minimise := func(omega float64, limit int) (optim.Outcome, error) {
		st.weights(from.Scale, omega)
		return train.minimise(ctx, limit, func(_ int, objective, damping float64) {
			iterations++
			if e.Monitor != nil {
				e.Monitor.Row(journal.Row{
					Stage: name, Iteration: iterations, Objective: objective, Damping: damping, Omega: omega, Terms: len(start.Terms),
					Observations: e.Data.Observations(), Segment: e.segment(), Gain: schedule.Gain.strength(), Noise: e.Data.RelativeNoise(st.sigma),
				})
			}
		})
	}
	best, keep := math.Inf(1), p.Clone()
	keepSigma := append([]float64(nil), st.sigma...)
	keepSpreads := slices.Clone(st.spreads)
	omega := omegas[len(omegas)-1]
	worse := 0
	for k, w := range omegas {
		if len(omegas) == 1 {
			break
		}
		choose(w)
		outcome, err := minimise(w, stageIterations)
		if err != nil {
			return nil, err
		}
		if outcome.Status == optim.Failed {
			break
		}
		post := train.posterior(schedule.Noise && k%2 == 1)
		if post.evidence < best {
			best, omega, worse = post.evidence, w, 0
			keep.Copy(p)
			copy(keepSigma, st.sigma)
			copy(keepSpreads, st.spreads)
		} else if worse++; worse == 2 {
			break
		}
		if schedule.Noise && k%2 == 1 {
			st.updateSigma(post)
			st.updateSpreads(train.factor(), p.Border)
		}
	}
	if len(omegas) > 1 {
		p.Copy(keep)
		copy(st.sigma, keepSigma)
		copy(st.spreads, keepSpreads)
	}
	choose(math.Min(OmegaEnd, schedule.To))
	limit := schedule.Iterations
	if limit == 0 {
		limit = e.Options.Iterations
	}
	if limit == 0 {
		limit = 40
	}
	outcome, err := minimise(omega, limit)
	if err != nil {
		return nil, err
	}
	if schedule.Noise && outcome.Status != optim.Failed {
		for range 3 {
			post := train.posterior(true)
			before := st.learned()
			st.updateSigma(post)
			st.updateSpreads(train.factor(), p.Border)
			if settled(before, st.learned()) {
				break
			}
			if outcome, err = minimise(omega, limit); err != nil {
				return nil, err
			}
		}
	}
	return st.result(&from, p, train, outcome, omega, iterations), nil
}

// learned are noise and spreads.
func (s *stage) learned() []float64 {
	out := slices.Clone(s.sigma)
	for _, v := range s.spreads {
		out = append(out, v.Value)
	}
	return out
}

// result packs a finished stage.
func (s *stage) result(from *Fitted, p *optim.Point, train trainer, o optim.Outcome, omega float64, iterations int) *Fitted {
	k := len(from.Terms)
	out := &Fitted{
		Terms: from.Terms, Coefficients: append([]float64(nil), p.Border[:k]...),
		Parameters: append([]float64(nil), p.Border[k:s.named]...), Forms: withWeights(from.Forms, p.Border[s.named:]), Spreads: slices.Clone(s.spreads), Nodes: p.Clone().Nodes,
		Sigma: append([]float64(nil), s.sigma...), Scale: from.Scale, Omega: omega, Driven: from.Driven, Substeps: s.substeps,
		Objective: o.Objective, Evidence: math.Inf(1), Status: o.Status, Iterations: iterations, Tried: o.Tried,
	}
	if o.Status == optim.Failed {
		out.Objective = math.Inf(1)
		return out
	}
	post := train.posterior(false)
	out.Objective, out.Evidence, out.LogBorder = post.objective, post.evidence, post.logBorder
	out.Covariance = train.covariance()
	s.widen(out.Covariance, train.factor(), p.Border)
	for c, n := range post.count {
		out.Residual = append(out.Residual, math.Sqrt(post.residual[c]/math.Max(float64(n), 1)))
	}
	out.Motion, out.Defect = train.supplied()
	return out
}

// supplied compares, state by state, what the equations do in a segment with
// what its defect adds: root mean squares of (end − start)/dt of the segments'
// flows and of defect/dt, weighted with dt. l is the linearisation at p.
func (s *stage) supplied(p *optim.Point, l *optim.Linear) (motion, defect []float64) {
	motion, defect, total := s.suppliedSums(p, l)
	for i := range motion {
		motion[i], defect[i] = math.Sqrt(motion[i]/total), math.Sqrt(defect[i]/total)
	}
	return motion, defect
}

// suppliedSums are the squares of supplied, summed over the time total.
func (s *stage) suppliedSums(p *optim.Point, l *optim.Linear) (motion, defect []float64, total float64) {
	n := len(s.states)
	wide := 2*n + s.free() + 1
	motion, defect = make([]float64, n), make([]float64, n)
	for c := range s.chains {
		ch := &s.chains[c]
		for b := range len(ch.nodes) - 1 {
			dt := ch.entry.Times[ch.nodes[b+1]] - ch.entry.Times[ch.nodes[b]]
			total += dt
			for i := range n {
				gap := l.Chains[c].Defect[(b*n+i+1)*wide-1] * s.weight[i] * math.Sqrt(dt) // whitened in the row
				moved := p.Nodes[c][(b+1)*n+i] - p.Nodes[c][b*n+i] - gap
				motion[i] += moved * moved / dt
				defect[i] += gap * gap / dt
			}
		}
	}
	return motion, defect, total
}

// Profile is the objective near a fit as a quadratic in the coefficients of a
// whole library, the nodes being at their best: |R·(θ−θ₀) + z|² + Residual.
type Profile struct {
	Terms    []Term
	Theta    []float64 // θ₀: the fit's coefficients, 0 for absent terms; then parameters
	R, Z     []float64
	Residual float64
}

// Profile linearises a fit without neural forms with every term of the library switched on: score
// tests for absent terms, and predictions for every subset.
func (e *Engine) Profile(ctx context.Context, name string, at *Fitted, library []Term) (*Profile, error) {
	out := &Profile{}
	err := e.do(name, out, func() error {
		st, err := e.libraryStage(library, at, nil)
		if err != nil {
			return err
		}
		p := st.point()
		for c := range p.Nodes {
			copy(p.Nodes[c], at.Nodes[c])
		}
		have := map[string]float64{}
		for i, t := range at.Terms {
			have[t.Key()] = at.Coefficients[i]
		}
		for i, t := range library {
			p.Border[i] = have[t.Key()]
		}
		copy(p.Border[len(library):], at.Parameters)
		var l optim.Linear
		var f optim.Factor
		st.Linearise(p, &l)
		f.Eliminate(&l, optim.Damping{})
		out.Terms, out.Theta, out.Residual = library, p.Border, f.Residual()
		out.R, out.Z = f.Information()
		return ctx.Err()
	})
	return out, err
}
