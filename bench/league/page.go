package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"text/template"

	"govern/series"
)

//go:embed page.md.tmpl
var pageText string

// page is docs/league.md: what is measured, then a table for every board that has
// results.
func page(results map[key]outcome) (string, error) {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return "", err
	}
	var sections []section
	for _, b := range boards() {
		if s := b.section(results); s.Runs > 0 {
			sections = append(sections, s)
		}
	}
	var out strings.Builder
	err = t.Execute(&out, sections)
	return out.String(), err
}

// section is one board as page.md.tmpl shows it.
type section struct {
	Title, Goal                          string
	Changes                              bool // the table is that of records that change
	Runs, Exact, Tied, Inside, Intervals int
	Rows                                 []row
	Earlier                              []revision
	Misses                               []string
}

// row is what the runs of one case came to. Tied, Bound, Free, Regular and Exponent
// are shown for records that do not change, Right and Place for those that do.
type row struct {
	Case                                  string
	Runs, Exact, Tied, Inside, Intervals  int
	Error, Bound, Free, Regular, Exponent string
	Right                                 int // runs that report as many regimes as there are
	Place                                 string
	Seconds, Memory                       float64
}

// revision says how many runs are of an earlier one.
type revision struct {
	Code string
	Runs int
}

// section counts the runs of a board and names its misses.
func (b board) section(results map[key]outcome) section {
	s := section{Title: b.title, Goal: b.goal, Changes: b.changes}
	earlier := map[string]int{}
	for _, c := range b.cases {
		runs := c.runs(b, results)
		if len(runs) == 0 {
			continue
		}
		r := c.row(runs)
		r.Regular = c.toRegular(b, results)
		s.Rows = append(s.Rows, r)
		s.Runs, s.Exact, s.Tied = s.Runs+r.Runs, s.Exact+r.Exact, s.Tied+r.Tied
		s.Inside, s.Intervals = s.Inside+r.Inside, s.Intervals+r.Intervals
		for _, o := range runs {
			switch {
			case o.Exact:
			case b.changes:
				s.Misses = append(s.Misses, o.missedChange())
			default:
				s.Misses = append(s.Misses, o.miss())
			}
			if o.Code != "" && !b.changes {
				earlier[o.Code]++
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(earlier)) {
		s.Earlier = append(s.Earlier, revision{code, earlier[code]})
	}
	return s
}

func (c experiment) row(runs []outcome) row {
	r := row{
		Case:     c.name,
		Runs:     len(runs),
		Exact:    count(runs, func(o outcome) bool { return o.Exact }),
		Tied:     count(runs, func(o outcome) bool { return o.Tied }),
		Error:    percent(median(runs, outcome.errorOf)),
		Bound:    toBound(runs),
		Free:     percent(median(runs, outcome.freeOf)),
		Exponent: exponent(median(runs, func(o outcome) float64 { return float64(o.Lyapunov) }), c.lyapunov),
		Right:    count(runs, func(o outcome) bool { return o.Regimes == len(c.regimes) }),
		Place:    place(runs),
		Seconds:  median(runs, func(o outcome) float64 { return o.Seconds }),
		Memory:   median(runs, func(o outcome) float64 { return o.Memory }),
	}
	for _, o := range runs {
		r.Inside, r.Intervals = r.Inside+o.Inside, r.Intervals+o.Intervals
	}
	return r
}

// toRegular compares a case with the regular one: free-running errors, and in
// parentheses the errors of the coefficients and the bound's widths.
func (c experiment) toRegular(b board, results map[key]outcome) string {
	const none = "–"
	i := slices.IndexFunc(b.cases, func(other experiment) bool { return other.name == c.regular })
	if c.regular == "" || i < 0 {
		return none
	}
	runs, regular := c.runs(b, results), b.cases[i].runs(b, results)
	return fmt.Sprintf("%s (%s; %s)", cmp.Or(ratio(runs, regular, outcome.freeOf), none),
		ratio(runs, regular, outcome.errorOf), cmp.Or(ratio(runs, regular, outcome.boundOf), none))
}

// runs are the case's results, by seed.
func (c experiment) runs(b board, results map[key]outcome) []outcome {
	var out []outcome
	for k, r := range results {
		if k.board == b.name && k.name == c.name {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b outcome) int { return int(a.Seed) - int(b.Seed) })
	return out
}

func count(runs []outcome, is func(outcome) bool) int {
	n := 0
	for _, r := range runs {
		if is(r) {
			n++
		}
	}
	return n
}

// median of what is defined; NaN of nothing.
func median(runs []outcome, value func(outcome) float64) float64 {
	var v []float64
	for _, r := range runs {
		v = append(v, value(r))
	}
	return series.Median(v)
}

// ratio is the geometric mean, over the seeds that both have, of a value over that
// of the regular case; empty where nothing is defined.
func ratio(runs, regular []outcome, value func(outcome) float64) string {
	sum, n := 0.0, 0.0
	for _, r := range runs {
		for _, q := range regular {
			if v := math.Log(value(r) / value(q)); r.Seed == q.Seed && !math.IsNaN(v) && !math.IsInf(v, 0) {
				sum += v
				n++
			}
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", math.Exp(sum/n))
}

// toBound compares errors and intervals with the Cramér–Rao bound.
func toBound(runs []outcome) string {
	chi, logs, n := 0.0, 0.0, 0.0
	for _, r := range runs {
		if v := float64(r.Chi); !math.IsNaN(v) {
			chi += v
			logs += math.Log(float64(r.Width / r.Bound))
			n++
		}
	}
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f (%.2f)", math.Sqrt(chi/n), math.Exp(logs/n))
}

func (r outcome) errorOf() float64 { return float64(r.Error) }
func (r outcome) boundOf() float64 { return float64(r.Bound) }
func (r outcome) freeOf() float64  { return float64(r.Free) }

func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.2g %%", 100*v)
}

func exponent(v, want float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case want == 0:
		return fmt.Sprintf("%.3g", v)
	}
	return fmt.Sprintf("%.3g (%.3g)", v, want)
}

// class says why a run missed, as far as the rival tells.
func (r outcome) class() string {
	rival, given := float64(r.Rival), float64(r.Given)
	switch {
	case r.Status == "error":
		return "error: " + r.Advice
	case math.IsNaN(rival):
		return "no rival was fitted"
	case rival < -1:
		return fmt.Sprintf("search failure: the truth scores better by %.3g", -rival)
	case given < -1:
		return fmt.Sprintf("false minimum: from the exact states the truth scores better by %.3g, from the smoothed path worse by %.3g", -given, rival)
	}
	return fmt.Sprintf("information: the truth scores worse by %.3g", rival)
}

// miss describes a run that is not exact.
func (r outcome) miss() string {
	out := fmt.Sprintf("%s, seed %d, %s", r.Case, r.Seed, r.Status)
	if r.Tied {
		out += ", tied with the truth"
	}
	out += ": " + r.class() + "; noise over true"
	for _, c := range slices.Sorted(maps.Keys(r.Noise)) {
		out += fmt.Sprintf(" %s %.3g", c, float64(r.Noise[c]))
	}
	if !math.IsNaN(float64(r.Defect)) {
		out += fmt.Sprintf("; defect %.2g", float64(r.Defect))
	}
	if r.Found != "" {
		out += "; `" + shortened(r.Found) + "`"
	}
	return out
}

// shortened is a formula of at most 240 characters.
func shortened(formula string) string {
	const most = 240
	if c := []rune(formula); len(c) > most {
		return string(c[:most]) + " …"
	}
	return formula
}

// line is a run as it goes by.
func (r outcome) line() string {
	verdict := "exact"
	if !r.Exact {
		verdict = "MISS " + r.miss()
	}
	return fmt.Sprintf("%-12s %s, seed %d: error %s, %.1f s: %s", r.Board, r.Case, r.Seed, percent(float64(r.Error)), r.Seconds, verdict)
}
