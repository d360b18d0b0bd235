package discover

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/discover/changes"
	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/series"
)

// regimes looks for changes of coefficients at a few times, or with the time.
func regimes() way {
	return way{
		name: "regimes and drifts",
		cost: Expensive,
		when: "no formula passes, or only with a defect: coefficients that change at a few times of the record, or drift along it",
		excluded: func(e *fit.Engine, _ Options) string {
			switch {
			case len(e.Data.Differing()) > 0:
				return "parameters have values of their own in every entry"
			case e.Options.Segment > 1:
				return longSegments
			}
			return ""
		},
		due: func(f *finder) string { return f.regimesDue() },
		run: func(ctx context.Context, f *finder) (*Result, error) { return f.findRegimes(ctx) },
	}
}

// regimesDue says why regimes need not be looked for; empty where they are.
func (f *finder) regimesDue() string {
	c := f.best
	switch {
	case !f.mayChange():
		return "regimes are known"
	case c == nil || !series.Finite(c.fit.Evidence):
		return noFormulaConverges
	case len(c.fit.Forms) > 0:
		return "the best is no formula"
	case c.fit.Driven:
		return "process noise explains what formulas leave"
	case c.passed() && !c.fit.LeavesDefect():
		return "a formula passes without a defect"
	}
	return ""
}

// findRegimes asks whether coefficients that change at a few times explain that no
// formula explains the whole record, or none without defects. What each stretch of
// the record says of the coefficients comes from the best fit (fit.Engine.Triangles);
// dynamic programming finds the stretches of least penalised −2 log posterior
// (Jackson et al., IEEE Signal Process. Lett. 12 (2005) 105). The record is cut
// there, every term of the libraries is joined by its products with indicators of
// the later regimes, and the search starts again: which coefficients change is a
// selection of terms like any other. Nil where the data do not ask for regimes, or
// where no formula passes with them.
func (f *finder) findRegimes(ctx context.Context) (*Result, error) {
	report(f.engine, "regimes and drifts", 0.72)
	found, err := segment(ctx, f.best, f.engine, f.options.Degree)
	if err != nil || found == nil {
		return nil, err
	}
	late := plan{"regimes", degrees{1, f.options.Degree}, false}
	if found.Drift != nil {
		late.name = "drift"
		r, err := f.searchDrift(ctx, found.Drift, late)
		if r == nil && err == nil && !f.best.passed() { // a formula that passes may leave what looks like drift
			f.drift = found.Drift
		}
		return r, err
	}
	return f.searchRegimes(ctx, found.Cuts, late)
}

// mayChange says that regimes may be sought: none are known yet, entries share
// their values, and a segment is a sample.
func (f *finder) mayChange() bool {
	return len(f.indicators) == 0 && len(f.engine.Data.Differing()) == 0 && f.engine.Options.Segment <= 1
}

// plan is how a record with regimes, or a drift, is searched. An early search gives up
// sooner, and believes in the end only what leaves no defect.
type plan struct {
	name    string
	through degrees
	early   bool
}

// searchRegimes searches with the record cut, and finds the places of the cuts again with
// what it has found, until they stay; nil where no formula passes.
func (f *finder) searchRegimes(ctx context.Context, cuts []changes.Cut, in plan) (*Result, error) {
	if len(cuts) == 0 {
		return nil, nil
	}
	var accepted *finder
	var placed []changes.Regime
	now, stay := cutting{cuts: cuts, around: changes.PlaceAround}, false
	for round := 0; round < cutRounds && !stay; round++ {
		name := fmt.Sprintf("%s-%d", in.name, round)
		g, err := f.searchCut(ctx, name, now.cuts, now.held, in)
		if err != nil {
			return nil, err
		}
		if g == nil {
			break
		}
		accepted = g
		if now, placed, stay, err = now.follow(ctx, f.engine, name, g.result, round+1 == cutRounds); err != nil {
			return nil, err
		}
	}
	if accepted == nil || in.early && accepted.best.fit.LeavesDefect() {
		return nil, nil
	}
	r, err := accepted.conclude(ctx)
	if err != nil || !r.Trusted() || !r.inRegimes().Changes() {
		return nil, err
	}
	r.Regimes, r.Single = placed, f.best.fit
	return r, nil
}

// cutting is how a record is cut for a search.
type cutting struct {
	cuts   []changes.Cut
	held   []string // parameters that all regimes share
	around float64  // cycles around the cuts in which their places are looked for
}

