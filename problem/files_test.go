package problem

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"govern/run"
)

const swingProblem = "model:\n  states: {x: 1}\n  equations: x' = -x\ndata: {file: data.csv, time: t}\n"

// withData is a problem on a file of twenty samples, and the path of that file.
func withData(t *testing.T) (*Problem, string) {
	t.Helper()
	dir := t.TempDir()
	text := "t,x\n"
	for i := range 20 {
		text += fmt.Sprintf("%d,%g\n", i, math.Sin(float64(i)))
	}
	file := filepath.Join(dir, "data.csv")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := Read(filepath.Join(dir, "problem.yaml"), []byte(swingProblem))
	if err != nil {
		t.Fatal(err)
	}
	return p, file
}

// opens says that a problem can be opened: from the file, or from what has been read.
func opens(t *testing.T, p *Problem) bool {
	t.Helper()
	entries, err := p.Open()
	return err == nil && len(entries) > 0
}

// Once it has been read a file may go: nobody reads it again.
func TestAFileIsReadOnce(t *testing.T) {
	p, file := withData(t)
	if _, ok := p.FileSum(file); ok {
		t.Error("the sum of a file that nobody has read")
	}
	before := *p // a copy from before the first reading
	if !opens(t, p) {
		t.Fatal("the problem cannot be opened")
	}
	want, err := run.HashFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if sum, ok := p.FileSum(file); !ok || sum != want {
		t.Errorf("sum %s, want %s", sum, want)
	}
	encoded := p.Encode(filepath.Dir(file))
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	after := *p
	back, err := Read(filepath.Join(filepath.Dir(file), "problem.yaml"), encoded) // with the defaults written out
	if err != nil {
		t.Fatal(err)
	}
	if opens(t, back) {
		t.Fatal("a file that is gone was read")
	}
	back.ShareFiles(p)
	for name, q := range map[string]*Problem{"itself": p, "a copy from before": &before, "a copy from after": &after, "one that was read back": back} {
		if !opens(t, q) {
			t.Errorf("%s reads the file again", name)
		}
		if sum, ok := q.FileSum(file); !ok || sum != want {
			t.Errorf("%s knows the sum %q", name, sum)
		}
	}
	if _, ok := p.FileSum(file + "x"); ok {
		t.Error("the sum of another file")
	}
}

// Other columns of a file are another reading.
func TestWhatWasNotReadIsReadFromTheFile(t *testing.T) {
	p, file := withData(t)
	if !opens(t, p) {
		t.Fatal("the problem cannot be opened")
	}
	q := *p
	q.Data = append([]Data(nil), p.Data...)
	q.Data[0].Time.Column = "x"
	q.Data[0].Observe = nil
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if opens(t, &q) {
		t.Error("another column was read from a file that is gone")
	}
}

// A path names the same file from everywhere.
func TestPathsAreComparedAsTheFilesTheyName(t *testing.T) {
	p, file := withData(t)
	if !opens(t, p) {
		t.Fatal("the problem cannot be opened")
	}
	t.Chdir(filepath.Dir(file))
	for _, path := range []string{"data.csv", "./data.csv", filepath.Join("..", filepath.Base(filepath.Dir(file)), "data.csv")} {
		if _, ok := p.FileSum(path); !ok {
			t.Errorf("%s is not known", path)
		}
	}
}

func TestCopiesOfAProblemFromATableShareWhatTheyRead(t *testing.T) {
	_, file := withData(t)
	p, err := FromTable(file)
	if err != nil {
		t.Fatal(err)
	}
	q := *p
	if !opens(t, p) {
		t.Fatal("the problem cannot be opened")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if !opens(t, &q) {
		t.Error("a copy reads the file again")
	}
}
