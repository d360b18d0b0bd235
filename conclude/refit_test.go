package conclude

import (
	"context"
	"math"
	"slices"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/model"
	"govern/optim"
	"govern/problem"
	"govern/record"
)

func TestARefitIsAdriftWhereItsLossIsFarAboveTheOneBefore(t *testing.T) {
	d := prepare(t, read(t, oscillator), swing("a", 0, 100)) // 200 observations
	for _, c := range []struct {
		status    optim.Status
		objective float64
		before    float64
		want      bool
	}{
		{optim.Converged, 200, 1, false},
		{optim.Converged, 200 * adriftLoss, 1, false},
		{optim.Converged, 201 * adriftLoss, 1, true},
		{optim.Converged, 201 * adriftLoss, 0.01, true}, // a fit before of less than one a sample counts as one
		{optim.Converged, 200 * adriftLoss, 0.01, false},
		{optim.Converged, 300 * adriftLoss, 2, false},
		{optim.Stalled, 200, 1, false},
		{optim.Failed, 200, 1, true},
		{optim.Converged, math.NaN(), 1, true},
		{optim.Converged, math.Inf(1), 1, true},
	} {
		if got := adrift(&fit.Fitted{Status: c.status, Objective: c.objective}, d, c.before); got != c.want {
			t.Errorf("%+v: adrift %t", c, got)
		}
	}
}

func TestAClosedModelStartsWhereTheDataStart(t *testing.T) {
	m := &model.Model{States: []model.State{{Name: "x", Value: 1}, {Name: "y", Value: 2, Fixed: true}, {Name: "z", Value: 3}}}
	got := startingAt(m, []float64{10, 20, 30, 11, 21, 31})
	if s := got.States; s[0].Value != 10 || s[1].Value != 2 || s[2].Value != 30 {
		t.Errorf("%+v", s)
	}
	if m.States[0].Value != 1 {
		t.Error("the model itself was changed")
	}
}

func TestNoiseIsCarriedByChannel(t *testing.T) {
	m := read(t, oscillator)
	turned := swing("a", 0, 100)
	turned.Channels = []record.Channel{turned.Channels[1], turned.Channels[0]}
	loud := swing("b", 0, 100)
	loud.Channels[0].Level = 1
	from, to := prepare(t, m, swing("a", 0, 100)), prepare(t, m, turned, loud) // y, x, x at another level
	got := carry(to, from, []float64{0.1, 0.2})
	if !slices.Equal(got, []float64{0.2, 0.1, to.Channels[2].Sigma0}) {
		t.Errorf("%v, channel 3 starts at %g", got, to.Channels[2].Sigma0)
	}
}

func TestDataAreReadOnceForEveryModel(t *testing.T) {
	m := read(t, oscillator)
	s := Searched{}
	s.Train = []record.Entry{swing("a", 0, 100)}
	s.Data = prepare(t, m, s.Train...)
	s.Data.Channels[0].Sigma0 = 0.77 // what the search has learned of the table
	other := read(t, oscillator)
	d, err := s.dataFor(other)
	if err != nil || d.Model != other || d.Channels[0].Sigma0 != 0.77 {
		t.Errorf("σ = %g (%v)", d.Channels[0].Sigma0, err)
	}
	s.Train = []record.Entry{swing("b", 0, 50)}
	if d, err = s.dataFor(other); err != nil || d.Entries[0].Name != "b" || d.Channels[0].Sigma0 == 0.77 {
		t.Errorf("of other entries: %s (%v)", d.Entries[0].Name, err)
	}
}

func TestABaselineIsRefittedNowhere(t *testing.T) {
	s := Searched{Found: &discover.Result{Ending: discover.Baseline, Chosen: &fit.Fitted{}}}
	s.Problem = &problem.Problem{}
	s.Problem.Discover.Method = discover.MethodDerivatives
	ctx := context.Background()
	if got, err := s.expand(ctx); err != nil || got.Found != s.Found {
		t.Errorf("expanded (%v)", err)
	}
	if got, err := s.tighten(ctx); err != nil || got.Found != s.Found {
		t.Errorf("tightened (%v)", err)
	}
	if got, err := s.relevel(ctx); err != nil || got.Found != s.Found {
		t.Errorf("levelled (%v)", err)
	}
	// Nor is what begins in a regime that the problem names.
	s.Problem = &problem.Problem{}
	s.Train = []record.Entry{{Regime: 1}}
	if got, err := s.tighten(ctx); err != nil || got.Found != s.Found {
		t.Errorf("given regimes were tightened (%v)", err)
	}
}

func TestTheNoiseOfASampleIsWithoutItsInflation(t *testing.T) {
	d := &fit.Data{Table: record.Table{Channels: []record.ChannelInfo{{}, {Correlation: 0.6}}}}
	sigma := []float64{0.3, 0.4}
	if got := NoiseOfSamples(d, sigma); got[0] != 0.3 || !near(got[1], 0.2) || sigma[1] != 0.4 { // √(1.6/0.4) = 2
		t.Errorf("%v of %v", got, sigma)
	}
}
