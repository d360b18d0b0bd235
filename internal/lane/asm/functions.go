package main

import (
	"math"
	"math/big"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"
)

// expm1 computes 2ⁿ and e^r − 1 with x = n·ln 2 + r, |r| ≤ ½ ln 2.
type expm1 struct {
	l                   *level
	log2e, ln2, ln2Rest constant
	series              []constant // of (e^r − 1 − r)/r²
	one, half           constant
	// Adding 1.5·2⁵² + 1023 rounds to an integer and leaves it, biased like an exponent, in
	// the low bits.
	shift constant
}

func (l *level) newExpm1() *expm1 {
	ln := split(ln2(), 53, 2)
	log2e, _ := over(number(1), ln2()).Float64()
	q := interpolate(func(k int) *big.Float { return over(number(1), factorial(k+2)) }, -0.3466, 0.3466, 9)
	e := &expm1{l: l, log2e: l.constant(log2e), ln2: l.constant(ln[0]), ln2Rest: l.constant(ln[1]),
		series: l.constants(q), one: l.constant(1), shift: l.constant(0x1.8p52 + 1023)}
	if !l.wide() {
		e.half = l.constant(0.5)
	}
	return e
}

// reduce returns n with the shift and without, and e^r − 1. The first subtraction of a
// part of n·ln 2 is exact: fused, its result has no more than 53 bits.
func (e *expm1) reduce(x VecVirtual) (shifted, n, p VecVirtual) {
	l := e.l
	shifted = e.shift.copy()
	l.accumulate(shifted, x, e.log2e)
	n = l.sub(shifted, e.shift)
	l.subtract(x, n, e.ln2)
	l.subtract(x, n, e.ln2Rest)
	square := l.mul(x, x)
	q := l.polynomial(x, square, e.series)
	l.step(q, square, x)
	return shifted, n, q
}

// power is 2ⁿ for |n| < 1023.
func (e *expm1) power(shifted VecVirtual) VecVirtual { return e.l.shiftLeft(shifted, 52) }

// scale is x·2ⁿ with one rounding, also where it overflows or is denormal.
func (e *expm1) scale(x, n VecVirtual) VecVirtual {
	l := e.l
	if l.wide() {
		s := l.register()
		VSCALEFPD(n, x, s)
		return s
	}
	first := l.floor(l.mul(n, e.half))
	return l.mul(l.mul(x, e.power(l.add(first, e.shift))), e.power(l.add(l.sub(n, first), e.shift)))
}

// exponential is eˣ; beyond its limits it is 0 or +Inf.
type exponential struct {
	*expm1
	low, high constant
}

func (l *level) newExp() *exponential {
	return &exponential{l.newExpm1(), l.constant(-746), l.constant(710)}
}

func (e *exponential) of(x VecVirtual) VecVirtual {
	l := e.l
	x = l.max(e.low, l.min(e.high, x))
	return e.clamped(x)
}

// ofNegative takes x ≤ 0.
func (e *exponential) ofNegative(x VecVirtual) VecVirtual { return e.clamped(e.l.max(e.low, x)) }

func (e *exponential) clamped(x VecVirtual) VecVirtual {
	_, n, p := e.reduce(x)
	return e.scale(e.l.add(p, e.one), n)
}

func expKernel(l *level) body {
	e := l.newExp()
	return func(x, _ []VecVirtual) []VecVirtual { return []VecVirtual{e.of(x[0])} }
}

// tanhKernel: tanh|a| = m/(m + 2), m = e^(2|a|) − 1, which is 1 in float64 beyond |a| = 20.
func tanhKernel(l *level) body {
	sign, limit, two := l.constant(math.Copysign(0, -1)), l.constant(40), l.constant(2)
	e := l.newExpm1()
	return func(x, _ []VecVirtual) []VecVirtual {
		a := l.andNot(x[0], sign)
		shifted, _, p := e.reduce(l.min(limit, l.add(a, a)))
		s := e.power(shifted)
		l.step(p, s, l.sub(s, e.one))
		return []VecVirtual{l.or(l.div(p, l.add(p, two)), l.and(x[0], sign))}
	}
}

func tanhBackKernel(l *level) body {
	one := l.constant(1)
	return func(x, _ []VecVirtual) []VecVirtual {
		s := one.copy()
		l.subtract(s, x[1], x[1])
		return []VecVirtual{l.mul(x[0], s)}
	}
}

