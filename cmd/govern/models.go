package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"govern/model"
)

func (a *app) modelsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "models [NAME]",
		Short: "List the catalogue of models, or print one",
		Example: `  govern models
  govern models rossler > my.yaml`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return model.Catalogue(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				m, err := model.Lookup(args[0])
				if err != nil {
					return err
				}
				_, err = a.stdout.Write(m.Encode())
				return err
			}
			width := 0
			for _, name := range model.Catalogue() {
				width = max(width, len(name))
			}
			for _, name := range model.Catalogue() {
				m, err := model.Lookup(name)
				if err != nil {
					return err
				}
				fmt.Fprintf(a.stdout, "%-*s  %2d states  %s\n", width, name, len(m.States), m.Source)
			}
			return nil
		},
	}
}
