package verdict

import (
	"math"
	"strings"
	"testing"

	"govern/assess"
	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/fit/neural"
	"govern/model"
	"govern/note"
	"govern/optim"
	"govern/problem"
	"govern/record"
	"govern/run"
)

// proved is the answer y' = −x + 2·y with a proof that bears it out, and what change makes
// of it.
func proved(change func(*conclude.Answer)) *conclude.Answer {
	m := &model.Model{Unknowns: []model.Unknown{{Name: "f", Arguments: []string{"x", "y"}}}}
	terms := []fit.Term{{Factor: expr.Var("x")}, {Factor: expr.Var("y")}}
	a := &conclude.Answer{Proof: &assess.Proof{Bounded: true, Starts: 20, Free: []float64{0.1, 0.2}}}
	a.Problem = &problem.Problem{Model: m}
	a.Data = &fit.Data{Table: record.Table{Channels: []record.ChannelInfo{{Column: "x"}, {Column: "y", Files: []string{"a.csv"}}}}}
	a.Found = passing(discover.Formula, func(r *discover.Result) { r.Model = m })
	a.Final = &fit.Fitted{Terms: terms, Coefficients: []float64{-1, 2}, Status: optim.Converged}
	a.Spread = []float64{0.01, 0.01}
	a.Closed = m
	if change != nil {
		change(a)
	}
	return a
}

func neuralForm(a *conclude.Answer) {
	a.Found.Ending = discover.NeuralForms
	a.Final.Terms, a.Final.Coefficients, a.Spread = nil, nil, nil
	a.Final.Forms = make([]neural.Form, 1)
}

func extra(a *conclude.Answer) { a.Found.Extra = &discover.Extra{State: "w"} }

func TestAnAnswerIsTakenBackWhereItsProofDoesNotBearItOut(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*conclude.Answer)
		status run.Status
		kind   note.Kind
		about  string
		says   []string
	}{
		"nothing against it": {nil, run.OK, "", "", nil},
		"no answer":          {func(a *conclude.Answer) { a.Closed, a.Proof, a.Found.Ending = nil, nil, discover.NotStarted }, run.NotConverged, note.NotConverged, "", nil},
		"a failed check, whatever the proof": {func(a *conclude.Answer) {
			a.Found.Checks, a.Proof.Rest = []discover.Check{failed}, "at 0"
		}, run.NoModel, note.NoFormula, "", nil},
		"adrift": {func(a *conclude.Answer) { a.Adrift = true }, run.NotConverged, note.SearchedSparse, "", []string{"explains the excerpts", "Cut it"}},
		"rest": {func(a *conclude.Answer) { a.Proof.Rest, a.Proof.Bounded = "it stays at x = 1", false }, run.NoModel, note.Rest, "",
			[]string{"comes to rest: it stays at x = 1. It follows", "richer library"}},
		"an escape of a formula": {func(a *conclude.Answer) { a.Proof.Bounded, a.Proof.Escape = false, "x = 1e9 at t = 3" }, run.NoModel, note.Escape, "",
			[]string{"the formula, running free, leaves the range of the data (x = 1e9 at t = 3)", "a richer library."}},
		"an escape of a network": {func(a *conclude.Answer) { neuralForm(a); a.Proof.Bounded, a.Proof.Escape = false, "x = 1e9" }, run.NoModel, note.Escape, "",
			[]string{"the network, running free", "a wider `hidden`."}},
		"a formula astray": {func(a *conclude.Answer) { a.Proof.Free = []float64{9, 9} }, run.OK, "", "", nil}, // that is said in the warnings
		"a network astray": {func(a *conclude.Answer) { neuralForm(a); a.Proof.Free = []float64{1.6, 1.8} }, run.NoModel, note.Astray, "y",
			[]string{"of the network from held-out starts are 1.8 standard deviations of y of a.csv off", "Train on data that cover"}},
		"a network at chance": {func(a *conclude.Answer) { neuralForm(a); a.Proof.Free = []float64{1.5, math.NaN()} }, run.OK, "", "", nil},
		"an extra state astray": {func(a *conclude.Answer) { extra(a); a.Proof.Free = []float64{2, 1.6} }, run.NoModel, note.Astray, "x",
			[]string{"with an extra hidden state follows the data", "are 2 standard deviations of x off", "Widen it, or observe more"}},
		"an extra state that holds": {extra, run.Ambiguous, note.ExtraState, "w", nil},
		"training only":             {func(a *conclude.Answer) { a.TrainingOnly = true }, run.NotConverged, note.TrainingOnly, "", []string{"holds for the training data alone", "cut the record"}},
		"training only, a network":  {func(a *conclude.Answer) { neuralForm(a); a.TrainingOnly = true }, run.OK, "", "", nil},
		"training only and at rest": {func(a *conclude.Answer) { a.TrainingOnly, a.Proof.Rest = true, "at 0" }, run.NoModel, note.Rest, "", nil},
		"not proven": {func(a *conclude.Answer) { a.Proof.Starts = 0 }, run.Ambiguous, note.NotProven, "",
			[]string{"no free run from a held-out start was possible; the formula explains the samples", "`use: test`"}},
		"not proven, a tie": {func(a *conclude.Answer) { a.Proof.Starts, a.Found.Ties = 0, make([]discover.Tie, 1) }, run.Ambiguous, note.Tie, "",
			[]string{"not proven: no free run from a held-out start was possible; another formula explains the data as well. More data"}},
		"not proven, a sign": {func(a *conclude.Answer) { a.Proof.Starts, a.Spread[1] = 0, 1.03 }, run.NoModel, note.NotProven, "",
			[]string{"do not even determine the sign of the coefficient of y. Give a longer record"}},
		"not proven, no interval": {func(a *conclude.Answer) { a.Proof.Starts, a.Spread[0] = 0, math.NaN() }, run.NoModel, note.NotProven, "",
			[]string{"the coefficient of x"}},
		"proven, a sign":         {func(a *conclude.Answer) { a.Spread[1] = 1.03 }, run.OK, "", "", nil},
		"not proven, a baseline": {func(a *conclude.Answer) { a.Proof.Starts, a.Found.Ending = 0, discover.Baseline }, run.OK, note.Baseline, "", nil},
		"not proven, a network":  {func(a *conclude.Answer) { neuralForm(a); a.Proof.Starts = 0 }, run.OK, "", "", nil},
		"not proven, no terms":   {func(a *conclude.Answer) { a.Proof.Starts, a.Final.Terms = 0, nil }, run.OK, "", "", nil},
	} {
		a := proved(c.change)
		v := Of(a)
		if v.Status != c.status || v.Note.Kind != c.kind || v.Note.About != c.about {
			t.Errorf("%s: %s, a note of kind %q about %q; want %s, %q, %q", name, v.Status, v.Note.Kind, v.Note.About, c.status, c.kind, c.about)
		}
		for _, piece := range c.says {
			if !strings.Contains(v.Advice(), piece) {
				t.Errorf("%s: %q does not say %q", name, v.Advice(), piece)
			}
		}
		if Accepts(a) != (c.status == run.OK || c.status == run.Ambiguous) {
			t.Errorf("%s: accepted: %t", name, Accepts(a))
		}
	}
}

