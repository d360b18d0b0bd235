package expr

import (
	"math"
	"slices"
)

// Simplify returns the canonical form of e: a sum of products with like terms
// and powers collected, numbers folded, terms and factors in a fixed order. It
// has the value of e, up to rounding, wherever e has one; it may have one in
// more places (x/x is 1). Sums are multiplied out up to 500 terms and the tenth
// power. A number that would overflow or vanish stays unfolded.
func Simplify(e *Expr) *Expr { return canonical(e).expr() }

// Term is Coefficient·Factor, one term of a sum.
type Term struct {
	Coefficient float64
	Factor      *Expr // Num(1) for the constant
}

// Terms returns the terms of Simplify(e) in its order; none for zero.
func Terms(e *Expr) []Term {
	p := canonical(e)
	terms := make([]Term, len(p))
	for i, m := range p {
		terms[i] = Term{m.coefficient, m.factors.expr(1)}
	}
	return terms
}

func canonical(e *Expr) polynomial {
	s := simplifier{map[*Expr]polynomial{}, map[*Expr][]powered{}}
	p := s.of(e)
	for range maxPasses {
		if !slices.ContainsFunc(p, monomial.isLoose) {
			break
		}
		p = s.of(p.expr())
	}
	return p
}

// maxPasses bounds how often a result is simplified again because collecting
// powers made a compact one whole, as in sqrt(2*x)*sqrt(2*x).
const maxPasses = 4

// simplifier remembers what it did, because expressions share their parts.
type simplifier struct {
	done  map[*Expr]polynomial
	split map[*Expr][]powered
}

func (s *simplifier) of(e *Expr) polynomial {
	if p, ok := s.done[e]; ok {
		return p
	}
	p := s.compute(e)
	if !p.representable() {
		p = atom(e)
	}
	s.done[e] = p
	return p
}

func (s *simplifier) compute(e *Expr) polynomial {
	switch e.Kind {
	case Number:
		return constant(e.Value)
	case Name:
		return atom(e)
	case Neg:
		return s.of(e.Args[0]).scale(-1)
	case Add:
		return add(s.of(e.Args[0]), s.of(e.Args[1]))
	case Sub:
		return add(s.of(e.Args[0]), s.of(e.Args[1]).scale(-1))
	case Call:
		return s.call(e)
	case Mul, Div, Pow:
		return s.product(e)
	}
	return atom(Binary(e.Kind, s.of(e.Args[0]).expr(), s.of(e.Args[1]).expr()))
}

// product collects the powers of a chain of products, quotients and integer
// powers before it multiplies anything out, so that (x + 1)/(x + 1) is 1.
func (s *simplifier) product(e *Expr) polynomial {
	powers := s.powers(e)
	terms := 1.0
	for _, b := range powers {
		terms *= b.terms()
	}
	p := constant(1)
	for _, b := range powers {
		if terms <= maxTerms {
			p = multiply(p, b.expand())
		} else {
			p = multiply(p, b.compact())
		}
	}
	return p
}

// call simplifies the arguments of a call and folds what follows from symmetry
// and inverses.
func (s *simplifier) call(e *Expr) polynomial {
	if e.Ident == "if" {
		return s.choice(e)
	}
	args := make([]polynomial, len(e.Args))
	built := make([]*Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = s.of(a)
		built[i] = args[i].expr()
	}
	switch e.Ident {
	case "sqrt":
		return powered{base: args[0], exponent: 0.5}.compact()
	case "pow":
		return s.product(Binary(Pow, e.Args[0], e.Args[1]))
	case "min", "max":
		if built[0].String() > built[1].String() {
			built[0], built[1] = built[1], built[0]
		}
		if Identical(built[0], built[1]) {
			return args[0]
		}
	case "log", "exp":
		if inner := built[0]; inner.Kind == Call && inner.Ident != e.Ident && (inner.Ident == "log" || inner.Ident == "exp") {
			return s.of(inner.Args[0])
		}
	}
	if v, ok := fold(e.Ident, built); ok {
		return constant(v)
	}
	if odd, even := parity(e.Ident); (odd || even) && len(args[0]) > 0 && args[0][0].coefficient < 0 {
		p := atom(Apply(e.Ident, args[0].scale(-1).expr()))
		if odd {
			return p.scale(-1)
		}
		return p
	}
	return atom(Apply(e.Ident, built...))
}

// fold evaluates a function of numbers, unless the result is not finite.
func fold(name string, args []*Expr) (float64, bool) {
	f, known := lookup(name)
	if !known {
		return 0, false
	}
	values := make([]float64, len(args))
	for i, a := range args {
		if a.Kind != Number {
			return 0, false
		}
		values[i] = a.Value
	}
	v := f.value(values)
	return v, isFinite(v)
}

func parity(name string) (odd, even bool) {
	switch name {
	case "sin", "tan", "asin", "atan", "sinh", "tanh", "erf", "sign":
		return true, false
	case "cos", "cosh", "abs":
		return false, true
	}
	return false, false
}

func (s *simplifier) choice(e *Expr) polynomial {
	condition := e.Args[0]
	a, b := s.of(e.Args[1]), s.of(e.Args[2])
	left, right := s.of(condition.Args[0]), s.of(condition.Args[1])
	x, xKnown := left.number()
	y, yKnown := right.number()
	switch {
	case xKnown && yKnown && compare(condition.Kind, x, y):
		return a
	case xKnown && yKnown:
		return b
	case Identical(a.expr(), b.expr()):
		return a
	}
	return atom(Apply("if", Binary(condition.Kind, left.expr(), right.expr()), a.expr(), b.expr()))
}

func isInteger(v float64) bool { return v == math.Trunc(v) && math.Abs(v) < 1<<53 }

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
