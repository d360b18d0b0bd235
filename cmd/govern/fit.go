package main

import (
	"github.com/spf13/cobra"

	"govern/task"
)

func (a *app) fitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "fit PROBLEM",
		Short: "Train what a problem leaves open, without seeking a formula",
		Long: `fit reads a problem file and trains what its model leaves open:

  no unknowns                    the fitted parameters, with intervals
  unknowns                       a network in the place of each, of the size that
                                 the evidence prefers or neural: {hidden: …} says
  unknowns with library: {…}     the coefficients of all candidate terms

It then refits on all data and proves the result by free runs, as discover does.
Networks that pass the checks are a success (status ok): the run directory holds
them as ude.json and, written out, in a model.yaml that simulates. ` + "`govern extract`" + `
seeks their formula.`,
		Example: `  govern fit problem.yaml
  govern fit problem.yaml -o runs/trained && govern extract runs/trained`,
		Args: exactly("PROBLEM"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.start(c.Context(), task.Fit, args[0])
		},
	}
}
