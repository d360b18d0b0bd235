package changes

import (
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/model"
)

// Formula is a formula of which some coefficients or parameters may differ between
// regimes: what a search has found, as far as the places of changes are concerned.
type Formula struct {
	Fit     *fit.Fitted
	Data    *fit.Data    // that it was fitted to, cut where regimes change
	Model   *model.Model // with the numbers inside its functions as fitted parameters
	Base    *model.Model // with the indicators of regimes
	Regimes []Regime
}

// Changes says whether a formula or a parameter differs between regimes.
func (f Formula) Changes() bool {
	for _, t := range f.Fit.Terms {
		for _, name := range expr.Names(t.Factor) {
			if slices.ContainsFunc(f.Regimes, func(g Regime) bool { return g.Name == name }) {
				return true
			}
		}
	}
	return len(f.Fit.Parameters) > 0 && slices.ContainsFunc(f.Model.Parameters, func(q model.Parameter) bool { return q.Fit && IsDifference(q.Name) })
}

// SharedParameters are the fitted parameters of a model that no regime moves by
// three standard deviations.
func (f Formula) SharedParameters(m *model.Model) []string {
	var names []string
	for _, q := range f.Model.Parameters {
		if q.Fit {
			names = append(names, q.Name)
		}
	}
	at := f.Fit
	var out []string
	for _, q := range m.Parameters {
		if !q.Fit {
			continue
		}
		moved, any := false, false
		for i, name := range names {
			if len(name) > len(q.Name)+4 && name[:len(q.Name)+4] == q.Name+"_in_" {
				k := len(at.Terms) + i
				any = true
				moved = moved || at.Parameters[i]*at.Parameters[i] > 9*at.Covariance[k*at.Columns()+k]
			}
		}
		if any && !moved {
			out = append(out, q.Name)
		}
	}
	return out
}

// placeable says that a formula has no numbers inside functions.
func (f Formula) placeable() bool {
	return f.Fit != nil && !slices.ContainsFunc(f.Fit.Terms, func(t fit.Term) bool { return t.Knots > 0 })
}

// closed is the model of regimes with the formulas and parameters in it.
func (f Formula) closed() (*model.Model, error) {
	formulas := map[string]*expr.Expr{}
	for u, unknown := range f.Base.Unknowns {
		formulas[unknown.Name] = f.Fit.Formula(u)
	}
	closed, err := f.Base.WithFormulas(formulas)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	k := 0
	for _, q := range f.Model.Parameters {
		if q.Fit {
			values[q.Name] = f.Fit.Parameters[k]
			k++
		}
	}
	closed = closed.WithParameters(values)
	for i := range closed.Parameters {
		closed.Parameters[i].Fit = false
	}
	return closed, nil
}
