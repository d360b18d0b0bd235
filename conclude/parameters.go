package conclude

import (
	"math"
	"slices"

	"govern/fit/prior"
	"govern/model"
)

// Parameter is a fitted parameter of the problem as the result shows it.
type Parameter struct {
	Name    string
	Value   float64
	Half    float64       // of its 95 % interval
	Held    bool          // at Value, because no data determine it
	Prior   *Prior        // nil without one
	Entries []Parameter   // values of entries, in their order
	Spread  *prior.Spread // of them; nil where they are not drawn from one distribution
}

// Prior is what was believed of a parameter.
type Prior struct {
	Value, SD float64
	Off       float64 // of the answer, in SD
}

// Parameters are the fitted parameters of the problem, in its order.
func (a *Answer) Parameters() []Parameter {
	terms := len(a.Final.Terms)
	single := func(k int, name string, p *model.Parameter) Parameter {
		out := Parameter{Name: name, Value: a.Final.Parameters[k], Half: Confidence * a.Spread[terms+k]}
		if p.SD > 0 {
			out.Prior = &Prior{Value: p.Value, SD: p.SD, Off: (out.Value - p.Value) / p.SD}
		}
		return out
	}
	differing := a.Data.Differing()
	var out []Parameter
	at := map[string]int{}
	for _, name := range differing {
		at[name] = -1
	}
	k := -1
	for i := range a.Found.Model.Parameters {
		p := &a.Found.Model.Parameters[i]
		if slices.Contains(differing, p.Name) {
			at[p.Name] = len(out)
			columns, share, constant := a.Answering().Mean(p.Name)
			mean := Parameter{Name: p.Name, Value: p.Value}
			if len(columns) > 0 {
				mean.Value, mean.Half = a.meanValue(columns, share)
				mean.Value += constant
			}
			if p.Fit { // the learned mean may have a prior
				mean.Prior = single(columns[0], p.Name, p).Prior
			}
			if s := slices.IndexFunc(a.Final.Spreads, func(s prior.Spread) bool { return s.Parameter == p.Name }); s >= 0 {
				mean.Spread = &a.Final.Spreads[s]
			}
			out = append(out, mean)
		}
		if mean, ok := at[p.Of]; ok && !p.Fit {
			out[mean].Entries = append(out[mean].Entries, Parameter{Name: p.Entry, Value: p.Value, Held: true})
		}
		if !p.Fit {
			continue
		}
		k++
		switch {
		case p.Of != "":
			mean := &out[at[p.Of]]
			mean.Entries = append(mean.Entries, single(k, p.Entry, p))
		case slices.Contains(differing, p.Name), a.Problem.Model.ParameterIndex(p.Name) < 0: // a knot stands in its term
		default:
			out = append(out, single(k, p.Name, p))
		}
	}
	return out
}

// meanValue is a mean of fitted parameters with half the width of its 95 % interval.
func (a *Answer) meanValue(columns []int, share float64) (value, half float64) {
	if a.Final.Covariance == nil {
		for _, k := range columns {
			value += share * a.Final.Parameters[k]
		}
		return value, math.NaN()
	}
	shifted := make([]int, len(columns))
	for i, k := range columns {
		shifted[i] = len(a.Final.Terms) + k
	}
	value, half = a.Combined(shifted)
	return share * value, share * half
}
