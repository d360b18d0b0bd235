package changes

import (
	"context"
	"fmt"
	"slices"

	"govern/fit"
	"govern/optim"
)

// Relocate finds where the fitted formulas of two regimes meet, for every change
// point that does not lie at the start of an entry, within so many cycles of where it
// was. A formula that was fitted with samples of the wrong regime gives wrong places.
// So it is fitted again without the samples that may belong to either, and gives the
// places again, until they stay. Stay says that the result had none of those samples.
func (f Formula) Relocate(ctx context.Context, e *fit.Engine, name string, cuts []Cut, around float64) (out []Cut, regimes []Regime, stay bool, err error) {
	if !f.placeable() {
		return cuts, f.Regimes, true, nil
	}
	d := e.Data
	now, tight := f, !f.Fit.LeavesDefect()
	var known *fitted
	out, regimes = slices.Clone(cuts), slices.Clone(f.Regimes)
	for round := range settleRounds {
		name := fmt.Sprintf("%s-%d", name, round)
		if tight && (round > 0 || placedBefore(cuts)) {
			if known, err = f.refit(ctx, e, name, out); err != nil {
				return nil, nil, false, err
			}
			if known == nil {
				break
			}
			now.Fit = known.Fitted
		}
		p, err := newPlacing(e, d, now)
		if err != nil {
			return nil, nil, false, err
		}
		p.known = known
		moved, err := p.placeAll(ctx, name, out, regimes, around)
		if err != nil {
			return nil, nil, false, err
		}
		around = PlaceNear
		if !tight || !moved && known != nil {
			break
		}
	}
	stay = true
	for k := range cuts {
		stay = stay && covers(d, cuts[k], out[k])
	}
	return out, regimes, stay, nil
}

// placeAll places every change point, those at the start of an entry apart, and moves
// cuts and regimes there. Moved says that a cut lies elsewhere now.
func (p *placing) placeAll(ctx context.Context, name string, cuts []Cut, regimes []Regime, around float64) (moved bool, err error) {
	d := p.from
	for k, c := range cuts {
		if c.at == 0 {
			continue
		}
		p.others = between(d, cuts, k)
		at, err := p.placeTightly(ctx, fmt.Sprintf("%s-%d", name, k), d.Entries[c.entry], c.low, c.high, k+1, around)
		if err != nil {
			return false, err
		}
		next := Cut{c.entry, at.at, at.low, at.high}
		if !inside(d, next) || k > 0 && !separate(d, cuts[k-1], next) || k+1 < len(cuts) && !separate(d, next, cuts[k+1]) {
			continue // the next is nearer than formulas can tell
		}
		next = clip(d, next, p.others)
		moved = moved || !covers(d, c, next)
		cuts[k] = next
		moveChange(regimes, d.Entries[c.entry], k+1, at)
	}
	return moved, nil
}

// settleRounds bounds how often places and coefficients are found from each other.
const settleRounds = 4

// refit fits the formula to the record with other cuts, as tightly as
// the data allow; nil where that fails.
func (f Formula) refit(ctx context.Context, whole *fit.Engine, name string, cuts []Cut) (*fitted, error) {
	entries, _, lies := CutAt(whole.Data, cuts, namesOf(f.Regimes))
	data, err := fit.Prepare(f.Model, entries)
	if err != nil {
		return nil, nil
	}
	closed, err := f.closed()
	if err != nil {
		return nil, err
	}
	known, err := fit.Prepare(closed, entries)
	if err != nil {
		return nil, nil
	}
	e := *whole
	e.Data = known
	located, err := e.Locate(ctx, name+"/locate", f.Fit.Sigma, f.Fit.Scale)
	if err != nil {
		return nil, err
	}
	e.Data = data
	start := *f.Fit
	start.Nodes, start.Substeps = located.Path, 0
	tight, err := e.Trajectory(ctx, name+"/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	if err != nil || tight.Status == optim.Failed {
		return nil, err
	}
	if tight, err = e.Tighten(ctx, name+"/tighten", tight); err != nil {
		return nil, err
	}
	return &fitted{tight, data, lies}, nil
}
