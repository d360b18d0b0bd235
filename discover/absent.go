package discover

import (
	"context"
	"fmt"
	"slices"

	"govern/expr"
	"govern/fit"
)

// absentError is how many standard deviations from zero a coefficient may be in a
// regime that a fit without it is tried for.
const absentError = 3

// absent leaves a term out of a regime where evidence asks for it. A library of
// terms and of their differences between regimes has no such formula: the coefficient
// of the first regime and the difference would have to cancel. A term t and its
// difference r·t are therefore read as (1 − r)·t and r·t, and the second is left out.
func (f *formulas) absent(ctx context.Context) error {
	for round := 0; ; round++ {
		c := f.best
		if c == nil || !c.passed() || len(c.fit.Covariance) == 0 {
			return nil
		}
		var found []*candidate
		for i, t := range c.fit.Terms {
			for _, by := range f.indicators {
				j := slices.IndexFunc(c.fit.Terms, func(d fit.Term) bool { return d.Key() == times(by, t).Key() })
				if j < 0 || by.Kind != expr.Name {
					continue
				}
				sum := c.fit.Coefficients[i] + c.fit.Coefficients[j]
				n := c.fit.Columns()
				if variance := c.fit.Variance(i) + c.fit.Variance(j) + 2*c.fit.Covariance[i*n+j]; sum*sum > absentError*absentError*variance {
					continue
				}
				s := c.search
				library := slices.Clone(s.library)
				library[s.index[t.Key()]] = times(expr.Binary(expr.Sub, expr.Num(1), by), t)
				without := *c.fit
				without.Terms, without.Coefficients = slices.Clone(c.fit.Terms), slices.Clone(c.fit.Coefficients)
				without.Terms[i] = library[s.index[t.Key()]]
				without.Terms, without.Coefficients = slices.Delete(without.Terms, j, j+1), slices.Delete(without.Coefficients, j, j+1)
				next := newSearch(s.engine, library, f.options.Penalty)
				name := fmt.Sprintf("%sabsent-%d/%d-%s", f.prefix, round, i, by.Ident)
				g, err := s.engine.Trajectory(ctx, name, &without, fit.Schedule{To: c.fit.Omega, Iterations: refitIterations})
				if err != nil {
					return err
				}
				if next.loss(g) >= s.loss(c.fit) {
					continue
				}
				if g, err = next.settle(ctx, name, g); err != nil {
					return err
				}
				found = append(found, &candidate{search: next, fit: g, road: "absent", degree: c.degree, checks: checks(s.engine.Data, g)})
			}
		}
		if !f.consider(found) {
			return nil
		}
	}
}
