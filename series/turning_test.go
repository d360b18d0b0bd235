package series

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTurningTimeIsAQuarterPeriodBesideASlowDrift(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var times, x []float64
	for i := range 4000 {
		s := 0.01 * float64(i)
		times = append(times, s)
		x = append(x, math.Sin(2*math.Pi*s)+3*math.Sin(2*math.Pi*s/37)+0.02*rng.NormFloat64())
	}
	// 40 cycles; the drift moves each turning point a little.
	if got := TurningTime(times, x, 1); math.Abs(got-0.25) > 0.01 {
		t.Errorf("turning time %g, want 0.25", got)
	}
	if got := TurningTime(times[:5], x[:5], 10); got != 0 {
		t.Errorf("turning time %g without turning points, want 0", got)
	}
}
