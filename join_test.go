package govern_test

import (
	"context"
	"math"
	"testing"

	"govern"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/run"
)

// What is cut for the search or by a gap is one motion in the final fit, and its
// equations hold: intervals are those of the Cramér–Rao bound, and hold the truth.
// With one free start for each part, or defects as large as the search's, they would
// be two to twenty times wider.
func TestAMotionThatWasCutIsOneInTheEnd(t *testing.T) {
	quick.Skip(t)
	// The bounds' half intervals of x and y, by bench/league's filter.
	for _, c := range []struct {
		name   string
		ways   truth.Ways
		bounds map[string]float64
	}{
		{"regular", truth.Ways{}, map[string]float64{"x": 9.30e-5, "y": 2.22e-4}},
		{"a gap of 3 cycles", truth.Ways{Gap: 20}, map[string]float64{"x": 9.46e-5, "y": 2.29e-4}},
	} {
		p := write(t, truth.Case{Model: lookup(t, "rossler-14"), Step: 0.1, Samples: 700, Seed: 3, Transient: 100,
			Noise: map[string]float64{"x": 0.02, "z": 0.02}, Ways: c.ways}, hiddenRossler)
		out, err := govern.Discover(context.Background(), p, govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if out.Result.Status != run.OK {
			t.Errorf("%s: status %s", c.name, out.Result.Status)
		}
		truths := map[string]float64{"x": 1, "y": 0.2}
		for _, term := range out.Result.Unknowns["f"].Terms {
			half, off := float64(term.High-term.Low)/2, math.Abs(float64(term.Coefficient)-truths[term.Term])
			if bound := c.bounds[term.Term]; !(math.Abs(half-bound) < 0.1*bound) || !(off < 1.5*bound) {
				t.Errorf("%s: the coefficient of %s is off by %.3g with half an interval of %.3g; the bound's is %.3g", c.name, term.Term, off, half, bound)
			}
		}
	}
}
