package discover

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/model"
	"govern/optim"
	"govern/record"
	"govern/series"
)

// Regime is a stretch of the record in which coefficients stay what they are.
type Regime struct {
	Number   int    // from 1, in the order of the record
	Entry    string // that holds it
	From, To float64
	// Low and High hold, with 95 %, when it began; both are From where that is not an
	// estimate: of the first regime, of one that is given, and where a record begins.
	Low, High float64
	Name      string // of the parameter that is 1 in it and 0 elsewhere; empty for the first, where all are 0
}

// Guard is the share of a cycle, on both sides of a change that was found, that
// belongs to neither regime.
const Guard = 0.1

// Change points are sought in blocks of a quarter of a cycle, or longer ones
// where there would be more than mostBlocks; a regime lasts leastRegime cycles at
// least. When the places are known roughly they are looked for again in blocks of
// a sixteenth of a cycle, and guardCycles on both sides belong to neither regime.
// Where there would be more than mostRegimes, the strongest changes between at most
// fewRegimes are looked at.
const (
	mostBlocks  = 240
	leastRegime = 4
	fineShare   = 16
	guardCycles = Guard
	mostRegimes = 8
	fewRegimes  = 4
)

// regimes asks whether coefficients that change at a few times explain that no
// formula explains the whole record, or none without defects. What each stretch of
// the record says of the coefficients comes from the best fit (fit.Engine.Triangles);
// dynamic programming finds the stretches of least penalised −2 log posterior
// (Jackson et al., IEEE Signal Process. Lett. 12 (2005) 105). The record is cut
// there, every term of the libraries is joined by its products with indicators of
// the later regimes, and the search begins again: which coefficients change is a
// selection of terms like any other. Nil where the data do not ask for regimes, or
// where no formula passes with them.
func (f *formulas) regimes(ctx context.Context) (*Result, error) {
	c := f.best
	if !f.mayChange() || c == nil || !series.Finite(c.fit.Evidence) || len(c.fit.Forms) > 0 || c.fit.Driven {
		return nil, nil
	}
	if c.passed() && c.fit.Omega <= 2*fit.OmegaEnd {
		return nil, nil
	}
	report(f.engine, "regimes", 0.72)
	found, err := f.changes(ctx)
	if err != nil || found == nil {
		return nil, err
	}
	late := plan{"regimes", degrees{1, f.options.Degree}, false}
	if found.drift != nil {
		late.name = "drift"
		r, err := f.along(ctx, found.drift, late)
		if r == nil && err == nil && !c.passed() { // a formula that passes may leave what looks like drift
			f.drift = found.drift
		}
		return r, err
	}
	return f.within(ctx, found.cuts, late)
}

// mayChange says that regimes may be sought: none are known yet, entries share
// their values, and a segment is a sample.
func (f *formulas) mayChange() bool {
	return len(f.indicators) == 0 && len(f.engine.Data.Differing()) == 0 && f.engine.Options.Segment <= 1
}

// degrees of libraries that a search goes through, in rising order.
type degrees struct{ from, to int }

// plan is how a record with regimes, or a drift, is searched. An early search gives up
// sooner, and believes in the end only what leaves no defect.
type plan struct {
	name    string
	through degrees
	early   bool
}

