package govern_test

import (
	"context"
	"math"
	"testing"

	"govern"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/profile"
)

// The pendulum's length (true value 1) and Rössler's c (14): without a gain the
// loss has many minima, with one a single basin, its minimum where it was.
func TestAGainLeavesOneBasinAndDoesNotMoveIt(t *testing.T) {
	quick.Skip(t)
	for _, c := range []struct {
		truth     truth.Case
		text      string
		parameter string
		low, high float64
		want      float64
		gain      float64
		least     int // minima without gain
	}{
		{truth.Case{Model: lookup(t, "pendulum"), Step: 0.02, Samples: 1200, Seed: 1, Noise: map[string]float64{"theta": 0}}, `
model:
  states: {theta: 0, omega: 3}
  parameters: {L: 1}
  equations: |
    theta' = omega
    omega' = -9.82/L*sin(theta)
data: {file: data.csv, time: t}
`, "L", 0.5, 2, 1, 2, 4},
		{truth.Case{Model: lookup(t, "rossler-14"), Step: 0.1, Samples: 800, Seed: 3, Transient: 100, Noise: map[string]float64{"x": 0, "z": 0}}, `
model:
  states: {x: 0, y: 0, z: 0}
  parameters: {c: 14}
  equations: |
    x' = -y - z
    y' = x + 0.2*y
    z' = 0.22 + z*(x - c)
data: {file: data.csv, time: t}
`, "c", 8, 20, 14, 0.5, 20},
	} {
		l, err := profile.LandscapeOf(context.Background(), write(t, c.truth, c.text), c.parameter, c.low, c.high, 181, []float64{0, c.gain}, govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		plain, _ := l.Minima(0)
		nudged, at := l.Minima(1)
		step := l.Values[1] - l.Values[0]
		if plain < c.least || nudged != 1 || math.Abs(at-c.want) > step {
			t.Errorf("%s: %d minima without gain (at least %d expected), %d with, lowest at %g (true %g)", c.parameter, plain, c.least, nudged, at, c.want)
		}
	}
}

func lookup(t *testing.T, name string) *model.Model {
	t.Helper()
	m, err := model.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
