package discover

import (
	"context"
	"fmt"
	"math"
	"slices"

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

// hinges tries piecewise linear functions for every unknown of one argument
// whose library is left open, one kink more at a time until the score worsens.
// The other unknowns keep the library of the best candidate so far.
func hinges(ctx context.Context, e *fit.Engine, o Options, sm *fit.Smoothed, best *candidate) ([]*candidate, error) {
	var out []*candidate
	for u, unknown := range e.Data.Model.Unknowns {
		if len(unknown.Arguments) != 1 || unknown.Library != nil {
			continue
		}
		var others []fit.Term
		if best != nil {
			for _, t := range best.search.library {
				if t.Unknown != u {
					others = append(others, t)
				}
			}
		}
		last := math.Inf(1)
		for n := 1; n <= maxHinges; n++ {
			found, err := kinked(ctx, e, o, sm, u, n, others)
			if err != nil {
				return nil, err
			}
			score := math.Inf(1)
			for _, c := range found {
				score = math.Min(score, c.score())
			}
			out = append(out, found...)
			if !(score < last) {
				break
			}
			last = score
		}
	}
	return out, nil
}

// kinked runs the roads with n kinks in unknown u.
func kinked(ctx context.Context, e *fit.Engine, o Options, sm *fit.Smoothed, u, n int, others []fit.Term) ([]*candidate, error) {
	places, err := kinks(e.Data, sm, u, n, others)
	if err != nil || len(places) < n {
		return nil, err
	}
	unknown := e.Data.Model.Unknowns[u]
	m := *e.Data.Model
	m.Parameters = slices.Clone(m.Parameters)
	start := *sm
	start.Parameters = slices.Clone(sm.Parameters)
	x := expr.Var(unknown.Arguments[0])
	library := append(slices.Clone(others),
		fit.Term{Unknown: u, Factor: expr.Num(1)}, fit.Term{Unknown: u, Factor: x, Degree: 1})
	lo, hi := places[0], places[len(places)-1]
	span := math.Max(hi-lo, math.Abs(hi)*0.1+1e-12)
	for i, at := range places {
		name := fmt.Sprintf("%s_knot%d", unknown.Name, i+1)
		m.Parameters = append(m.Parameters, model.Parameter{Name: name, Value: at, Fit: true, Min: lo - 2*span, Max: hi + 2*span})
		start.Parameters = append(start.Parameters, at)
		library = append(library, fit.Term{
			Unknown: u, Factor: expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Var(name))), Degree: 1, Knots: 1,
		})
	}
	d, err := fit.Prepare(&m, e.Data.Entries)
	if err != nil {
		return nil, err
	}
	engine := *e
	engine.Data = d
	s := newSearch(&engine, library, o.Penalty)
	o.Roads = "full" // the regression has chosen the kinks
	found, err := s.roads(ctx, fmt.Sprintf("hinges-%s-%d", unknown.Name, n), 1, o, &start)
	for _, c := range found {
		c.road = fmt.Sprintf("%d hinges", n)
	}
	return found, err
}

// kinks finds the n places, among the quantiles of the unknown's argument along
// the path, where kinks explain the smoothed path best: the best single, then
// the best to join, each re-placed once when all are there.
func kinks(d *fit.Data, sm *fit.Smoothed, u, n int, others []fit.Term) ([]float64, error) {
	places, err := places(d, sm, u)
	if err != nil {
		return nil, err
	}
	x := expr.Var(d.Model.Unknowns[u].Arguments[0])
	library := append(slices.Clone(others), fit.Term{Unknown: u, Factor: expr.Num(1)}, fit.Term{Unknown: u, Factor: x, Degree: 1})
	first := len(library)
	for _, at := range places {
		library = append(library, fit.Term{Unknown: u, Factor: expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Num(at)))})
	}
	reg, err := regress(d, sm, library)
	if err != nil {
		return nil, err
	}
	q := reg.quadratic(make([]float64, len(library)))
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
			if s := q.solve(active); s.loss < best {
				best, where = s.loss, i
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

// places are the quantiles of an unknown's argument along the smoothed path,
// without repetitions.
func places(d *fit.Data, sm *fit.Smoothed, u int) ([]float64, error) {
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
