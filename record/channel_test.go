package record

import (
	"math"
	"math/rand/v2"
	"testing"

	"govern/expr"
)

func TestANoiseFarFromWhatTheSamplesShowIsDoubted(t *testing.T) {
	for given, want := range map[float64]bool{0: false, 0.01: false, 0.03: false, 1: true, 1e-4: true} {
		e := Entry{Name: "e", Channels: []Channel{{Column: "x", Observe: expr.Var("x"), Sigma: given}}}
		rng := rand.New(rand.NewPCG(1, 1))
		for i := range 2000 {
			e.Times = append(e.Times, 0.01*float64(i))
			e.Channels[0].Values = append(e.Channels[0].Values, math.Sin(0.05*float64(i))+0.01*rng.NormFloat64())
		}
		d := NewTable([]Entry{e}, asIs)
		if text := d.Channels[0].Misgiven(d.SamplesPerCycle()); (text != "") != want {
			t.Errorf("noise given as %g: %q", given, text)
		}
	}
}
