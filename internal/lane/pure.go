package lane

import "math"

// Pure returns the reference table, in portable Go.
func Pure() *Table {
	return &Table{
		Level: "go",
		Add:   add, Sub: sub, Mul: mul, Div: div,
		Min: each2(lesser), Max: each2(greater), Pow: each2(math.Pow),
		Atan2: each2(math.Atan2), Mod: each2(floorMod),
		Less: less, LessEqual: lessEqual, Equal: equal,
		MulAdd: mulAdd, Select: selectLanes,
		Neg: neg, Abs: each1(math.Abs), Sign: each1(sign), Heaviside: each1(heaviside),
		Floor: each1(math.Floor), Sqrt: each1(math.Sqrt),
		Exp: each1(exp), Log: each1(log), Sin: each1(math.Sin), Cos: each1(math.Cos),
		Asin: each1(math.Asin), Acos: each1(math.Acos), Atan: each1(math.Atan),
		Sinh: each1(math.Sinh), Cosh: each1(math.Cosh), Tanh: each1(math.Tanh),
		Logistic: each1(logistic), Softplus: each1(softplus),
		Erf:        each1(math.Erf),
		Accumulate: accumulate, Scale: scale, Axpy: axpy, Combine: combine,
		Linear: linear, Affine: affine, WeightGradient: weightGradient,
		Gelu: each1(gelu), Rbf: each1(rbf), TanhBack: tanhBack, Cubic: cubic,
		GeluSlope: geluSlope, RbfSlope: rbfSlope, SinSlope: sinSlope, SoftplusSlope: softplusSlope,
		AccumulateRows: accumulateRows, CombineRows: combineRows, Reflect: reflect,
	}
}

// lesser and greater are NaN where one of both is, as IEEE 754-2019 says; math.Min
// prefers −Inf.
func lesser(a, b float64) float64  { return min(a, b) }
func greater(a, b float64) float64 { return max(a, b) }

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

func cubic(dst, t, origin, base, slope, curve, jerk []float64) {
	for l := range dst {
		tau := t[l] - origin[l]
		dst[l] = base[l] + tau*(slope[l]+tau*(curve[l]+tau*jerk[l]))
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

// exp mends math.Exp, whose assembly overflows a little early.
func exp(v float64) float64 {
	if v > 709 {
		h := math.Exp(v / 2)
		return h * h
	}
	return math.Exp(v)
}

// log mends math.Log, whose assembly is wrong for denormal numbers.
func log(v float64) float64 {
	if 0 < v && v < 0x1p-1022 {
		return math.Log(v*0x1p54) - 54*math.Ln2
	}
	return math.Log(v)
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

func reflect(top, v []float64, rows, stride int, head, beta float64, scratch []float64) {
	w := scratch[:len(top)]
	for i, t := range top {
		w[i] = head * t
	}
	for r := range rows {
		if f := v[r*stride]; f != 0 {
			row := v[r*stride+1:][:len(w)]
			for i := range w {
				w[i] += f * row[i]
			}
		}
	}
	for i := range w {
		w[i] *= beta
		top[i] -= head * w[i]
	}
	for r := range rows {
		if f := v[r*stride]; f != 0 {
			row := v[r*stride+1:][:len(w)]
			for i, d := range w {
				row[i] -= f * d
			}
		}
	}
}
