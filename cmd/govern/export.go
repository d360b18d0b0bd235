package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"govern/export"
	"govern/expr"
	"govern/model"
	"govern/run"
)

func (a *app) exportCommand() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "export MODEL|RUN",
		Short: "Write a model as equations, LaTeX or a program in Python, Julia or C",
		Long: `export writes a model file, a model of the catalogue or the model of a run
directory for another place: text (equations as in model files), latex (align
environment and a table), or a complete program that integrates it: python
(needs NumPy only), julia (no package), c (one file of C99).

Without --to, the ending of the file given by -o decides (.tex .py .jl .c),
else it is text.`,
		Example: `  govern export lorenz --to latex
  govern export runs/rossler-001 -o rossler.py && python3 rossler.py 50 0.01`,
		Args: exactly("MODEL|RUN"),
		RunE: func(c *cobra.Command, args []string) error {
			target, err := exportTarget(to, a.output)
			if err != nil {
				return err
			}
			return a.export(args[0], target)
		},
	}
	c.Flags().StringVar(&to, "to", "", "text, latex, python, julia or c")
	return c
}

// exportTarget is the target named, else that of the output file's ending.
func exportTarget(to, output string) (export.Target, error) {
	endings := map[string]export.Target{".tex": export.LaTeX, ".py": export.Python, ".jl": export.Julia, ".c": export.C}
	target := export.Target(to)
	switch ending, known := endings[filepath.Ext(output)]; {
	case to == "" && known:
		return ending, nil
	case to == "":
		return export.Text, nil
	case slices.Contains(export.Targets(), target):
		return target, nil
	}
	var names []string
	for _, t := range export.Targets() {
		names = append(names, string(t))
	}
	advice := "there are: " + strings.Join(names, ", ")
	if s := expr.Suggest(to, names); s != "" {
		advice = "did you mean " + s + "?"
	}
	return "", &adviceError{usagef("--to %s: there is no such target", to), advice}
}

func (a *app) export(ref string, target export.Target) error {
	m, err := loadModel(ref)
	if err != nil {
		return err
	}
	if target == export.LaTeX {
		m = readable(ref, m)
	}
	var text bytes.Buffer
	err = export.Write(&text, m, target)
	if is[*export.UnknownError](err) {
		return &adviceError{&usageError{fmt.Errorf("%s: %w", ref, err)},
			"`govern discover` finds a formula from data and writes a model.yaml that export takes"}
	}
	if err != nil {
		return err
	}
	if a.output == "" {
		_, err = a.stdout.Write(text.Bytes())
		return err
	}
	return a.writeOutput(func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
}

// readable rounds the model of a run directory to the digits that its intervals
// warrant; another model stays.
func readable(ref string, m *model.Model) *model.Model {
	text, err := os.ReadFile(filepath.Join(ref, run.ResultFile))
	if err != nil {
		return m
	}
	result, err := run.DecodeResult(text)
	if err != nil {
		return m
	}
	var intervals []export.Interval
	for _, u := range result.Unknowns {
		for _, t := range u.Terms {
			intervals = append(intervals, export.Interval{Value: float64(t.Coefficient), Low: float64(t.Low), High: float64(t.High)})
		}
	}
	for _, p := range result.Parameters {
		intervals = append(intervals, export.Interval{Value: float64(p.Value), Low: float64(p.Low), High: float64(p.High)})
	}
	return export.Rounded(m, intervals)
}
