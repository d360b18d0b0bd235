package problem

import (
	"math"
	"slices"

	"govern/expr"
	"govern/note"
	"govern/record"
	"govern/series"
)

// turn is a range that instruments wrap an angle to.
type turn struct {
	low, period float64
	name        string
}

var turns = []turn{
	{-math.Pi, 2 * math.Pi, "(−π, π]"}, {0, 2 * math.Pi, "[0, 2π)"},
	{-180, 360, "(−180, 180]"}, {0, 360, "[0, 360)"},
}

// unwrap makes angles that were measured modulo a turn continuous, in every entry
// from its first sample on, with a warning. Only columns that measure a state
// alone are looked at: what else they measure may not be an angle.
func (p *Problem) unwrap(entries []record.Entry) {
	var done []string
	for i := range entries {
		for _, c := range entries[i].Channels {
			if c.Observe.Kind != expr.Name || slices.Contains(done, c.Column) {
				continue
			}
			done = append(done, c.Column)
			var records [][]float64
			for _, e := range entries {
				for _, o := range e.Channels {
					if o.Column == c.Column {
						records = append(records, o.Values)
					}
				}
			}
			for _, w := range turns {
				jumps := w.jumps(records)
				if jumps == 0 {
					continue
				}
				for e := range entries {
					for k := range entries[e].Channels {
						if o := &entries[e].Channels[k]; o.Column == c.Column {
							o.Values = unwrapped(o.Values, w.period)
						}
					}
				}
				p.note(note.WrappedAngle, c.Column, "%s is an angle wrapped to %s: its %d jumps by a turn were undone, and %s counts whole turns", c.Column, w.name, jumps, c.Observe.Ident)
				break
			}
		}
	}
}

// jumps counts steps of more than half a turn; 0 where the records are not wrapped
// to the range: where a value lies outside, a jump does not lead from one end of the
// range to the other, it would not go on like the steps beside it, or those are so
// large that jumps are no exception.
func (w turn) jumps(records [][]float64) int {
	high := w.low + w.period
	tolerance := 1e-3 * w.period // of rounding, and of ends that are counted as either
	var steps, ends, bends []float64
	for _, x := range records {
		x = slices.DeleteFunc(slices.Clone(x), math.IsNaN)
		whole := unwrapped(x, w.period)
		for i, v := range x {
			if v < w.low-tolerance || v > high+tolerance {
				return 0
			}
			switch {
			case i == 0:
			case math.Abs(v-x[i-1]) <= w.period/2:
				steps = append(steps, math.Abs(v-x[i-1]))
			default:
				ends = append(ends, math.Min(v, x[i-1])-w.low, high-math.Max(v, x[i-1]))
				if i > 1 && i < len(x)-1 {
					bends = append(bends, math.Abs(whole[i]-whole[i-1]-(whole[i-1]-whole[i-2]+whole[i+1]-whole[i])/2))
				}
			}
		}
	}
	if len(ends) == 0 || len(bends) == 0 || len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	usual := steps[len(steps)*19/20]
	if usual > w.period/4 || slices.Max(ends) > 2*usual+tolerance || series.Median(bends) > likeOthers*usual {
		return 0
	}
	return len(ends) / 2
}

// likeOthers is how far an undone jump may be from the mean of the steps beside it, in
// usual steps: white noise alone makes half of one.
const likeOthers = 0.6

// unwrapped adds whole turns so that no step is longer than half of one.
func unwrapped(x []float64, period float64) []float64 {
	out := slices.Clone(x)
	last := math.NaN()
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		if !math.IsNaN(last) {
			out[i] = v - period*math.Round((v-last)/period)
		}
		last = out[i]
	}
	return out
}
