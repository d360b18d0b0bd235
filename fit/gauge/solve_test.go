package gauge

import (
	"math"
	"slices"
	"testing"
)

// A basis of the same space in any other combination gives the same rows.
func TestEchelonFormDoesNotKnowTheBasis(t *testing.T) {
	units := []float64{1, 1, 1, 1}
	a, b := []float64{1, 0, -1, 0.5}, []float64{0, 1, 2, 0}
	mix := func(p, q float64) []float64 {
		out := make([]float64, len(a))
		for i := range out {
			out[i] = p*a[i] + q*b[i]
		}
		return out
	}
	got := echelon([][]float64{mix(0.3, -0.7), mix(0.9, 0.1)}, units)
	if !slices.Equal(got[0], a) || !slices.Equal(got[1], b) {
		t.Errorf("%v, want %v and %v", got, a, b)
	}
}

func TestEchelonFormLeavesTheUnits(t *testing.T) {
	// One volt is a thousand millivolts: the first coefficient is one by definition.
	got := echelon([][]float64{{0.5, 0.25, 1e-9}}, []float64{1, 1000, 1})
	if want := []float64{1, 500, 0}; !slices.Equal(got[0], want) {
		t.Errorf("%v, want %v", got[0], want)
	}
	if echelon(nil, nil) != nil {
		t.Error("rows of nothing")
	}
}

func TestOnlyRoundingErrorsAreRounded(t *testing.T) {
	for v, want := range map[float64]float64{0.33333: 1. / 3, 1.0000001: 1, 0.3341: 0.3341, 0.005: 0.005, math.Pi: math.Pi} {
		if got := nearTwelfth(v); got != want {
			t.Errorf("%v becomes %v, want %v", v, got, want)
		}
	}
}
