package task

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"govern"
	"govern/conclude"
	"govern/journal"
	"govern/report"
	"govern/run"
	"govern/tell"
)

// The kinds that end with a result: a discovery, a fit, an extraction, a proof.

func runDiscover(ctx context.Context, t *Task, s conclude.Settings) (*leaving, error) {
	out, err := govern.Discover(ctx, t.Problem, s)
	return t.leave(out, err)
}

func runFit(ctx context.Context, t *Task, s conclude.Settings) (*leaving, error) {
	out, err := govern.Fit(ctx, t.Problem, s)
	return t.leave(out, err)
}

func runAssess(ctx context.Context, t *Task, s conclude.Settings) (*leaving, error) {
	out, err := govern.Assess(ctx, t.Problem, s)
	return t.leave(out, err)
}

// extraction begins with the neural forms of an earlier run.
func extraction() kind {
	return kind{
		name: Extract, start: run.NeuralFile, holds: "the networks",
		check: func(t *Task) error {
			_, err := t.trained()
			return err
		},
		run: func(ctx context.Context, t *Task, s conclude.Settings) (*leaving, error) {
			trained, err := t.trained()
			if err != nil {
				return nil, err
			}
			out, err := govern.Extract(ctx, t.Problem, trained, s)
			return t.leave(out, err)
		},
	}
}

// trained are the neural forms that an extraction begins with.
func (t *Task) trained() (*run.UDE, error) {
	return run.DecodeUDE(t.dir.File(run.NeuralFile), t.start)
}

// leave lists the files of an outcome, result.json last.
func (t *Task) leave(out *tell.Outcome, err error) (*leaving, error) {
	if err != nil {
		return nil, err
	}
	text, err := out.Result.Encode()
	if err != nil {
		return nil, err
	}
	return &leaving{done: &Done{Result: out.Result, JSON: text}, files: func(history []journal.Row) []file { return t.files(out, history) }}, nil
}

func (t *Task) files(out *tell.Outcome, history []journal.Row) []file {
	var list []file
	if out.Trajectories != nil {
		list = append(list, file{run.TrajectoriesFile, out.Trajectories.Write})
	}
	if out.Model != nil {
		list = append(list, file{run.ModelFile, func(w io.Writer) error { _, err := w.Write(out.Model.Encode()); return err }})
	}
	if out.UDE != nil {
		list = append(list, file{run.UDEFile, out.UDE.Write})
	}
	if out.Unknowns != nil {
		list = append(list, file{run.UnknownsFile, out.Unknowns.Write})
	}
	if out.Page != nil {
		page := *out.Page
		if page.History == nil {
			page.History = iterations(history)
		}
		if page.Subtitle == "" {
			page.Subtitle = t.subtitle()
		}
		list = append(list, file{run.ReportFile, func(w io.Writer) error { return report.Render(w, &page) }})
	}
	return list
}

// subtitle of the report: files, seed, version.
func (t *Task) subtitle() string {
	const most = 4
	text := ""
	for i, d := range t.Problem.Data {
		if i == most {
			text += fmt.Sprintf("and %d more, ", len(t.Problem.Data)-most)
			break
		}
		text += filepath.Base(d.File) + ", "
	}
	return fmt.Sprintf("%sseed %d, govern %s", text, t.Manifest.Seed, t.Manifest.Version)
}

// iterations are the rows whose objective is a sum over observations: those of
// the trajectory fits.
func iterations(rows []journal.Row) []report.Iteration {
	var list []report.Iteration
	for _, row := range rows {
		if row.Observations > 0 {
			list = append(list, report.Iteration{
				Stage: row.Stage, Loss: row.Objective / float64(row.Observations), Omega: row.Omega, Gain: row.Gain,
				Segment: row.Segment, Noise: row.Noise,
			})
		}
	}
	return list
}
