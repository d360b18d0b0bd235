package changes

import (
	"slices"

	"govern/expr"
	"govern/model"
)

// switchName is the input that is 0 before a change of regimes and 1 after it.
const switchName = "switch_of_regimes"

// indicatorsAt are the indicators of regimes where regime k, counted from 1, switches to
// the next.
func indicatorsAt(regimes []Regime, k int) map[string]*expr.Expr {
	values := map[string]*expr.Expr{}
	for _, r := range regimes {
		switch {
		case r.Name == "":
		case r.Number == k:
			values[r.Name] = expr.Binary(expr.Sub, expr.Num(1), expr.Var(switchName))
		case r.Number == k+1:
			values[r.Name] = expr.Var(switchName)
		default:
			values[r.Name] = expr.Num(0)
		}
	}
	return values
}

// switching is a model that is that of regime k, counted from 1, while its last input
// is 0 and that of the next while it is 1.
func switching(of *model.Model, regimes []Regime, k int) *model.Model {
	in := indicatorsAt(regimes, k)
	m := *of
	m.Inputs = append(slices.Clone(of.Inputs), switchName)
	m.Definitions = slices.Clone(of.Definitions)
	for i := range m.Definitions {
		m.Definitions[i].Right = expr.Substitute(m.Definitions[i].Right, in)
	}
	m.Equations = slices.Clone(of.Equations)
	for i := range m.Equations {
		m.Equations[i].Right = expr.Simplify(expr.Substitute(m.Equations[i].Right, in))
	}
	return &m
}
