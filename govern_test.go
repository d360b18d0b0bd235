package govern_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"govern"
	"govern/conclude"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/journal"
	"govern/model"
	"govern/ode"
	"govern/problem"
	"govern/record"
	"govern/report"
	"govern/run"
	"govern/series"
	"govern/series/csv"
)

const hiddenRossler = `
model:
  name: rossler
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = f(x, y)
    z' = 0.22 + z*(x - 14)
data: {file: data.csv, time: t}
`

// write puts a simulated experiment and its problem into a new directory.
func write(t *testing.T, c truth.Case, text string) *problem.Problem {
	t.Helper()
	entry, err := c.Entry()
	if err != nil {
		t.Fatal(err)
	}
	return writeEntry(t, entry, text)
}

// writeEntry is write for an experiment that has been observed already.
func writeEntry(t *testing.T, entry record.Entry, text string) *problem.Problem {
	t.Helper()
	dir := t.TempDir()
	s := &series.Series{TimeName: "t", Time: entry.Times}
	for _, ch := range entry.Channels {
		s.Columns = append(s.Columns, series.Column{Name: ch.Column, Values: ch.Values})
	}
	var b bytes.Buffer
	if err := csv.Write(&b, s); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data.csv"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := problem.Read(filepath.Join(dir, "problem.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func shortRossler(t *testing.T) *problem.Problem {
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	return write(t, truth.Case{Model: m, Step: 0.1, Samples: 500, Seed: 3, Transient: 100,
		Noise: map[string]float64{"x": 0.02, "z": 0.02}}, hiddenRossler)
}

// bits is result.json without the seconds.
func bits(t *testing.T, o *govern.Outcome) string {
	t.Helper()
	r := *o.Result
	r.Seconds = run.Seconds{}
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := o.Trajectories.Write(&b); err != nil {
		t.Fatal(err)
	}
	if o.Unknowns != nil {
		if err := o.Unknowns.Write(&b); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.Render(&b, o.Page); err != nil {
		t.Fatal(err)
	}
	if o.UDE != nil {
		if err := o.UDE.Write(&b); err != nil {
			t.Fatal(err)
		}
	}
	return string(text) + string(o.Model.Encode()) + b.String()
}

func TestResultsHaveTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	var first string
	for _, workers := range []int{1, 2, 3} {
		o, err := govern.Discover(context.Background(), shortRossler(t), govern.Settings{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if got := bits(t, o); first == "" {
			first = got
		} else if got != first {
			t.Errorf("%d workers give other bits than one", workers)
		}
	}
}

func TestAnInterruptedRunEndsWithTheSameBits(t *testing.T) {
	p := shortRossler(t)
	interrupted(t, func(ctx context.Context, s govern.Settings) (*govern.Outcome, error) {
		return govern.Discover(ctx, p, s)
	})
}

// interrupted compares a run with one that is stopped after every third step.
func interrupted(t *testing.T, begin func(context.Context, govern.Settings) (*govern.Outcome, error)) {
	t.Helper()
	whole, err := begin(context.Background(), govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	want := bits(t, whole)
	kept := &journal.Memory{}
	for interruptions := 0; ; interruptions++ {
		ctx, stop := context.WithCancel(context.Background())
		kept.StopAfter(3, stop)
		o, err := begin(ctx, govern.Settings{Journal: kept, Workers: 1 + interruptions%3})
		stop()
		if errors.Is(err, context.Canceled) {
			if interruptions > 200 {
				t.Fatal("the run does not get on")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if interruptions < 2 {
			t.Errorf("only %d interruptions", interruptions)
		}
		if got := bits(t, o); got != want {
			t.Error("the resumed run ends with other bits")
		}
		return
	}
}

func TestAssessRefusesAnOpenModel(t *testing.T) {
	_, err := govern.Assess(context.Background(), shortRossler(t), govern.Settings{})
	var open *conclude.OpenModelError
	if !errors.As(err, &open) || open.Unknown != "f" {
		t.Errorf("error %v", err)
	}
}

func TestAssessTellsARightModelFromAWrongOne(t *testing.T) {
	quick.Skip(t)
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 800, Seed: 3, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	status := map[string]run.Status{}
	for _, slope := range []string{"0.2", "0.3"} {
		o, err := govern.Assess(context.Background(), write(t, c, `
model:
  states: {x: 0, y: 0, z: 0}
  equations: |
    x' = -y - z
    y' = x + `+slope+`*y
    z' = 0.22 + z*(x - 14)
data: {file: data.csv, time: t}
`), govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		status[slope] = o.Result.Status
	}
	if status["0.2"] != run.OK || status["0.3"] != run.NoModel {
		t.Errorf("statuses %v", status)
	}
}

func TestANetworkWithoutAFormulaStillSimulates(t *testing.T) {
	quick.Skip(t)
	const chain = `
  states: {x: 0.8, y: 0.2, z: 9}
  %s
  equations: |
    x' = x*(1 - x) - %[2]s
    y' = %[2]s - 0.1*y/(1 + 2*y)*z - 0.4*y
    z' = 0.1*y/(1 + 2*y)*z - 0.01*z
`
	m, err := model.Read("truth.yaml", []byte(fmt.Sprintf(chain, "", "5*x*y/(1 + 3*x)")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 1, Samples: 500, Seed: 5, Transient: 2000, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	o, err := govern.Discover(context.Background(), write(t, c, "model:"+
		fmt.Sprintf(chain, "unknowns: {f: {neural: {hidden: [6]}, library: {degree: 1}}}", "f(x, y)")+"data: {file: data.csv, time: t}\ndiscover: {degree: 1}\n"), govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r := o.Result
	if r.Status != run.NeuralOnly || r.Advice == "" || r.Unknowns["f"].Expression != nil || len(r.Unknowns["f"].Terms) > 0 ||
		r.Equations["x"] != nil || r.Equations["y"] != nil || r.Equations["z"] == nil {
		t.Errorf("%+v", r)
	}
	if o.UDE == nil || len(o.UDE.Forms) != 1 || len(o.UDE.Forms[0].Weights) != 6*3+7 {
		t.Errorf("ude.json would hold %+v", o.UDE)
	}
	for column, wrong := range r.Errors.Free {
		if !(wrong < 0.2) {
			t.Errorf("free runs are %g standard deviations of %s off", wrong, column)
		}
	}
	if len(o.Unknowns.Slices) != 2 {
		t.Fatalf("%d slices of the network", len(o.Unknowns.Slices))
	}
	for k, s := range o.Unknowns.Slices {
		for i, v := range s.Value {
			x, y := s.At[0][i], s.At[1][i]
			if want := 5 * x * y / (1 + 3*x); s.Density[i] > 0.2 && math.Abs(v-want) > 0.02 { // f goes up to 0.5
				t.Errorf("slice %d at %g: the network says %g, the truth is %g", k, s.At[k][i], v, want)
			}
			if !(s.Low[i] < v && v < s.High[i]) {
				t.Errorf("slice %d at %g: %g with the band %g … %g", k, s.At[k][i], v, s.Low[i], s.High[i])
			}
		}
	}
	again, err := model.Read("model.yaml", o.Model.Encode())
	if err != nil {
		t.Fatal(err)
	}
	sol, err := ode.Simulate(context.Background(), again, nil, []float64{0, 1000}, ode.Options{})
	if err != nil || !(sol.Last()[2] > 5 && sol.Last()[2] < 15) {
		t.Errorf("the written model ends at %v (%v)", sol, err)
	}
}

// A fixed initial state holds where a record begins, not where its held-out part
// does.
func TestAFixedStartHoldsOnlyAtTheStartOfTheRecord(t *testing.T) {
	m, err := model.Lookup("vanderpol")
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 300, Seed: 3}
	_, states, err := c.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	p := write(t, truth.Case{Model: m, Step: 0.1, Samples: 300, Seed: 3, Noise: map[string]float64{"x": 0.01}}, fmt.Sprintf(`
model:
  states: {x: {value: %v, fixed: true}, y: {value: %v, fixed: true}}
  parameters: {mu: {value: 0.5, fit: true}}
  equations: |
    x' = y
    y' = mu*(1 - x^2)*y - x
data: {file: data.csv, time: t}
`, states[0][0], states[1][0]))
	o, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if got := float64(o.Result.Parameters["mu"].Value); o.Result.Status != run.OK || got < 0.98 || got > 1.02 {
		t.Errorf("status %s, mu = %g, want 1", o.Result.Status, got)
	}
}

func TestGivenRegimesHaveTheirOwnCoefficientsWhereTheEvidenceAsks(t *testing.T) {
	quick.Skip(t)
	m, err := model.Lookup("vanderpol")
	if err != nil {
		t.Fatal(err)
	}
	entry, changes, err := truth.Case{Model: m, Step: 0.1, Samples: 300, Seed: 3, Transient: 50,
		Noise: map[string]float64{"x": 0.01, "y": 0.01}}.Regimes([]map[string]float64{{"mu": 1}, {"mu": 2}})
	if err != nil {
		t.Fatal(err)
	}
	p := writeEntry(t, entry, fmt.Sprintf("model:\n  states: {x: 1, y: 1}\n  unknowns: {f: {library: {degree: 3}}}\n  equations: |\n    x' = y\n    y' = f(x, y)\ndata: {file: data.csv, time: t, regimes: [%g]}\n", changes[0]))
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r := out.Result
	if !r.Status.Trusted() || len(r.Regimes) != 2 {
		t.Fatalf("status %s (%s), %d regimes", r.Status, r.Advice, len(r.Regimes))
	}
	for k, want := range []map[string]float64{{"x": -1, "y": 1, "x^2*y": -1}, {"x": -1, "y": 2, "x^2*y": -2}} {
		have := r.Regimes[k].Unknowns["f"].Terms
		if len(have) != len(want) {
			t.Errorf("regime %d: %s", k+1, *r.Regimes[k].Unknowns["f"].Expression)
		}
		for _, term := range have {
			if !(math.Abs(float64(term.Coefficient)-want[term.Term]) < 0.05*math.Abs(want[term.Term])) {
				t.Errorf("regime %d: %g·%s, want %g", k+1, float64(term.Coefficient), term.Term, want[term.Term])
			}
		}
		if r.Regimes[k].Dynamics == nil || len(r.Regimes[k].Dynamics.Lyapunov) != 2 {
			t.Errorf("regime %d has no exponents", k+1)
		}
		if free := float64(r.Regimes[k].Free["x"]); !(free < 0.2) {
			t.Errorf("regime %d: free runs are %g off", k+1, free)
		}
	}
}
