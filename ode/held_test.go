package ode

import (
	"context"
	"math"
	"testing"

	"govern/model"
)

// x' = 0.5·(u − x) under a square wave has a solution by hand between the edges.
func TestAHeldSignalStepsAtItsSamples(t *testing.T) {
	m, err := model.Read("m.yaml", []byte("states: {x: 0}\ninputs: [u]\nequations: |\n  x' = 0.5*(u - x)\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dt := range []float64{0.03334, 0.5, 10} {
		var times, values, want []float64
		x := 0.0
		for k := range 3000 {
			times, want = append(times, 1000+dt*float64(k)), append(want, x)
			values = append(values, math.Floor(math.Mod(float64(k)/400, 2)))
			x = values[k] + (x-values[k])*math.Exp(-0.5*dt)
		}
		got, err := Simulate(context.Background(), m, map[string]Signal{"u": Held(times, values)}, times, Options{})
		if err != nil {
			t.Fatalf("dt %g: %v", dt, err)
		}
		for k := range want {
			if math.Abs(got.Values[0][k]-want[k]) > 1e-6 {
				t.Fatalf("dt %g: sample %d is %g, want %g", dt, k, got.Values[0][k], want[k])
			}
		}
		if got.Steps > 6000 { // of which stability takes 5000 at the longest
			t.Errorf("dt %g: %d steps for seven edges", dt, got.Steps)
		}
	}
}
