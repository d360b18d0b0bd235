// Package model holds dynamical systems with unknown parts: x' = f(x, t), some
// of it known as equations, some of it declared as functions to be learned. It
// reads and writes model files and carries a catalogue of them.
package model

import (
	"fmt"
	"math"
	"slices"

	"govern/expr"
)

// Model is a system of ordinary differential equations. It is immutable: the
// methods that change something return another model.
type Model struct {
	Name     string
	TimeUnit string // of t, as in "ms"; may be empty
	Source   string // where the equations come from; may be empty

	States      []State
	Parameters  []Parameter
	Inputs      []string     // known signals that drive the system
	Equations   []Equation   // one for each state, in the order of States
	Definitions []Definition // each uses only those before it
	Unknowns    []Unknown

	Warnings []*expr.Diagnostic // what Read found strange but not wrong
}

// State is a variable with an equation x' = ....
type State struct {
	Name  string
	Value float64 // at the start; for data only a guess
	Fixed bool    // the start is known and not estimated
}

// Parameter is a constant of the equations.
type Parameter struct {
	Name     string
	Value    float64
	Fit      bool    // estimated from data, starting at Value
	Min, Max float64 // bounds; infinite when there are none
	// SD is the standard deviation of a normal prior around Value; 0: none.
	SD float64
	// Each says that every entry of the data has a value of its own. SD is then the
	// prior of each; with Spread that of their mean.
	Each bool
	// Spread says that the values of entries are drawn from a normal distribution,
	// whose mean and standard deviation are estimated with them.
	Spread bool
	// Of and Entry make it the value that parameter Of has in the data of one entry;
	// no equation names it. See PerEntry.
	Of, Entry string
}

// Equation is State' = Right.
type Equation struct {
	State string
	Right *expr.Expr
}

// Definition is Name = Right, an abbreviation.
type Definition struct {
	Name  string
	Right *expr.Expr
}

// Unknown is a function in the equations that is to be learned.
type Unknown struct {
	Name      string
	Arguments []string // names of its arguments in a formula for it
	Library   *Library // nil: the default library is tried
	Neural    *Neural  // nil: the neural form has its default shape
}

// Library asks for a sum of candidate terms.
type Library struct {
	Degree    int      // of the polynomials; 0: chosen by evidence
	Functions []string // of one argument, applied to every argument
}

// Neural asks for a neural form.
type Neural struct {
	Hidden     []int  // widths of the hidden layers; nil: default
	Activation string // empty: default
}

// StateIndex returns the index of a state, −1 when there is none of that name.
func (m *Model) StateIndex(name string) int {
	return slices.IndexFunc(m.States, func(s State) bool { return s.Name == name })
}

// ParameterIndex returns the index of a parameter, −1 when there is none of
// that name.
func (m *Model) ParameterIndex(name string) int {
	return slices.IndexFunc(m.Parameters, func(p Parameter) bool { return p.Name == name })
}

// FittedNames are the names of the fitted parameters, in order.
func (m *Model) FittedNames() []string {
	var names []string
	for _, p := range m.Parameters {
		if p.Fit {
			names = append(names, p.Name)
		}
	}
	return names
}

// Unknown returns the unknown of that name, nil when there is none.
func (m *Model) Unknown(name string) *Unknown {
	for i := range m.Unknowns {
		if m.Unknowns[i].Name == name {
			return &m.Unknowns[i]
		}
	}
	return nil
}

// Rhs returns the right-hand sides in the order of States, with the definitions
// substituted; what several equations use is shared. Calls of unknowns, names
// of parameters and inputs, and t remain.
func (m *Model) Rhs() []*expr.Expr {
	definitions := m.expandedDefinitions()
	rhs := make([]*expr.Expr, len(m.Equations))
	for i, q := range m.Equations {
		rhs[i] = expr.Substitute(q.Right, definitions)
	}
	return rhs
}

// Expand substitutes the definitions in an expression, such as an observable.
func (m *Model) Expand(e *expr.Expr) *expr.Expr {
	return expr.Substitute(e, m.expandedDefinitions())
}

func (m *Model) expandedDefinitions() map[string]*expr.Expr {
	expanded := map[string]*expr.Expr{}
	for _, d := range m.Definitions {
		expanded[d.Name] = expr.Substitute(d.Right, expanded)
	}
	return expanded
}

// WithFormulas returns the model with formulas in the place of unknowns: each
// call becomes the formula with the call's arguments put in, and the
// declaration goes. A formula may use the unknown's arguments, parameters,
// inputs, states, t and the functions of the language.
func (m *Model) WithFormulas(formulas map[string]*expr.Expr) (*Model, error) {
	for name, formula := range formulas {
		u := m.Unknown(name)
		if u == nil {
			return nil, fmt.Errorf("model: %q is not an unknown of the model", name)
		}
		if err := m.checkFormula(u, formula); err != nil {
			return nil, err
		}
	}
	replace := func(call *expr.Expr) *expr.Expr {
		formula, found := formulas[call.Ident]
		if !found {
			return nil
		}
		arguments := map[string]*expr.Expr{}
		for i, name := range m.Unknown(call.Ident).Arguments {
			arguments[name] = call.Args[i]
		}
		return expr.Substitute(formula, arguments)
	}
	c := *m
	c.Equations = slices.Clone(m.Equations)
	for i, q := range c.Equations {
		c.Equations[i].Right = expr.ReplaceCalls(q.Right, replace)
	}
	c.Definitions = slices.Clone(m.Definitions)
	for i, d := range c.Definitions {
		c.Definitions[i].Right = expr.ReplaceCalls(d.Right, replace)
	}
	c.Unknowns = slices.DeleteFunc(slices.Clone(m.Unknowns), func(u Unknown) bool {
		return formulas[u.Name] != nil
	})
	return &c, nil
}

