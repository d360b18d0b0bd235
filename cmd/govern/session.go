package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"govern"
	"govern/internal/lane"
	"govern/journal"
	"govern/problem"
	"govern/report"
	"govern/run"
	"govern/series"
)

// What a run does; kept in its manifest so that it can be resumed.
const (
	taskDiscover = "discover"
	taskFit      = "fit"
	taskExtract  = "extract"
	taskAssess   = "assess"
	taskCompare  = "compare"
	taskProfile  = "profile"
)

// session is a run directory with the problem that it holds.
type session struct {
	dir      *run.Dir
	problem  *problem.Problem
	manifest *run.Manifest
	networks *run.UDE    // where an extraction starts
	formula  *run.Result // where a profile starts
}

// create makes the run directory of a problem: the resolved problem.yaml, whose
// data paths are relative to the directory, and the manifest. The problem is then
// read back from there, so that a first run sees exactly what a resumed one sees.
// So is what a task begins with: the networks of an extraction, the result of a profile; other
// tasks have none. Options are those of a comparison or a profile.
func (a *app) create(task string, p *problem.Problem, from []byte, options map[string]string) (s *session, err error) {
	dir, err := run.Create(run.CreateOptions{Dir: a.output, Name: p.Name, Force: a.force})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = dir.Close()
		}
	}()
	if err := dir.WriteBytes(run.ProblemFile, p.Encode(dir.Path())); err != nil {
		return nil, err
	}
	if name := startFile(task); name != "" {
		if err := dir.WriteBytes(name, from); err != nil {
			return nil, err
		}
	}
	s = &session{dir: dir}
	if err := s.load(task, a.seed); err != nil {
		return nil, err
	}
	s.manifest.Options = options
	s.manifest.Command = os.Args
	s.manifest.Started = time.Now().UTC().Format(time.RFC3339)
	return s, dir.WriteManifest(s.manifest)
}

// load reads the directory's problem and describes what a run of it now would
// depend on.
func (s *session) load(task string, seed uint64) error {
	path := s.dir.File(run.ProblemFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return &run.NotARunError{Dir: s.dir.Path(), Err: err}
	}
	if s.problem, err = problem.Load(path); err != nil {
		return &usageError{err}
	}
	s.manifest = &run.Manifest{
		Version: version(), Task: task, Seed: seed, Kernel: lane.Best().Level, Arch: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Cores: runtime.NumCPU(), Problem: run.Hash(text),
	}
	for _, d := range s.problem.Data {
		sum, err := run.HashFile(d.File)
		if err != nil {
			return &series.DataError{File: d.File, Text: "cannot be read", Cause: err,
				Hint: "the run needs the data that it began with; put the file back, or start a new run"}
		}
		s.manifest.Data = append(s.manifest.Data, run.Input{File: d.File, SHA256: sum})
	}
	name := startFile(task)
	if name == "" {
		return nil
	}
	what := map[string]string{taskExtract: "the networks", taskProfile: "the formula"}[task]
	path = s.dir.File(name)
	if text, err = os.ReadFile(path); err != nil {
		return &run.ChangedError{Dir: s.dir.Path(), What: []string{name + ", " + what + " that it began with, cannot be read"}}
	}
	s.manifest.Data = append(s.manifest.Data, run.Input{File: name, SHA256: run.Hash(text)})
	if task == taskProfile {
		s.formula, err = run.DecodeResult(text)
		return err
	}
	s.networks, err = run.DecodeUDE(path, text)
	return err
}

// startFile is the file of an earlier run that a task begins with; "" for none.
func startFile(task string) string {
	switch task {
	case taskExtract:
		return run.NeuralFile
	case taskProfile:
		return run.FormulaFile
	}
	return ""
}

// learn does what the session's task is.
func (s *session) learn(ctx context.Context, settings govern.Settings) (*govern.Outcome, error) {
	switch s.manifest.Task {
	case taskFit:
		return govern.Fit(ctx, s.problem, settings)
	case taskExtract:
		return govern.Extract(ctx, s.problem, s.networks, settings)
	case taskAssess:
		return govern.Assess(ctx, s.problem, settings)
	}
	return govern.Discover(ctx, s.problem, settings)
}

