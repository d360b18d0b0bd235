// Package task runs one task in one run directory: a discovery, a fit, a profile. It is
// what commands, studies and pages start, and what is continued after an interruption.
//
// The kinds of tasks are a list (kinds.go), one file each. A new kind is a file here, a
// line in the list, and whatever starts it.
package task

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"govern/conclude"
	"govern/internal/lane"
	"govern/journal"
	"govern/problem"
	"govern/run"
	"govern/series"
)

// Request says what is to be done, and where.
type Request struct {
	Kind    string
	Problem *problem.Problem
	Start   []byte            // the file of an earlier run that the kind begins with; nil for kinds without one
	Options map[string]string // of the kind, kept in the manifest
	Dir     string            // the run directory; "": the first free of runs/NAME-001, NAME-002, …
	Force   bool              // empty a Dir that holds something
	Seed    uint64
	Version string   // of the program
	Command []string // the command line, for the manifest
}

// Task is one task in a run directory that this process holds the lock of.
type Task struct {
	Problem  *problem.Problem // as the directory holds it
	Manifest *run.Manifest

	dir   *run.Dir
	kind  kind
	start []byte
}

// ProblemError says that the problem that a run directory holds cannot be read.
type ProblemError struct{ Err error }

func (e *ProblemError) Error() string { return e.Err.Error() }
func (e *ProblemError) Unwrap() error { return e.Err }

// Create makes the run directory of a request: the resolved problem.yaml, whose
// data paths are relative to the directory, what the kind begins with, and the manifest. The
// problem is then read back from there, so that a first run sees exactly what a resumed
// one sees; files that it has read already are not read again. Errors are those
// of run.Create, *run.WriteError, *ProblemError and *series.DataError.
func Create(r Request) (t *Task, err error) {
	k, err := kindNamed(r.Kind)
	if err != nil {
		return nil, err
	}
	dir, err := run.Create(run.CreateOptions{Dir: r.Dir, Name: r.Problem.Name, Force: r.Force})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = dir.Close()
		}
	}()
	if err := dir.WriteBytes(run.ProblemFile, r.Problem.Encode(dir.Path())); err != nil {
		return nil, err
	}
	if k.start != "" {
		if err := dir.WriteBytes(k.start, r.Start); err != nil {
			return nil, err
		}
	}
	t = &Task{dir: dir, kind: k}
	if err := t.load(r.Seed, r.Version, r.Problem); err != nil {
		return nil, err
	}
	t.Manifest.Options = r.Options
	t.Manifest.Command = r.Command
	t.Manifest.Started = time.Now().UTC().Format(time.RFC3339)
	return t, dir.WriteManifest(t.Manifest)
}

// Resume takes up the task of a run directory. The result is that of a run that has
// finished; then there is no task. The error is a *run.ChangedError where data,
// problem, program or machine are not those that the run began with.
func Resume(path, version string) (*Task, *run.Result, error) {
	before, err := run.ReadManifest(path)
	if err != nil {
		return nil, nil, err
	}
	k, err := kindNamed(before.Task)
	if err != nil {
		return nil, nil, err
	}
	dir, err := run.Open(path, nil)
	if err != nil {
		return nil, nil, err
	}
	t := &Task{dir: dir, kind: k}
	r, err := t.reopen(before, version)
	if err != nil || r != nil {
		_ = dir.Close()
		return nil, r, err
	}
	return t, nil, nil
}

// reopen reads what the directory holds; the result of a finished run ends it.
func (t *Task) reopen(before *run.Manifest, version string) (*run.Result, error) {
	r, err := run.ReadResult(t.Path())
	if err == nil || !os.IsNotExist(err) {
		return r, err
	}
	if err := t.load(before.Seed, version, nil); err != nil {
		return nil, err
	}
	t.Manifest.Options = before.Options
	return nil, before.Resumable(t.Path(), t.Manifest)
}

// Path of the run directory.
func (t *Task) Path() string { return t.dir.Path() }

// Close gives the lock of the directory back.
func (t *Task) Close() error { return t.dir.Close() }

// load reads the directory's problem and describes what a run of it now would
// depend on. Files that another problem, nil for none, has read are those of this one.
func (t *Task) load(seed uint64, version string, read *problem.Problem) error {
	path := t.dir.File(run.ProblemFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return &run.NotARunError{Dir: t.Path(), Err: err}
	}
	if t.Problem, err = problem.Load(path); err != nil {
		return &ProblemError{err}
	}
	if read != nil {
		t.Problem.ShareFiles(read)
	}
	t.Manifest = &run.Manifest{
		Version: version, Task: t.kind.name, Seed: seed, Kernel: lane.Best().Level, Arch: runtime.GOOS + "/" + runtime.GOARCH,
		Go: runtime.Version(), Cores: runtime.NumCPU(), Problem: run.Hash(text),
	}
	for _, d := range t.Problem.Data {
		sum, err := t.sum(d.File)
		if err != nil {
			return &series.DataError{File: d.File, Text: "cannot be read", Cause: err,
				Hint: "the run needs the data that it began with; put the file back, or start a new run"}
		}
		t.Manifest.Data = append(t.Manifest.Data, run.Input{File: d.File, SHA256: sum})
	}
	if t.kind.start == "" {
		return nil
	}
	if t.start, err = os.ReadFile(t.dir.File(t.kind.start)); err != nil {
		return &run.ChangedError{Dir: t.Path(), What: []string{t.kind.start + ", " + t.kind.holds + " that it began with, cannot be read"}}
	}
	t.Manifest.Data = append(t.Manifest.Data, run.Input{File: t.kind.start, SHA256: run.Hash(t.start)})
	return t.kind.check(t)
}

// sum is the hash of a data file: of what has been read of it, or else of the file.
func (t *Task) sum(file string) (string, error) {
	if sum, ok := t.Problem.FileSum(file); ok {
		return sum, nil
	}
	return run.HashFile(file)
}

// Done is what a task has come to; its files are in the directory.
type Done struct {
	Result *run.Result // of kinds that end with result.json; nil of others
	JSON   []byte      // the file that other programs read
	Print  func(io.Writer)
}

// Run does what is left of the task and writes what comes of it. Watch, nil for nobody,
// is told how it goes. An interrupted task keeps its finished steps.
func (t *Task) Run(ctx context.Context, workers int, watch journal.Monitor) (*Done, error) {
	recorder, err := t.dir.Record(t.Manifest, watch)
	if err != nil {
		return nil, err
	}
	settings := conclude.Settings{Seed: t.Manifest.Seed, Workers: workers, Journal: recorder, Monitor: recorder}
	out, err := t.kind.run(ctx, t, settings)
	if err != nil {
		return nil, err
	}
	for _, f := range out.files(recorder.History()) {
		if err := t.dir.Write(f.name, f.write); err != nil {
			return nil, err
		}
	}
	if out.done.Result != nil {
		return out.done, t.dir.WriteResult(out.done.Result)
	}
	return out.done, t.dir.WriteBytes(out.last, out.done.JSON)
}

// leaving is what a kind leaves: files, and last the one that other programs read.
type leaving struct {
	done  *Done
	files func(history []journal.Row) []file
	last  string // the file of done.JSON; that of a result is result.json
}

// file is one of those that a run leaves.
type file struct {
	name  string
	write func(io.Writer) error
}

// UnknownKindError says that no task has such a name: the directory is of another
// version of the program.
type UnknownKindError struct{ Kind string }

func (e *UnknownKindError) Error() string {
	return fmt.Sprintf("task: no kind of task is called %q", e.Kind)
}
