package discover

import (
	"context"
	"fmt"

	"govern/discover/terms"
	"govern/fit"
	"govern/optim"
)

// again goes on from the best fit.
func again() way {
	return way{
		name: "refit at the smallest defect",
		cost: Moderate,
		when: "the best fit has not come to rest at the smallest defect: its terms, and the whole library, are fitted there",
		excluded: func(e *fit.Engine, _ Options) string {
			if e.Options.Omega > 0 {
				return defectGiven
			}
			return ""
		},
		due: func(f *finder) string { return f.best.retryDue() },
		run: func(ctx context.Context, f *finder) (*Result, error) { return nil, f.retry(ctx) },
	}
}

// retryDue says why a candidate need not be fitted again; empty where it is.
func (c *candidate) retryDue() string {
	switch {
	case c == nil || c.fit.Status == optim.Failed:
		return noFormulaConverges
	case c.passed() && c.bends():
		return "a function with numbers inside passes"
	case c.passed() && c.fit.Driven:
		return "process noise explains what formulas leave"
	case c.fit.Omega <= againDefect && c.fit.Status == optim.Converged:
		return "the best fit has come to rest at a small defect"
	}
	return ""
}

// retry goes on from the best fit where it has not come to rest at the smallest
// defect. Annealing ends where the evidence worsens, and may have ended too soon:
// with hidden states under much noise a fit with loose defects follows the data
// along a narrow valley in which a few dozen steps lead nowhere. At the smallest
// defect, with the chosen terms and with the whole library, it must explain them.
// A function with fitted numbers inside that passes has come further than that.
func (f *finder) retry(ctx context.Context) error {
	for round := range againRounds {
		c := f.best
		if f.engine.Options.Omega > 0 || c.retryDue() != "" {
			return nil
		}
		s := c.search
		var found []*candidate
		for _, road := range []string{"chosen", "full"} {
			start := c.fit
			if road == "full" {
				theta := make([]float64, len(s.Library), len(s.Library)+len(c.fit.Parameters))
				for i, t := range c.fit.Terms {
					theta[s.Index[t.Key()]] = c.fit.Coefficients[i]
				}
				start = s.Near(c.fit, terms.All(len(s.Library)), append(theta, c.fit.Parameters...))
			}
			name := fmt.Sprintf("%sagain-%d/%s", f.prefix, round, road)
			report(s.Engine, "the best formula at the smallest defect", 0.7)
			g, err := s.Engine.Trajectory(ctx, name+"/first", start, fit.Schedule{To: fit.OmegaEnd, Iterations: againIterations, Noise: true})
			if err != nil {
				return err
			}
			if g.Status == optim.Failed {
				continue
			}
			if g, err = s.Settle(ctx, name, g); err != nil {
				return err
			}
			found = append(found, &candidate{search: s, fit: g, road: "again, " + road, degree: c.degree, checks: checkFit(s.Engine.Data, g)})
		}
		if !f.consider(found) {
			return nil
		}
	}
	return nil
}

// A fit whose defect is above againDefect is fitted again, and what comes of it
// too, againRounds times at most.
const (
	againDefect     = 5e-3
	againRounds     = 2
	againIterations = 100
)
