package main

import (
	"math"
	"math/big"
)

const precision = 300 // bits

func number(v float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(v) }

func apply(f func(z, x, y *big.Float) *big.Float, x, y *big.Float) *big.Float {
	return f(new(big.Float).SetPrec(precision), x, y)
}

func plus(x, y *big.Float) *big.Float  { return apply((*big.Float).Add, x, y) }
func minus(x, y *big.Float) *big.Float { return apply((*big.Float).Sub, x, y) }
func times(x, y *big.Float) *big.Float { return apply((*big.Float).Mul, x, y) }
func over(x, y *big.Float) *big.Float  { return apply((*big.Float).Quo, x, y) }

// interpolate returns the coefficients, from the constant up, of the polynomial of the
// given degree through a power series at the Chebyshev nodes of [low, high]. Its
// error is within a small factor of the least possible.
func interpolate(series func(k int) *big.Float, low, high float64, degree int) []float64 {
	n := degree + 1
	nodes, divided := make([]*big.Float, n), make([]*big.Float, n)
	for i := range n {
		x := (low+high)/2 + (high-low)/2*math.Cos(math.Pi*(float64(i)+0.5)/float64(n))
		nodes[i] = number(x)
		divided[i] = sum(series, nodes[i])
	}
	for level := 1; level < n; level++ { // Newton's divided differences
		for i := n - 1; i >= level; i-- {
			divided[i] = over(minus(divided[i], divided[i-1]), minus(nodes[i], nodes[i-level]))
		}
	}
	c := []*big.Float{divided[n-1]}
	for i := n - 2; i >= 0; i-- { // c ← c·(x − node_i) + divided_i
		next := make([]*big.Float, len(c)+1)
		for k := range next {
			next[k] = number(0)
			if k > 0 {
				next[k] = plus(next[k], c[k-1])
			}
			if k < len(c) {
				next[k] = minus(next[k], times(c[k], nodes[i]))
			}
		}
		next[0] = plus(next[0], divided[i])
		c = next
	}
	out := make([]float64, n)
	for k, v := range c {
		out[k], _ = v.Float64()
	}
	return out
}

func sum(series func(k int) *big.Float, x *big.Float) *big.Float {
	s, power := number(0), number(1)
	for k := range 120 {
		s = plus(s, times(series(k), power))
		power = times(power, x)
	}
	return s
}

func factorial(n int) *big.Float {
	f := number(1)
	for k := 2; k <= n; k++ {
		f = times(f, number(float64(k)))
	}
	return f
}

// split writes x as a sum of float64s of falling size, the first with the given
// number of bits (53: all), the rest with all.
func split(x *big.Float, bits uint, parts int) []float64 {
	var out []float64
	for range parts {
		head := new(big.Float).SetPrec(bits).Set(x)
		v, _ := head.Float64()
		out = append(out, v)
		x = minus(x, head)
		bits = 53
	}
	return out
}

// atanhSeries is Σ x^(2k+1)/(2k+1).
func atanhSeries(x *big.Float) *big.Float {
	s, power := number(0), x
	for k := range 200 {
		s = plus(s, over(power, number(float64(2*k+1))))
		power = times(power, times(x, x))
	}
	return s
}

func atanSeries(x *big.Float) *big.Float {
	s, power := number(0), x
	for k := range 200 {
		term := over(power, number(float64(2*k+1)))
		if k%2 == 1 {
			term = term.Neg(term)
		}
		s = plus(s, term)
		power = times(power, times(x, x))
	}
	return s
}

// ln2 = 2·artanh(1/3); halfPi = 8·arctan(1/5) − 2·arctan(1/239) (Machin).
func ln2() *big.Float { return times(number(2), atanhSeries(over(number(1), number(3)))) }
func halfPi() *big.Float {
	return minus(times(number(8), atanSeries(over(number(1), number(5)))),
		times(number(2), atanSeries(over(number(1), number(239)))))
}
