package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"govern/series"
)

const head = "# The league\n\n" +
	"Written by `go run ./bench/league -board BOARDS -seeds 101,102,103`; `-table` writes it again from the cache of results. Every run has\n" +
	"the default settings on simulated data through files, nothing is tuned for a case, and the truth is used only to judge. *Exact*: the terms\n" +
	"are those of the truth and no others, every coefficient within a tenth. *Tied*: not exact, but the truth is on the list of ties. *Error*:\n" +
	"largest relative error of a coefficient where the terms are right, median over seeds. *To bound*: root mean\n" +
	"square of the coefficients' errors in the standard deviations of the Cramér–Rao bound, less than which no unbiased estimate can have on these\n" +
	"data, and in parentheses the widths of the intervals over the bound's. *Free*: the free-running error of held-out data in standard deviations\n" +
	"(`errors.free` of result.json), median. *To regular*: the free-running error over the regular case's, geometric mean over seeds, and in\n" +
	"parentheses the same for the errors of the coefficients and for the bound's widths: what the data lost. *λ1*: largest exponent, median, beside the true one. Seconds are of a shared machine.\n\n"

// page is the whole table.
func page(results map[key]outcome) string {
	var out strings.Builder
	out.WriteString(head)
	for _, b := range boards() {
		if section := b.section(results); section != "" {
			out.WriteString(section)
		}
	}
	return out.String()
}

// section is the table of one board, with its misses.
func (b board) section(results map[key]outcome) string {
	if b.changes {
		return b.changesSection(results)
	}
	var rows, misses strings.Builder
	total, exact, tied := 0, 0, 0
	earlier := map[string]int{}
	for _, c := range b.cases {
		runs := c.runs(b, results)
		if len(runs) == 0 {
			continue
		}
		total += len(runs)
		e := count(runs, func(r outcome) bool { return r.Exact })
		t := count(runs, func(r outcome) bool { return r.Tied })
		exact, tied = exact+e, tied+t
		relative := "–"
		if c.regular != "" {
			for _, other := range b.cases {
				if other.name == c.regular {
					regular := other.runs(b, results)
					relative = cmp.Or(ratio(runs, regular, outcome.freeOf), relative)
					relative += " (" + ratio(runs, regular, outcome.errorOf) + "; " + cmp.Or(ratio(runs, regular, outcome.boundOf), "–") + ")"
				}
			}
		}
		inside, intervals := 0, 0
		for _, r := range runs {
			if r.Code != "" {
				earlier[r.Code]++
			}
			inside, intervals = inside+r.Inside, intervals+r.Intervals
		}
		fmt.Fprintf(&rows, "| %s | %d | %d | %d | %s | %s | %s | %s | %d of %d | %s | %.1f | %.2f |\n", c.name, len(runs), e, t,
			percent(median(runs, outcome.errorOf)), toBound(runs), percent(median(runs, outcome.freeOf)), relative, inside, intervals,
			exponent(median(runs, func(r outcome) float64 { return float64(r.Lyapunov) }), c.lyapunov),
			median(runs, func(r outcome) float64 { return r.Seconds }), median(runs, func(r outcome) float64 { return r.Memory }))
		for _, r := range runs {
			if !r.Exact {
				fmt.Fprintln(&misses, "- "+r.miss())
			}
		}
	}
	if total == 0 {
		return ""
	}
	inside, intervals := 0, 0
	for _, c := range b.cases {
		for _, r := range c.runs(b, results) {
			inside, intervals = inside+r.Inside, intervals+r.Intervals
		}
	}
	out := fmt.Sprintf("## %s\n\nGoal: %s. Runs: %d, exact: %d, tied with the truth: %d; %d of %d 95 %% intervals hold the truth.\n\n",
		b.title, b.goal, total, exact, tied, inside, intervals) +
		"| case | runs | exact | tied | error | to bound | free | to regular | in intervals | λ1 | s | GB |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n" + rows.String() + "\n"
	for _, code := range slices.Sorted(maps.Keys(earlier)) {
		out += fmt.Sprintf("%d of the runs are of an earlier revision, %s.\n\n", earlier[code], code)
	}
	if misses.Len() > 0 {
		out += "Misses:\n\n" + misses.String() + "\n"
	}
	return out
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
	if found := r.Found; found != "" {
		if len([]rune(found)) > 240 {
			found = string([]rune(found)[:240]) + " …"
		}
		out += "; `" + found + "`"
	}
	return out
}

// line is a run as it goes by.
func (r outcome) line() string {
	verdict := "exact"
	if !r.Exact {
		verdict = "MISS " + r.miss()
	}
	return fmt.Sprintf("%-12s %s, seed %d: error %s, %.1f s: %s", r.Board, r.Case, r.Seed, percent(float64(r.Error)), r.Seconds, verdict)
}
