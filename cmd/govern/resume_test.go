package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"govern/internal/lane"
	"govern/internal/quick"
	"govern/run"
)

const lorenzProblem = `model:
  name: half-lorenz
  states: {x: 1, y: 1, z: 1}
  parameters: {rho: 28, beta: 2.6666666666666665}
  equations: |
    x' = f(x, y)
    y' = x*(rho - z) - y
    z' = x*y - beta*z
  unknowns: {f: {}}
data:
  - file: lorenz.csv
    time: t
    observe: {x: x, y: y, z: z}
`

// lorenzDir is a directory with a small problem that discover solves.
func lorenzDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "p.yaml", lorenzProblem)
	if status, _, stderr := invoke(t, dir, "simulate", "lorenz", "-t", "12", "--dt", "0.02", "-o", "lorenz.csv"); status != 0 {
		t.Fatal(stderr)
	}
	return dir
}

// bits are the parts of a run that may not depend on how it went: all of
// result.json but the seconds, and the history, the model and the trajectories.
func bits(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"result.json", "history.csv", "model.yaml", "trajectories.csv", "unknowns.csv", "report.html", "ude.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if name == "ude.json" && errors.Is(err, fs.ErrNotExist) {
			continue // no network
		}
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile(`(?s)"seconds": \{.*?\}`).ReplaceAll(data, nil)
		b.WriteString(name + "\n" + string(data))
	}
	return b.String()
}

