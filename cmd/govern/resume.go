package main

import (
	"context"

	"govern/task"

	"github.com/spf13/cobra"
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
	t, finished, err := task.Resume(path, version())
	if err != nil {
		return err
	}
	if finished != nil {
		return a.conclude(path, finished)
	}
	defer t.Close()
	return a.work(ctx, t)
}
