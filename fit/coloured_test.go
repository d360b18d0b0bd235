package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"govern/record"
)

func TestOnlyAutoregressiveResidualsAreCorrelatedNoise(t *testing.T) {
	const n = 2000
	rng := rand.New(rand.NewPCG(2, 2))
	var times, white, coloured, wrong []float64
	last := 0.0
	for i := range n {
		times = append(times, 0.1*float64(i))
		white = append(white, rng.NormFloat64())
		last = 0.8*last + 0.6*rng.NormFloat64() // of variance 1
		coloured = append(coloured, 3*last)
		// What a wrong model leaves: a part of the motion beside the noise.
		wrong = append(wrong, rng.NormFloat64()+math.Sin(0.1*float64(i)))
	}
	coloured[100], coloured[500] = math.NaN(), math.NaN()
	entries := []record.Entry{{Times: times}}
	residual := [][][]float64{{white, coloured, wrong}}
	if rho, _, ok := autoregressive(entries, residual, 0); ok {
		t.Errorf("white noise counts as correlated, %g", rho)
	}
	// Standard errors: √((1−ρ²)/n) = 0.013 of ρ, √((1+ρ²)/(1−ρ²)/2n) = 3.4 % of σ.
	if rho, sigma, ok := autoregressive(entries, residual, 1); !ok || math.Abs(rho-0.8) > 0.05 || math.Abs(sigma/3-1) > 0.1 {
		t.Errorf("AR(1) noise: ρ %g, σ %g, recognised %v; want 0.8, 3, true", rho, sigma, ok)
	}
	if rho, _, ok := autoregressive(entries, residual, 2); ok {
		t.Errorf("the residual of a wrong model counts as correlated noise, %g", rho)
	}
	if got := (record.ChannelInfo{Correlation: 0.8}).Inflation(); math.Abs(got-3) > 1e-12 {
		t.Errorf("noise with ρ = 0.8 counts %g times, want 3", got)
	}
}
