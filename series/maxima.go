package series

import "math"

// Maxima returns the values of the maxima of x that stand out: x has fallen by
// more than swing since each, and risen by more than swing before it. The value
// is that of the parabola through the highest sample and its neighbours. NaNs are
// skipped.
func Maxima(x []float64, swing float64) []float64 {
	var out []float64
	rising := false
	low, high, at := math.Inf(1), math.Inf(-1), -1
	for i, v := range x {
		switch {
		case math.IsNaN(v):
			continue
		case rising && v > high:
			high, at = v, i
		case rising && v < high-swing:
			out = append(out, summit(x, at))
			rising, low = false, v
		case !rising && v < low:
			low = v
		case !rising && v > low+swing:
			rising, high, at = true, v, i
		}
	}
	return out
}

// summit is the height of the parabola through sample i and its neighbours.
func summit(x []float64, i int) float64 {
	if i == 0 || i+1 == len(x) {
		return x[i]
	}
	bend := x[i-1] - 2*x[i] + x[i+1]
	if rise := x[i+1] - x[i-1]; bend < 0 {
		return x[i] - rise*rise/(8*bend)
	}
	return x[i]
}
