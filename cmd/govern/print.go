package main

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"govern/expr"
	"govern/report"
	"govern/run"
)

// printResult writes a result for a person: what to beware of, the formulas with intervals, how
// they were proved, and where the report is.
func printResult(w io.Writer, r *run.Result, dir string) {
	if r.Status != run.OK {
		fmt.Fprintf(w, "status: %s\n", r.Status)
		if r.Advice != "" {
			fmt.Fprintf(w, "  %s\n", r.Advice)
		}
		fmt.Fprintln(w)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	if len(r.Warnings) > 0 {
		fmt.Fprintln(w)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Unknowns)) {
		printUnknown(w, name, r.Unknowns[name], r.Status)
	}
	if r.Status == run.OK && hasNetworks(r) {
		fmt.Fprintf(w, "`govern extract %s` seeks a formula\n\n", dir)
	}
	if len(r.Parameters) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
			e := r.Parameters[name]
			value, interval := estimate(e.Value, e.Low, e.High)
			if len(e.Entries) > 0 {
				name += ", mean"
			}
			fmt.Fprintf(t, "%s\t= %s\t%s\n", name, value, interval)
			for _, entry := range slices.Sorted(maps.Keys(e.Entries)) {
				value, interval := estimate(e.Entries[entry].Value, e.Entries[entry].Low, e.Entries[entry].High)
				fmt.Fprintf(t, "  %s\t= %s\t%s\n", entry, value, interval)
			}
			if e.Spread != nil {
				value, interval := estimate(e.Spread.Value, e.Spread.Low, e.Spread.High)
				fmt.Fprintf(t, "  spread\t= %s\t%s\n", value, interval)
			}
		}
		_ = t.Flush() // checkedWriter remembers its errors
		fmt.Fprintln(w)
	}
	if len(r.Unknowns) == 0 && len(r.Equations) > 0 {
		for _, name := range slices.Sorted(maps.Keys(r.Equations)) {
			if e := r.Equations[name]; e != nil {
				fmt.Fprintf(w, "%s' = %s\n", name, digits(*e, 6))
			}
		}
		fmt.Fprintln(w)
	}
	for i, tie := range r.Alternatives {
		if i == 0 {
			fmt.Fprintln(w, "the data cannot tell these apart from it (penalised -2 log L above it):")
		}
		var formulas []string
		for _, name := range slices.Sorted(maps.Keys(tie.Expressions)) {
			formulas = append(formulas, name+" = "+digits(tie.Expressions[name], 4))
		}
		fmt.Fprintf(w, "  +%s  %s\n", short(tie.Delta, 2), strings.Join(formulas, ";  "))
		if i == len(r.Alternatives)-1 {
			fmt.Fprintln(w)
		}
	}
	printValidation(w, r)
	if file := filepath.Join(dir, run.ReportFile); exists(file) {
		fmt.Fprintf(w, "report: %s\n", file)
	}
	if file := filepath.Join(dir, run.ModelFile); exists(file) && (r.Status.Trusted() || r.Status == run.NeuralOnly) {
		fmt.Fprintf(w, "model:  %s\n", file)
	}
}

// hasNetworks says that a network stands in the place of an unknown.
func hasNetworks(r *run.Result) bool {
	for _, u := range r.Unknowns {
		if u.Neural != nil {
			return true
		}
	}
	return false
}

func printUnknown(w io.Writer, name string, u run.Unknown, status run.Status) {
	head := fmt.Sprintf("%s(%s)", name, strings.Join(u.Arguments, ", "))
	remark := ""
	if !status.Trusted() && status != run.NeuralOnly {
		remark = "  (the best attempt, not to be relied on)"
	}
	switch {
	case u.Neural != nil:
		network := "a network"
		if status == run.NeuralOnly {
			network = "no formula was found, but a network"
		}
		fmt.Fprintf(w, "%s: %s, hidden %v, %s, in %s%s\n\n", head, network, u.Neural.Hidden, u.Neural.Activation, run.UDEFile, remark)
		return
	case u.Expression == nil:
		fmt.Fprintf(w, "%s: no formula was found\n\n", head)
		return
	}
	fmt.Fprintf(w, "%s = %s%s\n", head, rounded(u), remark)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, term := range u.Terms {
		value, interval := estimate(term.Coefficient, term.Low, term.High)
		if interval != "" {
			fmt.Fprintf(t, "    %s\t%s\t%s\n", digits(term.Term, 5), value, interval)
		}
	}
	_ = t.Flush()
	fmt.Fprintln(w)
}

// rounded writes a sum with the digits that its intervals leave, and other numbers
// with a few.
func rounded(u run.Unknown) string {
	var b strings.Builder
	for i, term := range u.Terms {
		if math.IsNaN(float64(term.Low)) {
			return digits(*u.Expression, 5)
		}
		value, _ := estimate(term.Coefficient, term.Low, term.High)
		sign := "+"
		if strings.HasPrefix(value, "-") {
			sign, value = "-", value[1:]
		}
		switch {
		case i > 0:
			b.WriteString(" " + sign + " ")
		case sign == "-":
			b.WriteString("-")
		}
		b.WriteString(value)
		if term.Term != "1" {
			b.WriteString("*" + digits(term.Term, 5))
		}
	}
	if b.Len() == 0 {
		return digits(*u.Expression, 5)
	}
	return b.String()
}

