package problem

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/series"
)

// Encode returns the problem file, to lie in dir, with every default written out,
// the model in it and the paths of the data relative to dir. Read returns an
// equal problem from it.
func (p *Problem) Encode(dir string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "name: %s\n", quote(p.Name))
	b.WriteString("model:\n")
	for line := range strings.Lines(string(p.Model.Encode())) {
		b.WriteString("  " + line)
	}
	b.WriteString("data:\n")
	for _, d := range p.Data {
		d.encode(&b, dir)
	}
	number := expr.FormatNumber
	fmt.Fprintf(&b, "fit:\n  segment: %d\n", p.Fit.Segment)
	fmt.Fprintf(&b, "  substeps: %d%s\n", p.Fit.Substeps, chosen(p.Fit.Substeps == 0, "by step doubling"))
	fmt.Fprintf(&b, "  omega: %s%s\n", number(p.Fit.Omega), chosen(p.Fit.Omega == 0, "by evidence"))
	fmt.Fprintf(&b, "  iterations: %d\n", p.Fit.Iterations)
	optimiser := cmp.Or(p.Fit.Optimiser, fit.Auto)
	fmt.Fprintf(&b, "  optimiser: %s%s\n", optimiser, chosen(optimiser == fit.Auto, "by size"))
	fmt.Fprintf(&b, "discover:\n  method: %s\n  roads: %s\n", p.Discover.Method, p.Discover.Roads)
	fmt.Fprintf(&b, "  degree: %d%s\n", p.Discover.Degree, chosen(p.Discover.Degree == 0, "by evidence"))
	fmt.Fprintf(&b, "  penalty: %s\n  tie: %s\n", number(p.Discover.Penalty), number(p.Discover.Tie))
	return b.Bytes()
}

// chosen is a comment on a zero that leaves a choice to the program.
func chosen(automatic bool, how string) string {
	if automatic {
		return "  # chosen " + how
	}
	return ""
}

func (d Data) encode(b *bytes.Buffer, dir string) {
	file := relative(dir, d.File)
	fmt.Fprintf(b, "  - file: %s\n", quote(file))
	fmt.Fprintf(b, "    time: %s\n", encodeTime(d.Time))
	if len(d.Observe) == 0 {
		b.WriteString("    observe: {}  # every column that is named like a state\n")
	} else {
		b.WriteString("    observe:\n")
	}
	for _, o := range d.Observe {
		fmt.Fprintf(b, "      %s: %s\n", quote(o.Column), quote(o.Expression.String()))
	}
	encodeInputs(b, &d)
	encodeMap(b, "set", d.Set, expr.FormatNumber)
	encodeMap(b, "noise", d.Noise, expr.FormatNumber)
	fmt.Fprintf(b, "    use: %s\n", d.Use)
	if len(d.Regimes) > 0 {
		var times []string
		for _, t := range d.Regimes {
			times = append(times, expr.FormatNumber(t))
		}
		fmt.Fprintf(b, "    regimes: [%s]\n", strings.Join(times, ", "))
	}
}

// encodeInputs writes the column of every input, and what it does between samples.
func encodeInputs(b *bytes.Buffer, d *Data) {
	if len(d.Inputs) == 0 {
		return
	}
	b.WriteString("    inputs:\n")
	for _, input := range slices.Sorted(maps.Keys(d.Inputs)) {
		hold := d.Hold[input]
		if hold == "" {
			hold = HoldAuto
		}
		fmt.Fprintf(b, "      %s: {column: %s, hold: %s}\n", quote(input), quote(d.Inputs[input]), hold)
	}
}

// relative is the path of a file as seen from dir; absolute where there is no
// way from one to the other.
func relative(dir, file string) string {
	to, err := filepath.Abs(dir)
	if err != nil {
		return file
	}
	from, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	if path, err := filepath.Rel(to, from); err == nil {
		return filepath.ToSlash(path)
	}
	return from
}

func encodeTime(t series.TimeSpec) string {
	var parts []string
	comment := ""
	switch {
	case t.Rate > 0:
		parts = append(parts, "rate: "+expr.FormatNumber(t.Rate))
	case t.Column != "":
		parts = append(parts, "column: "+quote(t.Column))
	default:
		comment = "  # the first column"
	}
	if t.Unit != "" {
		parts = append(parts, "unit: "+quote(t.Unit))
	}
	return "{" + strings.Join(parts, ", ") + "}" + comment
}

// encodeMap writes an entry's mapping in the order of its keys; none when it is
// empty.
func encodeMap[V any](b *bytes.Buffer, key string, values map[string]V, encode func(V) string) {
	if len(values) == 0 {
		return
	}
	fmt.Fprintf(b, "    %s:\n", key)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(b, "      %s: %s\n", quote(name), encode(values[name]))
	}
}

// quote returns a text as a YAML scalar, in double quotes unless it is a name.
func quote(s string) string {
	if expr.IsName(s) {
		return s
	}
	return strconv.Quote(s)
}

func stateNames(m *model.Model) []string {
	names := make([]string, len(m.States))
	for i, s := range m.States {
		names[i] = s.Name
	}
	return names
}
