package fit

import (
	"context"
	"slices"

	"govern/expr"
	"govern/model"
)

// Smoothed is a path: every state and every unknown call as series, with the
// noise that goes with it.
type Smoothed struct {
	States [][][]float64 // entry, state, sample
	Calls  [][][]float64 // entry, call, sample
	Spread [][][]float64 // entry, call, sample: posterior standard deviation of Calls
	Sigma  []float64     // per channel
	Scale  []float64     // per state: standard deviation of its path
	Rough  []float64     // per call: the chosen q, in units of scale/t_c^2.5
	// Parameters are the model's fitted parameters, in their order. Those that
	// appear only beside unknown calls keep their start: there the call would
	// absorb any value.
	Parameters []float64
	// Slopes are derivatives of States where a path was differentiated instead of
	// smoothed; Calls are then zero.
	Slopes [][][]float64
}

// Smooth finds hidden states and unknown calls as series, the unknown-input
// smoother: each call is an integrated random walk whose strength is found by
// evidence, half a decade at a time, while the noise is re-estimated under its
// cap. The weights of the known equations are annealed, because stiff ones
// from the start lead to false minima.
func (e *Engine) Smooth(ctx context.Context) (*Smoothed, error) { return e.smoothAs(ctx, "smooth") }

// SmoothHeld smooths with the fitted parameters held at their start, another
// place to begin from: parameters that move along with hidden states may settle
// in a wrong basin. It returns nil where Smooth moves no parameter.
func (e *Engine) SmoothHeld(ctx context.Context) (*Smoothed, error) {
	if len(e.Data.smoothedColumns()) == 0 {
		return nil, nil
	}
	var start []float64
	for _, p := range e.Data.Model.Parameters {
		if p.Fit {
			start = append(start, p.Value)
		}
	}
	return e.SmoothAt(ctx, "smooth-held", start)
}

// SmoothAt smooths with the fitted parameters held at the given values, in their
// order.
func (e *Engine) SmoothAt(ctx context.Context, name string, held []float64) (*Smoothed, error) {
	m := *e.Data.Model
	m.Parameters = slices.Clone(m.Parameters)
	at := 0
	for i, p := range m.Parameters {
		if p.Fit {
			m.Parameters[i].Fit, m.Parameters[i].Value = false, held[at]
			at++
		}
	}
	d, err := Prepare(&m, e.Data.Entries)
	if err != nil {
		return nil, err
	}
	d.held = fittedColumns(e.Data.Model)
	engine := *e
	engine.Data = d
	out, err := engine.smoothAs(ctx, name)
	if err == nil {
		out.Parameters = slices.Clone(held)
	}
	return out, err
}

// SmoothAlone smooths every state from its own measurements, as if no equation
// were known: a path, with its slopes, that no parameter of a known equation bends.
// Every state must be measured. Parameters are at their start.
func (e *Engine) SmoothAlone(ctx context.Context) (*Smoothed, error) {
	m := *e.Data.Model
	m.Definitions, m.Unknowns, m.Equations = nil, nil, slices.Clone(m.Equations)
	m.Parameters = slices.Clone(m.Parameters)
	var start []float64
	for i, p := range m.Parameters {
		if p.Fit {
			start = append(start, p.Value)
			m.Parameters[i].Fit = false
		}
	}
	for i, s := range m.States {
		name := "slope_of_" + s.Name
		m.Unknowns = append(m.Unknowns, model.Unknown{Name: name, Arguments: []string{s.Name}})
		m.Equations[i].Right = expr.Apply(name, expr.Var(s.Name))
	}
	d, err := Prepare(&m, e.Data.Entries)
	if err != nil {
		return nil, err
	}
	engine := *e
	engine.Data = d
	out, err := engine.smoothAs(ctx, "smooth-alone")
	if err != nil {
		return nil, err
	}
	path := *out
	path.Slopes, path.Calls, path.Spread, path.Parameters = out.Calls, nil, nil, start
	for _, entry := range e.Data.Entries {
		none := make([][]float64, len(e.Data.Calls))
		for k := range none {
			none[k] = make([]float64, len(entry.Times))
		}
		path.Calls, path.Spread = append(path.Calls, none), append(path.Spread, none)
	}
	return &path, nil
}

func (e *Engine) smoothAs(ctx context.Context, name string) (*Smoothed, error) {
	out := &Smoothed{}
	err := e.do(name, out, func() error {
		s, err := e.smooth(ctx)
		if err == nil {
			*out = *s
		}
		return err
	})
	return out, err
}

func (e *Engine) smooth(ctx context.Context) (*Smoothed, error) {
	d := e.Data
	n := len(d.Model.States)
	out := &Smoothed{Sigma: d.Sigmas(), Scale: make([]float64, n), Rough: make([]float64, len(d.Calls))}
	for _, entry := range d.Entries {
		table := func(rows int) [][]float64 {
			t := make([][]float64, rows)
			for i := range t {
				t[i] = make([]float64, len(entry.Times))
			}
			return t
		}
		out.States = append(out.States, table(n))
		out.Calls = append(out.Calls, table(len(d.Calls)))
		out.Spread = append(out.Spread, table(len(d.Calls)))
	}
	for _, c := range fittedColumns(d.Model) {
		out.Parameters = append(out.Parameters, d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Value)
	}
	if unseen := d.Unseen(); len(unseen) > 0 {
		return nil, &UnobservedError{State: unseen[0]}
	}
	for _, c := range d.components() {
		if err := e.smoothComponent(ctx, c, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}
