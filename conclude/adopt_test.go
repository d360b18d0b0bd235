package conclude

import (
	"context"
	"maps"
	"slices"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/optim"
	"govern/problem"
	"govern/record"
)

func TestOutliersAreCountedByColumn(t *testing.T) {
	m := read(t, oscillator)
	whole := prepare(t, m, swing("a", 0, 100), swing("b", 0, 80))
	cleaned := prepare(t, m, without(swing("a", 0, 100), 7, 40), without(swing("b", 0, 80), 3))
	if got := leftOut(whole, cleaned); !maps.Equal(got, map[string]int{"x": 3}) {
		t.Errorf("%v of 3 samples of x", got)
	}
	if got := leftOut(cleaned, whole); len(got) > 0 {
		t.Errorf("%v where samples were added", got)
	}
	// Levels of one column are counted together.
	noisy := func(e record.Entry) record.Entry {
		e.Channels[0].Level = 1
		return e
	}
	whole = prepare(t, m, swing("a", 0, 100), noisy(swing("b", 0, 80)))
	cleaned = prepare(t, m, without(swing("a", 0, 100), 7, 40), noisy(without(swing("b", 0, 80), 3)))
	if got := leftOut(whole, cleaned); len(whole.Channels) != 3 || !maps.Equal(got, map[string]int{"x": 3}) {
		t.Errorf("%v of 3 samples of x at two levels of noise", got)
	}
}

func TestCorrelationGoesToEveryEntryOfTheChannel(t *testing.T) {
	d := prepare(t, read(t, oscillator), swing("a", 0, 100))
	d.Channels[0].Correlation, d.Channels[0].Sigma0 = 0.5, 0.3
	other := swing("b", 0, 50)
	other.Channels[0].Level = 1 // another instrument, of which the data know nothing
	before := []record.Entry{swing("a", 100, 50), other}
	after := withCorrelation(before, d)
	for i, c := range after[0].Channels {
		want := record.Channel{}
		if i == 0 {
			want.Sigma, want.Correlation = 0.3, 0.5
		}
		if c.Sigma != want.Sigma || c.Correlation != want.Correlation {
			t.Errorf("%s has σ = %g, ρ = %g", c.Column, c.Sigma, c.Correlation)
		}
	}
	if after[1].Channels[0].Correlation != 0 || before[0].Channels[0].Correlation != 0 {
		t.Error("another level, or the entries themselves, were changed")
	}
}

func TestConditionsAreTakenEntryByEntry(t *testing.T) {
	a, b := swing("a", 0, 20), swing("b", 0, 20)
	a.Set, b.Set = map[string]float64{"p": 1}, map[string]float64{"p": 2}
	cleaned := []record.Entry{without(a, 3), without(b, 4)}
	cleaned[0].Set, cleaned[1].Set = map[string]float64{"p": 1, "w": 7}, nil
	got := withConditions(cleaned, []record.Entry{a, b})
	if !maps.Equal(got[0].Set, a.Set) || !maps.Equal(got[1].Set, b.Set) || len(cleaned[0].Set) != 2 {
		t.Errorf("%v and %v", got[0].Set, got[1].Set)
	}
}

func TestAFormulaHoldsThroughoutWhereItIsTrustedAndHasNoRegimes(t *testing.T) {
	rest := &fit.Fitted{Status: optim.Converged}
	for name, c := range map[string]struct {
		found *discover.Result
		want  bool
	}{
		"formula":    {&discover.Result{Ending: discover.Formula, Chosen: rest}, true},
		"none":       {&discover.Result{Ending: discover.NotStarted}, false},
		"unfinished": {&discover.Result{Ending: discover.Formula, Chosen: &fit.Fitted{Status: optim.Stalled}}, false},
		"regimes":    {&discover.Result{Ending: discover.Formula, Chosen: rest, Regimes: make([]discover.Regime, 2)}, false},
	} {
		if got := (Searched{Found: c.found}).holdsThroughout(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// searchedSwing is a search for the oscillator on one record that leaves the data
// cleaned and no formula, so that nothing is fitted.
func searchedSwing(t *testing.T, cleaned record.Entry) Searched {
	m := read(t, oscillator)
	s := Searched{Found: &discover.Result{Ending: discover.NotStarted, Model: m}}
	s.Problem = &problem.Problem{Model: m}
	s.Train, s.Test = []record.Entry{swing("a", 0, 100)}, []record.Entry{swing("a", 100, 30)}
	s.Data = prepare(t, m, s.Train...)
	s.Sought = s.Data
	s.Found.Data = prepare(t, m, cleaned)
	return s
}

func TestCleanedDataAreAdopted(t *testing.T) {
	s := searchedSwing(t, without(swing("a", 0, 100), 5, 50))
	s.Found.Data.Channels[1].Correlation, s.Found.Data.Channels[1].Sigma0 = 0.4, 0.2
	got, adopted, err := s.adopt(context.Background())
	if err != nil || !adopted || got.Data != s.Found.Data || !maps.Equal(got.Left, map[string]int{"x": 2}) {
		t.Fatalf("adopted: %t, left out %v (%v)", adopted, got.Left, err)
	}
	if &got.Train[0] != &got.Data.Entries[0] || got.Test[0].Channels[1].Correlation != 0.4 {
		t.Error("entries are not those of the cleaned data, or held-out ones do not know the correlation")
	}

	s.Found.Regimes = make([]discover.Regime, 2)
	if got, _, err := s.adopt(context.Background()); err != nil || got.Left != nil {
		t.Errorf("around changes %v were left out as outliers (%v)", got.Left, err)
	}
}

func TestDataThatASearchHasSeenInPartAreNotAdopted(t *testing.T) {
	s := searchedSwing(t, without(swing("a", 0, 100), 5))
	s.Sought = prepare(t, s.Problem.Model, swing("a", 0, 50))
	if got, adopted, err := s.adopt(context.Background()); err != nil || adopted || got.Data != s.Data || got.Left != nil {
		t.Errorf("adopted: %t (%v)", adopted, err)
	}
	s = searchedSwing(t, swing("a", 0, 100))
	s.Found.Data = nil
	if _, adopted, err := s.adopt(context.Background()); err != nil || adopted {
		t.Errorf("adopted: %t what a search without data has left (%v)", adopted, err)
	}
}

func TestFilesThatASearchTellsApartAreToldApartInTheHeldOutDataToo(t *testing.T) {
	m := read(t, oscillator)
	s := Searched{Found: &discover.Result{}}
	s.Problem = &problem.Problem{Model: m}
	s.Train, s.Test = []record.Entry{swing("a", 0, 60), swing("b", 0, 60)}, []record.Entry{swing("b", 60, 20)}
	s.Data = prepare(t, m, s.Train...)
	s.Found.Data = s.Data
	same, err := s.level()
	if err != nil || same.Data != s.Data {
		t.Errorf("levels without any (%v)", err)
	}
	apart := slices.Clone(s.Train)
	apart[1].Channels = slices.Clone(apart[1].Channels)
	apart[1].Channels[0].Level = 1
	s.Found.Data = prepare(t, m, apart...)
	got, err := s.level()
	if err != nil || len(got.Data.Channels) != 3 || got.Test[0].Channels[0].Level != 1 || got.Train[0].Channels[0].Level != 0 {
		t.Errorf("%d channels (%v)", len(got.Data.Channels), err)
	}
}
