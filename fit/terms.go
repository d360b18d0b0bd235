package fit

import (
	"fmt"

	"govern/expr"
	"govern/fit/neural"
)

// Term is a candidate of an unknown: one summand of its formula.
type Term struct {
	Unknown int        // in the model's Unknowns
	Factor  *expr.Expr // in the unknown's arguments; the number 1 for the constant
	Degree  int
	Knots   int // fitted numbers inside the factor, which cost like coefficients
}

// Key identifies a term.
func (t Term) Key() string { return fmt.Sprintf("%d:%s", t.Unknown, t.Factor) }

// scaled is c·factor, multiplied from the left so that products need no
// parentheses.
func scaled(c, factor *expr.Expr) *expr.Expr {
	switch {
	case factor.Kind == expr.Number && factor.Value == 1:
		return c
	case factor.Kind == expr.Mul:
		return expr.Binary(expr.Mul, scaled(c, factor.Args[0]), factor.Args[1])
	case factor.Kind == expr.Div:
		return expr.Binary(expr.Div, scaled(c, factor.Args[0]), factor.Args[1])
	}
	return expr.Binary(expr.Mul, c, factor)
}

// coefficientName of term i.
func coefficientName(i int) string { return fmt.Sprintf("c#%d", i) }

// withTerms is the model's right-hand side with the sums in place of the
// unknowns; coefficients are names. Calls of neural forms stay.
func (d *Data) withTerms(terms []Term, forms []neural.Form) []*expr.Expr {
	sums := map[string]*expr.Expr{}
	for i, t := range terms {
		name := d.Model.Unknowns[t.Unknown].Name
		e := scaled(expr.Var(coefficientName(i)), t.Factor)
		if sums[name] != nil {
			e = expr.Binary(expr.Add, sums[name], e)
		}
		sums[name] = e
	}
	right := d.Model.Rhs()
	for i, r := range right {
		right[i] = expr.ReplaceCalls(r, func(c *expr.Expr) *expr.Expr {
			for i, u := range d.Model.Unknowns {
				if u.Name != c.Ident || neural.Of(forms, i) != nil {
					continue
				}
				sum := sums[u.Name]
				if sum == nil {
					return expr.Num(0)
				}
				arguments := map[string]*expr.Expr{}
				for k, a := range u.Arguments {
					arguments[a] = c.Args[k]
				}
				return expr.Substitute(sum, arguments)
			}
			return nil
		})
	}
	return right
}
