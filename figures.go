package govern

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"govern/assess"
	"govern/dynamics"
	"govern/expr"
	"govern/fit"
	"govern/report"
	"govern/run"
	"govern/series"
)

// figures adds the report's figures beyond whole entries.
func (w *work) figures(ctx context.Context, out *Outcome) error {
	w.innovations(out)
	w.heldOut(out.Page)
	if err := w.closeUps(ctx, out.Page); err != nil {
		return err
	}
	if err := w.longRun(out.Page); err != nil {
		return err
	}
	return w.learned(out)
}

// help compares right-hand sides with defects; states that neither moves are
// left out.
func (w *work) help() []report.Help {
	var out []report.Help
	for i, s := range w.closed.States {
		if i < len(w.final.Motion) && w.final.Motion[i]+w.final.Defect[i] > 0 {
			out = append(out, report.Help{State: s.Name, Unit: w.unit(s.Name), Motion: w.final.Motion[i], Defect: w.final.Defect[i]})
		}
	}
	return out
}

// origin says how the noise of channel i was found.
func (w *work) origin(i int) string {
	c, sigma := w.whole.Channels[i], w.final.Sigma[i]
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

// innovations are the data minus the fitted path, channel by channel over all
// entries, in standard deviations of the noise.
func (w *work) innovations(out *Outcome) {
	const cycles, most = 2, 200 // lags
	for i, c := range w.whole.Channels {
		v := report.Innovation{Column: c.Column, Unit: c.Unit, Assumed: !c.Given && w.final.Sigma[i] <= 1.0001*c.Floor}
		var steps []float64
		for e, entry := range w.all {
			for k, ch := range entry.Channels {
				if w.whole.Channel(ch) != i {
					continue
				}
				for n, x := range ch.Values {
					v.Values = append(v.Values, (x-out.Trajectories.Entries[e].Channels[k].Nudged[n])*c.Inflation()/w.final.Sigma[i])
					if n > 0 {
						steps = append(steps, entry.Times[n]-entry.Times[n-1])
					}
				}
				v.Values = append(v.Values, math.NaN())
			}
		}
		if len(steps) < 8 || !slices.ContainsFunc(v.Values, func(x float64) bool { return !math.IsNaN(x) }) {
			continue
		}
		v.Step = median(steps)
		lags := int(math.Ceil(cycles * w.data.SamplesPerCycle()))
		v.Autocorrelation = series.Autocorrelation(v.Values, max(min(lags, most, len(steps)/4), 1))
		out.Page.Innovations = append(out.Page.Innovations, v)
	}
}

// heldOut draws the free run whose valid time is the median of all.
func (w *work) heldOut(page *report.Page) {
	runs := slices.Clone(w.proof.Runs)
	if len(runs) == 0 {
		return
	}
	slices.SortStableFunc(runs, func(a, b assess.FreeRun) int {
		switch {
		case a.Valid < b.Valid:
			return -1
		case a.Valid > b.Valid:
			return 1
		}
		return 0
	})
	r := runs[(len(runs)-1)/2]
	t := r.Data.Times
	end := len(t)
	for end > 2 && t[end-1]-t[0] > math.Max(4*r.Valid, 3*w.proof.Cycle) {
		end--
	}
	s := report.Series{Entry: r.Data.Name, Time: t[:end]}
	for c, ch := range r.Data.Channels {
		s.Channels = append(s.Channels, report.Track{Name: ch.Column, Unit: ch.Unit, Data: ch.Values[:end], Free: r.Value[c][:end]})
	}
	if !r.Open {
		s.Marks = append(s.Marks, report.Mark{At: t[0] + r.Valid, Label: "valid until here"})
	}
	page.FreeRuns = append(page.FreeRuns, s)
}

// closeUps enlarges the beginning of the longest training entry, where the free
// run starts, and of the longest other.
func (w *work) closeUps(ctx context.Context, page *report.Page) error {
	const cycles, least, most = 8, 60, 4000 // samples
	for _, e := range w.longest(1) {
		entry := w.all[e]
		end := 0
		for end < len(entry.Times) && end < most && (end < least || entry.Times[end]-entry.Times[0] <= cycles*w.proof.Cycle) {
			end++
		}
		if end == len(entry.Times) {
			continue // the whole entry is drawn anyway
		}
		part := entry.Slice(0, end)
		nodes := w.final.Nodes[e]
		free, err := assess.Solve(ctx, w.closed, part, nodes[:len(w.closed.States)])
		if free == nil {
			return err
		}
		freely, err := assess.Observe(w.closed, part, free)
		if err != nil {
			return err
		}
		fitted, err := assess.Observe(w.closed, entry, w.fittedPath(entry, nodes))
		if err != nil {
			return err
		}
		s := report.Series{Entry: entry.Name, Time: part.Times}
		for c, ch := range part.Channels {
			s.Channels = append(s.Channels, report.Track{Name: ch.Column, Unit: ch.Unit, Data: ch.Values, Nudged: fitted[c][:end], Free: freely[c]})
		}
		page.CloseUps = append(page.CloseUps, s)
	}
	return nil
}

// longest are the training entries with the most samples, at most count.
func (w *work) longest(count int) []int {
	order := make([]int, len(w.train))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(w.train[b].Times) - len(w.train[a].Times) })
	return order[:min(count, len(order))]
}

