package problem

import (
	"fmt"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"govern/expr"
	"govern/internal/strict"
	"govern/model"
	"govern/series"
)

// data reads the section data: a list of entries, or one entry.
func (r *reader) data(n ast.Node) {
	items := []ast.Node{n}
	if _, list := n.(*ast.SequenceNode); list {
		items = r.Items(n, "data")
	}
	if _, null := n.(*ast.NullNode); null || len(items) == 0 {
		r.Report(n, "name at least one file: [{file: train.csv}]", "data is empty")
		return
	}
	for _, item := range items {
		r.problem.Data = append(r.problem.Data, r.entry(item))
	}
	r.assignUses(n)
	r.countEntries(n)
}

// assignUses gives every entry that does not say what it serves for the
// default.
func (r *reader) assignUses(n ast.Node) {
	data := r.problem.Data
	isTest := func(d Data) bool { return d.Use == Test }
	missing := Split
	if slices.ContainsFunc(data, isTest) {
		missing = Train
	}
	for i := range data {
		if data[i].Use == "" {
			data[i].Use = missing
		}
	}
	if !slices.ContainsFunc(data, func(d Data) bool { return !isTest(d) }) {
		r.Report(n, "give one entry use: train, or leave use out", "every entry is a test, so there is nothing to learn from")
	}
}

// countEntries reports a spread over too few entries.
func (r *reader) countEntries(n ast.Node) {
	if r.problem.Model == nil {
		return
	}
	for _, p := range r.problem.Model.Parameters {
		if !p.Spread || !p.Fit {
			continue
		}
		count := 0
		for _, d := range r.problem.Data {
			if _, set := d.Set[p.Name]; !set {
				count++
			}
		}
		if count < model.LeastSpread {
			r.Report(n, fmt.Sprintf("give at least %d files, or leave spread of %s out", model.LeastSpread, p.Name), "the spread of %s over entries cannot be learned from %d", p.Name, count)
		}
	}
}

func (r *reader) entry(n ast.Node) Data {
	if _, text := n.(*ast.StringNode); text {
		r.Report(n, "write {file: "+r.String(n, "data")+"}", "an entry of data must be a mapping")
		return Data{}
	}
	before := r.count()
	keys := r.Keys(n, "an entry of data", "file", "time", "observe", "inputs", "set", "noise", "use", "regimes")
	var d Data
	if file := keys["file"]; file != nil {
		d.File = r.file(file)
	} else if r.count() == before {
		r.Report(n, "add file: train.csv", "an entry of data names no file")
	}
	if n := keys["time"]; n != nil {
		d.Time = r.time(n)
	}
	if n := keys["observe"]; n != nil {
		d.Observe = r.observe(n)
	}
	d.Inputs, d.Hold = r.inputs(n, keys["inputs"])
	if n := keys["set"]; n != nil {
		d.Set = r.set(n)
	}
	if n := keys["noise"]; n != nil {
		d.Noise = r.noise(n, d.Observe)
	}
	if n := keys["use"]; n != nil {
		d.Use = Use(r.choice(n, "use", string(Train), string(Test), string(Split)))
	}
	if n := keys["regimes"]; n != nil {
		d.Regimes = r.regimes(n)
	}
	return d
}

func (r *reader) file(n ast.Node) string {
	before := r.count()
	file := r.String(n, "file")
	if file == "" && r.count() == before {
		r.Report(n, "", "file: is empty")
	}
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(r.dir, file)
}

// time reads a column's name, {column: t, unit: s}, {rate: 1000 Hz} or
// {rate: 1000, unit: s}.
func (r *reader) time(n ast.Node) series.TimeSpec {
	var spec series.TimeSpec
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode, *ast.NullNode:
	default:
		spec.Column = r.String(n, "time")
		return spec
	}
	keys := r.Keys(n, "time", "column", "unit", "rate")
	column, unit, rate := keys["column"], keys["unit"], keys["rate"]
	if column != nil {
		spec.Column = r.String(column, "column")
	}
	if rate != nil {
		spec.Rate, spec.Unit = r.rate(rate)
	}
	if column != nil && rate != nil {
		r.Report(rate, "give one of the two", "the times are in a column and have a rate")
	}
	if unit != nil {
		if spec.Unit != "" {
			r.Report(unit, "leave it out", "the rate has a unit already")
		}
		spec.Unit = r.String(unit, "unit")
	}
	r.checkUnit(n, spec.Unit)
	return spec
}

