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

// tieRounds bounds how often a neighbour may become the best.
const tieRounds = 5

// refitTies refits the neighbours of the best formula that the quadratic profile
// cannot exclude, and the other roads' formulas. A neighbour that turns out
// better becomes the best, and the search goes on from there.
func refitTies(ctx context.Context, best *candidate, all []*candidate, o Options) (*candidate, []Tie, error) {
	s := best.search
	if len(s.Library) == 0 {
		return best, nil, nil
	}
	for round := range tieRounds {
		report(s.Engine, "other formulas that do as well", 0.75)
		found, winner, err := refitNeighbours(ctx, fmt.Sprintf("ties-%d", round), best, all, o)
		if err != nil {
			return nil, nil, err
		}
		if winner == nil {
			slices.SortStableFunc(found, func(a, b Tie) int { return cmp.Compare(a.Delta, b.Delta) })
			return best, found, nil
		}
		settled, err := s.Settle(ctx, fmt.Sprintf("ties-%d/settle", round), winner)
		if err != nil {
			return nil, nil, err
		}
		best = &candidate{search: s, fit: settled, road: best.road, degree: best.degree}
	}
	return best, nil, nil
}

// refitNeighbours fits every support that may be tied with the best: those that are,
// and the one that is better than it; nil where none is.
func refitNeighbours(ctx context.Context, name string, best *candidate, all []*candidate, o Options) (found []Tie, winner *fit.Fitted, err error) {
	s, f := best.search, best.fit
	prof, err := s.Engine.Profile(ctx, name+"/profile", f, s.Library)
	if err != nil {
		return nil, nil, err
	}
	q := terms.NewQuadratic(prof, s.Cost)
	here := q.Solve(s.Active(f))
	seen := [][]bool{here.Active}
	for k, active := range possibleTies(q, &here, best, all, o.Tie) {
		if slices.ContainsFunc(seen, func(a []bool) bool { return slices.Equal(a, active) }) {
			continue
		}
		seen = append(seen, active)
		g, err := s.Engine.Trajectory(ctx, fmt.Sprintf("%s/try-%02d", name, k), s.Near(f, active, q.Solve(active).Theta),
			fit.Schedule{To: f.Omega, Iterations: terms.RefitIterations})
		if err != nil {
			return nil, nil, err
		}
		delta := s.Loss(g) - s.Loss(f)
		if delta < -1e-3 && (winner == nil || s.Loss(g) < s.Loss(winner)) {
			winner = g
		}
		if delta < o.Tie {
			found = append(found, Tie{g, math.Max(delta, 0), s.Engine.Data.Model})
		}
	}
	return found, winner, nil
}

// possibleTies are the supports that the quadratic, with some room, does not exclude,
// and those of other candidates whose score is near.
func possibleTies(q *terms.Quadratic, here *terms.Subset, best *candidate, all []*candidate, tie float64) [][]bool {
	const roomOfProfile, roomOfScore = 6, 30
	var out [][]bool
	for _, m := range q.Neighbours(here) {
		if m.Loss < here.Loss+tie+roomOfProfile && len(out) < tieTrials {
			out = append(out, m.Active)
		}
	}
	for _, c := range all {
		if a, ok := best.search.Translate(c.fit); ok && !slices.Equal(a, here.Active) && series.Finite(c.score()) && c.score() < best.score()+tie+roomOfScore {
			out = append(out, a)
		}
	}
	return out
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
