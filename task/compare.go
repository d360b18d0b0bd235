package task

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"govern/compare"
	"govern/conclude"
	"govern/journal"
	"govern/report"
	"govern/run"
)

// compareOptions reads what CompareOptions wrote.
func compareOptions(m *run.Manifest) (o compare.Options, err error) {
	for name, to := range map[string]*int{"seeds": &o.Seeds, "budget": &o.Budget, "degree": &o.Degree} {
		if *to, err = strconv.Atoi(m.Options[name]); err != nil {
			return o, fmt.Errorf("%s: options.%s: %w", run.ManifestFile, name, err)
		}
	}
	if form := m.Options["form"]; form != "neural" {
		o.Forms = append(o.Forms, compare.LibraryForm)
	}
	if form := m.Options["form"]; form != "library" {
		o.Forms = append(o.Forms, compare.NeuralForm)
	}
	return o, nil
}

// runCompare compares ways to train, by the options of the manifest.
func runCompare(ctx context.Context, t *Task, s conclude.Settings) (*leaving, error) {
	o, err := compareOptions(t.Manifest)
	if err != nil {
		return nil, err
	}
	out, err := compare.Run(ctx, t.Problem, o, s)
	if err != nil {
		return nil, err
	}
	page := comparisonOf(t.Problem.Name, out)
	text, err := encodeComparison(out)
	if err != nil {
		return nil, err
	}
	files := []file{
		{run.CompareTableFile, func(w io.Writer) error { return writeTrials(w, out) }},
		{run.ComparePageFile, func(w io.Writer) error { return report.RenderComparison(w, page) }},
	}
	return &leaving{
		done:  &Done{JSON: text, Print: func(w io.Writer) { printComparison(w, page) }},
		files: func([]journal.Row) []file { return files }, last: run.CompareFile,
	}, nil
}

// CompareOptions are the options of a comparison as a request has them; form is library,
// neural or both.
func CompareOptions(o compare.Options, form string) map[string]string {
	return map[string]string{"seeds": strconv.Itoa(o.Seeds), "budget": strconv.Itoa(o.Budget), "degree": strconv.Itoa(o.Degree), "form": form}
}

// comparisonOf turns a comparison into its page.
func comparisonOf(name string, c *compare.Comparison) *report.Comparison {
	exponent := "no chaotic reference was found, so the horizon is two cycles"
	if c.Lyapunov > 0 {
		exponent = fmt.Sprintf("largest Lyapunov exponent %.3g", c.Lyapunov)
	}
	page := &report.Comparison{
		Title: name, Level: compare.SuccessLevel,
		Subtitle: fmt.Sprintf("%d steps a trial; %s; seeds %s", c.Budget, exponent, seeds(c)),
		Notes: []string{
			fmt.Sprintf("Errors are free-running for every method, whatever it was trained with: over %.3g time units from held-out starts, in standard deviations, "+
				"noise removed, the median over starts. A trial is a success when its last error is below %g.", c.Horizon, compare.SuccessLevel),
			fmt.Sprintf("Nudged training goes through the gains %s (per time unit). Where a weaker gain loses the data the trial keeps the fit before; the gain that was left is in brackets.", numbers(c.Gains)),
			"All methods are settings of one engine and have the same number of steps. Stages that converge leave the rest of theirs: steps tried are the medians of what was used.",
			"Cold starts know the scale of hidden states and random coefficients or weights, warm ones the smoothed path and a regression on it, moved by a hundredth.",
		},
	}
	for _, m := range c.Methods {
		row := report.ComparedMethod{Name: m.Name, Form: string(m.Form), Trained: "free", Median: m.Median(), Success: m.Success(compare.SuccessLevel), Count: len(m.Trials), Setting: "one segment"}
		if m.Segment > 0 {
			row.Setting = fmt.Sprintf("segments of %d samples", m.Segment)
		}
		var seconds, tried []float64
		left := 0.0
		for _, t := range m.Trials {
			var path report.ComparedPath
			for _, q := range t.Points {
				path.Seconds, path.Error, path.Tried = append(path.Seconds, q.Seconds), append(path.Error, q.Free), append(path.Tried, float64(q.Tried))
			}
			row.Trials = append(row.Trials, path)
			left = math.Max(left, t.Gain)
			if n := len(path.Seconds); n > 0 {
				seconds, tried = append(seconds, path.Seconds[n-1]), append(tried, path.Tried[n-1])
			}
		}
		if m.Gain > 0 {
			row.Trained = "nudged, then free"
			if left > 0 {
				row.Trained = fmt.Sprintf("nudged (≤ %.2g left)", left)
			}
		}
		slices.Sort(seconds)
		slices.Sort(tried)
		if len(seconds) > 0 {
			row.Seconds, row.Tried = seconds[len(seconds)/2], int(tried[len(tried)/2])
		}
		page.Methods = append(page.Methods, row)
	}
	return page
}

