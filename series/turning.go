package series

import "math"

// TurningTime returns half the mean time between turning points of x that stand
// out by at least swing from their neighbours: a quarter of the period of a sine,
// like CharacteristicTime, but of the fast rotation where a motion also wanders
// slowly between lobes. Time inside gaps counts for nothing. It returns 0 for
// fewer than three turning points.
func TurningTime(t, x []float64, swing float64) float64 {
	t, x = present(t, x)
	if len(x) < 2 || swing <= 0 {
		return 0
	}
	limit := gapLimit(t, 6)
	var (
		lowest, highest = x[0], x[0]
		atLow, atHigh   float64 // observed duration there
		rising, falling bool
		duration        float64
		turns           int
		first, last     float64
	)
	turn := func(at float64) {
		if turns == 0 {
			first = at
		}
		turns++
		last = at
	}
	for i, v := range x {
		if i > 0 && t[i]-t[i-1] <= limit {
			duration += t[i] - t[i-1]
		}
		if v > highest {
			highest, atHigh = v, duration
		}
		if v < lowest {
			lowest, atLow = v, duration
		}
		switch {
		case !falling && v < highest-swing:
			if rising {
				turn(atHigh)
			}
			rising, falling = false, true
			lowest, atLow = v, duration
		case !rising && v > lowest+swing:
			if falling {
				turn(atLow)
			}
			rising, falling = true, false
			highest, atHigh = v, duration
		}
	}
	if turns < 3 {
		return 0
	}
	return math.Max(last-first, 0) / float64(turns-1) / 2
}