func (r *reader) rate(n ast.Node) (rate float64, unit string) {
	before := r.count()
	rate, unit, ok := parseRate(r.String(n, "rate"))
	if !ok && r.count() == before {
		r.Report(n, "write 1000 Hz, 1 kHz, or a number of samples a unit of time", "the rate must be a frequency above zero")
	}
	return rate, unit
}

// checkUnit reports a unit that cannot be converted to the model's.
func (r *reader) checkUnit(n ast.Node, unit string) {
	m := r.problem.Model
	if m == nil || unit == "" || m.TimeUnit == "" || areConvertible(unit, m.TimeUnit) {
		return
	}
	r.Report(n, convertible, "times in %q cannot be converted to the model's time_unit %q", unit, m.TimeUnit)
}

func (r *reader) observe(n ast.Node) []Observation {
	var list []Observation
	for _, f := range r.Fields(n, "observe") {
		e := r.Expression(f.Value, "what "+f.Name+" measures")
		if e == nil {
			continue
		}
		before := r.count()
		if r.checkNames(e); r.count() == before {
			r.checkObservable(f, e)
		}
		list = append(list, Observation{f.Name, e})
	}
	return list
}

// checkNames reports names and calls in an observable that mean nothing.
func (r *reader) checkNames(e *expr.Expr) {
	m := r.problem.Model
	if m == nil {
		return
	}
	for _, a := range e.Args {
		r.checkNames(a)
	}
	report := func(hint, format string) {
		r.ReportAt(e.Pos, utf8.RuneCountInString(e.Ident), hint, format, e.Ident)
	}
	const onlyStates = "a column measures an expression of states and parameters"
	switch e.Kind {
	case expr.Name:
		switch name := e.Ident; {
		case name == "t":
			report(onlyStates, "an observable cannot depend on the time %s")
		case slices.Contains(m.Inputs, name):
			report(onlyStates, "an observable cannot depend on the input %s")
		case m.Unknown(name) != nil:
			report(onlyStates, "%s is an unknown and cannot be measured")
		case name != "pi" && !slices.Contains(r.observableNames(), name):
			report(didYouMean(name, r.observableNames()), "%s is not defined in the model")
		}
	case expr.Call:
		if _, function := expr.Arity(e.Ident); function {
			return
		}
		if m.Unknown(e.Ident) != nil {
			report(onlyStates, "%s is an unknown and cannot be measured")
			return
		}
		hint := ""
		if s := expr.Suggest(e.Ident, expr.Functions()); s != "" {
			hint = "did you mean " + s + "?"
		}
		report(hint, "%s is not a function")
	}
}

// checkObservable reports an observable that measures no state, or whose
// definitions hide what it may not use.
func (r *reader) checkObservable(f strict.Field, e *expr.Expr) {
	m := r.problem.Model
	if m == nil {
		return
	}
	expanded := m.Expand(e)
	measuresState := false
	for _, name := range expr.Names(expanded) {
		if name == "t" || slices.Contains(m.Inputs, name) {
			r.Report(f.Value, "a column measures an expression of states and parameters", "what %s measures depends on %s through a definition", f.Name, name)
			return
		}
		measuresState = measuresState || m.StateIndex(name) >= 0
	}
	for _, call := range expr.Calls(expanded) {
		if m.Unknown(call.Ident) != nil {
			r.Report(f.Value, "a column measures an expression of states and parameters", "what %s measures depends on the unknown %s through a definition", f.Name, call.Ident)
			return
		}
	}
	if !measuresState {
		r.Report(f.Value, "a column measures an expression of states, such as "+m.States[0].Name, "what %s measures does not depend on any state", f.Name)
	}
}

// observableNames are the states, parameters and definitions of the model.
func (r *reader) observableNames() []string {
	m := r.problem.Model
	names := stateNames(m)
	for _, p := range m.Parameters {
		names = append(names, p.Name)
	}
	for _, d := range m.Definitions {
		names = append(names, d.Name)
	}
	return names
}

