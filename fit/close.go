package fit

import (
	"maps"
	"slices"

	"govern/expr"
	"govern/model"
)

// Answering relates the fits of a search to the model of the user, to which the search
// may have added numbers inside functions (knots) and values of entries.
type Answering struct {
	User *model.Model // the model that was asked about
	Of   *model.Model // the model of the fits
}

// Close puts a fit's formulas and parameters into the user's model. A parameter that
// differs between entries has its mean.
func (a Answering) Close(f *Fitted) (*model.Model, error) {
	formulas := map[string]*expr.Expr{}
	for u := range a.User.Unknowns {
		formulas[a.User.Unknowns[u].Name] = a.Formula(f, u)
	}
	closed, err := a.User.WithFormulas(formulas)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for k, q := range a.Of.FittedNames() {
		if a.User.ParameterIndex(q) >= 0 {
			values[q] = f.Parameters[k]
		}
	}
	maps.Copy(values, a.means(f))
	return closed.WithParameters(values).Shared().WithoutPriors(), nil // the values have them in them already
}

// Formula is a fit's formula for unknown u, with its knots as numbers.
func (a Answering) Formula(f *Fitted, u int) *expr.Expr {
	g := *f
	g.Terms = slices.Clone(f.Terms)
	for i := range g.Terms {
		g.Terms[i].Factor = a.Factor(f, i)
	}
	return g.Formula(u)
}

// Factor is what the i-th coefficient of a fit multiplies, with its knots as numbers.
func (a Answering) Factor(f *Fitted, i int) *expr.Expr {
	t := f.Terms[i]
	if t.Knots == 0 {
		return t.Factor
	}
	return expr.Tidy(expr.Substitute(t.Factor, a.knots(f)))
}

// knots are the fitted parameters that the search has added to the user's.
func (a Answering) knots(f *Fitted) map[string]*expr.Expr {
	values := map[string]*expr.Expr{}
	for k, q := range a.Of.FittedNames() {
		if a.User.ParameterIndex(q) < 0 {
			values[q] = expr.Num(f.Parameters[k])
		}
	}
	return values
}

// means are the values of the parameters that differ between entries: the learned mean,
// or that of the values.
func (a Answering) means(f *Fitted) map[string]float64 {
	out := map[string]float64{}
	for _, p := range a.Of.Parameters {
		if _, done := out[p.Of]; p.Of == "" || done {
			continue
		}
		columns, share, sum := a.Mean(p.Of)
		for _, k := range columns {
			sum += share * f.Parameters[k]
		}
		out[p.Of] = sum
	}
	return out
}

// Mean says of which fitted parameters, and in which share, the mean of a parameter
// over entries consists: of the learned mean alone, or of its values, of which one may
// be held and adds a constant.
func (a Answering) Mean(name string) (columns []int, share, constant float64) {
	k, held := 0, 0
	for _, p := range a.Of.Parameters {
		if !p.Fit {
			if p.Of == name {
				held++
				constant += p.Value
			}
			continue
		}
		if p.Name == name {
			return []int{k}, 1, 0
		}
		if p.Of == name {
			columns = append(columns, k)
		}
		k++
	}
	share = 1 / float64(len(columns)+held)
	return columns, share, share * constant
}
