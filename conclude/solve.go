package conclude

import (
	"context"
	"maps"
	"time"

	"govern/discover"
	"govern/fit"
	"govern/problem"
)

// Solve searches what is unknown in a problem and makes an answer of it. Where
// coefficients change in what the search has not seen the problem is solved again with
// these changes, and where inputs seem to do the other thing between samples, with that;
// accepts says which answers are worth to replace the first.
func Solve(ctx context.Context, p *problem.Problem, s Settings, by Search, accepts func(*Answer) bool) (*Answer, error) {
	clock := time.Now()
	first, engine, err := searched(ctx, newQuestion(p, s), by)
	if err != nil {
		return nil, err
	}
	changed, first, err := first.solveWithChanges(ctx, by, accepts)
	if err != nil || changed != nil {
		return changed, err
	}
	answer, err := first.answer(ctx, engine, clock)
	if err != nil {
		return nil, err
	}
	next, err := answer.withOtherHolds(ctx)
	if err != nil || next == nil {
		return answer, err
	}
	other, err := Solve(ctx, next, s.under("other-hold"), by, accepts)
	if err != nil || !other.explainsMore(answer, accepts) {
		return answer, err
	}
	return other, nil
}

// searched opens a question and searches.
func searched(ctx context.Context, q Question, by Search) (Searched, *fit.Engine, error) {
	opened, err := q.open()
	if err != nil {
		return Searched{}, nil, err
	}
	return opened.search(ctx, by)
}

// answer goes on from a search to an answer: of the formula, or of neural forms where it
// follows the data but does not move like them when left to itself.
func (s Searched) answer(ctx context.Context, engine *fit.Engine, clock time.Time) (*Answer, error) {
	s = s.intoRegimes()
	s, adopted, err := s.adopt(ctx)
	if err != nil {
		return nil, err
	}
	if adopted {
		engine.Data = s.Data
	}
	data := s.Data // of the training entries, before anything was added to their model
	answer, err := s.conclude(ctx, clock)
	if err != nil || !answer.followsWithoutMoving() {
		return answer, err
	}
	found, err := discover.Networks(ctx, engine, answer.Found)
	if err != nil || found == nil {
		return answer, err
	}
	other := answer.Searched
	other.Settings = other.Settings.under("network")
	other.Data, other.Left, other.Found = data, maps.Clone(answer.Left), found
	other.Adrift, other.Foreign = false, false
	neural, err := other.conclude(ctx, clock)
	if err != nil || neural.Proof == nil || !neural.Proof.Credible() {
		return answer, err
	}
	return neural, nil
}

// followsWithoutMoving says of a formula that it follows the data and, left to itself,
// does not move like them, where neural forms may stand in its place.
func (a *Answer) followsWithoutMoving() bool {
	if a.Proof == nil || a.Proof.Credible() {
		return false
	}
	switch {
	case a.Found.Nothing(), len(a.Final.Forms) > 0: // there is nothing to learn, or it has been learned
		return false
	case a.Found.Extra != nil, len(a.Found.Regimes) > 0: // neural forms know neither
		return false
	}
	return !a.baseline()
}

// conclude refits what the search has found on all data and proves it; clock is when
// the search began.
func (s Searched) conclude(ctx context.Context, clock time.Time) (*Answer, error) {
	s, err := s.expand(ctx)
	if err != nil {
		return nil, err
	}
	out := &Answer{Searched: s}
	out.Seconds.Discover = time.Since(clock).Seconds()
	if s.Found.Chosen == nil {
		return out, nil
	}
	clock = time.Now()
	if out.Searched, out.Refit, err = s.refit(ctx); err != nil {
		return nil, err
	}
	out.Seconds.Fit = time.Since(clock).Seconds()
	clock = time.Now()
	if err := out.prove(ctx); err != nil {
		return nil, err
	}
	out.Seconds.Assess = time.Since(clock).Seconds()
	return out, nil
}
