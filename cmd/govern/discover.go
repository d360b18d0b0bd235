package main

import (
	"context"

	"github.com/spf13/cobra"

	"govern/discover"
	"govern/problem"
	"govern/series/formats"
	"govern/task"
)

func (a *app) discoverCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "discover PROBLEM",
		Short: "Find the unknown parts of a model from data, as formulas",
		Long: `discover reads a problem file, finds the unknown functions in its equations as
formulas, refits them on the trajectories, proves them by free runs and writes a
run directory: result.json, model.yaml, report.html and more. Given a table
(.csv, .tsv, .txt) it takes every column but the first as an observed state and
everything as unknown.`,
		Example: `  govern discover problem.yaml
  govern discover recording.csv -o runs/first`,
		Args: exactly("PROBLEM"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.start(c.Context(), task.Discover, args[0])
		},
	}
}

func (a *app) assessCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "assess PROBLEM",
		Short: "Prove a model without unknowns against data",
		Long: `assess reads a problem file whose model has no unknowns and judges the model as
discover judges what it finds: free runs from held-out starts, valid time,
Lyapunov spectrum, and distances beside their floors.`,
		Args: exactly("PROBLEM"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.start(c.Context(), task.Assess, args[0])
		},
	}
}

// loadProblem reads a problem file, or makes a problem of a table.
func loadProblem(path string) (*problem.Problem, error) {
	if formats.Known(path) {
		return problem.FromTable(path) // opens the table's head: its errors are those of data
	}
	p, err := problem.Load(path)
	if err != nil {
		return nil, &usageError{err}
	}
	return p, nil
}

// start begins a run in a new directory. Everything that can be wrong with the
// question is found before the directory is made.
func (a *app) start(ctx context.Context, kind, path string) error {
	p, err := loadProblem(path)
	if err != nil {
		return err
	}
	if kind == task.Assess && len(p.Model.Unknowns) > 0 {
		return &adviceError{usagef("%s: the model has the unknown %s: there is nothing to assess yet", path, p.Model.Unknowns[0].Name),
			"`govern discover` finds it"}
	}
	if kind == task.Fit {
		if _, err := discover.TrainsNetworks(p.Model); err != nil {
			return err
		}
	}
	if _, err := p.Open(); err != nil {
		return err
	}
	return a.begin(ctx, task.Request{Kind: kind, Problem: p})
}
