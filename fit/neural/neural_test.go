package neural

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/model"
	"govern/optim"
	"govern/tape"
)

// curve are samples of tanh(2x) with a little noise.
func curve(n int) Samples {
	rng := rand.New(rand.NewPCG(1, 2))
	s := Samples{Arguments: make([][]float64, 1)}
	for range n {
		x := 4*rng.Float64() - 2
		s.Arguments[0] = append(s.Arguments[0], x)
		s.Target = append(s.Target, math.Tanh(2*x)+0.01*rng.NormFloat64())
		s.Spread = append(s.Spread, 0.01)
	}
	return s
}

func formOf(hidden ...int) tape.Neural {
	return tape.Neural{Names: []string{"f"}, Inputs: 1, Hidden: hidden, Gain: []float64{1}, Shift: []float64{0}, Scale: []float64{1}}
}

// The objective, its gradient by a reverse sweep and its rows are three programs.
func TestTheRegressionsProgramsAgree(t *testing.T) {
	n := formOf(3)
	r, err := NewRegression(n, curve(100)) // more than one block of lanes
	if err != nil {
		t.Fatal(err)
	}
	weights := n.Draw(rand.New(rand.NewPCG(3, 4)))
	gradient := make([]float64, len(weights))
	value := r.Evaluate(weights, gradient)
	p := &optim.Point{Border: weights}
	if got := r.Objective(p); math.Abs(got-value) > 1e-12*value {
		t.Errorf("objective %v, with its gradient %v", got, value)
	}
	var l optim.Linear
	if got := r.Linearise(p, &l); math.Abs(got-value) > 1e-12*value {
		t.Errorf("objective %v, with its rows %v", got, value)
	}
	width := len(weights) + 1
	for j, g := range gradient {
		sum, size := 0.0, 0.0
		for i := 0; i < len(l.Prior); i += width {
			sum += 2 * l.Prior[i+j] * l.Prior[i+width-1]
			size += math.Abs(2 * l.Prior[i+j] * l.Prior[i+width-1])
		}
		if math.Abs(sum-g) > 1e-12*size { // rounding of a sum of terms of this size
			t.Errorf("weight %d: gradient %v, rows say %v", j, g, sum)
		}
	}
}

func TestAStartFitsWhatItCan(t *testing.T) {
	s := curve(200)
	form, err := Start(context.Background(), 1, 0, model.Unknown{Name: "f", Arguments: []string{"x"}, Neural: &model.Neural{Hidden: []int{4}}}, s)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(form.Neural.Hidden, []int{4}) {
		t.Errorf("shape %v in place of the model's", form.Neural.Hidden)
	}
	r, err := NewRegression(form.Neural, s)
	if err != nil {
		t.Fatal(err)
	}
	sum, count := 0.0, 0.0
	r.Residuals(form.Neural.Start, func(_ int, left float64, _ func(int) float64) { sum, count = sum+left*left, count+1 })
	// One unit is the truth, so that what is left is the noise: χ² of 200 samples.
	if mean := sum / count; count != 200 || mean > 1+4*math.Sqrt(2./200) {
		t.Errorf("mean square %v of %v residuals", mean, count)
	}
}

func TestWeightsComeBackFormByForm(t *testing.T) {
	a, b := Form{Unknown: 1, Neural: formOf(2)}, Form{Unknown: 0, Neural: formOf(1)}
	rng := rand.New(rand.NewPCG(5, 6))
	a.Neural.Start, b.Neural.Start = a.Neural.Draw(rng), b.Neural.Draw(rng)
	forms := []Form{a, b}
	w := Weights(forms)
	doubled := slices.Clone(w)
	for i := range doubled {
		doubled[i] *= 2
	}
	moved := WithWeights(forms, doubled)
	if !slices.Equal(Weights(moved), doubled) || !slices.Equal(Weights(forms), w) {
		t.Error("weights are in another order, or those of the first forms have moved")
	}
	if Of(forms, 0) != &forms[1] || Of(forms, 2) != nil {
		t.Error("the form of an unknown is that of another")
	}
}
