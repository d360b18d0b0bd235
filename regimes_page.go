package govern

import (
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/record"
	"govern/report"
	"govern/run"
)

// regimesPage adds the section of the regimes to the report.
func (w *work) regimesPage(out *Outcome) {
	if len(w.found.Regimes) == 0 {
		return
	}
	section := &report.Regimes{}
	for k, r := range out.Result.Regimes {
		entry := report.Regime{Entry: r.Entry, From: float64(r.From), To: float64(r.To), Low: math.NaN(), High: math.NaN()}
		if r.Change != nil {
			entry.Low, entry.High = float64(r.Change.Low), float64(r.Change.High)
		}
		for _, unknown := range w.problem.Model.Unknowns {
			entry.Unknowns = append(entry.Unknowns, asReported(unknown.Name, r.Unknowns[unknown.Name]))
		}
		for _, q := range w.fittedParameters() {
			if e, ok := r.Parameters[q]; ok {
				entry.Values = append(entry.Values, report.Estimate{Name: q, Value: float64(e.Value), Low: float64(e.Low), High: float64(e.High)})
			}
		}
		if r.Dynamics != nil {
			for _, v := range r.Dynamics.Lyapunov {
				entry.Lyapunov = append(entry.Lyapunov, float64(v))
			}
			for i, c := range w.data.Channels {
				if v := float64(r.Free[c.Column]); !math.IsNaN(v) && w.data.LevelsOf(i)[0] == i {
					entry.Free = append(entry.Free, report.Free{Column: c.Column, Error: v})
				}
			}
		}
		section.List = append(section.List, entry)
		if k == 0 || out.Result.Regimes[k-1].Entry != r.Entry {
			section.Records = append(section.Records, w.recordWithRegimes(out, r.Entry))
		}
	}
	out.Page.Regimes = section
}

// asReported is an unknown of a result as the report takes it.
func asReported(name string, u run.Unknown) report.Unknown {
	out := report.Unknown{Name: name, Arguments: u.Arguments}
	if u.Expression != nil {
		out.Formula, _ = expr.Parse(*u.Expression) // it was printed from one
	}
	for _, t := range u.Terms {
		if factor, err := expr.Parse(t.Term); err == nil {
			out.Terms = append(out.Terms, report.Term{Factor: factor, Coefficient: float64(t.Coefficient), Low: float64(t.Low), High: float64(t.High)})
		}
	}
	return out
}

// recordWithRegimes is a whole record with the begins of its regimes, and under
// every channel its innovations: of the best formula without regimes, where the
// search has seen all samples, and of the final one.
func (w *work) recordWithRegimes(out *Outcome, name string) report.Series {
	s := report.Series{Entry: name}
	for k, r := range w.found.Regimes {
		if r.Entry == name && k > 0 && w.found.Regimes[k-1].Entry == name {
			s.Marks = append(s.Marks, report.Mark{At: r.From, Label: fmt.Sprintf("regime %d", r.Number)})
		}
	}
	parts := []int{}
	for e := range w.all {
		if w.all[e].Name == name {
			parts = append(parts, e)
		}
	}
	slices.SortStableFunc(parts, func(a, b int) int {
		if w.all[a].Times[0] < w.all[b].Times[0] {
			return -1
		}
		return 1
	})
	tracks := map[string]*[3]report.Track{} // data, innovations without and with regimes
	var columns []string
	for _, e := range parts {
		entry := w.all[e]
		before := len(s.Time)
		s.Time = append(s.Time, entry.Times...)
		for c, ch := range entry.Channels {
			if tracks[ch.Column] == nil {
				columns = append(columns, ch.Column)
				tracks[ch.Column] = &[3]report.Track{{Name: ch.Column, Unit: ch.Unit}, {Name: "without"}, {Name: "with regimes"}}
			}
			t := tracks[ch.Column]
			for i := range t {
				for len(t[i].Data) < before {
					t[i].Data = append(t[i].Data, math.NaN())
				}
			}
			t[0].Data = append(t[0].Data, ch.Values...)
			sigma := 1.0
			if k := w.whole.Channel(ch); k >= 0 {
				sigma = w.final.Sigma[k] / w.whole.Channels[k].Inflation()
			}
			for n, x := range ch.Values {
				t[2].Data = append(t[2].Data, (x-out.Trajectories.Entries[e].Channels[c].Nudged[n])/sigma)
			}
			t[1].Data = append(t[1].Data, w.innovationsWithout(entry, ch, sigma)...)
		}
	}
	for _, column := range columns {
		for _, t := range tracks[column] {
			if slices.ContainsFunc(t.Data, func(v float64) bool { return !math.IsNaN(v) }) {
				s.Channels = append(s.Channels, t)
			}
		}
	}
	return s
}

// innovationsWithout are those of the best formula without regimes on a channel
// that measures a state; NaN where there are none.
func (w *work) innovationsWithout(entry record.Entry, ch record.Channel, sigma float64) []float64 {
	out := make([]float64, len(entry.Times))
	for i := range out {
		out[i] = math.NaN()
	}
	single := w.found.Single
	n := len(w.closed.States)
	state := -1
	if ch.Observe.Kind == expr.Name {
		state = w.closed.StateIndex(ch.Observe.Ident)
	}
	if single == nil || state < 0 || w.sparse() {
		return out
	}
	for e, sought := range w.sought.Entries {
		if sought.Name != entry.Name || e >= len(single.Nodes) || len(single.Nodes[e]) != n*len(sought.Times) {
			continue
		}
		for i, t := range entry.Times {
			if k, exact := slices.BinarySearch(sought.Times, t); exact {
				out[i] = (ch.Values[i] - single.Nodes[e][k*n+state]) / sigma
			}
		}
	}
	return out
}
