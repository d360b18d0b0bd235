package discover

import (
	"context"
	"math"

	"govern/fit"
)

// approximations asks whether something shorter stands behind a polynomial.
func approximations() way {
	return way{
		name:     "shorter formulas",
		cost:     Moderate,
		when:     "a formula of several arguments passes and looks like an approximation: functions of one combination, bends, fractions",
		excluded: func(e *fit.Engine, _ Options) string { return lacksUnknown(e.Data.Model, 2, math.MaxInt) },
		due: func(f *finder) string {
			if !f.passes() {
				return noFormulaPasses
			}
			for u, unknown := range f.engine.Data.Model.Unknowns {
				if len(unknown.Arguments) >= 2 && unknown.Library == nil && f.looksApproximate(u, f.options.Degree) {
					return ""
				}
			}
			return "no formula looks like an approximation"
		},
		run: func(ctx context.Context, f *finder) (*Result, error) { return nil, f.tryApproximations(ctx) },
	}
}

// tryApproximations asks of formulas of several arguments that pass the checks
// whether something shorter explains the data as well: a function of one
// combination of the arguments, or one that bends along an argument, alone or times
// the others. Only formulas that look like approximations are asked, and only what
// the quadratic profile does not exclude is fitted.
func (f *finder) tryApproximations(ctx context.Context) error {
	for u, unknown := range f.engine.Data.Model.Unknowns {
		if len(unknown.Arguments) < 2 || unknown.Library != nil || f.best == nil || !f.best.passed() || !f.looksApproximate(u, f.options.Degree) {
			continue
		}
		for round := range 2 {
			if better, err := f.tryShape(ctx, u, beyondPolynomial+round); err != nil {
				return err
			} else if !better || !f.best.passed() || !f.looksApproximate(u, f.options.Degree) {
				break
			}
		}
	}
	return nil
}

// looksApproximate says that the best candidate's formula for unknown u may stand for
// another that is no polynomial: it leaves a defect, has many terms (a function among them
// counts as one more), or reaches the highest degree that there is.
func (p *pool) looksApproximate(u, highestTried int) bool {
	const many, manyCurved = 4, 3
	if p.best.fit.LeavesDefect() {
		return true
	}
	count, highest := 0, 0
	for _, t := range p.best.fit.Terms {
		if t.Unknown == u {
			count, highest = count+1+t.Knots, max(highest, t.Degree)
		}
	}
	return count >= many || count >= manyCurved && p.best.curved(u) || highest >= highestTried && highestTried > 3
}
