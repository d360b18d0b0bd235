package discover

import (
	"context"
	"fmt"
	"math"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/optim"
)

// Rivalry says how another formula would have fared in a finished search: its
// penalised −2 log evidence less that of the chosen one, negative where it is
// the better. Infinite where the fit failed.
type Rivalry struct {
	// Smoothed begins where the roads began, from the smoothed path: negative means
	// that the search missed a better formula within its reach.
	Smoothed float64
	// Near begins from the states of the chosen fit.
	Near float64
	// Given begins from states that the caller knows: negative where Smoothed and
	// Near are not means that the states, not the terms, are in a false minimum. NaN
	// without such states.
	Given float64
}

// Rival refits other formulas for the unknowns by the criterion of the search that
// ended in r, from several starts. It is how a simulated miss is told from a
// failure of the search: formulas are sums of terms of the unknowns' libraries,
// all given; states, by entry, state and sample, may be nil. The cost is that
// of three trajectory fits.
func Rival(ctx context.Context, e *fit.Engine, o Options, r *Result, formulas map[string]*expr.Expr, states [][][]float64) (Rivalry, error) {
	out := Rivalry{math.Inf(1), math.Inf(1), math.NaN()}
	o = o.withDefaults(e.Data.Model)
	if r.Chosen == nil || r.Smoothed == nil {
		return out, fmt.Errorf("discover: the search has chosen no formula that a rival could be compared with")
	}
	own, _ := terms.Libraries(e.Data.Model, r.Degree)
	chosen := terms.NewSelection(e, own, o.Penalty)
	if _, ok := chosen.Translate(r.Chosen); !ok {
		return out, fmt.Errorf("discover: the chosen formula has terms outside the library of degree %d", r.Degree)
	}
	best := chosen.Score(r.Chosen)
	s, held, coefficients, err := rivalTerms(e, o, r.Degree, formulas)
	if err != nil {
		return out, err
	}
	begin := func(name string, f *fit.Fitted, from float64) (float64, error) {
		f, err := e.Trajectory(ctx, name, f, fit.Schedule{From: from, To: fit.OmegaEnd, Noise: true})
		if err != nil || f.Status == optim.Failed {
			return math.Inf(1), err
		}
		if f, err = terms.Tune(ctx, e, name+"/tune", f); err != nil {
			return math.Inf(1), err
		}
		return s.Score(f) - best, nil
	}
	start := e.Start(r.Smoothed, held, coefficients, r.Smoothed.Parameters)
	if out.Smoothed, err = begin("rival/smoothed", start, 1); err != nil {
		return out, err
	}
	near := *r.Chosen
	near.Terms, near.Coefficients, near.Forms = held, coefficients, nil
	if out.Near, err = begin("rival/near", &near, 1); err != nil {
		return out, err
	}
	if states != nil {
		known := *r.Smoothed
		known.States = states
		out.Given, err = begin("rival/given", e.Start(&known, held, coefficients, r.Smoothed.Parameters), 0)
	}
	return out, err
}

// rivalTerms writes formulas as terms of the smallest library that holds them,
// of the given degree at least.
func rivalTerms(e *fit.Engine, o Options, degree int, formulas map[string]*expr.Expr) (*terms.Selection, []fit.Term, []float64, error) {
	missing := ""
	for ; degree <= max(o.Degree, degree); degree++ {
		library, same := terms.Libraries(e.Data.Model, degree)
		s := terms.NewSelection(e, library, o.Penalty)
		var held []fit.Term
		var coefficients []float64
		missing = ""
		for u, unknown := range e.Data.Model.Unknowns {
			formula, ok := formulas[unknown.Name]
			if !ok {
				return nil, nil, nil, fmt.Errorf("discover: the rival says nothing of %s", unknown.Name)
			}
			for _, t := range expr.Terms(formula) {
				found := -1
				for i, l := range library {
					if l.Unknown == u && expr.Equivalent(l.Factor, t.Factor) {
						found = i
					}
				}
				if found < 0 {
					missing = t.Factor.String()
					break
				}
				held, coefficients = append(held, library[found]), append(coefficients, t.Coefficient)
			}
		}
		if missing == "" {
			return s, held, coefficients, nil
		}
		if same || degree == o.Degree {
			break
		}
	}
	return nil, nil, nil, fmt.Errorf("discover: the library does not hold the rival's term %s", missing)
}
