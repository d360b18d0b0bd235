package dynamics

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"govern/ode"
)

// ramps has two channels of truth and predictions whose error grows as t/10, so
// that the threshold 0.4 is passed at t = 4.
func ramps() (times []float64, truth, prediction [][]float64) {
	truth, prediction = make([][]float64, 2), make([][]float64, 2)
	for k := range 1001 {
		at := 0.01 * float64(k)
		times = append(times, at)
		for c := range truth {
			v := math.Sin(at + float64(c))
			truth[c] = append(truth[c], v)
			prediction[c] = append(prediction[c], v+at/10)
		}
	}
	return times, truth, prediction
}

var unit = []float64{1, 1}

func TestValidTimeEndsAtTheThreshold(t *testing.T) {
	times, truth, prediction := ramps()
	if v, over := ValidTime(times, truth, prediction, unit, nil); !over || math.Abs(v-4) > 0.011 {
		t.Errorf("valid time %g, %v", v, over)
	}
	if v, over := ValidTime(times, truth, truth, unit, nil); over || v != 10 {
		t.Errorf("perfect prediction: %g, %v", v, over)
	}
	prediction[1][200] = math.NaN()
	truth[0][100] = math.NaN()
	if v, over := ValidTime(times, truth, prediction, unit, nil); !over || v != times[200] {
		t.Errorf("prediction that ends at 2: %g, %v", v, over)
	}
}

// Noise of 30 % would end a perfect prediction at once if it were not considered;
// over 20 seeds it must neither end one nor hide a wrong one. An error that grows
// this slowly is caught early, by the noise left in the window, from 0.25 on.
func TestValidTimeConsidersMeasurementNoise(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 0))
		times, truth, prediction := ramps()
		clean := make([][]float64, 2)
		for c := range truth {
			clean[c] = append(clean[c], truth[c]...)
			for k := range truth[c] {
				truth[c][k] += 0.3 * rng.NormFloat64()
			}
		}
		noise := []float64{0.3, 0.3}
		if v, over := ValidTime(times, truth, clean, unit, noise); over {
			t.Errorf("seed %d: a perfect prediction ends at %g", seed, v)
		}
		if v, over := ValidTime(times, truth, prediction, unit, noise); !over || v < 2.3 || v > 4.2 {
			t.Errorf("seed %d: valid time %g, %v, want 2.5 to 4", seed, v, over)
		}
	}
	times, truth, prediction := ramps()
	if v, _ := ValidTime(times, truth, prediction, unit, []float64{5, 5}); !math.IsNaN(v) {
		t.Errorf("only noise: valid time %g", v)
	}
	if v, _ := ValidTime(times, truth, prediction, unit, []float64{5, 0}); math.Abs(v-4) > 0.011 {
		t.Errorf("one channel ruined by noise: valid time %g", v)
	}
}

// Tolerances of 1e-9 a step grow by e^(0.9056·t): 17 to 27 Lyapunov times.
func TestHorizonOfLorenz(t *testing.T) {
	sys := catalogue(t, "lorenz", nil)
	times := make([]float64, 5001)
	for k := range times {
		times[k] = 0.01 * float64(k)
	}
	h, err := Horizon(background, sys, sys.Start, times, []float64{7.9, 9, 8.6})
	if err != nil || h*0.9056 < 14 || h*0.9056 > 30 {
		t.Errorf("horizon %g (%g Lyapunov times), %v", h, 0.9056*h, err)
	}
}

func TestFreeRunThatBlowsUpIsNaNFromThere(t *testing.T) {
	sys := catalogue(t, "rossler-14", nil)
	times := make([]float64, 101)
	for k := range times {
		times[k] = float64(k)
	}
	r, err := FreeRun(background, sys, []float64{100, 0, 1}, times, ode.Options{Bound: 1e5})
	var blowUp *ode.BlowUpError
	if err != nil || !errors.As(r.End, &blowUp) || !math.IsNaN(r.Values[0][100]) || math.IsNaN(r.Values[0][0]) || len(r.Values[2]) != 101 {
		t.Errorf("%v, end %v", err, r.End)
	}
}
