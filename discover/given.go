package discover

import (
	"context"
	"fmt"
	"slices"

	"govern/discover/changes"
	"govern/expr"
	"govern/fit"
	"govern/journal"
)

// searchGiven searches where it is known in which regime every entry lies: terms are
// joined by their products with indicators of the regimes, fitted parameters by
// differences, and which of them are needed is selection. Parameters that no regime
// moves are shared in a second search.
func searchGiven(ctx context.Context, e *fit.Engine, o Options) (*Result, error) {
	var held []string
	for round := 0; ; round++ {
		r, err := searchWithIndicators(ctx, e, o, held, fmt.Sprintf("given-%d", round))
		if err != nil || !r.Trusted() {
			return r, err
		}
		shared := r.inRegimes().SharedParameters(e.Data.Model)
		if len(shared) == 0 || round > 0 {
			return r, nil
		}
		held = append(held, shared...)
	}
}

func searchWithIndicators(ctx context.Context, e *fit.Engine, o Options, held []string, name string) (*Result, error) {
	m, names := changes.WithRegimes(e.Data.Model, changes.Count(e.Data.Entries), held)
	entries := slices.Clone(e.Data.Entries)
	for i := range entries {
		entries[i].Set = changes.InRegime(entries[i].Set, names, entries[i].Regime)
	}
	next := *e
	var err error
	if next.Data, err = fit.Prepare(m, entries); err != nil {
		return nil, err
	}
	if e.Journal != nil {
		next.Journal = journal.Under(name, e.Journal)
	}
	var factors []*expr.Expr
	for _, n := range names {
		factors = append(factors, expr.Var(n))
	}
	r, err := searchInRegimes(ctx, &next, o, factors)
	if err != nil {
		return nil, err
	}
	r.Regimes, r.Base = changes.Stretches(entries, names), m
	return r, nil
}

// searchInRegimes is Run with terms multiplied by factors; without networks and states
// that the model lacks.
func searchInRegimes(ctx context.Context, e *fit.Engine, o Options, factors []*expr.Expr) (*Result, error) {
	f, err := beginSearch(ctx, e, o)
	if err != nil {
		return nil, err
	}
	if f.result.Ending != Searching {
		return f.result, nil
	}
	f.indicators = factors
	return f.finish(ctx, waysInRegimes())
}
