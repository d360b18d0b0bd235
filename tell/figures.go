package tell

import (
	"cmp"
	"context"
	"math"
	"slices"

	"govern/assess"
	"govern/ode"
	"govern/record"
	"govern/report"
	"govern/run"
	"govern/series"
)

// figures adds the report's figures beyond whole entries.
func (w writer) figures(ctx context.Context, out *Outcome) error {
	w.innovations(out)
	w.regimesPage(out)
	w.heldOut(out.Page)
	if err := w.closeUp(ctx, out.Page); err != nil {
		return err
	}
	if err := w.longRun(out.Page); err != nil {
		return err
	}
	return w.learned(out)
}

// trajectories adds the data beside fitted and free paths, and the figures made
// of them.
func (w writer) trajectories(ctx context.Context, out *Outcome) error {
	n := len(w.Closed.States)
	for e, entry := range w.All {
		nodes := w.Final.Nodes[e]
		free, err := assess.Solve(ctx, w.Closed, entry, nodes[:n])
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if free == nil {
			return err
		}
		freely, err := assess.Observe(w.Closed, entry, free)
		if err != nil {
			return err
		}
		fitted, err := assess.Observe(w.Closed, entry, w.fittedPath(entry, nodes))
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

// fittedPath are a fit's nodes, one a sample of the entry.
func (w writer) fittedPath(entry record.Entry, nodes []float64) *ode.Solution {
	n := len(w.Closed.States)
	sol := &ode.Solution{Time: entry.Times, Values: make([][]float64, n)}
	for s := range n {
		sol.Values[s] = make([]float64, len(entry.Times))
		for i := range sol.Values[s] {
			sol.Values[s][i] = nodes[i*n+s]
		}
	}
	return sol
}

// innovations are the data minus the fitted path, channel by channel over all
// entries, in standard deviations of the noise.
func (w writer) innovations(out *Outcome) {
	const cycles, most = 2, 200 // lags
	for i, c := range w.Whole.Channels {
		v := report.Innovation{Column: c.Label(), Unit: c.Unit, Assumed: !c.Given && w.Final.Sigma[i] <= 1.0001*c.Floor}
		var steps []float64
		for e, entry := range w.All {
			for k, ch := range entry.Channels {
				if w.Whole.Channel(ch) != i {
					continue
				}
				for n, x := range ch.Values {
					v.Values = append(v.Values, (x-out.Trajectories.Entries[e].Channels[k].Nudged[n])*c.Inflation()/w.Final.Sigma[i])
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
		v.Step = series.UpperMedian(steps)
		lags := int(math.Ceil(cycles * w.Data.SamplesPerCycle()))
		v.Autocorrelation = series.Autocorrelation(v.Values, max(min(lags, most, len(steps)/4), 1))
		out.Page.Innovations = append(out.Page.Innovations, v)
	}
}

// heldOut draws the free run whose valid time is the median of all.
func (w writer) heldOut(page *report.Page) {
	runs := slices.Clone(w.Proof.Runs)
	if len(runs) == 0 {
		return
	}
	slices.SortStableFunc(runs, func(a, b assess.FreeRun) int { return cmp.Compare(a.Valid, b.Valid) })
	r := runs[(len(runs)-1)/2]
	t := r.Data.Times
	end := len(t)
	for end > 2 && t[end-1]-t[0] > math.Max(4*r.Valid, 3*w.Proof.Cycle) {
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

// closeUp enlarges the beginning of the longest training entry, where the free
// run starts.
func (w writer) closeUp(ctx context.Context, page *report.Page) error {
	const cycles, least, most = 8, 60, 4000 // samples
	e := w.Proof.Longest
	entry := w.All[e]
	end := 0
	for end < len(entry.Times) && end < most && (end < least || entry.Times[end]-entry.Times[0] <= cycles*w.Proof.Cycle) {
		end++
	}
	if end == len(entry.Times) {
		return nil // the whole entry is drawn anyway
	}
	part := entry.Slice(0, end)
	nodes := w.Final.Nodes[e]
	free, err := assess.Solve(ctx, w.Closed, part, nodes[:len(w.Closed.States)])
	if free == nil {
		return err
	}
	freely, err := assess.Observe(w.Closed, part, free)
	if err != nil {
		return err
	}
	fitted, err := assess.Observe(w.Closed, entry, w.fittedPath(entry, nodes))
	if err != nil {
		return err
	}
	s := report.Series{Entry: entry.Name, Time: part.Times}
	for c, ch := range part.Channels {
		s.Channels = append(s.Channels, report.Track{Name: ch.Column, Unit: ch.Unit, Data: ch.Values, Nudged: fitted[c][:end], Free: freely[c]})
	}
	page.CloseUps = append(page.CloseUps, s)
	return nil
}
