package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"govern/internal/quick"
)

// neuralDir is lorenzDir with a small network for the unknown, as n.yaml.
func neuralDir(t *testing.T) string {
	t.Helper()
	dir := lorenzDir(t)
	write(t, dir, "n.yaml", strings.Replace(lorenzProblem, "f: {}", "f: {neural: {hidden: [3]}}", 1))
	return dir
}

func TestFitTrainsANetworkAndExtractFindsItsFormula(t *testing.T) {
	quick.Skip(t)
	dir := neuralDir(t)
	status, stdout, stderr := invoke(t, dir, "fit", "n.yaml", "-o", "trained")
	if status != 0 || !strings.Contains(stderr, "neural") {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	for _, want := range []string{"f(x, y): a network, hidden [3], tanh, in ude.json", "`govern extract trained`", "valid time"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	if status, _, stderr := invoke(t, dir, "simulate", "trained", "-t", "1"); status != 0 {
		t.Errorf("the network does not run: %s", stderr)
	}
	found := filepath.Join("runs", "half-lorenz-001")
	status, stdout, stderr = invoke(t, dir, "extract", "trained", "--degree", "2", "--functions", "sin,exp")
	if status != 0 || !strings.Contains(stdout, "f(x, y) = -10") || !strings.Contains(stdout, found) {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, found, "problem.yaml"))
	if err != nil || !strings.Contains(string(text), "functions: [sin, exp]") || !strings.Contains(string(text), "degree: 2") {
		t.Errorf("the candidate terms are not written out (%v):\n%s", err, text)
	}
	if status, again, _ := invoke(t, dir, "resume", found); status != 0 || again != stdout {
		t.Errorf("resume of a finished run: status %d\n%s", status, again)
	}
	if status, again, stderr := invoke(t, dir, "extract", found, "-o", "twice", "--quiet"); status != 0 || !strings.Contains(again, "f(x, y) = -10") {
		t.Errorf("an extraction of an extraction: status %d\n%s%s", status, again, stderr)
	}
	t.Run("mistakes", func(t *testing.T) { mistakesOfExtract(t, dir) })
	t.Run("edits", func(t *testing.T) { editedExtraction(t, dir) })
	t.Run("stops", func(t *testing.T) { stoppedRuns(t, dir) })
}

// mistakesOfExtract needs a finished fit in trained.
func mistakesOfExtract(t *testing.T, dir string) {
	edit := func(name, file, from, to string) {
		t.Helper()
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(dir, "trained"))); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(filepath.Join(dir, name, file))
		if err != nil || !strings.Contains(string(text), from) {
			t.Fatalf("%s lacks %q (%v)", file, from, err)
		}
		write(t, dir, filepath.Join(name, file), strings.Replace(string(text), from, to, 1))
	}
	edit("other", "problem.yaml", "f(x, y)", "g(x, y)")
	edit("other", "problem.yaml", "    f: {", "    g: {")
	edit("damaged", "ude.json", `"weights": [`, `"weights": [1, `)
	edit("nodata", "problem.yaml", "lorenz.csv", "gone.csv")
	write(t, dir, "l.yaml", strings.Replace(lorenzProblem, "f: {}", "f: {library: {degree: 1}}", 1))
	if status, _, stderr := invoke(t, dir, "fit", "l.yaml", "-o", "formula", "--quiet"); status != 0 {
		t.Fatal(stderr)
	}
	stopAfter(t, dir, 2, os.Kill, "fit", "n.yaml", "-o", "unfinished")
	for _, c := range []struct {
		args   string
		status int
		want   []string
	}{
		{"extract", 2, []string{"RUN"}},
		{"extract nowhere", 2, []string{"not a run directory", "govern fit"}},
		{"extract formula", 2, []string{"ude.json", "formula", "without a network", "govern fit"}},
		{"extract unfinished", 2, []string{"unfinished has not finished", "govern resume unfinished"}},
		{"extract other", 2, []string{"no unknown f", "govern fit"}},
		{"extract damaged", 2, []string{"damaged/ude.json", "forms[0].weights", "14 numbers where 13 belong", "docs/guide.md"}},
		{"extract nodata", 3, []string{"gone.csv"}},
		{"extract trained -o trained --force", 2, []string{"-o trained", "another directory"}},
		{"extract trained -o formula", 2, []string{"not empty"}},
		{"extract trained --degree 0", 2, []string{"--degree 0", "1 to 12"}},
		{"extract trained --functions sin,tnh", 2, []string{"tnh", "did you mean tanh?"}},
		{"extract trained --functions atan2", 2, []string{"atan2", "one argument"}},
	} {
		status, _, stderr := invoke(t, dir, strings.Fields(c.args)...)
		if status != c.status {
			t.Errorf("%s: status %d, want %d\n%s", c.args, status, c.status, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: the message lacks %q:\n%s", c.args, want, stderr)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "trained", "ude.json")); err != nil {
		t.Error("extract into its own source destroyed it")
	}
}

// editedExtraction: an extraction goes on from the networks that it began with, or
// not at all.
func editedExtraction(t *testing.T, dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "lorenz.csv"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "lorenz.csv", string(data)+"99,1,1,1\n")
	if status, _, stderr := invoke(t, dir, "extract", "trained", "-o", "of-other-data"); status != 2 || !strings.Contains(stderr, "lorenz.csv was edited since") {
		t.Errorf("edited data: status %d, %s", status, stderr)
	}
	write(t, dir, "lorenz.csv", string(data))
	stopAfter(t, dir, 1, os.Kill, "extract", "trained", "-o", "r")
	file := filepath.Join(dir, "r", "neural.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, filepath.Join("r", "neural.json"), strings.Replace(string(text), `"gain": `, `"gain": 1`, 1))
	if status, _, stderr := invoke(t, dir, "resume", "r"); status != 2 || !strings.Contains(stderr, "neural.json was edited") {
		t.Errorf("edited networks: status %d, %s", status, stderr)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := invoke(t, dir, "resume", "r"); status != 2 || !strings.Contains(stderr, "neural.json, the networks that it began with, cannot be read") {
		t.Errorf("missing networks: status %d, %s", status, stderr)
	}
}

// stoppedRuns compares neural runs that were stopped and resumed with whole ones.
func stoppedRuns(t *testing.T, dir string) {
	for _, args := range [][]string{{"fit", "n.yaml"}, {"extract", "trained"}, {"discover", "n.yaml"}} {
		whole := "trained"
		if args[0] != "fit" {
			whole = "whole-" + args[0]
			if status, stdout, stderr := invoke(t, dir, append(args, "-o", whole, "--quiet")...); status != 0 {
				t.Fatalf("status %d\n%s%s", status, stdout, stderr)
			}
		}
		want := bits(t, filepath.Join(dir, whole))
		if !strings.Contains(want, "ude.json") {
			t.Fatalf("%v left no networks", args)
		}
		for i, signal := range []os.Signal{os.Interrupt, os.Kill, syscall.SIGTERM} {
			lines := i + 1
			if args[0] != "fit" { // which writes fewer lines
				if lines = 2*i + 1; i == 0 {
					continue
				}
			}
			t.Run(fmt.Sprintf("%s after %d lines by %v", args[0], lines, signal), func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "run")
				stopAfter(t, dir, lines, signal, append(args, "-o", out)...)
				if status, stdout, stderr := invoke(t, dir, "resume", out); status != 0 {
					t.Fatalf("resume: status %d\n%s%s", status, stdout, stderr)
				}
				if bits(t, out) != want {
					t.Error("the resumed run ended with other bits")
				}
			})
		}
	}
}

