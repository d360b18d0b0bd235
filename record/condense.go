package record

import (
	"math"
	"slices"
)

// Where a cycle has more than denseSamples samples, a search loses nothing by
// looking at fewer.
const (
	denseSamples = 400
	targetCycle  = 200
)

// Condense puts every k samples together: the value at their middle of a
// parabola fitted to them, which keeps curvature where a mean would flatten it.
// The bias is of fourth order in the span of the k samples, the noise falls by
// √(4k/9). Missing samples are left out; a group with fewer than four has the
// mean of what it has. Inputs are averaged, and then run linearly between the means, held
// ones too.
func (e Entry) Condense(k int) Entry {
	if k < 2 || len(e.Times) < 4*k {
		return e
	}
	groups := len(e.Times) / k
	out := e
	out.Times = make([]float64, groups)
	for g := range groups {
		for _, t := range e.Times[g*k : (g+1)*k] {
			out.Times[g] += t / float64(k)
		}
	}
	out.Channels = append([]Channel(nil), e.Channels...)
	for c := range out.Channels {
		values := make([]float64, groups)
		for g := range groups {
			values[g] = parabola(e.Times[g*k:(g+1)*k], e.Channels[c].Values[g*k:(g+1)*k], out.Times[g])
		}
		out.Channels[c].Values = values
		if out.Channels[c].Sigma > 0 {
			out.Channels[c].Sigma *= 1.5 / math.Sqrt(float64(k))
		}
	}
	out.Inputs, out.Held = nil, nil
	for _, u := range e.Inputs {
		values := make([]float64, groups)
		for g := range groups {
			for _, v := range u[g*k : (g+1)*k] {
				values[g] += v / float64(k)
			}
		}
		out.Inputs = append(out.Inputs, values)
	}
	return out
}

// parabola is the value at t0 of the least-squares parabola through the samples
// that are present.
func parabola(t, x []float64, t0 float64) float64 {
	var s [5]float64 // Σ τ^i
	var y [3]float64 // Σ τ^i·x
	span := t[len(t)-1] - t[0]
	n := 0
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		n++
		tau := (t[i] - t0) / span
		p := 1.0
		for j := range s {
			s[j] += p
			if j < 3 {
				y[j] += p * v
			}
			p *= tau
		}
	}
	if n == 0 {
		return math.NaN()
	}
	if n < 4 {
		return y[0] / s[0]
	}
	// Cramer's rule for the constant of the normal equations.
	det := func(a, b, c, d, e, f, g, h, i float64) float64 {
		return a*(e*i-f*h) - b*(d*i-f*g) + c*(d*h-e*g)
	}
	whole := det(s[0], s[1], s[2], s[1], s[2], s[3], s[2], s[3], s[4])
	if math.Abs(whole) < 1e-12*s[0]*s[0]*s[0] {
		return y[0] / s[0]
	}
	return det(y[0], s[1], s[2], y[1], s[2], s[3], y[2], s[3], s[4]) / whole
}

// CondenseFactor is how many samples of the data can be put together, 1 for none: none
// where an input jumps, since a mean knows no jump.
func (t *Table) CondenseFactor() int {
	for _, e := range t.Entries {
		if slices.Contains(e.Held, true) {
			return 1
		}
	}
	if rate := t.SamplesPerCycle(); rate > denseSamples {
		return int(rate / targetCycle)
	}
	return 1
}
