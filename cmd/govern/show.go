package main

import (
	"github.com/spf13/cobra"

	"govern/run"
)

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show RUN",
		Short: "Print the result of a run directory",
		Args:  exactly("RUN"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := run.ReadResult(args[0])
			if err != nil {
				return unread(args[0], err)
			}
			err = a.conclude(args[0], r)
			if is[*verdictError](err) {
				return nil // showing it succeeded
			}
			return err
		},
	}
}
