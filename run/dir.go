package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

// The files of a run directory.
const (
	ProblemFile      = "problem.yaml"
	ManifestFile     = "manifest.json"
	HistoryFile      = "history.csv"
	ModelFile        = "model.yaml"
	UDEFile          = "ude.json"
	NeuralFile       = "neural.json" // the ude.json that an extraction starts from
	ResultFile       = "result.json"
	TrajectoriesFile = "trajectories.csv"
	UnknownsFile     = "unknowns.csv"
	ReportFile       = "report.html"
	CompareFile      = "compare.json"
	CompareTableFile = "compare.csv"
	ComparePageFile  = "compare.html"
	FormulaFile      = "formula.json" // the result.json that a profile starts from
	ProfileFile      = "profile.json"
	ProfileTableFile = "profile.csv"
	ProfilePageFile  = "profile.html"
	checkpointDir    = "checkpoint"
	lockName         = "lock" // below checkpoint/
)

// files are what --force clears away; other files in the directory stay.
var files = [...]string{ResultFile, ProblemFile, ManifestFile, HistoryFile, ModelFile, TrajectoriesFile, ReportFile,
	UDEFile, NeuralFile, UnknownsFile, CompareFile, CompareTableFile, ComparePageFile, FormulaFile, ProfileFile, ProfileTableFile, ProfilePageFile, checkpointDir}

// Dir is a run directory that this process holds the lock of. Its methods may
// be called from several goroutines, except Close.
type Dir struct {
	path string
	fs   FileSystem
	lock io.Closer
}

// CreateOptions say where a run goes.
type CreateOptions struct {
	Dir   string     // the directory; "": the first free of Parent/Name-001, Name-002, …
	Name  string     // used when Dir is ""; "": "run"
	Under string     // where numbered directories go; "": "runs"
	Force bool       // empty a Dir that holds something: files of an earlier run are deleted, others stay
	FS    FileSystem // nil: OS
}

// NotEmptyError refuses a directory that holds something.
type NotEmptyError struct{ Dir string }

func (e *NotEmptyError) Error() string {
	return fmt.Sprintf("run: directory %s is not empty", e.Dir)
}

// InUseError says that another process works in the directory.
type InUseError struct{ Dir string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("run: another govern works in %s", e.Dir)
}

func (e *InUseError) Unwrap() error { return ErrLocked }

// NotARunError says that a directory is not one that Create made.
type NotARunError struct {
	Dir string
	Err error // why
}

func (e *NotARunError) Error() string {
	return fmt.Sprintf("run: %s is not a run directory: %v", e.Dir, cause(e.Err))
}

func (e *NotARunError) Unwrap() error { return e.Err }

// UnfinishedError says that a run has no result yet.
type UnfinishedError struct{ Dir string }

func (e *UnfinishedError) Error() string {
	return fmt.Sprintf("run: the run in %s has not finished", e.Dir)
}

// Create makes a run directory and takes its lock. Errors: NotEmptyError,
// InUseError, WriteError.
func Create(o CreateOptions) (*Dir, error) {
	fsys := o.FS
	if fsys == nil {
		fsys = OS{}
	}
	if o.Dir == "" {
		dir, err := number(fsys, o.Under, o.Name)
		if err != nil {
			return nil, err
		}
		return lockDir(fsys, dir)
	}
	if err := fsys.MkdirAll(o.Dir); err != nil {
		return nil, &WriteError{o.Dir, err}
	}
	held, err := fsys.ReadDir(o.Dir)
	if err != nil {
		return nil, &WriteError{o.Dir, err}
	}
	if len(held) > 0 && !o.Force {
		return nil, &NotEmptyError{o.Dir}
	}
	d, err := lockDir(fsys, o.Dir)
	if err != nil {
		return nil, err
	}
	if err := d.clear(); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

// number makes the first directory name-001, name-002, … that is not there.
func number(fsys FileSystem, under, name string) (string, error) {
	if under == "" {
		under = "runs"
	}
	name = safeName(name)
	if name == "" {
		name = "run"
	}
	if err := fsys.MkdirAll(under); err != nil {
		return "", &WriteError{under, err}
	}
	for i := 1; ; i++ {
		dir := filepath.Join(under, fmt.Sprintf("%s-%03d", name, i))
		err := fsys.Mkdir(dir)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", &WriteError{dir, err}
		}
	}
}

// safeName keeps what is harmless in a file name.
func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.', r >= 0x80:
			return r
		}
		return '-'
	}, s)
	return strings.Trim(s, "-.")
}

// Open takes the lock of an existing run directory. Errors: NotARunError,
// InUseError, WriteError.
func Open(path string, fsys FileSystem) (*Dir, error) {
	if fsys == nil {
		fsys = OS{}
	}
	if _, err := fsys.ReadFile(filepath.Join(path, ManifestFile)); err != nil {
		return nil, &NotARunError{path, err}
	}
	return lockDir(fsys, path)
}

func lockDir(fsys FileSystem, path string) (*Dir, error) {
	checkpoints := filepath.Join(path, checkpointDir)
	if err := fsys.MkdirAll(checkpoints); err != nil {
		return nil, &WriteError{checkpoints, err}
	}
	lock, err := fsys.Lock(filepath.Join(checkpoints, lockName))
	if errors.Is(err, ErrLocked) {
		return nil, &InUseError{path}
	}
	if err != nil {
		return nil, &WriteError{filepath.Join(checkpoints, lockName), err}
	}
	return &Dir{path: path, fs: fsys, lock: lock}, nil
}

// clear deletes an earlier run, its result first, but not the lock.
func (d *Dir) clear() error {
	for _, name := range files {
		if name == checkpointDir {
			continue
		}
		if err := d.fs.RemoveAll(d.File(name)); err != nil {
			return &WriteError{d.File(name), err}
		}
	}
	steps, err := d.fs.ReadDir(d.File(checkpointDir))
	if err != nil {
		return &WriteError{d.File(checkpointDir), err}
	}
	for _, step := range steps {
		if step.Name() == lockName {
			continue
		}
		path := filepath.Join(d.File(checkpointDir), step.Name())
		if err := d.fs.RemoveAll(path); err != nil {
			return &WriteError{path, err}
		}
	}
	return nil
}

// Path returns the directory as it was given.
func (d *Dir) Path() string { return d.path }

// File returns the path of a file of the run.
func (d *Dir) File(name string) string { return filepath.Join(d.path, name) }

// Write writes a file of the run: all of it or, when fill or the disk fails,
// nothing.
func (d *Dir) Write(name string, fill func(io.Writer) error) error {
	return WriteFile(d.fs, d.File(name), fill)
}

// WriteBytes writes a file of the run.
func (d *Dir) WriteBytes(name string, data []byte) error {
	return d.Write(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteResult writes result.json. It comes last: a run with a result is
// finished.
func (d *Dir) WriteResult(r *Result) error {
	data, err := r.Encode()
	if err != nil {
		return err
	}
	return d.WriteBytes(ResultFile, data)
}

// Close lets go of the lock.
func (d *Dir) Close() error { return d.lock.Close() }

// ReadResult reads the result of a run, whether or not somebody works in it.
// The error is fs.ErrNotExist when the run has not finished.
func ReadResult(dir string) (*Result, error) {
	path := filepath.Join(dir, ResultFile)
	data, err := OS{}.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := DecodeResult(data)
	if err != nil {
		return nil, fmt.Errorf("run: %s: %w", path, err)
	}
	return r, nil
}