func TestDiscoverFindsProvesAndReports(t *testing.T) {
	quick.Skip(t)
	dir := lorenzDir(t)
	status, stdout, stderr := invoke(t, dir, "discover", "p.yaml")
	if status != 0 {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	report := filepath.Join("runs", "half-lorenz-001", "report.html")
	for _, want := range []string{"f(x, y) = ", "[", "valid time", "free-running", report} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	for _, name := range []string{"problem.yaml", "manifest.json", "history.csv", "model.yaml", "result.json", "trajectories.csv", "unknowns.csv", "report.html"} {
		if info, err := os.Stat(filepath.Join(dir, "runs", "half-lorenz-001", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !regexp.MustCompile(`(?m)^govern: .*%`).MatchString(stderr) {
		t.Errorf("no progress on stderr:\n%s", stderr)
	}

	done := filepath.Join("runs", "half-lorenz-001")
	data, err := os.ReadFile(filepath.Join(dir, done, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte(dir)) {
		t.Error("result.json names a directory of this machine")
	}
	page, err := os.ReadFile(filepath.Join(dir, report))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page, []byte(dir)) || len(page) > 1_500_000 {
		t.Errorf("the report has %d bytes, or names a directory of this machine", len(page))
	}
	for _, want := range []string{"What was learned of f", "held-out start", "enlarged", "Innovations", "Power spectra", "How the fits went", "No gain: nothing was supplied", "loss per observation"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if _, json, _ := invoke(t, dir, "show", done, "--json"); json != string(data) {
		t.Errorf("show --json prints something else than result.json:\n%s", json)
	}
	if status, shown, _ := invoke(t, dir, "show", done); status != 0 || shown != stdout {
		t.Errorf("show prints something else than discover:\n%s", shown)
	}
	if status, again, _ := invoke(t, dir, "resume", done); status != 0 || again != stdout {
		t.Errorf("resume of a finished run: status %d\n%s", status, again)
	}
	if status, _, stderr := invoke(t, dir, "simulate", done, "-t", "1"); status != 0 {
		t.Errorf("the model does not run: %s", stderr)
	}
	if status, _, stderr := invoke(t, dir, "discover", "p.yaml", "-o", done); status != 2 || !strings.Contains(stderr, "not empty") {
		t.Errorf("into the same directory: status %d, %s", status, stderr)
	}

	t.Run("again, quietly, by one worker", func(t *testing.T) {
		status, _, stderr := invoke(t, dir, "discover", "p.yaml", "-o", "again", "--workers", "1", "--quiet")
		if status != 0 || stderr != "" {
			t.Errorf("status %d, stderr %q", status, stderr)
		}
		if bits(t, filepath.Join(dir, "again")) != bits(t, filepath.Join(dir, done)) {
			t.Error("one worker gives other bits")
		}
	})
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, os.Kill} {
		for lines := 1; lines <= 4; lines++ {
			t.Run("stopped by "+signal.String()+" and resumed", func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "run")
				stopAfter(t, dir, lines, signal, "discover", "p.yaml", "-o", out)
				if status, stdout, stderr := invoke(t, dir, "resume", out); status != 0 {
					t.Fatalf("resume: status %d\n%s%s", status, stdout, stderr)
				}
				if bits(t, out) != bits(t, filepath.Join(dir, done)) {
					t.Error("the resumed run ended with other bits")
				}
			})
		}
	}
}

// stopAfter starts a command and sends it a signal when it has written some
// lines of progress.
func stopAfter(t *testing.T, dir string, lines int, signal os.Signal, args ...string) {
	t.Helper()
	c := exec.Command(binary, args...)
	c.Dir = dir
	pipe, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	r := bufio.NewReader(pipe)
	for range lines {
		line, err := r.ReadString('\n')
		stderr.WriteString(line)
		if err != nil {
			break
		}
	}
	_ = c.Process.Signal(signal) // it may have ended
	rest, _ := io.ReadAll(r)
	stderr.Write(rest)
	err = c.Wait()
	if err == nil || signal == os.Kill {
		return
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 130 || !strings.Contains(stderr.String(), "govern resume") {
		t.Errorf("stopped by %v: %v\n%s", signal, err, stderr.String())
	}
}

func TestResumeRefusesWhatWouldGiveOtherBits(t *testing.T) {
	dir := lorenzDir(t)
	stopAfter(t, dir, 2, os.Kill, "discover", "p.yaml", "-o", "r")
	if status, _, stderr := invoke(t, dir, "show", "r"); status != 1 || !strings.Contains(stderr, "govern resume r") {
		t.Errorf("show: status %d, %s", status, stderr)
	}
	if levels := lane.Levels(); len(levels) > 1 {
		begun, other := lane.Best().Level, levels[0]
		if other == begun {
			other = levels[1]
		}
		t.Setenv(lane.Environment, other)
		status, _, stderr := invoke(t, dir, "resume", "r")
		if advice := lane.Environment + "=" + begun + " govern resume r"; status != 2 || !strings.Contains(stderr, advice) {
			t.Errorf("other kernels: status %d, %s", status, stderr)
		}
		t.Setenv(lane.Environment, begun)
	}
	data, err := os.ReadFile(filepath.Join(dir, "lorenz.csv"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lorenz.csv", string(data)+"13,1,1,1\n")
	if status, _, stderr := invoke(t, dir, "resume", "r"); status != 2 || !strings.Contains(stderr, "lorenz.csv was edited") {
		t.Errorf("edited data: status %d, %s", status, stderr)
	}
	if err := os.Remove(filepath.Join(dir, "lorenz.csv")); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := invoke(t, dir, "resume", "r"); status != 3 || !strings.Contains(stderr, "lorenz.csv") {
		t.Errorf("missing data: status %d, %s", status, stderr)
	}
}

// Kernel levels round differently, so each has its own bits; what is found is the same.
func TestEveryKernelLevelIsInItsManifestAndUnknownOnesAreRefused(t *testing.T) {
	quick.Skip(t)
	dir := lorenzDir(t)
	for _, level := range lane.Levels() {
		t.Setenv(lane.Environment, level)
		if status, stdout, stderr := invoke(t, dir, "discover", "p.yaml", "-o", level, "--quiet"); status != 0 {
			t.Errorf("%s: status %d\n%s%s", level, status, stdout, stderr)
		}
		m, err := run.ReadManifest(filepath.Join(dir, level))
		if err != nil || m.Kernel != level {
			t.Errorf("%s: manifest %+v, %v", level, m, err)
		}
	}
	t.Setenv(lane.Environment, "sse9")
	status, _, stderr := invoke(t, dir, "discover", "p.yaml", "-o", "r")
	if status != 2 || !strings.Contains(stderr, "sse9") || !strings.Contains(stderr, "unset "+lane.Environment) {
		t.Errorf("unknown level: status %d, %s", status, stderr)
	}
}

func TestLibraryWithoutTheTrueTermIsNoModel(t *testing.T) {
	quick.Skip(t)
	dir := lorenzDir(t)
	poor := strings.NewReplacer("x' = f(x, y)", "x' = 10*(y - x)", "z' = x*y - beta*z", "z' = f(x, y, z)", "f: {}", "f: {library: {degree: 1}}").Replace(lorenzProblem)
	write(t, dir, "poor.yaml", poor)
	status, stdout, stderr := invoke(t, dir, "discover", "poor.yaml", "-o", "r", "--quiet")
	if status != 4 || !strings.Contains(stdout, "no_model") || !strings.Contains(stdout, "library") || stderr != "" {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	if status, _, _ := invoke(t, dir, "show", "r"); status != 0 {
		t.Errorf("showing it: status %d", status)
	}
	if status, _, _ := invoke(t, dir, "resume", "r"); status != 4 {
		t.Errorf("resuming what has finished: status %d", status)
	}
}

func TestAssessProvesAClosedModel(t *testing.T) {
	dir := lorenzDir(t)
	write(t, dir, "a.yaml", "model: lorenz\ndata:\n  - file: lorenz.csv\n    time: t\n    observe: {x: x, y: y, z: z}\n")
	status, stdout, stderr := invoke(t, dir, "assess", "a.yaml", "--quiet")
	if status != 0 || !strings.Contains(stdout, "valid time") || !strings.Contains(stdout, "x' = ") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

func TestTwoProcessesDoNotShareARunDirectory(t *testing.T) {
	dir := lorenzDir(t)
	d, err := run.Create(run.CreateOptions{Dir: filepath.Join(dir, "r")})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	status, _, stderr := invoke(t, dir, "discover", "p.yaml", "-o", "r", "--force")
	if status != 1 || !strings.Contains(stderr, "another govern works in r") {
		t.Errorf("status %d, %s", status, stderr)
	}
}

func TestCheckExplainsAndJudges(t *testing.T) {
	dir := lorenzDir(t)
	status, stdout, stderr := invoke(t, dir, "check", "p.yaml")
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, want := range []string{"x' = f(x, y)", "unknown   f(x, y)", "lorenz.csv", "samples a cycle", "judgement"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("check lacks %q:\n%s", want, stdout)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "runs")); err == nil {
		t.Error("check made a run directory")
	}
}

// comparedBits are the parts of a comparison that may not depend on how it went.
func comparedBits(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"compare.csv", "compare.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(string(data), `"seconds"`)
		b.WriteString(before)
	}
	return b.String()
}

func TestAnInterruptedComparisonKeepsItsTrials(t *testing.T) {
	quick.Skip(t)
	dir := lorenzDir(t)
	args := func(out string, more ...string) []string {
		return append([]string{"compare", "p.yaml", "--seeds", "1", "--budget", "14", "--degree", "1", "-o", out}, more...)
	}
	status, stdout, stderr := invoke(t, dir, args("whole")...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, want := range []string{"plain, cold", "both, warm", "nudged", "seeds 1", "free-running", "success"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, stdout)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "whole", "compare.html")); err != nil {
		t.Error(err)
	}
	want := comparedBits(t, filepath.Join(dir, "whole"))
	if n := strings.Count(want, "library,"); n < 8 {
		t.Errorf("%d rows in compare.csv", n)
	}
	if status, _, stderr := invoke(t, dir, args("one", "--workers", "1")...); status != 0 || comparedBits(t, filepath.Join(dir, "one")) != want {
		t.Errorf("one worker: status %d, or other bits: %s", status, stderr)
	}
	for _, lines := range []int{3, 12} {
		out := filepath.Join(t.TempDir(), "run")
		stopAfter(t, dir, lines, os.Interrupt, args(out)...)
		kept, err := filepath.Glob(filepath.Join(out, "checkpoint", "*.gob"))
		if err != nil || len(kept) == 0 {
			t.Errorf("after %d lines no finished step is kept: %v", lines, err)
		}
		if status, _, stderr := invoke(t, dir, "resume", out); status != 0 {
			t.Fatalf("resume: status %d: %s", status, stderr)
		}
		if comparedBits(t, out) != want {
			t.Error("the resumed comparison has other bits")
		}
	}
}

func TestCompareRefusesWhatItCannotDo(t *testing.T) {
	dir := lorenzDir(t)
	for _, flag := range []string{"--form=formula", "--seeds=0", "--budget=-1"} {
		if status, _, stderr := invoke(t, dir, "compare", "p.yaml", flag); status != 2 || !strings.Contains(stderr, strings.TrimPrefix(strings.Split(flag, "=")[0], "--")) {
			t.Errorf("%s: status %d, %s", flag, status, stderr)
		}
	}
}