// estimate writes a number with the digits that its 95 % interval leaves.
func estimate(value, low, high run.Number) (text, interval string) {
	v, l, h := report.FormatEstimate(float64(value), float64(low), float64(high))
	plain := strings.NewReplacer("−", "-", " × 10", "e")
	if math.IsNaN(float64(low)) || math.IsNaN(float64(high)) {
		return fmt.Sprintf("%.6g", float64(value)), ""
	}
	if strings.Contains(v+l+h, "×") {
		return fmt.Sprintf("%.4g", float64(value)), fmt.Sprintf("[%.4g, %.4g]", float64(low), float64(high))
	}
	return plain.Replace(v), "[" + plain.Replace(l) + ", " + plain.Replace(h) + "]"
}

func printValidation(w io.Writer, r *run.Result) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	d := r.Dynamics
	if defined(d.ValidTime) {
		fmt.Fprintf(t, "valid time\t%s Lyapunov times, free-running from held-out starts\n", short(d.ValidTime, 3))
	}
	if len(d.Lyapunov) > 0 {
		parts := make([]string, len(d.Lyapunov))
		for i, v := range d.Lyapunov {
			parts[i] = fmt.Sprintf("%.*f", decimals(d.Lyapunov), float64(v))
		}
		fmt.Fprintf(t, "Lyapunov spectrum\t%s\n", strings.Join(parts, ", "))
	}
	if anyDefined(r.Errors.Free) {
		fmt.Fprintf(t, "error, free-running\t%s of the standard deviation\n", percentages(r.Errors.Free))
	}
	if anyDefined(r.Errors.Nudged) {
		fmt.Fprintf(t, "error, nudged\t%s\n", percentages(r.Errors.Nudged))
	}
	if defined(d.AttractorDistance) {
		fmt.Fprintf(t, "attractor distance\t%s (floor %s)\n", short(d.AttractorDistance, 2), short(d.AttractorFloor, 2))
	}
	if defined(d.SpectrumDistance) {
		fmt.Fprintf(t, "spectrum distance\t%s (floor %s)\n", short(d.SpectrumDistance, 2), short(d.SpectrumFloor, 2))
	}
	if len(r.Noise) > 0 {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(r.Noise)) {
			part := name + " " + short(r.Noise[name], 3)
			if levels := slices.Collect(maps.Values(r.NoiseEntries[name])); len(levels) > 0 {
				part += " (" + short(slices.Min(levels), 3) + " to " + short(slices.Max(levels), 3) + " between files)"
			}
			parts = append(parts, part)
		}
		fmt.Fprintf(t, "noise\t%s\n", strings.Join(parts, ", "))
	}
	_ = t.Flush()
	fmt.Fprintln(w)
}

// decimals leaves the largest exponent three significant digits, so that a zero
// exponent reads as one.
func decimals(spectrum []run.Number) int {
	lead := math.Abs(float64(spectrum[0]))
	for _, v := range spectrum {
		if lead < 1e-3*math.Abs(float64(v)) {
			lead = math.Abs(float64(v))
		}
	}
	if !(lead > 0) || math.IsInf(lead, 0) {
		return 3
	}
	return min(max(0, 2-int(math.Floor(math.Log10(lead)))), 8)
}

func percentages(m map[string]run.Number) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		text := short(100*m[name], 2) + " %"
		switch v := float64(m[name]); {
		case math.IsNaN(v):
			text = "undefined"
		case math.IsInf(v, 0):
			text = "without bound"
		case v >= 1:
			text = fmt.Sprintf("%.0f %%", 100*v)
		}
		parts = append(parts, name+" "+text)
	}
	return strings.Join(parts, ", ")
}

func anyDefined(m map[string]run.Number) bool {
	for _, v := range m {
		if defined(v) {
			return true
		}
	}
	return false
}

func defined(n run.Number) bool { return !math.IsNaN(float64(n)) }

// short writes a number with a number of significant digits.
func short(n run.Number, digits int) string {
	if !defined(n) {
		return "undefined"
	}
	return fmt.Sprintf("%.*g", digits, float64(n))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// shortest writes a number with the digits that it needs to be read back.
func shortest(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// digits writes the numbers of a formula with at most n digits; result.json holds
// all of them.
func digits(text string, n int) string {
	e, err := expr.Parse(text)
	if err != nil {
		return text
	}
	return shortened(e, n).String()
}

func shortened(e *expr.Expr, n int) *expr.Expr {
	r := *e
	if e.Kind == expr.Number {
		if v, err := strconv.ParseFloat(strconv.FormatFloat(e.Value, 'g', n, 64), 64); err == nil {
			r.Value = v
		}
	}
	r.Args = nil
	for _, a := range e.Args {
		r.Args = append(r.Args, shortened(a, n))
	}
	return &r
}
