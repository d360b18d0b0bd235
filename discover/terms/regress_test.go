package terms

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/record"
)

// growth is a record of x' = x·(1 − x), sampled with a little noise.
func growth(t *testing.T, samples int, noise float64) *fit.Data {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	e := record.Entry{Name: "growth", Channels: []record.Channel{{Column: "x", Observe: expr.Var("x")}}}
	for i := range samples {
		at := 0.1 * float64(i)
		e.Times = append(e.Times, at)
		e.Channels[0].Values = append(e.Channels[0].Values, 1/(1+9*math.Exp(-at))+noise*rng.NormFloat64())
	}
	d, err := fit.Prepare(read(t, `
states: {x: 0.1}
unknowns: {f: {}}
equations: |
  x' = f(x)
`), []record.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// exactPath is the motion and its derivative, without error.
func exactPath(d *fit.Data) *fit.Smoothed {
	n := len(d.Entries[0].Times)
	x, slope := make([]float64, n), make([]float64, n)
	for i, at := range d.Entries[0].Times {
		x[i] = 1 / (1 + 9*math.Exp(-at))
		slope[i] = x[i] * (1 - x[i])
	}
	return &fit.Smoothed{States: [][][]float64{{x}}, Slopes: [][][]float64{{slope}}, Calls: [][][]float64{{make([]float64, n)}},
		Spread: [][][]float64{{make([]float64, n)}}, Scale: []float64{1}, Sigma: []float64{0.01}}
}

func regression(t *testing.T, degree int) *Regression {
	t.Helper()
	d := growth(t, 60, 0)
	r, err := Regress(d, exactPath(d), Library(d.Model, 0, degree))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGradientsOfAnExactPathAreMatched(t *testing.T) {
	d := growth(t, 60, 0)
	sizes, coefficients, parameters, err := MatchGradients(d, exactPath(d), Library(d.Model, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0, 1, -1} {
		if math.Abs(coefficients[i]-want) > 1e-9 {
			t.Errorf("coefficients %v, want 0, 1, −1", coefficients)
		}
	}
	if len(parameters) != 0 || !(sizes[0] > sizes[1] && sizes[1] > sizes[2]) { // 1 > x > x² on this path
		t.Errorf("sizes %v, parameters %v", sizes, parameters)
	}
}

func TestALargerLibraryLeavesLess(t *testing.T) {
	poor, exact := regression(t, 1), regression(t, 2)
	WeighAlike([]*Regression{poor, exact})
	if !(exact.Left() < 1e-12*poor.Left()) {
		t.Errorf("degree 1 leaves %g, degree 2 leaves %g in the same units", poor.Left(), exact.Left())
	}
	zero, one := regression(t, 0), regression(t, 1)
	WeighAlike([]*Regression{zero, one})
	if !near(one.Left(), 60./8) || !(zero.Left() > 60./8) { // in the units of the best of them
		t.Errorf("degree 0 leaves %g, degree 1 leaves %g, an eighth of 60 rows in its own units", zero.Left(), one.Left())
	}
	theta := one.Quadratic([]float64{0, 0}).Solve(All(2)).Theta
	sum := 0.0
	for i, e := range one.residuals(theta) {
		sum += e * e * one.Weight[i] * one.Weight[i]
	}
	if !near(sum, one.Left()) {
		t.Errorf("residuals have %g, %g is left", sum, one.Left())
	}
}

func TestWeightsOfEquationsComeBack(t *testing.T) {
	r := regression(t, 1)
	before := slices.Clone(r.Weight)
	r.weigh([]float64{0.37}, 1)
	if near(r.Weight[0], before[0]) {
		t.Error("no weight has changed")
	}
	r.weigh([]float64{0.37}, -1)
	for i, w := range r.Weight {
		if !near(w, before[i]) {
			t.Fatalf("weight %g of row %d, was %g", w, i, before[i])
		}
	}
}

// A row as uncertain as the median of its equation counts half.
func TestUncertainRowsCountForLess(t *testing.T) {
	b := &fit.Balance{Rows: make([][]float64, 4), Equation: []int{0, 0, 0, 1}, Spread: []float64{1, 2, 4, 0}}
	w := spreadWeights(b, 2)
	for i, want := range []float64{1 / math.Sqrt(1.25), 1 / math.Sqrt2, 1 / math.Sqrt(5), 1} {
		if !near(w[i], want) {
			t.Errorf("weights %v", w)
		}
	}
}

func TestTheRestIsTheMeanSquareOfEveryEquation(t *testing.T) {
	r := &Regression{Balance: &fit.Balance{Equation: []int{0, 1, 1}}}
	r.Rows, r.Target, r.Weight = [][]float64{{1}, {1}, {1}}, []float64{3, 2, 4}, []float64{1, 1, 0.5}
	rest := r.restOf([]float64{1}, 2)
	if want := (1 + 1.5*1.5) / 2; rest[0] != 4 || !near(rest[1], want) {
		t.Errorf("rest %v, want 4 and %g", rest, want)
	}
}

// A regression without error starts a fit without defects.
func TestTheDefectWeightOfAStartIsWhatARegressionLeaves(t *testing.T) {
	if w := regression(t, 2).omega([]float64{0, 1, -1}); w > 1e-9 {
		t.Errorf("defect weight %g of an exact formula", w)
	}
	one := regression(t, 1)
	theta := []float64{0.05, 0}
	if a, b := one.omega(theta), one.omega([]float64{0.1, 0}); !(a > 1e-3) || a == b {
		t.Errorf("defect weights %g and %g of wrong formulas", a, b)
	}
}

func TestThresholdsDropWhatIsSmall(t *testing.T) {
	r := regression(t, 3)
	r.WeighByTarget()
	square := 0.0
	for i, v := range r.Target {
		square += v * v * r.Weight[i] * r.Weight[i]
	}
	if !near(square, float64(len(r.Target))) {
		t.Errorf("targets have mean square %g, want 1", square/float64(len(r.Target)))
	}
	rng := rand.New(rand.NewPCG(10, 9))
	for i := range r.Target {
		r.Target[i] += 1e-3 * rng.NormFloat64()
	}
	theta, variance := r.Threshold(4)
	if theta[0] != 0 || theta[3] != 0 || math.Abs(theta[1]-1) > 0.01 || math.Abs(theta[2]+1) > 0.01 {
		t.Errorf("coefficients %v, want x − x²", theta)
	}
	if variance[0] != 0 || !(variance[1] > 0 && variance[1] < 1e-4) {
		t.Errorf("variances %v", variance)
	}
}

func TestATermCostsByTheChoicesThatItWasOneOf(t *testing.T) {
	d := growth(t, 60, 0.01)
	s := NewSelection(&fit.Engine{Data: d}, append(Library(d.Model, 0, 2), fit.Term{Factor: expr.Var("x_knot"), Degree: 2, Knots: 1}), 1)
	n := math.Log(60)
	for i, want := range []float64{n + 2*math.Log(3), n + 2*math.Log(3), n + 2*math.Log(6), 2*n + 2*math.Log(6)} {
		if !near(s.Cost[i], want) { // three degrees, two terms of the last
			t.Errorf("term %d costs %g, want %g", i, s.Cost[i], want)
		}
	}
	f := &fit.Fitted{Terms: []fit.Term{s.Library[2], s.Library[0]}, Objective: 10, Evidence: -5}
	price := s.Cost[0] + s.Cost[2]
	if !near(s.price(f), price) || !near(s.Loss(f), 10+price) || !near(s.Score(f), price-5) {
		t.Errorf("price %g, loss %g, score %g", s.price(f), s.Loss(f), s.Score(f))
	}
	if a := s.Active(f); !slices.Equal(a, []bool{true, false, true, false}) {
		t.Errorf("terms %v are active", a)
	}
	g := s.Near(f, []bool{false, true, false, false}, []float64{1, 2, 3, 4, 5})
	if len(g.Terms) != 1 || g.Coefficients[0] != 2 || len(g.Parameters) != 1 || g.Parameters[0] != 5 || len(f.Terms) != 2 {
		t.Errorf("near it: %v, %v, %v", g.Terms, g.Coefficients, g.Parameters)
	}
	if _, ok := s.Translate(&fit.Fitted{Terms: []fit.Term{{Factor: expr.Var("z")}}}); ok {
		t.Error("a term that the library lacks is found in it")
	}
	if a, ok := s.Translate(f); !ok || !slices.Equal(a, s.Active(f)) {
		t.Errorf("the fit's terms are %v, %v", a, ok)
	}
}

// Proposals begin with the best subset; what they drop is dropped by halves.
func TestProposalsAreBoldestFirst(t *testing.T) {
	q := priced(8)
	s := &Selection{Cost: q.cost}
	here := All(7)
	got := s.proposals(q, here)
	if len(got) < 3 || !slices.Equal(got[0].Active, q.search(here).Active) {
		t.Fatalf("%d proposals, the first %v", len(got), got)
	}
	dropped := func(a []bool) (n int) {
		for _, on := range a {
			if !on {
				n++
			}
		}
		return n
	}
	if a, b := dropped(got[0].Active), dropped(got[1].Active); b != a/2 {
		t.Errorf("%d terms are dropped first, then %d", a, b)
	}
	if s.proposals(q, q.search(here).Active) != nil {
		t.Error("the best subset has proposals")
	}
}

// Every road finds x·(1 − x), except the one that selects nothing.
func TestSelectionOnTrajectoriesFindsTheTerms(t *testing.T) {
	ctx := context.Background()
	d := growth(t, 60, 0.005)
	e := &fit.Engine{Data: d, Workers: 1}
	e, path, err := e.Clean(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSelection(e, Library(d.Model, 0, 3), 1)
	for name, road := range map[string]func(context.Context, string, *fit.Smoothed) (*fit.Fitted, error){"grown": s.Grow, "full": s.PruneAll} {
		f, err := road(ctx, name, path)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Active(f); !slices.Equal(got, []bool{false, true, true, false}) || math.Abs(f.Coefficients[0]-1) > 0.03 {
			t.Errorf("%s: %s", name, f.Formula(0))
		}
		for degree, want := range map[int]bool{1: true, 3: false} { // degree 1 lacks a term: it cannot say
			more, err := NewSelection(e, Library(d.Model, 0, degree), 1).Promises(ctx, "promise", f)
			if err != nil || more != want {
				t.Errorf("%s: a library of degree %d promises more: %v, %v", name, degree, more, err)
			}
		}
		tuned, err := Tune(ctx, e, "tune", f)
		if err != nil || tuned.Evidence > f.Evidence+tuneWorth {
			t.Errorf("%s: tuned to evidence %g from %g (%v)", name, tuned.Evidence, f.Evidence, err)
		}
	}
	whole, err := s.FitAll(ctx, "whole", path)
	if err != nil || len(whole.Terms) != 4 {
		t.Fatalf("%v, %v", whole, err)
	}
	refined, err := s.refine(ctx, "refine", whole)
	if err != nil || !(s.Loss(refined) < s.Loss(whole)) || len(refined.Terms) != 2 {
		t.Errorf("refined to %s, loss %g from %g (%v)", refined.Formula(0), s.Loss(refined), s.Loss(whole), err)
	}
	s.Started = whole
	if f, err := s.StartAll(ctx, "again", path); f != whole || err != nil {
		t.Error("a first fit that is known is made again")
	}
	if f, err := s.Settle(ctx, "settle", whole); err != nil || len(f.Terms) != 2 {
		t.Errorf("settled at %s (%v)", f.Formula(0), err)
	}
}
