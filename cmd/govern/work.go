package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"govern/run"
	"govern/task"
)

// begin makes the run directory of a request and does the task in it.
func (a *app) begin(ctx context.Context, r task.Request) error {
	r.Dir, r.Force, r.Seed, r.Version, r.Command = a.output, a.force, a.seed, version(), os.Args
	t, err := task.Create(r)
	if err != nil {
		return err
	}
	defer t.Close()
	return a.work(ctx, t)
}

// work does what is left of a task and prints what comes of it.
func (a *app) work(ctx context.Context, t *task.Task) error {
	bar := a.newProgress()
	done, err := t.Run(ctx, a.workers, bar)
	if p, ok := bar.(*progress); ok {
		p.finish()
	}
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, context.Canceled) {
			err = errors.Join(context.Cause(ctx), err)
		}
		return a.unfinished(t.Path(), err)
	}
	if done.Result != nil {
		return a.conclude(t.Path(), done.Result)
	}
	if a.json {
		_, err := a.stdout.Write(done.JSON)
		return err
	}
	done.Print(a.stdout)
	fmt.Fprintf(a.stdout, "\n%s\n", t.Path())
	return a.stdout.err
}

// unfinished adds to an error where the run stopped and how it goes on.
func (a *app) unfinished(dir string, err error) error {
	resume := "`govern resume " + dir + "` continues from the last finished step"
	switch statusOf(err) {
	case statusInterrupted:
		return &adviceError{&interruptedError{dir, err}, resume}
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
	if info, statErr := os.Stat(dir); statErr == nil && !info.IsDir() {
		return &run.NotARunError{Dir: dir, Err: errors.New("it is a file")}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := run.ReadManifest(dir); err != nil {
		return err
	}
	return &run.UnfinishedError{Dir: dir}
}
