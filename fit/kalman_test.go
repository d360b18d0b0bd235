package fit

import (
	"math"
	"testing"
)

// A constant seen n times with unit noise, from a wide start: its mean is theirs, its
// variance 1/n.
func TestTheFilterOfAConstantIsTheMean(t *testing.T) {
	k := newKalman(1)
	k.begin(1, []float64{1e6})
	const n = 50
	sum := 0.0
	for i := range n {
		y := math.Sin(float64(i))
		sum += y
		k.observe([]float64{1, -y}, 0, 1)
		k.advance([]float64{-1, 1, 0}, []float64{0}) // δ' = δ
	}
	// The start counts as one part in 1e12 of a sample.
	if math.Abs(k.mean[0]-sum/n) > 1e-9 || math.Abs(k.cov[0]-1./n) > 1e-9 {
		t.Errorf("%g ± √%g, want %g ± √%g", k.mean[0], k.cov[0], sum/n, 1./n)
	}
}

// The variance of an AR(1) process that nothing measures settles at q/(1 − a²).
func TestAdvancingAddsTheProcessNoise(t *testing.T) {
	const a, q = 0.8, 0.5
	k := newKalman(2)
	k.begin(0, []float64{0, 0})
	// d₂ = 2: rows are divided by it, and so is their noise. The second state follows
	// the first.
	rows := []float64{-2 * a, 0, 2, 0, 0, -2, 0, 0, 2, 0}
	for range 200 {
		k.advance(rows, []float64{2 * math.Sqrt(q), 0})
	}
	want := q / (1 - a*a)
	for i, v := range []float64{want, a * want, a * want, want} {
		if math.Abs(k.cov[i]-v) > 1e-12 {
			t.Errorf("covariance %v: %g, want %g", i, k.cov[i], v)
		}
	}
}