// within searches with the record cut, and finds the places of the cuts again with
// what it has found, until they stay; nil where no formula passes.
func (f *formulas) within(ctx context.Context, cuts []cut, in plan) (*Result, error) {
	if len(cuts) == 0 {
		return nil, nil
	}
	var held []string // parameters that all regimes share
	var accepted *formulas
	var placed []Regime
	around := float64(placeAround)
	for round := range apartRounds {
		name := fmt.Sprintf("%s-%d", in.name, round)
		g, err := f.apart(ctx, name, cuts, held, in)
		if err != nil {
			return nil, err
		}
		if g == nil {
			break
		}
		accepted, placed = g, g.result.Regimes
		r := g.result
		fewer, err := f.needed(ctx, r, cuts)
		if err != nil {
			return nil, err
		}
		if len(fewer) > 0 && len(fewer) < len(cuts) && round+1 < apartRounds {
			cuts = fewer
			continue
		}
		shared := append(slices.Clone(held), sharedParameters(r, f.engine.Data.Model)...)
		moved, regimes, stay, err := f.placeAgain(ctx, name+"/places", r, cuts, around)
		if err != nil {
			return nil, err
		}
		placed = regimes
		if fewer := f.merged(moved); len(fewer) < len(moved) && round+1 < apartRounds {
			cuts = fewer
			continue
		}
		if len(shared) == len(held) && stay {
			break
		}
		held, cuts, around = shared, moved, placeNear
	}
	if accepted == nil || in.early && accepted.best.fit.Omega > 2*fit.OmegaEnd {
		return nil, nil
	}
	r, err := accepted.conclude(ctx)
	if err != nil || !r.Trusted() || !r.changes() {
		return nil, err
	}
	r.Regimes, r.Single = placed, f.best.fit
	return r, nil
}

// merged replaces change points that have moved so near each other that no regime
// lies between them by one in their middle: a place that was off makes a short
// regime of what lies between.
func (f *formulas) merged(cuts []cut) []cut {
	var out []cut
	for _, c := range cuts {
		if k := len(out) - 1; k >= 0 && out[k].entry == c.entry && float64(c.at-out[k].at) < leastRegime/2*f.engine.Data.SamplesPerCycle() {
			out[k] = cutBefore(c.entry, (out[k].at+c.at)/2)
			continue
		}
		out = append(out, c)
	}
	return out
}

// apartRounds bounds the searches with regimes: the first, one without change points
// that are not needed or have met, one with the places that its formula gives and
// without differences that it does not need, and one more.
const apartRounds = 4

// placeAgain finds where the fitted formulas of two regimes meet, for every change
// point that does not lie at the begin of an entry, within so many cycles of where it
// was. A formula that was fitted with samples of the wrong regime gives wrong places.
// So it is fitted again without the samples that may belong to either, and gives the
// places again, until they stay. Stay says that the result had none of those samples.
func (f *formulas) placeAgain(ctx context.Context, name string, r *Result, cuts []cut, around float64) (out []cut, regimes []Regime, stay bool, err error) {
	if !placeable(r) {
		return cuts, r.Regimes, true, nil
	}
	d := f.engine.Data
	now, tight := *r, r.Chosen.Omega <= 2*fit.OmegaEnd
	var known *fitted
	out, regimes = slices.Clone(cuts), slices.Clone(r.Regimes)
	for round := range settleRounds {
		name := fmt.Sprintf("%s-%d", name, round)
		if tight && (round > 0 || placedBefore(cuts)) {
			if known, err = f.settle(ctx, name, r, out); err != nil {
				return nil, nil, false, err
			}
			if known == nil {
				break
			}
			now.Chosen = known.Fitted
		}
		p, err := newPlacing(f.engine, d, &now)
		if err != nil {
			return nil, nil, false, err
		}
		p.cut = known
		moved := false
		for k, c := range out {
			if c.at == 0 {
				continue
			}
			p.others = f.neighbours(out, k)
			at, err := p.sharp(ctx, fmt.Sprintf("%s-%d", name, k), d.Entries[c.entry], c.low, c.high, k+1, around)
			if err != nil {
				return nil, nil, false, err
			}
			next := cut{c.entry, at.at, at.low, at.high}
			if !f.inside(next) || k > 0 && !f.apartEnough(out[k-1], next) || k+1 < len(out) && !f.apartEnough(next, out[k+1]) {
				continue // the next is nearer than formulas can tell
			}
			next = f.clipped(next, p.others)
			moved = moved || !f.covers(c, next)
			out[k] = next
			moveChange(regimes, d.Entries[c.entry], k+1, at)
		}
		around = placeNear
		if !tight || !moved && known != nil {
			break
		}
	}
	stay = true
	for k := range cuts {
		stay = stay && f.covers(cuts[k], out[k])
	}
	return out, regimes, stay, nil
}

