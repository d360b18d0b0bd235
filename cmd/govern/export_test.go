package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExportWritesWhatIsAskedFor(t *testing.T) {
	dir := t.TempDir()
	for args, want := range map[string]string{
		"export lorenz":                   "x' = sigma*(y - x)",
		"export lorenz --to latex":        `\begin{align}`,
		"export lorenz --to python":       "def rhs(t, state, p):",
		"export lorenz --to julia":        "function rhs!(du, u, p, t)",
		"export lorenz --to c":            "int main(",
		"export lorenz -o lorenz.tex":     `\begin{align}`,
		"export lorenz -o a.c --to julia": "function rhs!(du, u, p, t)",
	} {
		status, stdout, stderr := invoke(t, dir, strings.Fields(args)...)
		if _, file, found := strings.Cut(args, "-o "); found {
			file, _, _ = strings.Cut(file, " ")
			text, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil || stdout != "" {
				t.Errorf("%s: %v, stdout %q", args, err, stdout)
			}
			stdout = string(text)
		}
		if status != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%s: status %d\n%s%s", args, status, stderr, stdout)
		}
	}
}

func TestExportOfARunIsThatOfItsModel(t *testing.T) {
	dir := t.TempDir()
	_, file, _ := invoke(t, dir, "models", "rossler")
	if err := os.Mkdir(filepath.Join(dir, "run"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "run/model.yaml", file)
	_, want, _ := invoke(t, dir, "export", "rossler", "--to", "c")
	if status, got, stderr := invoke(t, dir, "export", "run", "--to", "c"); status != 0 || got != want {
		t.Errorf("status %d, %s\n%s", status, stderr, got)
	}
}

func TestExportRefusesWhatHasNoFormula(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "open.yaml", "states: {x: 1}\nunknowns: {f: {}}\nequations: |\n  x' = f(x)\n")
	for args, want := range map[string]string{
		"export open.yaml --to c":         "unknown f",
		"export open.yaml -o out.py":      "unknown f",
		"export lorenz --to pyton":        "did you mean python?",
		"export lorentz":                  "did you mean lorenz?",
		"export lorenz rossler --to text": "2 arguments",
	} {
		if status, stdout, stderr := invoke(t, dir, strings.Fields(args)...); status != 2 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d\n%s%s", args, status, stderr, stdout)
		}
	}
	if exists(filepath.Join(dir, "out.py")) {
		t.Error("a refused export left a file")
	}
}
