package discover

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
)

// The library of hinges for an unknown of one argument: a straight line and up
// to maxHinges kinks, |x − knot|, whose places are first sought among the
// quantiles of the argument and then fitted on trajectories like any parameter.
const (
	maxHinges = 3
	quantiles = 19
)

// tryHinges tries piecewise linear functions for unknown u of one argument, one kink
// more at a time until the score worsens. The other unknowns keep the library of
// the best candidate so far.
func (f *finder) tryHinges(ctx context.Context, u int) error {
	last := math.Inf(1)
	for n := 1; n <= maxHinges; n++ {
		found, err := f.fitHinges(ctx, u, n)
		if err != nil {
			return err
		}
		score := math.Inf(1)
		for _, c := range found {
			score = math.Min(score, c.score())
		}
		f.consider(found)
		if !(score < last) {
			return nil
		}
		last = score
	}
	return nil
}

// fitHinges runs the road with n kinks in unknown u. A candidate that has lost some
// of its kinks is kept without them: with more to begin with, a kink may find the
// place that it misses alone.
func (f *finder) fitHinges(ctx context.Context, u, n int) ([]*candidate, error) {
	others, _ := f.companions(f.engine.Data.Model, u)
	m, start := f.carryNumbers(f.engine.Data.Model, f.path, others)
	e, err := onModel(f.engine, m)
	if err != nil {
		return nil, err
	}
	places, err := placeKinks(e.Data, &start, u, n, others)
	if err != nil || len(places) < n {
		return nil, err
	}
	arguments, err := e.Data.Arguments(&start, u)
	if err != nil {
		return nil, err
	}
	library := append(slices.Clone(others), declareKnots(m, &start, u, places, newAxis(arguments[0]))...)
	if e, err = onModel(f.engine, m); err != nil {
		return nil, err
	}
	s := terms.NewSelection(e, library, f.options.Penalty)
	o := f.options
	o.Roads = "full" // the regression has chosen the kinks
	name := fmt.Sprintf("%shinges-%s-%d", f.prefix, m.Unknowns[u].Name, n)
	report(e, "functions with kinks, in "+m.Unknowns[u].Name, 0.6)
	found, err := roads(ctx, s, name, 1, o, &start)
	if err != nil {
		return nil, err
	}
	var out []*candidate
	for _, c := range found {
		kept := 0
		for _, t := range c.fit.Terms {
			if t.Unknown == u && t.Knots > 0 {
				kept++
			}
		}
		if kept == 0 {
			continue
		}
		c.road = fmt.Sprintf("%d hinges", kept)
		if kept < n {
			if c, err = trim(ctx, f.engine, f.options.Penalty, fmt.Sprintf("%s/%s/trim", name, c.road), c); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// declareKnots adds knots to a model and to a path's parameters, and returns the terms
// of a piecewise linear function with them: 1, x and |x − knot| for each.
func declareKnots(m *model.Model, path *fit.Smoothed, u int, places []float64, a axis) []fit.Term {
	unknown := m.Unknowns[u]
	x := expr.Var(unknown.Arguments[0])
	library := []fit.Term{{Unknown: u, Factor: expr.Num(1)}, {Unknown: u, Factor: x, Degree: 1}}
	lo, hi := places[0], places[len(places)-1]
	span := max(hi-lo, math.Abs(hi)*0.1, 0.01*a.span())
	for i, at := range places {
		name := fmt.Sprintf("%s_knot%d", unknown.Name, i+1)
		m.Parameters = append(m.Parameters, model.Parameter{Name: name, Value: at, Fit: true, Min: lo - 2*span, Max: hi + 2*span})
		path.Parameters = append(path.Parameters, at)
		library = append(library, fit.Term{
			Unknown: u, Factor: expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Var(name))), Degree: 1, Knots: 1,
		})
	}
	return library
}

// placeKinks finds the n places, among the quantiles of the unknown's argument along
// the path, where kinks explain the smoothed path best.
func placeKinks(d *fit.Data, sm *fit.Smoothed, u, n int, others []fit.Term) ([]float64, error) {
	places, err := argumentQuantiles(d, sm, u)
	if err != nil {
		return nil, err
	}
	x := expr.Var(d.Model.Unknowns[u].Arguments[0])
	library := append(slices.Clone(others), fit.Term{Unknown: u, Factor: expr.Num(1)}, fit.Term{Unknown: u, Factor: x, Degree: 1})
	first := len(library)
	for _, at := range places {
		library = append(library, fit.Term{Unknown: u, Factor: expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Num(at)))})
	}
	reg, err := terms.Regress(d, sm, library)
	if err != nil {
		return nil, err
	}
	var out []float64
	for _, i := range reg.Quadratic(make([]float64, len(library))).Grow(first, n) {
		out = append(out, places[i-first])
	}
	slices.Sort(out)
	return out, nil
}

// argumentQuantiles are the quantiles of an unknown's argument along the smoothed path,
// without repetitions.
func argumentQuantiles(d *fit.Data, sm *fit.Smoothed, u int) ([]float64, error) {
	arguments, err := d.Arguments(sm, u)
	if err != nil {
		return nil, err
	}
	values := arguments[0]
	slices.Sort(values)
	var out []float64
	for k := 1; k <= quantiles; k++ {
		v := values[(len(values)-1)*k/(quantiles+1)]
		if len(out) == 0 || v > out[len(out)-1] {
			out = append(out, v)
		}
	}
	return out, nil
}