// placedBefore says that cuts are places with their intervals.
func placedBefore(cuts []cut) bool {
	return !slices.ContainsFunc(cuts, func(c cut) bool { return c.at > 0 && c.low == c.high })
}

// neighbours are the samples of an entry between which no change lies but the kth.
func (f *formulas) neighbours(cuts []cut, k int) [2]int {
	e := cuts[k].entry
	out := [2]int{0, len(f.engine.Data.Entries[e].Times)}
	if k > 0 && cuts[k-1].entry == e {
		out[0] = cuts[k-1].high
	}
	if k+1 < len(cuts) && cuts[k+1].entry == e {
		out[1] = cuts[k+1].low
	}
	return out
}

// clipped leaves every regime a cycle of samples that belong to it.
func (f *formulas) clipped(c cut, between [2]int) cut {
	cycle := int(f.engine.Data.SamplesPerCycle())
	c.low, c.high = min(max(c.low, between[0]+cycle), c.at), max(min(c.high, between[1]-cycle), c.at)
	return c
}

// settleRounds bounds how often places and coefficients are found from each other.
const settleRounds = 4

// covers says that a cut leaves out the samples that another one doubts, and hardly more.
func (f *formulas) covers(of, c cut) bool {
	guard := int(math.Ceil(guardCycles * f.engine.Data.SamplesPerCycle() / 2))
	return c.low >= of.low-guard && c.high <= of.high+guard && float64((of.high-of.low)-(c.high-c.low)) < f.engine.Data.SamplesPerCycle()/2
}

// settle fits the formula of a result to the record with other cuts, as tightly as
// the data allow; nil where that fails.
func (f *formulas) settle(ctx context.Context, name string, r *Result, cuts []cut) (*fitted, error) {
	entries, _, lies := cutAt(f.engine.Data, cuts, namesOf(r.Regimes))
	data, err := fit.Prepare(r.Model, entries)
	if err != nil {
		return nil, nil
	}
	closed, err := closedBy(r)
	if err != nil {
		return nil, err
	}
	known, err := fit.Prepare(closed, entries)
	if err != nil {
		return nil, nil
	}
	e := *f.engine
	e.Data = known
	located, err := e.Locate(ctx, name+"/locate", r.Chosen.Sigma, r.Chosen.Scale)
	if err != nil {
		return nil, err
	}
	e.Data = data
	start := *r.Chosen
	start.Nodes, start.Substeps = located.Path, 0
	tight, err := e.Trajectory(ctx, name+"/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	if err != nil || tight.Status == optim.Failed {
		return nil, err
	}
	if tight, err = e.Tighten(ctx, name+"/tighten", tight); err != nil {
		return nil, err
	}
	return &fitted{tight, data, lies}, nil
}

// namesOf lists the indicators of regimes, in order.
func namesOf(regimes []Regime) []string {
	var names []string
	for _, g := range regimes {
		if g.Name != "" && !slices.Contains(names, g.Name) {
			names = append(names, g.Name)
		}
	}
	return names
}

// closedBy is the model of regimes with a result's formulas and parameters.
func closedBy(r *Result) (*model.Model, error) {
	formulas := map[string]*expr.Expr{}
	for u, unknown := range r.Base.Unknowns {
		formulas[unknown.Name] = r.Chosen.Formula(u)
	}
	closed, err := r.Base.WithFormulas(formulas)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	k := 0
	for _, q := range r.Model.Parameters {
		if q.Fit {
			values[q.Name] = r.Chosen.Parameters[k]
			k++
		}
	}
	closed = closed.WithParameters(values)
	for i := range closed.Parameters {
		closed.Parameters[i].Fit = false
	}
	return closed, nil
}

// switchName is the input that is 0 before a change of regimes and 1 after it.
const switchName = "switch_of_regimes"

