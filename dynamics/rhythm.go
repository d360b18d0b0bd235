package dynamics

import (
	"math"

	"govern/series"
)

// band is the half width of the hysteresis around the mean, in standard
// deviations.
const band = 0.3

// Rhythm counts how often a channel comes back.
type Rhythm struct {
	Cycles   int     // complete ones: upward crossings minus one
	Return   float64 // mean time of a cycle; NaN without one
	Switches int     // changes of side, up or down: of lobes, when the sides are lobes
}

// MeasureRhythm counts the cycles of x: it crosses upward when it rises above
// mean + 0.3 std after having been below mean − 0.3 std, so that ripples and
// moderate noise count for nothing. The time of a crossing is interpolated. NaNs
// are skipped. A channel of rare spikes may never fall below mean − 0.3 std and
// then has no cycles: ask another.
func MeasureRhythm(times, x []float64) Rhythm {
	mean, std := series.Mean(x), series.Std(x)
	low, high := mean-band*std, mean+band*std
	var r Rhythm
	var first, last float64
	ups, side, previous := 0, 0, -1
	for k, v := range x {
		switch {
		case math.IsNaN(v):
			continue
		case v > high && side <= 0:
			if side < 0 {
				r.Switches++
				last = times[previous] + (times[k]-times[previous])*(high-x[previous])/(v-x[previous])
				if ups == 0 {
					first = last
				}
				ups++
			}
			side = 1
		case v < low && side >= 0:
			if side > 0 {
				r.Switches++
			}
			side = -1
		}
		previous = k
	}
	r.Cycles = max(0, ups-1)
	r.Return = (last - first) / float64(r.Cycles)
	return r
}
