package fit

import (
	"math"
	"slices"

	"govern/fit/prior"
)

// priors are those of columns: given ones, and those of values that are drawn from a
// distribution of which the spread is learned, from spreads on if there are some.
func (d *Data) priors(columns []Column, spreads []prior.Spread) prior.Set {
	at := map[string]int{}
	for k, c := range columns {
		at[c.Name] = k
	}
	out := prior.Set{Spreads: slices.Clone(spreads)}
	if len(spreads) == 0 {
		out.Spreads = d.startSpreads()
	}
	names := d.Spreads()
	for k, c := range columns {
		i := d.Model.ParameterIndex(c.Name)
		if i < 0 {
			continue
		}
		p := &d.Model.Parameters[i]
		if p.SD > 0 {
			out.Given = append(out.Given, prior.Normal{Column: k, Mean: -1, Value: p.Value, SD: p.SD})
		}
		if s := slices.Index(names, p.Of); s >= 0 {
			if mean, ok := at[p.Of]; ok {
				out.Drawn = append(out.Drawn, prior.Normal{Column: k, Mean: mean, Spread: s})
			}
		}
	}
	return out
}

// Spreads names the parameters whose values of entries are drawn from one normal
// distribution with a mean and a spread that are learned.
func (d *Data) Spreads() []string {
	var out []string
	for _, p := range d.Model.Parameters {
		if p.Spread && p.Fit && d.local(p.Name) >= 0 {
			out = append(out, p.Name)
		}
	}
	return out
}

// startSpreads are the spreads before anything is known of them: as large as the
// values.
func (d *Data) startSpreads() []prior.Spread {
	var out []prior.Spread
	for _, name := range d.Spreads() {
		s := math.Abs(d.Model.Parameters[d.Model.ParameterIndex(name)].Value)
		if s == 0 {
			s = 1
		}
		out = append(out, prior.Spread{Parameter: name, Value: s, Low: 0, High: math.Inf(1)})
	}
	return out
}
