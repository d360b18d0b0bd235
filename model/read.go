package model

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"govern/expr"
	"govern/internal/strict"
)

// Read reads a model file. Its error is a *expr.Diagnostic or an
// expr.DiagnosticList: everything that is wrong, with its place in the file.
func Read(file string, data []byte) (*Model, error) {
	document, root, err := strict.Parse(file, data)
	if err != nil {
		return nil, err
	}
	return read(document, root)
}

// FromNode reads a model that stands within another file, whose whole text is
// src. Errors are those of Read.
func FromNode(file string, src []byte, node ast.Node) (*Model, error) {
	return read(&strict.Document{File: file, Text: string(src)}, node)
}

// reader turns the parts of a model file into a model. Names are entered as
// they are met; what they refer to is checked when all are known.
type reader struct {
	*strict.Document
	model *Model
	names map[string]entry
}

// entry is what a name means and where it was given.
type entry struct {
	kind string // "state", "parameter", "input", "unknown" or "definition"
	pos  expr.Pos
}

func read(document *strict.Document, node ast.Node) (*Model, error) {
	r := &reader{Document: document, model: &Model{}, names: map[string]entry{}}
	keys := r.Keys(node, "the model", "name", "source", "time_unit", "states", "parameters", "inputs", "unknowns", "equations")
	r.texts(keys)
	if n := keys["states"]; n != nil {
		r.states(n)
	} else if document.Err() == nil {
		r.Report(node, "add states: {x: 1}, with initial values", "the model has no states")
	}
	if n := keys["parameters"]; n != nil {
		r.parameters(n)
	}
	if n := keys["inputs"]; n != nil {
		r.inputs(n)
	}
	if n := keys["unknowns"]; n != nil {
		r.unknowns(n)
	}
	if n := keys["equations"]; n != nil {
		r.equations(n)
	} else if document.Err() == nil {
		r.Report(node, "add equations: | and lines x' = ... below it", "the model has no equations")
	}
	if err := document.Err(); err != nil {
		return nil, err
	}
	return r.model, nil
}

func (r *reader) texts(keys map[string]ast.Node) {
	for key, target := range map[string]*string{"name": &r.model.Name, "source": &r.model.Source, "time_unit": &r.model.TimeUnit} {
		if n := keys[key]; n != nil {
			*target = r.String(n, key)
		}
	}
}

// enter adds a name and reports whether it could be.
func (r *reader) enter(name, kind string, at expr.Pos) bool {
	width := len([]rune(name))
	switch before, taken := r.names[name]; {
	case !expr.IsName(name):
		r.ReportAt(at, width, "a name is letters, digits and _, and begins with a letter", "%q cannot be the name of %s", name, article(kind))
	case name == "t" || name == "pi":
		r.ReportAt(at, width, "choose another name", "%s is reserved: it is %s", name, map[string]string{"t": "time", "pi": "3.14159…"}[name])
	case isReserved(name):
		r.ReportAt(at, width, "choose another name", "%s is a function of the language", name)
	case taken && before.kind == kind:
		r.ReportAt(at, width, "", "%s is given twice, first on line %d", name, before.pos.Line)
	case taken:
		r.ReportAt(at, width, "choose another name", "%s is %s already, on line %d", name, article(before.kind), before.pos.Line)
	default:
		r.names[name] = entry{kind, at}
		return true
	}
	return false
}

func article(kind string) string {
	if kind == "input" || kind == "unknown" {
		return "an " + kind
	}
	return "a " + kind
}

func (r *reader) states(n ast.Node) {
	fields := r.Fields(n, "states")
	if len(fields) == 0 && r.Err() == nil {
		r.Report(n, "name each state with its initial value: {x: 1}", "states is empty")
	}
	for _, f := range fields {
		s := State{Name: f.Name}
		if mapping(f.Value) {
			what := "state " + f.Name
			keys := r.Keys(f.Value, what, "value", "fixed", "fit")
			s.Value = r.required(f, keys["value"], what)
			s.Fixed = r.fixed(keys, what)
		} else {
			s.Value = r.Number(f.Value, "the initial value of "+f.Name)
		}
		if r.enter(f.Name, "state", strict.Content(f.Key)) {
			r.model.States = append(r.model.States, s)
		}
	}
}

