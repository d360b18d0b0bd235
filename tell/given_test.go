package tell

import (
	"math"
	"testing"

	"govern/assess"
	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/note"
	"govern/ode"
	"govern/optim"
	"govern/problem"
	"govern/record"
	"govern/verdict"
)

// step is the sampling interval of every swing: 63 samples a cycle.
const step = 0.1

// swing is the oscillation x = cos t, y = −sin t from a sample on, without noise.
func swing(name string, from, samples int) record.Entry {
	e := record.Entry{Name: name, Later: from > 0}
	var x, y []float64
	for i := range samples {
		s := step * float64(from+i)
		e.Times, x, y = append(e.Times, s), append(x, math.Cos(s)), append(y, -math.Sin(s))
	}
	e.Channels = []record.Channel{{Column: "x", Unit: "mV", Observe: expr.Var("x"), Values: x}, {Column: "v", Observe: expr.Var("y"), Values: y}}
	return e
}

func read(t *testing.T, text string) *model.Model {
	t.Helper()
	m, err := model.Read("model.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func prepare(t *testing.T, m *model.Model, entries ...record.Entry) *fit.Data {
	t.Helper()
	d, err := fit.Prepare(m, entries)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// nodes are an entry's channels as the states of a fit, one node a sample.
func nodes(e record.Entry) []float64 {
	var out []float64
	for i := range e.Times {
		out = append(out, e.Channels[0].Values[i], e.Channels[1].Values[i])
	}
	return out
}

const oscillator = `
states: {x: 1, y: 0}
parameters: {c: {value: 0.1, fit: true, sd: 0.2}}
unknowns: {f: {}}
equations: |
  x' = y
  y' = f(x) - c*y
`

// answered is what was made of one swing, of which the last fifth was held out: f(x) = −x,
// c = 0, found by a library and proved.
func answered(t *testing.T) writer {
	t.Helper()
	m := read(t, oscillator)
	a := &conclude.Answer{}
	a.Problem = &problem.Problem{Name: "swing", Model: m}
	a.Asked = a.Problem
	a.Train, a.Test = []record.Entry{swing("a.csv", 0, 200)}, []record.Entry{swing("a.csv", 200, 50)}
	a.Test[0].Test = true
	a.Data = prepare(t, m, a.Train...)
	a.Sought = a.Data
	a.All = append(a.Train[:1:1], a.Test...)
	a.Whole = prepare(t, m, a.All...)
	a.Final = &fit.Fitted{
		Terms: []fit.Term{{Factor: expr.Var("x")}}, Coefficients: []float64{-1}, Parameters: []float64{0},
		Nodes: [][]float64{nodes(a.All[0]), nodes(a.All[1])}, Sigma: []float64{0.01, 0.02}, Scale: []float64{0.5, 2}, Omega: fit.OmegaEnd,
		Covariance: []float64{0.0004, 0, 0, 0.0001}, Residual: []float64{0.01, 0.02}, Motion: []float64{3, 3}, Defect: []float64{0, 4}, Substeps: 2, Status: optim.Converged,
	}
	a.Spread = []float64{0.02, 0.01}
	a.Informed = a.Final
	a.Found = &discover.Result{Ending: discover.Formula, Chosen: a.Final, Model: m, Data: a.Data, Degree: 3, Library: 4}
	var err error
	if a.Closed, err = a.Answering().Close(a.Final); err != nil {
		t.Fatal(err)
	}
	a.Trained = a.Closed
	long := &ode.Solution{Time: a.Train[0].Times, Values: [][]float64{a.Train[0].Channels[0].Values, a.Train[0].Channels[1].Values}}
	a.Proof = &assess.Proof{
		Lyapunov: []float64{0, -0.1}, Bounded: true, Starts: 20, Free: []float64{0.03, 0.04}, FreeColumn: []float64{0.05, 0.06},
		Cycle: 2 * math.Pi, ModelCycle: 6.25, ValidTime: 4.5, AttractorDistance: 0.1, AttractorFloor: 0.2, SpectrumDistance: 0.3, SpectrumFloor: math.NaN(),
		Long: long,
	}
	return writer{Answer: a, verdict: verdict.Of(a)}
}

// kinds of notes, in their order.
func kinds(notes []note.Note) []note.Kind {
	var out []note.Kind
	for _, n := range notes {
		out = append(out, n.Kind)
	}
	return out
}

// near says that two numbers are equal but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*(1+math.Abs(b)) }