// longRun compares the long free run with the training entry on whose times it
// was made: portraits of what was measured, of the states, and spectra.
func (w *work) longRun(page *report.Page) error {
	if w.proof.Long == nil {
		return nil
	}
	entry := w.train[w.longest(1)[0]]
	long, err := assess.Observe(w.closed, entry, w.proof.Long)
	if err != nil {
		return err
	}
	w.measuredPortrait(page, entry, long)
	w.maxima(page, entry, long)
	w.statesPortrait(page, entry)
	for c, ch := range entry.Channels {
		if s, ok := spectrumOf(entry.Times, ch, long[c], w.proof.Cycle); ok {
			page.Spectra = append(page.Spectra, s)
		}
	}
	return nil
}

// clean is the noise, in standard deviations, beyond which a channel's portrait
// shows noise only.
const clean = 0.5

// measuredPortrait sets the data of up to three channels beside the free run; a
// single one against itself a little before.
func (w *work) measuredPortrait(page *report.Page, entry fit.Entry, long [][]float64) {
	var axes []report.Axis
	for c, ch := range entry.Channels {
		i := w.data.Channel(ch)
		if i >= 0 && w.found.Chosen.Sigma[i] < clean*w.data.Channels[i].Std && len(axes) < 3 {
			axes = append(axes, report.Axis{Name: ch.Column, Unit: ch.Unit, Data: ch.Values, Model: long[c]})
		}
	}
	switch {
	case len(axes) > 1:
		page.Portraits = append(page.Portraits, report.Portrait{Axes: axes,
			Caption: "Phase portraits, channel against channel: the data as measured, with their noise (left), and the formula running free over as long a time (right), on the same axes. " +
				"On a chaotic attractor the two agree as sets, not point by point."})
	case len(axes) == 1:
		a := axes[0]
		n := len(entry.Times)
		step := (entry.Times[n-1] - entry.Times[0]) / float64(n-1)
		lag := max(1, int(math.Round(w.data.Time/step)))
		if lag >= n/4 {
			return
		}
		for k, r := range series.Autocorrelation(a.Data, lag) {
			if r < 1/math.E { // spikes decorrelate sooner
				lag = k
				break
			}
		}
		before := report.Axis{Name: fmt.Sprintf("%s(t − %s)", a.Name, strconv.FormatFloat(float64(lag)*step, 'g', 3, 64)), Unit: a.Unit,
			Data: a.Data[:n-lag], Model: a.Model[:n-lag]}
		now := report.Axis{Name: a.Name + "(t)", Unit: a.Unit, Data: a.Data[lag:], Model: a.Model[lag:]}
		page.Portraits = append(page.Portraits, report.Portrait{Axes: []report.Axis{before, now},
			Caption: "Delay portraits: " + a.Name + " against itself a little before (where its autocorrelation falls to 1/e, at most a quarter of its fastest cycle), which shows the attractor though only one channel is clean enough. Left: the data as measured, with their noise; " +
				"right: the formula running free over as long a time, on the same axes. The two agree as sets, not point by point."})
	}
}

