package lane

import (
	"math"

	"golang.org/x/sys/cpu"
)

//go:generate go -C asm run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg lane

// tables returns what this machine runs, slowest first.
func tables() []*Table {
	all := []*Table{Pure()}
	if x := cpu.X86; x.HasAVX2 && x.HasFMA && x.HasBMI2 {
		all = append(all, avx2())
		if x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512VL {
			all = append(all, avx512())
		}
	}
	return all
}

// What a level has no kernel for stays that of Pure.

func avx2() *Table {
	t := Pure()
	t.Level = "avx2"
	t.Add, t.Sub, t.Mul, t.Div, t.Min, t.Max = addAVX2, subAVX2, mulAVX2, divAVX2, minAVX2, maxAVX2
	t.Less, t.LessEqual, t.Equal = lessAVX2, lessEqualAVX2, equalAVX2
	t.MulAdd, t.Select = mulAddAVX2, chooseAVX2
	t.Neg, t.Abs, t.Sqrt, t.Floor = negAVX2, absAVX2, sqrtAVX2, floorAVX2
	t.Exp, t.Log, t.Tanh, t.Logistic, t.Softplus, t.Rbf = expAVX2, logAVX2, tanhAVX2, logisticAVX2, softplusAVX2, rbfAVX2
	t.Sin, t.Cos = near(sinNearAVX2, math.Sin), near(cosNearAVX2, math.Cos)
	t.SoftplusSlope, t.RbfSlope, t.SinSlope = softplusSlopeAVX2, rbfSlopeAVX2, nearSlope(sinSlopeNearAVX2)
	t.Accumulate, t.Scale, t.Axpy, t.Linear, t.Combine = accumulateAVX2, scaleAVX2, axpyAVX2, linearAVX2, combineAVX2
	t.TanhBack, t.Cubic = tanhBackAVX2, cubicAVX2
	t.guard(pointed{affineAVX2, weightGradientAVX2, reflectAVX2, accumulateRowsAVX2, combineRowsAVX2})
	return t
}

func avx512() *Table {
	t := Pure()
	t.Level = "avx512"
	t.Add, t.Sub, t.Mul, t.Div, t.Min, t.Max = addAVX512, subAVX512, mulAVX512, divAVX512, minAVX512, maxAVX512
	t.Less, t.LessEqual, t.Equal = lessAVX512, lessEqualAVX512, equalAVX512
	t.MulAdd, t.Select = mulAddAVX512, chooseAVX512
	t.Neg, t.Abs, t.Sqrt, t.Floor = negAVX512, absAVX512, sqrtAVX512, floorAVX512
	t.Exp, t.Log, t.Tanh, t.Logistic, t.Softplus, t.Rbf = expAVX512, logAVX512, tanhAVX512, logisticAVX512, softplusAVX512, rbfAVX512
	t.Sin, t.Cos = near(sinNearAVX512, math.Sin), near(cosNearAVX512, math.Cos)
	t.SoftplusSlope, t.RbfSlope, t.SinSlope = softplusSlopeAVX512, rbfSlopeAVX512, nearSlope(sinSlopeNearAVX512)
	t.Accumulate, t.Scale, t.Axpy, t.Linear, t.Combine = accumulateAVX512, scaleAVX512, axpyAVX512, linearAVX512, combineAVX512
	t.TanhBack, t.Cubic = tanhBackAVX512, cubicAVX512
	t.guard(pointed{affineAVX512, weightGradientAVX512, reflectAVX512, accumulateRowsAVX512, combineRowsAVX512})
	return t
}

// pointed are the kernels of a level that take pointers.
type pointed struct {
	affine         func(dst, w, b, x *float64, outputs, inputs, lanes int)
	weightGradient func(sums, delta, x *float64, outputs, inputs, lanes int)
	reflect        func(top, v *float64, columns, rows, stride int, head, beta float64)
	accumulateRows func(dst, a, b *float64, rows, lanes int)
	combineRows    func(dst, x, a, b *float64, rows, lanes int, c float64)
}

// guard takes kernels into a table. Assembly knows no bounds, so it looks once a call
// and panics as an index out of range would.
func (t *Table) guard(k pointed) {
	t.Affine = func(dst, w, b, x []float64, inputs, lanes int) {
		if n := outputsOf(dst, w, b, x, inputs, lanes); n > 0 {
			k.affine(first(dst), first(w), first(b), first(x), n, inputs, lanes)
		}
	}
	t.WeightGradient = func(sums, delta, x []float64, inputs, lanes int) {
		if n := outputsOf(delta, sums, nil, x, inputs, lanes); n > 0 {
			_ = sums[:Partials*n*inputs]
			k.weightGradient(first(sums), first(delta), first(x), n, inputs, lanes)
		}
	}
	t.Reflect = func(top, v []float64, rows, stride int, head, beta float64, _ []float64) {
		if reflected(top, v, rows, stride) {
			k.reflect(first(top), first(v), len(top), rows, stride, head, beta)
		}
	}
	t.AccumulateRows = func(dst, a, b []float64) {
		if n := rowsOf(dst, a, b, b); n > 0 {
			k.accumulateRows(first(dst), first(a), first(b), n, len(a))
		}
	}
	t.CombineRows = func(dst, x, a, b []float64, c float64) {
		if n := rowsOf(dst, a, b, x); n > 0 {
			k.combineRows(first(dst), first(x), first(a), first(b), n, len(a), c)
		}
	}
}

func first(s []float64) *float64 {
	if len(s) == 0 {
		return nil
	}
	return &s[0]
}

// outputsOf is the number of rows of y; 0 when there is nothing to do.
func outputsOf(y, w, b, x []float64, inputs, lanes int) int {
	if lanes <= 0 || inputs < 0 {
		return 0
	}
	n := len(y) / lanes
	_, _ = w[:n*inputs], x[:inputs*lanes]
	if b != nil {
		_ = b[:n]
	}
	return n
}

func rowsOf(dst, a, b, x []float64) int {
	if len(a) == 0 {
		return 0
	}
	n := len(dst) / len(a)
	_, _ = b[:n*len(a)], x[:n*len(a)]
	return n
}

func reflected(top, v []float64, rows, stride int) bool {
	if rows > 0 {
		_ = v[:(rows-1)*stride+1+len(top)]
	}
	return len(top) > 0
}

// circle is where the reduction of an angle by three parts of π/2 ends.
const circle = 1 << 20

// near completes a kernel for |a| ≤ circle by the exact function beyond. Which of
// both an element meets depends on it alone.
func near(kernel Unary, exact func(float64) float64) Unary {
	return func(dst, a []float64) {
		dst = dst[:len(a)]
		for len(a) > 0 {
			n := reach(a)
			kernel(dst[:n], a[:n])
			if dst, a = dst[n:], a[n:]; len(a) > 0 {
				dst[0] = exact(a[0])
				dst, a = dst[1:], a[1:]
			}
		}
	}
}

func nearSlope(kernel ActivationSlope) ActivationSlope {
	return func(y, slope, a []float64) {
		y, slope = y[:len(a)], slope[:len(a)]
		for len(a) > 0 {
			n := reach(a)
			kernel(y[:n], slope[:n], a[:n])
			if y, slope, a = y[n:], slope[n:], a[n:]; len(a) > 0 {
				y[0], slope[0] = math.Sincos(a[0])
				y, slope, a = y[1:], slope[1:], a[1:]
			}
		}
	}
}

// reach counts the elements before the first whose size is beyond circle; NaN is not.
func reach(a []float64) int {
	for i, v := range a {
		if math.Abs(v) > circle {
			return i
		}
	}
	return len(a)
}
