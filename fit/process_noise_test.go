package fit

import (
	"math"
	"testing"
)

// Whitened defects have the squares that the covariance gives them: of a state w²·dt, of
// an integrated random walk q²·[dt³/3, dt²/2; dt²/2, dt].
func TestWhitenedDefectsHaveUnitCovariance(t *testing.T) {
	const w, q, dt = 0.3, 0.7, 0.2
	noise := processNoise{weight: []float64{w, q, q}, integrated: [][2]int{{1, 2}}}
	x, u, v := 0.5, -0.4, 0.9
	a, b, c := q*q*dt*dt*dt/3, q*q*dt*dt/2, q*q*dt
	det := a*c - b*b
	want := x*x/(w*w*dt) + (c*u*u-2*b*u*v+a*v*v)/det
	if got := noise.whiten([]float64{x, u, v}, nil, dt, 0); math.Abs(got-want) > 1e-12*want {
		t.Errorf("Σ whitened² %v, want %v", got, want)
	}
	if got, want := noise.logVariance(0, dt), math.Log(w*w*dt*det); math.Abs(got-want) > 1e-12 {
		t.Errorf("log det %v, want %v", got, want)
	}
}

// Rows are whitened as their residuals are.
func TestRowsAreWhitenedWithTheirDefects(t *testing.T) {
	noise := processNoise{weight: []float64{0.3, 0.7, 0.7}, integrated: [][2]int{{1, 2}}}
	gap := []float64{1, 2, 3}
	rows := []float64{1, 2, 3} // the residuals as rows of one column
	noise.whiten(gap, rows, 0.2, 1)
	for i := range gap {
		if gap[i] != rows[i] {
			t.Errorf("row %d is %v, its residual %v", i, rows[i], gap[i])
		}
	}
}
