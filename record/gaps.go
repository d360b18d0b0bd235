package record

import (
	"math"
	"slices"
)

// gapFactor is how many usual intervals a gap must have: sparse sampling has no
// gaps.
const gapFactor = 3

// CutAtGaps returns the parts of an entry between gaps, times longer than limit
// without a sample of any channel, in order; they share the entry's memory. Parts
// with fewer than least samples are left out.
func (e Entry) CutAtGaps(limit float64, least int) []Entry {
	var parts []Entry
	first, last := -1, -1 // samples of the part so far
	end := func() {
		if first >= 0 && last-first+1 >= least {
			parts = append(parts, e.Slice(first, last+1))
		}
	}
	for i, t := range e.Times {
		if !e.seen(i) {
			continue
		}
		if first >= 0 && t-e.Times[last] > limit {
			end()
			first = -1
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	end()
	return parts
}

// seen says that a channel has sample i.
func (e *Entry) seen(i int) bool {
	return slices.ContainsFunc(e.Channels, func(c Channel) bool { return !math.IsNaN(c.Values[i]) })
}

// LongestBridge is the longest time without a sample of any channel that a segment may
// bridge: a characteristic time, a quarter of a cycle, and at least three usual
// intervals. Beyond it the motion is no longer close to its linearisation, one
// Runge–Kutta step of the usual length does not reach across, and an unknown that
// walks at random has forgotten where it was.
func (t *Table) LongestBridge() float64 {
	var intervals []float64
	for _, e := range t.Entries {
		for i := 1; i < len(e.Times); i++ {
			intervals = append(intervals, e.Times[i]-e.Times[i-1])
		}
	}
	if len(intervals) == 0 {
		return math.Inf(1)
	}
	slices.Sort(intervals)
	return math.Max(t.Time, gapFactor*intervals[3*len(intervals)/4])
}
