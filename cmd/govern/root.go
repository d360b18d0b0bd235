package main

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"govern/expr"
	"govern/internal/lane"
)

// app is what every command has: where it writes and the global flags.
type app struct {
	stdout  *checkedWriter
	stderr  io.Writer
	started bool // a command's own code has begun

	output  string
	seed    uint64
	workers int
	quiet   bool
	json    bool
	force   bool
}

// newRoot builds the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "govern",
		Short: "Discover the governing equations of chaotic and neural dynamics",
		Long: `govern takes time series and whatever part of the equations is already known,
learns the rest, writes it as a formula, and proves the formula by running it.

Exit status: 0 done; 2 wrong command line, model or problem file; 3 unusable
data; 4 finished without a trustworthy answer; 130 interrupted; 1 anything else.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.started = true
			if a.workers < 0 {
				return usagef("--workers %d: the number of workers is positive, or 0 for all cores", a.workers)
			}
			if _, err := lane.Chosen(); err != nil {
				return err
			}
			if a.workers == 0 {
				a.workers = runtime.GOMAXPROCS(0)
			}
			return nil
		},
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&a.output, "output", "o", "", "run directory (default runs/NAME-001, counting up), or the file to write")
	flags.Uint64Var(&a.seed, "seed", 1, "seed of everything random")
	flags.IntVar(&a.workers, "workers", 0, "number of workers (default: all cores); the result does not depend on it")
	flags.BoolVar(&a.quiet, "quiet", false, "no progress and no warnings on stderr")
	flags.BoolVar(&a.json, "json", false, "print result.json instead of text")
	flags.BoolVar(&a.force, "force", false, "replace the run in a directory that is not empty")
	root.SetFlagErrorFunc(suggestFlag)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.AddCommand(a.discoverCommand(), a.fitCommand(), a.extractCommand(), a.compareCommand(), a.landscapeCommand(), a.profileCommand(), a.checkCommand(), a.simulateCommand(), a.assessCommand(), a.showCommand(),
		a.modelsCommand(), a.resumeCommand(), a.exportCommand())
	return root
}

// suggestFlag adds the nearest flag to the message about an unknown one.
func suggestFlag(c *cobra.Command, err error) error {
	missing, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	advice := fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())
	if s := expr.Suggest(missing.GetSpecifiedName(), names); s != "" && len(missing.GetSpecifiedName()) > 1 {
		advice = "did you mean --" + strings.TrimPrefix(s, "--") + "?"
	}
	return &adviceError{err, advice}
}

// exactly wants the named arguments.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		want := "no argument"
		if len(names) > 0 {
			want = strings.Join(names, " ")
		}
		return &adviceError{fmt.Errorf("%s: %d arguments given, wanted: %s", c.CommandPath(), len(args), want),
			fmt.Sprintf("`%s --help` shows how it is used", c.CommandPath())}
	}
}
