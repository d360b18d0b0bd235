package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"govern/run"
)

func (a *app) resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resume RUN",
		Short: "Continue an interrupted run",
		Long: `resume continues a run from its last finished step and ends with the same bits
as a run that was never interrupted. The data, the problem, the version of
govern and the kind of machine must be those that the run began with. A run that
has finished is shown.`,
		Args: exactly("RUN"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.resume(c.Context(), args[0])
		},
	}
}

func (a *app) resume(ctx context.Context, path string) error {
	before, err := run.ReadManifest(path)
	if err != nil {
		return err
	}
	dir, err := run.Open(path, nil)
	if err != nil {
		return err
	}
	defer dir.Close()
	r, err := run.ReadResult(path)
	switch {
	case err == nil:
		return a.conclude(path, r)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	s := &session{dir: dir}
	if err := s.load(before.Task, before.Seed); err != nil {
		return err
	}
	s.manifest.Options = before.Options
	if err := before.Resumable(path, s.manifest); err != nil {
		return err
	}
	return a.work(ctx, s)
}
