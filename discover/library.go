package discover

import (
	"govern/expr"
	"govern/fit"
	"govern/model"
)

// Library returns the candidate terms of unknown u up to the given degree: all
// monomials of its arguments, then each named function of each argument.
func Library(m *model.Model, u, degree int) []fit.Term {
	unknown := m.Unknowns[u]
	var terms []fit.Term
	for d := 0; d <= degree; d++ {
		for _, powers := range compositions(d, len(unknown.Arguments)) {
			terms = append(terms, fit.Term{Unknown: u, Factor: monomial(unknown.Arguments, powers), Degree: d})
		}
	}
	if unknown.Library != nil {
		for _, name := range unknown.Library.Functions {
			for _, a := range unknown.Arguments {
				terms = append(terms, fit.Term{Unknown: u, Factor: expr.Apply(name, expr.Var(a)), Degree: degree})
			}
		}
	}
	return terms
}

// compositions lists the ways to write d as a sum of n powers, the first
// arguments' powers falling.
func compositions(d, n int) [][]int {
	if n == 0 {
		if d == 0 {
			return [][]int{{}}
		}
		return nil
	}
	if n == 1 {
		return [][]int{{d}}
	}
	var out [][]int
	for first := d; first >= 0; first-- {
		for _, rest := range compositions(d-first, n-1) {
			out = append(out, append([]int{first}, rest...))
		}
	}
	return out
}

func monomial(names []string, powers []int) *expr.Expr {
	var product *expr.Expr
	for i, p := range powers {
		if p == 0 {
			continue
		}
		factor := expr.Var(names[i])
		if p > 1 {
			factor = expr.Binary(expr.Pow, factor, expr.Num(float64(p)))
		}
		if product == nil {
			product = factor
		} else {
			product = expr.Binary(expr.Mul, product, factor)
		}
	}
	if product == nil {
		return expr.Num(1)
	}
	return product
}
