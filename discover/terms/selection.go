package terms

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"govern/fit"
	"govern/optim"
)

// Selection chooses terms of one library by penalised evidence, with fits on
// trajectories.
type Selection struct {
	Engine  *fit.Engine
	Library []fit.Term
	Cost    []float64 // on −2 log L, of each term
	Index   map[string]int
	Started *fit.Fitted // of every term, from the path that is searched on; nil: not yet
}

// NewSelection prices the library: a term costs log(observations) plus twice the
// log of the number of terms it was chosen from, its degree's in its unknown,
// times the number of degrees.
func NewSelection(e *fit.Engine, library []fit.Term, factor float64) *Selection {
	s := &Selection{Engine: e, Library: library, Index: map[string]int{}}
	type group struct{ unknown, degree int }
	size := map[group]int{}
	degrees := map[int]map[int]bool{}
	for i, t := range library {
		s.Index[t.Key()] = i
		size[group{t.Unknown, t.Degree}]++
		if degrees[t.Unknown] == nil {
			degrees[t.Unknown] = map[int]bool{}
		}
		degrees[t.Unknown][t.Degree] = true
	}
	n := float64(e.Data.Observations())
	for _, t := range library {
		choices := float64(len(degrees[t.Unknown]) * size[group{t.Unknown, t.Degree}])
		s.Cost = append(s.Cost, factor*(float64(1+t.Knots)*math.Log(n)+2*math.Log(choices)))
	}
	return s
}

// price is what the terms of a fit cost.
func (s *Selection) price(f *fit.Fitted) float64 {
	sum := 0.0
	for _, t := range f.Terms {
		sum += s.Cost[s.Index[t.Key()]]
	}
	return sum
}

// Loss compares fits of one noise and one defect weight.
func (s *Selection) Loss(f *fit.Fitted) float64 { return f.Objective + s.price(f) }

// Score compares fits of any noise and defect weight.
func (s *Selection) Score(f *fit.Fitted) float64 { return f.Evidence + s.price(f) }

// Active marks the terms of a fit, all of which must be in the library.
func (s *Selection) Active(f *fit.Fitted) []bool {
	a := make([]bool, len(s.Library))
	for _, t := range f.Terms {
		a[s.Index[t.Key()]] = true
	}
	return a
}

// Near returns the start of a fit of the active terms near f.
func (s *Selection) Near(f *fit.Fitted, active []bool, theta []float64) *fit.Fitted {
	g := *f
	g.Terms, g.Coefficients = nil, nil
	for i, on := range active {
		if on {
			g.Terms = append(g.Terms, s.Library[i])
			g.Coefficients = append(g.Coefficients, theta[i])
		}
	}
	g.Parameters = slices.Clone(theta[len(s.Library):])
	return &g
}

// RefitIterations bounds the steps of a refit during the search.
const RefitIterations = 20

// maxRounds bounds the rounds of one refinement; each lowers the penalised loss.
const maxRounds = 25

