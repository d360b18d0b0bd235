package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"govern/expr"
	"govern/model"
	"govern/ode"
	"govern/run"
)

// simulation holds the flags of simulate.
type simulation struct {
	time, step, tolerance float64
	set, from             map[string]string
}

// mostValues bounds a simulation's memory: 8 bytes each.
const mostValues = 2e8

func (a *app) simulateCommand() *cobra.Command {
	var s simulation
	c := &cobra.Command{
		Use:   "simulate MODEL",
		Short: "Run a model and write its trajectory as CSV",
		Long: `simulate runs a model file, a model of the catalogue or the model of a run
directory from its initial values, by Tsit5 with step control, and writes the
states at every --dt as CSV to stdout or to the file given by -o.`,
		Example: `  govern simulate lorenz -t 50 --dt 0.02 -o lorenz.csv
  govern simulate runs/rossler-001 --from x=1,y=2 --set c=9`,
		Args: exactly("MODEL"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.simulate(c.Context(), args[0], s)
		},
	}
	c.Flags().Float64VarP(&s.time, "time", "t", 100, "duration, in the model's time unit")
	c.Flags().Float64Var(&s.step, "dt", 0.01, "time between rows")
	c.Flags().Float64Var(&s.tolerance, "tol", 1e-9, "relative error allowed a step")
	c.Flags().StringToStringVar(&s.set, "set", nil, "values of parameters and of constant inputs, as in a=0.3,b=1")
	c.Flags().StringToStringVar(&s.from, "from", nil, "initial values of states, as in x=1,y=2")
	return c
}

func (a *app) simulate(ctx context.Context, ref string, s simulation) error {
	m, err := loadModel(ref)
	if err != nil {
		return err
	}
	if len(m.Unknowns) > 0 {
		return &adviceError{usagef("%s still has the unknown %s: there is no formula to run", ref, m.Unknowns[0].Name),
			"`govern discover` finds one from data and writes a model.yaml that simulate runs"}
	}
	m, inputs, err := s.apply(m)
	if err != nil {
		return err
	}
	times, err := s.times(len(m.States))
	if err != nil {
		return err
	}
	if !(s.tolerance >= 1e-14 && s.tolerance < 1) {
		return usagef("--tol %g: the tolerance lies between 1e-14 and 1", s.tolerance)
	}
	solution, failed := ode.Simulate(ctx, m, inputs, times, ode.Options{Relative: s.tolerance})
	if solution == nil {
		return failed
	}
	fill := func(w io.Writer) error { return writeSolution(w, solution) }
	if a.output == "" {
		err = fill(a.stdout)
	} else {
		err = a.writeOutput(fill)
	}
	return errors.Join(failed, err) // what was reached before a failure is written
}

// loadModel finds a model: in the catalogue, in a file, or in a run directory.
func loadModel(ref string) (*model.Model, error) {
	if info, err := os.Stat(ref); err == nil && info.IsDir() && !slices.Contains(model.Catalogue(), ref) {
		file := filepath.Join(ref, run.ModelFile)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil, usagef("%s holds no %s: it is not a run directory, or its run found no model", ref, run.ModelFile)
		}
		ref = file
	}
	m, err := model.Load(ref, "")
	if err != nil {
		return nil, &usageError{err}
	}
	return m, nil
}

