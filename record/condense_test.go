package record

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCondensingKeepsTheCurveAndLowersTheNoise(t *testing.T) {
	const k = 10
	rng := rand.New(rand.NewPCG(1, 2))
	var clean, noisy Entry
	var x, y []float64
	for i := range 20000 {
		s := float64(i) * 0.001 // 1000 samples a cycle
		clean.Times = append(clean.Times, s)
		x = append(x, math.Sin(2*math.Pi*s))
		y = append(y, 0.1*rng.NormFloat64())
	}
	x[5] = math.NaN()
	noisy.Times = clean.Times
	clean.Channels = []Channel{{Column: "x", Values: x}}
	noisy.Channels = []Channel{{Column: "y", Values: y}}
	c, n := clean.Condense(k), noisy.Condense(k)
	if len(c.Channels[0].Values) != 20000/k || len(n.Channels[0].Values) != 20000/k {
		t.Fatalf("%d and %d groups", len(c.Channels[0].Values), len(n.Channels[0].Values))
	}
	for g, v := range c.Channels[0].Values {
		// Fourth order: (2π·0.01)⁴/1920 ≈ 1e-8.
		if want := math.Sin(2 * math.Pi * c.Times[g]); math.Abs(v-want) > 1e-7 {
			t.Fatalf("group %d: %g, want %g", g, v, want)
		}
	}
	sum := 0.0
	for _, v := range n.Channels[0].Values {
		sum += v * v
	}
	got := math.Sqrt(sum / float64(len(n.Channels[0].Values)))
	if want := 0.1 * 1.5 / math.Sqrt(k); math.Abs(got-want) > 0.1*want {
		t.Errorf("noise %g after condensing, want %g", got, want)
	}
}
