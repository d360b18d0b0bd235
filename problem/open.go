package problem

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"govern/expr"
	"govern/model"
	"govern/note"
	"govern/record"
	"govern/series"
	"govern/series/formats"
)

// minSamples is the length of the shortest entry: fewer samples determine
// neither a derivative nor its noise.
const minSamples = 10

// Open reads the data and returns the entries of a fit: one for each of Data,
// and a second one of the same name, with Test set, where the last 20 % of the
// samples are held out; where Regimes are said the last 20 % of each. Data whose test would have fewer than ten samples are
// not split. An entry ends at every gap longer than record.Table.Gap, and another of
// the same name begins after it. Angles that were wrapped to one turn are made
// continuous. Which files share the noise of a channel is said by
// record.Levels. Times are in the model's unit, definitions are substituted in the
// observables, and missing samples of inputs are interpolated.
//
// What only the data can tell is filled in: names of time columns, which
// columns are observed, and Notes. Every error is a *series.DataError.
func (p *Problem) Open() ([]record.Entry, error) {
	p.Notes = nil
	entries := make([]record.Entry, len(p.Data))
	o := opener{Problem: p}
	for i, name := range entryNames(p.Data) {
		entry, err := o.open(&p.Data[i])
		if err != nil {
			return nil, err
		}
		entry.Name = name
		entries[i] = entry
	}
	if err := p.checkVariation(entries); err != nil {
		return nil, err
	}
	if err := p.checkSizes(entries); err != nil {
		return nil, err
	}
	p.unwrap(entries)
	p.warnOfTwins(entries)
	stretches, uses, err := p.stretches(entries)
	if err != nil {
		return nil, err
	}
	return p.cut(record.Levels(p.split(stretches, uses))), nil
}

// cut ends an entry at every gap and begins another after it, with a warning.
func (p *Problem) cut(entries []record.Entry) []record.Entry {
	training := record.NewTable(slices.DeleteFunc(slices.Clone(entries), func(e record.Entry) bool { return e.Test }), p.Model.Expand)
	if len(training.Channels) == 0 {
		return entries // the fit will say what is wrong with them
	}
	limit := training.LongestBridge()
	var result []record.Entry
	for _, entry := range entries {
		parts := entry.CutAtGaps(limit, minSamples)
		kept := 0
		for _, part := range parts {
			kept += len(part.Times)
		}
		if len(parts) < 2 && kept > len(entry.Times)*9/10 || kept == 0 {
			result = append(result, entry)
			continue
		}
		p.note(note.Gaps, entry.Name, "%s: gaps longer than %.3g cut it into %d records, %d of its %d samples in all", entry.Name, limit, len(parts), kept, len(entry.Times))
		result = append(result, parts...)
	}
	return result
}

// PerEntry returns the model with a fitted parameter for the value that each
// parameter with `each: entry` has in each of the data that do not set it
// (model.PerEntry), under the names of entries. It is the model itself where there are none.
func (p *Problem) PerEntry() *model.Model {
	names := entryNames(p.Data)
	return p.Model.PerEntry(names, func(parameter, entry string) bool {
		_, set := p.Data[slices.Index(names, entry)].Set[parameter]
		return !set
	})
}

// entryNames are the files' names; of several that are equal the n-th is
// NAME#n. They do not depend on where the files lie.
func entryNames(data []Data) []string {
	total, seen := map[string]int{}, map[string]int{}
	for _, d := range data {
		total[filepath.Base(d.File)]++
	}
	names := make([]string, len(data))
	for i, d := range data {
		names[i] = filepath.Base(d.File)
		if total[names[i]] > 1 {
			seen[names[i]]++
			names[i] = fmt.Sprintf("%s#%d", names[i], seen[names[i]])
		}
	}
	return names
}

// opener opens the files of a problem one after another.
type opener struct {
	*Problem
	first *series.Series // the first file whose times have a unit
}

// open reads one file of data.
func (p *opener) open(d *Data) (record.Entry, error) {
	s, err := p.read(d.File, p.wantOf(d))
	if err != nil {
		return record.Entry{}, err
	}
	if err := p.checkTimeColumn(d, s); err != nil {
		return record.Entry{}, err
	}
	if n := len(s.Time); n < minSamples {
		return record.Entry{}, &series.DataError{File: d.File, Text: fmt.Sprintf("%d samples are too few", n),
			Hint: fmt.Sprintf("at least %d are needed, and 8 to 10 a cycle", minSamples)}
	}
	if len(d.Observe) == 0 {
		if err := observeStates(p.Model, d, s); err != nil {
			return record.Entry{}, err
		}
	}
	d.Time.Column = s.TimeName
	p.files.know(d.File, p.wantOf(d), s)
	entry := record.Entry{Set: d.Set}
	if entry.Times, err = p.times(s); err != nil {
		return record.Entry{}, err
	}
	for _, o := range d.Observe {
		entry.Channels = append(entry.Channels, record.Channel{
			Column: o.Column, Unit: s.Column(o.Column).Unit, Observe: p.Model.Expand(o.Expression),
			Values: s.Column(o.Column).Values, Sigma: d.Noise[o.Column],
		})
	}
	for _, input := range p.Model.Inputs {
		column := s.Column(d.Inputs[input])
		values, err := filled(s, column)
		if err != nil {
			return record.Entry{}, err
		}
		entry.Inputs = append(entry.Inputs, values)
		entry.Held = append(entry.Held, holds(d.Hold[input], values))
	}
	return entry, nil
}

