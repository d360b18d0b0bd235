package fit_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/internal/truth"
	"govern/model"
	"govern/record"
)

// A food chain sampled twenty times a cycle moves by a factor between samples: one
// Runge–Kutta step is not enough there, and a smoother whose equations are off
// ends in a wrong path.
func TestTheSmootherStepsAsFinelyAsTheEquationsNeed(t *testing.T) {
	text := func(f, unknowns string) string {
		return "states: {x: 0.8, y: 0.2, z: 8}\n" + unknowns + `
equations: |
  x' = x*(1 - x) - ` + f + `*y
  y' = ` + f + `*y - 0.1*y*z/(1 + 2*y) - 0.4*y
  z' = 0.1*y*z/(1 + 2*y) - 0.01*z
`
	}
	m, err := model.Read("truth", []byte(text("5*x/(1 + 3*x)", "")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 2, Samples: 400, Seed: 101, Transient: 2000, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	entry, err := c.Entry()
	if err != nil {
		t.Fatal(err)
	}
	_, states, err := c.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	learn, err := model.Read("learn", []byte(text("f(x)", "unknowns: {f: {}}")))
	if err != nil {
		t.Fatal(err)
	}
	d, err := fit.Prepare(learn, []record.Entry{entry})
	if err != nil {
		t.Fatal(err)
	}
	sm, err := (&fit.Engine{Data: d}).Smooth(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	square := 0.0
	for i, x := range states[0] {
		off := sm.Calls[0][0][i]/(5*x/(1+3*x)) - 1
		square += off * off / float64(len(states[0]))
	}
	if rms := math.Sqrt(square); rms > 0.02 {
		t.Errorf("the smoothed response is off by %.3g of itself (rms), want 0.02", rms)
	}
}

func TestAParameterAtItsBoundIsSaid(t *testing.T) {
	m, err := model.Read("model", []byte("states: {x: 1}\nparameters: {a: {value: 1, fit: true}, b: {value: 1, fit: true, max: 3}, c: {value: 1, fit: true}}\nequations: x' = -a*b*c*x\n"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := fit.Prepare(m, []record.Entry{{Times: []float64{0, 1, 2, 3, 4, 5, 6, 7, 8}, Channels: []record.Channel{{
		Column: "x", Observe: expr.Var("x"), Values: []float64{9, 7, 5, 4, 3, 2, 1.5, 1.2, 1}}}}})
	if err != nil {
		t.Fatal(err)
	}
	got := d.AtBounds(m, []float64{1e6, 3, 2}, m)
	if len(got) != 2 || !strings.Contains(got[0].String(), "a rests at its bound 1e+06. Give a `value`") || !strings.Contains(got[1].String(), "b rests at its bound 3. If it may go farther") {
		t.Errorf("%q", got)
	}
}
