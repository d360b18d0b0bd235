package discover

import (
	"context"
	"fmt"
	"math"

	"govern/discover/changes"
	"govern/discover/terms"
	"govern/fit"
	"govern/series"
)

// librariesOrRegimes is libraries; after each that does not explain the record it asks
// whether it does so piece by piece.
func librariesOrRegimes() way {
	return way{
		name: "libraries",
		cost: Moderate,
		when: "always: polynomials of rising degree and named functions, until a larger library promises nothing; of one that fails it is asked at once whether it holds piece by piece",
		run:  func(ctx context.Context, f *finder) (*Result, error) { return f.climbOrCut(ctx) },
	}
}

// Regimes are sought early where, at the defect weight earlyDefect, the middle one of
// pieces as long as the shortest regime costs no more than earlyLoss a sample, and the cut
// record does not either. A library that lacks a term costs tens or hundreds there,
// as it does under process noise.
const (
	earlyDefect = 10 * fit.OmegaEnd
	earlyLoss   = 2
)

// climbOrCut is libraries; where one does not explain the record it asks at
// once whether it does so piece by piece.
func (f *finder) climbOrCut(ctx context.Context) (found *Result, err error) {
	var path *fit.Smoothed
	err = f.climb(ctx, degrees{1, f.options.Degree}, func(degree int) (bool, error) {
		if !f.mayChange() || f.best == nil || f.best.passed() || f.engine.Options.Omega > 0 || len(f.engine.Data.Unseen()) > 0 {
			return false, nil
		}
		if path == nil {
			var err error
			if path, err = unbentPath(ctx, f.engine, f.path, f.held); err != nil {
				return false, err
			}
		}
		var err error
		found, err = f.searchPieces(ctx, degree, path)
		return found != nil, err
	})
	return found, err
}

// unbentPath is a path that no parameter bends that may change: of every state alone
// where known equations hold fitted parameters and all states are observed.
func unbentPath(ctx context.Context, e *fit.Engine, path, held *fit.Smoothed) (*fit.Smoothed, error) {
	if held == nil || !observesAll(e.Data) {
		return path, nil
	}
	return e.SmoothAlone(ctx)
}

// searchPieces looks for regimes with one library, after it has failed on the whole record.
// The path is linearised at a small defect weight: what pieces of it say of the
// coefficients is then nearly what fits of these pieces would say, at the cost of one
// linearisation.
func (f *finder) searchPieces(ctx context.Context, degree int, path *fit.Smoothed) (*Result, error) {
	d := f.engine.Data
	n := float64(d.Observations())
	r, err := f.linearise(degree, path)
	if err != nil || r == nil {
		return nil, err
	}
	pieces, err := r.PieceCosts(ctx)
	if err != nil || !(series.UpperMedian(pieces) < earlyLoss) {
		return nil, err
	}
	found, err := r.Segment(ctx)
	if err != nil || found == nil || found.Drift == nil && len(found.Cuts) == 0 || !(found.Loss < earlyLoss*n) {
		return nil, err
	}
	log := math.Log(n)
	if whole, err := f.largerLibraryExplains(ctx, degree, path, found.Loss+float64(r.Columns())*log, log); err != nil || whole {
		return nil, err
	}
	in := plan{fmt.Sprintf("early-%d", degree), degrees{degree, degree}, true}
	if found.Drift != nil {
		return f.searchDrift(ctx, found.Drift, in)
	}
	return f.searchRegimes(ctx, found.Cuts, in)
}

// largerLibraryExplains says that a library of higher degree explains the record without regimes,
// at less than a loss, when each of its columns costs so much.
func (f *finder) largerLibraryExplains(ctx context.Context, degree int, path *fit.Smoothed, loss, price float64) (bool, error) {
	for next := degree + 1; next <= f.options.Degree; next++ {
		if _, same := terms.Libraries(f.engine.Data.Model, next); same {
			break
		}
		r, err := f.linearise(next, path)
		if err != nil {
			return false, err
		}
		if r == nil {
			continue
		}
		whole, err := r.WholeCost(ctx)
		if err != nil || whole+price*float64(r.Columns()) < loss {
			return err == nil, err
		}
	}
	return false, nil
}

// linearise is a path with the library of a degree, at the defect weight earlyDefect.
func (f *finder) linearise(degree int, path *fit.Smoothed) (*changes.Linearisation, error) {
	library, _ := terms.Libraries(f.engine.Data.Model, degree)
	return changes.Linearise(f.engine, path, library, max(f.best.fit.Substeps, 1), earlyDefect)
}
