package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"govern"
	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/internal/lane"
	"govern/ode"
	"govern/run"
	"govern/series"
)

func TestEveryKindOfErrorHasItsExitStatus(t *testing.T) {
	full := &run.WriteError{Path: "a", Err: syscall.ENOSPC}
	cases := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("a defect"), 1},
		{full, 1},
		{&outputError{syscall.ENOSPC}, 1},
		{&run.InUseError{Dir: "a"}, 1},
		{usagef("wrong"), 2},
		{&expr.Diagnostic{Text: "wrong"}, 2},
		{expr.DiagnosticList{{Text: "wrong"}}, 2},
		{&run.NotEmptyError{Dir: "a"}, 2},
		{&run.NotARunError{Dir: "a", Err: errors.New("why")}, 2},
		{&run.ChangedError{Dir: "a", What: []string{"b"}}, 2},
		{&lane.LevelError{Level: "x"}, 2},
		{&run.NoUDEError{Dir: "a"}, 2},
		{&run.UDEError{File: "a"}, 2},
		{&usageError{&run.UnfinishedError{Dir: "a"}}, 2},
		{&govern.MismatchError{}, 2},
		{&discover.MixedError{}, 2},
		{&conclude.EachError{}, 2},
		{&conclude.FewEntriesError{}, 2},
		{&fit.SpreadError{}, 2},
		{&series.DataError{Text: "empty"}, 3},
		{&verdictError{run.NoModel}, 4},
		{&ode.BlowUpError{}, 4},
		{&ode.StepError{}, 4},
		{context.Canceled, 130},
		{errInterrupted, 130},
		{errors.Join(&ode.BlowUpError{}, full), 1}, // what was asked for could not be written
	}
	for _, c := range cases {
		for _, err := range []error{c.err, wrapped(c.err)} {
			if got := statusOf(err); got != c.want {
				t.Errorf("%T %v: status %d, want %d", c.err, err, got, c.want)
			}
		}
	}
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("deep inside: %w", &adviceError{err, "try again"})
}

func TestMessagesEndWithAdvice(t *testing.T) {
	got := render(wrapped(errors.New("the file is damaged")))
	if want := "govern: deep inside: the file is damaged\n     = try again\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got = render(expr.DiagnosticList{{File: "m.yaml", Text: "one"}, {File: "m.yaml", Text: "two", Hint: "write three"}})
	if strings.Count(got, "\n\n") != 1 || !strings.Contains(got, "write three") || strings.HasPrefix(got, "govern:") {
		t.Errorf("got %q", got)
	}
}
