package expr

import "math"

// The builders below fold only what costs nothing to see: zeros and ones,
// signs, and operations on two numbers.

// Tidy rebuilds an expression by them, in its own order: what substitution of
// numbers leaves, as x - -2 or 1*x, reads like what a person writes.
func Tidy(e *Expr) *Expr {
	return rewrite(e, func(node *Expr) *Expr {
		switch node.Kind {
		case Add:
			return sum(node.Args[0], node.Args[1])
		case Sub:
			return difference(node.Args[0], node.Args[1])
		case Mul:
			return product(node.Args[0], node.Args[1])
		case Div:
			return quotient(node.Args[0], node.Args[1])
		case Neg:
			return negative(node.Args[0])
		case Pow:
			if a, n := node.Args[0], node.Args[1]; n.Kind == Number {
				if v := math.Pow(a.Value, n.Value); a.Kind == Number && isFinite(v) {
					return Num(v)
				}
				return power(a, n.Value)
			}
		}
		return nil
	})
}

func sum(a, b *Expr) *Expr {
	switch {
	case isNumber(a, 0):
		return b
	case isNumber(b, 0):
		return a
	case a.Kind == Number && b.Kind == Number && isFinite(a.Value+b.Value):
		return Num(a.Value + b.Value)
	case b.Kind == Neg:
		return Binary(Sub, a, b.Args[0])
	case isNegative(leading(b)):
		return Binary(Sub, a, negative(b))
	}
	return Binary(Add, a, b)
}

func difference(a, b *Expr) *Expr { return sum(a, negative(b)) }

func negative(a *Expr) *Expr {
	switch {
	case a.Kind == Number:
		return Num(-a.Value)
	case a.Kind == Neg:
		return a.Args[0]
	case a.Kind == Sub:
		return Binary(Sub, a.Args[1], a.Args[0])
	case a.Kind == Mul && leading(a).Kind == Number:
		return Binary(Mul, negative(a.Args[0]), a.Args[1])
	}
	return Negative(a)
}

// leading returns the first factor of a product, e itself when it is none.
func leading(e *Expr) *Expr {
	for e.Kind == Mul {
		e = e.Args[0]
	}
	return e
}

func product(a, b *Expr) *Expr {
	switch {
	case isNumber(a, 0) || isNumber(b, 0):
		return Num(0)
	case isNumber(a, 1):
		return b
	case isNumber(b, 1):
		return a
	case a.Kind == Number && b.Kind == Number && isFinite(a.Value*b.Value):
		return Num(a.Value * b.Value)
	case isNumber(a, -1):
		return negative(b)
	case isNumber(b, -1):
		return negative(a)
	case a.Kind != Number && b.Kind == Number:
		return product(b, a)
	case a.Kind != Number && b.Kind == Mul && b.Args[0].Kind == Number:
		return product(b.Args[0], product(a, b.Args[1]))
	case a.Kind == Neg:
		return negative(product(a.Args[0], b))
	case b.Kind == Neg:
		return negative(product(a, b.Args[0]))
	case a.Kind == Number && b.Kind == Mul: // 2*x*y, not 2*(x*y)
		return Binary(Mul, product(a, b.Args[0]), b.Args[1])
	}
	return Binary(Mul, a, b)
}

func quotient(a, b *Expr) *Expr {
	switch {
	case isNumber(a, 0):
		return a
	case isNumber(b, 1):
		return a
	case a.Kind == Neg:
		return negative(quotient(a.Args[0], b))
	}
	return Binary(Div, a, b)
}

func power(a *Expr, n float64) *Expr {
	switch n {
	case 0:
		return Num(1)
	case 1:
		return a
	}
	return Binary(Pow, a, Num(n))
}

func isNumber(e *Expr, v float64) bool { return e.Kind == Number && e.Value == v }
