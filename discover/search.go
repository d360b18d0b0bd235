package discover

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"govern/fit"
	"govern/optim"
)

// search selects terms of one library by penalised evidence.
type search struct {
	engine  *fit.Engine
	library []fit.Term
	cost    []float64 // on −2 log L, of each term
	index   map[string]int
	begun   *fit.Fitted // what the road full begins with, where it is known; nil: not yet
}

// newSearch prices the library: a term costs log(observations) plus twice the
// log of the number of terms it was chosen from, its degree's in its unknown,
// times the number of degrees.
func newSearch(e *fit.Engine, library []fit.Term, factor float64) *search {
	s := &search{engine: e, library: library, index: map[string]int{}}
	type group struct{ unknown, degree int }
	size := map[group]int{}
	degrees := map[int]map[int]bool{}
	for i, t := range library {
		s.index[t.Key()] = i
		size[group{t.Unknown, t.Degree}]++
		if degrees[t.Unknown] == nil {
			degrees[t.Unknown] = map[int]bool{}
		}
		degrees[t.Unknown][t.Degree] = true
	}
	n := float64(e.Data.Observations())
	for _, t := range library {
		choices := float64(len(degrees[t.Unknown]) * size[group{t.Unknown, t.Degree}])
		s.cost = append(s.cost, factor*(float64(1+t.Knots)*math.Log(n)+2*math.Log(choices)))
	}
	return s
}

// price is what the terms of a fit cost.
func (s *search) price(f *fit.Fitted) float64 {
	sum := 0.0
	for _, t := range f.Terms {
		sum += s.cost[s.index[t.Key()]]
	}
	return sum
}

// loss compares fits of one noise and one defect weight.
func (s *search) loss(f *fit.Fitted) float64 { return f.Objective + s.price(f) }

// score compares fits of any noise and defect weight.
func (s *search) score(f *fit.Fitted) float64 { return f.Evidence + s.price(f) }

func (s *search) active(f *fit.Fitted) []bool {
	a := make([]bool, len(s.library))
	for _, t := range f.Terms {
		a[s.index[t.Key()]] = true
	}
	return a
}

// with returns the start of a fit of the active terms near f.
func (s *search) with(f *fit.Fitted, active []bool, theta []float64) *fit.Fitted {
	g := *f
	g.Terms, g.Coefficients = nil, nil
	for i, on := range active {
		if on {
			g.Terms = append(g.Terms, s.library[i])
			g.Coefficients = append(g.Coefficients, theta[i])
		}
	}
	g.Parameters = slices.Clone(theta[len(s.library):])
	return &g
}

// refitIterations bounds the steps of a refit during the search.
const refitIterations = 20

// maxRounds bounds the rounds of one refinement; each lowers the penalised loss.
const maxRounds = 25

// refine moves to better supports until none is found: proposals come from the
// quadratic profile of the whole library at the present fit and are accepted
// only if a true refit has the lower penalised loss.
func (s *search) refine(ctx context.Context, name string, f *fit.Fitted) (*fit.Fitted, error) {
	for round := range maxRounds {
		prof, err := s.engine.Profile(ctx, fmt.Sprintf("%s/profile-%02d", name, round), f, s.library)
		if err != nil {
			return nil, err
		}
		q := newQuadratic(prof, s.cost)
		here := s.active(f)
		var accepted *fit.Fitted
		for k, proposal := range s.proposals(q, here) {
			g, err := s.engine.Trajectory(ctx, fmt.Sprintf("%s/try-%02d-%d", name, round, k),
				s.with(f, proposal.active, q.solve(proposal.active).theta), fit.Schedule{To: f.Omega, Iterations: refitIterations})
			if err != nil {
				return nil, err
			}
			if s.loss(g) < s.loss(f)-1e-3 {
				accepted = g
				break
			}
		}
		if accepted == nil {
			return f, nil
		}
		f = accepted
	}
	return f, nil
}

// proposals lists supports to try, boldest first: the best subset of the
// quadratic, then ones that drop only the least significant of what it drops,
// then single moves.
func (s *search) proposals(q *quadratic, here []bool) []move {
	best := q.search(here)
	if slices.Equal(best.active, here) {
		return nil
	}
	out := []move{{best.active, best.loss}}
	full := q.solve(here)
	var dropped []int
	for i := range here {
		if here[i] && !best.active[i] {
			dropped = append(dropped, i)
		}
	}
	slices.SortStableFunc(dropped, func(a, b int) int { return cmp.Compare(full.drop[a], full.drop[b]) })
	for n := len(dropped) / 2; n >= 1; n /= 2 {
		a := slices.Clone(here)
		for _, i := range dropped[:n] {
			a[i] = false
		}
		out = append(out, move{active: a})
	}
	for _, m := range q.neighbours(&full) {
		if len(out) >= 8 || m.loss >= full.loss-improvement {
			break
		}
		out = append(out, m)
	}
	return out
}

