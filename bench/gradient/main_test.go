package main

import (
	"math"
	"testing"

	"govern/ode"
)

// The norm is what the C++ and PyTorch programs print, which share no code with
// govern.
func TestGradientIsThatOfThePeers(t *testing.T) {
	const want = 699.734155937003
	field := rossler()
	for _, lanes := range []int{16, 32, 64} {
		gradient := make([]float64, field.Columns)
		segments(field.NewAdjoint(ode.RK4, lanes), gradient)
		if got := norm(gradient); math.Abs(got-want) > 1e-10*want {
			t.Errorf("%d lanes: norm %.15g, want %.15g", lanes, got, want)
		}
	}
}
