package task

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"govern/conclude"
	"govern/journal"
	"govern/problem"
	"govern/report"
	"govern/run"
	"govern/series"
	"govern/tell"
)

// decaying is a problem x' = −a·x on a file of forty samples with a little noise.
func decaying(t *testing.T) *problem.Problem {
	t.Helper()
	dir := t.TempDir()
	text := "t,x\n"
	for i := range 40 {
		s := 0.1 * float64(i)
		text += fmt.Sprintf("%g,%.5f\n", s, math.Exp(-0.5*s)+0.001*math.Sin(37*float64(i*i)))
	}
	if err := os.WriteFile(filepath.Join(dir, "data.csv"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := problem.Read(filepath.Join(dir, "problem.yaml"), []byte("model:\n  states: {x: 1}\n  parameters: {a: {value: 0.4, fit: true}}\n  equations: x' = -a*x\ndata: {file: data.csv, time: t}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// created is a task in a directory of its own.
func created(t *testing.T, r Request) *Task {
	t.Helper()
	if r.Dir == "" {
		r.Dir = filepath.Join(t.TempDir(), "run")
	}
	task, err := Create(r)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func shut(t *testing.T, task *Task) {
	t.Helper()
	if err := task.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestATaskRunsInItsDirectory(t *testing.T) {
	p := decaying(t)
	task := created(t, Request{Kind: Fit, Problem: p, Seed: 7, Version: "v1", Command: []string{"govern", "fit"}, Options: map[string]string{"o": "1"}})
	m, err := run.ReadManifest(task.Path())
	if err != nil || m.Task != Fit || m.Seed != 7 || m.Version != "v1" || m.Options["o"] != "1" || !slices.Equal(m.Command, []string{"govern", "fit"}) || m.Started == "" {
		t.Fatalf("%+v (%v)", m, err)
	}
	if want, err := run.HashFile(p.Data[0].File); err != nil || len(m.Data) != 1 || m.Data[0].SHA256 != want {
		t.Errorf("data %+v (%v)", m.Data, err)
	}
	if task.Problem == p || task.Problem.Path != filepath.Join(task.Path(), run.ProblemFile) {
		t.Error("the problem is not read back from the directory")
	}
	done, err := task.Run(context.Background(), 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := done.Result.Parameters["a"]; math.Abs(float64(a.Value)-0.5) > 0.01 || done.Print != nil {
		t.Errorf("a = %+v, want 0.5", a)
	}
	for _, name := range []string{run.ResultFile, run.ModelFile, run.TrajectoriesFile, run.ReportFile, run.HistoryFile} {
		if info, err := os.Stat(filepath.Join(task.Path(), name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(task.Path(), run.ResultFile)); err != nil || !bytes.Equal(text, done.JSON) {
		t.Errorf("what other programs read is not result.json (%v)", err)
	}
	shut(t, task)

	// What has finished is not run again.
	again, result, err := Resume(task.Path(), "v1")
	if err != nil || again != nil || result == nil || result.Parameters["a"].Value != done.Result.Parameters["a"].Value {
		t.Errorf("%v, %v (%v)", again, result, err)
	}
}

func TestATaskGoesOnWhereNothingHasChanged(t *testing.T) {
	p := decaying(t)
	task := created(t, Request{Kind: Fit, Problem: p, Seed: 7, Version: "v1", Options: map[string]string{"o": "1"}})
	var locked *run.InUseError
	if _, _, err := Resume(task.Path(), "v1"); !errors.As(err, &locked) {
		t.Errorf("a task that is under way: %v", err)
	}
	shut(t, task)
	again, result, err := Resume(task.Path(), "v1")
	if err != nil || result != nil || again.Manifest.Seed != 7 || again.Manifest.Options["o"] != "1" || again.kind.name != Fit {
		t.Fatalf("%v (%v)", result, err)
	}
	shut(t, again)

	for what, change := range map[string]func() (version string){
		"the version of govern was v1, is v2": func() string { return "v2" },
		run.ProblemFile + " was edited": func() string {
			appendTo(t, filepath.Join(task.Path(), run.ProblemFile), "# edited\n")
			return "v1"
		},
		"data.csv was edited": func() string { appendTo(t, p.Data[0].File, "4,0.13\n"); return "v1" },
	} {
		_, _, err := Resume(task.Path(), change())
		if changed, ok := errors.AsType[*run.ChangedError](err); !ok || !strings.Contains(strings.Join(changed.What, "; "), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := os.Remove(p.Data[0].File); err != nil {
		t.Fatal(err)
	}
	_, _, err = Resume(task.Path(), "v1")
	if unusable, ok := errors.AsType[*series.DataError](err); !ok || unusable.Text != "cannot be read" || !strings.Contains(unusable.Hint, "put the file back") {
		t.Errorf("data that are gone: %v", err)
	}
	// None of the failures has kept the lock.
	if err := os.WriteFile(filepath.Join(task.Path(), run.ProblemFile), []byte("model: 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err = Resume(task.Path(), "v1"); !errors.As(err, new(*ProblemError)) {
		t.Errorf("a problem that cannot be read: %v", err)
	}
}

func appendTo(t *testing.T, file, text string) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(before, text...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFilesThatWereReadAreNotReadAgain(t *testing.T) {
	p := decaying(t)
	if _, err := p.Open(); err != nil {
		t.Fatal(err)
	}
	want, _ := p.FileSum(p.Data[0].File)
	if err := os.Remove(p.Data[0].File); err != nil {
		t.Fatal(err)
	}
	task := created(t, Request{Kind: Discover, Problem: p})
	defer shut(t, task)
	if len(task.Manifest.Data) != 1 || task.Manifest.Data[0].SHA256 != want {
		t.Errorf("%+v, want %s", task.Manifest.Data, want)
	}
	if entries, err := task.Problem.Open(); err != nil || len(entries) == 0 {
		t.Errorf("the task opens the file (%v)", err)
	}
}

func TestATaskOfAnUnknownKindIsNotCreated(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	_, err := Create(Request{Kind: "dream", Problem: decaying(t), Dir: dir})
	if unknown, ok := errors.AsType[*UnknownKindError](err); !ok || unknown.Kind != "dream" || !strings.Contains(err.Error(), `"dream"`) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("a directory was made (%v)", err)
	}
	for _, k := range kinds() {
		if got, err := kindNamed(k.name); err != nil || got.name != k.name || (k.start == "") != (k.check == nil) || (k.start == "") != (k.holds == "") || k.run == nil {
			t.Errorf("%s: %+v (%v)", k.name, got, err)
		}
	}
	if k, err := kindNamed(""); err != nil || k.name != Discover {
		t.Errorf("a manifest without a kind: %s (%v)", k.name, err)
	}
}

func TestWhatATaskBeginsWithIsPartOfIt(t *testing.T) {
	p := decaying(t)
	formula := []byte(`{"schema": 1, "status": "ok", "equations": {}, "unknowns": {}, "parameters": {"a": {"value": 0.5, "low": 0.4, "high": 0.6}}}`)
	task := created(t, Request{Kind: Profile, Problem: p, Start: formula, Options: map[string]string{"parameter": "a", "points": "4"}})
	if n := len(task.Manifest.Data); n != 2 || task.Manifest.Data[1] != (run.Input{File: run.FormulaFile, SHA256: run.Hash(formula)}) {
		t.Errorf("%+v", task.Manifest.Data)
	}
	shut(t, task)
	start := filepath.Join(task.Path(), run.FormulaFile)
	appendTo(t, start, " ")
	_, _, err := Resume(task.Path(), "")
	if changed, ok := errors.AsType[*run.ChangedError](err); !ok || !slices.Contains(changed.What, run.FormulaFile+" was edited") {
		t.Errorf("edited: %v", err)
	}
	if err := os.Remove(start); err != nil {
		t.Fatal(err)
	}
	_, _, err = Resume(task.Path(), "")
	if changed, ok := errors.AsType[*run.ChangedError](err); !ok || changed.What[0] != "formula.json, the formula that it began with, cannot be read" {
		t.Errorf("gone: %v", err)
	}
	for _, k := range []string{Profile, Extract} {
		if _, err := Create(Request{Kind: k, Problem: p, Start: []byte("{"), Dir: filepath.Join(t.TempDir(), "run")}); err == nil {
			t.Errorf("%s begins with half a file", k)
		}
	}
}

func TestTheSubtitleNamesFourFilesAndCountsTheOthers(t *testing.T) {
	task := &Task{Problem: &problem.Problem{}, Manifest: &run.Manifest{Seed: 3, Version: "v1"}}
	for i := range 6 {
		task.Problem.Data = append(task.Problem.Data, problem.Data{File: fmt.Sprintf("/data/%c.csv", 'a'+i)})
	}
	if got := task.subtitle(); got != "a.csv, b.csv, c.csv, d.csv, and 2 more, seed 3, govern v1" {
		t.Errorf("%q", got)
	}
	task.Problem.Data = task.Problem.Data[:4]
	if got := task.subtitle(); got != "a.csv, b.csv, c.csv, d.csv, seed 3, govern v1" {
		t.Errorf("%q", got)
	}
}

func TestIterationsAreThoseOfTrajectoryFits(t *testing.T) {
	got := iterations([]journal.Row{
		{Stage: "smooth", Objective: 9}, // no sum over observations
		{Stage: "final/refit", Objective: 30, Observations: 20, Omega: 0.1, Gain: 0.2, Segment: 3, Noise: []float64{0.4}},
	})
	if len(got) != 1 || got[0].Stage != "final/refit" || got[0].Loss != 1.5 || got[0].Omega != 0.1 || got[0].Gain != 0.2 || got[0].Segment != 3 || got[0].Noise[0] != 0.4 {
		t.Errorf("%+v", got)
	}
}

func TestOnlyWhatThereIsIsWritten(t *testing.T) {
	task := &Task{Problem: &problem.Problem{}, Manifest: &run.Manifest{}}
	names := func(out *tell.Outcome) (names []string) {
		for _, f := range task.files(out, nil) {
			names = append(names, f.name)
		}
		return names
	}
	if got := names(&tell.Outcome{Trajectories: &run.Trajectories{}, Page: &report.Page{}}); !slices.Equal(got, []string{run.TrajectoriesFile, run.ReportFile}) {
		t.Errorf("%q", got)
	}
	if got := names(&tell.Outcome{UDE: &run.UDE{}, Unknowns: &run.Unknowns{}}); !slices.Equal(got, []string{run.UDEFile, run.UnknownsFile}) {
		t.Errorf("%q", got)
	}
	broken := errors.New("broken")
	if _, err := task.leave(nil, broken); err != broken {
		t.Errorf("%v", err)
	}
}

// A kind that leaves a file of its own instead of a result has it written last.
func TestTheFileThatOtherProgramsReadIsWrittenLast(t *testing.T) {
	task := created(t, Request{Kind: Fit, Problem: decaying(t)})
	defer shut(t, task)
	var order []string
	there := func() bool {
		_, err := os.Stat(filepath.Join(task.Path(), run.CompareFile))
		return err == nil
	}
	task.kind.run = func(_ context.Context, _ *Task, s conclude.Settings) (*leaving, error) {
		var out struct{ Value int }
		err := s.Journal.Do("a", &out, func() error {
			s.Monitor.Row(journal.Row{Stage: "a"})
			return nil
		})
		return &leaving{done: &Done{JSON: []byte("{}\n")}, last: run.CompareFile, files: func(history []journal.Row) []file {
			return []file{{run.CompareTableFile, func(io.Writer) error {
				order = append(order, fmt.Sprint(len(history), " ", there()))
				return nil
			}}}
		}}, err
	}
	if _, err := task.Run(context.Background(), 1, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(order, []string{"1 false"}) || !there() {
		t.Errorf("%q, written: %t", order, there())
	}
}
