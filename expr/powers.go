package expr

import (
	"math"
	"slices"
)

// powered is base^exponent, one factor of a product in which every base occurs
// once.
type powered struct {
	key      string
	base     polynomial
	exponent float64
}

// powers returns e as a product of powers.
func (s *simplifier) powers(e *Expr) []powered {
	if p, ok := s.split[e]; ok {
		return p
	}
	p := s.splitPowers(e)
	s.split[e] = p
	return p
}

func (s *simplifier) splitPowers(e *Expr) []powered {
	switch e.Kind {
	case Neg:
		return merge(single(constant(-1), 1), s.powers(e.Args[0]))
	case Mul:
		return merge(s.powers(e.Args[0]), s.powers(e.Args[1]))
	case Div:
		return merge(s.powers(e.Args[0]), raised(s.powers(e.Args[1]), -1))
	case Pow:
		base, exponent := s.of(e.Args[0]), s.of(e.Args[1])
		n, isNumber := exponent.number()
		switch {
		case isNumber && isInteger(n):
			return raised(s.powers(e.Args[0]), n)
		case isNumber:
			return single(base, n)
		}
		return single(atom(Binary(Pow, base.expr(), exponent.expr())), 1)
	}
	base := s.of(e)
	if len(base) > 1 && base[0].coefficient < 0 { // y − x is −(x − y)
		return merge(single(constant(-1), 1), single(base.scale(-1), 1))
	}
	return single(base, 1)
}

func single(base polynomial, exponent float64) []powered {
	return []powered{{base.expr().String(), base, exponent}}
}

func merge(a, b []powered) []powered {
	product := slices.Clone(a)
	for _, p := range b {
		i := slices.IndexFunc(product, func(q powered) bool { return q.key == p.key })
		if i < 0 {
			product = append(product, p)
		} else {
			product[i].exponent += p.exponent
		}
	}
	return product
}

// raised returns the n-th power of a product, for an integer n.
func raised(product []powered, n float64) []powered {
	power := slices.Clone(product)
	for i, p := range power {
		power[i].exponent *= n
		if len(p.base) == 0 && n < 0 { // 0/0 is not 1
			power[i] = single(constant(math.NaN()), 1)[0]
		}
	}
	return power
}

// terms bounds the number of terms that expand returns: for the n-th power of
// a sum of k terms, (n+k−1 choose k−1).
func (b powered) terms() float64 {
	if !b.isExpandable() {
		return 1
	}
	c := 1.0
	for i := 1; i < len(b.base); i++ {
		c *= (b.exponent + float64(i)) / float64(i)
	}
	return c
}

func (b powered) isExpandable() bool {
	return len(b.base) > 1 && isInteger(b.exponent) && 0 < b.exponent && b.exponent <= maxPower
}

// expand multiplies out a positive integer power of a sum; any other power is
// compact.
func (b powered) expand() polynomial {
	if !b.isExpandable() {
		return b.compact()
	}
	p := b.base
	for range int(b.exponent) - 1 {
		p = multiply(p, b.base)
	}
	return p
}

// compact returns the power as one term, taking apart an integer power of a
// product.
func (b powered) compact() polynomial {
	n := b.exponent
	v, isNumber := b.base.number()
	switch {
	case n == 0:
		return constant(1)
	case isNumber:
		return constant(raise(v, n))
	case len(b.base) == 1 && isInteger(n):
		return b.base[0].power(n)
	case len(b.base) == 1 && b.base[0].isPlain():
		f := b.base[0].factors[0]
		return polynomial{{1, factors{{f.base, f.key, n}}}}
	}
	base := b.base.expr()
	return polynomial{{1, factors{{base, base.String(), n}}}}
}

// raise returns v^n, not finite where it has no value or vanishes by underflow.
func raise(v, n float64) float64 {
	w := math.Pow(v, n)
	if w == 0 && v != 0 {
		return math.NaN()
	}
	return w
}
