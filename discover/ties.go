package discover

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"govern/discover/terms"
	"govern/fit"
	"govern/series"
)

// tieTrials bounds the neighbours that are refitted for the tie list.
const tieTrials = 12

// refitTies refits the neighbours of the best formula that the quadratic profile
// cannot exclude, and the other roads' formulas. A neighbour that turns out
// better becomes the best, and the search goes on from there.
func refitTies(ctx context.Context, best *candidate, all []*candidate, o Options) (*candidate, []Tie, error) {
	s := best.search
	e := s.Engine
	if len(s.Library) == 0 {
		return best, nil, nil
	}
	for round := range 5 {
		f := best.fit
		report(e, "ties", 0.75)
		prof, err := e.Profile(ctx, fmt.Sprintf("ties-%d/profile", round), f, s.Library)
		if err != nil {
			return nil, nil, err
		}
		q := terms.NewQuadratic(prof, s.Cost)
		here := q.Solve(s.Active(f))
		var trials []terms.Move
		for _, m := range q.Neighbours(&here) {
			if m.Loss < here.Loss+o.Tie+6 && len(trials) < tieTrials {
				trials = append(trials, m)
			}
		}
		for _, c := range all {
			if a, ok := s.Translate(c.fit); ok && !slices.Equal(a, here.Active) && series.Finite(c.score()) && c.score() < best.score()+o.Tie+30 {
				trials = append(trials, terms.Move{Active: a})
			}
		}
		var out []Tie
		var winner *fit.Fitted
		seen := [][]bool{here.Active}
		for k, m := range trials {
			if slices.ContainsFunc(seen, func(a []bool) bool { return slices.Equal(a, m.Active) }) {
				continue
			}
			seen = append(seen, m.Active)
			g, err := e.Trajectory(ctx, fmt.Sprintf("ties-%d/try-%02d", round, k), s.Near(f, m.Active, q.Solve(m.Active).Theta),
				fit.Schedule{To: f.Omega, Iterations: terms.RefitIterations})
			if err != nil {
				return nil, nil, err
			}
			delta := s.Loss(g) - s.Loss(f)
			if delta < -1e-3 && (winner == nil || s.Loss(g) < s.Loss(winner)) {
				winner = g
			}
			if delta < o.Tie {
				out = append(out, Tie{g, math.Max(delta, 0), e.Data.Model})
			}
		}
		if winner == nil {
			slices.SortStableFunc(out, func(a, b Tie) int { return cmp.Compare(a.Delta, b.Delta) })
			return best, out, nil
		}
		settled, err := s.Settle(ctx, fmt.Sprintf("ties-%d/settle", round), winner)
		if err != nil {
			return nil, nil, err
		}
		best = &candidate{search: s, fit: settled, road: best.road, degree: best.degree}
	}
	return best, nil, nil
}

// findOtherForms are the formulas of other kinds that the data cannot tell from the
// best: of every family the best candidate, where it is not the same function.
func findOtherForms(d *fit.Data, path *fit.Smoothed, all []*candidate, best *candidate, tie float64) ([]Tie, error) {
	classes := map[string]*candidate{}
	var order []string
	for _, c := range all {
		delta := c.score() - best.score()
		if !c.passed() || !series.Finite(delta) || delta >= tie || c.class() == best.class() || len(c.fit.Forms) > 0 {
			continue
		}
		if _, ok := best.search.Translate(c.fit); ok {
			continue // refitTies has done so
		}
		have, ok := classes[c.class()]
		if !ok {
			order = append(order, c.class())
		}
		if !ok || c.score() < have.score() {
			classes[c.class()] = c
		}
	}
	var out []Tie
	shown := []*candidate{best}
	for _, name := range order {
		c := classes[name]
		same := false
		for _, other := range shown {
			apart, err := differenceOf(d, path, c, other)
			if err != nil {
				return nil, err
			}
			same = same || apart < sameFunction
		}
		if !same {
			shown = append(shown, c)
			out = append(out, Tie{Fitted: c.fit, Delta: math.Max(c.score()-best.score(), 0), Model: c.search.Engine.Data.Model})
		}
	}
	return out, nil
}

// sameFunction is the relative difference below which two formulas are two ways to
// write one function, as tanh and logistic are.
const sameFunction = 1e-4

// differenceOf is the rms difference of two candidates' formulas along the path over
// the deviation of the first, of the unknown in which they differ most.
func differenceOf(d *fit.Data, path *fit.Smoothed, a, b *candidate) (float64, error) {
	worst := 0.0
	for u := range d.Model.Unknowns {
		arguments, err := d.Arguments(path, u)
		if err != nil {
			return 0, err
		}
		x, err := a.valuesAlong(u, d.Model.Unknowns[u].Arguments, arguments)
		if err != nil {
			return 0, err
		}
		y, err := b.valuesAlong(u, d.Model.Unknowns[u].Arguments, arguments)
		if err != nil {
			return 0, err
		}
		sum, square, apart := 0.0, 0.0, 0.0
		for k := range x {
			sum += x[k] / float64(len(x))
			apart += (x[k] - y[k]) * (x[k] - y[k]) / float64(len(x))
		}
		for k := range x {
			square += (x[k] - sum) * (x[k] - sum) / float64(len(x))
		}
		if apart > 0 {
			worst = math.Max(worst, math.Sqrt(apart/math.Max(square, 1e-300)))
		}
	}
	return worst, nil
}
