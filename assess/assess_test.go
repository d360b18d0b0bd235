package assess_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"govern/assess"
	"govern/internal/truth"
	"govern/model"
	"govern/ode"
	"govern/record"
)

// experiment is a Lorenz run of 60 units, the last fifth held out, with the
// exact states of the training part as path.
func experiment(t *testing.T, noise float64, samples int) assess.Input {
	t.Helper()
	m, err := model.Lookup("lorenz")
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.02, Samples: samples, Seed: 4, Transient: 30, Noise: map[string]float64{"x": noise, "y": noise, "z": noise}}
	entry, err := c.Entry()
	if err != nil {
		t.Fatal(err)
	}
	_, states, err := c.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	cut := samples * 4 / 5
	train, test := entry.Slice(0, cut), entry.Slice(cut, samples)
	test.Test = true
	for i := range states {
		states[i] = states[i][:cut]
	}
	return assess.Input{
		Model: m, Final: m, Train: []record.Entry{train}, Test: []record.Entry{test},
		Sigma: []float64{7.9 * noise, 9 * noise, 8.6 * noise}, Scale: []float64{7.9, 9, 8.6}, Path: [][][]float64{states},
	}
}

func TestTheTruthPassesItsOwnProof(t *testing.T) {
	const noise = 0.02
	p, err := assess.Run(context.Background(), experiment(t, noise, 3000))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Bounded || !p.Chaotic || math.Abs(p.Lyapunov[0]-0.9056) > 0.05 {
		t.Errorf("bounded %v, chaotic %v, exponents %v", p.Bounded, p.Chaotic, p.Lyapunov)
	}
	if p.Starts < 10 {
		t.Errorf("%d starts", p.Starts)
	}
	for c, e := range p.Free {
		// The error includes the noise of the data; the start's own error grows by e
		// over a Lyapunov time.
		if !(e > 0.5*noise && e < 4*noise) {
			t.Errorf("channel %d: free error %g at noise %g", c, e, noise)
		}
	}
	var valid []float64
	for _, r := range p.Runs {
		valid = append(valid, r.Valid*p.Lyapunov[0])
	}
	slices.Sort(valid)
	if n := len(valid); n != p.Starts || math.Abs((valid[(n-1)/2]+valid[n/2])/2-p.ValidTime) > 1e-9 {
		t.Errorf("the runs were valid for %v, their median is not %g", valid, p.ValidTime)
	}
	if !(p.ValidTime > 2.5) {
		t.Errorf("valid for %g Lyapunov times", p.ValidTime)
	}
	if !(p.AttractorDistance < 1.2*p.AttractorFloor) || !(p.SpectrumDistance < 2*p.SpectrumFloor) {
		t.Errorf("distances %g and %g above their floors %g and %g", p.AttractorDistance, p.SpectrumDistance, p.AttractorFloor, p.SpectrumFloor)
	}
	if math.Abs(p.ModelCycle-p.Cycle) > 0.1*p.Cycle {
		t.Errorf("cycle %g, data %g", p.ModelCycle, p.Cycle)
	}
}

func TestAWrongParameterShows(t *testing.T) {
	in := experiment(t, 0.01, 3000)
	right, err := assess.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	in.Model = in.Model.WithParameters(map[string]float64{"rho": 24})
	in.Final = in.Model
	wrong, err := assess.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !(wrong.Free[0] > 5*right.Free[0]) || !(wrong.ValidTime < right.ValidTime/2) {
		t.Errorf("free error %g against %g, valid time %g against %g", wrong.Free[0], right.Free[0], wrong.ValidTime, right.ValidTime)
	}
}

func TestAnEscapingModelIsUnbounded(t *testing.T) {
	in := experiment(t, 0.01, 1000)
	in.Final = in.Model.WithParameters(map[string]float64{"beta": -3})
	p, err := assess.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if p.Bounded || p.Escape == "" {
		t.Errorf("bounded %v (%s)", p.Bounded, p.Escape)
	}
	if strings.Contains(p.Escape, "ode:") || len(p.Escape) > 80 {
		t.Errorf("the reason is no clause: %s", p.Escape)
	}
}

