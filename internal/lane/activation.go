package lane

import "math"

// tanhBack: dtanh(a)/da = 1 − y².
func tanhBack(d, y []float64) {
	y = y[:len(d)]
	for i, v := range y {
		d[i] *= 1 - v*v
	}
}

func rbf(v float64) float64 { return math.Exp(-v * v) }

func rbfSlope(y, slope, a []float64) {
	y, slope = y[:len(a)], slope[:len(a)]
	for i, v := range a {
		e := math.Exp(-v * v)
		y[i], slope[i] = e, -2*v*e
	}
}

func sinSlope(y, slope, a []float64) {
	y, slope = y[:len(a)], slope[:len(a)]
	for i, v := range a {
		y[i], slope[i] = math.Sincos(v)
	}
}

func softplusSlope(y, slope, a []float64) {
	y, slope = y[:len(a)], slope[:len(a)]
	for i, v := range a {
		e := math.Exp(-math.Abs(v))
		s := 1 / (1 + e)
		if v < 0 {
			s *= e
		}
		y[i], slope[i] = math.Max(v, 0)+math.Log1p(e), s
	}
}

// gelu is v·Φ(v) with the normal distribution function Φ (Hendrycks, Gimpel
// 2016), not its approximation by tanh.
func gelu(v float64) float64 { return v * normal(v) }

func geluSlope(y, slope, a []float64) {
	y, slope = y[:len(a)], slope[:len(a)]
	for i, v := range a {
		phi := normal(v)
		y[i], slope[i] = v*phi, phi+v*math.Exp(-0.5*v*v)/math.Sqrt(2*math.Pi)
	}
}

func normal(v float64) float64 { return 0.5 * math.Erfc(-v/math.Sqrt2) }