func TestAstrayIsTheWorstChannelBeyondChance(t *testing.T) {
	for _, c := range []struct {
		free []float64
		want int
	}{
		{[]float64{0.1, 0.2}, -1},
		{[]float64{1.5, 1.5}, -1}, // the limit itself is none
		{[]float64{1.6, 0.2}, 0},
		{[]float64{1.6, 3, 2}, 1},
		{[]float64{3, 3}, 0},
		{[]float64{math.NaN(), 2}, 1},
		{[]float64{math.Inf(1), 2}, 0},
		{[]float64{math.NaN(), math.NaN()}, -1},
	} {
		for what, kind := range map[string]func(*conclude.Answer){"a network": neuralForm, "an extra state": extra} {
			if got := astray(proved(func(a *conclude.Answer) { kind(a); a.Proof.Free = c.free })); got != c.want {
				t.Errorf("%s with free errors %v: channel %d, want %d", what, c.free, got, c.want)
			}
		}
		if got := astray(proved(func(a *conclude.Answer) { a.Proof.Free = c.free })); got != -1 {
			t.Errorf("a formula with free errors %v: channel %d", c.free, got)
		}
	}
}

// Of several objections the one that explains the others is told: what rests does not go
// astray by chance.
func TestObjectionsOfAProofHaveAnOrder(t *testing.T) {
	a := proved(func(a *conclude.Answer) {
		neuralForm(a)
		a.Proof.Rest, a.Proof.Bounded, a.Proof.Free = "at 0", false, []float64{2, 2}
	})
	for _, want := range []struct {
		kind note.Kind
		drop func()
	}{
		{note.Rest, func() { a.Proof.Rest = "" }},
		{note.Escape, func() { a.Proof.Bounded = true }},
		{note.Astray, func() { a.Proof.Free = []float64{0.1, 0.1} }},
	} {
		v, refused := refusedByProof(a)
		if !refused || v.Status != run.NoModel || v.Note.Kind != want.kind {
			t.Errorf("refused %t with %q, want %q", refused, v.Note.Kind, want.kind)
		}
		want.drop()
	}
	if v, refused := refusedByProof(a); refused {
		t.Errorf("a proof without objections refuses: %s", v.Advice())
	}
}

func TestAVerdictStaysAsItIsWhereFreeRunsWerePossible(t *testing.T) {
	for _, before := range []Verdict{{Status: run.OK}, {run.Ambiguous, note.Of(note.Tie, "", "a tie")}} {
		if got := withoutProof(proved(nil), before); got != before {
			t.Errorf("%+v became %+v", before, got)
		}
		a := proved(func(a *conclude.Answer) { a.Proof.Starts = 0 })
		if got := withoutProof(a, before); got.Status != run.Ambiguous || !strings.HasPrefix(got.Note.Text, "not proven: ") {
			t.Errorf("%+v without free runs became %+v", before, got)
		}
	}
}
