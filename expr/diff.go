package expr

import "math"

// Diff returns the partial derivative of e with respect to a name; all other
// names are constants. At a kink (abs, sign, floor, heaviside, mod, min, max,
// relu, if) it is the derivative of one side. Zeros and ones are folded, and
// what e shares the derivative shares. The calls of e must be functions of the
// language: an unknown has no known derivative, and Diff panics.
func Diff(e *Expr, name string) *Expr {
	d := differentiator{name: name, done: map[*Expr]*Expr{}}
	return d.of(e)
}

type differentiator struct {
	name string
	done map[*Expr]*Expr
}

func (d *differentiator) of(e *Expr) *Expr {
	if r, ok := d.done[e]; ok {
		return r
	}
	r := d.compute(e)
	d.done[e] = r
	return r
}

func (d *differentiator) compute(e *Expr) *Expr {
	switch e.Kind {
	case Number:
		return Num(0)
	case Name:
		if e.Ident == d.name {
			return Num(1)
		}
		return Num(0)
	case Neg:
		return negative(d.of(e.Args[0]))
	case Call:
		return d.call(e)
	}
	a, b := e.Args[0], e.Args[1]
	switch e.Kind {
	case Add:
		return sum(d.of(a), d.of(b))
	case Sub:
		return difference(d.of(a), d.of(b))
	case Mul:
		return sum(product(d.of(a), b), product(a, d.of(b)))
	case Div:
		return d.quotient(e, a, b)
	case Pow:
		return d.power(e, a, b)
	}
	return Num(0) // a comparison
}

// quotient: (a/b)' = (a' − (a/b) b')/b.
func (d *differentiator) quotient(e, a, b *Expr) *Expr {
	return quotient(difference(d.of(a), product(e, d.of(b))), b)
}

// power: (a^b)' = b a^(b−1) a' + a^b log(a) b'.
func (d *differentiator) power(e, a, b *Expr) *Expr {
	da, db := d.of(a), d.of(b)
	base := Num(0)
	if !isNumber(da, 0) {
		lower := Binary(Pow, a, difference(b, Num(1)))
		if b.Kind == Number {
			lower = power(a, b.Value-1)
		}
		base = product(product(b, lower), da)
	}
	if isNumber(db, 0) {
		return base
	}
	return sum(base, product(product(e, Apply("log", a)), db))
}

func (d *differentiator) call(e *Expr) *Expr {
	if e.Ident == "if" {
		return choice(e.Args[0], d.of(e.Args[1]), d.of(e.Args[2]))
	}
	u, du := e.Args[0], d.of(e.Args[0])
	if len(e.Args) == 1 {
		if isNumber(du, 0) {
			return du
		}
		return outer(e, u, du)
	}
	v, dv := e.Args[1], d.of(e.Args[1])
	switch e.Ident {
	case "pow":
		return d.power(e, u, v)
	case "min":
		return choice(Binary(LessEqual, u, v), du, dv)
	case "max":
		return choice(Binary(GreaterEqual, u, v), du, dv)
	case "mod": // u − v floor(u/v)
		return difference(du, product(Apply("floor", quotient(u, v)), dv))
	case "atan2": // (v u' − u v')/(u² + v²)
		return quotient(difference(product(v, du), product(u, dv)), sum(power(u, 2), power(v, 2)))
	}
	panic("expr: derivative of an unknown function")
}

func choice(condition, a, b *Expr) *Expr {
	if Identical(a, b) {
		return a
	}
	return Apply("if", condition, a, b)
}

// outer returns the derivative of e = f(u), given du, by the chain rule.
func outer(e, u, du *Expr) *Expr {
	times := func(factor *Expr) *Expr { return product(factor, du) }
	over := func(divisor *Expr) *Expr { return quotient(du, divisor) }
	switch e.Ident {
	case "exp":
		return times(e)
	case "log":
		return over(u)
	case "log10":
		return over(product(Num(math.Ln10), u))
	case "sqrt":
		return over(product(Num(2), e))
	case "abs":
		return times(Apply("sign", u))
	case "sign", "heaviside", "floor":
		return Num(0)
	case "sin":
		return times(Apply("cos", u))
	case "cos":
		return times(negative(Apply("sin", u)))
	case "tan":
		return times(sum(Num(1), power(e, 2)))
	case "asin":
		return over(Apply("sqrt", difference(Num(1), power(u, 2))))
	case "acos":
		return negative(over(Apply("sqrt", difference(Num(1), power(u, 2)))))
	case "atan":
		return over(sum(Num(1), power(u, 2)))
	case "erf":
		return times(product(Num(2/math.SqrtPi), Apply("exp", Negative(power(u, 2)))))
	case "sinh":
		return times(Apply("cosh", u))
	case "cosh":
		return times(Apply("sinh", u))
	case "tanh":
		return times(difference(Num(1), power(e, 2)))
	case "logistic":
		return times(product(e, difference(Num(1), e)))
	case "relu":
		return times(Apply("heaviside", u))
	case "softplus":
		return times(Apply("logistic", u))
	}
	panic("expr: derivative of an unknown function")
}
