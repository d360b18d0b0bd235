package govern

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/run"
	"govern/verdict"
)

// outcome packs everything that was found.
func (w *work) outcome(ctx context.Context) (*Outcome, error) {
	r := w.result()
	out := &Outcome{Model: w.closed, Result: r, UDE: w.ude(), Page: w.page(r), Trajectories: &run.Trajectories{}}
	if w.closed == nil {
		return out, nil
	}
	if err := w.trajectories(ctx, out); err != nil {
		return nil, err
	}
	return out, nil
}

// result fills result.json.
func (w *work) result() *run.Result {
	r := w.blank()
	m := w.problem.Model
	for _, d := range m.Warnings {
		r.Warnings = append(r.Warnings, d.Error())
	}
	r.Warnings = append(r.Warnings, w.problem.Warnings...)
	r.Warnings = append(r.Warnings, w.doubts...)
	if w.closed == nil {
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
	if x := w.found.Extra; x != nil {
		right := x.Equation()
		r.Extra = &run.Extra{State: x.State, Equation: right.String(), Enters: x.Enters, Term: x.State}
		r.Warnings = append(r.Warnings, fmt.Sprintf("an extra hidden state is needed: %[1]s' = %[2]s, added to %[3]s'; without it no formula passes the checks", x.State, right, x.Enters))
	}
	w.doubt(r)
	r.Regimes = w.regimes()
	r.Warnings = append(r.Warnings, w.warnings()...)
	w.judge(r)
	w.unproven(r)
	return r
}

// blank is a result in which no number is defined.
func (w *work) blank() *run.Result {
	v := verdict.OfSearch(w.found)
	if w.adrift {
		v = verdict.Adrift()
	}
	return &run.Result{
		Status: v.Status, Advice: v.Advice, Seconds: w.seconds,
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

// doubt says what the equations may lack, and what else makes the formula look like
// an approximation.
func (w *work) doubt(r *run.Result) {
	if len(w.found.Lacks) > 0 {
		l := w.found.Lacks[0]
		r.Lack = &run.Lack{Equation: l.Equation, Along: l.Along, Chance: run.Number(l.Chance), Size: run.Number(l.Size), Term: l.Term}
	}
	r.Warnings = append(r.Warnings, w.found.Memory...)
	r.Warnings = append(r.Warnings, w.found.Steps...)
	for _, d := range w.found.Dense {
		r.Warnings = append(r.Warnings, d.String())
	}
	for _, l := range w.found.Sure() {
		r.Warnings = append(r.Warnings, l.String())
	}
}

// formulas are the equations, what stands for every unknown, and ties.
func (w *work) formulas(r *run.Result) {
	m := w.problem.Model
	for i, right := range w.rightHandSides() {
		r.Equations[w.closed.States[i].Name] = nil
		if right != nil {
			text := right.String()
			r.Equations[w.closed.States[i].Name] = &text
		}
	}
	for u, unknown := range m.Unknowns {
		if len(w.found.Apart) > 0 {
			r.Errors.Neural[unknown.Name] = run.Number(w.found.Apart[u])
		}
		if form := w.final.Form(u); form != nil {
			r.Unknowns[unknown.Name] = run.Unknown{
				Arguments: unknown.Arguments, Neural: &run.Shape{Hidden: form.Neural.Hidden, Activation: activation(form.Neural)},
			}
			continue
		}
		text := w.formula(w.final, u).String()
		entry := run.Unknown{Arguments: unknown.Arguments, Expression: &text}
		for i, t := range w.final.Terms {
			if t.Unknown == u {
				v, low, high := w.interval(i)
				entry.Terms = append(entry.Terms, run.Term{Term: w.factor(w.final, i).String(), Coefficient: run.Number(v), Low: run.Number(low), High: run.Number(high)})
			}
		}
		r.Unknowns[unknown.Name] = entry
	}
	for _, t := range w.found.Ties {
		a := run.Alternative{Expressions: map[string]string{}, Delta: run.Number(t.Delta)}
		for u, unknown := range m.Unknowns {
			a.Expressions[unknown.Name] = w.formulaIn(t.Model, t.Fitted, u).String()
		}
		r.Alternatives = append(r.Alternatives, a)
	}
}

// numbers are the fitted parameters, noise, errors and the dynamics.
func (w *work) numbers(r *run.Result) {
	for _, q := range w.parameters() {
		r.Parameters[q.name] = q.estimate()
	}
	sigma := sampled(w.whole, w.final.Sigma)
	r.ProcessNoise = w.processNoise()
	for i, c := range w.whole.Channels {
		r.Noise[c.Column] = run.Number(overLevels(w.whole, i, func(k int) float64 { return sigma[k] }))
		r.Errors.Nudged[c.Column] = run.Number(overLevels(w.whole, i, func(k int) float64 { return w.residual(k) / w.whole.Channels[k].Std }))
	}
	r.NoiseEntries = w.noiseEntries(sigma)
	for i, c := range w.data.Channels {
		r.Errors.Free[c.Column] = run.Number(w.proof.FreeColumn[i])
	}
	r.Supplied.Gain = 0 // the last fit has none
	if g := w.grown; g != nil {
		r.Segments = &run.Segments{Asked: w.asked.Fit.Segment, Used: g.Segment, Rate: run.Number(g.Rate), Growth: run.Number(g.Growth)}
		if g.Short != nil {
			r.Segments.Reason = string(g.Short.Cause)
		}
	}
	for _, h := range w.help() {
		r.Supplied.Defects[h.State] = run.Number(h.Share())
	}
	r.Dynamics = *dynamicsOf(w.proof)
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
func (w *work) noiseEntries(sigma []float64) map[string]map[string]run.Number {
	var out map[string]map[string]run.Number
	for i, c := range w.whole.Channels {
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
func (w *work) residual(channel int) float64 {
	if channel < len(w.final.Residual) {
		return w.final.Residual[channel]
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

// judge takes back a status that the proof does not bear out.
func (w *work) judge(r *run.Result) {
	if !r.Status.Trusted() {
		return
	}
	refuse := func(format string, args ...any) { r.Status, r.Advice = run.NoModel, fmt.Sprintf(format, args...) }
	astray := w.astray()
	if w.apart && len(w.final.Forms) == 0 {
		r.Status, r.Advice = run.NotConverged, "no fit to all data came near the held-out ones, so the formula holds for the training data alone: what was held out may move differently, or the formula is an approximation. Give more data, or cut the record where it changes"
	}
	switch {
	case w.proof.Rest != "":
		refuse("left to itself the formula comes to rest: %s. It follows the data closely, but is only an approximation of what moves them: give a richer library, or let a network learn the unknown (`neural: {}`)", w.proof.Rest)
	case !w.proof.Bounded:
		what, richer := "formula", "a richer library"
		if len(w.final.Forms) > 0 {
			what, richer = "network", "a wider `hidden`"
		}
		refuse("the %s, running free, leaves the range of the data (%s): it is not a model of them. Give more data, or %s.", what, w.proof.Escape, richer)
	case astray >= 0 && w.found.Extra != nil:
		refuse("a formula with an extra hidden state follows the data, but free runs from held-out starts are %.2g standard deviations of %s off, no better than chance: "+
			"the library lacks something else; widen it, or observe more", w.proof.Free[astray], w.data.Channels[astray].Label())
	case astray >= 0:
		refuse("Free runs of the network from held-out starts are %.2g standard deviations of %s off, no better than chance: "+
			"it does not hold where it was not trained. Train on data that cover the held-out ones, or seek a formula with `govern extract`, which may.", w.proof.Free[astray], w.data.Channels[astray].Label())
	}
}

// unproven says so where no free run from a held-out start was possible: then a
// formula may be right, but nothing shows it. One whose own numbers are not
// determined is no answer at all.
func (w *work) unproven(r *run.Result) {
	if w.proof.Starts > 0 || len(w.final.Terms) == 0 || len(w.final.Forms) > 0 || !r.Status.Trusted() || w.problem.Discover.Method == discover.MethodDerivatives {
		return
	}
	const why = "not proven: no free run from a held-out start was possible"
	for i := range w.final.Terms {
		if _, low, high := w.interval(i); !(low > 0 || high < 0) {
			r.Status = run.NoModel
			r.Advice = fmt.Sprintf("%s, and the data do not even determine the sign of the coefficient of %s; give a longer record", why, w.factor(w.final, i))
			return
		}
	}
	if r.Status == run.OK {
		r.Status, r.Advice = run.Ambiguous, why+"; the formula explains the samples that it was fitted to, and others may as well. Give a longer record, or another with `use: test`"
		return
	}
	r.Advice = why + "; " + r.Advice
}

// rightHandSides are the closed equations; nil for one that holds a neural form.
func (w *work) rightHandSides() []*expr.Expr {
	m := w.problem.Model
	open := m.Rhs()
	out := w.closed.Rhs()
	for i, right := range out {
		neural := false
		for _, c := range expr.Calls(open[i]) {
			u := slices.IndexFunc(m.Unknowns, func(u model.Unknown) bool { return u.Name == c.Ident })
			neural = neural || u >= 0 && w.final.Form(u) != nil
		}
		if out[i] = nil; !neural {
			out[i] = w.substituted(right)
		}
	}
	return out
}

// substituted puts fixed parameters' values in the place of their names;
// conditions stay names.
func (w *work) substituted(e *expr.Expr) *expr.Expr {
	stay := map[string]bool{}
	for _, entry := range w.all {
		for name := range entry.Set {
			stay[name] = true
		}
	}
	values := map[string]*expr.Expr{}
	for _, q := range w.closed.Parameters {
		if !stay[q.Name] {
			values[q.Name] = expr.Num(q.Value)
		}
	}
	return expr.Simplify(expr.Substitute(e, values))
}

// chance is the free-running error, in standard deviations, above which a
// network, or a formula with an extra state, has learned nothing that holds elsewhere: two unrelated points of one
// attractor are √2 apart.
const chance = 1.5

// astray returns the channel on which free runs of a network, or of a model with an
// extra state, are worst, −1 when all are better than chance or there is neither.
func (w *work) astray() int {
	worst := -1
	if len(w.final.Forms) == 0 && w.found.Extra == nil {
		return worst
	}
	for i, off := range w.proof.Free {
		if off > chance && (worst < 0 || off > w.proof.Free[worst]) {
			worst = i
		}
	}
	return worst
}
