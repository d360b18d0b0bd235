package optim

import "math"

// golden is the golden section, (√5 − 1)/2.
const golden = 0.6180339887498949

// ScalarMinimum is where a function with one or few minima on an interval is least: a
// grid, then golden sections around its best point. Cost: 55 evaluations.
func ScalarMinimum(f func(float64) float64, low, high float64) float64 {
	const points, rounds = 28, 24
	best, least := low, math.Inf(1)
	step := (high - low) / points
	for i := range points + 1 {
		x := low + float64(i)*step
		if v := f(x); v < least {
			best, least = x, v
		}
	}
	a, b := math.Max(best-step, low), math.Min(best+step, high)
	x, y := b-golden*(b-a), a+golden*(b-a)
	fx, fy := f(x), f(y)
	for range rounds {
		if fx < fy {
			b, y, fy = y, x, fx
			x = b - golden*(b-a)
			fx = f(x)
		} else {
			a, x, fx = x, y, fy
			y = a + golden*(b-a)
			fy = f(y)
		}
	}
	return (a + b) / 2
}

// ScalarCrossing is where f rises through a level on the way from a minimum to an end;
// the end where it does not. Cost: at most 70 evaluations.
func ScalarCrossing(f func(float64) float64, from, to, level float64) float64 {
	const steps, rounds = 40, 30
	before := from
	for i := 1; i <= steps; i++ {
		x := from + (to-from)*float64(i)/steps
		if f(x) < level {
			before = x
			continue
		}
		for range rounds {
			mid := (before + x) / 2
			if f(mid) < level {
				before = mid
			} else {
				x = mid
			}
		}
		return before
	}
	return to
}
