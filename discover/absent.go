package discover

import (
	"context"
	"fmt"
	"slices"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
)

// absent leaves terms out of regimes.
func absent() way {
	return way{
		name: "terms absent in a regime",
		cost: Moderate,
		when: "a formula with regimes passes: terms whose coefficient is nearly zero in one of them are left out there",
		due: func(f *finder) string {
			if !f.passes() {
				return noFormulaPasses
			}
			return ""
		},
		run: func(ctx context.Context, f *finder) (*Result, error) { return nil, f.dropAbsent(ctx) },
	}
}

// absentError is how many standard deviations from zero a coefficient may be in a
// regime that a fit without it is tried for.
const absentError = 3

// dropAbsent leaves a term out of a regime where evidence asks for it. A library of
// terms and of their differences between regimes has no such formula: the coefficient
// of the first regime and the difference would have to cancel. A term t and its
// difference r·t are therefore read as (1 − r)·t and r·t, and the second is left out.
func (f *finder) dropAbsent(ctx context.Context) error {
	for round := 0; ; round++ {
		c := f.best
		if c == nil || !c.passed() || len(c.fit.Covariance) == 0 {
			return nil
		}
		var found []*candidate
		for i, t := range c.fit.Terms {
			for _, by := range f.indicators {
				j := slices.IndexFunc(c.fit.Terms, func(d fit.Term) bool { return d.Key() == terms.Times(by, t).Key() })
				if j < 0 || by.Kind != expr.Name || !c.cancel(i, j) {
					continue
				}
				name := fmt.Sprintf("%sabsent-%d/%d-%s", f.prefix, round, i, by.Ident)
				without, err := c.fitWithout(ctx, name, i, j, by, f.options.Penalty)
				if err != nil {
					return err
				}
				if without != nil {
					found = append(found, without)
				}
			}
		}
		if !f.consider(found) {
			return nil
		}
	}
}

// cancel says that the coefficients of two terms are each other's negative within
// absentError standard deviations.
func (c *candidate) cancel(i, j int) bool {
	sum, n := c.fit.Coefficients[i]+c.fit.Coefficients[j], c.fit.Columns()
	variance := c.fit.Variance(i) + c.fit.Variance(j) + 2*c.fit.Covariance[i*n+j]
	return !(sum*sum > absentError*absentError*variance)
}

// fitWithout fits the formula in which term i, with 1 − r in front, stands in the place
// of itself and of term j, its difference in regime r; nil where that is no better.
func (c *candidate) fitWithout(ctx context.Context, name string, i, j int, r *expr.Expr, penalty float64) (*candidate, error) {
	s, t := c.search, c.fit.Terms[i]
	library := slices.Clone(s.Library)
	outside := terms.Times(expr.Binary(expr.Sub, expr.Num(1), r), t)
	library[s.Index[t.Key()]] = outside
	without := *c.fit
	without.Terms, without.Coefficients = slices.Clone(c.fit.Terms), slices.Clone(c.fit.Coefficients)
	without.Terms[i] = outside
	without.Terms, without.Coefficients = slices.Delete(without.Terms, j, j+1), slices.Delete(without.Coefficients, j, j+1)
	next := terms.NewSelection(s.Engine, library, penalty)
	g, err := s.Engine.Trajectory(ctx, name, &without, fit.Schedule{To: c.fit.Omega, Iterations: terms.RefitIterations})
	if err != nil || next.Loss(g) >= s.Loss(c.fit) {
		return nil, err
	}
	if g, err = next.Settle(ctx, name, g); err != nil {
		return nil, err
	}
	return &candidate{search: next, fit: g, road: "absent", degree: c.degree, checks: checkFit(s.Engine.Data, g)}, nil
}
