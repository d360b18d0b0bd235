package discover

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/record"
)

// regimesOf is the number of regimes that entries are said to lie in.
func regimesOf(entries []record.Entry) int {
	count := 1
	for _, e := range entries {
		count = max(count, e.Regime)
	}
	return count
}

// given searches where it is known in which regime every entry lies: terms are
// joined by their products with indicators of the regimes, fitted parameters by
// differences, and which of them are needed is selection. Parameters that no regime
// moves are shared in a second search.
func given(ctx context.Context, e *fit.Engine, o Options) (*Result, error) {
	var held []string
	for round := 0; ; round++ {
		r, err := inGiven(ctx, e, o, held, fmt.Sprintf("given-%d", round))
		if err != nil || !r.Trusted() {
			return r, err
		}
		shared := sharedParameters(r, e.Data.Model)
		if len(shared) == 0 || round > 0 {
			return r, nil
		}
		held = append(held, shared...)
	}
}

func inGiven(ctx context.Context, e *fit.Engine, o Options, held []string, name string) (*Result, error) {
	m, names := withRegimes(e.Data.Model, regimesOf(e.Data.Entries), held)
	entries := slices.Clone(e.Data.Entries)
	for i := range entries {
		entries[i].Set = InRegime(entries[i].Set, names, entries[i].Regime)
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
	r, err := runIn(ctx, &next, o, factors)
	if err != nil {
		return nil, err
	}
	r.Regimes, r.Base = stretchesOf(entries, names), m
	return r, nil
}

// runIn is Run with terms multiplied by factors; without networks and states that
// the model lacks.
func runIn(ctx context.Context, e *fit.Engine, o Options, factors []*expr.Expr) (*Result, error) {
	f, err := begin(ctx, e, o)
	if err != nil || f.result.Ending != Searching {
		if f != nil {
			return f.result, err
		}
		return nil, err
	}
	f.indicators = factors
	if err := f.libraries(ctx); err != nil {
		return nil, err
	}
	if err := f.functions(ctx); err != nil {
		return nil, err
	}
	if err := f.again(ctx); err != nil {
		return nil, err
	}
	if err := f.absent(ctx); err != nil {
		return nil, err
	}
	if coloured, err := f.coloured(ctx); err != nil || coloured != nil {
		return coloured, err
	}
	return f.conclude(ctx)
}

// InRegime adds to conditions the indicators of a regime, counted from 1; names
// are those of the second and later ones.
func InRegime(set map[string]float64, names []string, regime int) map[string]float64 {
	out := maps.Clone(set)
	if out == nil {
		out = map[string]float64{}
	}
	for k, name := range names {
		if out[name] = 0; k+2 == regime {
			out[name] = 1
		}
	}
	return out
}

// stretchesOf lists the regimes of every record, in the order of the entries.
func stretchesOf(entries []record.Entry, names []string) []Regime {
	var out []Regime
	for _, e := range entries {
		number := max(e.Regime, 1)
		k := slices.IndexFunc(out, func(r Regime) bool { return r.Entry == e.Name && r.Number == number })
		if k < 0 {
			r := Regime{Number: number, Entry: e.Name, From: math.Inf(1), To: math.Inf(-1)}
			if number > 1 {
				r.Name = names[number-2]
			}
			k, out = len(out), append(out, r)
		}
		out[k].From, out[k].To = math.Min(out[k].From, e.Times[0]), math.Max(out[k].To, e.Times[len(e.Times)-1])
	}
	return out
}
