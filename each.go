package govern

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"govern/fit"
	"govern/model"
	"govern/record"
	"govern/report"
	"govern/run"
)

// FewEntriesError says that a spread cannot be learned from the values of so few
// entries.
type FewEntriesError struct {
	Parameter string
	Entries   int
}

func (e *FewEntriesError) Error() string {
	return fmt.Sprintf("govern: the spread of %s over entries cannot be learned from %d: give at least %d files, or leave `spread` out", e.Parameter, e.Entries, model.LeastSpread)
}

// EachError says that something has no way to deal with parameters that have a
// value in every entry.
type EachError struct{ What, Parameter string }

func (e *EachError) Error() string {
	return fmt.Sprintf("govern: %s does not know parameters that differ between entries, as %s does: leave `each` of %s out, or give it a value of every entry under `set`",
		e.What, e.Parameter, e.Parameter)
}

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
func (w *work) known(entries []record.Entry, f *fit.Fitted) []record.Entry {
	return knownIn(w.data, entries, f.Parameters)
}

func knownIn(d *fit.Data, entries []record.Entry, parameters []float64) []record.Entry {
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
			set[name] = d.Own(name, e, parameters)
		}
		e.Set = set
	}
	return entries
}

// asSet returns entries with the conditions of others, entry by entry.
func asSet(entries, from []record.Entry) []record.Entry {
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Set = from[i].Set
	}
	return entries
}

// means are the values of a closed model's parameters that differ between entries:
// the learned mean, or that of the values.
func (w *work) means(f *fit.Fitted) map[string]float64 {
	out := map[string]float64{}
	for _, p := range w.found.Model.Parameters {
		if _, done := out[p.Of]; p.Of == "" || done {
			continue
		}
		columns, share, sum := w.meanOf(p.Of)
		for _, k := range columns {
			sum += share * f.Parameters[k]
		}
		out[p.Of] = sum
	}
	return out
}

// meanOf says of which fitted parameters, and in which share, the mean of a
// parameter over entries consists: of the learned mean alone, or of its values, of
// which one may be held and adds a constant.
func (w *work) meanOf(name string) (columns []int, share, constant float64) {
	k, held := 0, 0
	for _, p := range w.found.Model.Parameters {
		if !p.Fit {
			if p.Of == name {
				held++
				constant += p.Value
			}
			continue
		}
		if p.Name == name {
			return []int{k}, 1, 0
		}
		if p.Of == name {
			columns = append(columns, k)
		}
		k++
	}
	share = 1 / float64(len(columns)+held)
	return columns, share, share * constant
}

// parameter is a fitted parameter of the problem as the result shows it.
type parameter struct {
	name    string
	value   float64
	half    float64 // of its interval
	held    bool    // at value, because no data determine it
	prior   *run.Prior
	entries []parameter // values of entries, in their order
	spread  *fit.Spread
}

func (p parameter) estimate() run.Estimate {
	out := run.Estimate{Value: run.Number(p.value), Low: run.Number(p.value - p.half), High: run.Number(p.value + p.half), Prior: p.prior, Held: p.held}
	for _, e := range p.entries {
		if out.Entries == nil {
			out.Entries = map[string]run.Estimate{}
		}
		out.Entries[e.name] = e.estimate()
	}
	if p.spread != nil {
		out.Spread = &run.Estimate{Value: run.Number(p.spread.Value), Low: run.Number(p.spread.Low), High: run.Number(p.spread.High)}
	}
	return out
}

