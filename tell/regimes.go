package tell

import (
	"fmt"
	"math"
	"slices"

	"govern/conclude"
	"govern/expr"
	"govern/record"
	"govern/report"
	"govern/run"
)

// regimes are the formulas and parameters of each regime, for result.json.
func (w writer) regimes() []run.Regime {
	var out []run.Regime
	for _, in := range w.InRegimes() {
		entry := run.Regime{Entry: in.Entry, From: run.Number(in.From), To: run.Number(in.To), Parameter: in.Name,
			Equations: map[string]*string{}, Unknowns: map[string]run.Unknown{}, Parameters: map[string]run.Estimate{}}
		for i, right := range in.Equations {
			entry.Equations[w.Closed.States[i].Name] = nil
			if right != nil {
				text := right.String()
				entry.Equations[w.Closed.States[i].Name] = &text
			}
		}
		for u, unknown := range w.Problem.Model.Unknowns {
			entry.Unknowns[unknown.Name] = unknownOf(unknown.Arguments, in.Unknowns[u])
		}
		for _, p := range in.Parameters {
			entry.Parameters[p.Name] = run.Estimate{Value: run.Number(p.Value), Low: run.Number(p.Value - p.Half), High: run.Number(p.Value + p.Half)}
		}
		if proof := w.Regimes[in.Number]; proof != nil {
			entry.Dynamics, entry.Free = dynamicsOf(proof), map[string]run.Number{}
			for i, c := range w.Data.Channels {
				entry.Free[c.Column] = run.Number(proof.FreeColumn[i])
			}
		}
		if in.High > in.Low {
			entry.Change = &run.Estimate{Value: run.Number(in.From), Low: run.Number(in.Low), High: run.Number(in.High)}
		}
		out = append(out, entry)
	}
	return out
}

func unknownOf(arguments []string, f conclude.RegimeFormula) run.Unknown {
	text := f.Formula.String()
	out := run.Unknown{Arguments: arguments, Expression: &text}
	for _, t := range f.Terms {
		out.Terms = append(out.Terms, run.Term{Term: t.Factor.String(), Coefficient: run.Number(t.Coefficient),
			Low: run.Number(t.Coefficient - t.Half), High: run.Number(t.Coefficient + t.Half)})
	}
	return out
}

// regimesPage adds the section of the regimes to the report.
func (w writer) regimesPage(out *Outcome) {
	all := w.InRegimes()
	if len(all) == 0 {
		return
	}
	section := &report.Regimes{}
	for k, in := range all {
		section.List = append(section.List, w.regimeOnPage(in))
		if k == 0 || all[k-1].Entry != in.Entry {
			section.Records = append(section.Records, w.recordWithRegimes(out, in.Entry))
		}
	}
	out.Page.Regimes = section
}

// regimeOnPage is one regime as the report takes it.
func (w writer) regimeOnPage(in conclude.InRegime) report.Regime {
	entry := report.Regime{Entry: in.Entry, From: in.From, To: in.To, Low: math.NaN(), High: math.NaN()}
	if in.High > in.Low {
		entry.Low, entry.High = in.Low, in.High
	}
	for u, unknown := range w.Problem.Model.Unknowns {
		f := report.Unknown{Name: unknown.Name, Arguments: unknown.Arguments, Formula: in.Unknowns[u].Formula}
		for _, t := range in.Unknowns[u].Terms {
			f.Terms = append(f.Terms, report.Term{Factor: t.Factor, Coefficient: t.Coefficient, Low: t.Coefficient - t.Half, High: t.Coefficient + t.Half})
		}
		entry.Unknowns = append(entry.Unknowns, f)
	}
	for _, p := range in.Parameters {
		entry.Values = append(entry.Values, report.Estimate{Name: p.Name, Value: p.Value, Low: p.Value - p.Half, High: p.Value + p.Half})
	}
	proof := w.Regimes[in.Number]
	if proof == nil {
		return entry
	}
	entry.Lyapunov = append(entry.Lyapunov, proof.Lyapunov...)
	for i, c := range w.Data.Channels {
		if v := proof.FreeColumn[i]; !math.IsNaN(v) && w.Data.LevelsOf(i)[0] == i {
			entry.Free = append(entry.Free, report.Free{Column: c.Column, Error: v})
		}
	}
	return entry
}

// recordWithRegimes is a whole record with the starts of its regimes, and under
// every channel its innovations: of the best formula without regimes, where the
// search has seen all samples, and of the final one.
func (w writer) recordWithRegimes(out *Outcome, name string) report.Series {
	s := report.Series{Entry: name}
	for k, r := range w.Found.Regimes {
		if r.Entry == name && k > 0 && w.Found.Regimes[k-1].Entry == name {
			s.Marks = append(s.Marks, report.Mark{At: r.From, Label: fmt.Sprintf("regime %d", r.Number)})
		}
	}
	parts := []int{}
	for e := range w.All {
		if w.All[e].Name == name {
			parts = append(parts, e)
		}
	}
	slices.SortStableFunc(parts, func(a, b int) int {
		if w.All[a].Times[0] < w.All[b].Times[0] {
			return -1
		}
		return 1
	})
	tracks := map[string]*[3]report.Track{} // data, innovations without and with regimes
	var columns []string
	for _, e := range parts {
		entry := w.All[e]
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
			if k := w.Whole.Channel(ch); k >= 0 {
				sigma = w.Final.Sigma[k] / w.Whole.Channels[k].Inflation()
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
func (w writer) innovationsWithout(entry record.Entry, ch record.Channel, sigma float64) []float64 {
	out := make([]float64, len(entry.Times))
	for i := range out {
		out[i] = math.NaN()
	}
	single := w.Found.Single
	n := len(w.Closed.States)
	state := -1
	if ch.Observe.Kind == expr.Name {
		state = w.Closed.StateIndex(ch.Observe.Ident)
	}
	if single == nil || state < 0 || w.Sparse() {
		return out
	}
	for e, sought := range w.Sought.Entries {
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