// seeds lists the seeds of a comparison.
func seeds(c *compare.Comparison) string {
	var list []string
	for _, m := range c.Methods[:min(1, len(c.Methods))] {
		for _, t := range m.Trials {
			list = append(list, strconv.FormatUint(t.Seed, 10))
		}
	}
	return strings.Join(list, ", ")
}

func numbers(x []float64) string {
	var list []string
	for _, v := range x {
		list = append(list, fmt.Sprintf("%.3g", v))
	}
	return strings.Join(list, ", ")
}

func printComparison(w io.Writer, c *report.Comparison) {
	fmt.Fprintln(w, c.Subtitle)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "form\tmethod\tsegments\ttrained\tfree-running error\tsuccesses\tsteps tried\tseconds")
	for _, m := range c.Methods {
		median := "escapes"
		if !math.IsInf(m.Median, 1) {
			median = fmt.Sprintf("%.3g", m.Median)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d of %d\t%d\t%.2g\n", m.Form, m.Name, m.Setting, m.Trained, median, m.Success, m.Count, m.Tried, m.Seconds)
	}
	_ = t.Flush() // the writer remembers its errors
	for _, note := range c.Notes {
		fmt.Fprintln(w, note)
	}
}

// writeTrials writes one row a measurement. Seconds are in compare.json only: this
// file has the same bits in every run.
func writeTrials(w io.Writer, c *compare.Comparison) error {
	rows := [][]string{{"form", "method", "seed", "steps", "tried", "gain", "nudged", "free"}}
	for _, m := range c.Methods {
		for _, t := range m.Trials {
			for _, q := range t.Points {
				rows = append(rows, []string{string(m.Form), m.Name, strconv.FormatUint(t.Seed, 10), strconv.Itoa(q.Steps), strconv.Itoa(q.Tried),
					shortest(q.Gain), shortest(q.Nudged), shortest(q.Free)})
			}
		}
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// encodeComparison writes compare.json. Only "seconds" may differ between two runs.
func encodeComparison(c *compare.Comparison) ([]byte, error) {
	type trial struct {
		Seed uint64     `json:"seed"`
		Gain run.Number `json:"gain"` // left at the end
		Free run.Number `json:"free"`
	}
	type method struct {
		Form      string     `json:"form"`
		Method    string     `json:"method"`
		Segment   int        `json:"segment"` // samples; 0: the whole record
		Gain      run.Number `json:"gain"`    // at the beginning
		Median    run.Number `json:"median"`
		Successes int        `json:"successes"`
		Trials    []trial    `json:"trials"`
	}
	out := struct {
		Lyapunov run.Number             `json:"lyapunov"`
		Horizon  run.Number             `json:"horizon"`
		Level    run.Number             `json:"level"`
		Budget   int                    `json:"budget"`
		Gains    []run.Number           `json:"gains"`
		Methods  []method               `json:"methods"`
		Seconds  map[string][][]float64 `json:"seconds"` // "form, method": by trial, after each measurement
	}{Lyapunov: run.Number(c.Lyapunov), Horizon: run.Number(c.Horizon), Level: compare.SuccessLevel, Budget: c.Budget, Seconds: map[string][][]float64{}}
	for _, k := range c.Gains {
		out.Gains = append(out.Gains, run.Number(k))
	}
	for _, m := range c.Methods {
		q := method{Form: string(m.Form), Method: m.Name, Segment: m.Segment, Gain: run.Number(m.Gain), Median: run.Number(m.Median()), Successes: m.Success(compare.SuccessLevel)}
		key := q.Form + ", " + q.Method
		for _, t := range m.Trials {
			q.Trials = append(q.Trials, trial{t.Seed, run.Number(t.Gain), run.Number(t.Final())})
			var seconds []float64
			for _, point := range t.Points {
				seconds = append(seconds, point.Seconds)
			}
			out.Seconds[key] = append(out.Seconds[key], seconds)
		}
		out.Methods = append(out.Methods, q)
	}
	text, err := json.MarshalIndent(out, "", "  ")
	return append(text, '\n'), err
}