// parameters are the fitted parameters of the problem, in its order.
func (w *work) parameters() []parameter {
	terms := len(w.final.Terms)
	single := func(k int, name string, p *model.Parameter) parameter {
		out := parameter{name: name, value: w.final.Parameters[k], half: confidence * w.spread[terms+k]}
		if p.SD > 0 {
			out.prior = &run.Prior{Value: run.Number(p.Value), SD: run.Number(p.SD), Off: run.Number((out.value - p.Value) / p.SD)}
		}
		return out
	}
	differing := w.data.Differing()
	var out []parameter
	at := map[string]int{}
	for _, name := range differing {
		at[name] = -1
	}
	k := -1
	for i := range w.found.Model.Parameters {
		p := &w.found.Model.Parameters[i]
		if slices.Contains(differing, p.Name) {
			at[p.Name] = len(out)
			columns, share, constant := w.meanOf(p.Name)
			mean := parameter{name: p.Name, value: p.Value}
			if len(columns) > 0 {
				mean.value, mean.half = w.meanValue(columns, share)
				mean.value += constant
			}
			if p.Fit { // the learned mean may have a prior
				mean.prior = single(columns[0], p.Name, p).prior
			}
			if s := slices.IndexFunc(w.final.Spreads, func(s fit.Spread) bool { return s.Parameter == p.Name }); s >= 0 {
				mean.spread = &w.final.Spreads[s]
			}
			out = append(out, mean)
		}
		if mean, ok := at[p.Of]; ok && !p.Fit {
			out[mean].entries = append(out[mean].entries, parameter{name: p.Entry, value: p.Value, held: true})
		}
		if !p.Fit {
			continue
		}
		k++
		switch {
		case p.Of != "":
			mean := &out[at[p.Of]]
			mean.entries = append(mean.entries, single(k, p.Entry, p))
		case slices.Contains(differing, p.Name), w.problem.Model.ParameterIndex(p.Name) < 0: // a knot stands in its term
		default:
			out = append(out, single(k, p.Name, p))
		}
	}
	return out
}

// meanValue is a mean of fitted parameters with half the width of its 95 % interval.
func (w *work) meanValue(columns []int, share float64) (value, half float64) {
	if w.final.Covariance == nil {
		for _, k := range columns {
			value += share * w.final.Parameters[k]
		}
		return value, math.NaN()
	}
	shifted := make([]int, len(columns))
	for i, k := range columns {
		shifted[i] = len(w.final.Terms) + k
	}
	value, half = w.combined(shifted)
	return share * value, share * half
}

// estimates are the parameters as the report lists them: after a mean the values
// of entries and the spread.
func (w *work) estimates() []report.Estimate {
	row := func(name string, p parameter) report.Estimate {
		return report.Estimate{Name: name, Value: p.value, Low: p.value - p.half, High: p.value + p.half}
	}
	var out []report.Estimate
	for _, p := range w.parameters() {
		if len(p.entries) == 0 {
			out = append(out, row(p.name, p))
			continue
		}
		out = append(out, row(p.name+" (mean over entries)", p))
		for _, e := range p.entries {
			out = append(out, row(model.OfEntry(p.name, e.name), e))
		}
		if p.spread != nil {
			out = append(out, report.Estimate{Name: p.name + " (spread over entries)", Value: p.spread.Value, Low: p.spread.Low, High: p.spread.High})
		}
	}
	for k, name := range w.fittedParameters() {
		if k < len(w.final.Parameters) && w.problem.Model.ParameterIndex(name) < 0 { // a knot
			out = append(out, row(name, parameter{value: w.final.Parameters[k], half: confidence * w.spread[len(w.final.Terms)+k]}))
		}
	}
	return out
}

// farPrior is the distance of an answer from its prior, in standard deviations,
// that is worth a warning.
const farPrior = 3

// fewSpread is the number of entries below which a spread is hardly determined.
const fewSpread = 6

// parameterWarnings say which answers contradict their priors, what a spread can
// mean, and what stands in the model for values that differ.
func (w *work) parameterWarnings() []string {
	var out []string
	for _, p := range w.parameters() {
		for _, q := range append([]parameter{p}, p.entries...) {
			if q.prior == nil || math.Abs(float64(q.prior.Off)) <= farPrior {
				continue
			}
			name := p.name
			if q.name != p.name {
				name = model.OfEntry(p.name, q.name)
			}
			out = append(out, fmt.Sprintf("%s = %.4g lies %.2g standard deviations from its prior, %.4g ± %.3g: data and prior contradict each other", name, q.value, math.Abs(float64(q.prior.Off)), q.prior.Value, q.prior.SD))
		}
		if len(p.entries) > 0 {
			text := fmt.Sprintf("%s differs between entries: model.yaml holds the mean, %.6g", p.name, p.value)
			out = append(out, text+"; the values are in result.json")
		}
		switch s := p.spread; {
		case s == nil:
		case s.Low == 0:
			out = append(out, fmt.Sprintf("the data show no spread of %s over entries: it is at most %.3g (95 %%), and its values are drawn to their mean", p.name, s.High))
		case len(p.entries) < fewSpread:
			out = append(out, fmt.Sprintf("the spread of %s is learned from %d entries alone: it may be anything from %.3g to %.3g (95 %%)", p.name, len(p.entries), s.Low, s.High))
		}
	}
	return append(out, w.calibrated...)
}

