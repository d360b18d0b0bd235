package changes

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/fit"
	"govern/record"
)

// Places finds on whole records when the regimes of a formula start that was found
// on part of the samples, such as excerpts: on every change that lies within a
// record, first between which of few blocks, then by the motion that goes on through
// it. The regimes come back with their times; changes that lie between
// records stay. Engine gives options, workers and journal.
func (f Formula) Places(ctx context.Context, e *fit.Engine, records []record.Entry) ([]Regime, error) {
	if len(f.Regimes) == 0 || !f.placeable() {
		return f.Regimes, nil
	}
	d, err := fit.Prepare(f.Model, records)
	if err != nil {
		return nil, err
	}
	p, err := newPlacing(e, d, f)
	if err != nil {
		return nil, err
	}
	p.known = &fitted{f.Fit, f.Data, partsOf(f.Data.Entries, records)}
	if len(p.known.lies) < len(f.Data.Entries) {
		p.known = nil
	}
	out := slices.Clone(f.Regimes)
	for i, next := range f.Regimes {
		for _, before := range f.Regimes[:i] {
			if before.Entry != next.Entry || before.Number != next.Number-1 {
				continue
			}
			for k, whole := range records {
				if whole.Name != next.Entry || whole.Times[0] > before.To || whole.Times[len(whole.Times)-1] < next.From {
					continue
				}
				margin := int(PlaceAround * d.SamplesPerCycle())
				low, _ := slices.BinarySearch(whole.Times, before.To)
				high, _ := slices.BinarySearch(whole.Times, next.From)
				name := fmt.Sprintf("places-%d-%d", k, before.Number)
				at, err := p.bracket(ctx, name, whole, before.Number, max(low-margin/2, 0), min(high+margin/2, len(whole.Times)-1))
				if err != nil {
					return nil, err
				}
				where, err := p.placeTightest(ctx, name, whole, at, before.Number)
				if err != nil {
					return nil, err
				}
				moveChange(out, whole, before.Number, where)
			}
		}
	}
	return out, nil
}

// placeTightest is place with as few defects as any motion bears, where what the rest of the
// record says of the coefficients is known.
func (p *placing) placeTightest(ctx context.Context, name string, whole record.Entry, at, k int) (found, error) {
	rough, err := p.place(ctx, name, whole, at, at, k, PlaceAround)
	if err != nil || p.known == nil || p.omega > fit.OmegaEnd {
		return rough, err
	}
	fine := *p
	fine.omega, fine.reach = placeOmega, placeLong
	return fine.placeTightly(ctx, name, whole, rough.low, rough.high, k, PlaceNear)
}

// partsOf says where entries that are parts of records lie in them; those that are of
// none are left out.
func partsOf(entries, records []record.Entry) []fit.Block {
	var out []fit.Block
	for _, e := range entries {
		for k, r := range records {
			from, exact := slices.BinarySearch(r.Times, e.Times[0])
			to := from + len(e.Times)
			if r.Name == e.Name && exact && to <= len(r.Times) && r.Times[to-1] == e.Times[len(e.Times)-1] {
				out = append(out, fit.Block{Entry: k, From: from, To: to})
				break
			}
		}
	}
	return out
}

// bracketBlocks blocks of bracketCycles cycles say between which two of them a
// change lies, and again between these.
const (
	bracketBlocks = 24
	bracketCycles = 3
)

// bracket narrows down where, from sample low to sample high of a record, regime k
// gives way to the next, until PlaceAround cycles hold it: few blocks of the record
// under both formulas. It takes the change to be the only one there.
func (p *placing) bracket(ctx context.Context, name string, whole record.Entry, k, low, high int) (int, error) {
	cycle := p.from.SamplesPerCycle()
	length := int(math.Max(bracketCycles*cycle, 12))
	before, after := p.inRegime(k), p.inRegime(k+1)
	for round := 0; float64(high-low) > 2*PlaceAround*cycle; round++ {
		var entries []record.Entry
		var centres []int
		for b := range bracketBlocks {
			centre := low + (high-low)*(2*b+1)/(2*bracketBlocks)
			from := min(max(centre-length/2, 0), max(len(whole.Times)-length, 0))
			e := whole.Slice(from, min(from+length, len(whole.Times)))
			e.Set = p.conditions(whole.Set)
			entries, centres = append(entries, e), append(centres, centre)
		}
		old, _, err := p.losses(ctx, fmt.Sprintf("%s/%d-before", name, round), before, entries)
		if err != nil {
			return 0, err
		}
		fresh, _, err := p.losses(ctx, fmt.Sprintf("%s/%d-after", name, round), after, entries)
		if err != nil {
			return 0, err
		}
		sum, best, at := 0.0, 0.0, 0
		for b := range entries {
			if sum += old[b] - fresh[b]; sum < best {
				best, at = sum, b+1
			}
		}
		margin := max((high-low)/bracketBlocks, length/2)
		left, right := low, high
		if at > 0 {
			left = max(centres[at-1]-margin/2, low)
		}
		if at < len(centres) {
			right = min(centres[at]+margin/2, high)
		}
		if right-left >= (high-low)*9/10 {
			return (left + right) / 2, nil
		}
		low, high = left, right
	}
	return (low + high) / 2, nil
}