// wantOf is what data name of their file.
func (p *Problem) wantOf(d *Data) series.Want {
	want := series.Want{Time: d.Time}
	for _, o := range d.Observe {
		want.Columns = append(want.Columns, o.Column)
	}
	for _, input := range slices.Sorted(maps.Keys(d.Inputs)) {
		want.Columns = append(want.Columns, d.Inputs[input])
	}
	if len(d.Observe) == 0 {
		want.Optional = stateNames(p.Model)
	}
	return want
}

// fewLevels is the number of distinct values of an input that jumps between levels.
const fewLevels = 10

// holds says whether an input keeps its values between samples: where nothing is said,
// one that stays at more than half of its samples and then jumps, or has few levels.
func holds(hold Hold, values []float64) bool {
	switch hold {
	case HoldPrevious:
		return true
	case HoldLinear:
		return false
	}
	stays, jumps, levels := 0, 0, map[float64]bool{values[0]: true}
	for k := 1; k < len(values); k++ {
		if values[k] == values[k-1] {
			stays++
		} else {
			jumps++
			levels[values[k]] = true
		}
	}
	few := len(levels) <= fewLevels && len(levels)*fewLevels <= len(values)
	return jumps > 0 && (stays > jumps || few)
}

// checkTimeColumn refuses to take a state for the time because the file does
// not say which column is.
func (p *Problem) checkTimeColumn(d *Data, s *series.Series) error {
	observed := slices.ContainsFunc(d.Observe, func(o Observation) bool { return o.Column == s.TimeName })
	if d.Time.Column != "" || d.Time.Rate > 0 || !observed && p.Model.StateIndex(s.TimeName) < 0 {
		return nil
	}
	return &series.DataError{File: d.File, Line: 1, ColumnName: s.TimeName, Text: "the first column is observed and cannot also be the time",
		Hint: "say when the samples were taken: time: COLUMN or time: {rate: 1000 Hz}"}
}

// observeStates lets every column that is named like a state measure it.
func observeStates(m *model.Model, d *Data, s *series.Series) error {
	for _, c := range s.Columns {
		if m.StateIndex(c.Name) >= 0 && c.Name != s.TimeName {
			d.Observe = append(d.Observe, Observation{c.Name, expr.Var(c.Name)})
		}
	}
	if len(d.Observe) == 0 {
		return &series.DataError{File: d.File, Text: "no column is named like a state of the model: " + enumerate(stateNames(m)),
			Hint: fmt.Sprintf("say what the columns measure, as in observe: {COLUMN: %s}; the columns are %s", m.States[0].Name, enumerate(s.Header))}
	}
	for _, column := range slices.Sorted(maps.Keys(d.Noise)) {
		if s.Column(column) == nil {
			return &series.DataError{File: d.File, Text: fmt.Sprintf("noise is given for %q, but there is no such column", column),
				Hint: "the columns are " + enumerate(s.Header)}
		}
	}
	return nil
}

// times returns the times in the model's unit, and warns when one of the two
// units is not known. Without a unit of the model all files must agree on one.
func (p *opener) times(s *series.Series) ([]float64, error) {
	if p.first == nil && s.TimeUnit != "" {
		p.first = s
	}
	switch from, to := s.TimeUnit, p.Model.TimeUnit; {
	case from == to:
		return s.Time, nil
	case to == "" && from != p.first.TimeUnit:
		return nil, &series.DataError{File: s.Name, Line: 1, ColumnName: s.TimeName,
			Text: fmt.Sprintf("the times are in %s, those of %s in %s", from, p.first.Name, p.first.TimeUnit),
			Hint: "give the model a time_unit, so that both are converted to it"}
	case to == "":
		p.note(note.TimeUnit, s.Name, "%s: the times are in %s and the model has no time_unit: its rates are taken to be per %s", s.Name, from, from)
		return s.Time, nil
	case from == "":
		p.note(note.TimeUnit, s.Name, "%s: the times have no unit and are taken to be in %s, the model's time_unit", s.Name, to)
		return s.Time, nil
	case areConvertible(from, to):
		return convertTimes(s.Time, from, to), nil
	default:
		return nil, &series.DataError{File: s.Name, Line: 1, ColumnName: s.TimeName,
			Text: fmt.Sprintf("times in %q cannot be converted to the model's time_unit %q", from, to), Hint: convertible}
	}
}

