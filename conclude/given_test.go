package conclude

import (
	"math"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
)

// step is the sampling interval of every swing: 63 samples a cycle.
const step = 0.1

// oscillator is x” = −w·x.
const oscillator = `
states: {x: 1, y: 0}
parameters: {w: {value: 1, fit: true}}
equations: |
  x' = y
  y' = -w*x
`

func read(t *testing.T, text string) *model.Model {
	t.Helper()
	m, err := model.Read("model.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// swing is the oscillation x = cos t, y = −sin t from a sample on, without noise.
func swing(name string, from, samples int) record.Entry {
	e := record.Entry{Name: name, Later: from > 0}
	var x, y []float64
	for i := range samples {
		s := step * float64(from+i)
		e.Times, x, y = append(e.Times, s), append(x, math.Cos(s)), append(y, -math.Sin(s))
	}
	e.Channels = []record.Channel{{Column: "x", Observe: expr.Var("x"), Values: x}, {Column: "y", Observe: expr.Var("y"), Values: y}}
	return e
}

// nodes are an entry's channels as the states of a fit, one node a sample.
func nodes(e record.Entry) []float64 {
	var out []float64
	for i := range e.Times {
		for _, c := range e.Channels {
			out = append(out, c.Values[i])
		}
	}
	return out
}

func prepare(t *testing.T, m *model.Model, entries ...record.Entry) *fit.Data {
	t.Helper()
	d, err := fit.Prepare(m, entries)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// without is an entry whose first channel lacks some samples.
func without(e record.Entry, samples ...int) record.Entry {
	e = e.Slice(0, len(e.Times))
	e.Channels[0].Values = append([]float64(nil), e.Channels[0].Values...)
	for _, i := range samples {
		e.Channels[0].Values[i] = math.NaN()
	}
	return e
}

func parse(t *testing.T, text string) *expr.Expr {
	t.Helper()
	e, err := expr.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// near says that two numbers are equal but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*(1+math.Abs(b)) }
