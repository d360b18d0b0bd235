package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"govern"
	"govern/expr"
	"govern/problem"
	"govern/run"
	"govern/task"
)

func (a *app) extractCommand() *cobra.Command {
	var degree int
	var functions []string
	c := &cobra.Command{
		Use:   "extract RUN",
		Short: "Seek formulas for the networks of a finished run",
		Long: `extract takes a finished run that holds networks (ude.json) and seeks formulas
for them, in a new run directory: the networks are brought to rest on the
training data, libraries are selected on what they say and how surely, and the
formulas are put into the model, refitted on the trajectories, compared with
their ties and proved, as discover does it. fit and extract together are what
discover does for unknowns with neural: {}.

The problem is that of the run; --degree and --functions change the candidate
terms.`,
		Example: `  govern extract runs/rossler-001
  govern extract runs/rossler-001 -o runs/formula --degree 2 --functions sin,exp`,
		Args: exactly("RUN"),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("degree") && (degree < 1 || degree > problem.MaxDegree) {
				return usagef("--degree %d: a degree is a number from 1 to %d", degree, problem.MaxDegree)
			}
			for _, name := range functions {
				if err := checkCandidate(name); err != nil {
					return err
				}
			}
			return a.extract(c.Context(), args[0], degree, functions)
		},
	}
	c.Flags().IntVar(&degree, "degree", 0, "largest degree of the monomials (default: by evidence)")
	c.Flags().StringSliceVar(&functions, "functions", nil, "functions of one argument that join them, such as sin,exp")
	return c
}

// checkCandidate wants a function of one argument.
func checkCandidate(name string) error {
	if arity, _ := expr.Arity(name); arity == 1 {
		return nil
	}
	known := slices.DeleteFunc(expr.Functions(), func(f string) bool { n, _ := expr.Arity(f); return n != 1 })
	advice := "there are: " + strings.Join(known, ", ")
	if s := expr.Suggest(name, known); s != "" {
		advice = "did you mean " + s + "?"
	}
	return &adviceError{usagef("--functions %s: that is no function of one argument", name), advice}
}

// extract begins an extraction in a new directory.
func (a *app) extract(ctx context.Context, from string, degree int, functions []string) error {
	p, networks, err := a.trained(from)
	if err != nil {
		return err
	}
	if sameFile(from, a.output) {
		return &adviceError{usagef("-o %s: that is the run whose networks are wanted", a.output), "choose another directory, or leave -o out"}
	}
	if _, err := p.Open(); err != nil {
		return err
	}
	return a.begin(ctx, task.Request{Kind: task.Extract, Problem: p.WithLibrary(degree, functions), Start: networks})
}

// trained reads the problem and the networks of a finished run.
func (a *app) trained(dir string) (*problem.Problem, []byte, error) {
	manifest, err := run.ReadManifest(dir)
	if err != nil {
		return nil, nil, err
	}
	if _, err := run.ReadResult(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &usageError{&run.UnfinishedError{Dir: dir}}
	}
	networks, err := run.ReadUDE(dir)
	if err != nil {
		return nil, nil, err
	}
	p, err := problem.Load(filepath.Join(dir, run.ProblemFile))
	if err != nil {
		return nil, nil, &usageError{err}
	}
	if err := govern.CheckNetworks(networks, p.PerEntry()); err != nil {
		return nil, nil, err
	}
	if err := unedited(dir, manifest, p); err != nil {
		return nil, nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, run.UDEFile))
	return p, text, err
}

// unedited says, by a *run.ChangedError, that data are no longer those that a finished run
// was made of: what it has found is of them.
func unedited(dir string, m *run.Manifest, p *problem.Problem) error {
	var what []string
	for i, d := range p.Data {
		sum, err := run.HashFile(d.File)
		if err == nil && i < len(m.Data) && sum != m.Data[i].SHA256 {
			what = append(what, d.File+" was edited since")
		}
	}
	if len(what) == 0 {
		return nil
	}
	return &run.ChangedError{Dir: dir, What: what}
}

// sameFile says that two paths lead to one directory.
func sameFile(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