func rbfKernel(l *level) body {
	e, sign := l.newExp(), l.constant(math.Copysign(0, -1))
	return func(x, _ []VecVirtual) []VecVirtual {
		return []VecVirtual{e.ofNegative(l.or(l.mul(x[0], x[0]), sign))}
	}
}

func rbfSlopeKernel(l *level) body {
	e, sign := l.newExp(), l.constant(math.Copysign(0, -1))
	return func(x, _ []VecVirtual) []VecVirtual {
		y := e.ofNegative(l.or(l.mul(x[0], x[0]), sign))
		twice := l.add(x[0], x[0])
		return []VecVirtual{y, l.xor(l.mul(twice, y), sign)}
	}
}

// logisticKernel: with e = e^−|v|, 1/(1 + e) or, for negative v, e/(1 + e).
func logisticKernel(l *level) body {
	e, sign := l.newExp(), l.constant(math.Copysign(0, -1))
	return func(x, _ []VecVirtual) []VecVirtual {
		y := e.ofNegative(l.or(x[0], sign))
		return []VecVirtual{l.div(l.choose(l.negative(x[0]), y, e.one), l.add(y, e.one))}
	}
}

// logarithm is k·ln 2 + log(1 + f) for √½ ≤ 1 + f < √2, by the series of artanh in
// s = f/(2 + f), arranged as in FreeBSD's e_log.c: f − (½f² − s(½f² + R)) keeps the
// leading term exact.
type logarithm struct {
	l              *level
	ln2, ln2Rest   constant
	half, one, two constant
	series         []constant // of R/s²
}

func (l *level) newLog() *logarithm {
	ln := split(ln2(), 40, 2) // times k < 2¹¹ without rounding
	series := interpolate(func(k int) *big.Float { return over(number(2), number(float64(2*k+3))) }, 0, 0.02944, 7)
	return &logarithm{l: l, ln2: l.constant(ln[0]), ln2Rest: l.constant(ln[1]), half: l.constant(0.5), one: l.constant(1),
		two: l.constant(2), series: l.constants(series)}
}

func (g *logarithm) of(f, k VecVirtual) VecVirtual {
	l := g.l
	s := l.div(f, l.add(f, g.two))
	square := l.mul(s, s)
	half := l.mul(l.mul(f, g.half), f)
	r := l.horner(square, g.series)
	l.step(r, square, half) // R + ½f²
	rest := l.mul(k, g.ln2Rest)
	l.step(r, s, rest)
	half = l.sub(half, r)
	return l.sub(l.mul(k, g.ln2), l.sub(half, f))
}

// logKernel splits x = 2ᵏ(1 + f) by its bits, x below the normal numbers first scaled up.
func logKernel(l *level) body {
	const root = 0x3fe6a09e00000000 // √½, rounded down
	l.free = min(l.free, 15)        // more than elsewhere comes and goes
	g := l.newLog()
	normal, up, steps := l.constant(0x1p-1022), l.constant(0x1p54), l.constant(54)
	offset, mantissa, low := l.bits(0x3ff0000000000000-root), l.bits(1<<52-1), l.bits(root)
	magic, bias := l.constant(0x1p52), l.constant(0x1p52+1023)
	infinite, negative, none, zero := l.constant(math.Inf(1)), l.constant(math.Inf(-1)), l.constant(math.NaN()), l.constant(0)
	return func(in, _ []VecVirtual) []VecVirtual {
		x := in[0]
		tiny := l.compare(x, isLess, normal)
		y := l.addInt(l.choose(tiny, l.mul(x, up), x), offset)
		k := l.sub(l.sub(l.or(l.shiftRight(y, 52), magic), bias), l.only(tiny, steps))
		m := l.addInt(l.and(y, mantissa), low)
		r := g.of(l.sub(m, g.one), k)
		r = l.choose(l.compare(x, notLess, infinite), x, r) // +Inf and NaN
		r = l.choose(l.compare(x, isLess, zero), none, r)
		return []VecVirtual{l.choose(l.compare(x, isEqual, zero), negative, r)}
	}
}

// softplus is max(v, 0) + log(1 + e), e = e^−|v|; for 1 + e above √2, log(1 + e) =
// ln 2 + log(1 + (e − 1)/2).
type softplus struct {
	*exponential
	log   *logarithm
	sign  constant
	above constant
	zero  constant
}

