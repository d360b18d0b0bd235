package govern

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"govern/assess"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/ode"
	"govern/report"
	"govern/run"
)

// confidence is the half-width of a 95 % interval in standard deviations.
const confidence = 1.959963984540054

// outcome packs everything that was found.
func (w *work) outcome(ctx context.Context) (*Outcome, error) {
	out := &Outcome{Model: w.closed, Result: w.result(), UDE: w.ude(), Page: w.page(), Trajectories: &run.Trajectories{}}
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
	r := &run.Result{
		Status: run.Status(w.found.Status), Advice: w.found.Advice, Seconds: w.seconds,
		Equations: map[string]*string{}, Unknowns: map[string]run.Unknown{}, Parameters: map[string]run.Estimate{},
		Errors: run.Errors{Nudged: map[string]run.Number{}, Free: map[string]run.Number{}, Neural: map[string]run.Number{}},
		Dynamics: run.Dynamics{
			ValidTime: run.Undefined(), AttractorDistance: run.Undefined(), AttractorFloor: run.Undefined(),
			SpectrumDistance: run.Undefined(), SpectrumFloor: run.Undefined(),
		},
		Noise:    map[string]run.Number{},
		Supplied: run.Supplied{Gain: run.Undefined(), Defects: map[string]run.Number{}},
	}
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
				c, half := w.final.Coefficients[i], confidence*w.spread[i]
				entry.Terms = append(entry.Terms, run.Term{
					Term: w.factor(w.final, i).String(), Coefficient: run.Number(c), Low: run.Number(c - half), High: run.Number(c + half),
				})
			}
		}
		r.Unknowns[unknown.Name] = entry
	}
	for i, q := range w.fittedParameters() {
		if m.ParameterIndex(q) < 0 {
			continue // a knot: it stands in its term
		}
		v, half := w.final.Parameters[i], confidence*w.spread[len(w.final.Terms)+i]
		r.Parameters[q] = run.Estimate{Value: run.Number(v), Low: run.Number(v - half), High: run.Number(v + half)}
	}
	sigma := sampled(w.whole, w.final.Sigma)
	for i, c := range w.whole.Channels {
		r.Noise[c.Column] = run.Number(sigma[i])
		r.Errors.Nudged[c.Column] = run.Number(w.final.Residual[i] / c.Std)
	}
	for i, c := range w.data.Channels {
		r.Errors.Free[c.Column] = run.Number(w.proof.Free[i])
	}
	r.Supplied.Gain = 0 // the last fit has none
	for _, h := range w.help() {
		r.Supplied.Defects[h.State] = run.Number(h.Share())
	}
	r.Dynamics = *dynamicsOf(w.proof)
	if x := w.found.Extra; x != nil {
		right := x.Equation()
		r.Extra = &run.Extra{State: x.State, Equation: right.String(), Enters: x.Enters, Term: x.State}
		r.Warnings = append(r.Warnings, fmt.Sprintf("an extra hidden state is needed: %[1]s' = %[2]s, added to %[3]s'; without it no formula passes the checks", x.State, right, x.Enters))
	}
	for _, t := range w.found.Ties {
		a := run.Alternative{Expressions: map[string]string{}, Delta: run.Number(t.Delta)}
		for u, unknown := range m.Unknowns {
			a.Expressions[unknown.Name] = w.formula(t.Fitted, u).String()
		}
		r.Alternatives = append(r.Alternatives, a)
	}
	r.Regimes = w.regimes()
	r.Warnings = append(r.Warnings, w.warnings()...)
	if w.proof.Rest != "" && r.Status.Trusted() {
		r.Status = run.NoModel
		r.Advice = "left to itself the formula comes to rest: " + w.proof.Rest + ". It follows the data closely, but is only an approximation of what moves them: give a richer library, or let a network learn the unknown (`neural: {}`)"
	}
	if !w.proof.Bounded && r.Status.Trusted() {
		r.Status = run.NoModel
		what, richer := "formula", "a richer library"
		if len(w.final.Forms) > 0 {
			what, richer = "network", "a wider `hidden`"
		}
		r.Advice = fmt.Sprintf("the %[1]s, running free, leaves the range of the data (%[2]s): it is not a model of them. Give more data, or %[3]s.",
			what, w.proof.Escape, richer)
	}
	if i := w.astray(); i >= 0 && r.Status.Trusted() && w.found.Extra != nil {
		r.Status = run.NoModel
		r.Advice = fmt.Sprintf("a formula with an extra hidden state follows the data, but free runs from held-out starts are %.2g standard deviations of %s off, no better than chance: "+
			"the library lacks something else; widen it, or observe more", w.proof.Free[i], w.data.Channels[i].Column)
	}
	if i := w.astray(); i >= 0 && r.Status.Trusted() {
		r.Status = run.NoModel
		r.Advice = fmt.Sprintf("Free runs of the network from held-out starts are %.2g standard deviations of %s off, no better than chance: "+
			"it does not hold where it was not trained. Train on data that cover the held-out ones, or seek a formula with `govern extract`, which may.", w.proof.Free[i], w.data.Channels[i].Column)
	}
	return r
}

