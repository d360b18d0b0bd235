package record

import (
	"slices"

	"govern/expr"
)

// Entry is one experiment: when it was measured, what was measured, and what
// was known.
type Entry struct {
	Name     string             // for messages: file name, or file#trial
	Times    []float64          // strictly increasing, in the model's time unit
	Channels []Channel          // at least one
	Inputs   [][]float64        // one series for each of the model's inputs, at Times; linear between
	Held     []bool             // of each input: it keeps its value until the next time instead; nil: none does
	Set      map[string]float64 // conditions: parameters whose value is known for this entry
	Test     bool               // held out: never used for fitting before the final refit
	Regime   int                // in which its stretch of the record is said to lie, from 1; 0: nothing is said
	Later    bool               // begins within a record, not at its start: a fixed initial state does not hold here
}

// Slice is the part of the entry from sample i to before sample j; it shares the
// entry's memory.
func (e Entry) Slice(i, j int) Entry {
	e.Later = e.Later || i > 0
	e.Times = e.Times[i:j:j]
	e.Channels = slices.Clone(e.Channels)
	for c := range e.Channels {
		e.Channels[c].Values = e.Channels[c].Values[i:j:j]
	}
	e.Inputs = slices.Clone(e.Inputs)
	for u := range e.Inputs {
		e.Inputs[u] = e.Inputs[u][i:j:j]
	}
	return e
}

// Holds says that input k keeps its value until the next time.
func (e *Entry) Holds(k int) bool { return k < len(e.Held) && e.Held[k] }

// CloneChannels is entries whose channels may be changed without changing those of the
// originals; values are shared.
func CloneChannels(entries []Entry) []Entry {
	entries = slices.Clone(entries)
	for e := range entries {
		entries[e].Channels = slices.Clone(entries[e].Channels)
	}
	return entries
}

// Channel is one measured column.
type Channel struct {
	Column  string     // name of the column, as in the data file
	Unit    string     // of its values, as in the data file; may be empty
	Observe *expr.Expr // what it measures, in the model's states and parameters
	Values  []float64  // at the entry's Times; NaN where missing
	Sigma   float64    // standard deviation of its noise, absolute; 0: estimate it
	// Correlation of its noise from sample to sample, AR(1). Sigma is then that of
	// white noise with the same power at low frequencies: see Inflation.
	Correlation float64
	// Level tells the entries apart whose noise on this channel differs: see Levels.
	Level int
}

// Step is the sampling interval at sample i.
func (e *Entry) Step(i int) float64 {
	if i+1 < len(e.Times) {
		return e.Times[i+1] - e.Times[i]
	}
	return e.Times[i] - e.Times[i-1]
}

// Split tells the training entries from the held-out ones.
func Split(entries []Entry) (train, test []Entry) {
	for _, e := range entries {
		if e.Test {
			test = append(test, e)
		} else {
			train = append(train, e)
		}
	}
	return train, test
}

// CondenseAll condenses every entry by k.
func CondenseAll(entries []Entry, k int) []Entry {
	out := make([]Entry, len(entries))
	for i, e := range entries {
		out[i] = e.Condense(k)
	}
	return out
}

// CountSamples is the number of samples of entries.
func CountSamples(entries []Entry) int {
	n := 0
	for _, e := range entries {
		n += len(e.Times)
	}
	return n
}
