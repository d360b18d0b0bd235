package series

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// lorenz integrates the Lorenz system (10, 28, 8/3) by RK4 with a step of at
// most 0.001 and returns n samples at the given times, after a transient.
func lorenz(times []float64) (x, y, z []float64) {
	s := [3]float64{1, 1, 20}
	f := func(s [3]float64) [3]float64 {
		return [3]float64{10 * (s[1] - s[0]), s[0]*(28-s[2]) - s[1], s[0]*s[1] - 8.0/3*s[2]}
	}
	axpy := func(a float64, d, s [3]float64) [3]float64 {
		return [3]float64{s[0] + a*d[0], s[1] + a*d[1], s[2] + a*d[2]}
	}
	advance := func(span float64) {
		steps := int(math.Ceil(span / 0.001))
		h := span / float64(steps)
		for range steps {
			k1 := f(s)
			k2 := f(axpy(h/2, k1, s))
			k3 := f(axpy(h/2, k2, s))
			k4 := f(axpy(h, k3, s))
			for i := range s {
				s[i] += h / 6 * (k1[i] + 2*k2[i] + 2*k3[i] + k4[i])
			}
		}
	}
	advance(20)
	for i := range times {
		if i > 0 {
			advance(times[i] - times[i-1])
		}
		x, y, z = append(x, s[0]), append(y, s[1]), append(z, s[2])
	}
	return x, y, z
}

func regular(n int, dt float64) []float64 {
	t := make([]float64, n)
	for i := range t {
		t[i] = float64(i) * dt
	}
	return t
}

// poisson returns n times with exponentially distributed intervals.
func poisson(n int, dt float64, random *rand.Rand) []float64 {
	t := make([]float64, n)
	for i := 1; i < n; i++ {
		t[i] = t[i-1] + dt*math.Max(random.ExpFloat64(), 1e-3)
	}
	return t
}

func noisy(x []float64, sigma float64, random *rand.Rand) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		y[i] = x[i] + sigma*random.NormFloat64()
	}
	return y
}

func within(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got/want-1) <= relative) {
		t.Errorf("%s: %g, want %g within %g %%", what, got, want, 100*relative)
	}
}

// The tolerance of 5 % is that of well-sampled channels; at 10,000 samples it is
// four standard errors of the sixth order.
func TestNoiseSigmaFindsWhiteNoiseOnLorenz(t *testing.T) {
	times := regular(10000, 0.01)
	x, y, z := lorenz(times)
	for name, signal := range map[string][]float64{"x": x, "y": y, "z": z} {
		for _, level := range []float64{0.01, 0.05, 0.1, 0.2, 0.4} {
			random := rand.New(rand.NewPCG(1, uint64(1000*level)))
			want := level * Std(signal)
			got, order := NoiseSigma(times, noisy(signal, want, random))
			within(t, fmt.Sprintf("%s, noise %g, order %d", name, level, order), got, want, 0.05)
		}
	}
}

func TestNoiseSigmaFindsWhiteNoiseOnASine(t *testing.T) {
	times := regular(5000, 0.1)
	signal := make([]float64, len(times))
	for i, at := range times {
		signal[i] = 3 + math.Sin(at)
	}
	for _, level := range []float64{1e-3, 0.01, 0.1, 0.4} {
		random := rand.New(rand.NewPCG(2, uint64(1e4*level)))
		want := level * Std(signal)
		got, _ := NoiseSigma(times, noisy(signal, want, random))
		within(t, fmt.Sprintf("noise %g", level), got, want, 0.05)
	}
}

func TestNoiseSigmaHoldsOnIrregularSampling(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	times := poisson(10000, 0.01, random)
	x, _, _ := lorenz(times)
	for _, level := range []float64{0.05, 0.1, 0.4} {
		want := level * Std(x)
		got, _ := NoiseSigma(times, noisy(x, want, random))
		within(t, fmt.Sprintf("noise %g", level), got, want, 0.05)
	}
}

