package discover

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/model"
	"govern/optim"
)

// extraState adds a slow hidden state.
func extraState() way {
	return way{
		name: "an extra state",
		cost: Expensive,
		when: "nothing else passes: a slow hidden state that the model lacks",
		excluded: func(e *fit.Engine, o Options) string {
			switch {
			case len(e.Data.Model.Unknowns) == 0:
				return "nothing is unknown that it could enter"
			case len(e.Data.Unseen()) > 0:
				return "states that only unknowns see come first"
			case o.Roads != "both":
				return "the roads are given: " + o.Roads
			}
			return ""
		},
		due: func(f *finder) string {
			switch {
			case f.passes():
				return aFormulaPasses
			case f.result.Neural != nil && passed(checkFit(f.engine.Data, f.result.Neural)):
				return "neural forms explain the data without one"
			case f.result.Smoothed == nil:
				return "there is no smoothed path that it could be read from"
			}
			return ""
		},
		run: func(ctx context.Context, f *finder) (*Result, error) { return f.findExtra(ctx) },
	}
}

// Extra is a slow hidden state that a model lacks: State' = Gain·Driver − Rate·State,
// which is added to the equation of Enters: Gain/Rate times the driver, filtered.
// In this form a slow state's gain is determined even where its rate hardly is;
// with Rate·(Driver − State) times a factor only their product would be.
type Extra struct {
	State      string
	Driver     *expr.Expr // in the states
	Enters     string     // a state whose equation holds an unknown
	Rate, Gain string     // parameters
}

// Equation is the right-hand side of the extra state.
func (x *Extra) Equation() *expr.Expr {
	return expr.Binary(expr.Sub, expr.Binary(expr.Mul, expr.Var(x.Gain), x.Driver), expr.Binary(expr.Mul, expr.Var(x.Rate), expr.Var(x.State)))
}

// Extend returns the model with the extra state, its rate and gain as fitted
// parameters that begin at the given values; most is the largest rate.
func (x *Extra) Extend(m *model.Model, start, rate, gain, most float64) *model.Model {
	out := *m
	out.States = append(slices.Clone(m.States), model.State{Name: x.State, Value: start})
	out.Parameters = append(slices.Clone(m.Parameters),
		model.Parameter{Name: x.Rate, Value: rate, Fit: true, Min: 0, Max: most},
		model.Parameter{Name: x.Gain, Value: gain, Fit: true, Min: math.Inf(-1), Max: math.Inf(1)})
	out.Equations = slices.Clone(m.Equations)
	for i, q := range out.Equations {
		if q.State == x.Enters {
			out.Equations[i].Right = expr.Binary(expr.Add, q.Right, expr.Var(x.State))
		}
	}
	out.Equations = append(out.Equations, model.Equation{State: x.State, Right: x.Equation()})
	return &out
}

// NewExtra is an extra state under names that the model does not have: q, or q1, q2, …
func NewExtra(m *model.Model, driver *expr.Expr, enters string) *Extra {
	x := &Extra{Driver: driver, Enters: enters}
	taken := func(name string) bool {
		if m.StateIndex(name) >= 0 || m.ParameterIndex(name) >= 0 || m.Unknown(name) != nil || slices.Contains(m.Inputs, name) ||
			slices.ContainsFunc(m.Definitions, func(d model.Definition) bool { return d.Name == name }) {
			return true
		}
		return slices.ContainsFunc(m.Unknowns, func(u model.Unknown) bool { return slices.Contains(u.Arguments, name) })
	}
	for k := 0; ; k++ {
		x.State = "q"
		if k > 0 {
			x.State = fmt.Sprintf("q%d", k)
		}
		if x.Rate, x.Gain = x.State+"_rate", x.State+"_gain"; !taken(x.State) && !taken(x.Rate) && !taken(x.Gain) {
			return x
		}
	}
}

// A state is slow when its rate is at most slowest over the characteristic time: a
// faster one follows its driver and would stand for any function of it that the
// library lacks. Rates are tried from there down to one over the longest record, a
// factor rateFactor apart.
const (
	slowest    = 0.5
	rateFactor = 2
)

// extraTrials is how many proposals are fitted on trajectories; a proposal must
// lower the regression's loss by extraGain at least, and what comes of it must be
// determined: a gain of extraSure standard deviations, and a rate below its bound.
const (
	extraTrials = 4
	extraGain   = 30
	extraSure   = 6
)

// memory is a proposal: an extra state, its path, and what the regression gives.
type memory struct {
	extra      *Extra
	rate, gain float64
	path       [][]float64 // entry, sample
	loss       float64
	weight     []float64 // of the regression's rows
	degree     int       // of the library that it goes best with
}

