package main

import (
	"github.com/spf13/cobra"

	"govern/compare"
	"govern/problem"
	"govern/task"
)

func (a *app) compareCommand() *cobra.Command {
	var o compare.Options
	var form string
	c := &cobra.Command{
		Use:   "compare PROBLEM",
		Short: "Compare ways to train on one problem, with equal budgets",
		Long: `compare trains the unknowns of a problem by eight methods: plain (the whole
record as one segment), multiple shooting (segments of two Lyapunov times),
prediction error (a gain feeds the error back and is lowered to zero) and both;
each from a cold start and from a warm one. --form says what stands for the
unknowns: the whole library, a network, or first the one and then the other. It
measures free-running forecasts over one Lyapunov time from held-out starts, prints
a table and writes a run directory with compare.csv, compare.json and compare.html.
An interrupted comparison is continued by ` + "`govern resume`" + `; finished trials are kept.`,
		Example: "  govern compare problem.yaml --form both --seeds 3 -o compared",
		Args:    exactly("PROBLEM"),
		RunE: func(c *cobra.Command, args []string) error {
			switch form {
			case "library", "neural", "both":
			default:
				return usagef("--form %s: it is library, neural or both", form)
			}
			const most = 1_000_000
			if o.Seeds > most || o.Budget > most || o.Degree > problem.MaxDegree {
				return usagef("--seeds and --budget are at most %d, --degree is at most %d", most, problem.MaxDegree)
			}
			if o.Seeds < 1 || o.Budget < 1 || o.Degree < 1 {
				return usagef("--seeds, --budget and --degree are at least 1")
			}
			p, err := loadProblem(args[0])
			if err != nil {
				return err
			}
			if len(p.Model.Unknowns) == 0 {
				return usagef("%s: the model has no unknown: there is nothing to train", args[0])
			}
			if _, err := p.Open(); err != nil {
				return err
			}
			return a.begin(c.Context(), task.Request{Kind: task.Compare, Problem: p, Options: task.CompareOptions(o, form)})
		},
	}
	c.Flags().StringVar(&form, "form", "library", "what stands for the unknowns: library, neural or both")
	c.Flags().IntVar(&o.Seeds, "seeds", 5, "trials of each method")
	c.Flags().IntVar(&o.Budget, "budget", 200, "Levenberg–Marquardt steps of a trial, accepted or not")
	c.Flags().IntVar(&o.Degree, "degree", 2, "degree of libraries that the problem leaves open")
	return c
}