// follow is how the record is cut after a search has found a formula: without change
// points that are not needed or, if this is not the last search, have met; at the places
// that the formula gives, and without differences that it does not need. Stay says that
// nothing changes. The engine is that of the whole record.
func (c cutting) follow(ctx context.Context, e *fit.Engine, name string, r *Result, last bool) (next cutting, placed []changes.Regime, stay bool, err error) {
	fewer, err := r.inRegimes().Needed(ctx, e, c.cuts)
	if err != nil {
		return c, nil, false, err
	}
	next = c
	if len(fewer) > 0 && len(fewer) < len(c.cuts) && !last {
		next.cuts = fewer
		return next, r.Regimes, false, nil
	}
	moved, placed, stay, err := r.inRegimes().Relocate(ctx, e, name+"/places", c.cuts, c.around)
	if err != nil {
		return c, nil, false, err
	}
	if fewer := changes.Merge(e.Data, moved); len(fewer) < len(moved) && !last {
		next.cuts = fewer
		return next, placed, false, nil
	}
	shared := append(slices.Clone(c.held), r.inRegimes().SharedParameters(e.Data.Model)...)
	if len(shared) == len(c.held) && stay {
		return c, placed, true, nil
	}
	return cutting{moved, shared, changes.PlaceNear}, placed, false, nil
}

// cutRounds bounds the searches with regimes: the first, one without change points
// that are not needed or have met, one with the places that its formula gives and
// without differences that it does not need, and one more.
const cutRounds = 4

// segment finds the change points by what a candidate's fit says of stretches, with the
// degree of library that explains most.
func segment(ctx context.Context, of *candidate, e *fit.Engine, highest int) (*changes.Segmentation, error) {
	var best *changes.Segmentation
	for degree := 1; degree <= highest; degree++ {
		library, same := terms.Libraries(e.Data.Model, degree)
		if degree > 1 && same {
			break
		}
		theta := of.coefficients(library)
		if theta == nil {
			continue
		}
		g, err := changes.NewLinearisation(e, of.fit, library, theta).Segment(ctx)
		if err != nil {
			return nil, err
		}
		if g != nil && (best == nil || g.Loss < best.Loss) {
			best = g
		}
	}
	return best, nil
}

// searchCut searches with the record cut at the change points; nil where no formula
// passes the checks, or none in which something changes. What comes back has chosen
// its best formula, and not asked what ties with it.
func (f *finder) searchCut(ctx context.Context, name string, cuts []changes.Cut, held []string, in plan) (*finder, error) {
	d := f.engine.Data
	m, names := changes.WithRegimes(d.Model, len(cuts)+1, held)
	entries, regimes, blocks := changes.CutAt(d, cuts, names)
	data, err := fit.Prepare(m, entries)
	if err != nil {
		return nil, nil // the cuts leave too little
	}
	e := *f.engine
	e.Data = data
	if e.Journal != nil {
		e.Journal = journal.Under(name, e.Journal)
	}
	g, err := f.beginCut(ctx, &e, blocks)
	if err != nil {
		return nil, err
	}
	if g.result.Ending != Searching { // a state that only unknowns see
		return nil, nil
	}
	for _, name := range names {
		g.indicators = append(g.indicators, expr.Var(name))
	}
	report(&e, "a formula for every regime", 0.5)
	g.wary = in.early || observesAll(d)
	if err := g.climb(ctx, in.through, nil); err != nil {
		return nil, err
	}
	if !in.early {
		if err := g.retry(ctx); err != nil {
			return nil, err
		}
	}
	if g.best == nil || !g.best.passed() || f.best.passed() && g.best.fit.LeavesDefect() {
		return nil, nil // a measured record always leaves some defect: that alone is no change
	}
	if err := g.dropAbsent(ctx); err != nil {
		return nil, err
	}
	r := g.result
	r.choose(g.best)
	r.Regimes, r.Base = regimes, m
	if !r.inRegimes().Changes() || !f.worthCuts(g, data.Observations(), len(cuts)) {
		return nil, nil
	}
	return g, nil
}

// worthCuts says that a formula with regimes is worth the places of so many changes and
// its additional parameters, where one without passes too.
func (f *finder) worthCuts(with *finder, observations, cuts int) bool {
	log := math.Log(float64(observations))
	price := 2 * log * float64(cuts) // a place in time each
	price += log * float64(len(with.best.fit.Parameters)-len(f.best.fit.Parameters))
	return !f.best.passed() || !(with.best.score()+price > f.best.score())
}

// beginCut begins a search on stretches of the record: with the path that the
// record has, or with one of their own where parameters that may change bend it.
func (f *finder) beginCut(ctx context.Context, e *fit.Engine, blocks []fit.Block) (*finder, error) {
	if f.held != nil || len(f.engine.Data.Unseen()) > 0 || len(f.path.States) != len(f.engine.Data.Entries) || len(e.Data.Calls) != len(f.engine.Data.Calls) {
		return beginSearch(ctx, e, f.options)
	}
	path := changes.CutPath(f.path, blocks, len(e.Data.Model.FittedNames()))
	return &finder{engine: e, options: f.options, path: path, result: &Result{Data: e.Data, Smoothed: path}}, nil
}

// inRegimes is what a result says of regimes and their places.
func (r *Result) inRegimes() changes.Formula {
	return changes.Formula{Fit: r.Chosen, Data: r.Data, Model: r.Model, Base: r.Base, Regimes: r.Regimes}
}
