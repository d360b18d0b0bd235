package problem

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"govern/expr"
	"govern/internal/golden"
	"govern/note"
	"govern/record"
	"govern/series"
)

func TestMistakesAreReportedAtTheirPlace(t *testing.T) {
	golden.Run(t, "testdata/errors.txt", func(input string) string {
		_, err := Read("problem.yaml", []byte(input))
		return render(err)
	})
}

func render(err error) string {
	switch err := err.(type) {
	case nil:
		return "no error"
	case interface{ Render() string }:
		return err.Render()
	}
	return "an error of another type: " + err.Error()
}

func TestOpeningDataExplainsWhatIsWrongOrTakenForGranted(t *testing.T) {
	dir := dataDirectory(t)
	golden.Run(t, "testdata/open.txt", func(input string) string {
		p, err := Read(filepath.Join(dir, "problem.yaml"), []byte(input))
		if err != nil {
			return render(err)
		}
		entries, err := p.Open()
		if err != nil {
			return strings.ReplaceAll(render(err), dir, "DIR")
		}
		text := ""
		for _, e := range entries {
			n := len(e.Times)
			text += fmt.Sprintf("%s test=%t n=%d t=%g..%g", e.Name, e.Test, n, e.Times[0], e.Times[n-1])
			for _, c := range e.Channels {
				text += fmt.Sprintf(" %s:%s", c.Column, c.Observe)
			}
			text += "\n"
		}
		return text + strings.ReplaceAll(strings.Join(note.Texts(p.Notes), "\n"), dir, "DIR")
	})
}