// settle refines, re-estimates the noise, and repeats until the support stays.
func (s *search) settle(ctx context.Context, name string, f *fit.Fitted) (*fit.Fitted, error) {
	for pass := range 4 {
		before := s.active(f)
		g, err := s.refine(ctx, fmt.Sprintf("%s/pass-%d", name, pass), f)
		if err != nil {
			return nil, err
		}
		if f, err = s.engine.Trajectory(ctx, fmt.Sprintf("%s/noise-%d", name, pass), g,
			fit.Schedule{To: g.Omega, Noise: true}); err != nil {
			return nil, err
		}
		if pass > 0 && slices.Equal(before, s.active(f)) {
			break
		}
		if f, err = tune(ctx, s.engine, fmt.Sprintf("%s/tune-%d", name, pass), f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// full is the road that starts from every term.
func (s *search) full(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	f, err := s.everything(ctx, name, sm)
	if err != nil || f.Status == optim.Failed {
		return f, err
	}
	return s.settle(ctx, name, f)
}

// everything is the first fit of every term.
func (s *search) everything(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	if s.begun != nil {
		return s.begun, nil
	}
	return s.first(ctx, name, sm, func(q *quadratic) subset { return q.solve(all(len(q.cost))) })
}

// grown is the road that starts from the terms a regression on the smoothed
// path supports.
func (s *search) grown(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	f, err := s.first(ctx, name, sm, func(q *quadratic) subset { return q.search(all(len(q.cost))) })
	if err != nil || f.Status == optim.Failed {
		return f, err
	}
	return s.settle(ctx, name, f)
}

// whole fits every term and selects none.
func (s *search) whole(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	f, err := s.everything(ctx, name, sm)
	if err != nil {
		return nil, err
	}
	return tune(ctx, s.engine, name+"/tune", f)
}

// first is the fit that a road starts with.
func (s *search) first(ctx context.Context, name string, sm *fit.Smoothed, choose func(*quadratic) subset) (*fit.Fitted, error) {
	reg, err := regress(s.engine.Data, sm, s.library)
	if err != nil {
		return nil, err
	}
	best := choose(reg.quadratic(s.cost))
	var terms []fit.Term
	var coefficients []float64
	for i, t := range s.library {
		if best.active[i] {
			terms, coefficients = append(terms, t), append(coefficients, best.theta[i])
		}
	}
	parameters := slices.Clone(sm.Parameters)
	for k, i := range reg.balance.Parameters {
		parameters[i] += best.theta[len(s.library)+k]
	}
	omega := 1.0 // without unknowns there is no regression to say how far off the start is
	if len(s.library) > 0 {
		omega = reg.omega(best.theta)
	}
	start := s.engine.Start(sm, terms, coefficients, parameters)
	end := s.engine.Options.Omega
	if end == 0 {
		end = fit.OmegaEnd
	}
	return s.engine.Trajectory(ctx, name+"/first", start,
		fit.Schedule{From: math.Min(math.Max(omega, end), 10), To: end, Noise: true})
}

// promises says whether any change towards a larger library would pay at a fit,
// by the quadratic profile of that library. Asked only of fits that pass the
// checks: elsewhere the profile may be far from the truth.
func (s *search) promises(ctx context.Context, name string, f *fit.Fitted) (bool, error) {
	here, ok := s.translate(f)
	if !ok {
		return true, nil
	}
	prof, err := s.engine.Profile(ctx, name, f, s.library)
	if err != nil {
		return false, err
	}
	q := newQuadratic(prof, s.cost)
	found := q.search(here)
	for i := range here {
		if found.active[i] && !here[i] {
			return true, nil
		}
	}
	return false, nil
}

// translate expresses a fit's support in the library of s.
func (s *search) translate(f *fit.Fitted) ([]bool, bool) {
	a := make([]bool, len(s.library))
	for _, t := range f.Terms {
		i, ok := s.index[t.Key()]
		if !ok {
			return nil, false
		}
		a[i] = true
	}
	return a, true
}