func TestNoiseSigmaNeverDifferencesAcrossGaps(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 1))
	times := regular(10000, 0.01)
	x, _, _ := lorenz(times)
	want := 0.01 * Std(x)
	y := noisy(x, want, random)
	for i := range y {
		if i%37 == 5 || i%1000 > 900 {
			y[i] = math.NaN()
		}
	}
	got, _ := NoiseSigma(times, y)
	within(t, "missing samples", got, want, 0.05)

	for i := range y { // two of three samples missing: the rest is regular again
		if i%3 != 0 {
			y[i] = math.NaN()
		} else {
			y[i] = x[i] + want*random.NormFloat64()
		}
	}
	got, _ = NoiseSigma(times, y)
	within(t, "every third sample", got, want, 0.05)
}

func TestNoiseSigmaHasFloors(t *testing.T) {
	times := regular(2000, 0.001)
	signal, coarse := make([]float64, len(times)), make([]float64, len(times))
	for i, at := range times {
		signal[i] = math.Sin(at)
		coarse[i] = math.Round(signal[i]/0.05) * 0.05
	}
	if got, _ := NoiseSigma(times, signal); got != 1e-4*Std(signal) {
		t.Errorf("noise-free: %g, want the floor %g", got, 1e-4*Std(signal))
	}
	got, _ := NoiseSigma(times, coarse)
	if want := 0.05 / math.Sqrt(12); got < want*(1-1e-9) {
		t.Errorf("quantised: %g, want at least %g", got, want)
	}
}

func TestNoiseSigmaOfShortAndConstantSeries(t *testing.T) {
	if got, order := NoiseSigma([]float64{0, 1, 2}, []float64{1, 2, 3}); order != 0 || got != Std([]float64{1, 2, 3}) {
		t.Errorf("short: %g, order %d", got, order)
	}
	if got, _ := NoiseSigma(regular(100, 1), make([]float64, 100)); got != 0 {
		t.Errorf("constant: %g", got)
	}
	if got, _ := NoiseSigma(nil, nil); !math.IsNaN(got) {
		t.Errorf("empty: %g", got)
	}
}

func TestDifferenceWeightsAreBinomialOnARegularGrid(t *testing.T) {
	got := make([]float64, 4)
	differenceWeights(got, regular(4, 0.3))
	for j, binomial := range []float64{-1, 3, -3, 1} {
		if want := binomial / math.Sqrt(20); math.Abs(got[j]-want) > 1e-14 {
			t.Errorf("weight %d: %g, want %g", j, got[j], want)
		}
	}
}

func TestCharacteristicTimeIsAQuarterPeriodOfASine(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 1))
	sine := func(times []float64) []float64 {
		x := make([]float64, len(times))
		for i, at := range times {
			x[i] = 5 + 2*math.Sin(2*math.Pi*at/7)
		}
		return x
	}
	times := regular(2000, 0.1)
	x := sine(times)
	within(t, "clean", CharacteristicTime(times, x), 7.0/4, 0.02)
	within(t, "5 % noise", CharacteristicTime(times, noisy(x, 0.05*Std(x), random)), 7.0/4, 0.02)
	irregular := poisson(2000, 0.1, random)
	within(t, "irregular", CharacteristicTime(irregular, sine(irregular)), 7.0/4, 0.05)
	for i := range x {
		if i%400 > 300 || i%29 == 0 {
			x[i] = math.NaN()
		}
	}
	within(t, "gaps", CharacteristicTime(times, x), 7.0/4, 0.1)
}

func TestCharacteristicTimeWithoutCrossings(t *testing.T) {
	times := regular(11, 1)
	if got := CharacteristicTime(times, times); got != 5 {
		t.Errorf("ramp: %g, want half of 10", got)
	}
	if got := CharacteristicTime(times, make([]float64, 11)); got != 0 {
		t.Errorf("constant: %g, want 0", got)
	}
}