// inputs reads which columns hold the model's inputs, and what they do between
// samples; n may be nil. Each of them must have one.
func (r *reader) inputs(entry, n ast.Node) (map[string]string, map[string]Hold) {
	var columns map[string]string
	var holds map[string]Hold
	m := r.problem.Model
	if n != nil {
		columns = map[string]string{}
		for _, f := range r.Fields(n, "inputs") {
			if m != nil && !slices.Contains(m.Inputs, f.Name) {
				hint := "the model has no inputs; declare it there: inputs: [" + f.Name + "]"
				if len(m.Inputs) > 0 {
					hint = didYouMean(f.Name, m.Inputs)
				}
				r.Report(f.Key, hint, "%s is not an input of the model", f.Name)
				continue
			}
			column, hold := r.input(f)
			columns[f.Name] = column
			if hold != "" {
				if holds == nil {
					holds = map[string]Hold{}
				}
				holds[f.Name] = hold
			}
		}
	}
	if m != nil {
		for _, name := range m.Inputs {
			if _, ok := columns[name]; !ok {
				r.Report(entry, fmt.Sprintf("add inputs: {%s: COLUMN} to the entry", name), "the model's input %s has no column", name)
			}
		}
	}
	if len(columns) == 0 {
		return nil, nil
	}
	return columns, holds
}

// input reads a column's name, or {column: u, hold: previous}.
func (r *reader) input(f strict.Field) (column string, hold Hold) {
	switch f.Value.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return r.String(f.Value, "the column of "+f.Name), ""
	}
	keys := r.Keys(f.Value, "the input "+f.Name, "column", "hold")
	if keys["column"] == nil {
		r.Report(f.Value, fmt.Sprintf("add column: %s", f.Name), "the input %s names no column", f.Name)
	} else {
		column = r.String(keys["column"], "the column of "+f.Name)
	}
	if n := keys["hold"]; n != nil {
		if hold = Hold(r.choice(n, "hold", string(HoldAuto), string(HoldPrevious), string(HoldLinear))); hold == HoldAuto {
			hold = ""
		}
	}
	return column, hold
}

// set reads parameters whose values are known for an entry.
func (r *reader) set(n ast.Node) map[string]float64 {
	var values map[string]float64
	m := r.problem.Model
	for _, f := range r.Fields(n, "set") {
		if m != nil && m.ParameterIndex(f.Name) < 0 {
			var names []string
			for _, p := range m.Parameters {
				names = append(names, p.Name)
			}
			r.Report(f.Key, didYouMean(f.Name, names), "%s is not a parameter of the model", f.Name)
			continue
		}
		if values == nil {
			values = map[string]float64{}
		}
		values[f.Name] = r.Number(f.Value, "the value of "+f.Name)
	}
	return values
}

// regimes reads the times at which another regime begins.
func (r *reader) regimes(n ast.Node) []float64 {
	const hint = "write the times at which another regime begins, as in regimes: [200, 400]"
	if _, list := n.(*ast.SequenceNode); !list {
		r.Report(n, hint, "regimes must be a list of times")
		return nil
	}
	var times []float64
	for _, item := range r.Items(n, "regimes") {
		before := r.count()
		t := r.Number(item, "the start of a regime")
		if r.count() > before {
			continue
		}
		if len(times) > 0 && t <= times[len(times)-1] {
			r.Report(item, hint, "the starts of regimes must rise: %s comes after %s", expr.FormatNumber(t), expr.FormatNumber(times[len(times)-1]))
			continue
		}
		times = append(times, t)
	}
	if len(times) == 0 && r.count() == 0 {
		r.Report(n, hint, "regimes is empty")
	}
	return times
}

// noise reads the standard deviations of columns. Only what is observed has
// one.
func (r *reader) noise(n ast.Node, observed []Observation) map[string]float64 {
	var sigmas map[string]float64
	var columns []string
	if len(observed) > 0 {
		for _, o := range observed {
			columns = append(columns, o.Column)
		}
	} else if r.problem.Model != nil {
		columns = stateNames(r.problem.Model)
	}
	for _, f := range r.Fields(n, "noise") {
		if columns != nil && !slices.Contains(columns, f.Name) {
			r.Report(f.Key, didYouMean(f.Name, columns), "noise is given for %s, which is not observed", f.Name)
			continue
		}
		if sigmas == nil {
			sigmas = map[string]float64{}
		}
		sigmas[f.Name] = r.positive(f.Value, "the noise of "+f.Name)
	}
	return sigmas
}
