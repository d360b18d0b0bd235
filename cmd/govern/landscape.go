package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"govern"
	"govern/profile"
	"govern/report"
	"govern/run"
)

func (a *app) landscapeCommand() *cobra.Command {
	var (
		low, high float64
		points    int
		gains     []float64
	)
	c := &cobra.Command{
		Use:   "landscape PROBLEM PARAMETER",
		Short: "Draw the loss over one parameter, plain and with the prediction error fed back",
		Long: `landscape runs a closed model through a problem's training data by single
shooting while one parameter moves, once for each gain, and counts the local
minima. Without a gain chaos and oscillations make many; a gain leaves one basin,
its minimum unmoved where data and model are exact. With -o DIR it writes
landscape.csv and landscape.html.`,
		Example: "  govern landscape problem.yaml c --low 5 --high 25 --gains 0,0.2,0.5,1 -o landscape",
		Args:    exactly("PROBLEM", "PARAMETER"),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := loadProblem(args[0])
			if err != nil {
				return err
			}
			i := p.Model.ParameterIndex(args[1])
			if i < 0 {
				return usagef("%s: the model has no parameter %q", args[0], args[1])
			}
			if len(p.Model.Unknowns) > 0 {
				return usagef("%s: the model has the unknown %s; a landscape needs a closed one", args[0], p.Model.Unknowns[0].Name)
			}
			if points < 3 {
				return usagef("--points %d: a curve has at least three", points)
			}
			if math.IsNaN(low) || math.IsNaN(high) || math.IsInf(low, 0) || math.IsInf(high, 0) || low > high {
				return usagef("--low %g, --high %g: the lowest value is below the highest", low, high)
			}
			if i := slices.IndexFunc(gains, func(g float64) bool { return !(g >= 0) || math.IsInf(g, 0) }); i >= 0 {
				return usagef("--gains %g: a gain is zero or positive", gains[i])
			}
			if low == high {
				v := p.Model.Parameters[i].Value
				low, high = 0.5*v, 1.5*v
			}
			out, err := profile.LandscapeOf(c.Context(), p, args[1], low, high, points, gains, govern.Settings{Workers: a.workers})
			if err != nil {
				return err
			}
			t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintf(t, "gain\tlocal minima\tlowest at %s\n", args[1])
			for k, gain := range out.Gains {
				n, at := out.Minima(k)
				fmt.Fprintf(t, "%g\t%d\t%.5g\n", gain, n, at)
			}
			_ = t.Flush() // checkedWriter remembers its errors
			if a.output == "" {
				return nil
			}
			return writeLandscape(a.output, p.Name, out)
		},
	}
	c.Flags().Float64Var(&low, "low", 0, "lowest value (default: half of the model's)")
	c.Flags().Float64Var(&high, "high", 0, "highest value (default: one and a half of the model's)")
	c.Flags().IntVar(&points, "points", 401, "number of values")
	c.Flags().Float64SliceVar(&gains, "gains", []float64{0, 0.1, 0.3, 1}, "gains, per unit of time")
	return c
}

// writeLandscape leaves a table and a page in a directory.
func writeLandscape(dir, name string, l *profile.Landscape) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	page := &report.Landscape{Title: name, Parameter: l.Parameter, Values: l.Values}
	rows := [][]string{{l.Parameter}}
	for k, gain := range l.Gains {
		rows[0] = append(rows[0], "gain_"+shortest(gain))
		page.Panels = append(page.Panels, report.LandscapePanel{Name: "gain " + shortest(gain), Loss: l.Loss[k]})
	}
	for i, v := range l.Values {
		row := []string{shortest(v)}
		for k := range l.Gains {
			row = append(row, shortest(l.Loss[k][i]))
		}
		rows = append(rows, row)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"landscape.csv", func(w io.Writer) error { return csv.NewWriter(w).WriteAll(rows) }},
		{"landscape.html", func(w io.Writer) error { return report.RenderLandscape(w, page) }},
	} {
		if err := run.WriteFile(run.OS{}, filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	return nil
}
