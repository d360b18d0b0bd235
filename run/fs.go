package run

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// FileSystem is what a run directory asks of a disk. Tests use one that fails.
type FileSystem interface {
	Mkdir(path string) error // one level; fs.ErrExist when it is there
	MkdirAll(path string) error
	ReadDir(path string) ([]fs.DirEntry, error)
	ReadFile(path string) ([]byte, error)
	Create(path string) (File, error) // truncates
	Rename(from, to string) error
	RemoveAll(path string) error
	SyncDir(path string) error // makes renames in a directory durable
	// Lock takes the lock of a file, creating it, until the returned value is
	// closed or the process ends. It does not wait: ErrLocked.
	Lock(path string) (io.Closer, error)
}

// File is a file open for writing.
type File interface {
	io.WriteCloser
	Sync() error
}

// ErrLocked says that another process holds a lock.
var ErrLocked = errors.New("locked by another process")

// OS is the file system of the machine. Directories and files that it makes are as
// open as the process's mask allows.
type OS struct{}

// Mkdir makes a directory that is not there yet.
func (OS) Mkdir(path string) error { return os.Mkdir(path, 0o777) }

// MkdirAll makes a directory with all above it.
func (OS) MkdirAll(path string) error { return os.MkdirAll(path, 0o777) }

// ReadDir lists a directory, sorted by name.
func (OS) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }

// ReadFile returns what a file holds.
func (OS) ReadFile(path string) ([]byte, error) { return os.ReadFile(path) }

// Create opens an empty file in the place of what was there.
func (OS) Create(path string) (File, error) { return os.Create(path) }

// Rename moves a file in one step, over another if there is one.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// RemoveAll removes a file, or a directory and all in it; nothing there is no error.
func (OS) RemoveAll(path string) error { return os.RemoveAll(path) }

// Lock holds a lock until it is closed; ErrLocked where another process has it.
func (OS) Lock(path string) (io.Closer, error) { return lockFile(path) }

// SyncDir syncs a directory. Windows cannot and need not.
func (OS) SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// WriteError says that a file of a run could not be written: the disk is full,
// the directory is not writable.
type WriteError struct {
	Path string
	Err  error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("run: cannot write %s: %v", e.Path, cause(e.Err))
}
func (e *WriteError) Unwrap() error { return e.Err }

// cause strips the path that WriteError names already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// WriteFile writes a file so that path holds, at every moment and after a power
// failure, either what it held before or all that fill writes.
func WriteFile(fsys FileSystem, path string, fill func(io.Writer) error) error {
	if err := replace(fsys, path, fill, true); err != nil {
		return &WriteError{path, err}
	}
	return nil
}

func replace(fsys FileSystem, path string, fill func(io.Writer) error, durable bool) (err error) {
	temporary := path + ".tmp"
	f, err := fsys.Create(temporary)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil && durable {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = fsys.Rename(temporary, path)
	}
	if err != nil {
		_ = fsys.RemoveAll(temporary) // the first error is the one that matters
		return err
	}
	if durable {
		return fsys.SyncDir(filepath.Dir(path))
	}
	return nil
}
