package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"govern/expr"
)

// equations reads the equations and ties them to the names of the model: every
// state has one, every name means something, every unknown is called in one
// way, and definitions can be put in order. When something could not be read
// it stops before: what seems to be missing may stand there.
func (r *reader) equations(n ast.Node) {
	text, begin := r.Block(n, "equations")
	lines, list := expr.ParseEquations(r.File, begin.Line, begin.Column, text)
	r.Add(list...)
	if r.Err() != nil {
		return
	}
	equations := map[string]*expr.Expr{}
	var definitions []expr.Equation
	for _, q := range lines {
		if q.Prime {
			r.stateEquation(equations, q)
		} else if r.define(q) {
			definitions = append(definitions, q)
		}
	}
	for _, q := range lines {
		r.checkNames(q.Right)
	}
	r.countArguments(lines)
	for _, s := range r.model.States {
		right := equations[s.Name]
		if right == nil {
			r.ReportAt(r.names[s.Name].pos, len([]rune(s.Name)), fmt.Sprintf("add %s' = ... to the equations", s.Name), "state %s has no equation", s.Name)
		}
		r.model.Equations = append(r.model.Equations, Equation{s.Name, right})
	}
	r.order(definitions)
	r.unused(lines)
}

func (r *reader) stateEquation(equations map[string]*expr.Expr, q expr.Equation) {
	width := len([]rune(q.Left))
	e, known := r.names[q.Left]
	switch {
	case equations[q.Left] != nil:
		r.ReportAt(q.Pos, width, "", "%s has two equations", q.Left)
	case e.kind == "state":
		equations[q.Left] = q.Right
	case known:
		r.ReportAt(q.Pos, width, fmt.Sprintf("only states have equations %s' = ...", q.Left), "%s is %s, not a state", q.Left, article(e.kind))
	default:
		r.ReportAt(q.Pos, width, r.didYouMean(q.Left, "add it to states, with an initial value", "state"), "%s is not a state", q.Left)
	}
}

func (r *reader) define(q expr.Equation) bool {
	if r.names[q.Left].kind == "state" {
		r.ReportAt(q.Pos, len([]rune(q.Left)), fmt.Sprintf("write %s' = ...", q.Left), "%s is a state and needs a derivative", q.Left)
		return false
	}
	return r.enter(q.Left, "definition", q.Pos)
}

// didYouMean suggests a name of one of the kinds, else gives the other advice.
func (r *reader) didYouMean(word, otherwise string, kinds ...string) string {
	var candidates []string
	for name, e := range r.names {
		if slices.Contains(kinds, e.kind) {
			candidates = append(candidates, name)
		}
	}
	slices.Sort(candidates)
	if s := expr.Suggest(word, candidates); s != "" {
		return "did you mean " + s + "?"
	}
	return otherwise
}

// checkNames reports names and calls that mean nothing, at every place.
func (r *reader) checkNames(e *expr.Expr) {
	for _, a := range e.Args {
		r.checkNames(a)
	}
	width := len([]rune(e.Ident))
	kind := r.names[e.Ident].kind
	_, function := expr.Arity(e.Ident)
	switch {
	case e.Kind == expr.Name && kind == "unknown":
		r.ReportAt(e.Pos, width, fmt.Sprintf("say what it depends on: %s(x)", e.Ident), "the unknown %s stands without arguments", e.Ident)
	case e.Kind == expr.Name && kind == "" && e.Ident != "t" && e.Ident != "pi":
		r.ReportAt(e.Pos, width, r.didYouMean(e.Ident, fmt.Sprintf("give it a value under parameters: %s: 1", e.Ident), "state", "parameter", "input", "definition"),
			"%s is not defined", e.Ident)
	case e.Kind == expr.Call && !function && kind == "":
		r.ReportAt(e.Pos, width, r.unknownCall(e.Ident), "%s is not a function", e.Ident)
	case e.Kind == expr.Call && !function && kind != "unknown":
		r.ReportAt(e.Pos, width, fmt.Sprintf("to multiply, write %s*(...)", e.Ident), "%s is %s, not a function", e.Ident, article(kind))
	}
}

