package main

import (
	"context"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"

	"govern/internal/truth"
	"govern/ode"
)

// On a record short enough for one run of the variational equations the filter
// must find the covariance of ordinary least squares, with white and with
// correlated noise, of two records too.
func TestTheBoundIsThatOfLeastSquares(t *testing.T) {
	for name, ways := range map[string]truth.Ways{"white": {}, "AR(1)": {Correlation: 0.8}, "two trials": {Trials: 2}} {
		c := experiment{system: "lorenz", step: 0.02, samples: 80, noise: every(0.05, "x", "y"), learn: truth.LorenzZ,
			formulas: map[string]string{"h": lorenzTruth["h"]}, ways: ways}
		simulated, err := c.simulation(3)
		if err != nil {
			t.Fatal(err)
		}
		entries, states, err := simulated.Observed()
		if err != nil {
			t.Fatal(err)
		}
		bound, err := c.bound(context.Background(), 3, entries, states, simulated)
		if err != nil {
			t.Fatal(err)
		}
		m, constants, err := c.estimated(3)
		if err != nil {
			t.Fatal(err)
		}
		sys, err := ode.NewSystem(m)
		if err != nil {
			t.Fatal(err)
		}
		sigmas := noiseOf(entries, states, simulated.Model)
		width := 3*len(entries) + len(constants)
		information := mat.NewSymDense(width, nil)
		for e, entry := range entries {
			x0 := []float64{states[e][0][0], states[e][1][0], states[e][2][0]}
			sol, err := ode.SolveSensitivity(context.Background(), sys, x0, entry.Times, constants, ode.Options{Relative: 1e-10})
			if err != nil {
				t.Fatal(err)
			}
			row := func(state, k int) []float64 {
				out := make([]float64, width)
				for column := range sol.Columns {
					at := 3*e + column
					if column >= 3 {
						at = 3*len(entries) + column - 3
					}
					out[at] = sol.Sensitivity[state][column][k]
				}
				return out
			}
			for state, column := range []string{"x", "y"} {
				for k := range entry.Times {
					r, sigma := row(state, k), sigmas[column]
					if k > 0 && ways.Correlation > 0 {
						for j, v := range row(state, k-1) {
							r[j] -= ways.Correlation * v
						}
						sigma *= math.Sqrt(1 - ways.Correlation*ways.Correlation)
					}
					information.SymRankOne(information, 1/(sigma*sigma), mat.NewVecDense(width, r))
				}
			}
		}
		var covariance mat.SymDense
		var factor mat.Cholesky
		if !factor.Factorize(information) {
			t.Fatal("the information is singular")
		}
		if err := factor.InverseTo(&covariance); err != nil {
			t.Log(err)
		}
		for k, constant := range constants {
			i := 3*len(entries) + k
			want := math.Sqrt(covariance.At(i, i))
			if have := bound[constant]; math.Abs(have-want) > 2e-3*want {
				t.Errorf("%s: the bound of %s is %g, of least squares %g", name, constant, have, want)
			}
		}
	}
}
