package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the program under test, built once.
var binary string

// program is linked into the test although the tests run the binary: otherwise the linker
// drops what only the program needs, and go test takes a change there for none and
// repeats an old result.
var program = main

func TestMain(m *testing.M) {
	if program == nil {
		os.Exit(1)
	}
	dir, err := os.MkdirTemp("", "govern-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "govern")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// invoke runs govern in a directory.
func invoke(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	c := exec.Command(binary, args...)
	c.Dir = dir
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), out.String(), errs.String()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, out.String(), errs.String()
}

// write makes a file below dir.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// table is a small recording of an oscillation: enough samples to open.
func table(edit func(line int, cells []string)) string {
	var b strings.Builder
	b.WriteString("t,x,y\n")
	x, y := 1.0, 0.0
	for i := range 60 {
		cells := []string{fmt.Sprint(float64(i) / 10), fmt.Sprintf("%.6f", x), fmt.Sprintf("%.6f", y)}
		if edit != nil {
			edit(i, cells)
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
		for range 100 {
			x, y = x+0.001*y, y-0.001*x
		}
	}
	return b.String()
}

const oscillator = `model:
  name: oscillator
  states: {x: 1, y: 0}
  equations: |
    x' = y
    y' = f(x, y)
  unknowns: {f: {}}
data:
  - file: train.csv
    time: t
    observe: {x: x, y: y}
`

func TestMistakesAreExplainedOnOneScreen(t *testing.T) {
	cases := []struct {
		name   string
		files  map[string]string
		args   string
		status int
		want   []string // in stderr
	}{
		{name: "unknown command", args: "discovr p.yaml", status: 2, want: []string{"discovr", "discover"}},
		{name: "unknown flag", args: "discover --sede 3 p.yaml", status: 2, want: []string{"--sede", "did you mean --seed?"}},
		{name: "flag without number", args: "simulate lorenz -t fast", status: 2, want: []string{"fast", "time"}},
		{name: "no argument", args: "discover", status: 2, want: []string{"PROBLEM", "--help"}},
		{name: "negative workers", args: "models --workers -1", status: 2, want: []string{"--workers -1"}},
		{name: "missing problem file", args: "discover p.yaml", status: 2, want: []string{"p.yaml"}},
		{name: "missing table", args: "discover p.csv", status: 3, want: []string{"p.csv"}},
		{name: "bad YAML", files: map[string]string{"p.yaml": "model: [\n"}, args: "discover p.yaml", status: 2, want: []string{"p.yaml:"}},
		{name: "unknown key", files: map[string]string{"p.yaml": strings.Replace(oscillator, "observe", "observ", 1)}, args: "check p.yaml",
			status: 2, want: []string{"p.yaml:11", "observ", "^"}},
		{name: "unknown name in an equation", files: map[string]string{"p.yaml": strings.Replace(oscillator, "x' = y", "x' = yy", 1)}, args: "check p.yaml",
			status: 2, want: []string{"p.yaml:5", "yy", "^"}},
		{name: "unbalanced parenthesis", files: map[string]string{"p.yaml": strings.Replace(oscillator, "f(x, y)", "f(x, y", 1)}, args: "check p.yaml",
			status: 2, want: []string{"p.yaml:6", "^"}},
		{name: "state without equation", files: map[string]string{"p.yaml": strings.Replace(oscillator, "    x' = y\n", "", 1)}, args: "check p.yaml",
			status: 2, want: []string{"x"}},
		{name: "bounds exclude the start", files: map[string]string{"p.yaml": strings.Replace(oscillator, "  equations", "  parameters: {c: {value: 5, fit: true, max: 1}}\n  equations", 1)},
			args: "check p.yaml", status: 2, want: []string{"p.yaml:4", "5"}},
		{name: "missing data file", files: map[string]string{"p.yaml": oscillator}, args: "discover p.yaml", status: 3, want: []string{"train.csv"}},
		{name: "missing column", files: map[string]string{"p.yaml": oscillator, "train.csv": strings.Replace(table(nil), "t,x,y", "t,x,z", 1)},
			args: "discover p.yaml", status: 3, want: []string{"train.csv", "y"}},
		{name: "text in a number column", files: map[string]string{"p.yaml": oscillator, "train.csv": table(func(i int, c []string) {
			if i == 3 {
				c[1] = "high"
			}
		})}, args: "discover p.yaml", status: 3, want: []string{"train.csv:5", "high"}},
		{name: "time goes back", files: map[string]string{"p.yaml": oscillator, "train.csv": table(func(i int, c []string) {
			if i == 7 {
				c[0] = "0.1"
			}
		})}, args: "discover p.yaml", status: 3, want: []string{"train.csv:9", "0.1"}},
		{name: "one sample", files: map[string]string{"p.yaml": oscillator, "train.csv": "t,x,y\n0,1,0\n"}, args: "discover p.yaml", status: 3, want: []string{"train.csv"}},
		{name: "constant channel", files: map[string]string{"p.yaml": oscillator, "train.csv": table(func(_ int, c []string) { c[2] = "1" })},
			args: "discover p.yaml", status: 3, want: []string{"y", "constant"}},
		{name: "empty channel", files: map[string]string{"p.yaml": oscillator, "train.csv": table(func(_ int, c []string) { c[2] = "" })},
			args: "discover p.yaml", status: 3, want: []string{"y"}},
		{name: "directory in the way", files: map[string]string{"p.yaml": oscillator, "train.csv": table(nil)}, args: "discover p.yaml -o .",
			status: 2, want: []string{"not empty", "--force"}},
		{name: "output below a file", files: map[string]string{"p.yaml": oscillator, "train.csv": table(nil)}, args: "discover p.yaml -o p.yaml/run",
			status: 1, want: []string{"cannot write p.yaml/run"}},
		{name: "assess with an unknown", files: map[string]string{"p.yaml": oscillator, "train.csv": table(nil)}, args: "assess p.yaml",
			status: 2, want: []string{"unknown f", "govern discover"}},
		{name: "unknown model", args: "simulate lorentz", status: 2, want: []string{"lorentz", "lorenz"}},
		{name: "model with a mistake", files: map[string]string{"m.yaml": "states: {x: 1}\nequations: |\n  x' = -k*x\n"}, args: "simulate m.yaml",
			status: 2, want: []string{"m.yaml:3", "k", "^"}},
		{name: "model with an unknown", files: map[string]string{"m.yaml": "states: {x: 1}\nequations: x' = f(x)\nunknowns: {f: {}}\n"}, args: "simulate m.yaml",
			status: 2, want: []string{"unknown f", "discover"}},
		{name: "model with an input", files: map[string]string{"m.yaml": "states: {x: 1}\ninputs: [I]\nequations: x' = I - x\n"}, args: "simulate m.yaml",
			status: 2, want: []string{"input I", "--set I="}},
		{name: "set of no parameter", args: "simulate lorenz --set rhoo=1", status: 2, want: []string{"rhoo", "did you mean rho?"}},
		{name: "from of no number", args: "simulate lorenz --from x=one", status: 2, want: []string{"x=one"}},
		{name: "negative time", args: "simulate lorenz -t -1", status: 2, want: []string{"--time -1"}},
		{name: "too many rows", args: "simulate lorenz -t 1e12", status: 2, want: []string{"memory", "--dt"}},
		{name: "blow-up", files: map[string]string{"m.yaml": "states: {x: 1}\nequations: x' = x^2\n"}, args: "simulate m.yaml -t 2", status: 4, want: []string{"x", "t = "}},
		{name: "simulate over a file", files: map[string]string{"a.csv": "mine"}, args: "simulate lorenz -t 1 -o a.csv", status: 2, want: []string{"a.csv", "exists", "--force"}},
		{name: "export over a file", files: map[string]string{"a.py": "mine"}, args: "export lorenz -o a.py", status: 2, want: []string{"a.py", "exists", "--force"}},
		{name: "show a file", files: map[string]string{"a.csv": "mine"}, args: "show a.csv", status: 2, want: []string{"a.csv", "it is a file"}},
		{name: "landscape of no points", files: map[string]string{"p.yaml": oscillator, "train.csv": table(nil)}, args: "landscape lorenz.yaml sigma --points 0", status: 2},
		{name: "compare with too many seeds", files: map[string]string{"p.yaml": oscillator, "train.csv": table(nil)}, args: "compare p.yaml --seeds 2000000000", status: 2, want: []string{"--seeds"}},
		{name: "simulate into a missing directory", args: "simulate lorenz -t 1 -o no/such/file.csv", status: 1, want: []string{"no/such/file.csv"}},
		{name: "disk full", args: "simulate lorenz -t 1 -o /dev/full", status: 1, want: []string{"cannot write /dev/full", "disk is full"}},
		{name: "show what is no run", args: "show .", status: 2, want: []string{"not a run directory"}},
		{name: "resume what is no run", args: "resume nowhere", status: 2, want: []string{"not a run directory"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				write(t, dir, name, text)
			}
			status, _, stderr := invoke(t, dir, strings.Fields(c.args)...)
			if status != c.status {
				t.Errorf("exit status %d, want %d\n%s", status, c.status, stderr)
			}
			for _, want := range c.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("the message lacks %q:\n%s", want, stderr)
				}
			}
			if lines := strings.Count(stderr, "\n"); lines > 24 || lines == 0 {
				t.Errorf("the message has %d lines:\n%s", lines, stderr)
			}
			if strings.Contains(stderr, "goroutine") {
				t.Errorf("a trace:\n%s", stderr)
			}
			if runs, _ := filepath.Glob(filepath.Join(dir, "runs", "*")); len(runs) > 0 {
				t.Errorf("a mistake left %v", runs)
			}
		})
	}
}

