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
	k := d.newCouplings(c)
	if k == nil {
		return
	}
	for changed := true; changed; {
		changed = false
		next := make([]float64, len(scale))
		for j := range scale {
			next[j] = k.size(d, j, scale)
		}
		for j, v := range next {
			if scale[j] == 0 && series.Finite(v) && v > 0 {
				scale[j], changed = v, true
			}
		}
	}
}

// couplings are how strongly the states of a component move each other and its
// channels, as root mean squares along the measured path.
type couplings struct {
	component
	equation [][]float64 // ∂(right-hand side i)/∂(state j)
	guessed  [][]bool    // where that depends on a parameter of which no more than a start is known
	channel  [][]float64 // ∂(channel k)/∂(state j)
	speed    []float64   // right-hand side j
}

// newCouplings is nil where something cannot be evaluated.
func (d *Data) newCouplings(c component) *couplings {
	out := &couplings{component: c}
	right, none := d.withoutCalls(), d.zeroCalls()
	start := map[string]bool{}
	for _, q := range append(fittedColumns(d.Model), d.held...) {
		start[q.Name] = true
	}
	var outputs []*expr.Expr
	slopes := func(e *expr.Expr) (guessed []bool) {
		for _, s := range c.states {
			slope := expr.Substitute(expr.Diff(e, d.Model.States[s].Name), none)
			outputs = append(outputs, slope)
			guessed = append(guessed, slices.ContainsFunc(expr.Names(slope), func(name string) bool { return start[name] }))
		}
		return guessed
	}
	for _, s := range c.states {
		out.guessed = append(out.guessed, slopes(right[s]))
	}
	for _, ch := range c.channels {
		slopes(d.Channels[ch].Observe)
	}
	for _, s := range c.states {
		outputs = append(outputs, expr.Substitute(right[s], none))
	}
	sizes, err := d.sizesAlong(d.measuredPath(nil), outputs)
	if err != nil {
		return nil
	}
	n := len(c.states)
	for len(out.equation) < n {
		out.equation, sizes = append(out.equation, sizes[:n]), sizes[n:]
	}
	for range c.channels {
		out.channel, sizes = append(out.channel, sizes[:n]), sizes[n:]
	}
	out.speed = sizes
	return out
}

// size is what the scales known so far, and the channels, say of state j; not finite
// where they say nothing.
func (k *couplings) size(d *Data, j int, scale []float64) float64 {
	v, vague := math.Inf(1), false
	for i := range k.states {
		if slope := k.equation[i][j]; scale[i] > 0 && i != j && slope > 0 {
			if k.guessed[i][j] {
				vague = true
				continue
			}
			v = math.Min(v, scale[i]/(d.Time*slope))
		}
	}
	for c, channel := range k.channels {
		if slope := k.channel[c][j]; slope > 0 {
			v = math.Min(v, d.Channels[channel].Std/slope)
		}
	}
	if speed := k.speed[j]; math.IsInf(v, 1) && speed > 0 && !vague {
		v = d.Time * speed
	}
	return v
}

// sizesAlong are the root mean squares of expressions along a path, of their finite
// values.
func (d *Data) sizesAlong(path *Smoothed, outputs []*expr.Expr) ([]float64, error) {
	seen := make([][]float64, len(outputs))
	err := d.evaluateAlong(path, outputs, nil, func(_, _ int, m *tape.Machine) {
		for k := range seen {
			if v := m.Output(k)[0]; series.Finite(v) {
				seen[k] = append(seen[k], v)
			}
		}
	})
	sizes := make([]float64, len(outputs))
	for k := range seen {
		sizes[k] = series.RMS(seen[k])
	}
	return sizes, err
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
					x = fillGaps(times, v)
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
	for _, c := range fittedColumns(d.Model) {
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
	columns := slices.DeleteFunc(fittedColumns(d.Model), func(c Column) bool {
		p := d.Model.Parameters[d.Model.ParameterIndex(c.Name)]
		return !math.IsInf(p.Min, 0) && !math.IsInf(p.Max, 0)
	})
	if len(columns) == 0 {
		return nil
	}
	right, none := d.withoutCalls(), d.zeroCalls()
	var outputs []*expr.Expr
	for _, c := range columns {
		for _, r := range right {
			outputs = append(outputs, expr.Substitute(expr.Diff(r, c.Name), none))
		}
	}
	states := d.StateSizes()
	slopes, err := d.sizesAlong(d.measuredPath(states), outputs)
	if err != nil {
		return nil
	}
	out := map[string]float64{}
	for k, c := range columns {
		for i, size := range states {
			if slope := slopes[k*len(right)+i]; slope > 0 && size > 0 {
				if v := size / (d.Time * slope); series.Finite(v) && (out[c.Name] == 0 || v < out[c.Name]) {
					out[c.Name] = v
				}
			}
		}
	}
	return out
}