// findExtra looks for a slow hidden state where nothing else has passed the checks:
// what the smoothed unknowns have beyond their arguments may be memory. Proposals
// come from regressions, with a filtered driver as another column; the best are
// fitted like any model, with the library that the regression prefers or the next. The result is nil where none
// passes the checks.
func (f *finder) findExtra(ctx context.Context) (*Result, error) {
	report(f.engine, "extra state", 0.6)
	proposals, err := proposeExtra(f.engine, f.result.Smoothed, f.options)
	if err != nil {
		return nil, err
	}
	var best *finder
	for k, q := range proposals {
		g, err := f.withExtra(q, fmt.Sprintf("extra-%d", k))
		if err != nil {
			return nil, err
		}
		for degree := q.degree; degree <= min(q.degree+1, f.options.Degree) && g.best == nil; degree++ {
			if err := g.fitWithExtra(ctx, degree); err != nil {
				return nil, err
			}
		}
		if g.best != nil && g.best.passed() && g.determinesExtra() && (best == nil || g.best.score() < best.best.score()) {
			best = g
			if !g.best.fit.LeavesDefect() {
				break // nothing is left to explain
			}
		}
	}
	if best == nil {
		return nil, nil
	}
	best.options.Roads = "full" // no networks beside it
	r, err := best.conclude(ctx)
	if err != nil || !r.Trusted() {
		return nil, err
	}
	r.Extra = best.memory
	r.Tried = append(slices.Clone(f.result.Tried), r.Tried...)
	return r, nil
}

// fitWithExtra fits the whole library of a degree beside the extra state, and selects
// where that promises an answer: the selection of a wrong model takes long.
func (f *finder) fitWithExtra(ctx context.Context, degree int) error {
	library, _ := terms.Libraries(f.engine.Data.Model, degree)
	s := terms.NewSelection(f.engine, library, f.options.Penalty)
	name := fmt.Sprintf("degree-%d/extra", degree)
	report(f.engine, fmt.Sprintf("extra state, libraries of degree %d", degree), 0.65)
	first, err := s.StartAll(ctx, name, f.path)
	if err != nil || first.Status == optim.Failed || !(first.Omega <= 2*largestDefect) {
		return err
	}
	settled, err := s.Settle(ctx, name, first)
	if err != nil {
		return err
	}
	found := []*candidate{{search: s, fit: settled, road: "extra state", degree: degree, checks: checkFit(f.engine.Data, settled)}}
	// A rate that begins wrong leaves a defect: at the smallest one it must move.
	if settled.Omega > againDefect && f.engine.Options.Omega == 0 {
		tight, err := s.Engine.Trajectory(ctx, name+"/tight", settled, fit.Schedule{To: fit.OmegaEnd, Iterations: againIterations, Noise: true})
		if err != nil {
			return err
		}
		if tight.Status != optim.Failed {
			if tight, err = s.Settle(ctx, name+"/tight", tight); err != nil {
				return err
			}
			found = append(found, &candidate{search: s, fit: tight, road: "extra state, tight", degree: degree, checks: checkFit(f.engine.Data, tight)})
		}
	}
	f.consider(found)
	return nil
}

// determinesExtra says that the data determine the extra state: its gain and its rate are far from zero and the rate from its bound.
func (f *finder) determinesExtra() bool {
	b := f.best.fit
	if b.Status == optim.Failed || len(b.Covariance) == 0 {
		return false
	}
	columns := b.Columns()
	fitted := 0
	for _, p := range f.best.search.Engine.Data.Model.Parameters {
		if !p.Fit {
			continue
		}
		v, at := b.Parameters[fitted], len(b.Terms)+fitted
		fitted++
		if p.Name == f.memory.Rate && v > 0.98*p.Max {
			return false
		}
		if sd := math.Sqrt(b.Covariance[at*columns+at]); p.Name == f.memory.Gain && !(math.Abs(v) > extraSure*sd) {
			return false
		}
	}
	return true
}

// withExtra is a search over the model with an extra state.
func (f *finder) withExtra(q memory, prefix string) (*finder, error) {
	sm := *f.result.Smoothed
	m := q.extra.Extend(f.engine.Data.Model, q.gain*q.path[0][0], q.rate, q.gain*q.rate, slowest/f.engine.Data.Time)
	e, err := onModel(f.engine, m)
	if err != nil {
		return nil, err
	}
	if e.Journal != nil {
		e.Journal = journal.Under(prefix, e.Journal)
	}
	sm.States = slices.Clone(sm.States)
	sum, square, count := 0.0, 0.0, 0.0
	for k := range sm.States {
		path := make([]float64, len(q.path[k]))
		for i, filtered := range q.path[k] {
			v := q.gain * filtered
			path[i] = v
			sum += v
			square += v * v
			count++
		}
		sm.States[k] = append(slices.Clone(sm.States[k]), path)
	}
	sm.Scale = append(slices.Clone(sm.Scale), math.Sqrt(math.Max(square/count-sum*sum/(count*count), 1e-300)))
	sm.Parameters = append(slices.Clone(sm.Parameters), q.rate, q.gain*q.rate)
	return &finder{engine: e, options: f.options, path: &sm, memory: q.extra, result: &Result{Data: e.Data, Smoothed: &sm}}, nil
}

