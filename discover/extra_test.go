package discover_test

import (
	"math"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/record"
	"govern/run"
	"govern/verdict"
)

// The slow current s' = 0.01·(v − s) enters v' as −0.6·s; the same motion is
// q' = −0.006·v − 0.01·q with q = −0.6·s.
func TestASlowStateThatTheModelLacksIsFound(t *testing.T) {
	quick.Skip(t)
	system, err := model.Read("system.yaml", []byte(`
states: {v: -1, w: 1, s: 0}
equations: |
  v' = v - v^3/3 - w + 0.5 - 0.6*s
  w' = 0.08*(v + 0.7 - 0.8*w)
  s' = 0.01*(v - s)
`))
	if err != nil {
		t.Fatal(err)
	}
	r, _ := learn(t, truth.Case{Model: system, Step: 0.2, Samples: 3000, Transient: 5, Noise: map[string]float64{"v": 0.01}, Seed: 5},
		`
states: {v: 0, w: 0}
unknowns: {f: {library: {degree: 3}}}
equations: |
  v' = f(v) - w
  w' = 0.08*(v + 0.7 - 0.8*w)
`, 0, discover.Options{})
	if r.Extra == nil || verdict.OfSearch(r).Status != run.Ambiguous {
		t.Fatalf("%s (%s), extra state %+v", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice(), r.Extra)
	}
	k := len(r.Chosen.Parameters) - 2 // rate and gain come last
	rate, gain := r.Chosen.Parameters[k], r.Chosen.Parameters[k+1]
	if r.Extra.Driver.String() != "v" || r.Extra.Enters != "v" || math.Abs(rate-0.01) > 0.0005 || math.Abs(gain+0.006) > 0.0001 || len(r.Chosen.Terms) != 3 {
		t.Errorf("q' = %g*%s - %g*q enters %s, f = %s; want -0.006*v - 0.01*q in v and three terms", gain, r.Extra.Driver, rate, r.Extra.Enters, r.Chosen.Formula(0))
	}
	if r.Model.StateIndex(r.Extra.State) != 2 || r.Data.Model != r.Model {
		t.Error("the model of the answer lacks the extra state")
	}
}

func TestAModelThatHasAllItsStatesIsGivenNone(t *testing.T) {
	r, _ := learn(t, truth.Case{Model: catalogue(t, "fitzhugh-nagumo"), Step: 0.2, Samples: 1500, Transient: 20, Noise: map[string]float64{"v": 0.01}, Seed: 5},
		`
states: {v: 0, w: 0}
unknowns: {f: {library: {degree: 3}}}
equations: |
  v' = f(v) - w
  w' = 0.08*(v + 0.7 - 0.8*w)
`, 0, discover.Options{})
	if r.Extra != nil || verdict.OfSearch(r).Status != run.OK {
		t.Errorf("%s, extra state %+v", verdict.OfSearch(r).Status, r.Extra)
	}
}

func TestAnExtraStateTakesNamesThatAreFree(t *testing.T) {
	m, err := model.Read("m.yaml", []byte(`
states: {v: 0, q: 0}
parameters: {q1_rate: 1}
unknowns: {f: {}}
equations: |
  v' = f(v, q)
  q' = v*q1_rate
`))
	if err != nil {
		t.Fatal(err)
	}
	x := discover.NewExtra(m, m.Equations[1].Right.Args[0], "v")
	out := x.Extend(m, 0, 0.1, 2, 1)
	if x.State != "q2" || out.StateIndex("q2") != 2 || len(m.States) != 2 {
		t.Errorf("state %q, model %v", x.State, out.States)
	}
	if got := out.Equations[0].Right.String() + "; " + out.Equations[2].Right.String(); got != "f(v, q) + q2; q2_gain*v - q2_rate*q2" {
		t.Errorf("equations %s", got)
	}
	if _, err := fit.Prepare(out, []record.Entry{{Times: []float64{0, 1, 2, 3}, Channels: []record.Channel{{Column: "v", Observe: m.Equations[1].Right.Args[0], Values: []float64{0, 1, 0, 1}}}}}); err != nil {
		t.Error(err)
	}
}
