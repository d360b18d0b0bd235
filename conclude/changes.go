package conclude

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"govern/discover"
	"govern/fit"
	"govern/model"
	"govern/note"
	"govern/problem"
	"govern/record"
	"govern/series"
)

// solveWithChanges solves the problem with the changes of coefficients that the first
// search has not seen. The answer is nil where there are none, where nothing differs between
// the regimes, or where that explains nothing; then the search is returned with what
// is known of the changes.
func (s Searched) solveWithChanges(ctx context.Context, by Search, accepts func(*Answer) bool) (*Answer, Searched, error) {
	next, err := s.withFurtherChanges(ctx)
	if err != nil || next == nil {
		return nil, s, err
	}
	for round := range 2 {
		clock := time.Now()
		out, err := s.solveAgain(ctx, fmt.Sprintf("again-%d", round), next, by, clock)
		var unusable *series.DataError
		if errors.As(err, &unusable) { // a regime that is too short
			break
		}
		if err != nil {
			return nil, s, err
		}
		if !accepts(out) || len(out.Found.Regimes) == 0 {
			break
		}
		if !differ(out.InRegimes()) { // the held-out part held outliers, not a change: keep the first search
			return nil, s, nil
		}
		var starts []float64
		moved := next.Data[0].Guard > 1.01*discover.Guard*s.cycle()
		for _, r := range out.Found.Regimes[1:] {
			starts = append(starts, r.From)
			moved = moved || math.Abs(r.From-next.Data[0].Regimes[len(starts)-1]) > discover.Guard*s.cycle()/2
		}
		if !moved || round > 0 {
			return out, s, nil
		}
		next = withRegimes(s.Asked, starts, discover.Guard*s.cycle())
	}
	return nil, s.disown(next.Data[0].Regimes), nil
}

// solveAgain solves a problem with regimes; their times are estimated again on all
// samples of the records.
func (s Searched) solveAgain(ctx context.Context, prefix string, p *problem.Problem, by Search, clock time.Time) (*Answer, error) {
	next, engine, err := searched(ctx, newQuestion(p, s.Settings.under(prefix)), by)
	if err != nil {
		return nil, err
	}
	if records := s.records(); len(records) > 0 {
		found := *next.Found
		if found.Regimes, err = discover.Places(ctx, next.engine(), &found, records); err != nil {
			return nil, err
		}
		next.Found = &found
	}
	return next.answer(ctx, engine, clock)
}

// withFurtherChanges says that coefficients change where the search has not looked: it
// returns the problem with all changes that are known, to be solved again with the
// last fifth of every regime held out; nil where there is nothing more to find.
// A search sees the training entries, of long records in excerpts only. Where
// changes lie is decided on all samples, held-out ones too; formulas never are.
func (s Searched) withFurtherChanges(ctx context.Context) (*problem.Problem, error) {
	p := s.Asked
	if s.Found.Chosen == nil || !s.Found.Trusted() || len(p.Data) != 1 || len(p.Data[0].Regimes) > 0 || s.baseline() {
		return nil, nil
	}
	var changes []float64
	if len(s.Found.Regimes) > 0 {
		regimes := s.Found.Regimes
		if s.Excerpted() {
			var err error
			if regimes, err = discover.Places(ctx, s.engine(), s.Found, record.CondenseAll(s.Train, s.Data.CondenseFactor())); err != nil {
				return nil, err
			}
		}
		for _, r := range regimes {
			if r.Number > 1 {
				changes = append(changes, r.From)
			}
		}
	}
	ahead, found, err := s.changeAhead(ctx)
	if err != nil {
		return nil, err
	}
	if found {
		changes = append(changes, ahead)
	} else if !s.Excerpted() || len(changes) == 0 {
		return nil, nil
	}
	guard := discover.Guard * s.cycle()
	if found {
		guard = aheadGuard * s.cycle()
	}
	return withRegimes(p, changes, guard), nil
}

// withRegimes is a problem of one file in which regimes start at given times.
func withRegimes(p *problem.Problem, starts []float64, guard float64) *problem.Problem {
	next := *p
	next.Data = slices.Clone(p.Data)
	next.Data[0].Regimes, next.Data[0].Guard = starts, guard
	return &next
}

// disown says of changes that have not led to a model what is known of them.
func (s Searched) disown(starts []float64) Searched {
	if !s.Excerpted() {
		s.Foreign = true
		s.Notes = append(slices.Clip(s.Notes), note.Of(note.ChangeUnsolved, "", "%s: from there on the held-out data do not follow the formula, and are too few, or too different, to say what they follow. Values are of the training data alone, errors on held-out data are of that formula", discover.SayChanges(starts)))
		return s
	}
	s.Found = &discover.Result{Ending: discover.RegimesUnsure, Changes: starts, Data: s.Found.Data, Model: s.Problem.Model, Smoothed: s.Found.Smoothed}
	return s
}

