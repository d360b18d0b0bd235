package tape

import (
	"math"

	"govern/expr"
)

// Formula writes the first output of the form, at its Start, as an expression of
// the language in the given arguments, so that a model that holds a learned
// function is a model file like any other. Parts are shared, not repeated, and
// compile to as many instructions as the network has units.
func (n Neural) Formula(arguments []string) *expr.Expr {
	times := func(c float64, e *expr.Expr) *expr.Expr { return expr.Binary(expr.Mul, expr.Num(c), e) }
	plus := func(sum *expr.Expr, c float64, e *expr.Expr) *expr.Expr { // has the bits of sum + c·e
		if c < 0 {
			return expr.Binary(expr.Sub, sum, times(-c, e))
		}
		return expr.Binary(expr.Add, sum, times(c, e))
	}
	y := make([]*expr.Expr, n.Inputs)
	for i := range y {
		y[i] = expr.Var(arguments[i])
		if n.Shift != nil {
			if n.Shift[i] < 0 {
				y[i] = expr.Binary(expr.Add, y[i], expr.Num(-n.Shift[i]))
			} else {
				y[i] = expr.Binary(expr.Sub, y[i], expr.Num(n.Shift[i]))
			}
		}
		if n.Scale != nil {
			y[i] = expr.Binary(expr.Div, y[i], expr.Num(n.Scale[i]))
		}
	}
	weights := n.Start
	widths := n.widths()
	for k, out := range widths {
		next := make([]*expr.Expr, out)
		for o := range next {
			next[o] = expr.Num(weights[out*len(y)+o])
			for i, v := range y {
				next[o] = plus(next[o], weights[o*len(y)+i], v)
			}
			if k < len(widths)-1 {
				next[o] = n.activated(next[o])
			}
		}
		weights = weights[out*(len(y)+1):]
		y = next
	}
	f := y[0]
	if n.Gain != nil {
		f = times(n.Gain[0], f)
	}
	if n.Offset != nil {
		f = expr.Binary(expr.Add, expr.Num(n.Offset[0]), f)
	}
	return f
}

// activated is σ(a).
func (n Neural) activated(a *expr.Expr) *expr.Expr {
	switch n.Activation {
	case "":
		return expr.Apply("tanh", a)
	case "rbf":
		return expr.Apply("exp", expr.Negative(expr.Binary(expr.Pow, a, expr.Num(2))))
	case "gelu": // a·Φ(a)
		wide := expr.Apply("erf", expr.Binary(expr.Div, a, expr.Num(math.Sqrt2)))
		return expr.Binary(expr.Mul, expr.Binary(expr.Mul, expr.Num(0.5), a), expr.Binary(expr.Add, expr.Num(1), wide))
	}
	return expr.Apply(n.Activation, a)
}
