package changes

import (
	"math"
	"slices"

	"govern/fit"
	"govern/record"
)

// Cut is a change point: before sample at of an entry. Of the samples from low to
// high it is not known to which regime they belong.
type Cut struct{ entry, at, low, high int }

// cutBefore is a cut before a sample, as if that were certain.
func cutBefore(entry, at int) Cut { return Cut{entry, at, at, at} }

// Merge replaces change points that have moved so near each other that no regime
// lies between them by one in their middle: a place that was off makes a short
// regime of what lies between.
func Merge(d *fit.Data, cuts []Cut) []Cut {
	var out []Cut
	for _, c := range cuts {
		if k := len(out) - 1; k >= 0 && out[k].entry == c.entry && float64(c.at-out[k].at) < leastRegime/2*d.SamplesPerCycle() {
			out[k] = cutBefore(c.entry, (out[k].at+c.at)/2)
			continue
		}
		out = append(out, c)
	}
	return out
}

// placedBefore says that cuts are places with their intervals.
func placedBefore(cuts []Cut) bool {
	return !slices.ContainsFunc(cuts, func(c Cut) bool { return c.at > 0 && c.low == c.high })
}

// between are the samples of an entry between which no change lies but the kth.
func between(d *fit.Data, cuts []Cut, k int) [2]int {
	e := cuts[k].entry
	out := [2]int{0, len(d.Entries[e].Times)}
	if k > 0 && cuts[k-1].entry == e {
		out[0] = cuts[k-1].high
	}
	if k+1 < len(cuts) && cuts[k+1].entry == e {
		out[1] = cuts[k+1].low
	}
	return out
}

// clip leaves every regime a cycle of samples that belong to it.
func clip(d *fit.Data, c Cut, between [2]int) Cut {
	cycle := int(d.SamplesPerCycle())
	c.low, c.high = min(max(c.low, between[0]+cycle), c.at), max(min(c.high, between[1]-cycle), c.at)
	return c
}

// covers says that a cut leaves out the samples that another one doubts, and hardly more.
func covers(d *fit.Data, of, c Cut) bool {
	guard := int(math.Ceil(guardCycles * d.SamplesPerCycle() / 2))
	return c.low >= of.low-guard && c.high <= of.high+guard && float64((of.high-of.low)-(c.high-c.low)) < d.SamplesPerCycle()/2
}

// separate says that two change points, in order, leave a cycle between them.
func separate(d *fit.Data, a, b Cut) bool {
	return b.entry > a.entry || b.entry == a.entry && float64(b.at-a.at) > d.SamplesPerCycle()
}

// inside says that a change point leaves a cycle of its entry on both sides, or
// starts with it.
func inside(d *fit.Data, c Cut) bool {
	cycle := d.SamplesPerCycle()
	return c.at == 0 || float64(c.at) > cycle && float64(len(d.Entries[c.entry].Times)-c.at) > cycle
}

// CutAt cuts the entries at the change points and sets the indicators; blocks are
// where the new entries lie in the old ones.
func CutAt(d *fit.Data, cuts []Cut, names []string) ([]record.Entry, []Regime, []fit.Block) {
	guard := int(math.Ceil(guardCycles * d.SamplesPerCycle()))
	var entries []record.Entry
	var regimes []Regime
	var blocks []fit.Block
	number := 1
	for k, entry := range d.Entries {
		from, start, last := 0, 0, len(entry.Times)
		add := func(to, end int) {
			part := entry.Slice(from, to)
			part.Set = map[string]float64{}
			for name, v := range entry.Set {
				part.Set[name] = v
			}
			r := Regime{Number: number, Entry: entry.Name, From: entry.Times[start], To: entry.Times[end]}
			for i, name := range names {
				if part.Set[name] = 0; i+2 == number {
					part.Set[name], r.Name = 1, name
				}
			}
			entries, blocks = append(entries, part), append(blocks, fit.Block{Entry: k, From: from, To: to})
			if k := len(regimes) - 1; k >= 0 && regimes[k].Number == r.Number && regimes[k].Entry == r.Entry {
				regimes[k].To = r.To // after a gap, or the next excerpt
				return
			}
			r.Low, r.High = r.From, r.From
			regimes = append(regimes, r)
		}
		for _, c := range cuts {
			switch {
			case c.entry != k:
			case c.at == 0:
				number++
			default:
				add(max(c.low-guard, from+1), c.at)
				from, start = min(c.high+guard, last), c.at
				number++
			}
		}
		add(len(entry.Times), len(entry.Times)-1)
	}
	return entries, regimes, blocks
}

// CutPath is a path along the blocks of a record, with as many parameters: those
// that it lacks are differences between regimes, at zero.
func CutPath(of *fit.Smoothed, blocks []fit.Block, parameters int) *fit.Smoothed {
	path := *of
	path.States, path.Calls, path.Spread = nil, nil, nil
	part := func(series [][]float64, b fit.Block) [][]float64 {
		out := make([][]float64, len(series))
		for i, x := range series {
			out[i] = x[b.From:b.To]
		}
		return out
	}
	for _, b := range blocks {
		path.States = append(path.States, part(of.States[b.Entry], b))
		path.Calls = append(path.Calls, part(of.Calls[b.Entry], b))
		path.Spread = append(path.Spread, part(of.Spread[b.Entry], b))
	}
	path.Parameters = slices.Clone(path.Parameters)
	for range parameters - len(path.Parameters) {
		path.Parameters = append(path.Parameters, 0)
	}
	return &path
}
