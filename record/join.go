package record

import (
	"cmp"
	"maps"
	"slices"

	"govern/series"
)

// JoinPredecessor joins a held-out entry to the training entry that it continues, if
// there is one, and returns where it begins in the joined record.
func JoinPredecessor(train []Entry, test Entry) (Entry, int) {
	for _, e := range train {
		if Continues(e, test) {
			return Join(e, test), len(e.Times)
		}
	}
	return test, 0
}

// JoinContinuation is a training entry with the held-out one that goes on from it, if
// there is one.
func JoinContinuation(train Entry, test []Entry) Entry {
	for _, t := range test {
		if Continues(train, t) {
			return Join(train, t)
		}
	}
	return train
}

// Continues says that a held-out entry goes on where a training entry ends.
func Continues(e, test Entry) bool {
	n := len(e.Times)
	if e.Name != test.Name || n < 2 || len(e.Channels) != len(test.Channels) || e.Times[n-1] >= test.Times[0] {
		return false
	}
	return test.Times[0]-e.Times[n-1] <= 3*(e.Times[n-1]-e.Times[n-2])
}

// Join is an entry with another that goes on from it, in memory of its own.
func Join(e, test Entry) Entry {
	j := e
	j.Times = slices.Concat(e.Times, test.Times)
	j.Channels = slices.Clone(e.Channels)
	for c := range j.Channels {
		j.Channels[c].Values = slices.Concat(e.Channels[c].Values, test.Channels[c].Values)
	}
	j.Inputs = nil
	for u := range e.Inputs {
		j.Inputs = append(j.Inputs, slices.Concat(e.Inputs[u], test.Inputs[u]))
	}
	return j
}

// OrderByTime orders entries by record, in the order of their names' first entries, and
// within a record by time.
func OrderByTime(entries []Entry) []int {
	first := map[string]int{}
	var order []int
	for e, entry := range entries {
		if _, ok := first[entry.Name]; !ok {
			first[entry.Name] = e
		}
		order = append(order, e)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(first[entries[a].Name], first[entries[b].Name]), cmp.Compare(entries[a].Times[0], entries[b].Times[0]))
	})
	return order
}

// Interval is the median time between neighbouring samples.
func Interval(entries []Entry) float64 {
	var intervals []float64
	for _, e := range entries {
		for i := 1; i < len(e.Times); i++ {
			intervals = append(intervals, e.Times[i]-e.Times[i-1])
		}
	}
	return series.Median(intervals)
}

// SameMotion says that b can be the same motion as a, later, measured in the same way.
func SameMotion(a, b Entry) bool {
	return a.Name == b.Name && a.Regime == b.Regime && maps.Equal(a.Set, b.Set) && a.Times[len(a.Times)-1] < b.Times[0] &&
		slices.EqualFunc(a.Channels, b.Channels, func(p, q Channel) bool {
			return p.Column == q.Column && p.Observe.String() == q.Observe.String() && p.Sigma == q.Sigma && p.Correlation == q.Correlation && p.Level == q.Level
		})
}
