package problem

import (
	"fmt"
	"math"

	"govern/note"
	"govern/record"
	"govern/series"
)

// largestSize bounds the absolute values of columns, and its inverse their largest:
// squares and products of them must stay numbers.
const largestSize = 1e60

// checkSizes refuses columns whose numbers are so large or small that their powers
// are none.
func (p *Problem) checkSizes(entries []record.Entry) error {
	for i, entry := range entries {
		for _, c := range entry.Channels {
			largest := 0.0
			for _, v := range c.Values {
				if isThere(v) {
					largest = math.Max(largest, math.Abs(v))
				}
			}
			if largest > largestSize || largest > 0 && largest < 1/largestSize {
				return &series.DataError{File: p.Data[i].File, ColumnName: c.Column, Text: fmt.Sprintf("the largest value is %.3g", largest),
					Hint: "give the column another unit, so that its values are near one: powers of these cannot be computed"}
			}
		}
	}
	return nil
}

// twin is how close to one the square of a correlation is of columns that say the same.
const twin = 1e-9

// warnOfTwins says which columns are multiples of one another, up to a constant:
// formulas can be written in either.
func (p *Problem) warnOfTwins(entries []record.Entry) {
	if len(entries) == 0 {
		return
	}
	channels := entries[0].Channels
	for b := range channels {
		for a := range b {
			var xx, xy, yy float64
			for _, entry := range entries {
				if len(entry.Channels) != len(channels) || entry.Channels[a].Column != channels[a].Column || entry.Channels[b].Column != channels[b].Column {
					return
				}
				x, y := entry.Channels[a].Values, entry.Channels[b].Values
				mx, my := series.Mean(x), series.Mean(y)
				for i := range x {
					if isThere(x[i]) && isThere(y[i]) {
						xx, xy, yy = xx+(x[i]-mx)*(x[i]-mx), xy+(x[i]-mx)*(y[i]-my), yy+(y[i]-my)*(y[i]-my)
					}
				}
			}
			if xx > 0 && yy > 0 && xy/xx*(xy/yy) > 1-twin {
				p.note(note.Twins, channels[b].Column, "%s is %.4g times %s, up to a constant: no data can tell in which of the two an equation is", channels[b].Column, xy/xx, channels[a].Column).Hint = "Leave one out"
				break
			}
		}
	}
}
