package model

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"govern/expr"
)

// Encode returns a model file that Read reads back to an equal model.
func (m *Model) Encode() []byte {
	var b bytes.Buffer
	for _, line := range []struct{ key, value string }{{"name", m.Name}, {"source", m.Source}, {"time_unit", m.TimeUnit}} {
		if line.value != "" {
			fmt.Fprintf(&b, "%s: %s\n", line.key, quote(line.value))
		}
	}
	b.WriteString("states:\n")
	for _, s := range m.States {
		fmt.Fprintf(&b, "  %s: %s\n", s.Name, s.encode())
	}
	if len(m.Parameters) > 0 {
		b.WriteString("parameters:\n")
	}
	for _, p := range m.Parameters {
		fmt.Fprintf(&b, "  %s: %s\n", p.Name, p.encode())
	}
	if len(m.Inputs) > 0 {
		fmt.Fprintf(&b, "inputs: [%s]\n", strings.Join(m.Inputs, ", "))
	}
	if len(m.Unknowns) > 0 {
		b.WriteString("unknowns:\n")
	}
	for _, u := range m.Unknowns {
		fmt.Fprintf(&b, "  %s: %s\n", u.Name, u.encode())
	}
	b.WriteString("equations: |\n")
	for _, q := range m.Equations {
		fmt.Fprintf(&b, "  %s' = %s\n", q.State, q.Right)
	}
	for _, d := range m.Definitions {
		fmt.Fprintf(&b, "  %s = %s\n", d.Name, d.Right)
	}
	return b.Bytes()
}

func (s State) encode() string {
	value := expr.FormatNumber(s.Value)
	if s.Fixed {
		return fmt.Sprintf("{value: %s, fixed: true}", value)
	}
	return value
}

func (p Parameter) encode() string {
	options := []string{"value: " + expr.FormatNumber(p.Value)}
	if p.Fit {
		options = append(options, "fit: true")
	}
	if !math.IsInf(p.Min, 0) {
		options = append(options, "min: "+expr.FormatNumber(p.Min))
	}
	if !math.IsInf(p.Max, 0) {
		options = append(options, "max: "+expr.FormatNumber(p.Max))
	}
	if p.SD > 0 && p.Fit {
		options = append(options, "sd: "+expr.FormatNumber(p.SD))
	}
	if p.Each && p.Fit {
		options = append(options, "each: entry")
	}
	if p.Spread && p.Fit {
		options = append(options, "spread: true")
	}
	if len(options) == 1 {
		return expr.FormatNumber(p.Value)
	}
	return "{" + strings.Join(options, ", ") + "}"
}

func (u Unknown) encode() string {
	options := []string{fmt.Sprintf("arguments: [%s]", strings.Join(u.Arguments, ", "))}
	if u.Library != nil {
		options = append(options, "library: "+u.Library.encode())
	}
	if u.Neural != nil {
		options = append(options, "neural: "+u.Neural.encode())
	}
	return "{" + strings.Join(options, ", ") + "}"
}

func (l *Library) encode() string {
	var options []string
	if l.Degree > 0 {
		options = append(options, fmt.Sprintf("degree: %d", l.Degree))
	}
	if len(l.Functions) > 0 {
		options = append(options, fmt.Sprintf("functions: [%s]", strings.Join(l.Functions, ", ")))
	}
	return "{" + strings.Join(options, ", ") + "}"
}

func (n *Neural) encode() string {
	var options []string
	if len(n.Hidden) > 0 {
		widths := strings.Fields(strings.Trim(fmt.Sprint(n.Hidden), "[]"))
		options = append(options, fmt.Sprintf("hidden: [%s]", strings.Join(widths, ", ")))
	}
	if n.Activation != "" {
		options = append(options, "activation: "+n.Activation)
	}
	return "{" + strings.Join(options, ", ") + "}"
}

// quote returns a text as a double-quoted YAML scalar.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