// indicatorsAt are the indicators of regimes where regime k, counted from 1, switches to
// the next.
func indicatorsAt(regimes []Regime, k int) map[string]*expr.Expr {
	values := map[string]*expr.Expr{}
	for _, r := range regimes {
		switch {
		case r.Name == "":
		case r.Number == k:
			values[r.Name] = expr.Binary(expr.Sub, expr.Num(1), expr.Var(switchName))
		case r.Number == k+1:
			values[r.Name] = expr.Var(switchName)
		default:
			values[r.Name] = expr.Num(0)
		}
	}
	return values
}

// switching is a model that is that of regime k, counted from 1, while its last input
// is 0 and that of the next while it is 1.
func switching(of *model.Model, regimes []Regime, k int) *model.Model {
	in := indicatorsAt(regimes, k)
	m := *of
	m.Inputs = append(slices.Clone(of.Inputs), switchName)
	m.Definitions = slices.Clone(of.Definitions)
	for i := range m.Definitions {
		m.Definitions[i].Right = expr.Substitute(m.Definitions[i].Right, in)
	}
	m.Equations = slices.Clone(of.Equations)
	for i := range m.Equations {
		m.Equations[i].Right = expr.Simplify(expr.Substitute(m.Equations[i].Right, in))
	}
	return &m
}

// observesAll says that every state is measured alone by a channel.
func observesAll(d *fit.Data) bool {
	for _, s := range d.Model.States {
		if !slices.ContainsFunc(d.Channels, func(c record.ChannelInfo) bool { return c.Observe.Kind == expr.Name && c.Observe.Ident == s.Name }) {
			return false
		}
	}
	return true
}

// cut is a change point: before sample at of an entry. Of the samples from low to
// high it is not known to which regime they belong.
type cut struct{ entry, at, low, high int }

// cutBefore is a cut before a sample, as if that were certain.
func cutBefore(entry, at int) cut { return cut{entry, at, at, at} }

// changes finds the change points, with the degree of library that explains most.
func (f *formulas) changes(ctx context.Context) (*segmented, error) {
	var best *segmented
	for degree := 1; degree <= f.options.Degree; degree++ {
		library, same := terms.Libraries(f.engine.Data.Model, degree)
		if degree > 1 && same {
			break
		}
		theta := f.best.coefficients(library)
		if theta == nil {
			continue
		}
		g, err := f.segmentation(ctx, &linearisation{f.engine, f.best.fit, library, theta})
		if err != nil {
			return nil, err
		}
		if g != nil && (best == nil || g.loss < best.loss) {
			best = g
		}
	}
	return best, nil
}

// coefficients are those of a candidate in a library, 0 where it has none, then the
// parameters; nil where it has functions that bend.
func (c *candidate) coefficients(library []fit.Term) []float64 {
	theta := make([]float64, len(library))
	index := map[string]int{}
	for i, t := range library {
		index[t.Key()] = i
	}
	for i, t := range c.fit.Terms {
		if k, ok := index[t.Key()]; ok {
			theta[k] = c.fit.Coefficients[i]
		} else if t.Knots > 0 {
			return nil
		}
	}
	return append(theta, c.fit.Parameters...)
}

// apartEnough says that two change points, in order, leave a cycle between them.
func (f *formulas) apartEnough(a, b cut) bool {
	return b.entry > a.entry || b.entry == a.entry && float64(b.at-a.at) > f.engine.Data.SamplesPerCycle()
}

// inside says that a change point leaves a cycle of its entry on both sides, or
// begins with it.
func (f *formulas) inside(c cut) bool {
	d := f.engine.Data
	cycle := d.SamplesPerCycle()
	return c.at == 0 || float64(c.at) > cycle && float64(len(d.Entries[c.entry].Times)-c.at) > cycle
}