func mapping(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

// required reads the value of a state or parameter in its long form.
func (r *reader) required(f strict.Field, value ast.Node, what string) float64 {
	if value == nil {
		r.Report(f.Key, "write {value: 1, ...}", "%s has no value", what)
		return 0
	}
	return r.Number(value, "the value of "+f.Name)
}

func (r *reader) fixed(keys map[string]ast.Node, what string) bool {
	fixed, fit := false, true
	if n := keys["fixed"]; n != nil {
		fixed = r.Bool(n, "fixed")
	}
	if n := keys["fit"]; n != nil {
		fit = r.Bool(n, "fit")
		if keys["fixed"] != nil && fixed == fit {
			r.Report(n, "give one of the two", "fit and fixed of %s contradict each other", what)
		}
	}
	return fixed || !fit
}

func (r *reader) parameters(n ast.Node) {
	for _, f := range r.Fields(n, "parameters") {
		p := Parameter{Name: f.Name}
		p.Min, p.Max = unbounded()
		if mapping(f.Value) {
			r.parameter(&p, f)
		} else {
			p.Value = r.Number(f.Value, "the value of "+f.Name)
		}
		if r.enter(f.Name, "parameter", strict.Content(f.Key)) {
			r.model.Parameters = append(r.model.Parameters, p)
		}
	}
}

func (r *reader) parameter(p *Parameter, f strict.Field) {
	what := "parameter " + f.Name
	keys := r.Keys(f.Value, what, "value", "fit", "min", "max", "sd", "each", "spread")
	p.Value = r.required(f, keys["value"], what)
	if n := keys["fit"]; n != nil {
		p.Fit = r.Bool(n, "fit")
	}
	if n := keys["min"]; n != nil {
		p.Min = r.Number(n, "min of "+f.Name)
	}
	if n := keys["max"]; n != nil {
		p.Max = r.Number(n, "max of "+f.Name)
	}
	if n := keys["sd"]; n != nil {
		p.SD = r.deviation(n, p, keys["value"] != nil)
	}
	if n := keys["each"]; n != nil {
		p.Each = true
		if text := r.String(n, "each"); text != "entry" && text != "" {
			r.Report(n, "write each: entry, for a value in every entry of the data", "%s cannot have a value for each %q", f.Name, text)
		}
	}
	if n := keys["spread"]; n != nil {
		p.Spread = r.Bool(n, "spread")
	}
	r.needs(keys, f.Name, p)
	number := expr.FormatNumber
	switch value := keys["value"]; {
	case p.Min >= p.Max:
		r.Report(f.Key, "min must be below max", "the bounds of %s leave nothing: %s to %s", f.Name, number(p.Min), number(p.Max))
	case value != nil && (p.Value < p.Min || p.Value > p.Max):
		r.Report(value, "widen the bounds or start inside them", "the value %s of %s lies outside its bounds, %s to %s",
			number(p.Value), f.Name, number(p.Min), number(p.Max))
	}
}

// needs reports what a parameter asks for that makes sense only with something
// else.
func (r *reader) needs(keys map[string]ast.Node, name string, p *Parameter) {
	const fit = "add fit: true, or leave it out"
	if n := keys["sd"]; n != nil && !p.Fit {
		r.Report(n, fit, "%s is fixed, so it cannot have a prior", name)
	}
	if n := keys["each"]; n != nil && !p.Fit {
		r.Report(n, fit+"; a value that is known for an entry stands under set: there", "%s is fixed, so it cannot be estimated for each entry", name)
	}
	if n := keys["spread"]; n != nil && p.Spread && !p.Each {
		r.Report(n, "add each: entry", "%s has one value for all entries, so it has no spread", name)
	}
}

// deviation reads the standard deviation of a prior: a number, or a percentage of
// the value.
func (r *reader) deviation(n ast.Node, p *Parameter, hasValue bool) float64 {
	what := "sd of " + p.Name
	text, percent := strings.CutSuffix(strings.TrimSpace(r.String(n, what)), "%")
	if !percent {
		before := r.mistakes()
		v := r.Number(n, what)
		if v <= 0 && r.mistakes() == before {
			r.Report(n, "it is the standard deviation of what is believed of the parameter", "%s must be above zero", what)
		}
		return v
	}
	share, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	switch {
	case err != nil || !(share > 0) || math.IsInf(share, 0):
		r.Report(n, "write sd: 2, or sd: 20 % for a fifth of the value", "%s must be a number or a percentage above zero", what)
	case p.Value == 0 && hasValue:
		r.Report(n, "give sd as a number", "%s is a share of its value, which is 0", what)
	}
	return math.Abs(p.Value) * share / 100
}

// mistakes is their number so far.
func (r *reader) mistakes() int {
	list, _ := r.Err().(expr.DiagnosticList)
	return len(list)
}

func (r *reader) inputs(n ast.Node) {
	if _, ok := n.(*ast.MappingNode); ok {
		r.Report(n, "write [u] here; the column of u and how it holds belong to the data, as inputs: {u: {column: u}}", "the inputs of a model are a list of names")
		return
	}
	for _, item := range r.Items(n, "inputs") {
		name := r.String(item, "the name of an input")
		if r.enter(name, "input", strict.Content(item)) {
			r.model.Inputs = append(r.model.Inputs, name)
		}
	}
}

func (r *reader) unknowns(n ast.Node) {
	for _, f := range r.Fields(n, "unknowns") {
		what := "unknown " + f.Name
		keys := r.Keys(f.Value, what, "arguments", "library", "neural")
		u := Unknown{Name: f.Name}
		if n := keys["arguments"]; n != nil {
			u.Arguments = r.arguments(n, what)
		}
		if n := keys["library"]; n != nil {
			u.Library = r.library(n)
		}
		if n := keys["neural"]; n != nil {
			u.Neural = r.neural(n)
		}
		if r.enter(f.Name, "unknown", strict.Content(f.Key)) {
			r.model.Unknowns = append(r.model.Unknowns, u)
		}
	}
}

func (r *reader) arguments(n ast.Node, what string) []string {
	var names []string
	for _, item := range r.Items(n, "arguments of "+what) {
		name := r.String(item, "the name of an argument")
		switch {
		case !expr.IsName(name) || isReserved(name) && name != "t":
			r.Report(item, "", "%q cannot name an argument", name)
		case slices.Contains(names, name):
			r.Report(item, "", "two arguments of %s are called %s", what, name)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		r.Report(n, "leave it out to take the names from the equations", "arguments of %s is empty", what)
	}
	return names
}

// maxDegree bounds a library's degree; the number of terms grows like its
// power.
const maxDegree = 12

func (r *reader) library(n ast.Node) *Library {
	keys := r.Keys(n, "library", "degree", "functions")
	l := &Library{}
	if n := keys["degree"]; n != nil {
		l.Degree = r.Integer(n, "degree", 1, maxDegree)
	}
	if n := keys["functions"]; n != nil {
		for _, item := range r.Items(n, "functions") {
			name := r.String(item, "a function")
			if arity, _ := expr.Arity(name); arity != 1 {
				r.Report(item, suggestion(name, unaryFunctions()), "%s is not a function of one argument", name)
			}
			l.Functions = append(l.Functions, name)
		}
	}
	return l
}

func unaryFunctions() []string {
	return slices.DeleteFunc(expr.Functions(), func(name string) bool {
		arity, _ := expr.Arity(name)
		return arity != 1
	})
}

func (r *reader) neural(n ast.Node) *Neural {
	const widest, layers = 1024, 16
	activations := []string{"tanh", "gelu", "softplus", "rbf", "sin"}
	keys := r.Keys(n, "neural", "hidden", "activation")
	form := &Neural{}
	if n := keys["hidden"]; n != nil {
		items := r.Items(n, "hidden")
		if len(items) > layers {
			r.Report(n, "", "%d hidden layers, more than %d", len(items), layers)
		}
		for _, item := range items {
			form.Hidden = append(form.Hidden, r.Integer(item, "the width of a layer", 1, widest))
		}
	}
	if n := keys["activation"]; n != nil {
		form.Activation = r.String(n, "activation")
		if !slices.Contains(activations, form.Activation) {
			r.Report(n, suggestion(form.Activation, activations), "%q is not a known activation", form.Activation)
		}
	}
	return form
}

// suggestion is a hint for a misspelt word: the likely one, else all of them.
func suggestion(word string, known []string) string {
	if s := expr.Suggest(word, known); s != "" {
		return "did you mean " + s + "?"
	}
	hint := "known are"
	for i, k := range known {
		if i > 0 {
			hint += ","
		}
		hint += " " + k
	}
	return hint
}