// statesPortrait sets the fitted path beside the free run, state by state.
func (w *work) statesPortrait(page *report.Page, entry fit.Entry) {
	n := len(w.closed.States)
	if n < 2 || w.seen(entry) {
		return
	}
	var axes []report.Axis
	for s := range min(n, 3) {
		name := w.closed.States[s].Name
		a := report.Axis{Name: name, Unit: w.unit(name), Model: w.proof.Long.Values[s]}
		for e := range w.train {
			for k := s; k < len(w.final.Nodes[e]); k += n {
				a.Data = append(a.Data, w.final.Nodes[e][k])
			}
			a.Data = append(a.Data, math.NaN())
		}
		axes = append(axes, a)
	}
	page.Portraits = append(page.Portraits, report.Portrait{Axes: axes, Left: "fitted path, nudged",
		Caption: "Phase portraits of the states, hidden ones too: the path fitted to the data with all help (left), and the formula running free over as long a time (right), on the same axes."})
}

// seen says that the portrait of the channels shows the states already: up to
// three, each measured by a clean channel of its own.
func (w *work) seen(entry fit.Entry) bool {
	if len(w.closed.States) > 3 {
		return false
	}
	for _, s := range w.closed.States {
		i := slices.IndexFunc(entry.Channels, func(ch fit.Channel) bool {
			k := w.data.Channel(ch)
			return ch.Observe.Kind == expr.Name && ch.Observe.Ident == s.Name && k >= 0 && w.found.Chosen.Sigma[k] < 0.05*w.data.Channels[k].Std
		})
		if i < 0 {
			return false
		}
	}
	return true
}

// maxima adds the return map of the cleanest channel: every maximum against the
// one before. Noise makes maxima of its own, so they must stand out.
func (w *work) maxima(page *report.Page, entry fit.Entry, long [][]float64) {
	const least, prominence = 12, 0.3
	best, at := math.Inf(1), -1
	for c, ch := range entry.Channels {
		if i := w.data.Channel(ch); i >= 0 && w.found.Chosen.Sigma[i]/w.data.Channels[i].Std < best {
			best, at = w.found.Chosen.Sigma[i]/w.data.Channels[i].Std, c
		}
	}
	if at < 0 || best > 0.05 || !w.proof.Chaotic {
		return
	}
	ch := entry.Channels[at]
	swing := prominence * w.data.Channels[w.data.Channel(ch)].Std
	data, model := series.Maxima(ch.Values, swing), series.Maxima(long[at], swing)
	if len(data) < least || len(model) < least {
		return
	}
	page.Portraits = append(page.Portraits, report.Portrait{Dots: true, Axes: []report.Axis{
		{Name: "maximum of " + ch.Column, Unit: ch.Unit, Data: data[:len(data)-1], Model: model[:len(model)-1]},
		{Name: "next maximum", Unit: ch.Unit, Data: data[1:], Model: model[1:]},
	}, Caption: "Return maps: every maximum of " + ch.Column + " against the one before it, in the data (left) and in the formula running free over as long a time (right), on the same axes. " +
		"Points on a line are the fingerprint of low-dimensional chaos; both should draw the same line."})
}

// spectrumOf is the spectrum of a channel beside that of the free run, in
// stretches of eight cycles at least; false where the channel has gaps or is
// sampled irregularly, or the free run ended early.
func spectrumOf(times []float64, ch fit.Channel, model []float64, cycle float64) (report.Spectrum, bool) {
	const cycles, fewest = 8, 64
	step, regular := series.Regular(times)
	if !regular {
		return report.Spectrum{}, false
	}
	stretch := fewest
	for float64(stretch)*step < cycles*cycle && 2*stretch <= len(times)/2 {
		stretch *= 2
	}
	s := report.Spectrum{Name: ch.Column, Unit: ch.Unit}
	var err error
	if s.Frequency, s.Data, err = dynamics.PowerSpectrum(ch.Values, step, stretch); err != nil {
		return s, false
	}
	_, s.Model, err = dynamics.PowerSpectrum(model, step, stretch)
	return s, err == nil
}

