package discover

import (
	"context"
	"math"
	"slices"

	"govern/discover/changes"
	"govern/expr"
	"govern/journal"
)

// searchDrift searches with every term of the libraries joined by its product with the
// time, which goes from −1 to 1 over the record; nil where no formula passes the
// checks without defects, or none in which the time stands.
func (f *finder) searchDrift(ctx context.Context, found *changes.Drift, in plan) (*Result, error) {
	d := f.engine.Data
	first, last := math.Inf(1), math.Inf(-1)
	for _, e := range d.Entries {
		first, last = math.Min(first, e.Times[0]), math.Max(last, e.Times[len(e.Times)-1])
	}
	if len(d.Model.Unknowns) == 0 {
		return nil, nil
	}
	e := *f.engine
	if e.Journal != nil {
		e.Journal = journal.Under(in.name, e.Journal)
	}
	g := &finder{engine: &e, options: f.options, path: f.path, held: f.held, result: &Result{Data: e.Data, Smoothed: f.path}}
	time := expr.Binary(expr.Sub, expr.Var("t"), expr.Num(roundToFour((first+last)/2)))
	g.indicators = []*expr.Expr{expr.Binary(expr.Div, time, expr.Num(roundToFour((last-first)/2)))}
	g.wary = in.early
	if err := g.climb(ctx, in.through, nil); err != nil {
		return nil, err
	}
	if err := g.retry(ctx); err != nil {
		return nil, err
	}
	if g.best == nil || !g.best.passed() || g.best.fit.LeavesDefect() || f.best.passed() && g.best.score() > f.best.score() {
		return nil, nil
	}
	r, err := g.conclude(ctx)
	if err != nil || !r.Trusted() {
		return nil, err
	}
	for _, t := range r.Chosen.Terms {
		if slices.Contains(expr.Names(t.Factor), "t") {
			r.Drift = found.String()
			return r, nil
		}
	}
	return nil, nil
}

// roundToFour keeps four digits: what a reader can take in.
func roundToFour(v float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-3)
	if unit < 1 { // 0.001 is no number of base two, 1000 is
		return math.Round(v*math.Round(1/unit)) / math.Round(1/unit)
	}
	return math.Round(v/unit) * unit
}
