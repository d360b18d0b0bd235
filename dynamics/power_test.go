package dynamics_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"govern/dynamics"
)

func TestAPowerSpectrumHoldsTheVarianceWhereItBelongs(t *testing.T) {
	const step, amplitude, f0 = 0.02, 3.0, 4.0
	rng := rand.New(rand.NewPCG(3, 4))
	tone, noise := make([]float64, 8192), make([]float64, 8192)
	for i := range tone {
		tone[i] = 7 + amplitude*math.Sin(2*math.Pi*f0*step*float64(i)+0.3)
		noise[i] = 0.5 * rng.NormFloat64()
	}
	frequency, power, err := dynamics.PowerSpectrum(tone, step, 512)
	if err != nil {
		t.Fatal(err)
	}
	sum, peak := 0.0, 0
	for k, p := range power {
		sum += p * (frequency[1] - frequency[0])
		if p > power[peak] {
			peak = k
		}
	}
	if math.Abs(sum-amplitude*amplitude/2) > 0.01*sum {
		t.Errorf("the tone has the variance %g, want %g", sum, amplitude*amplitude/2)
	}
	if math.Abs(frequency[peak]-f0) > frequency[1]-frequency[0] {
		t.Errorf("the peak is at %g, want %g", frequency[peak], f0)
	}
	if frequency[0] != 1/(512*step) || math.Abs(frequency[len(frequency)-1]-0.5/step) > 1e-9 {
		t.Errorf("frequencies from %g to %g", frequency[0], frequency[len(frequency)-1])
	}
	_, power, err = dynamics.PowerSpectrum(noise, step, 512)
	if err != nil {
		t.Fatal(err)
	}
	level := 0.0
	for _, p := range power {
		level += p / float64(len(power))
	}
	if want := 2 * 0.25 * step; math.Abs(level-want) > 0.05*want { // 1/√8192 of the variance, four times
		t.Errorf("white noise has the level %g, want %g", level, want)
	}
	noise[100] = math.NaN()
	if _, _, err := dynamics.PowerSpectrum(noise, step, 512); err == nil {
		t.Error("a gap is accepted")
	}
	if _, _, err := dynamics.PowerSpectrum(noise[:400], step, 512); err == nil {
		t.Error("less than a stretch is accepted")
	}
}
