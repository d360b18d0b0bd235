package conclude

import (
	"context"
	"maps"
	"math"
	"slices"

	"govern/fit"
	"govern/model"
	"govern/note"
	"govern/record"
)

// checkSpreads returns a *FewEntriesError where a spread is asked for and there is
// too little to learn it from, a *fit.SpreadError where the optimiser that is asked
// for cannot.
func checkSpreads(m *model.Model, o fit.Options) error {
	for _, p := range m.Parameters {
		if !p.Spread || !p.Fit {
			continue
		}
		if o.Optimiser == fit.LBFGS || o.Optimiser == fit.Adam {
			return &fit.SpreadError{Parameter: p.Name, Optimiser: o.Optimiser}
		}
		n := 0
		for _, q := range m.Parameters {
			if q.Of == p.Name {
				n++
			}
		}
		if n < model.LeastSpread {
			return &FewEntriesError{p.Name, n}
		}
	}
	return nil
}

// known returns entries that set what a fit has found for the parameters with
// values of entries.
func (s Searched) known(entries []record.Entry, f *fit.Fitted) []record.Entry {
	return Known(s.Data, entries, f.Parameters)
}

// Known returns entries that set what fitted parameters of data say of those that differ
// between entries.
func Known(d *fit.Data, entries []record.Entry, parameters []float64) []record.Entry {
	names := d.Differing()
	if len(names) == 0 {
		return entries
	}
	entries = slices.Clone(entries)
	for i := range entries {
		e := &entries[i]
		set := map[string]float64{}
		maps.Copy(set, e.Set)
		for _, name := range names {
			set[name] = d.ValueIn(name, e, parameters)
		}
		e.Set = set
	}
	return entries
}

// leastCalibration is the number of samples that a value of an entry is estimated
// from at least.
const leastCalibration = 10

// halves are the tests as they are to be predicted. Of entries that are tests as a whole, and
// whose own parameters no training entry tells, that is the rest; the first half is for finding these.
func (s Searched) halves() (first, rest []record.Entry) {
	names := s.Data.Differing()
	strange := func(e record.Entry) bool {
		return !slices.ContainsFunc(s.Train, func(t record.Entry) bool { return t.Name == e.Name }) &&
			slices.ContainsFunc(names, func(name string) bool { return s.Data.Fits(name, &e) })
	}
	total, seen := map[string]int{}, map[string]int{}
	for _, e := range s.Test {
		total[e.Name] += len(e.Times)
	}
	for _, e := range s.Test {
		if !strange(e) {
			rest = append(rest, e)
			continue
		}
		n := len(e.Times)
		k := min(max(total[e.Name]/2-seen[e.Name], 0), n)
		seen[e.Name] += n
		if k < leastCalibration {
			k = 0
		}
		if n-k < leastCalibration {
			k = n
		}
		if k > 0 {
			first = append(first, e.Slice(0, k))
		}
		if k < n {
			rest = append(rest, e.Slice(k, n))
		}
	}
	return first, rest
}

// calibrate finds, for entries that are tests as a whole, their own values of the
// parameters that differ between entries: from the first half of each, under the
// formula of the training entries. It returns the fit with these values,
// and says for which entries. Loose is the defect weight of the search's fit.
func (s Searched) calibrate(ctx context.Context, f *fit.Fitted, loose float64) (*fit.Fitted, []note.Note, error) {
	first, _ := s.halves()
	if len(first) == 0 {
		return f, nil, nil
	}
	closed, err := s.Answering().Close(f)
	if err != nil {
		return nil, nil, err
	}
	values, err := s.valuesOf(ctx, closed, first, f, loose)
	if err != nil {
		return nil, nil, err
	}
	g := *f
	g.Parameters = slices.Clone(f.Parameters)
	var notes []note.Note
	told := map[string]bool{}
	for _, e := range first {
		for _, name := range s.Data.Differing() {
			k := slices.Index(s.FittedParameters(), model.OfEntry(name, e.Name))
			if v, ok := values[model.OfEntry(name, e.Name)]; ok && k >= 0 {
				g.Parameters[k] = v
			}
		}
		if !told[e.Name] {
			told[e.Name] = true
			notes = append(notes, note.Of(note.OwnParameters, e.Name, "%s is a test as a whole: its own parameters were estimated from its first half, free runs start in the other", e.Name))
		}
	}
	return &g, notes, nil
}

// valuesOf fits nothing but the entries' own parameters, in a closed model.
func (s Searched) valuesOf(ctx context.Context, closed *model.Model, entries []record.Entry, f *fit.Fitted, loose float64) (map[string]float64, error) {
	located, err := fit.Prepare(closed, entries)
	if err != nil {
		return nil, err
	}
	sigma := carry(located, s.Data, f.Sigma)
	at, err := s.Settings.Engine(located, fit.Options{}).Locate(ctx, "own/locate", sigma, f.Scale)
	if err != nil {
		return nil, err
	}
	m := *closed
	m.Parameters = slices.Clone(closed.Parameters)
	mean := map[string]float64{} // of the training entries: where the fit starts
	for i := range m.Parameters {
		p := &m.Parameters[i]
		if p.Fit = p.Fit && p.Each; !p.Fit {
			continue
		}
		mean[p.Name] = p.Value
		if p.Spread {
			for _, spread := range f.Spreads {
				if spread.Parameter == p.Name {
					p.SD = spread.Value
				}
			}
		} else {
			given := s.Problem.Model.Parameters[s.Problem.Model.ParameterIndex(p.Name)]
			p.Value, p.SD = given.Value, given.SD
		}
		p.Spread = false
	}
	var names []string
	for _, e := range entries {
		if !slices.Contains(names, e.Name) {
			names = append(names, e.Name)
		}
	}
	own := m.PerEntry(names, func(parameter, entry string) bool { return s.Data.Fits(parameter, &record.Entry{Name: entry}) })
	data, err := fit.Prepare(own, entries)
	if err != nil {
		return nil, err
	}
	start := fit.Fitted{Sigma: sigma, Scale: f.Scale, Substeps: f.Substeps, Omega: f.Omega}
	for _, p := range own.Parameters {
		if p.Fit {
			start.Parameters = append(start.Parameters, mean[p.Of])
		}
	}
	start.Nodes = at.Path
	g, err := s.Settings.Engine(data, s.Problem.Fit).Trajectory(ctx, "own/fit", &start, fit.Schedule{From: math.Max(0.1, loose), To: loose})
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for k, name := range own.FittedNames() {
		if !math.IsInf(g.Objective, 0) {
			out[name] = g.Parameters[k]
		}
	}
	return out, nil
}