func TestQuantisationStepSeesLatticesOnly(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 1))
	for _, step := range []float64{0.05, 1, 0.0390625, 1e-6} {
		x := make([]float64, 500)
		for i := range x {
			x[i] = math.Round(100*random.NormFloat64())*step + 0.3
		}
		within(t, "lattice", QuantisationStep(x), step, 1e-6)
	}
	x := noisy(make([]float64, 500), 1, random)
	if got := QuantisationStep(x); got != 0 {
		t.Errorf("continuous values: step %g", got)
	}
	// A converter's levels, written with three significant digits.
	for i := range x {
		x[i] = math.Round(1000*math.Round(20*random.NormFloat64())*0.04883) / 1000
	}
	within(t, "rounded levels", QuantisationStep(x), 0.04883, 0.02)
}

func TestMeanAndStdIgnoreMissingSamples(t *testing.T) {
	x := []float64{1, math.NaN(), 3}
	if Mean(x) != 2 || Std(x) != 1 {
		t.Errorf("mean %g, std %g", Mean(x), Std(x))
	}
	if !math.IsNaN(Mean(nil)) || !math.IsNaN(Std([]float64{math.NaN()})) {
		t.Error("nothing left must give NaN")
	}
}

func TestRMSIsTheRootOfTheMeanSquare(t *testing.T) {
	if got := RMS([]float64{3, -4, 0, 0}); got != 2.5 {
		t.Errorf("%v, want 2.5", got)
	}
	if got := RMS(nil); got != 0 {
		t.Errorf("%v of nothing", got)
	}
}

func TestMedianIsTheMiddleOfWhatIsThere(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want float64
	}{
		{[]float64{3, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{math.NaN(), 5, math.NaN(), 1}, 3},
		{[]float64{1, math.Inf(1), math.Inf(1)}, math.Inf(1)},
	} {
		if got := Median(c.x); got != c.want {
			t.Errorf("median of %v = %v, want %v", c.x, got, c.want)
		}
	}
	for _, x := range [][]float64{nil, {math.NaN()}} {
		if got := Median(x); !math.IsNaN(got) {
			t.Errorf("median of %v = %v, want NaN", x, got)
		}
	}
}

func TestRegularAllowsAThousandthOfAStep(t *testing.T) {
	times := regular(100, 0.1)
	if step, ok := Regular(times); !ok || math.Abs(step-0.1) > 1e-12 {
		t.Errorf("a regular grid: step %v, %v", step, ok)
	}
	times[50] += 0.5e-4
	if _, ok := Regular(times); !ok {
		t.Error("half a thousandth off a step is irregular")
	}
	times[50] += 2e-4
	if _, ok := Regular(times); ok {
		t.Error("two and a half thousandths off a step are regular")
	}
}

func TestMedianNoiseTellsNoiseFromMotion(t *testing.T) {
	for _, per := range []float64{8, 10, 60} {
		for _, noise := range []float64{0, 0.3} {
			times := regular(1000, 1)
			x := make([]float64, len(times))
			rng := rand.New(rand.NewPCG(5, 6))
			for i := range x {
				x[i] = math.Sin(2*math.Pi*times[i]/per) + noise*rng.NormFloat64()
				if i%50 == 7 {
					x[i] += 20 * noise // outliers
				}
			}
			got := MedianNoise(times, x)
			if got.White != (noise > 0) {
				t.Errorf("noise %g, %g samples a cycle: white %v, σ %g", noise, per, got.White, got.Sigma)
			}
			// 2 % of outliers are in up to 14 % of the differences, which moves their median by 18 %.
			if noise > 0 && !(math.Abs(got.Sigma/noise-1) < 0.25) {
				t.Errorf("%g samples a cycle: %g, true %g", per, got.Sigma, noise)
			}
		}
	}
	if got := MedianNoise(regular(9, 1), make([]float64, 9)); got.Freedom != 0 || got.White {
		t.Errorf("nine samples: %+v", got)
	}
}
