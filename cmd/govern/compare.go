package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"govern"
	"govern/report"
)

// successLevel is the forecast error over one Lyapunov time, in standard
// deviations, below which a trial counts as a success.
const successLevel = 0.1

func (a *app) compareCommand() *cobra.Command {
	var o govern.CompareOptions
	c := &cobra.Command{
		Use:   "compare PROBLEM",
		Short: "Compare ways to train on one problem, with equal budgets",
		Long: `compare trains the unknowns of a problem, as whole libraries, by eight methods:
plain (the whole record as one segment), multiple shooting (segments of two
Lyapunov times), prediction error (a gain feeds the error back and is annealed to
zero) and both; each from a cold start and from a warm one. It measures free-running
forecasts over one Lyapunov time from held-out starts, prints a table, and with
-o DIR writes compare.csv and compare.html.`,
		Args: exactly("PROBLEM"),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := loadProblem(args[0])
			if err != nil {
				return err
			}
			bar := a.newProgress()
			out, err := govern.Compare(c.Context(), p, o, govern.Settings{Seed: a.seed, Workers: a.workers, Monitor: bar})
			if b, ok := bar.(*progress); ok {
				b.finish()
			}
			if err != nil {
				return err
			}
			page := comparisonOf(p.Name, out)
			printComparison(a.stdout, page)
			if a.output == "" {
				return nil
			}
			return writeComparison(a.output, out, page)
		},
	}
	c.Flags().IntVar(&o.Seeds, "seeds", 5, "trials of each method")
	c.Flags().IntVar(&o.Budget, "budget", 200, "Levenberg–Marquardt steps of a trial, accepted or not")
	c.Flags().IntVar(&o.Degree, "degree", 2, "degree of libraries that the problem leaves open")
	return c
}

// comparisonOf turns a comparison into its page.
func comparisonOf(name string, c *govern.Comparison) *report.Comparison {
	page := &report.Comparison{
		Title: name, Level: successLevel,
		Subtitle: fmt.Sprintf("%d steps a trial; largest Lyapunov exponent %.3g, gain %.3g, segments of %d samples", c.Budget, c.Lyapunov, c.Gain, c.Segment),
		Notes: []string{
			fmt.Sprintf("Errors are of free runs over %.3g time units from held-out starts, in standard deviations, noise removed; a success ends below %g.", c.Horizon, successLevel),
			"The gain is the smallest tried whose conditional Lyapunov exponent is at most minus the largest exponent; it ends at zero. All methods are settings of one engine and take the same number of steps.",
		},
	}
	for _, m := range c.Methods {
		row := report.ComparedMethod{Name: m.Name, Median: m.Median(), Success: m.Success(successLevel), Count: len(m.Trials), Setting: "one segment"}
		if m.Segment > 0 {
			row.Setting = fmt.Sprintf("segments of %d samples", m.Segment)
		}
		if m.Gain > 0 {
			row.Setting += fmt.Sprintf(", gain %.3g", m.Gain)
		}
		var seconds []float64
		for _, t := range m.Trials {
			var path report.ComparedPath
			for _, q := range t.Points {
				path.Seconds, path.Error = append(path.Seconds, q.Seconds), append(path.Error, q.Free)
			}
			row.Trials = append(row.Trials, path)
			if n := len(path.Seconds); n > 0 {
				seconds = append(seconds, path.Seconds[n-1])
			}
		}
		slices.Sort(seconds)
		if len(seconds) > 0 {
			row.Seconds = seconds[len(seconds)/2]
		}
		page.Methods = append(page.Methods, row)
	}
	return page
}

func printComparison(w io.Writer, c *report.Comparison) {
	fmt.Fprintln(w, c.Subtitle)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "method\tsegments and gain\tforecast error\tsuccesses\tseconds")
	for _, m := range c.Methods {
		median := "escapes"
		if !math.IsInf(m.Median, 1) {
			median = fmt.Sprintf("%.3g", m.Median)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d of %d\t%.2g\n", m.Name, m.Setting, median, m.Success, m.Count, m.Seconds)
	}
	_ = t.Flush() // checkedWriter remembers its errors
}

// writeComparison writes the trials as a table and the page.
func writeComparison(dir string, c *govern.Comparison, page *report.Comparison) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	table, err := os.Create(filepath.Join(dir, "compare.csv"))
	if err != nil {
		return err
	}
	rows := csv.NewWriter(table)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	_ = rows.Write([]string{"method", "seed", "steps", "seconds", "nudged", "free"}) // Flush and Error below
	for _, m := range c.Methods {
		for _, t := range m.Trials {
			for _, q := range t.Points {
				_ = rows.Write([]string{m.Name, strconv.FormatUint(t.Seed, 10), strconv.Itoa(q.Steps), number(q.Seconds), number(q.Nudged), number(q.Free)})
			}
		}
	}
	rows.Flush()
	if err := rows.Error(); err != nil {
		return err
	}
	if err := table.Close(); err != nil {
		return err
	}
	html, err := os.Create(filepath.Join(dir, "compare.html"))
	if err != nil {
		return err
	}
	if err := report.RenderComparison(html, page); err != nil {
		return err
	}
	return html.Close()
}