// dynamicsOf a proof.
func dynamicsOf(p *assess.Proof) *run.Dynamics {
	return &run.Dynamics{
		Lyapunov: run.Numbers(p.Lyapunov), ValidTime: run.Number(p.LyapunovTimes()),
		AttractorDistance: run.Number(p.AttractorDistance), AttractorFloor: run.Number(p.AttractorFloor),
		SpectrumDistance: run.Number(p.SpectrumDistance), SpectrumFloor: run.Number(p.SpectrumFloor),
	}
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

// warnings collects what a reader should know.
func (w *work) warnings() []string {
	out := append(w.regimeWarnings(), w.proof.Warnings...)
	if w.found.Drift != "" {
		out = append(out, w.found.Drift+": what is computed of the model, exponents and attractor among it, is of no stationary motion")
	}
	if w.final.Omega > 2*fit.OmegaEnd {
		text := fmt.Sprintf("the equations leave a defect: the evidence allows them an error of %.2g standard deviations a characteristic time", w.final.Omega)
		if len(w.spread) > 0 {
			text += fmt.Sprintf(", so intervals are from refits of %d parts of the record", blocks)
		}
		out = append(out, text)
	}
	if !w.proof.Bounded && len(w.final.Forms) > 0 {
		out = append(out, "the free run of the network leaves the range of the data ("+w.proof.Escape+")")
	}
	if i := w.wide(); i >= 0 {
		out = append(out, fmt.Sprintf("free runs leave %s by %.2g standard deviations over three cycles, where its noise is %.2g: without chaos the true equations would stay near it, so these are likely an approximation",
			w.data.Channels[i].Column, w.proof.Free[i], w.final.Sigma[i]/w.data.Channels[i].Std))
	}
	if w.proof.Rest != "" && len(w.final.Forms) > 0 {
		out = append(out, "left to itself the network comes to rest: "+w.proof.Rest)
	}
	if w.found.Model != nil && len(w.final.Parameters) == len(w.fittedParameters()) {
		out = append(out, fit.AtBounds(w.found.Model, w.final.Parameters, w.problem.Model)...)
	}
	if w.apart {
		out = append(out, "no refit on all data was possible: along the held-out ones the formula is undefined or runs away; the values are of the training data alone")
	}
	for _, column := range slices.Sorted(maps.Keys(w.left)) {
		out = append(out, fmt.Sprintf("%s: %d samples that lie alone, more than 5 standard deviations off the path, were left out as outliers", column, w.left[column]))
	}
	for _, c := range w.data.Channels {
		if c.Correlation > 0 {
			out = append(out, fmt.Sprintf("the noise of %s is correlated, %.2g from sample to sample: it counts as white noise %.2g times as large", c.Column, c.Correlation, c.Inflation()))
		}
	}
	for _, c := range w.data.Channels {
		if text := c.Misgiven(w.data.SamplesPerCycle()); text != "" {
			out = append(out, text)
		}
	}
	if w.sparse() {
		out = append(out, fmt.Sprintf("the formula was sought on %d of %d training samples%s; coefficients, intervals, noise and free runs are from all samples",
			w.sought.Samples(), w.data.Samples(), w.sparsely()))
	}
	rate := w.data.SamplesPerCycle()
	if rate < 9 {
		out = append(out, fmt.Sprintf("only %.1f samples a cycle: below 8–10 the equations may not be determined", rate))
	}
	for i, s := range w.spread {
		if math.IsInf(s, 1) || math.IsNaN(s) {
			name := ""
			if i < len(w.final.Terms) {
				name = "the coefficient of " + w.final.Terms[i].Factor.String()
			} else {
				name = w.fittedParameters()[i-len(w.final.Terms)]
			}
			out = append(out, "the data do not determine "+name+" apart from the others")
		}
	}
	return out
}

// wide returns the channel that free runs miss by much more than its noise although
// nothing grows and the equations leave a defect; −1 for none.
func (w *work) wide() int {
	const much, least = 5, 0.05
	worst := -1
	if w.proof.Chaotic || w.final.Omega <= 2*fit.OmegaEnd {
		return worst
	}
	for i, c := range w.data.Channels {
		noise := w.final.Sigma[i] / c.Std
		if free := w.proof.Free[i]; free > least && free > much*noise && (worst < 0 || free > w.proof.Free[worst]) {
			worst = i
		}
	}
	return worst
}

// sparsely says how the samples of a search were chosen.
func (w *work) sparsely() string {
	text := ""
	if k := w.data.Condensing(); k > 1 {
		text = fmt.Sprintf(", each of %d put together", k)
	}
	if len(w.sought.Entries) > len(w.data.Entries) {
		text += fmt.Sprintf(", in %d stretches spread over the record", len(w.sought.Entries))
	}
	return text
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

func (w *work) fittedParameters() []string { return fittedNames(w.found.Model) }

// trajectories adds the data beside fitted and free paths, and the figures made
// of them.
func (w *work) trajectories(ctx context.Context, out *Outcome) error {
	n := len(w.closed.States)
	for e, entry := range w.all {
		nodes := w.final.Nodes[e]
		free, err := assess.Solve(ctx, w.closed, entry, nodes[:n])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if free == nil {
			return err
		}
		freely, err := assess.Observe(w.closed, entry, free)
		if err != nil {
			return err
		}
		fitted, err := assess.Observe(w.closed, entry, w.fittedPath(entry, nodes))
		if err != nil {
			return err
		}
		name := entry.Name
		if entry.Test {
			name += " (held out)"
		}
		track := run.Track{Entry: name, Time: entry.Times}
		series := report.Series{Entry: name, Time: entry.Times}
		for c, ch := range entry.Channels {
			track.Channels = append(track.Channels, run.TrackChannel{Name: ch.Column, Data: ch.Values, Nudged: fitted[c], Free: freely[c]})
			series.Channels = append(series.Channels, report.Track{Name: ch.Column, Unit: ch.Unit, Data: ch.Values, Nudged: fitted[c], Free: freely[c]})
		}
		out.Trajectories.Entries = append(out.Trajectories.Entries, track)
		out.Page.Series = append(out.Page.Series, series)
	}
	return w.figures(ctx, out)
}

// fittedPath spreads a fit's nodes over an entry's samples; between nodes there
// is nothing.
func (w *work) fittedPath(entry fit.Entry, nodes []float64) *ode.Solution {
	n, segment := len(w.closed.States), max(w.problem.Fit.Segment, 1)
	sol := &ode.Solution{Time: entry.Times, Values: make([][]float64, n)}
	for s := range n {
		sol.Values[s] = make([]float64, len(entry.Times))
		for i := range sol.Values[s] {
			sol.Values[s][i] = math.NaN()
		}
		for b := range len(nodes) / n {
			sol.Values[s][min(b*segment, len(entry.Times)-1)] = nodes[b*n+s]
		}
	}
	return sol
}

// page fills the report.
func (w *work) page() *report.Page {
	m := w.problem.Model
	p := &report.Page{
		Title: w.problem.Name, Status: string(w.found.Status), Advice: w.found.Advice, TimeUnit: m.TimeUnit,
	}
	if w.closed == nil {
		return p
	}
	r := w.result()
	p.Status, p.Advice, p.Warnings = string(r.Status), r.Advice, r.Warnings
	for i, right := range w.rightHandSides() {
		learned := false
		for _, c := range expr.Calls(m.Equations[i].Right) {
			learned = learned || m.Unknown(c.Ident) != nil
		}
		p.Equations = append(p.Equations, report.Equation{State: w.closed.States[i].Name, Right: right, Learned: learned})
	}
	for u, unknown := range m.Unknowns {
		entry := report.Unknown{Name: unknown.Name, Arguments: unknown.Arguments}
		if form := w.final.Form(u); form != nil {
			entry.Neural = fmt.Sprintf("hidden %v, %s", form.Neural.Hidden, activation(form.Neural))
		} else {
			entry.Formula = w.formula(w.final, u)
		}
		for i, t := range w.final.Terms {
			if t.Unknown == u {
				c, half := w.final.Coefficients[i], confidence*w.spread[i]
				entry.Terms = append(entry.Terms, report.Term{Factor: w.factor(w.final, i), Coefficient: c, Low: c - half, High: c + half})
			}
		}
		p.Unknowns = append(p.Unknowns, entry)
	}
	for i, q := range w.fittedParameters() {
		v, half := w.final.Parameters[i], confidence*w.spread[len(w.final.Terms)+i]
		p.Parameters = append(p.Parameters, report.Estimate{Name: q, Value: v, Low: v - half, High: v + half})
	}
	for _, t := range w.found.Ties {
		tie := report.Tie{Delta: t.Delta}
		for u, unknown := range m.Unknowns {
			tie.Formulas = append(tie.Formulas, report.Formula{Name: unknown.Name, Arguments: unknown.Arguments, Right: w.formula(t.Fitted, u)})
		}
		p.Ties = append(p.Ties, tie)
	}
	for i, c := range w.whole.Channels {
		channel := report.Channel{Column: c.Column, Unit: c.Unit, Observe: c.Observe, Std: c.Std, Noise: w.final.Sigma[i] / c.Inflation(), Nudged: w.final.Residual[i] / c.Std, Free: math.NaN(), Differences: math.NaN()}
		if k := w.data.IndexOf(c); k >= 0 {
			channel.Free = w.proof.Free[k]
		}
		channel.Origin = w.origin(i)
		if !c.Given {
			channel.Differences = c.Sigma0
		}
		p.Channels = append(p.Channels, channel)
	}
	p.Dynamics = &report.Dynamics{
		Lyapunov: w.proof.Lyapunov, ValidTime: w.proof.LyapunovTimes(), AtLeast: w.proof.Censored, Starts: w.proof.Starts,
		AttractorDistance: w.proof.AttractorDistance, AttractorFloor: w.proof.AttractorFloor,
		SpectrumDistance: w.proof.SpectrumDistance, SpectrumFloor: w.proof.SpectrumFloor,
		PeriodModel: w.proof.ModelCycle, PeriodData: w.proof.Cycle,
	}
	if !w.proof.Chaotic && !math.IsNaN(w.proof.ValidTime) {
		p.Dynamics.Note = fmt.Sprintf("No chaos: there is no Lyapunov time. Free runs stay valid for %.3g cycles (median).", w.proof.ValidTime)
	}
	p.Supplied = &report.Supplied{States: w.help()}
	p.Settings = w.used()
	return p
}

// road says how the answer was found.
func (w *work) road() string {
	library := "library of degree " + strconv.Itoa(w.found.Degree) + ", " + strconv.Itoa(w.found.Library) + " candidate terms"
	if w.found.Neural == nil {
		return library
	}
	text := "networks"
	for _, form := range w.found.Neural.Forms {
		text += fmt.Sprintf(", %s %v", form.Neural.Names[0], form.Neural.Hidden)
	}
	if len(w.final.Forms) > 0 {
		return text
	}
	return library + ", after " + text
}

// used lists the choices that were made, by the user or by default.
func (w *work) used() []report.Setting {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	out := []report.Setting{
		{Name: "road", Value: w.road()},
		{Name: "segment", Value: strconv.Itoa(max(w.problem.Fit.Segment, 1)) + " samples"},
		{Name: "Runge–Kutta steps a sample", Value: strconv.Itoa(w.final.Substeps)},
		{Name: "final defect weight", Value: number(w.final.Omega)},
		{Name: "characteristic time", Value: number(w.data.Time)},
		{Name: "samples a cycle", Value: number(w.data.SamplesPerCycle())},
		{Name: "gain", Value: "0"},
	}
	for _, c := range w.found.Checks {
		state := "passed"
		if !c.OK {
			state = "failed"
		}
		out = append(out, report.Setting{Name: "check: " + c.Name, Value: state + ": " + c.Text})
	}
	return out
}