func (p *Problem) note(kind note.Kind, about, format string, args ...any) *note.Note {
	p.Notes = append(p.Notes, note.Of(kind, about, format, args...))
	return &p.Notes[len(p.Notes)-1]
}

// filled returns a column with its missing samples interpolated linearly.
func filled(s *series.Series, c *series.Column) ([]float64, error) {
	t, values := s.Time, slices.Clone(c.Values)
	last := len(values) - 1
	if math.IsNaN(values[0]) || math.IsNaN(values[last]) {
		return nil, &series.DataError{File: s.Name, ColumnName: c.Name, Text: "the input is missing at the first or last sample",
			Hint: "an input must be known throughout: cut the file to where it is"}
	}
	known := 0 // index of the last sample that is there
	for i, v := range c.Values {
		if math.IsNaN(v) {
			continue
		}
		for k := known + 1; k < i; k++ {
			weight := (t[k] - t[known]) / (t[i] - t[known])
			values[k] = (1-weight)*values[known] + weight*v
		}
		known = i
	}
	return values, nil
}

// checkVariation refuses a column that is constant or empty in all entries.
func (p *Problem) checkVariation(entries []record.Entry) error {
	varies := map[string]bool{}
	constant := map[string]float64{} // a value of every column that has any
	for _, entry := range entries {
		for _, c := range entry.Channels {
			first := slices.IndexFunc(c.Values, isThere)
			if first < 0 {
				continue
			}
			constant[c.Column] = c.Values[first]
			if slices.ContainsFunc(c.Values, func(v float64) bool { return isThere(v) && v != c.Values[first] }) {
				varies[c.Column] = true
			}
		}
	}
	for i, entry := range entries {
		for _, c := range entry.Channels {
			if varies[c.Column] {
				continue
			}
			e := &series.DataError{File: p.Data[i].File, ColumnName: c.Column, Text: "the column is empty",
				Hint: "remove it from observe, or from the file; a state that is not observed is estimated"}
			if v, any := constant[c.Column]; any {
				e.Text = fmt.Sprintf("the column is constant: %s throughout", expr.FormatNumber(v))
				e.Hint = "a constant channel tells nothing about the dynamics: remove it from observe, or from the file, or, if it is a condition, give it under set"
			}
			if len(entries) > 1 {
				e.Text += ", in every entry"
			}
			return e
		}
	}
	return nil
}

func isThere(v float64) bool { return !math.IsNaN(v) }

// split marks tests and cuts them off, of every regime that is said its own.
func (p *Problem) split(entries []record.Entry, uses []Use) []record.Entry {
	var result []record.Entry
	for i, entry := range entries {
		entry.Test = uses[i] == Test
		n := len(entry.Times)
		if uses[i] != Split {
			result = append(result, entry)
			continue
		}
		held := n / 5
		if held < minSamples {
			p.note(note.NothingHeld, entry.Name, "%s: with %d samples nothing is held out for a test; %d would be needed", entry.Name, n, 5*minSamples)
			result = append(result, entry)
			continue
		}
		test := entry.Slice(n-held, n)
		test.Test = true
		result = append(result, entry.Slice(0, n-held), test)
	}
	return result
}

// FromTable returns the problem of a table about which nothing is known: the
// first column is the time, every other one is a state, and every equation is
// unknown. Every error is a *series.DataError.
func FromTable(path string) (*Problem, error) {
	s, err := formats.ReadFile(path, series.Want{})
	if err != nil {
		return nil, err
	}
	if len(s.Columns) == 0 {
		return nil, &series.DataError{File: path, Line: 1, Text: "there is only one column, the time",
			Hint: "to read a single channel without times, write a problem file with time: {rate: 1000 Hz}"}
	}
	columns := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		columns[i] = c.Name
	}
	p := &Problem{Name: stem(path), Path: path, Model: model.Open(columns), Fit: defaultFit(), Discover: defaultDiscover()}
	p.Model.TimeUnit = s.TimeUnit
	d := Data{File: path, Time: series.TimeSpec{Column: s.TimeName}, Use: Split}
	for i, column := range columns {
		d.Observe = append(d.Observe, Observation{column, expr.Var(p.Model.States[i].Name)})
	}
	p.Data = []Data{d}
	return p, nil
}
