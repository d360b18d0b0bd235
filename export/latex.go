package export

import (
	"bytes"
	"fmt"
	"strings"

	"govern/expr"
	"govern/model"
)

// writeLatex writes an align environment and a table of the parameters and the
// initial state, as a part of a document that uses amsmath.
func writeLatex(b *bytes.Buffer, m *model.Model) {
	for _, line := range about(m) {
		fmt.Fprintf(b, "%% %s\n", line)
	}
	b.WriteString("% Needs \\usepackage{amsmath}.\n\\begin{align}\n")
	spelled := latexNames(m)
	names := func(name string) string { return expr.LatexName(spelled.name(name)) }
	var lines []string
	for _, q := range m.Equations {
		lines = append(lines, latexEquation(dotted(names(q.State)), q.Right, spelled))
	}
	for _, d := range m.Definitions {
		lines = append(lines, latexEquation(names(d.Name), d.Right, spelled))
	}
	b.WriteString(strings.Join(lines, " \\\\\n"))
	b.WriteString("\n\\end{align}\n")

	b.WriteString("\n\\begin{tabular}{lr}\n")
	if len(m.Parameters) > 0 {
		b.WriteString("  parameter & value \\\\\n  \\hline\n")
	}
	for _, p := range m.Parameters {
		fmt.Fprintf(b, "  $%s$ & $%s$ \\\\\n", names(p.Name), expr.Num(p.Value).LaTeX())
	}
	if len(m.Parameters) > 0 {
		b.WriteString("  \\hline\n")
	}
	b.WriteString("  state & initial value \\\\\n  \\hline\n")
	for _, s := range m.States {
		fmt.Fprintf(b, "  $%s$ & $%s$ \\\\\n", names(s.Name), expr.Num(s.Value).LaTeX())
	}
	b.WriteString("\\end{tabular}\n")
	if len(m.Inputs) > 0 {
		inputs := make([]string, len(m.Inputs))
		for i, name := range m.Inputs {
			inputs[i] = "$" + names(name) + "(t)$"
		}
		fmt.Fprintf(b, "\n%% Inputs, known functions of time: %s.\n", strings.Join(inputs, ", "))
	}
}

// latexNames spells the names of a model in ASCII.
func latexNames(m *model.Model) *scope {
	s := newScope()
	s.add(allNames(m)...)
	return s
}

// latexEquation breaks a long right-hand side between its summands.
func latexEquation(left string, right *expr.Expr, names *scope) string {
	const width = 120
	var b strings.Builder
	fmt.Fprintf(&b, "  %s &= ", left)
	length := 0
	for i, s := range summands(right) {
		term := latexTerm(s, i == 0, names)
		if length > 0 && length+len(term) > width {
			b.WriteString(" \\notag \\\\\n  &\\quad")
			length = 0
		}
		b.WriteString(term)
		length += len(term)
	}
	return b.String()
}

// summand is a signed part of a sum.
type summand struct {
	minus bool
	e     *expr.Expr
}

// summands takes a + b − c apart.
func summands(e *expr.Expr) []summand {
	if e.Kind == expr.Add || e.Kind == expr.Sub {
		return append(summands(e.Args[0]), summand{e.Kind == expr.Sub, e.Args[1]})
	}
	return []summand{{false, e}}
}

func latexTerm(s summand, first bool, names *scope) string {
	text := latexOf(s.e, names)
	if first {
		return text
	}
	if s.e.Kind == expr.Add || s.e.Kind == expr.Sub || strings.HasPrefix(text, "-") {
		text = `\left(` + text + `\right)`
	}
	if s.minus {
		return " - " + text
	}
	return " + " + text
}

// latexOf writes an expression.
func latexOf(e *expr.Expr, names *scope) string {
	renamed := map[string]*expr.Expr{}
	for _, name := range expr.Names(e) {
		if plain := names.name(name); plain != name {
			renamed[name] = expr.Var(plain)
		}
	}
	return expr.Substitute(e, renamed).LaTeX()
}

// dotted puts the dot of a time derivative over the letter, not its subscript.
func dotted(name string) string {
	stem, subscript, found := strings.Cut(name, "_{")
	if !found || strings.HasPrefix(name, "{") {
		return `\dot{` + name + `}`
	}
	return `\dot{` + stem + `}_{` + subscript
}
