package expr

import (
	"fmt"
	"strings"
)

// The methods here say what is wrong at a place and what to write instead.

// stray explains a token that cannot follow a complete expression.
func (p *parser) stray(t token) *Diagnostic {
	before := p.tokens[p.next-1]
	switch {
	case t.kind == badToken:
		return t.bad
	case t.is("="):
		return p.diagnostic(t, "= assigns and cannot stand inside an expression", "write == to compare")
	case t.is(","):
		return p.diagnostic(t, `"," stands only between the arguments of a function`, "decimal numbers are written with a point, as in 0.5")
	case t.is("'"):
		return p.diagnostic(t, "a derivative cannot stand inside an expression", "write the state's right-hand side, or a definition for it")
	case t.text == ";":
		return p.diagnostic(t, "one expression is expected here", "")
	}
	wide := t
	if before.pos.Line == t.pos.Line {
		wide = token{pos: before.pos, width: t.pos.Column + t.width - before.pos.Column}
	}
	hint := "write * to multiply"
	if before.kind != operatorToken && t.kind != operatorToken {
		hint = fmt.Sprintf("to multiply, write %s*%s", before.text, t.text)
	}
	return p.diagnostic(wide, fmt.Sprintf("an operator is missing between %q and %q", before.text, t.text), hint)
}

func (p *parser) misplaced(comparison *Expr) *Diagnostic {
	at := token{pos: comparison.Pos, width: len(strings.TrimSpace(symbol(comparison.Kind)))}
	return p.diagnostic(at, "a comparison is not a number", "comparisons stand alone, in the condition of if(cond, a, b)")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// signature shows how a function of the language is called.
func signature(name string, arity int) string {
	switch {
	case name == "if":
		return "write if(cond, a, b)"
	case arity == 2:
		return fmt.Sprintf("write %s(a, b)", name)
	}
	return fmt.Sprintf("write %s(a)", name)
}

// missing explains a token where an operand should be.
func (p *parser) missing(t token) *Diagnostic {
	if p.next == 0 || t.kind != endToken && p.next == 1 {
		return p.diagnostic(t, "an expression cannot begin with "+t.describe(), "")
	}
	before := p.tokens[p.next-1]
	if t.kind != endToken {
		before = p.tokens[p.next-2]
	}
	switch {
	case before.is("=") && t.is("="):
		return p.diagnostic(t, "= assigns", "write == to compare")
	case before.is("*") && t.is("*"):
		return p.diagnostic(t, "an operand is missing between * and *", "write ^ for powers")
	case before.kind == operatorToken && t.kind == endToken:
		return p.diagnostic(before, fmt.Sprintf("an operand is missing after %q", before.text), "")
	}
	return p.diagnostic(t, fmt.Sprintf("an operand is missing between %q and %s", before.text, t.describe()), "")
}