func (m *Model) checkFormula(u *Unknown, formula *expr.Expr) error {
	for _, name := range expr.Names(formula) {
		known := name == "t" || slices.Contains(u.Arguments, name) || slices.Contains(m.Inputs, name) ||
			m.StateIndex(name) >= 0 || m.ParameterIndex(name) >= 0
		if !known {
			return fmt.Errorf("model: the formula of %q uses %q, which is not one of its arguments %v", u.Name, name, u.Arguments)
		}
	}
	for _, call := range expr.Calls(formula) {
		if _, known := expr.Arity(call.Ident); !known {
			return fmt.Errorf("model: the formula of %q calls %q, which is not a function of the language", u.Name, call.Ident)
		}
	}
	return nil
}

// WithParameters returns the model with other values of some parameters. It
// panics when the model has no such parameter.
func (m *Model) WithParameters(values map[string]float64) *Model {
	c := *m
	c.Parameters = slices.Clone(m.Parameters)
	for name, v := range values {
		i := m.ParameterIndex(name)
		if i < 0 {
			panic("model: value for an unknown parameter")
		}
		c.Parameters[i].Value = v
	}
	return &c
}

// HasEach says that a parameter is to have a value of its own in every entry.
func (m *Model) HasEach() bool {
	return slices.ContainsFunc(m.Parameters, func(p Parameter) bool { return p.Each && p.Fit })
}

// OfEntry is the name of a parameter's value in an entry.
func OfEntry(parameter, entry string) string { return parameter + " of " + entry }

// LeastSpread is the number of entries that a spread is learned from at least: of two
// values one is their mean, and nothing is left to tell one spread from another.
const LeastSpread = 3

// PerEntry returns the model with a fitted parameter for the value that each
// parameter with Each has in each of the entries, after all others; entries says
// which have one. The parameter itself stays, as what equations name; it is fitted
// on only with Spread, as the mean of its values.
func (m *Model) PerEntry(entries []string, has func(parameter, entry string) bool) *Model {
	if !m.HasEach() {
		return m
	}
	c := *m
	c.Parameters = slices.Clone(m.Parameters)
	for i, p := range m.Parameters {
		if !p.Each || !p.Fit {
			continue
		}
		c.Parameters[i].Fit = p.Spread
		c.Parameters[i].Min, c.Parameters[i].Max = unbounded()
		for _, name := range entries {
			if !has(p.Name, name) {
				continue
			}
			q := p
			q.Name, q.Of, q.Entry, q.Each, q.Spread = OfEntry(p.Name, name), p.Name, name, false, false
			if p.Spread {
				q.SD = 0
			}
			c.Parameters = append(c.Parameters, q)
		}
	}
	return &c
}

// Shared returns the model without the values of entries: every parameter with
// Each has one value again, which fits may start from.
func (m *Model) Shared() *Model {
	if !slices.ContainsFunc(m.Parameters, func(p Parameter) bool { return p.Of != "" }) {
		return m
	}
	c := *m
	c.Parameters = nil
	for _, p := range m.Parameters {
		if p.Of == "" {
			p.Fit = p.Fit || p.Each
			c.Parameters = append(c.Parameters, p)
		}
	}
	return &c
}

// WithoutPriors returns the model without the priors of its parameters.
func (m *Model) WithoutPriors() *Model {
	c := *m
	c.Parameters = slices.Clone(m.Parameters)
	for i := range c.Parameters {
		c.Parameters[i].SD = 0
	}
	return &c
}

// Open returns the model of data about which nothing is known: every column is
// a state and its equation x' = f_x(x, y, ...) an unknown. The i-th state
// belongs to the i-th column; a column whose name cannot stand in an expression
// gets the nearest one that can.
func Open(columns []string) *Model {
	m := &Model{}
	taken := map[string]bool{}
	var arguments []*expr.Expr
	var names []string
	for _, column := range columns {
		name := unique(spell(column), taken)
		names = append(names, name)
		arguments = append(arguments, expr.Var(name))
		m.States = append(m.States, State{Name: name})
	}
	for _, name := range names {
		f := unique("f_"+name, taken)
		m.Unknowns = append(m.Unknowns, Unknown{Name: f, Arguments: names})
		m.Equations = append(m.Equations, Equation{name, expr.Apply(f, arguments...)})
	}
	return m
}

// spell turns a column's name into one that can stand in an expression.
func spell(column string) string {
	name := ""
	for _, r := range column {
		switch c := string(r); {
		case expr.IsName(name + c):
			name += c
		case expr.IsName(name + "_" + c):
			name += "_" + c
		case expr.IsName(name + "_"):
			name += "_"
		}
	}
	if name == "" || isReserved(name) {
		name += "_"
	}
	return name
}

func unique(name string, taken map[string]bool) string {
	candidate := name
	for i := 2; taken[candidate]; i++ {
		candidate = fmt.Sprintf("%s_%d", name, i)
	}
	taken[candidate] = true
	return candidate
}

// isReserved reports whether a name has a meaning in every model.
func isReserved(name string) bool {
	_, function := expr.Arity(name)
	return function || name == "t" || name == "pi"
}

func unbounded() (low, high float64) { return math.Inf(-1), math.Inf(1) }
