package export

import (
	"bytes"
	"strings"
	"text/template"

	"govern/expr"
	"govern/model"
)

// program is what the templates of the languages show.
type program struct {
	About       []string
	States      []variable
	Parameters  []variable
	Inputs      []variable
	Definitions []assignment // before the derivatives, in order
	Derivatives []assignment // in the order of States
	Helpers     []string     // functions of the language that the target lacks
	Pi          bool         // pi is used
	Step        string
	StepNote    string
}

// variable is a state, parameter or input.
type variable struct {
	Index    int
	Name     string // in the program
	Original string // in the model
	Renamed  bool
	Value    string // at the start; of a parameter
	Used     bool   // by a definition or a derivative
}

// assignment is a definition, or the derivative of a state.
type assignment struct {
	Index          int
	Name, Original string
	Renamed, Used  bool
	Right          string
}

// language is what differs between the programs.
type language struct {
	dialect
	first   int               // index of an array's first element
	reserve []string          // words that no name may be
	member  string            // how a parameter is reached, as in "p."
	helpers map[string]string // functions that need a definition
	source  *template.Template
}

// write fills the language's template.
func (l *language) write(b *bytes.Buffer, m *model.Model) {
	if err := l.source.Execute(b, l.program(m)); err != nil {
		panic(err) // the templates are constants, the writer a buffer
	}
}

func (l *language) program(m *model.Model) *program {
	locals, members := newScope(l.reserve...), newScope(l.reserve...)
	isParameter := map[string]bool{}
	var local, parameters []string
	for _, name := range allNames(m) {
		if isParameter[name] = m.ParameterIndex(name) >= 0; isParameter[name] {
			parameters = append(parameters, name)
		} else {
			local = append(local, name)
		}
	}
	locals.add(local...)
	members.add(parameters...)
	d := l.dialect
	d.name = func(name string) string {
		if isParameter[name] {
			return l.member + members.name(name)
		}
		return locals.name(name)
	}

	used, helpers := usage(m)
	p := &program{About: about(m), Pi: used["pi"]}
	entry := func(i int, name, given, value string) variable {
		return variable{i + l.first, given, oneLine(name), given != name, value, used[name]}
	}
	for i, x := range m.States {
		p.States = append(p.States, entry(i, x.Name, locals.name(x.Name), number(x.Value)))
	}
	for i, x := range m.Parameters {
		p.Parameters = append(p.Parameters, entry(i, x.Name, members.name(x.Name), number(x.Value)))
	}
	for i, name := range m.Inputs {
		p.Inputs = append(p.Inputs, entry(i, name, locals.name(name), ""))
	}
	for i, x := range m.Definitions {
		given := locals.name(x.Name)
		p.Definitions = append(p.Definitions, assignment{i, given, x.Name, given != x.Name, used[x.Name], d.text(x.Right)})
	}
	for i, x := range m.Equations {
		p.Derivatives = append(p.Derivatives, assignment{Index: i + l.first, Original: x.State, Right: d.text(x.Right)})
	}
	for _, name := range expr.Functions() {
		if text, lacking := l.helpers[name]; lacking && helpers[name] {
			p.Helpers = append(p.Helpers, text)
		}
	}
	measured := measureStep(m)
	p.Step, p.StepNote = number(measured.size), measured.note
	return p
}

// usage returns the names, pi among them, and the functions that the model's
// formulas use.
func usage(m *model.Model) (names, functions map[string]bool) {
	names, functions = map[string]bool{}, map[string]bool{}
	var visit func(e *expr.Expr)
	visit = func(e *expr.Expr) {
		switch e.Kind {
		case expr.Name:
			names[e.Ident] = true
		case expr.Call:
			functions[e.Ident] = true
		}
		for _, a := range e.Args {
			visit(a)
		}
	}
	for _, q := range m.Equations {
		visit(q.Right)
	}
	for _, d := range m.Definitions {
		visit(d.Right)
	}
	return names, functions
}

// AnyParameter reports whether a formula uses a parameter.
func (p *program) AnyParameter() bool {
	for _, x := range p.Parameters {
		if x.Used {
			return true
		}
	}
	return false
}

// AnyInput reports whether the model is driven.
func (p *program) AnyInput() bool { return len(p.Inputs) > 0 }

// parse reads the template of a program.
func parse(name, text string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{
		"wrap":      wrap,
		"unwrapped": unwrapped,
		"unpack":    unpack,
		"tuple":     tuple,
		"names":     func(list []variable) string { return joined(list, ", ", variable.name) },
		"quoted":    func(list []variable) string { return joined(list, ", ", variable.quoted) },
		"values":    func(list []variable) string { return joined(list, ", ", variable.value) },
		"header":    func(list []variable) string { return "t," + joined(list, ",", variable.original) },
	}).Parse(strings.TrimPrefix(text, "\n")))
}

func (v variable) name() string     { return v.Name }
func (v variable) value() string    { return v.Value }
func (v variable) original() string { return v.Original }
func (v variable) quoted() string   { return `"` + v.Original + `"` }

func joined(list []variable, separator string, part func(variable) string) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = part(v)
	}
	return strings.Join(parts, separator)
}

// tuple puts parentheses around elements, with the comma that one alone needs.
func tuple(elements string) string {
	if !strings.Contains(elements, ",") {
		elements += ","
	}
	return "(" + elements + ")"
}

// unpack assigns the elements of an array to names, with parentheses where the
// line must be broken.
func unpack(names, array, indent string) string {
	line := tuple(names) + " = " + array
	if len(line) > lineWidth {
		return wrap(line, indent)
	}
	return strings.Trim(tuple(names), "()") + " = " + array
}