// dataDirectory holds tables of every kind that the tests name.
func dataDirectory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	table := func(name, header string, n int, row func(i int) string) {
		text := header + "\n"
		for i := range n {
			text += row(i) + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	two := func(i int) string { return fmt.Sprintf("%g,%g,%d", float64(i)/20, math.Sin(float64(i)), i) }
	table("train.csv", "t,x,y", 100, two)
	table("seconds.csv", "t (s),x,y", 60, two)
	table("other.csv", "t,u,v", 100, two)
	table("short.csv", "t,x,y", 9, two)
	table("notime.csv", "x,y,z", 100, two)
	table("constant.csv", "t,x,y", 30, func(i int) string { return fmt.Sprintf("%d,%d,3", i, i) })
	table("empty.csv", "t,x,y", 30, func(i int) string { return fmt.Sprintf("%d,,%d", i, i) })
	table("gap.csv", "t,x,current", 30, func(i int) string {
		if i == 0 {
			return "0,1,"
		}
		return fmt.Sprintf("%d,%d,3", i, i%7)
	})
	return dir
}

const whole = `
name: study
model:
  name: driven
  time_unit: ms
  states: {v: -60, w: {value: 0, fixed: true}}
  parameters: {k: {value: 2, fit: true, min: 0}, p: 0.1}
  inputs: [I]
  unknowns: {f: {library: {degree: 2}}}
  equations: |
    v' = f(v, w) + I*k
    w' = p*v - total
    total = v + w
data:
  - file: train.csv
    time: {column: t, unit: s}
    observe: {x: v, "y": 0.5*total}
    inputs: {I: "y"}
    set: {p: 0.05}
    noise: {x: 3.8}
  - {file: train.csv, time: {rate: 1 kHz}, observe: {x: v}, inputs: {I: "y"}, use: split}
  - {file: /data/a "b": c.csv, inputs: {I: I}}
fit: {segment: 5, omega: 0.03}
discover: {degree: 2, roads: full}
`

func read(t *testing.T, path, text string) *Problem {
	t.Helper()
	p, err := Read(path, []byte(text))
	if err != nil {
		t.Fatal(render(err))
	}
	return p
}

// requireEqual compares problems but for their paths and places in files.
func requireEqual(t *testing.T, got, want *Problem) {
	t.Helper()
	if !bytes.Equal(got.Encode("/data"), want.Encode("/data")) {
		t.Fatalf("got\n%s\nwant\n%s", got.Encode("/data"), want.Encode("/data"))
	}
	if got.Name != want.Name || got.Fit != want.Fit || got.Discover != want.Discover || len(got.Data) != len(want.Data) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	for i, w := range want.Data {
		g := got.Data[i]
		if len(g.Observe) != len(w.Observe) {
			t.Fatalf("entry %d: got %+v, want %+v", i, g, w)
		}
		for k := range w.Observe {
			if g.Observe[k].Column != w.Observe[k].Column || !expr.Identical(g.Observe[k].Expression, w.Observe[k].Expression) {
				t.Fatalf("entry %d: got %+v, want %+v", i, g.Observe[k], w.Observe[k])
			}
		}
		g.Observe, w.Observe = nil, nil
		if !reflect.DeepEqual(g, w) {
			t.Fatalf("entry %d: got %+v, want %+v", i, g, w)
		}
	}
}

func TestEncodeReadsBackToTheSameProblem(t *testing.T) {
	dir := dataDirectory(t)
	fromTable, err := FromTable(filepath.Join(dir, "seconds.csv"))
	if err != nil {
		t.Fatal(err)
	}
	opened := read(t, dir+"/problem.yaml", "{model: rossler, data: {file: train.csv}}")
	if _, err := opened.Open(); err != nil {
		t.Fatal(render(err))
	}
	for name, p := range map[string]*Problem{
		"whole":    read(t, dir+"/problem.yaml", whole),
		"defaults": read(t, dir+"/problem.yaml", "{model: rossler, data: {file: train.csv, time: {unit: s}}}"),
		"regimes":  read(t, dir+"/problem.yaml", "{model: rossler, data: {file: train.csv, regimes: [1.5, 2.25]}}"),
		"opened":   opened,
		"table":    fromTable,
	} {
		t.Run(name, func(t *testing.T) {
			requireEqual(t, read(t, "/elsewhere/run/problem.yaml", string(p.Encode("/elsewhere/run"))), p)
		})
	}
}

func TestEveryDefaultIsWrittenOut(t *testing.T) {
	p := read(t, "/data/problem.yaml", "{model: {states: {x: 1}, equations: x' = -x}, data: {file: train.csv}}")
	want := `name: problem
model:
  states:
    x: 1
  equations: |
    x' = -x
data:
  - file: "train.csv"
    time: {}  # the first column
    observe: {}  # every column that is named like a state
    use: split
fit:
  segment: 1
  substeps: 0  # chosen by step doubling
  omega: 0  # chosen by evidence
  iterations: 40
  optimiser: auto  # chosen by size
discover:
  method: library
  roads: both
  degree: 0  # chosen by evidence
  penalty: 1
  tie: 6
`
	if got := string(p.Encode("/data")); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestOpenGivesEntriesInTheUnitsOfTheModel(t *testing.T) {
	dir := dataDirectory(t)
	p := read(t, dir+"/problem.yaml", strings.Replace(whole, "  - {file: /data/a \"b\": c.csv, inputs: {I: I}}\n", "", 1))
	entries, err := p.Open()
	if err != nil {
		t.Fatal(render(err))
	}
	if len(entries) != 4 {
		t.Fatalf("%d entries, want two of them cut in train and test", len(entries))
	}
	train, test := entries[0], entries[1]
	if len(train.Times) != 80 || len(test.Times) != 20 || train.Test || !test.Test || train.Name != "train.csv#1" || test.Name != train.Name {
		t.Errorf("train %s %d, test %s %d", train.Name, len(train.Times), test.Name, len(test.Times))
	}
	if train.Times[1] != 50 || test.Times[0] != 4000 || entries[2].Times[3] != 3 {
		t.Errorf("times in ms: %g, %g, %g", train.Times[1], test.Times[0], entries[2].Times[3])
	}
	if c := train.Channels[0]; c.Sigma != 3.8 || c.Column != "x" || train.Set["p"] != 0.05 {
		t.Errorf("%+v", c)
	}
	if got := train.Channels[1].Observe.String(); got != "0.5*(v + w)" {
		t.Errorf("definitions are not substituted: %s", got)
	}
	if test.Inputs[0][0] != 80 || test.Channels[0].Values[0] != math.Sin(80) {
		t.Errorf("input %g, channel %g", test.Inputs[0][0], test.Channels[0].Values[0])
	}
}

func TestAnExplicitTestKeepsTheOtherEntriesWhole(t *testing.T) {
	p := read(t, "/data/problem.yaml", "{model: rossler, data: [{file: a.csv}, {file: b.csv, use: test}, {file: c.csv, use: split}, {file: d.csv, use: train}]}")
	for i, want := range []Use{Train, Test, Split, Train} {
		if p.Data[i].Use != want {
			t.Errorf("entry %d: %s, want %s", i, p.Data[i].Use, want)
		}
	}
}

func TestMissingSamplesOfInputsAreInterpolated(t *testing.T) {
	s := &series.Series{Time: []float64{0, 1, 3, 4, 6}}
	got, err := filled(s, &series.Column{Values: []float64{1, math.NaN(), math.NaN(), 5, 2}})
	if err != nil || !reflect.DeepEqual(got, []float64{1, 2, 4, 5, 2}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTimesConvertWithOneRounding(t *testing.T) {
	for _, c := range []struct {
		from, to string
		in, want float64
	}{
		{"s", "ms", 0.05, 50}, {"ms", "s", 3, 0.003}, {"us", "ms", 7, 0.007}, {"min", "s", 1.5, 90}, {"h", "min", 2, 120}, {"µs", "us", 4, 4},
	} {
		if got := convertTimes([]float64{c.in}, c.from, c.to)[0]; got != c.want {
			t.Errorf("%g %s = %g %s, want %g", c.in, c.from, got, c.to, c.want)
		}
	}
}

func TestFromTableTakesEverythingAsUnknown(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "night 2.csv")
	text := "t (ms),rate (Hz),2nd,exp\n"
	for i := range 60 {
		text += fmt.Sprintf("%d,%d,%d,%d\n", i, i%5, i%7, i%3)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := FromTable(path)
	if err != nil {
		t.Fatal(render(err))
	}
	if p.Name != "night 2" || len(p.Model.States) != 3 || len(p.Model.Unknowns) != 3 || p.Model.TimeUnit != "ms" {
		t.Errorf("%s\n%s", p.Name, p.Encode("/data"))
	}
	entries, err := p.Open()
	if err != nil {
		t.Fatal(render(err))
	}
	for i, c := range entries[0].Channels {
		if c.Observe.Kind != expr.Name || c.Observe.Ident != p.Model.States[i].Name || c.Column != []string{"rate", "2nd", "exp"}[i] {
			t.Errorf("channel %d: %s measures %s", i, c.Column, c.Observe)
		}
	}
	if len(p.Notes) > 0 || !reflect.DeepEqual(p.Files(), []string{path}) {
		t.Errorf("%v, %v", p.Notes, p.Files())
	}
}

func TestLoadOfAMissingFileIsADiagnostic(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"))
	if d, ok := err.(*expr.Diagnostic); !ok || d.Text != "there is no such problem file" {
		t.Error(err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(whole)
	f.Add("{model: rossler, data: {file: train.csv, time: {rate: 20 Hz}, observe: {x: 2*x}, use: test}}")
	f.Add("model: rossler\ndata: [{file: a, set: {a: 1e-3}, noise: {x: 2}}, {file: b, use: test}]\nfit: {segment: 3}\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Read("/data/problem.yaml", []byte(text))
		if err != nil {
			switch err := err.(type) {
			case *expr.Diagnostic:
				err.Render()
			case expr.DiagnosticList:
				err.Render()
			default:
				t.Fatalf("not a diagnostic: %v", err)
			}
			return
		}
		again, err := Read("/data/problem.yaml", p.Encode("/data"))
		if err != nil {
			t.Fatalf("%s\n%s", render(err), p.Encode("/data"))
		}
		requireEqual(t, again, p)
	})
}

func TestFitEntriesOfATestDoNotShareGrowth(t *testing.T) {
	whole := record.Entry{Times: []float64{0, 1, 2, 3}, Channels: []record.Channel{{Values: []float64{0, 1, 2, 3}}}}
	train := whole.Slice(0, 2)
	_ = append(train.Times, 9)
	_ = append(train.Channels[0].Values, 9)
	if whole.Times[2] != 2 || whole.Channels[0].Values[2] != 2 {
		t.Error("appending to the training entry overwrites the test")
	}
}

func TestOtherCandidateTermsLeaveTheProblemAlone(t *testing.T) {
	p, err := Read("problem.yaml", []byte(`
model:
  states: {x: 1}
  equations: x' = f(x) + g(x)
  unknowns: {f: {library: {degree: 5, functions: [cos]}}, g: {neural: {}}}
data: {file: a.csv}
`))
	if err != nil {
		t.Fatal(err)
	}
	before := string(p.Encode("."))
	q := p.WithLibrary(2, []string{"sin", "exp"})
	if string(p.Encode(".")) != before {
		t.Error("the problem itself was changed")
	}
	f, g := q.Model.Unknown("f"), q.Model.Unknown("g")
	if q.Discover.Degree != 2 || f.Library.Degree != 0 || strings.Join(f.Library.Functions, " ") != "sin exp" ||
		strings.Join(g.Library.Functions, " ") != "sin exp" || g.Neural == nil {
		t.Errorf("degree %d, f %+v, g %+v", q.Discover.Degree, f.Library, g)
	}
	if same := string(p.WithLibrary(0, nil).Encode(".")); same != before {
		t.Errorf("nothing asked for, but\n%s", same)
	}
}
