package tell

import (
	"fmt"
	"math"
	"strconv"

	"govern/discover"
	"govern/expr"
	"govern/report"
	"govern/run"
)

// page fills the report of a result.
func (w writer) page(r *run.Result) *report.Page {
	m := w.Problem.Model
	p := &report.Page{Title: w.Problem.Name, Status: string(r.Status), Advice: r.Advice, TimeUnit: m.TimeUnit}
	if w.Closed == nil {
		return p
	}
	p.Warnings = r.Warnings
	for i, right := range w.RightHandSides() {
		learned := false
		for _, c := range expr.Calls(m.Equations[i].Right) {
			learned = learned || m.Unknown(c.Ident) != nil
		}
		p.Equations = append(p.Equations, report.Equation{State: w.Closed.States[i].Name, Right: right, Learned: learned})
	}
	for u, unknown := range m.Unknowns {
		entry := report.Unknown{Name: unknown.Name, Arguments: unknown.Arguments}
		if form := w.Final.Form(u); form != nil {
			entry.Neural = fmt.Sprintf("hidden %v, %s", form.Neural.Hidden, activation(form.Neural))
		} else {
			entry.Formula = w.Formula(w.Final, u)
		}
		for i, t := range w.Final.Terms {
			if t.Unknown == u {
				v, low, high := w.Interval(i)
				entry.Terms = append(entry.Terms, report.Term{Factor: w.Factor(i), Coefficient: v, Low: low, High: high})
			}
		}
		p.Unknowns = append(p.Unknowns, entry)
	}
	p.Parameters = w.estimates()
	for _, t := range w.Found.Ties {
		tie := report.Tie{Delta: t.Delta}
		for u, unknown := range m.Unknowns {
			tie.Formulas = append(tie.Formulas, report.Formula{Name: unknown.Name, Arguments: unknown.Arguments, Right: w.tied(t, u)})
		}
		p.Ties = append(p.Ties, tie)
	}
	for i, c := range w.Whole.Channels {
		channel := report.Channel{Column: c.Label(), Unit: c.Unit, Observe: c.Observe, Std: c.Std, Noise: w.Final.Sigma[i] / c.Inflation(), Nudged: w.residual(i) / c.Std, Free: math.NaN(), Differences: math.NaN()}
		if k := w.Data.IndexOf(c); k >= 0 {
			channel.Free = w.Proof.Free[k]
		}
		channel.Origin = w.origin(i)
		if !c.Given {
			channel.Differences = c.Sigma0
		}
		p.Channels = append(p.Channels, channel)
	}
	p.Dynamics = &report.Dynamics{
		Lyapunov: w.Proof.Lyapunov, ValidTime: w.Proof.LyapunovTimes(), AtLeast: w.Proof.Censored, Starts: w.Proof.Starts,
		AttractorDistance: w.Proof.AttractorDistance, AttractorFloor: w.Proof.AttractorFloor,
		SpectrumDistance: w.Proof.SpectrumDistance, SpectrumFloor: w.Proof.SpectrumFloor,
		PeriodModel: w.Proof.ModelCycle, PeriodData: w.Proof.Cycle,
	}
	if !w.Proof.Chaotic && !math.IsNaN(w.Proof.ValidTime) {
		p.Dynamics.Note = fmt.Sprintf("No chaos: there is no Lyapunov time. Free runs stay valid for %.3g cycles (median).", w.Proof.ValidTime)
	}
	p.Supplied = &report.Supplied{States: w.help()}
	p.Settings = w.used()
	return p
}

// help compares right-hand sides with defects; states that neither moves are
// left out.
func (w writer) help() []report.Help {
	var out []report.Help
	for i, s := range w.Closed.States {
		if i < len(w.Final.Motion) && w.Final.Motion[i]+w.Final.Defect[i] > 0 {
			out = append(out, report.Help{State: s.Name, Unit: w.unit(s.Name), Motion: w.Final.Motion[i], Defect: w.Final.Defect[i]})
		}
	}
	return out
}

// origin says how the noise of channel i was found.
func (w writer) origin(i int) string {
	c, sigma := w.Whole.Channels[i], w.Final.Sigma[i]
	switch {
	case c.Correlation > 0:
		return "of what the formula leaves, correlated from sample to sample"
	case c.Given:
		return "as the problem gives it"
	case sigma <= 1.0001*c.Floor:
		return "the floor: 1e-4 of the standard deviation, or what rounding leaves; the data are cleaner than any noise that is assumed"
	case sigma >= 1.0999*c.Slow:
		return "at its cap, 1.1 times what differences show: the model leaves more than noise"
	}
	return "estimated with the fit: the residuals, and the variance of the path beside them"
}

// unit of a state is that of a channel that measures it alone.
func (w writer) unit(state string) string {
	for _, c := range w.Whole.Channels {
		if c.Observe.Kind == expr.Name && c.Observe.Ident == state {
			return c.Unit
		}
	}
	return ""
}

// road says how the answer was found.
func (w writer) road() string {
	library := "library of degree " + strconv.Itoa(w.Found.Degree) + ", " + strconv.Itoa(w.Found.Library) + " candidate terms"
	if w.Found.Neural == nil {
		return library
	}
	text := "networks"
	for _, form := range w.Found.Neural.Forms {
		text += fmt.Sprintf(", %s %v", form.Neural.Names[0], form.Neural.Hidden)
	}
	if len(w.Final.Forms) > 0 {
		return text
	}
	return library + ", after " + text
}

// used lists the choices that were made, by the user or by default.
func (w writer) used() []report.Setting {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	out := []report.Setting{
		{Name: "road", Value: w.road()},
		{Name: "segment", Value: counted(w.segment(), "sample")},
		{Name: "Runge–Kutta steps a sample", Value: strconv.Itoa(w.Final.Substeps)},
		{Name: "final defect weight", Value: number(w.Final.Omega)},
		{Name: "characteristic time", Value: number(w.Data.Time)},
		{Name: "samples a cycle", Value: number(w.Data.SamplesPerCycle())},
		{Name: "gain", Value: "0"},
	}
	out = append(out, w.priorSettings()...)
	for _, way := range w.Found.Ways {
		text := string(way.State)
		if way.State == discover.Tried {
			text += ", found: " + way.Found
		} else {
			text += ": " + way.Why
		}
		out = append(out, report.Setting{Name: "way: " + way.Name, Value: text})
	}
	for _, c := range w.Found.Checks {
		state := "passed"
		if !c.OK {
			state = "failed"
		}
		out = append(out, report.Setting{Name: "check: " + c.Name, Value: state + ": " + c.Text})
	}
	return out
}

// counted is a number of things.
func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

// segment is the number of samples a segment of the final fit.
func (w writer) segment() int {
	if w.Grown == nil {
		return 1
	}
	return w.Grown.Segment
}
