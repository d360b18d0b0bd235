package expr

import (
	"fmt"
	"strings"
)

// Equation is one line of a model: Left' = Right, or the definition
// Left = Right.
type Equation struct {
	Left  string
	Prime bool
	Right *Expr
	Pos   Pos
}

// ParseEquations reads a block of equations, one a line or separated by
// semicolons. A line goes on below when a parenthesis is open or it ends with
// an operator. Places are those of ParseAt. Each equation that is wrong adds a
// diagnostic; the others are returned.
func ParseEquations(file string, line, column int, src string) ([]Equation, DiagnosticList) {
	s := newSource(file, line, column, src)
	var equations []Equation
	var list DiagnosticList
	for _, tokens := range statements(s.scan()) {
		p := parser{source: s, tokens: tokens}
		q, d := p.equation()
		if d != nil {
			list = append(list, d)
			continue
		}
		equations = append(equations, q)
	}
	list.Sort()
	return equations, list
}

// statements cuts the tokens of a block into equations, each with its end.
func statements(tokens []token) [][]token {
	var all [][]token
	var current []token
	open := 0
	for i, t := range tokens {
		switch {
		case t.is("("):
			open++
		case t.is(")"):
			open--
		}
		if t.kind != newlineToken && t.kind != endToken {
			current = append(current, t)
			continue
		}
		if len(current) == 0 {
			continue
		}
		unfinished := open > 0 || joins(current[len(current)-1])
		if t.kind == endToken || t.text == ";" || !unfinished || startsEquation(tokens[i+1:]) {
			all = append(all, append(current, token{kind: endToken, pos: t.pos}))
			current, open = nil, 0
		}
	}
	return all
}

// joins reports whether a line that ends with t goes on below.
func joins(t token) bool {
	return t.kind == operatorToken && !t.is(")") && !t.is("'")
}

// startsEquation reports whether the tokens begin with x' or x =.
func startsEquation(tokens []token) bool {
	for len(tokens) > 0 && tokens[0].kind == newlineToken {
		tokens = tokens[1:]
	}
	return len(tokens) > 1 && tokens[0].kind == nameToken && (tokens[1].is("=") || tokens[1].is("'"))
}

func (p *parser) equation() (Equation, *Diagnostic) {
	left := p.take()
	if left.kind == badToken {
		return Equation{}, left.bad
	}
	if left.kind == nameToken && p.peek().is("/") && strings.HasPrefix(left.text, "d") {
		return Equation{}, p.diagnostic(left, "derivatives are written with a prime", fmt.Sprintf("write %s' = ...", left.text[1:]))
	}
	if left.kind != nameToken {
		return Equation{}, p.diagnostic(left, "an equation begins with a name, not "+left.describe(), "write x' = ... for a state, b = ... for a definition")
	}
	q := Equation{Left: left.text, Pos: left.pos}
	if p.peek().is("'") {
		p.take()
		q.Prime = true
	}
	if equals := p.take(); !equals.is("=") {
		return Equation{}, p.notEquals(left, equals)
	}
	var d *Diagnostic
	q.Right, d = p.whole()
	return q, d
}

func (p *parser) notEquals(left, t token) *Diagnostic {
	switch {
	case t.kind == badToken:
		return t.bad
	case t.is("'"):
		return p.diagnostic(t, "only first derivatives can be written",
			fmt.Sprintf("give the derivative a name: %s' = v; v' = ...", left.text))
	case t.is("=="):
		return p.diagnostic(t, "== compares", "write = to define")
	}
	return p.diagnostic(t, fmt.Sprintf("= is missing after %s, found %s", left.text, t.describe()),
		"write x' = ... for a state, b = ... for a definition")
}