func TestFullDiskBehindStdoutIsNoticed(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full")
	}
	defer full.Close()
	for _, args := range [][]string{{"models"}, {"models", "lorenz"}, {"simulate", "lorenz", "-t", "1"}} {
		c := exec.Command(binary, args...)
		var errs bytes.Buffer
		c.Stdout, c.Stderr = full, &errs
		exit, ok := errors.AsType[*exec.ExitError](c.Run())
		if !ok || exit.ExitCode() != 1 || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("%v: %v, %s", args, exit, errs.String())
		}
	}
}

func TestSimulateWritesTheTimesThatWereAskedFor(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := invoke(t, dir, "simulate", "lorenz", "-t", "0.5", "--dt", "0.1", "--from", "x=1,y=2,z=3", "--set", "rho=20")
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, %s", status, stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(lines) != 7 || lines[0] != "t,x,y,z" || lines[1] != "0,1,2,3" || !strings.HasPrefix(lines[4], "0.3,") {
		t.Errorf("got\n%s", stdout)
	}
	if status, _, stderr := invoke(t, dir, "simulate", "lorenz", "-t", "0.5", "--dt", "0.1", "--from", "x=1,y=2,z=3", "--set", "rho=20", "-o", "a.csv"); status != 0 {
		t.Fatal(stderr)
	}
	file, err := os.ReadFile(filepath.Join(dir, "a.csv"))
	if err != nil || string(file) != stdout {
		t.Errorf("-o wrote something else: %v\n%s", err, file)
	}
}

func TestEveryModelOfTheCatalogueIsListedPrintedAndRun(t *testing.T) {
	dir := t.TempDir()
	status, list, stderr := invoke(t, dir, "models")
	if status != 0 {
		t.Fatal(stderr)
	}
	for line := range strings.Lines(list) {
		name := strings.Fields(line)[0]
		status, text, stderr := invoke(t, dir, "models", name)
		if status != 0 {
			t.Fatal(stderr)
		}
		write(t, dir, "m.yaml", text)
		args := []string{"simulate", "m.yaml", "-t", "1"}
		for _, input := range inputsOf(text) {
			args = append(args, "--set", input+"=0")
		}
		if status, _, stderr := invoke(t, dir, args...); status != 0 {
			t.Errorf("%s: status %d: %s", name, status, stderr)
		}
	}
}

func inputsOf(model string) []string {
	for line := range strings.Lines(model) {
		if rest, ok := strings.CutPrefix(line, "inputs:"); ok {
			return strings.FieldsFunc(strings.Trim(strings.TrimSpace(rest), "[]"), func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	return nil
}
