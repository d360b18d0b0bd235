package conclude

import (
	"context"
	"maps"
	"slices"
	"testing"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/problem"
	"govern/record"
)

func TestRegimesDifferInAFormulaOrAParameter(t *testing.T) {
	in := func(formula string, c float64) InRegime {
		e, err := expr.Parse(formula)
		if err != nil {
			t.Fatal(err)
		}
		return InRegime{Unknowns: []RegimeFormula{{Formula: e}}, Parameters: []Estimate{{Name: "c", Value: c}}}
	}
	for _, c := range []struct {
		regimes []InRegime
		want    bool
	}{
		{[]InRegime{in("x", 1)}, false},
		{[]InRegime{in("x", 1), in("x", 1)}, false},
		{[]InRegime{in("x", 1), in("x", 1), in("2*x", 1)}, true},
		{[]InRegime{in("x", 1), in("x", 2)}, true},
	} {
		if got := differ(c.regimes); got != c.want {
			t.Errorf("%d regimes differ: %t", len(c.regimes), got)
		}
	}
}

// threeRegimes are those of record a: the indicator of the first is that of none.
var threeRegimes = []discover.Regime{
	{Number: 1, Entry: "a", From: 0, To: 4},
	{Number: 2, Entry: "a", From: 4, To: 9, Low: 3.9, High: 4.1, Name: "regime_2"},
	{Number: 3, Entry: "a", From: 9, To: 12, Low: 8.9, High: 9.2, Name: "regime_3"},
}

func TestOneIndicatorIsOneInEveryRegimeButTheFirst(t *testing.T) {
	set := map[string]float64{"p": 5, "regime_2": 1}
	for k, want := range []map[string]float64{
		{"p": 5, "regime_2": 0, "regime_3": 0},
		{"p": 5, "regime_2": 1, "regime_3": 0},
		{"p": 5, "regime_2": 0, "regime_3": 1},
	} {
		if got := indicated(set, threeRegimes, threeRegimes[k]); !maps.Equal(got, want) {
			t.Errorf("regime %d: %v", k+1, got)
		}
	}
	if got := indicated(nil, threeRegimes[:1], threeRegimes[0]); got == nil || len(got) != 0 || len(set) != 2 {
		t.Errorf("%v, conditions %v", got, set)
	}
}

func TestAnEntryLiesInTheRegimeOfItsIndicators(t *testing.T) {
	s := Searched{Found: &discover.Result{Regimes: threeRegimes}}
	for k, set := range []map[string]float64{nil, {"regime_2": 1, "regime_3": 0}, {"regime_3": 1}} {
		for j, r := range threeRegimes {
			if got := s.liesIn(record.Entry{Set: set}, r); got != (j == k) {
				t.Errorf("%v lies in regime %d: %t", set, j+1, got)
			}
		}
	}
}

// Held-out entries that say nothing lie in the last regime of their record.
func TestEntriesGetTheIndicatorsOfTheirRegime(t *testing.T) {
	s := Searched{Found: &discover.Result{Regimes: append(slices.Clone(threeRegimes), discover.Regime{Number: 2, Entry: "b", Name: "regime_2"})}}
	entries := []record.Entry{
		{Name: "a"}, {Name: "a", Regime: 1}, {Name: "a", Regime: 2, Set: map[string]float64{"p": 1}}, {Name: "b"}, {Name: "c"}, {Name: "a", Regime: 7},
	}
	got := s.withIndicators(entries)
	for i, want := range []map[string]float64{
		{"regime_2": 0, "regime_3": 1}, {"regime_2": 0, "regime_3": 0}, {"p": 1, "regime_2": 1, "regime_3": 0}, {"regime_2": 1, "regime_3": 0}, nil, nil,
	} {
		if !maps.Equal(got[i].Set, want) {
			t.Errorf("entry %d: %v, want %v", i, got[i].Set, want)
		}
	}
	if entries[0].Set != nil || len(entries[2].Set) != 1 {
		t.Error("the entries themselves were changed")
	}
}

func TestARegimeEndsWhereTheNextBeginsOrItsHeldOutPartEnds(t *testing.T) {
	s := Searched{Found: &discover.Result{Regimes: threeRegimes}}
	held := func(k int, from, to float64) record.Entry {
		return record.Entry{Name: "a", Times: []float64{from, to}, Set: indicated(nil, threeRegimes, threeRegimes[k])}
	}
	s.Test = []record.Entry{held(0, 3, 3.5), held(1, 8, 8.5), held(2, 12.5, 15)}
	found := slices.Clone(threeRegimes)
	found[1].To = 8 // where its training part ended
	got := s.complete(found)
	if got[0].To != 4 || got[1].To != 9 || got[2].To != 15 {
		t.Errorf("regimes end at %g, %g, %g; want 4, 9, 15", got[0].To, got[1].To, got[2].To)
	}
	if got = s.complete(threeRegimes[:1]); got[0].To != 4 {
		t.Errorf("a regime ends at %g with the held-out part of another", got[0].To)
	}
	found[1].Entry, found[2].Entry = "b", "c" // of other records: nothing begins after them
	if got = s.complete(found); got[1].To != 8 || got[2].To != 12 || found[2].To != 12 {
		t.Errorf("regimes of records without held-out parts end at %g and %g", got[1].To, got[2].To)
	}
}

