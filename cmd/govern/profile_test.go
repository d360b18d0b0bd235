package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"govern/internal/quick"
)

func TestAProfileIsWrittenAndAnInterruptedOneResumesToTheSameBits(t *testing.T) {
	quick.Skip(t)
	dir := lorenzDir(t)
	if status, _, stderr := invoke(t, dir, "discover", "p.yaml", "-o", "found", "--quiet"); status != 0 {
		t.Fatal(stderr)
	}
	command := []string{"profile", "found", "--parameter", "f: x"}
	status, stdout, stderr := invoke(t, dir, append(command, "-o", "whole")...)
	if status != 0 || !strings.Contains(stdout, "f: x = -10") || !strings.Contains(stdout, "95 % interval by profile likelihood: [") {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	profile := func(run string) string {
		all := ""
		for _, name := range []string{"profile.csv", "profile.json", "profile.html", "history.csv"} {
			text, err := os.ReadFile(filepath.Join(dir, run, name))
			if err != nil || len(text) == 0 {
				t.Fatalf("%s: %v", name, err)
			}
			all += string(text)
		}
		return all
	}
	want := profile("whole")
	for i, signal := range []os.Signal{os.Interrupt, os.Kill, syscall.SIGTERM} {
		out := []string{"r0", "r1", "r2"}[i]
		stopAfter(t, dir, i+1, signal, append(command, "-o", out)...)
		if status, again, stderr := invoke(t, dir, "resume", out, "--quiet"); status != 0 || !strings.Contains(again, "f: x = -10") {
			t.Fatalf("%v: resume: status %d\n%s%s", signal, status, again, stderr)
		}
		if profile(out) != want {
			t.Errorf("%v: the resumed profile has other bits", signal)
		}
	}

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"profile", "found", "--parameter", "q"}, "there are: f: x; f: y"},
		{[]string{"profile", "found"}, "parameter"},
		{[]string{"profile", "found", "--parameter", "x", "--points", "1"}, "at least two"},
		{[]string{"profile", "gone", "--parameter", "x"}, "not a run"},
		{[]string{"profile", "found", "--parameter", "x", "-o", "found"}, "another directory"},
	} {
		if status, _, stderr := invoke(t, dir, c.args...); status != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d, %s; want 2 and %q", c.args, status, stderr, c.want)
		}
	}
}
