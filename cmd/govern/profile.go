package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"govern/problem"
	"govern/profile"
	"govern/run"
	"govern/task"
)

func (a *app) profileCommand() *cobra.Command {
	var o profile.Options
	c := &cobra.Command{
		Use:   "profile RUN --parameter NAME",
		Short: "Follow the profile likelihood of a fitted number",
		Long: `profile takes a finished run with a formula and holds one of its numbers, a fitted
parameter or the coefficient of a term, at values away from the best, while all
others and the states are fitted again. It prints the 95 % interval where
-2 log L has risen by 3.84, or says on which side the data leave it open, and writes
a run directory with profile.csv, profile.json and profile.html. An interrupted
profile is continued by ` + "`govern resume`" + `; finished refits are kept.`,
		Example: `  govern profile runs/rossler-001 --parameter c
  govern profile runs/rossler-001 --parameter "f: x*z" -o profiled`,
		Args: exactly("RUN"),
		RunE: func(c *cobra.Command, args []string) error {
			if o.Points < 2 {
				return usagef("--points %d: a profile has at least two", o.Points)
			}
			if o.Parameter == "" {
				return usagef("profile: --parameter says which number is wanted")
			}
			p, r, text, err := a.finished(args[0])
			if err != nil {
				return err
			}
			if sameFile(args[0], a.output) {
				return &adviceError{usagef("-o %s: that is the run whose profile is wanted", a.output), "choose another directory, or leave -o out"}
			}
			if err := profile.Check(p, r, o); err != nil {
				return err
			}
			if _, err := p.Open(); err != nil {
				return err
			}
			return a.begin(c.Context(), task.Request{Kind: task.Profile, Problem: p, Start: text, Options: task.ProfileOptions(o)})
		},
	}
	c.Flags().StringVar(&o.Parameter, "parameter", "", "a fitted parameter, or a term such as x*y or \"f: x*y\"")
	c.Flags().IntVar(&o.Points, "points", 24, "refits at most, half of them on each side")
	return c
}

// finished reads the problem and the result of a finished run.
func (a *app) finished(dir string) (*problem.Problem, *run.Result, []byte, error) {
	manifest, err := run.ReadManifest(dir)
	if err != nil {
		return nil, nil, nil, err
	}
	r, err := run.ReadResult(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, &usageError{&run.UnfinishedError{Dir: dir}}
	}
	if err != nil {
		return nil, nil, nil, &usageError{err}
	}
	p, err := problem.Load(filepath.Join(dir, run.ProblemFile))
	if err != nil {
		return nil, nil, nil, &usageError{err}
	}
	if err := unedited(dir, manifest, p); err != nil {
		return nil, nil, nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, run.ResultFile))
	return p, r, text, err
}