// work runs what is left of a session, writes what comes out and prints it.
func (a *app) work(ctx context.Context, s *session) error {
	bar := a.newProgress()
	recorder, err := s.dir.Record(s.manifest, bar)
	if err != nil {
		return err
	}
	settings := govern.Settings{Seed: s.manifest.Seed, Workers: a.workers, Journal: recorder, Monitor: recorder}
	if s.manifest.Task == taskCompare {
		return a.compare(ctx, s, settings, bar)
	}
	if s.manifest.Task == taskProfile {
		return a.profile(ctx, s, settings, bar)
	}
	out, err := s.learn(ctx, settings)
	if err := a.stopped(ctx, s, bar, err); err != nil {
		return err
	}
	if err := s.write(out, recorder.History()); err != nil {
		return a.unfinished(s, err)
	}
	return a.conclude(s.dir.Path(), out.Result)
}

// stopped ends the progress bar of work that has ended with err; an error says where
// the run stopped, and that it was interrupted if it was.
func (a *app) stopped(ctx context.Context, s *session, bar journal.Monitor, err error) error {
	if p, ok := bar.(*progress); ok {
		p.finish()
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && !errors.Is(err, context.Canceled) {
		err = errors.Join(context.Cause(ctx), err)
	}
	return a.unfinished(s, err)
}

// unfinished adds to an error where the run stopped and how it goes on.
func (a *app) unfinished(s *session, err error) error {
	resume := "`govern resume " + s.dir.Path() + "` continues from the last finished step"
	switch statusOf(err) {
	case statusInterrupted:
		return &adviceError{&interruptedError{s.dir.Path(), err}, resume}
	case statusOther:
		if advice := adviceFor(err); advice != "" {
			resume = advice + "; " + resume
		}
		return &adviceError{err, resume}
	}
	return err
}

// interruptedError says where an interrupted run lies.
type interruptedError struct {
	dir string
	err error
}

func (e *interruptedError) Error() string { return "interrupted; the finished steps are in " + e.dir }
func (e *interruptedError) Unwrap() error { return e.err }

// write leaves the files of a finished run, result.json last.
func (s *session) write(out *govern.Outcome, history []journal.Row) error {
	if out.Trajectories != nil {
		if err := s.dir.Write(run.TrajectoriesFile, out.Trajectories.Write); err != nil {
			return err
		}
	}
	if out.Model != nil {
		if err := s.dir.WriteBytes(run.ModelFile, out.Model.Encode()); err != nil {
			return err
		}
	}
	if out.UDE != nil {
		if err := s.dir.Write(run.UDEFile, out.UDE.Write); err != nil {
			return err
		}
	}
	if out.Unknowns != nil {
		if err := s.dir.Write(run.UnknownsFile, out.Unknowns.Write); err != nil {
			return err
		}
	}
	if out.Page != nil {
		page := *out.Page
		if page.History == nil {
			page.History = iterations(history)
		}
		if page.Subtitle == "" {
			page.Subtitle = s.subtitle()
		}
		err := s.dir.Write(run.ReportFile, func(w io.Writer) error { return report.Render(w, &page) })
		if err != nil {
			return err
		}
	}
	return s.dir.WriteResult(out.Result)
}

// file is one of those that a run leaves.
type file struct {
	name  string
	write func(io.Writer) error
}

// leave writes the files of a run that has no result.json, and last the text that other
// programs read; it prints that text, or what say does.
func (a *app) leave(s *session, last string, text []byte, say func(io.Writer), files ...file) error {
	for _, f := range files {
		if err := s.dir.Write(f.name, f.write); err != nil {
			return a.unfinished(s, err)
		}
	}
	if err := s.dir.WriteBytes(last, text); err != nil {
		return a.unfinished(s, err)
	}
	if a.json {
		_, err := a.stdout.Write(text)
		return err
	}
	say(a.stdout)
	fmt.Fprintf(a.stdout, "\n%s\n", s.dir.Path())
	return a.stdout.err
}

func (s *session) subtitle() string {
	text := ""
	for i, d := range s.problem.Data {
		if i == 4 {
			text += fmt.Sprintf("and %d more, ", len(s.problem.Data)-4)
			break
		}
		text += filepath.Base(d.File) + ", "
	}
	return fmt.Sprintf("%sseed %d, govern %s", text, s.manifest.Seed, s.manifest.Version)
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

// conclude prints a result and returns what its status means.
func (a *app) conclude(dir string, r *run.Result) error {
	if a.json {
		data, err := r.Encode()
		if err != nil {
			return err
		}
		if _, err := a.stdout.Write(data); err != nil {
			return err
		}
	} else {
		printResult(a.stdout, r, dir)
	}
	if a.stdout.err != nil {
		return a.stdout.err
	}
	if !r.Status.Trusted() {
		return &verdictError{r.Status}
	}
	return nil
}

// unread says why a run has no result to read.
func unread(dir string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := run.ReadManifest(dir); err != nil {
		return err
	}
	return &run.UnfinishedError{Dir: dir}
}
