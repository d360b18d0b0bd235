package series_test

import (
	"math"
	"testing"

	"govern/series"
)

func TestMaximaAreThoseThatStandOut(t *testing.T) {
	nan := math.NaN()
	// Waves of height 1, 2 and 3 with ripples of 0.1 and a gap; what begins or ends
	// the series is no maximum.
	var x []float64
	for wave := 1; wave <= 3; wave++ {
		for i := range 100 {
			s := math.Sin(math.Pi * (float64(i) + 0.3) / 100)
			x = append(x, float64(wave)*s*s+0.1*math.Sin(float64(i)))
		}
	}
	x = append(append([]float64{9}, x...), 0, 0, 9)
	x[130] = nan
	got := series.Maxima(x, 0.5)
	if len(got) != 3 {
		t.Fatalf("%d maxima: %v", len(got), got)
	}
	for i, v := range got {
		if want := float64(i + 1); math.Abs(v-want) > 0.12 {
			t.Errorf("maximum %d is %g, want %g within the ripple", i, v, want)
		}
	}
	// Between samples the parabola is exact.
	parabola := []float64{-10, 1 - 1.3*1.3, 1 - 0.3*0.3, 1 - 0.7*0.7, -10}
	if got := series.Maxima(append([]float64{0, -20}, parabola...), 0.5); len(got) != 1 || math.Abs(got[0]-1) > 1e-12 {
		t.Errorf("the parabola's summit is %v, want 1", got)
	}
}

func TestAutocorrelationOfKnownSeries(t *testing.T) {
	alternating := make([]float64, 1001)
	for i := range alternating {
		alternating[i] = 5 + math.Pow(-1, float64(i))
	}
	alternating[500] = math.NaN()
	got := series.Autocorrelation(alternating, 3)
	for k, want := range []float64{1, -1, 1, -1} {
		if math.Abs(got[k]-want) > 1e-12 {
			t.Errorf("lag %d: %g, want %g", k, got[k], want)
		}
	}
	// x_i = 0.8·x_{i−1} + noise has 0.8^k.
	x := make([]float64, 200_000)
	state := uint64(9)
	for i := 1; i < len(x); i++ {
		state = state*6364136223846793005 + 1442695040888963407
		x[i] = 0.8*x[i-1] + float64(state>>11)/(1<<53) - 0.5
	}
	for k, r := range series.Autocorrelation(x, 5) {
		if want := math.Pow(0.8, float64(k)); math.Abs(r-want) > 0.015 { // five standard errors
			t.Errorf("lag %d: %g, want %g", k, r, want)
		}
	}
	for k, r := range series.Autocorrelation([]float64{3, 3, 3}, 4) {
		if !math.IsNaN(r) {
			t.Errorf("a constant has the autocorrelation %g at lag %d", r, k)
		}
	}
}