// apart searches with the record cut at the change points; nil where no formula
// passes the checks, or none in which something changes. What comes back has chosen
// its best formula, and not asked what ties with it.
func (f *formulas) apart(ctx context.Context, name string, cuts []cut, held []string, in plan) (*formulas, error) {
	d := f.engine.Data
	m, names := withRegimes(d.Model, len(cuts)+1, held)
	entries, regimes, blocks := cutAt(d, cuts, names)
	data, err := fit.Prepare(m, entries)
	if err != nil {
		return nil, nil // the cuts leave too little
	}
	e := *f.engine
	e.Data = data
	if e.Journal != nil {
		e.Journal = journal.Under(name, e.Journal)
	}
	g, err := f.beginApart(ctx, &e, blocks)
	if err != nil {
		return nil, err
	}
	if g.result.Ending != Searching { // a state that only unknowns see
		return nil, nil
	}
	for _, name := range names {
		g.indicators = append(g.indicators, expr.Var(name))
	}
	report(&e, name, 0.5)
	g.wary = in.early || observesAll(d)
	if err := g.through(ctx, in.through, nil); err != nil {
		return nil, err
	}
	if !in.early {
		if err := g.again(ctx); err != nil {
			return nil, err
		}
	}
	if g.best == nil || !g.best.passed() || f.best.passed() && g.best.fit.Omega > 2*fit.OmegaEnd {
		return nil, nil // a measured record always leaves some defect: that alone is no change
	}
	if err := g.absent(ctx); err != nil {
		return nil, err
	}
	r := g.result
	r.choose(g.best)
	r.Regimes, r.Base = regimes, m
	if !r.changes() {
		return nil, nil
	}
	log := math.Log(float64(data.Observations()))
	price := 2 * log * float64(len(cuts)) // a place in time each
	price += log * float64(len(r.Chosen.Parameters)-len(f.best.fit.Parameters))
	if f.best.passed() && g.best.score()+price > f.best.score() {
		return nil, nil
	}
	return g, nil
}

// beginApart begins a search on stretches of the record: with the path that the
// record has, or with one of their own where parameters that may change bend it.
func (f *formulas) beginApart(ctx context.Context, e *fit.Engine, blocks []fit.Block) (*formulas, error) {
	if f.held != nil || len(f.engine.Data.Unseen()) > 0 || len(f.path.States) != len(f.engine.Data.Entries) || len(e.Data.Calls) != len(f.engine.Data.Calls) {
		return begin(ctx, e, f.options)
	}
	path := *f.path
	path.States, path.Calls, path.Spread = nil, nil, nil
	of := func(series [][]float64, b fit.Block) [][]float64 {
		out := make([][]float64, len(series))
		for i, x := range series {
			out[i] = x[b.From:b.To]
		}
		return out
	}
	for _, b := range blocks {
		path.States = append(path.States, of(f.path.States[b.Entry], b))
		path.Calls = append(path.Calls, of(f.path.Calls[b.Entry], b))
		path.Spread = append(path.Spread, of(f.path.Spread[b.Entry], b))
	}
	path.Parameters = slices.Clone(path.Parameters)
	for range len(fittedOf(e.Data.Model)) - len(path.Parameters) {
		path.Parameters = append(path.Parameters, 0) // differences
	}
	return &formulas{engine: e, options: f.options, path: &path, result: &Result{Data: e.Data, Smoothed: &path}}, nil
}

// changes says whether a formula or a parameter differs between regimes.
func (r *Result) changes() bool {
	for _, t := range r.Chosen.Terms {
		for _, name := range expr.Names(t.Factor) {
			if slices.ContainsFunc(r.Regimes, func(g Regime) bool { return g.Name == name }) {
				return true
			}
		}
	}
	return len(r.Chosen.Parameters) > 0 && slices.ContainsFunc(r.Model.Parameters, func(q model.Parameter) bool { return q.Fit && isDifference(q.Name) })
}

// Difference is the name of what a fitted parameter has more in a regime than
// in the first.
func Difference(parameter, regime string) string { return parameter + "_in_" + regime }

func isDifference(name string) bool { return strings.Contains(name, "_in_regime_") }

