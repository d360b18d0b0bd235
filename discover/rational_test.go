package discover

import (
	"math"
	"testing"

	"govern/discover/terms"
)

// x·y/(1 + 3x + y/20) is a fraction whose denominator the regression finds exactly.
func TestTheImplicitRegressionFindsADenominator(t *testing.T) {
	var x, y, f []float64
	for i := range 200 {
		a, b := 1+math.Sin(float64(i)), 1.5+math.Cos(1.7*float64(i))
		x, y, f = append(x, a), append(y, b), append(f, a*b/(1+3*a+b/20))
	}
	numerator := append(append(terms.Compositions(0, 2), terms.Compositions(1, 2)...), terms.Compositions(2, 2)...)
	c := regressDenominator([][]float64{x, y}, f, numerator, terms.Compositions(1, 2))
	if len(c) != 2 || math.Abs(c[0]-3) > 1e-6 || math.Abs(c[1]-0.05) > 1e-6 {
		t.Errorf("found %v, want 3 and 0.05", c)
	}
}

// The gradient of a function of x + y/2 has one direction, whatever the function.
func TestTheFirstDirectionOfAMatrixLeavesItsRest(t *testing.T) {
	direction, rest := principalDirection([]float64{4, 2, 2, 1}, 2)
	if rest > 1e-12 || math.Abs(direction[1]/direction[0]-0.5) > 1e-12 {
		t.Errorf("direction %v, rest %g", direction, rest)
	}
	if direction, _ := principalDirection(make([]float64, 4), 2); direction != nil {
		t.Errorf("a matrix of zeros has direction %v", direction)
	}
}
