package fit

import (
	"math"
	"slices"

	"govern/expr"
	"govern/series"
	"govern/tape"
)

// scales are the first guesses of how large the states of a component are: what
// its channel shows of a state that is measured alone, without the noise. One that
// is hidden is as large as it must be to move, within a characteristic time, a
// state whose scale is known already by that scale; else, as large as it becomes
// in that time. Where a parameter to be fitted says how it moves the other, its start
// is too little to go by, and it is as large as the states that are measured. Else both have the unit of the state whatever the others are measured
// in.
func (d *Data) scales(c component) []float64 {
	out := make([]float64, len(c.states))
	typical, count := 0.0, 0.0
	for i, s := range c.states {
		for _, ch := range c.channels {
			o := d.Channels[ch].Observe
			if o.Kind == expr.Name && o.Ident == d.Model.States[s].Name && d.Cleanest(ch) == ch {
				info := d.Channels[ch]
				out[i] = math.Sqrt(math.Max(info.Std*info.Std-info.Sigma0*info.Sigma0, 0.01*info.Std*info.Std))
				typical += out[i]
				count++
			}
		}
	}
	if count < float64(len(c.states)) {
		d.hiddenScales(c, out)
	}
	if count == 0 {
		typical, count = d.Channels[d.Cleanest(c.channels[0])].Std, 1
	}
	for i := range out {
		if out[i] == 0 { // nothing says anything of its unit
			out[i] = typical / count
		}
	}
	return out
}

// hiddenScales fills in the zeros of scale that the known equations determine, and
// the channels that measure more than a state.
func (d *Data) hiddenScales(c component, scale []float64) {
	right := d.withoutCalls()
	none := map[string]*expr.Expr{}
	for k := range d.Calls {
		none[callName(k)] = expr.Num(0)
	}
	n := len(c.states)
	start := map[string]bool{} // parameters of which no more than a start is known
	for _, q := range append(fitted(d.Model), d.held...) {
		start[q.Name] = true
	}
	guessed := func(e *expr.Expr) bool {
		return slices.ContainsFunc(expr.Names(e), func(name string) bool { return start[name] })
	}
	// Slopes of every equation and channel by every state, then the equations.
	var outputs []*expr.Expr
	slopes := func(e *expr.Expr) {
		for _, s := range c.states {
			outputs = append(outputs, expr.Substitute(expr.Diff(e, d.Model.States[s].Name), none))
		}
	}
	for _, s := range c.states {
		slopes(right[s])
	}
	for _, ch := range c.channels {
		slopes(d.Channels[ch].Observe)
	}
	for _, s := range c.states {
		outputs = append(outputs, expr.Substitute(right[s], none))
	}
	seen := make([][]float64, len(outputs))
	err := d.along(d.measuredPath(nil), outputs, nil, func(_, _ int, m *tape.Machine) {
		for k := range seen {
			if v := m.Output(k)[0]; series.Finite(v) {
				seen[k] = append(seen[k], v)
			}
		}
	})
	if err != nil {
		return
	}
	for changed := true; changed; {
		changed = false
		var next []float64
		for j := range scale {
			v, vague := math.Inf(1), false
			for i := range n {
				if slope := series.RMS(seen[i*n+j]); scale[i] > 0 && i != j && slope > 0 {
					if guessed(outputs[i*n+j]) {
						vague = true
						continue
					}
					v = math.Min(v, scale[i]/(d.Time*slope))
				}
			}
			for k, ch := range c.channels {
				if slope := series.RMS(seen[(n+k)*n+j]); slope > 0 {
					v = math.Min(v, d.Channels[ch].Std/slope)
				}
			}
			if speed := series.RMS(seen[(n+len(c.channels))*n+j]); math.IsInf(v, 1) && speed > 0 && !vague {
				v = d.Time * speed
			}
			next = append(next, v)
		}
		for j, v := range next {
			if scale[j] == 0 && series.Finite(v) && v > 0 {
				scale[j], changed = v, true
			}
		}
	}
}

// measuredPath has the data where a channel is a state, gaps filled, and elsewhere
// the sizes of the states, or zeros; parameters are at their start.
func (d *Data) measuredPath(sizes []float64) *Smoothed {
	out := &Smoothed{}
	for e := range d.Entries {
		times := d.Entries[e].Times
		var states [][]float64
		for i, s := range d.Model.States {
			var x []float64
			for c, info := range d.Channels {
				if v := d.Values(e, c); v != nil && info.Observe.Kind == expr.Name && info.Observe.Ident == s.Name {
					x = fill(times, v)
				}
			}
			if x == nil {
				x = make([]float64, len(times))
				for k := range x {
					if sizes != nil {
						x[k] = sizes[i]
					}
				}
			}
			states = append(states, x)
		}
		out.States = append(out.States, states)
	}
	for _, c := range fitted(d.Model) {
		out.Parameters = append(out.Parameters, d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Value)
	}
	return out
}

// StateSizes are the scales of all states; 0 for those that no channel sees.
func (d *Data) StateSizes() []float64 {
	out := make([]float64, len(d.Model.States))
	for _, c := range d.components() {
		if len(c.channels) > 0 {
			for i, v := range d.scales(c) {
				out[c.states[i]] = v
			}
		}
	}
	return out
}

// ParameterSize is how large the data want a fitted parameter without bounds; 0 where
// they do not say.
func (d *Data) ParameterSize(name string) float64 { return d.sizes[name] }

// parameterSizes are how large the data want the fitted parameters that have no
// bounds, whatever their start: so large that they move a state by its own scale
// in a characteristic time. Those that move nothing have none.
func (d *Data) parameterSizes() map[string]float64 {
	columns := slices.DeleteFunc(fitted(d.Model), func(c Column) bool {
		p := d.Model.Parameters[d.Model.ParameterIndex(c.Name)]
		return !math.IsInf(p.Min, 0) && !math.IsInf(p.Max, 0)
	})
	if len(columns) == 0 {
		return nil
	}
	right := d.withoutCalls()
	none := map[string]*expr.Expr{}
	for k := range d.Calls {
		none[callName(k)] = expr.Num(0)
	}
	var outputs []*expr.Expr
	for _, c := range columns {
		for _, r := range right {
			outputs = append(outputs, expr.Substitute(expr.Diff(r, c.Name), none))
		}
	}
	states := d.StateSizes()
	seen := make([][]float64, len(outputs))
	if err := d.along(d.measuredPath(states), outputs, nil, func(_, _ int, m *tape.Machine) {
		for k := range seen {
			if v := m.Output(k)[0]; series.Finite(v) {
				seen[k] = append(seen[k], v)
			}
		}
	}); err != nil {
		return nil
	}
	out := map[string]float64{}
	for k, c := range columns {
		for i, size := range states {
			if slope := series.RMS(seen[k*len(right)+i]); slope > 0 && size > 0 {
				if v := size / (d.Time * slope); series.Finite(v) && (out[c.Name] == 0 || v < out[c.Name]) {
					out[c.Name] = v
				}
			}
		}
	}
	return out
}