func (r *reader) unknownCall(name string) string {
	declare := fmt.Sprintf("to learn it, declare it: unknowns: {%s: {}}", name)
	if s := expr.Suggest(name, expr.Functions()); s != "" {
		return fmt.Sprintf("did you mean %s? %s", s, declare)
	}
	return r.didYouMean(name, declare, "unknown")
}

// countArguments compares the calls of every unknown with each other and with
// its declaration, and names its arguments.
func (r *reader) countArguments(lines []expr.Equation) {
	calls := map[string][]*expr.Expr{}
	for _, q := range lines {
		for _, call := range expr.Calls(q.Right) {
			calls[call.Ident] = append(calls[call.Ident], call)
		}
	}
	for i := range r.model.Unknowns {
		u := &r.model.Unknowns[i]
		mine := calls[u.Name]
		if len(mine) == 0 {
			r.ReportAt(r.names[u.Name].pos, len([]rune(u.Name)), fmt.Sprintf("use it in an equation, as in %s(x), or remove it", u.Name), "the unknown %s is declared and never called", u.Name)
			continue
		}
		expected, where := len(mine[0].Args), fmt.Sprintf("called with %d on line %d", len(mine[0].Args), mine[0].Pos.Line)
		if u.Arguments != nil {
			expected, where = len(u.Arguments), fmt.Sprintf("declared with %d", len(u.Arguments))
		}
		for _, call := range mine {
			if len(call.Args) != expected {
				r.ReportAt(call.Pos, len([]rune(u.Name)), "an unknown has the same arguments everywhere", "%s has %d arguments here and is %s", u.Name, len(call.Args), where)
			}
		}
		if u.Arguments == nil {
			u.Arguments = defaultArguments(mine)
		}
	}
}

// defaultArguments takes the names of the calls' arguments when all calls agree
// and they are different plain names, else u1, u2 ….
func defaultArguments(calls []*expr.Expr) []string {
	var names []string
	for _, a := range calls[0].Args {
		if a.Kind != expr.Name || a.Ident == "pi" || slices.Contains(names, a.Ident) {
			return numbered(len(calls[0].Args))
		}
		names = append(names, a.Ident)
	}
	for _, call := range calls[1:] {
		same := slices.EqualFunc(call.Args, names, func(a *expr.Expr, name string) bool {
			return a.Kind == expr.Name && a.Ident == name
		})
		if !same {
			return numbered(len(names))
		}
	}
	return names
}

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("u%d", i+1)
	}
	return names
}

// order sorts the definitions so that each uses only earlier ones, otherwise in
// the order of the file.
func (r *reader) order(definitions []expr.Equation) {
	byName := map[string]expr.Equation{}
	for _, d := range definitions {
		byName[d.Left] = d
	}
	done := map[string]bool{}
	var visit func(d expr.Equation, path []string) bool
	visit = func(d expr.Equation, path []string) bool {
		if done[d.Left] {
			return true
		}
		if i := slices.Index(path, d.Left); i >= 0 {
			cycle := strings.Join(append(path[i:], d.Left), " → ")
			r.ReportAt(d.Pos, len([]rune(d.Left)), "", "%s is defined by itself: %s", d.Left, cycle)
			return false
		}
		path = append(path, d.Left)
		for _, name := range expr.Names(d.Right) {
			if used, ok := byName[name]; ok && !visit(used, path) {
				return false
			}
		}
		done[d.Left] = true
		r.model.Definitions = append(r.model.Definitions, Definition{d.Left, d.Right})
		return true
	}
	for _, d := range definitions {
		if !visit(d, nil) {
			return
		}
	}
}

// unused warns of parameters and inputs that no equation names, in that order.
func (r *reader) unused(lines []expr.Equation) {
	used := map[string]bool{}
	for _, q := range lines {
		for _, name := range expr.Names(q.Right) {
			used[name] = true
		}
	}
	var names []string
	for _, p := range r.model.Parameters {
		names = append(names, p.Name)
	}
	for _, name := range append(names, r.model.Inputs...) {
		if e := r.names[name]; !used[name] {
			r.model.Warnings = append(r.model.Warnings,
				r.Note(e.pos, len([]rune(name)), "remove it, or use it in an equation", "%s %s is not used", e.kind, name))
		}
	}
}
