package run_test

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"syscall"

	"govern/run"
)

// faulty is a file system that does its work for a number of operations and
// fails from then on, as a full disk or a killed process does. A write that
// fails leaves half of its bytes.
type faulty struct {
	run.OS
	err error

	mu   sync.Mutex
	left int // operations until failure; negative: never
	done int // operations so far
}

var errKilled = errors.New("killed")

func (f *faulty) step() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done++
	if f.left == 0 {
		return f.err
	}
	if f.left > 0 {
		f.left--
	}
	return nil
}

func (f *faulty) Mkdir(path string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.OS.Mkdir(path)
}

func (f *faulty) MkdirAll(path string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.OS.MkdirAll(path)
}

func (f *faulty) Create(path string) (run.File, error) {
	if err := f.step(); err != nil {
		return nil, err
	}
	file, err := f.OS.Create(path)
	return &faultyFile{file, f}, err
}

func (f *faulty) Rename(from, to string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.OS.Rename(from, to)
}

func (f *faulty) RemoveAll(path string) error {
	if f.err == errKilled { // the dead do not clean up
		if err := f.step(); err != nil {
			return err
		}
	}
	return f.OS.RemoveAll(path)
}

func (f *faulty) SyncDir(path string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.OS.SyncDir(path)
}

type faultyFile struct {
	run.File
	fs *faulty
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.fs.step(); err != nil {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultyFile) Sync() error {
	if err := f.fs.step(); err != nil {
		return err
	}
	return f.File.Sync()
}

var (
	_           run.FileSystem = &faulty{}
	_           io.Closer      = &faultyFile{}
	diskFull                   = &fs.PathError{Op: "write", Path: "somewhere", Err: syscall.ENOSPC}
	notWritable                = &fs.PathError{Op: "open", Path: "somewhere", Err: syscall.EACCES}
)
