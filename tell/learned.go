package tell

import (
	"govern/conclude"
	"govern/expr"
	"govern/fit"
	"govern/report"
	"govern/run"
)

// slicePoints is how finely a learned function is drawn.
const slicePoints = 121

// learned draws every unknown along each of its arguments, over the range of the
// fitted path, the others held at their medians.
func (w writer) learned(out *Outcome) error {
	whole := w.Whole
	if len(whole.Model.Parameters) != len(w.Found.Model.Parameters) { // knots have been added
		var err error
		if whole, err = fit.Prepare(w.Found.Model, w.All); err != nil {
			return err
		}
	}
	path := w.fitted()
	smoothed, err := w.smoothed()
	if err != nil {
		return err
	}
	for u, unknown := range w.Problem.Model.Unknowns {
		arguments, err := whole.Arguments(path, u)
		if err != nil {
			return err
		}
		c := newCloud(arguments)
		if c == nil {
			continue
		}
		for a := range arguments {
			s, grid, err := w.slice(whole, u, a, c)
			if err != nil {
				return err
			}
			if err := w.sampled(&s, whole, u, a, c, smoothed); err != nil {
				return err
			}
			out.Page.Slices = append(out.Page.Slices, s)
			if out.Unknowns == nil {
				out.Unknowns = &run.Unknowns{}
			}
			out.Unknowns.Slices = append(out.Unknowns.Slices, run.Slice{
				Unknown: unknown.Name, Varied: unknown.Arguments[a], Arguments: unknown.Arguments,
				At: grid, Value: s.Value, Low: s.Low, High: s.High, Density: s.Density,
			})
		}
	}
	return nil
}

// slice evaluates unknown u along argument a.
func (w writer) slice(whole *fit.Data, u, a int, c *cloud) (report.Slice, [][]float64, error) {
	unknown := w.Problem.Model.Unknowns[u]
	s := report.Slice{Unknown: unknown.Name, Argument: unknown.Arguments[a], Unit: w.unit(w.argument(u, a))}
	grid := c.along(a, slicePoints)
	s.At = grid[a]
	for b, name := range unknown.Arguments {
		if b != a {
			s.Held = append(s.Held, report.Held{Name: name, Value: c.middle[b]})
		}
	}
	var spread []float64
	var err error
	if s.Value, spread, err = whole.Evaluate(w.Final, u, grid, w.Inflation()); err != nil {
		return s, nil, err
	}
	for i, v := range s.Value {
		s.Low, s.High = append(s.Low, v-conclude.Confidence*spread[i]), append(s.High, v+conclude.Confidence*spread[i])
	}
	s.Density = c.density(grid)
	if net := w.Found.Neural; net != nil && net.Form(u) != nil && w.Final.Form(u) == nil {
		if s.Network, _, err = w.Data.Evaluate(net, u, grid, nil); err != nil {
			return s, nil, err
		}
	}
	return s, grid, nil
}

// argument is what unknown u is called with where it is called in one way only.
func (w writer) argument(u, a int) string {
	name := ""
	for _, call := range w.Whole.Calls {
		if call.Unknown != u {
			continue
		}
		e := call.Call.Args[a]
		if e.Kind != expr.Name || name != "" && e.Ident != name {
			return ""
		}
		name = e.Ident
	}
	return name
}

// fitted is the final fit's path; NaN between nodes.
func (w writer) fitted() *fit.Smoothed {
	sm := &fit.Smoothed{Parameters: w.Final.Parameters}
	for e, entry := range w.All {
		sm.States = append(sm.States, w.fittedPath(entry, w.Final.Nodes[e]).Values)
	}
	return sm
}

// samples are what the smoother read off the data of an unknown, before any form
// was assumed.
type samples struct {
	arguments [][][]float64 // by unknown, argument
	value     [][]float64   // by unknown
}

// smoothed collects the samples of every unknown. There are none where the
// smoother could not tell a call from another, or held a parameter that the fit
// then moved: the call absorbs the difference.
func (w writer) smoothed() (*samples, error) {
	sm := w.Found.Smoothed
	if sm == nil || sm.Slopes != nil {
		return nil, nil
	}
	data := w.Data
	entries := w.Train
	if w.Sparse() {
		entries = w.Found.Data.Entries // what was smoothed
	}
	if w.Sparse() || len(data.Model.Parameters) != len(w.Problem.Model.Parameters) {
		var err error
		if data, err = fit.Prepare(w.Problem.Model, entries); err != nil {
			return nil, err
		}
	}
	k := 0
	for _, q := range w.Problem.Model.Parameters {
		if q.Fit {
			if sm.Parameters[k] == q.Value {
				return nil, nil
			}
			k++
		}
	}
	ambiguous := map[int]bool{} // states in whose equation calls were added together
	for _, call := range data.Calls {
		if call.Absorbed {
			ambiguous[call.State] = true
		}
	}
	out := &samples{}
	for u := range w.Problem.Model.Unknowns {
		arguments, err := data.Arguments(sm, u)
		if err != nil {
			return nil, err
		}
		var value []float64
		clear := true
		for c, call := range data.Calls {
			if call.Unknown == u {
				clear = clear && !ambiguous[call.State]
				for e := range data.Entries {
					value = append(value, sm.Calls[e][c]...)
				}
			}
		}
		if !clear {
			arguments, value = nil, nil
		}
		out.arguments, out.value = append(out.arguments, arguments), append(out.value, value)
	}
	return out, nil
}

// sampled moves samples of unknown u along the learned function onto the slice.
func (w writer) sampled(s *report.Slice, whole *fit.Data, u, a int, c *cloud, from *samples) error {
	const most = 600
	if from == nil || len(from.value[u]) == 0 {
		return nil
	}
	stride := (len(from.value[u]) + most - 1) / most
	here, there := make([][]float64, len(c.middle)), make([][]float64, len(c.middle))
	var value []float64
	for i := stride / 2; i < len(from.value[u]); i += stride {
		value = append(value, from.value[u][i])
		for b := range here {
			x := from.arguments[u][b][i]
			here[b] = append(here[b], x)
			if b != a {
				x = c.middle[b]
			}
			there[b] = append(there[b], x)
		}
	}
	at, _, err := whole.Evaluate(w.Final, u, here, nil)
	if err != nil {
		return err
	}
	on, _, err := whole.Evaluate(w.Final, u, there, nil)
	if err != nil {
		return err
	}
	for i := range value {
		value[i] += on[i] - at[i]
	}
	s.SampleAt, s.Sample = there[a], value
	return nil
}