// refine moves to better supports until none is found: proposals come from the
// quadratic profile of the whole library at the present fit and are accepted
// only if a true refit has the lower penalised loss.
func (s *Selection) refine(ctx context.Context, name string, f *fit.Fitted) (*fit.Fitted, error) {
	for round := range maxRounds {
		prof, err := s.Engine.Profile(ctx, fmt.Sprintf("%s/profile-%02d", name, round), f, s.Library)
		if err != nil {
			return nil, err
		}
		q := NewQuadratic(prof, s.Cost)
		here := s.Active(f)
		var accepted *fit.Fitted
		for k, proposal := range s.proposals(q, here) {
			g, err := s.Engine.Trajectory(ctx, fmt.Sprintf("%s/try-%02d-%d", name, round, k),
				s.Near(f, proposal.Active, q.Solve(proposal.Active).Theta), fit.Schedule{To: f.Omega, Iterations: RefitIterations})
			if err != nil {
				return nil, err
			}
			if s.Loss(g) < s.Loss(f)-1e-3 {
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
func (s *Selection) proposals(q *Quadratic, here []bool) []Move {
	best := q.search(here)
	if slices.Equal(best.Active, here) {
		return nil
	}
	out := []Move{{best.Active, best.Loss}}
	full := q.Solve(here)
	var dropped []int
	for i := range here {
		if here[i] && !best.Active[i] {
			dropped = append(dropped, i)
		}
	}
	slices.SortStableFunc(dropped, func(a, b int) int { return cmp.Compare(full.drop[a], full.drop[b]) })
	for n := len(dropped) / 2; n >= 1; n /= 2 {
		a := slices.Clone(here)
		for _, i := range dropped[:n] {
			a[i] = false
		}
		out = append(out, Move{Active: a})
	}
	for _, m := range q.Neighbours(&full) {
		if len(out) >= 8 || m.Loss >= full.Loss-improvement {
			break
		}
		out = append(out, m)
	}
	return out
}

// Settle refines, re-estimates the noise, and repeats until the support stays.
func (s *Selection) Settle(ctx context.Context, name string, f *fit.Fitted) (*fit.Fitted, error) {
	for pass := range 4 {
		before := s.Active(f)
		g, err := s.refine(ctx, fmt.Sprintf("%s/pass-%d", name, pass), f)
		if err != nil {
			return nil, err
		}
		if f, err = s.Engine.Trajectory(ctx, fmt.Sprintf("%s/noise-%d", name, pass), g,
			fit.Schedule{To: g.Omega, Noise: true}); err != nil {
			return nil, err
		}
		if pass > 0 && slices.Equal(before, s.Active(f)) {
			break
		}
		if f, err = Tune(ctx, s.Engine, fmt.Sprintf("%s/tune-%d", name, pass), f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// PruneAll is the road that starts from every term.
func (s *Selection) PruneAll(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	f, err := s.StartAll(ctx, name, sm)
	if err != nil || f.Status == optim.Failed {
		return f, err
	}
	return s.Settle(ctx, name, f)
}

// StartAll is the first fit of every term.
func (s *Selection) StartAll(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	if s.Started != nil {
		return s.Started, nil
	}
	return s.start(ctx, name, sm, func(q *Quadratic) Subset { return q.Solve(All(len(q.cost))) })
}

// Grow is the road that starts from the terms a regression on the smoothed
// path supports.
func (s *Selection) Grow(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	f, err := s.start(ctx, name, sm, func(q *Quadratic) Subset { return q.search(All(len(q.cost))) })
	if err != nil || f.Status == optim.Failed {
		return f, err
	}
	return s.Settle(ctx, name, f)
}

// FitAll fits every term and selects none.
func (s *Selection) FitAll(ctx context.Context, name string, sm *fit.Smoothed) (*fit.Fitted, error) {
	f, err := s.StartAll(ctx, name, sm)
	if err != nil {
		return nil, err
	}
	return Tune(ctx, s.Engine, name+"/tune", f)
}

// start is the fit that a road starts with.
func (s *Selection) start(ctx context.Context, name string, sm *fit.Smoothed, choose func(*Quadratic) Subset) (*fit.Fitted, error) {
	reg, err := Regress(s.Engine.Data, sm, s.Library)
	if err != nil {
		return nil, err
	}
	best := choose(reg.Quadratic(s.Cost))
	var terms []fit.Term
	var coefficients []float64
	for i, t := range s.Library {
		if best.Active[i] {
			terms, coefficients = append(terms, t), append(coefficients, best.Theta[i])
		}
	}
	parameters := slices.Clone(sm.Parameters)
	for k, i := range reg.Balance.Parameters {
		parameters[i] += best.Theta[len(s.Library)+k]
	}
	omega := 1.0 // without unknowns there is no regression to say how far off the start is
	if len(s.Library) > 0 {
		omega = reg.omega(best.Theta)
	}
	start := s.Engine.Start(sm, terms, coefficients, parameters)
	end := s.Engine.Options.Omega
	if end == 0 {
		end = fit.OmegaEnd
	}
	return s.Engine.Trajectory(ctx, name+"/first", start,
		fit.Schedule{From: math.Min(math.Max(omega, end), 10), To: end, Noise: true})
}

// Promises says whether any change towards a larger library would pay at a fit,
// by the quadratic profile of that library. Asked only of fits that pass the
// checks: elsewhere the profile may be far from the truth.
func (s *Selection) Promises(ctx context.Context, name string, f *fit.Fitted) (bool, error) {
	here, ok := s.Translate(f)
	if !ok {
		return true, nil
	}
	prof, err := s.Engine.Profile(ctx, name, f, s.Library)
	if err != nil {
		return false, err
	}
	q := NewQuadratic(prof, s.Cost)
	found := q.search(here)
	for i := range here {
		if found.Active[i] && !here[i] {
			return true, nil
		}
	}
	return false, nil
}

// Translate marks the terms of a fit in the library; false where it lacks one.
func (s *Selection) Translate(f *fit.Fitted) ([]bool, bool) {
	a := make([]bool, len(s.Library))
	for _, t := range f.Terms {
		i, ok := s.Index[t.Key()]
		if !ok {
			return nil, false
		}
		a[i] = true
	}
	return a, true
}