// withRegimes is the model with an indicator for every regime but the first, and
// with differences between regimes of every fitted parameter that is not held.
func withRegimes(m *model.Model, count int, held []string) (*model.Model, []string) {
	next := *m
	next.Parameters = slices.Clone(m.Parameters)
	prefix := "regime_"
	for slices.ContainsFunc(m.Parameters, func(q model.Parameter) bool { return len(q.Name) >= len(prefix) && q.Name[:len(prefix)] == prefix }) {
		prefix += "_"
	}
	var names []string
	for k := 2; k <= count; k++ {
		names = append(names, fmt.Sprintf("%s%d", prefix, k))
		next.Parameters = append(next.Parameters, model.Parameter{Name: names[k-2], Min: math.Inf(-1), Max: math.Inf(1)})
	}
	values := map[string]*expr.Expr{}
	for _, q := range m.Parameters {
		if !q.Fit || slices.Contains(held, q.Name) {
			continue
		}
		sum := expr.Var(q.Name)
		for _, name := range names {
			next.Parameters = append(next.Parameters, model.Parameter{Name: Difference(q.Name, name), Fit: true, Min: math.Inf(-1), Max: math.Inf(1)})
			sum = expr.Binary(expr.Add, sum, expr.Binary(expr.Mul, expr.Var(name), expr.Var(Difference(q.Name, name))))
		}
		values[q.Name] = sum
	}
	next.Equations = slices.Clone(m.Equations)
	for i := range next.Equations {
		next.Equations[i].Right = expr.Substitute(next.Equations[i].Right, values)
	}
	next.Definitions = slices.Clone(m.Definitions)
	for i := range next.Definitions {
		next.Definitions[i].Right = expr.Substitute(next.Definitions[i].Right, values)
	}
	return &next, names
}

// cutAt cuts the entries at the change points and sets the indicators; blocks are
// where the new entries lie in the old ones.
func cutAt(d *fit.Data, cuts []cut, names []string) ([]record.Entry, []Regime, []fit.Block) {
	guard := int(math.Ceil(guardCycles * d.SamplesPerCycle()))
	var entries []record.Entry
	var regimes []Regime
	var blocks []fit.Block
	number := 1
	for k, entry := range d.Entries {
		from, start, last := 0, 0, len(entry.Times)
		add := func(to, end int) {
			part := entry.Slice(from, to)
			part.Set = map[string]float64{}
			for name, v := range entry.Set {
				part.Set[name] = v
			}
			r := Regime{Number: number, Entry: entry.Name, From: entry.Times[start], To: entry.Times[end]}
			for i, name := range names {
				if part.Set[name] = 0; i+2 == number {
					part.Set[name], r.Name = 1, name
				}
			}
			entries, blocks = append(entries, part), append(blocks, fit.Block{Entry: k, From: from, To: to})
			if k := len(regimes) - 1; k >= 0 && regimes[k].Number == r.Number && regimes[k].Entry == r.Entry {
				regimes[k].To = r.To // after a gap, or the next excerpt
				return
			}
			r.Low, r.High = r.From, r.From
			regimes = append(regimes, r)
		}
		for _, c := range cuts {
			switch {
			case c.entry != k:
			case c.at == 0:
				number++
			default:
				add(max(c.low-guard, from+1), c.at)
				from, start = min(c.high+guard, last), c.at
				number++
			}
		}
		add(len(entry.Times), len(entry.Times)-1)
	}
	return entries, regimes, blocks
}

// sharedParameters are the fitted parameters of a model that no regime moves by
// three standard deviations.
func sharedParameters(r *Result, m *model.Model) []string {
	var names []string
	for _, q := range r.Model.Parameters {
		if q.Fit {
			names = append(names, q.Name)
		}
	}
	f := r.Chosen
	var out []string
	for _, q := range m.Parameters {
		if !q.Fit {
			continue
		}
		moved, any := false, false
		for i, name := range names {
			if len(name) > len(q.Name)+4 && name[:len(q.Name)+4] == q.Name+"_in_" {
				at := len(f.Terms) + i
				any = true
				moved = moved || f.Parameters[i]*f.Parameters[i] > 9*f.Covariance[at*f.Columns()+at]
			}
		}
		if any && !moved {
			out = append(out, q.Name)
		}
	}
	return out
}
