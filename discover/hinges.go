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
	others, _ := f.companions(u)
	m, start := f.modelWith(others)
	e, err := onModel(f.engine, m)
	if err != nil {
		return nil, err
	}
	places, err := placeKinks(e.Data, &start, u, n, others)
	if err != nil || len(places) < n {
		return nil, err
	}
	unknown := m.Unknowns[u]
	x := expr.Var(unknown.Arguments[0])
	library := append(slices.Clone(others),
		fit.Term{Unknown: u, Factor: expr.Num(1)}, fit.Term{Unknown: u, Factor: x, Degree: 1})
	lo, hi := places[0], places[len(places)-1]
	arguments, err := e.Data.Arguments(&start, u)
	if err != nil {
		return nil, err
	}
	span := max(hi-lo, math.Abs(hi)*0.1, 0.01*newAxis(arguments[0]).span())
	for i, at := range places {
		name := fmt.Sprintf("%s_knot%d", unknown.Name, i+1)
		m.Parameters = append(m.Parameters, model.Parameter{Name: name, Value: at, Fit: true, Min: lo - 2*span, Max: hi + 2*span})
		start.Parameters = append(start.Parameters, at)
		library = append(library, fit.Term{
			Unknown: u, Factor: expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Var(name))), Degree: 1, Knots: 1,
		})
	}
	if e, err = onModel(f.engine, m); err != nil {
		return nil, err
	}
	s := terms.NewSelection(e, library, f.options.Penalty)
	o := f.options
	o.Roads = "full" // the regression has chosen the kinks
	found, err := roads(ctx, s, fmt.Sprintf("%shinges-%s-%d", f.prefix, unknown.Name, n), 1, o, &start)
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
			if c, err = f.trim(ctx, fmt.Sprintf("%shinges-%s-%d/%s/trim", f.prefix, unknown.Name, n, c.road), c); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// placeKinks finds the n places, among the quantiles of the unknown's argument along
// the path, where kinks explain the smoothed path best: the best single, then
// the best to join, each re-placed once when all are there.
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
	q := reg.Quadratic(make([]float64, len(library)))
	active := make([]bool, len(library))
	for i := range first {
		active[i] = true
	}
	var chosen []int
	join := func() {
		best, where := math.Inf(1), -1
		for i := first; i < len(library); i++ {
			if active[i] {
				continue
			}
			active[i] = true
			if s := q.Solve(active); s.Loss < best {
				best, where = s.Loss, i
			}
			active[i] = false
		}
		if where >= 0 {
			active[where] = true
			chosen = append(chosen, where)
		}
	}
	for range n {
		join()
	}
	for range 2 * n { // re-place the oldest
		if len(chosen) < 2 {
			break
		}
		active[chosen[0]] = false
		chosen = chosen[1:]
		join()
	}
	var out []float64
	for _, i := range chosen {
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