// unit of a state is that of a channel that measures it alone.
func (w *work) unit(state string) string {
	for _, c := range w.whole.Channels {
		if c.Observe.Kind == expr.Name && c.Observe.Ident == state {
			return c.Unit
		}
	}
	return ""
}

func median(x []float64) float64 {
	c := slices.Clone(x)
	slices.Sort(c)
	return c[len(c)/2]
}

// slicePoints is how finely a learned function is drawn.
const slicePoints = 121

// learned draws every unknown along each of its arguments, over the range of the
// fitted path, the others held at their medians.
func (w *work) learned(out *Outcome) error {
	if len(w.whole.Model.Parameters) != len(w.found.Model.Parameters) { // knots have been added
		var err error
		if w.whole, err = fit.Prepare(w.found.Model, w.all); err != nil {
			return err
		}
	}
	path := w.fitted()
	smoothed, err := w.smoothed()
	if err != nil {
		return err
	}
	for u, unknown := range w.problem.Model.Unknowns {
		arguments, err := w.whole.Arguments(path, u)
		if err != nil {
			return err
		}
		c := newCloud(arguments)
		if c == nil {
			continue
		}
		for a := range arguments {
			s, grid, err := w.slice(u, a, c)
			if err != nil {
				return err
			}
			if err := w.sampled(&s, u, a, c, smoothed); err != nil {
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
func (w *work) slice(u, a int, c *cloud) (report.Slice, [][]float64, error) {
	unknown := w.problem.Model.Unknowns[u]
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
	if s.Value, spread, err = w.whole.Evaluate(w.final, u, grid, w.inflation()); err != nil {
		return s, nil, err
	}
	for i, v := range s.Value {
		s.Low, s.High = append(s.Low, v-confidence*spread[i]), append(s.High, v+confidence*spread[i])
	}
	s.Density = c.density(grid)
	if net := w.found.Neural; net != nil && net.Form(u) != nil && w.final.Form(u) == nil {
		if s.Network, _, err = w.data.Evaluate(net, u, grid, nil); err != nil {
			return s, nil, err
		}
	}
	return s, grid, nil
}

// argument is what unknown u is called with where it is called in one way only.
func (w *work) argument(u, a int) string {
	name := ""
	for _, call := range w.whole.Calls {
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

// inflation is by how much intervals are wider than the covariance says,
// because parts of the record differ by more.
func (w *work) inflation() []float64 {
	out := make([]float64, len(w.spread))
	for i, s := range w.spread {
		out[i] = 1
		if sd := math.Sqrt(w.final.Variance(i)); s > sd && sd > 0 {
			out[i] = s / sd
		}
	}
	return out
}

// fitted is the final fit's path; NaN between nodes.
func (w *work) fitted() *fit.Smoothed {
	sm := &fit.Smoothed{Parameters: w.final.Parameters}
	for e, entry := range w.all {
		sm.States = append(sm.States, w.fittedPath(entry, w.final.Nodes[e]).Values)
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
func (w *work) smoothed() (*samples, error) {
	sm := w.found.Smoothed
	if sm == nil || sm.Slopes != nil {
		return nil, nil
	}
	data := w.data
	entries := w.train
	if w.sparse() {
		entries = w.found.Data.Entries // what was smoothed
	}
	if w.sparse() || len(data.Model.Parameters) != len(w.problem.Model.Parameters) {
		var err error
		if data, err = fit.Prepare(w.problem.Model, entries); err != nil {
			return nil, err
		}
	}
	k := 0
	for _, q := range w.problem.Model.Parameters {
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
	for u := range w.problem.Model.Unknowns {
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
func (w *work) sampled(s *report.Slice, u, a int, c *cloud, from *samples) error {
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
	at, _, err := w.whole.Evaluate(w.final, u, here, nil)
	if err != nil {
		return err
	}
	on, _, err := w.whole.Evaluate(w.final, u, there, nil)
	if err != nil {
		return err
	}
	for i := range value {
		value[i] += on[i] - at[i]
	}
	s.SampleAt, s.Sample = there[a], value
	return nil
}