func (l *level) newSoftplus() *softplus {
	return &softplus{l.newExp(), l.newLog(), l.constant(math.Copysign(0, -1)), l.constant(math.Sqrt2 - 1), l.constant(0)}
}

func (s *softplus) of(v VecVirtual) (y, e VecVirtual) {
	l := s.l
	e = s.ofNegative(l.or(v, s.sign))
	above := l.compare(e, isGreater, s.above)
	f := l.choose(above, l.mul(l.sub(e, s.one), s.log.half), e)
	y = s.log.of(f, l.only(above, s.one))
	return l.add(l.max(s.zero, v), y), e
}

func softplusKernel(l *level) body {
	s := l.newSoftplus()
	return func(x, _ []VecVirtual) []VecVirtual {
		y, _ := s.of(x[0])
		return []VecVirtual{y}
	}
}

func softplusSlopeKernel(l *level) body {
	s := l.newSoftplus()
	return func(x, _ []VecVirtual) []VecVirtual {
		y, e := s.of(x[0])
		return []VecVirtual{y, l.div(l.choose(l.negative(x[0]), e, s.one), l.add(e, s.one))}
	}
}

// circular computes sine and cosine for |x| ≤ 2²⁰: x = n·π/2 + r with π/2 in three
// parts, of which the first two are subtracted without or with one rounding.
type circular struct {
	l                *level
	perHalfPi, shift constant
	halfPi           []constant
	sine, cosine     []constant
	sign, one, half  constant
}

func (l *level) newCircular() *circular {
	per, _ := over(number(1), halfPi()).Float64()
	alternate := func(first, offset int) func(int) *big.Float {
		return func(k int) *big.Float {
			v := over(number(1), factorial(2*k+offset))
			if (k+first)%2 == 1 {
				v = v.Neg(v)
			}
			return v
		}
	}
	const square = 0.61686 // (π/4)²
	return &circular{l: l, perHalfPi: l.constant(per), shift: l.constant(0x1.8p52), halfPi: l.constants(split(halfPi(), 53, 3)),
		sine:   l.constants(interpolate(alternate(1, 3), 0, square, 5)), // (sin r − r)/r³
		cosine: l.constants(interpolate(alternate(0, 4), 0, square, 5)), // (cos r − 1 + r²/2)/r⁴
		sign:   l.constant(math.Copysign(0, -1)), one: l.constant(1), half: l.constant(0.5)}
}

// of returns the sine and cosine of r, and n in the low bits.
func (c *circular) of(x VecVirtual) (sine, cosine, n VecVirtual) {
	l := c.l
	q := l.round(l.mul(x, c.perHalfPi))
	for _, part := range c.halfPi {
		l.subtract(x, q, part)
	}
	n = l.add(q, c.shift)
	z := l.mul(x, x)
	sine = l.horner(z, c.sine)
	l.step(sine, l.mul(x, z), x)
	p := l.horner(z, c.cosine)
	h := l.mul(z, c.half)
	w := l.sub(c.one, h)
	rest := l.sub(l.sub(c.one, w), h)
	l.step(p, l.mul(z, z), rest)
	return sine, l.add(w, p), n
}

// turned is the sine of r + n·π/2: the cosine where n is odd, with the sign of n's
// second bit.
func (c *circular) turned(sine, cosine, n VecVirtual) VecVirtual {
	l := c.l
	y := l.choose(l.negative(l.shiftLeft(n, 63)), cosine, sine)
	return l.xor(y, l.and(l.shiftLeft(n, 62), c.sign))
}

func sinKernel(l *level) body {
	c := l.newCircular()
	return func(x, _ []VecVirtual) []VecVirtual { return []VecVirtual{c.turned(c.of(x[0]))} }
}

func cosKernel(l *level) body {
	c := l.newCircular()
	unit := l.bits(1)
	return func(x, _ []VecVirtual) []VecVirtual {
		s, k, n := c.of(x[0])
		return []VecVirtual{c.turned(s, k, l.addInt(n, unit))}
	}
}

func sinSlopeKernel(l *level) body {
	c := l.newCircular()
	unit := l.bits(1)
	return func(x, _ []VecVirtual) []VecVirtual {
		s, k, n := c.of(x[0])
		y := c.turned(s, k, n)
		return []VecVirtual{y, c.turned(s, k, l.addInt(n, unit))}
	}
}