func TestGoingIntoRegimesChangesTheModelAndWhatIsHeldOut(t *testing.T) {
	base := &model.Model{Name: "base"}
	s := Searched{Found: &discover.Result{Regimes: threeRegimes, Base: base}}
	s.Problem = &problem.Problem{Model: &model.Model{Name: "asked"}}
	s.Data = prepare(t, read(t, oscillator), swing("a", 0, 120))
	s.Train, s.Test = s.Data.Entries, []record.Entry{swing("a", 120, 30)}
	got := s.intoRegimes()
	if got.Problem.Model != base || s.Problem.Model.Name != "asked" || got.Test[0].Set["regime_3"] != 1 || got.Train[0].Set != nil {
		t.Errorf("model %s, held out %v, trained %v", got.Problem.Model.Name, got.Test[0].Set, got.Train[0].Set)
	}
	if to := got.Found.Regimes[2].To; !near(to, 14.9) || s.Found.Regimes[2].To != 12 {
		t.Errorf("the last regime ends at %g, held-out data at 14.9", to)
	}
	// Where the search has seen excerpts the training entries are not cut into regimes yet.
	s.Sought = prepare(t, read(t, oscillator), swing("a", 0, 50))
	if got := s.intoRegimes(); got.Train[0].Set["regime_3"] != 1 {
		t.Errorf("trained under %v", got.Train[0].Set)
	}
	s.Found = &discover.Result{}
	if got := s.intoRegimes(); got.Problem != s.Problem {
		t.Error("regimes where there are none")
	}
}

// In two regimes f = 2·x + 0.5·y, and 3·x more of it in the second, where w is 0.25 more.
func TestInEveryRegimeTheIndicatorsAreNumbers(t *testing.T) {
	m := read(t, "states: {x: 1, y: 0}\nparameters: {w: {value: 1, fit: true}, regime_2: 0, w_in_regime_2: {value: 0, fit: true}}\nunknowns: {f: {arguments: [x, y, regime_2]}}\nequations: |\n  x' = f(x, y, regime_2)\n  y' = -(w + w_in_regime_2*regime_2)*x\n")
	a := &Answer{}
	a.Problem = &problem.Problem{Model: m}
	a.Found = &discover.Result{Model: m, Regimes: threeRegimes[:2]}
	a.Final = &fit.Fitted{
		Terms:        []fit.Term{{Factor: parse(t, "x")}, {Factor: parse(t, "y")}, {Factor: parse(t, "regime_2*x")}},
		Coefficients: []float64{2, 0.5, 3}, Parameters: []float64{1, 0.25},
		Covariance: make([]float64, 25),
	}
	for i, v := range []float64{0.04, 0.01, 0.09, 0.16, 0.36} {
		a.Final.Covariance[6*i] = v
	}
	a.Spread = []float64{0.2, 0.1, 0.3, 0.4, 0.6}
	a.All = []record.Entry{{Set: map[string]float64{"regime_2": 1}}}
	var err error
	if a.Closed, err = a.Answering().Close(a.Final); err != nil {
		t.Fatal(err)
	}
	got := a.InRegimes()
	if len(got) != 2 || !differ(got) {
		t.Fatalf("%d regimes, and they differ: %t", len(got), differ(got))
	}
	for k, want := range []struct {
		x, y, f  string
		terms    []float64 // coefficient, variance …
		w, wHalf float64
	}{
		{"2*x + 0.5*y", "-x", "2*x + 0.5*y", []float64{2, 0.04, 0.5, 0.01}, 1, 0.4},
		{"5*x + 0.5*y", "-1.25*x", "5*x + 0.5*y", []float64{5, 0.13, 0.5, 0.01}, 1.25, 0.7211102550927978}, // √(0.16 + 0.36)
	} {
		in := got[k]
		if in.Number != k+1 || in.Equations[0].String() != want.x || in.Equations[1].String() != want.y || in.Unknowns[0].Formula.String() != want.f {
			t.Errorf("regime %d: x' = %s, y' = %s, f = %s", in.Number, in.Equations[0], in.Equations[1], in.Unknowns[0].Formula)
		}
		if len(in.Unknowns[0].Terms) != 2 {
			t.Fatalf("regime %d: %d terms", in.Number, len(in.Unknowns[0].Terms))
		}
		for i, term := range in.Unknowns[0].Terms {
			if v := want.terms[2*i : 2*i+2]; !near(term.Coefficient, v[0]) || !near(term.Half*term.Half, Confidence*Confidence*v[1]) {
				t.Errorf("regime %d: %g ± %g of %s, want %g ± 1.96·√%g", in.Number, term.Coefficient, term.Half, term.Factor, v[0], v[1])
			}
		}
		if p := in.Parameters; len(p) != 1 || p[0].Name != "w" || !near(p[0].Value, want.w) || !near(p[0].Half, want.wHalf*Confidence) {
			t.Errorf("regime %d: %+v", in.Number, p)
		}
	}
}

// A regime without training entries has no proof.
func TestARegimeThatIsNotTrainedIsNotProved(t *testing.T) {
	a := &Answer{}
	a.Found = &discover.Result{Regimes: threeRegimes}
	proofs, err := a.proveRegimes(context.Background(), assess.Input{})
	if err != nil || len(proofs) != 0 {
		t.Errorf("%v (%v)", proofs, err)
	}
}