func TestAShortRecordSaysSo(t *testing.T) {
	p, err := assess.Run(context.Background(), experiment(t, 0.01, 220))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Notes) == 0 {
		t.Error("no warning")
	}
}

func TestObserveEvaluatesTheChannelsAlongASolution(t *testing.T) {
	in := experiment(t, 0, 200)
	e := in.Train[0]
	sol, err := assess.Solve(context.Background(), in.Model, e, []float64{in.Path[0][0][0], in.Path[0][1][0], in.Path[0][2][0]})
	if err != nil {
		t.Fatal(err)
	}
	values, err := assess.Observe(in.Model, e, sol)
	if err != nil {
		t.Fatal(err)
	}
	for c := range values {
		for k, v := range values[c] {
			if math.Abs(v-e.Channels[c].Values[k]) > 1e-5 {
				t.Fatalf("channel %d sample %d: %g, data %g", c, k, v, e.Channels[c].Values[k])
			}
		}
	}
	short := &ode.Solution{Time: sol.Time[:10], Values: [][]float64{sol.Values[0][:10], sol.Values[1][:10], sol.Values[2][:10]}}
	values, err = assess.Observe(in.Model, e, short)
	if err != nil || !math.IsNaN(values[0][10]) || math.IsNaN(values[0][9]) {
		t.Errorf("beyond the end: %v, %v", values[0][8:12], err)
	}
}

// The exponents of a damped oscillator are negative, but what drives it keeps it
// in motion.
func TestAModelDrivenByTheTimeDoesNotComeToRest(t *testing.T) {
	m, err := model.Read("driven.yaml", []byte("states: {x: 1, v: 0}\nequations: |\n  x' = v\n  v' = -x - 0.5*v + cos(0.7*t)\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 2500, Seed: 4, Noise: map[string]float64{"x": 0.01, "v": 0.01}}
	entry, err := c.Entry()
	if err != nil {
		t.Fatal(err)
	}
	_, states, err := c.Trajectory()
	if err != nil {
		t.Fatal(err)
	}
	const cut = 2000
	train, test := entry.Slice(0, cut), entry.Slice(cut, 2500)
	test.Test = true
	p, err := assess.Run(context.Background(), assess.Input{
		Model: m, Final: m, Train: []record.Entry{train}, Test: []record.Entry{test},
		Sigma: []float64{0.01, 0.01}, Scale: []float64{1, 1}, Path: [][][]float64{{states[0][:cut], states[1][:cut]}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Lyapunov) == 0 || p.Lyapunov[0] > -0.1 {
		t.Fatalf("exponents %v of a damped oscillator", p.Lyapunov)
	}
	if p.Rest != "" {
		t.Errorf("it comes to rest: %s", p.Rest)
	}
}

// A clock of seconds since 1970 has no digits left for steps of microseconds.
func TestARecordMayBeginAtALargeTime(t *testing.T) {
	m, err := model.Read("model", []byte("states: {x: 1, y: 0}\nequations: |\n  x' = 1e5*y\n  y' = -1e5*x\n"))
	if err != nil {
		t.Fatal(err)
	}
	const start = 1.7e9
	e := record.Entry{}
	for i := range 100 {
		e.Times = append(e.Times, start+1e-5*float64(i))
	}
	sol, err := assess.Solve(context.Background(), m, e, []float64{1, 0})
	if err != nil {
		t.Fatal(err)
	}
	last := e.Times[len(e.Times)-1]
	if got, want := sol.Last()[0], math.Cos(1e5*(last-start)); math.Abs(got-want) > 1e-6 || sol.Time[len(sol.Time)-1] != last {
		t.Errorf("x = %g at t = %.17g, want %g at %.17g", got, sol.Time[len(sol.Time)-1], want, last)
	}
}
