package terms

import (
	"slices"

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
		for _, powers := range Compositions(d, len(unknown.Arguments)) {
			terms = append(terms, fit.Term{Unknown: u, Factor: Monomial(unknown.Arguments, powers), Degree: d})
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

// Libraries returns the terms of all unknowns at a degree; same says that no
// unknown's library depends on the degree.
func Libraries(m *model.Model, degree int) (terms []fit.Term, same bool) {
	same = true
	for u, unknown := range m.Unknowns {
		n := degree
		if unknown.Library != nil && unknown.Library.Degree > 0 {
			n = unknown.Library.Degree
		} else {
			same = false
		}
		terms = append(terms, Library(m, u, n)...)
	}
	return terms, same
}

// Compositions lists the ways to write d as a sum of n powers, the first
// arguments' powers falling.
func Compositions(d, n int) [][]int {
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
		for _, rest := range Compositions(d-first, n-1) {
			out = append(out, append([]int{first}, rest...))
		}
	}
	return out
}

// Monomial is the product of named arguments to powers.
func Monomial(names []string, powers []int) *expr.Expr {
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

// Multiplied joins the terms of a library by their products with each of the
// factors.
func Multiplied(library []fit.Term, factors []*expr.Expr) []fit.Term {
	out := slices.Clone(library)
	for _, by := range factors {
		for _, t := range library {
			out = append(out, Times(by, t))
		}
	}
	return out
}

// Times is a term with another factor in front.
func Times(by *expr.Expr, t fit.Term) fit.Term {
	if t.Factor.Kind == expr.Number {
		t.Factor = by
	} else {
		t.Factor = expr.Binary(expr.Mul, by, t.Factor)
	}
	return t
}