// records are the training entries, each with the held-out one that goes on from
// it.
func (s Searched) records() []record.Entry {
	var out []record.Entry
	for _, e := range s.Train {
		out = append(out, record.JoinContinuation(e, s.Test))
	}
	return record.CondenseAll(out, s.Data.CondenseFactor())
}

// engine has the settings of the run and no data.
func (s Searched) engine() *fit.Engine {
	return &fit.Engine{Options: s.Problem.Fit, Workers: s.Settings.Workers, Journal: s.Settings.Journal}
}

// A formula that holds for the held-out data explains blocks of aheadCycles cycles
// of them as well as such blocks of the end of the training data. Where, from some
// block to the end, at least leastAhead of them cost aheadCost times as much, and by
// aheadSure standard deviations more, coefficients have changed. A cost below one a
// sample is none: noise-free blocks differ by what integration leaves.
const (
	aheadCycles = 2
	leastAhead  = 2
	aheadCost   = 1.5
	aheadSure   = 5
	aheadGuard  = 2.5 // cycles, around a place that blocks have given
	aheadBlocks = 60
)

// changeAhead finds, in the held-out part of a record, when a formula ceases to hold: by
// blocks of aheadCycles cycles, and, since a change near the end leaves no two of these, by
// shorter ones.
func (s Searched) changeAhead(ctx context.Context) (at float64, found bool, err error) {
	if len(s.Test) == 0 || s.Found.Chosen.LeavesDefect() || len(s.Found.Chosen.Forms) > 0 || s.Found.Drift != "" {
		return 0, false, nil
	}
	trained := s.intoRegimes()
	closed, err := trained.Answering().Close(s.Found.Chosen)
	if err != nil {
		return 0, false, err
	}
	k := s.Data.CondenseFactor()
	train, test := trained.withIndicators(record.CondenseAll(s.Train, k)), record.CondenseAll(trained.Test, k)
	for _, length := range []struct {
		step   string // of the journal
		cycles float64
	}{{"ahead", aheadCycles}, {"ahead-short", aheadCycles / 2}} {
		known, _, err := s.costs(ctx, length.step+"/known", closed, train[len(train)-1:], length.cycles)
		if err != nil || len(known) == 0 {
			return 0, false, err
		}
		costs, blocks, err := s.costs(ctx, length.step+"/held-out", closed, test, length.cycles)
		if err != nil {
			return 0, false, err
		}
		if from, found := whereCostsRise(costs, blocks, math.Max(series.UpperMedian(known), 1)); found {
			return blocks[from].Times[0], true, nil
		}
	}
	return 0, false, nil
}

// whereCostsRise is the block from which on blocks to the end cost more than usual.
func whereCostsRise(costs []float64, blocks []record.Entry, usual float64) (from int, found bool) {
	limit := aheadCost * usual
	sum, best, from := 0.0, 0.0, -1
	excess, samples, sure := 0.0, 0.0, false
	for b := len(costs) - 1; b >= 0; b-- {
		n := float64(len(blocks[b].Times) * len(blocks[b].Channels))
		excess, samples = excess+(costs[b]/usual-1)*n, samples+n
		if sum += math.Min(costs[b], 10*limit) - limit; sum > best {
			best, from, sure = sum, b, excess > aheadSure*math.Sqrt(2*samples)
		}
	}
	if from < 0 || !sure {
		return from, false
	}
	costly := 0
	for _, cost := range costs[from:] {
		if cost > limit {
			costly++
		}
	}
	return from, costly >= leastAhead
}

// costs are the −2 log likelihoods a sample of blocks of entries, under a closed
// model.
func (s Searched) costs(ctx context.Context, name string, closed *model.Model, entries []record.Entry, cycles float64) ([]float64, []record.Entry, error) {
	blocks := blocksOf(entries, s.Data.Time, cycles)
	if len(blocks) == 0 {
		return nil, nil, nil
	}
	data, err := fit.Prepare(closed, blocks)
	if err != nil {
		return nil, nil, err
	}
	engine := s.engine()
	engine.Data = data
	located, err := engine.Locate(ctx, name, carry(data, s.Found.Data, s.Found.Chosen.Sigma), s.Found.Chosen.Scale)
	if err != nil {
		return nil, nil, err
	}
	return located.Loss, blocks, nil
}

// blocksOf cuts entries into blocks of some cycles, aligned to their ends; time is the
// characteristic one.
func blocksOf(entries []record.Entry, time, cycles float64) []record.Entry {
	var blocks []record.Entry
	for _, e := range entries {
		n := len(e.Times)
		cycle := 4 * time * float64(n-1) / (e.Times[n-1] - e.Times[0])
		length := max(int(cycles*cycle), 12, n/aheadBlocks)
		for from := n % length; from+length <= n; from += length {
			blocks = append(blocks, e.Slice(from, from+length))
		}
	}
	return blocks
}
