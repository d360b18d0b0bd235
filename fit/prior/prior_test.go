package prior

import (
	"math"
	"testing"

	"govern/optim"
)

// example has a given prior, two values around a mean, and a weight.
func example() (Set, []float64) {
	return Set{
		Given:   []Normal{{Column: 0, Mean: -1, Value: 2, SD: 0.5}},
		Drawn:   []Normal{{Column: 2, Mean: 1, Spread: 0}, {Column: 3, Mean: 1, Spread: 0}},
		Spreads: []Spread{{Parameter: "a", Value: 0.25}},
		Named:   4,
	}, []float64{3, 1, 1.5, 0.75, 10}
}

func TestTheObjectiveIsTheSquareOfTheRows(t *testing.T) {
	s, border := example()
	// (1/0.5)² + (0.5/0.25)² + (0.25/0.25)² + Ridge·10²
	const want = 4 + 4 + 1 + 100*Ridge
	if got := s.Objective(border); math.Abs(got-want) > 1e-12 {
		t.Errorf("objective %v, want %v", got, want)
	}
	sum := 0.0
	rows := s.AppendDrawnRows(s.AppendRows(nil, border), border)
	for i := len(border); i < len(rows); i += len(border) + 1 {
		sum += rows[i] * rows[i]
	}
	if len(rows) != 4*(len(border)+1) || math.Abs(sum-want) > 1e-12 {
		t.Errorf("%d numbers in rows, Σ residual² %v, want %v", len(rows), sum, want)
	}
}

func TestTheGradientIsThatOfTheObjective(t *testing.T) {
	s, border := example()
	gradient := make([]float64, len(border))
	const share = 0.5
	s.AddGradient(border, gradient, share)
	for j := range border {
		const h = 1e-5 // the objective is quadratic: central differences are exact but for rounding
		at := border[j]
		border[j] = at + h
		up := s.Objective(border)
		border[j] = at - h
		down := s.Objective(border)
		border[j] = at
		if want := share * (up - down) / (2 * h); math.Abs(gradient[j]-want) > 1e-8 {
			t.Errorf("column %d: %v, differences say %v", j, gradient[j], want)
		}
	}
}

// Of n values that are equally well known the restricted likelihood is largest where the
// spread's square is their variance, with n − 1, less that of each.
func TestTheSpreadOfABalancedSampleIsItsVarianceLessTheNoise(t *testing.T) {
	values := []float64{-1.3, 0.2, 0.4, 1.9, 3.1}
	const sd = 0.3
	s := Set{Spreads: []Spread{{Parameter: "a", Value: 1}}, Named: len(values) + 1}
	width := len(values) + 2
	var rows []float64
	mean := 0.0
	for k, v := range values {
		row := make([]float64, width) // (a_k − v)/sd at a_k = 0
		row[k+1], row[width-1] = 1/sd, -v/sd
		rows = append(rows, row...)
		s.Drawn = append(s.Drawn, Normal{Column: k + 1, Mean: 0})
		mean += v / float64(len(values))
	}
	border := make([]float64, width-1)
	var f optim.Factor
	f.Eliminate(&optim.Linear{N: 1, P: width - 1, Prior: rows, Late: s.AppendDrawnRows(nil, border)}, optim.Damping{})
	s.UpdateSpreads(&f, border)
	variance := 0.0
	for _, v := range values {
		variance += (v - mean) * (v - mean) / float64(len(values)-1)
	}
	got, want := s.Spreads[0], math.Sqrt(variance-sd*sd)
	if math.Abs(got.Value-want) > 1e-3*want {
		t.Errorf("spread %v, want %v", got.Value, want)
	}
	if !(got.Low < got.Value && got.Value < got.High) {
		t.Errorf("interval %v … %v does not hold %v", got.Low, got.High, got.Value)
	}
}
