package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"govern"
	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/internal/lane"
	"govern/ode"
	"govern/profile"
	"govern/run"
	"govern/series"
	"govern/task"
)

// The exit statuses, part of the command line's contract.
const (
	statusDone        = 0
	statusOther       = 1   // output not writable, disk full, a defect
	statusUsage       = 2   // command line, model or problem file: decided without opening data
	statusData        = 3   // found on opening the data
	statusUntrusted   = 4   // finished without a trustworthy answer
	statusInterrupted = 130 // the checkpoint is written
)

// usageError marks what is wrong with the command line or with what it names.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// outputError marks what could not be written to stdout.
type outputError struct{ error }

func (e *outputError) Error() string { return "cannot write the output: " + e.error.Error() }
func (e *outputError) Unwrap() error { return e.error }

// verdictError carries the status of a finished run that found no trustworthy
// answer; what there is to say was printed with the result.
type verdictError struct{ status run.Status }

func (e *verdictError) Error() string { return "finished with status " + string(e.status) }

// adviceError adds what to try to an error.
type adviceError struct {
	error
	advice string
}

func (e *adviceError) Unwrap() error { return e.error }

// statusOf maps typed errors to exit statuses; the first row that fits counts.
func statusOf(err error) int {
	switch {
	case err == nil:
		return statusDone
	case is[*verdictError](err):
		return statusUntrusted
	case errors.Is(err, context.Canceled), errors.Is(err, errInterrupted):
		return statusInterrupted
	case is[*outputError](err), is[*run.WriteError](err), is[*run.InUseError](err):
		return statusOther
	case is[*series.DataError](err):
		return statusData
	case is[*usageError](err), is[*task.ProblemError](err), is[*expr.Diagnostic](err), is[expr.DiagnosticList](err),
		is[*run.NotEmptyError](err), is[*run.NotARunError](err), is[*run.ChangedError](err), is[*run.NoUDEError](err), is[*run.UDEError](err),
		is[*discover.MixedError](err), is[*fit.SpreadError](err), is[*conclude.EachError](err), is[*conclude.FewEntriesError](err), is[*govern.MismatchError](err), is[*profile.Error](err), is[*lane.LevelError](err):
		return statusUsage
	case is[*ode.BlowUpError](err), is[*ode.StepError](err):
		return statusUntrusted
	}
	return statusOther
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// complain renders an error for a person and returns its exit status.
func complain(w io.Writer, err error) int {
	status := statusOf(err)
	if err == nil || is[*verdictError](err) {
		return status
	}
	fmt.Fprint(w, render(err))
	return status
}

// render is the message of an error, with its place and advice where it has
// them; it ends with a newline.
func render(err error) string {
	var text string
	list, isList := errors.AsType[expr.DiagnosticList](err)
	diagnostic, isDiagnostic := errors.AsType[*expr.Diagnostic](err)
	data, isData := errors.AsType[*series.DataError](err)
	switch {
	case isList:
		parts := make([]string, len(list))
		for i, d := range list {
			parts[i] = line(d.Render())
		}
		text = strings.Join(parts, "\n") // a blank line between two
	case isDiagnostic:
		text = line(diagnostic.Render())
	case isData:
		text = line(data.Render())
	default:
		text = "govern: " + line(err.Error())
	}
	if advice := adviceFor(err); advice != "" {
		text += "     = " + line(advice)
	}
	return text
}

func line(s string) string { return strings.TrimRight(s, "\n") + "\n" }

// adviceFor says what to try.
func adviceFor(err error) string {
	if a, ok := errors.AsType[*adviceError](err); ok {
		return a.advice
	}
	if e, ok := errors.AsType[*lane.LevelError](err); ok {
		return e.Advice()
	}
	if e, ok := errors.AsType[*run.ChangedError](err); ok && slices.Contains(lane.Levels(), e.Kernel) {
		return "`" + lane.Environment + "=" + e.Kernel + " govern resume " + e.Dir + "` continues with the kernels that it began with"
	}
	if e, ok := errors.AsType[*profile.Error](err); ok && len(e.Known) > 0 {
		return "there are: " + strings.Join(e.Known, "; ")
	}
	unfinished, isUnfinished := errors.AsType[*run.UnfinishedError](err)
	switch {
	case isUnfinished:
		return "`govern resume " + unfinished.Dir + "` continues it"
	case is[*run.NoUDEError](err):
		return "`govern fit` trains a network for every unknown; so does `govern discover` for unknowns with `neural: {}`"
	case is[*run.UDEError](err):
		return "docs/guide.md describes the file; `govern fit` writes a new one"
	case is[*govern.MismatchError](err):
		return "train them again with `govern fit`"
	case is[*discover.MixedError](err):
		return "give every unknown a library, or none; `govern discover` tries libraries first and networks where they fail"
	case is[*run.NotEmptyError](err):
		return "choose another directory with -o, or give --force to replace the run in it"
	case is[*run.InUseError](err):
		return "wait for it to end, or choose another directory with -o"
	case is[*run.NotARunError](err):
		return "give the directory that `govern discover` or `govern fit` printed, such as runs/NAME-001"
	case is[*run.ChangedError](err):
		return "a resumed run must end with the same bits; start a new one"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full: make room, or choose a place on another disk with -o"
	case is[*run.WriteError](err):
		return "choose a place that you may write to with -o"
	}
	return ""
}