// proposeExtra ranks extra states by regression: the best rate for every driver and
// equation, the most promising first.
func proposeExtra(e *fit.Engine, sm *fit.Smoothed, o Options) ([]memory, error) {
	d := e.Data
	library, _ := terms.Libraries(d.Model, o.Degree)
	reg, err := terms.Regress(d, sm, library)
	if err != nil {
		return nil, err
	}
	base := reg.Left()
	longest := 0.0
	for _, entry := range d.Entries {
		longest = math.Max(longest, entry.Times[len(entry.Times)-1]-entry.Times[0])
	}
	enters := slices.Clone(reg.Balance.Equation)
	slices.Sort(enters)
	enters = slices.Compact(enters)
	var out []memory
	for v, state := range d.Model.States {
		for power := 1; power <= 2; power++ {
			driver := expr.Var(state.Name)
			if power == 2 {
				driver = expr.Binary(expr.Pow, driver, expr.Num(2))
			}
			for _, equation := range enters {
				best := memory{loss: base - extraGain}
				for rate := slowest / (rateFactor * d.Time); rate > 1/longest; rate /= rateFactor {
					if m := regressMemory(reg, d, filterDriver(d, sm, v, power, rate), equation, rate); m.loss < best.loss {
						best = m
						best.rate = rate
					}
				}
				if best.path != nil {
					best.extra = NewExtra(d.Model, driver, d.Model.States[equation].Name)
					out = append(out, best)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b memory) int { return cmp.Compare(a.loss, b.loss) })
	out = out[:min(len(out), extraTrials)]
	for k := range out {
		if err := out[k].chooseDegree(e, sm, o); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// chooseDegree chooses the library of a proposal by the regression, penalised.
func (m *memory) chooseDegree(e *fit.Engine, sm *fit.Smoothed, o Options) error {
	d := e.Data
	least := math.Inf(1)
	for degree := 1; degree <= o.Degree; degree++ {
		library, same := terms.Libraries(d.Model, degree)
		if degree > 1 && same {
			break
		}
		reg, err := terms.Regress(d, sm, library)
		if err != nil {
			return err
		}
		reg.Weight = m.weight // those of the largest library
		equation := d.Model.StateIndex(m.extra.Enters)
		score := regressMemory(reg, d, m.path, equation, m.rate).loss
		for _, cost := range terms.NewSelection(e, library, o.Penalty).Cost {
			score += cost
		}
		if score < least {
			least, m.degree = score, degree
		}
	}
	return nil
}

// filterDriver solves q' = rate·(vᵖ − q) along a smoothed path, from the driver's mean;
// by entry and sample, linear between samples.
func filterDriver(d *fit.Data, sm *fit.Smoothed, v, power int, rate float64) [][]float64 {
	var out [][]float64
	for e, entry := range d.Entries {
		drive := make([]float64, len(entry.Times))
		mean := 0.0
		for i, x := range sm.States[e][v] {
			drive[i] = math.Pow(x, float64(power))
			mean += drive[i] / float64(len(drive))
		}
		q := make([]float64, len(drive))
		q[0] = mean
		for i := 1; i < len(q); i++ {
			h := rate * (entry.Times[i] - entry.Times[i-1])
			keep := math.Exp(-h)
			ramp := (1 - keep) / h // ∫ of the decay over the step, in steps
			q[i] = keep*q[i-1] + (ramp-keep)*drive[i-1] + (1-ramp)*drive[i]
		}
		out = append(out, q)
	}
	return out
}

// regressMemory adds a filtered driver to the regression of one equation, with a decay
// from another start for each of the first entries.
func regressMemory(r *terms.Regression, d *fit.Data, q [][]float64, equation int, rate float64) memory {
	const decays = 6
	width := r.Columns + 1 + min(len(q), decays)
	s := terms.LeastSquares{Columns: width, Target: r.Target, Weight: r.Weight}
	flat := make([]float64, len(r.Rows)*width)
	entry, sample, before := 0, 0, -1
	for i, row := range r.Rows {
		if r.Balance.Equation[i] != before {
			entry, sample, before = 0, 0, r.Balance.Equation[i]
		}
		wide := flat[i*width : (i+1)*width]
		copy(wide, row)
		if before == equation {
			wide[r.Columns] = q[entry][sample]
			if entry < decays {
				times := d.Entries[entry].Times
				wide[r.Columns+1+entry] = math.Exp(-rate * (times[sample] - times[0]))
			}
		}
		if sample++; sample == len(q[entry]) {
			entry, sample = entry+1, 0
		}
		s.Rows = append(s.Rows, wide)
	}
	got := s.Triangle().Solve(terms.All(width))
	out := memory{loss: got.Loss, gain: got.Theta[r.Columns], weight: r.Weight}
	for e := range q {
		path := slices.Clone(q[e])
		if e < decays && out.gain != 0 {
			times := d.Entries[e].Times
			for i := range path {
				path[i] += got.Theta[r.Columns+1+e] / out.gain * math.Exp(-rate*(times[i]-times[0]))
			}
		}
		out.path = append(out.path, path)
	}
	return out
}