func TestFitRefusesToMixLibrariesAndNetworks(t *testing.T) {
	dir := lorenzDir(t)
	mixed := strings.NewReplacer("- beta*z", "- g(z)", "f: {}", "f: {library: {degree: 1}}, g: {}").Replace(lorenzProblem)
	write(t, dir, "m.yaml", mixed)
	status, _, stderr := invoke(t, dir, "fit", "m.yaml")
	if status != 2 || !strings.Contains(stderr, "f has a library and g a network") || !strings.Contains(stderr, "govern discover") {
		t.Errorf("status %d, %s", status, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "runs")); err == nil {
		t.Error("a mistake left a run directory")
	}
}

func TestAFitThatFailsTheChecksSaysSoAndLeavesItsNetwork(t *testing.T) {
	quick.Skip(t)
	dir := lorenzDir(t)
	write(t, dir, "w.yaml", strings.NewReplacer("f(x, y)", "f(x)", "f: {}", "f: {neural: {hidden: [2]}}").Replace(lorenzProblem)) // x' = 10*(y - x)
	status, stdout, _ := invoke(t, dir, "fit", "w.yaml", "-o", "r")
	for _, want := range []string{"no_model", "an argument of an unknown is missing", "hidden [2]", "not to be relied on"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "r", "ude.json")); err != nil || status != 4 || strings.Contains(stdout, "govern extract") {
		t.Errorf("status %d, %v\n%s", status, err, stdout)
	}
}
