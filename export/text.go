package export

import (
	"bytes"
	"fmt"
	"strings"

	"govern/expr"
	"govern/model"
)

// writeText writes the equations as they stand in a model file, parameters as
// definitions, so that expr.ParseEquations reads the text.
func writeText(b *bytes.Buffer, m *model.Model) {
	for _, line := range about(m) {
		fmt.Fprintf(b, "# %s\n", line)
	}
	for _, q := range m.Equations {
		fmt.Fprintf(b, "%s' = %s\n", q.State, q.Right)
	}
	if len(m.Definitions) > 0 {
		b.WriteString("\n")
	}
	for _, d := range m.Definitions {
		fmt.Fprintf(b, "%s = %s\n", d.Name, d.Right)
	}
	if len(m.Parameters) > 0 {
		b.WriteString("\n# parameters\n")
	}
	for _, p := range m.Parameters {
		fmt.Fprintf(b, "%s = %s\n", p.Name, expr.FormatNumber(p.Value))
	}
	b.WriteString("\n# initial state\n")
	for _, s := range m.States {
		fmt.Fprintf(b, "# %s(0) = %s\n", s.Name, expr.FormatNumber(s.Value))
	}
	if len(m.Inputs) > 0 {
		fmt.Fprintf(b, "\n# inputs, known functions of t: %s\n", strings.Join(m.Inputs, ", "))
	}
}

// about says what the model is, in lines for a comment.
func about(m *model.Model) []string {
	var lines []string
	if name := oneLine(m.Name); name != "" {
		lines = append(lines, name)
	}
	lines = append(lines, folded(oneLine(m.Source))...)
	if unit := oneLine(m.TimeUnit); unit != "" {
		lines = append(lines, "t is in "+unit+".")
	}
	return lines
}

// oneLine keeps a text from ending the comment it stands in.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer("*/", "* /", "/*", "/ *", "=#", "= #", "#=", "# =").Replace(s)
}

// folded breaks a long line between words.
func folded(s string) []string {
	var lines []string
	for _, word := range strings.Fields(s) {
		if last := len(lines) - 1; last >= 0 && len(lines[last])+len(word) < lineWidth-4 {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