// apply puts --set and --from into the model; values of inputs become constant
// signals.
func (s *simulation) apply(m *model.Model) (*model.Model, map[string]ode.Signal, error) {
	parameters := map[string]float64{}
	inputs := map[string]ode.Signal{}
	var known []string
	for _, p := range m.Parameters {
		known = append(known, p.Name)
	}
	known = append(known, m.Inputs...)
	for name, text := range s.set {
		v, err := number("--set", name, text)
		switch {
		case err != nil:
			return nil, nil, err
		case slices.Contains(m.Inputs, name):
			inputs[name] = ode.Signal{Time: []float64{0}, Value: []float64{v}}
		case m.ParameterIndex(name) >= 0:
			parameters[name] = v
		default:
			return nil, nil, noSuch("--set", "parameter", name, known)
		}
	}
	for _, name := range m.Inputs {
		if _, ok := inputs[name]; !ok {
			return nil, nil, &adviceError{usagef("the model is driven by the input %s, which has no value", name),
				"give it a constant one: --set " + name + "=0"}
		}
	}
	m = m.WithParameters(parameters)
	if len(s.from) > 0 {
		started := *m
		started.States = slices.Clone(m.States)
		var names []string
		for _, x := range m.States {
			names = append(names, x.Name)
		}
		for name, text := range s.from {
			v, err := number("--from", name, text)
			if err != nil {
				return nil, nil, err
			}
			i := m.StateIndex(name)
			if i < 0 {
				return nil, nil, noSuch("--from", "state", name, names)
			}
			started.States[i].Value = v
		}
		m = &started
	}
	return m, inputs, nil
}

func number(flag, name, text string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, usagef("%s %s=%s: %q is not a number", flag, name, text, text)
	}
	return v, nil
}

func noSuch(flag, what, name string, known []string) error {
	err := usagef("%s %s: the model has no %s of that name", flag, name, what)
	if s := expr.Suggest(name, known); s != "" {
		return &adviceError{err, "did you mean " + s + "?"}
	}
	if len(known) > 0 {
		return &adviceError{err, "there are: " + strings.Join(known, ", ")}
	}
	return err
}

// times are the multiples of --dt up to --time. Where a unit holds a whole number
// of steps they are quotients, because 3/10 prints shorter than 3·0.1.
func (s *simulation) times(states int) ([]float64, error) {
	switch {
	case !(s.time > 0) || math.IsInf(s.time, 0):
		return nil, usagef("--time %g: the duration is a positive number", s.time)
	case !(s.step > 0) || math.IsInf(s.step, 0):
		return nil, usagef("--dt %g: the time between rows is a positive number", s.step)
	case s.time/s.step*float64(states+1) > mostValues:
		return nil, &adviceError{usagef("%g rows of %d states do not fit into memory", s.time/s.step, states), "take a larger --dt or a shorter --time"}
	}
	times := make([]float64, int(s.time/s.step+1e-9)+1)
	rate := math.Round(1 / s.step)
	whole := math.Abs(rate*s.step-1) < 1e-12
	for i := range times {
		if times[i] = float64(i) * s.step; whole {
			times[i] = float64(i) / rate
		}
	}
	return times, nil
}

// writeSolution writes t and the states, a row a time, in shortest digits that
// read back to the same numbers.
func writeSolution(w io.Writer, s *ode.Solution) error {
	b := bufio.NewWriterSize(w, 1<<16)
	fmt.Fprintf(b, "t,%s\n", strings.Join(s.States, ","))
	var row []byte
	for k, t := range s.Time {
		row = strconv.AppendFloat(row[:0], t, 'g', -1, 64)
		for i := range s.States {
			row = append(row, ',')
			row = strconv.AppendFloat(row, s.Values[i][k], 'g', -1, 64)
		}
		if _, err := b.Write(append(row, '\n')); err != nil {
			return err
		}
	}
	return b.Flush()
}

// writeOutput writes the output file whole or not at all, and over another only with
// --force; what is not a regular file (a pipe, a device) is written to directly.
func (a *app) writeOutput(fill func(io.Writer) error) error {
	path := a.output
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() && !a.force {
		return &adviceError{usagef("-o %s: the file exists", path), "choose another name, or give --force to replace it"}
	}
	if err != nil || info.Mode().IsRegular() {
		return run.WriteFile(run.OS{}, path, fill)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = errors.Join(fill(f), f.Close())
	}
	if err != nil {
		return &run.WriteError{Path: path, Err: err}
	}
	return nil
}
