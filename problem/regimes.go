package problem

import (
	"fmt"
	"slices"

	"govern/expr"
	"govern/record"
	"govern/series"
)

// stretches cuts entries where another regime is said to begin, and returns what
// each serves for. Where no entry says anything they are as they were.
func (p *Problem) stretches(entries []record.Entry) ([]record.Entry, []Use, error) {
	said := slices.ContainsFunc(p.Data, func(d Data) bool { return len(d.Regimes) > 0 })
	var out []record.Entry
	var uses []Use
	for i, entry := range entries {
		d := p.Data[i]
		for k := range len(d.Regimes) + 1 {
			from, to := 0, len(entry.Times)
			if k > 0 {
				from, _ = slices.BinarySearch(entry.Times, d.Regimes[k-1]+d.Guard)
			}
			if k < len(d.Regimes) {
				to, _ = slices.BinarySearch(entry.Times, d.Regimes[k]-d.Guard)
			}
			if said && to-from < minSamples {
				return nil, nil, tooShort(d, entry, k, to-from)
			}
			part := entry
			if said {
				part = entry.Slice(from, to)
				part.Regime = k + 1
			}
			out, uses = append(out, part), append(uses, d.Use)
		}
	}
	return out, uses, nil
}

// tooShort says that a regime has too few samples to say anything.
func tooShort(d Data, entry record.Entry, k, samples int) error {
	text := fmt.Sprintf("regime %d has %d samples, %d are needed", k+1, max(samples, 0), minSamples)
	return &series.DataError{File: d.File, Text: text,
		Hint: fmt.Sprintf("the times of the file go from %s to %s: regimes begin between them, and last for some cycles",
			expr.FormatNumber(entry.Times[0]), expr.FormatNumber(entry.Times[len(entry.Times)-1]))}
}
