package optim

import (
	"math"
	"testing"
)

func TestTheScalarMinimumIsTheDeepestOfSeveral(t *testing.T) {
	calls := 0
	// Minima near ±1, the one at +1 deeper.
	f := func(x float64) float64 { calls++; return (x*x-1)*(x*x-1) - 0.3*x }
	x := ScalarMinimum(f, -2, 2)
	// Where the slope 4x³ − 4x − 0.3 vanishes; golden sections end at 4/28·2·0.618²⁴ ≈ 3e-6.
	if slope := 4*x*x*x - 4*x - 0.3; x < 0 || math.Abs(slope) > 8*1e-5 {
		t.Errorf("x = %v, slope %v", x, slope)
	}
	if calls > 55 {
		t.Errorf("%d evaluations", calls)
	}
	if x := ScalarMinimum(func(x float64) float64 { return x }, 3, 4); x > 3.001 {
		t.Errorf("a slope's minimum is %v, want its end 3", x)
	}
}

func TestTheScalarCrossingIsTheFirstOnTheWay(t *testing.T) {
	f := func(x float64) float64 { return math.Sin(x) }
	if x := ScalarCrossing(f, 0, 10, 0.5); math.Abs(x-math.Pi/6) > 1e-9 {
		t.Errorf("sine rises through 0.5 at %v, want π/6", x)
	}
	if x := ScalarCrossing(f, 0, -1, 0.5); x != -1 {
		t.Errorf("sine does not reach 0.5 on the way to −1: %v", x)
	}
}
