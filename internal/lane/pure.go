package lane

import "math"

// Pure returns the reference table, in portable Go.
func Pure() *Table {
	return &Table{
		Level: "go",
		Add:   add, Sub: sub, Mul: mul, Div: div,
		Min: each2(math.Min), Max: each2(math.Max), Pow: each2(math.Pow),
		Atan2: each2(math.Atan2), Mod: each2(floorMod),
		Less: less, LessEqual: lessEqual, Equal: equal,
		MulAdd: mulAdd, Select: selectLanes,
		Neg: neg, Abs: each1(math.Abs), Sign: each1(sign), Heaviside: each1(heaviside),
		Floor: each1(math.Floor), Sqrt: each1(math.Sqrt),
		Exp: each1(math.Exp), Log: each1(math.Log), Sin: each1(math.Sin), Cos: each1(math.Cos),
		Asin: each1(math.Asin), Acos: each1(math.Acos), Atan: each1(math.Atan),
		Sinh: each1(math.Sinh), Cosh: each1(math.Cosh), Tanh: each1(math.Tanh),
		Logistic: each1(logistic), Softplus: each1(softplus),
		Erf:        each1(math.Erf),
		Accumulate: accumulate, Scale: scale, Axpy: axpy, Combine: combine,
		Linear: linear, Affine: affine, WeightGradient: weightGradient,
		Gelu: each1(gelu), Rbf: each1(rbf), TanhBack: tanhBack,
		GeluSlope: geluSlope, RbfSlope: rbfSlope, SinSlope: sinSlope, SoftplusSlope: softplusSlope,
		AccumulateRows: accumulateRows, CombineRows: combineRows,
	}
}

func each1(f func(float64) float64) Unary {
	return func(dst, a []float64) {
		for i, v := range a {
			dst[i] = f(v)
		}
	}
}

func each2(f func(a, b float64) float64) Binary {
	return func(dst, a, b []float64) {
		for i, v := range a {
			dst[i] = f(v, b[i])
		}
	}
}

func add(dst, a, b []float64) {
	b, dst = b[:len(a)], dst[:len(a)]
	for i, v := range a {
		dst[i] = v + b[i]
	}
}

func sub(dst, a, b []float64) {
	b, dst = b[:len(a)], dst[:len(a)]
	for i, v := range a {
		dst[i] = v - b[i]
	}
}

func mul(dst, a, b []float64) {
	b, dst = b[:len(a)], dst[:len(a)]
	for i, v := range a {
		dst[i] = v * b[i]
	}
}

func div(dst, a, b []float64) {
	b, dst = b[:len(a)], dst[:len(a)]
	for i, v := range a {
		dst[i] = v / b[i]
	}
}

func neg(dst, a []float64) {
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = -v
	}
}

func mulAdd(dst, a, b, c []float64) {
	b, c, dst = b[:len(a)], c[:len(a)], dst[:len(a)]
	for i, v := range a {
		dst[i] = v*b[i] + c[i]
	}
}

func accumulate(dst, a, b []float64) {
	b, dst = b[:len(a)], dst[:len(a)]
	for i, v := range a {
		dst[i] += v * b[i]
	}
}

func scale(dst []float64, s float64) {
	for i := range dst {
		dst[i] *= s
	}
}

func axpy(dst []float64, s float64, a []float64) {
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] += s * v
	}
}

func linear(dst []float64, s float64, a []float64, c float64) {
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = s*v + c
	}
}

func combine(dst, x, h, k []float64, c float64) {
	h, k, dst = h[:len(x)], k[:len(x)], dst[:len(x)]
	for i, v := range x {
		dst[i] = v + c*h[i]*k[i]
	}
}

func less(dst, a, b []float64) {
	for i, v := range a {
		dst[i] = truth(v < b[i])
	}
}

func lessEqual(dst, a, b []float64) {
	for i, v := range a {
		dst[i] = truth(v <= b[i])
	}
}

func equal(dst, a, b []float64) {
	for i, v := range a {
		dst[i] = truth(v == b[i])
	}
}

func selectLanes(dst, a, b, c []float64) {
	for i, v := range a {
		if v != 0 {
			dst[i] = b[i]
		} else {
			dst[i] = c[i]
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v // 0 and NaN stay
}

// heaviside is 0 below 0, ½ at 0 and 1 above.
func heaviside(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return 0
	case v == 0:
		return 0.5
	}
	return v
}

// floorMod is the remainder with the sign of b.
func floorMod(a, b float64) float64 { return a - b*math.Floor(a/b) }

func logistic(v float64) float64 {
	if v >= 0 {
		return 1 / (1 + math.Exp(-v))
	}
	e := math.Exp(v)
	return e / (1 + e)
}

// softplus is log(1 + eᵛ) without overflow.
func softplus(v float64) float64 { return math.Max(v, 0) + math.Log1p(math.Exp(-math.Abs(v))) }

func accumulateRows(dst, a, b []float64) {
	n := len(a)
	for len(dst) >= n && n > 0 {
		d, x := dst[:n], b[:n]
		for i, v := range a {
			d[i] += v * x[i]
		}
		dst, b = dst[n:], b[n:]
	}
}

func combineRows(dst, x, a, b []float64, c float64) {
	n := len(a)
	for len(dst) >= n && n > 0 {
		d, y, z := dst[:n], x[:n], b[:n]
		for i, v := range a {
			d[i] = y[i] + c*v*z[i]
		}
		dst, x, b = dst[n:], x[n:], b[n:]
	}
}
