package lane

import (
	"math"
	"math/rand/v2"
	"testing"
)

func random(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// Sizes around blocks of two, four and eight. Tolerance:
// rounding of sums of at most 64 terms of size one.
func TestMatrixKernelsMatchTheirDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	k := Best()
	for _, outputs := range []int{1, 2, 3, 4, 5, 8, 11} {
		for _, inputs := range []int{1, 2, 3, 16, 17} {
			for _, lanes := range []int{1, 2, 3, 7, 8, 9, 16, 33, 64} {
				w, b, x := random(rng, outputs*inputs), random(rng, outputs), random(rng, inputs*lanes)
				delta := random(rng, outputs*lanes)
				transposed := make([]float64, len(w))
				Transpose(transposed, w, outputs, inputs)
				y, z, below := make([]float64, outputs*lanes), make([]float64, outputs*lanes), make([]float64, inputs*lanes)
				k.Affine(y, w, b, x, inputs, lanes)
				k.Affine(z, w, nil, x, inputs, lanes)
				k.Affine(below, transposed, nil, delta, outputs, lanes)
				gradient, sums := make([]float64, len(w)), make([]float64, Partials*len(w))
				k.WeightGradient(sums, delta, x, inputs, lanes)
				k.WeightGradient(sums, delta, x, inputs, lanes)
				Reduce(gradient, sums)
				check := func(what string, got, want float64) {
					if math.Abs(got-want) > 1e-13*(1+math.Abs(want)) {
						t.Fatalf("%s of %d×%d over %d lanes: %g, want %g", what, outputs, inputs, lanes, got, want)
					}
				}
				for o := range outputs {
					for l := range lanes {
						sum := 0.0
						for i := range inputs {
							sum += w[o*inputs+i] * x[i*lanes+l]
						}
						check("product", z[o*lanes+l], sum)
						check("affine", y[o*lanes+l], sum+b[o])
					}
				}
				for i := range inputs {
					for l := range lanes {
						sum := 0.0
						for o := range outputs {
							sum += w[o*inputs+i] * delta[o*lanes+l]
						}
						check("transposed product", below[i*lanes+l], sum)
					}
					for o := range outputs {
						sum := 0.0
						for l := range lanes {
							sum += 2 * delta[o*lanes+l] * x[i*lanes+l]
						}
						check("weight gradient", gradient[o*inputs+i], sum)
					}
				}
			}
		}
	}
}

// Central differences of step 1e-5 are right to about 1e-10.
func TestActivationSlopesMatchCentralDifferences(t *testing.T) {
	k := Best()
	for name, c := range map[string]struct {
		value Unary
		slope ActivationSlope
	}{
		"gelu": {k.Gelu, k.GeluSlope}, "rbf": {k.Rbf, k.RbfSlope}, "sin": {k.Sin, k.SinSlope},
		"softplus": {k.Softplus, k.SoftplusSlope},
		"tanh": {k.Tanh, func(y, slope, a []float64) {
			k.Tanh(y, a)
			for i := range slope {
				slope[i] = 1
			}
			k.TanhBack(slope, y)
		}},
	} {
		for _, v := range []float64{-40, -9, -3, -1, -0.3, 0, 1e-3, 0.3, 1, 3, 9, 40} {
			const h = 1e-5
			a, y, slope, f := []float64{v, v + h, v - h}, make([]float64, 3), make([]float64, 3), make([]float64, 3)
			c.value(f, a)
			c.slope(y, slope, a)
			if math.Abs(y[0]-f[0]) > 4e-16*math.Abs(f[0]) {
				t.Errorf("%s(%g): %.17g, with its slope %.17g", name, v, f[0], y[0])
			}
			want := (f[1] - f[2]) / (2 * h)
			if math.Abs(slope[0]-want) > 1e-9*(1+math.Abs(want)) {
				t.Errorf("%s'(%g) = %g, central difference %g", name, v, slope[0], want)
			}
		}
	}
}

func BenchmarkAffine16x16Lanes64(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	k, w, x, y := Best(), random(rng, 256), random(rng, 1024), make([]float64, 1024)
	for b.Loop() {
		k.Affine(y, w, w[:16], x, 16, 64)
	}
	b.ReportMetric(float64(b.N)*16384/b.Elapsed().Seconds()/1e9, "GMAC/s")
}

func BenchmarkWeightGradient16x16Lanes64(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	k, gradient, x, d := Best(), make([]float64, 256*Partials), random(rng, 1024), random(rng, 1024)
	for b.Loop() {
		k.WeightGradient(gradient, d, x, 16, 64)
	}
	b.ReportMetric(float64(b.N)*16384/b.Elapsed().Seconds()/1e9, "GMAC/s")
}

func BenchmarkTanh(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	k, a, y := Best(), random(rng, 4096), make([]float64, 4096) // more than a branch predictor learns
	for b.Loop() {
		k.Tanh(y, a)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/4096, "ns/value")
}