// priorSettings list the priors that were used.
func (w *work) priorSettings() []report.Setting {
	var out []report.Setting
	add := func(name string, p *run.Prior) {
		out = append(out, report.Setting{Name: "prior of " + name, Value: fmt.Sprintf("%.4g ± %.3g; the answer is %.2g standard deviations from it", p.Value, p.SD, math.Abs(float64(p.Off)))})
	}
	for _, p := range w.parameters() {
		if p.prior != nil {
			add(p.name, p.prior)
		}
		for _, e := range p.entries {
			if e.prior != nil {
				add(model.OfEntry(p.name, e.name), e.prior)
			}
		}
	}
	return out
}

// leastCalibration is the number of samples that a value of an entry is estimated
// from at least.
const leastCalibration = 10

// halves are the tests as they are to be predicted. Of entries that are tests as a whole, and
// whose own parameters no training entry tells, that is the rest; the first half is for finding these.
func (w *work) halves() (first, rest []record.Entry) {
	names := w.data.Differing()
	strange := func(e record.Entry) bool {
		return !slices.ContainsFunc(w.train, func(t record.Entry) bool { return t.Name == e.Name }) &&
			slices.ContainsFunc(names, func(name string) bool { return w.data.Fits(name, &e) })
	}
	total, seen := map[string]int{}, map[string]int{}
	for _, e := range w.test {
		total[e.Name] += len(e.Times)
	}
	for _, e := range w.test {
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
// formula of the training entries. It returns the fit with these values.
func (w *work) calibrate(ctx context.Context, f *fit.Fitted) (*fit.Fitted, error) {
	w.calibrated = nil
	first, _ := w.halves()
	if len(first) == 0 {
		return f, nil
	}
	closed, err := w.close(f)
	if err != nil {
		return nil, err
	}
	values, err := w.valuesOf(ctx, closed, first, f)
	if err != nil {
		return nil, err
	}
	g := *f
	g.Parameters = slices.Clone(f.Parameters)
	told := map[string]bool{}
	for _, e := range first {
		for _, name := range w.data.Differing() {
			k := slices.Index(fittedNames(w.found.Model), model.OfEntry(name, e.Name))
			if v, ok := values[model.OfEntry(name, e.Name)]; ok && k >= 0 {
				g.Parameters[k] = v
			}
		}
		if !told[e.Name] {
			told[e.Name] = true
			w.calibrated = append(w.calibrated, fmt.Sprintf("%s is a test as a whole: its own parameters were estimated from its first half, free runs start in the other", e.Name))
		}
	}
	return &g, nil
}

// valuesOf fits nothing but the entries' own parameters, in a closed model.
func (w *work) valuesOf(ctx context.Context, closed *model.Model, entries []record.Entry, f *fit.Fitted) (map[string]float64, error) {
	located, err := fit.Prepare(closed, entries)
	if err != nil {
		return nil, err
	}
	sigma := carry(located, w.data, f.Sigma)
	at, err := w.settings.engine(located, fit.Options{}).Locate(ctx, "own/locate", sigma, f.Scale)
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
			for _, s := range f.Spreads {
				if s.Parameter == p.Name {
					p.SD = s.Value
				}
			}
		} else {
			given := w.problem.Model.Parameters[w.problem.Model.ParameterIndex(p.Name)]
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
	own := m.PerEntry(names, func(parameter, entry string) bool { return w.data.Fits(parameter, &record.Entry{Name: entry}) })
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
	g, err := w.settings.engine(data, w.problem.Fit).Trajectory(ctx, "own/fit", &start, fit.Schedule{From: math.Max(0.1, w.loose), To: w.loose})
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for k, name := range fittedNames(own) {
		if !math.IsInf(g.Objective, 0) {
			out[name] = g.Parameters[k]
		}
	}
	return out, nil
}
