package tell

import (
	"math"

	"govern/assess"
	"govern/conclude"
	"govern/fit"
	"govern/note"
	"govern/run"
)

// result fills result.json.
func (w writer) result() *run.Result {
	r := w.blank()
	r.Warnings = note.Texts(w.notes)
	if w.verdict.Note.Kind != "" {
		r.Notes = append(r.Notes, w.verdict.Note)
	}
	r.Notes = append(r.Notes, w.notes...)
	if w.Closed == nil {
		m := w.Problem.Model
		for _, s := range m.States {
			r.Equations[s.Name] = nil
		}
		for _, u := range m.Unknowns {
			r.Unknowns[u.Name] = run.Unknown{Arguments: u.Arguments}
		}
		return r
	}
	w.formulas(r)
	w.numbers(r)
	if x := w.Found.Extra; x != nil {
		r.Extra = &run.Extra{State: x.State, Equation: x.Equation().String(), Enters: x.Enters, Term: x.State}
	}
	if len(w.Found.Lacks) > 0 {
		l := w.Found.Lacks[0]
		r.Lack = &run.Lack{Equation: l.Equation, Along: l.Along, Chance: run.Number(l.Chance), Size: run.Number(l.Size), Term: l.Term}
	}
	r.Regimes = w.regimes()
	return r
}

// blank is a result in which no number is defined.
func (w writer) blank() *run.Result {
	return &run.Result{
		Schema: run.Schema,
		Status: w.verdict.Status, Advice: w.verdict.Advice(),
		Seconds:   run.Seconds{Fit: run.Number(w.Seconds.Fit), Discover: run.Number(w.Seconds.Discover), Assess: run.Number(w.Seconds.Assess)},
		Equations: map[string]*string{}, Unknowns: map[string]run.Unknown{}, Parameters: map[string]run.Estimate{},
		Errors: run.Errors{Nudged: map[string]run.Number{}, Free: map[string]run.Number{}, Neural: map[string]run.Number{}},
		Dynamics: run.Dynamics{
			ValidTime: run.Undefined(), AttractorDistance: run.Undefined(), AttractorFloor: run.Undefined(),
			SpectrumDistance: run.Undefined(), SpectrumFloor: run.Undefined(),
		},
		Noise:    map[string]run.Number{},
		Supplied: run.Supplied{Gain: run.Undefined(), Defects: map[string]run.Number{}},
	}
}

// formulas are the equations, what stands for every unknown, and ties.
func (w writer) formulas(r *run.Result) {
	m := w.Problem.Model
	for i, right := range w.RightHandSides() {
		r.Equations[w.Closed.States[i].Name] = nil
		if right != nil {
			text := right.String()
			r.Equations[w.Closed.States[i].Name] = &text
		}
	}
	for u, unknown := range m.Unknowns {
		if len(w.Found.Apart) > 0 {
			r.Errors.Neural[unknown.Name] = run.Number(w.Found.Apart[u])
		}
		if form := w.Final.Form(u); form != nil {
			r.Unknowns[unknown.Name] = run.Unknown{
				Arguments: unknown.Arguments, Neural: &run.Shape{Hidden: form.Neural.Hidden, Activation: activation(form.Neural)},
			}
			continue
		}
		text := w.Formula(w.Final, u).String()
		entry := run.Unknown{Arguments: unknown.Arguments, Expression: &text}
		for i, t := range w.Final.Terms {
			if t.Unknown == u {
				v, low, high := w.Interval(i)
				entry.Terms = append(entry.Terms, run.Term{Term: w.Factor(i).String(), Coefficient: run.Number(v), Low: run.Number(low), High: run.Number(high)})
			}
		}
		r.Unknowns[unknown.Name] = entry
	}
	for _, t := range w.Found.Ties {
		a := run.Alternative{Expressions: map[string]string{}, Delta: run.Number(t.Delta)}
		for u, unknown := range m.Unknowns {
			a.Expressions[unknown.Name] = w.tied(t, u).String()
		}
		r.Alternatives = append(r.Alternatives, a)
	}
}

// numbers are the fitted parameters, noise, errors and the dynamics.
func (w writer) numbers(r *run.Result) {
	for _, q := range w.Parameters() {
		r.Parameters[q.Name] = estimate(q)
	}
	sigma := conclude.NoiseOfSamples(w.Whole, w.Final.Sigma)
	r.ProcessNoise = w.processNoise()
	for i, c := range w.Whole.Channels {
		r.Noise[c.Column] = run.Number(overLevels(w.Whole, i, func(k int) float64 { return sigma[k] }))
		r.Errors.Nudged[c.Column] = run.Number(overLevels(w.Whole, i, func(k int) float64 { return w.residual(k) / w.Whole.Channels[k].Std }))
	}
	r.NoiseEntries = w.noiseEntries(sigma)
	for i, c := range w.Data.Channels {
		r.Errors.Free[c.Column] = run.Number(w.Proof.FreeColumn[i])
	}
	r.Supplied.Gain = 0 // the last fit has none
	if g := w.Grown; g != nil {
		r.Segments = &run.Segments{Asked: w.Asked.Fit.Segment, Used: g.Segment, Rate: run.Number(g.Rate), Growth: run.Number(g.Growth)}
		if g.Short != nil {
			r.Segments.Reason = string(g.Short.Cause)
		}
	}
	for _, h := range w.help() {
		r.Supplied.Defects[h.State] = run.Number(h.Share())
	}
	r.Dynamics = *dynamicsOf(w.Proof)
}

// overLevels is a value of channel i: the root mean square over the samples of all
// levels of its noise for which it is defined.
func overLevels(d *fit.Data, i int, value func(channel int) float64) float64 {
	levels := d.LevelsOf(i)
	if len(levels) == 1 {
		return value(i)
	}
	sum, weight := 0.0, 0.0
	for _, k := range levels {
		if v := value(k); !math.IsNaN(v) {
			n := float64(d.Channels[k].Count)
			sum += n * v * v
			weight += n
		}
	}
	return math.Sqrt(sum / weight)
}

// noiseEntries is the noise of every entry, by column, where it has several levels.
func (w writer) noiseEntries(sigma []float64) map[string]map[string]run.Number {
	var out map[string]map[string]run.Number
	for i, c := range w.Whole.Channels {
		for _, name := range c.Files {
			if out == nil {
				out = map[string]map[string]run.Number{}
			}
			if out[c.Column] == nil {
				out[c.Column] = map[string]run.Number{}
			}
			out[c.Column][name] = run.Number(sigma[i])
		}
	}
	return out
}

// residual is the rms residual of a channel of the final fit; NaN where that failed.
func (w writer) residual(channel int) float64 {
	if channel < len(w.Final.Residual) {
		return w.Final.Residual[channel]
	}
	return math.NaN()
}

// dynamicsOf a proof.
func dynamicsOf(p *assess.Proof) *run.Dynamics {
	return &run.Dynamics{
		Lyapunov: run.Numbers(p.Lyapunov), ValidTime: run.Number(p.LyapunovTimes()),
		AttractorDistance: run.Number(p.AttractorDistance), AttractorFloor: run.Number(p.AttractorFloor),
		SpectrumDistance: run.Number(p.SpectrumDistance), SpectrumFloor: run.Number(p.SpectrumFloor),
	}
}
