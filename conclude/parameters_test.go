package conclude

import (
	"math"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/fit/prior"
	"govern/model"
	"govern/note"
	"govern/problem"
	"govern/record"
)

// ofTwoEntries is an answer with one coefficient and the parameters w, with a prior, and c,
// which differs between two entries.
func ofTwoEntries(t *testing.T, c string, change func(*model.Model) *model.Model) *Answer {
	m := read(t, "states: {x: 1, y: 0}\nparameters: {w: {value: 1, fit: true, sd: 0.5}, c: "+c+"}\nunknowns: {f: {}}\nequations: |\n  x' = y + f(x)\n  y' = -w*x - c*y\n")
	m = m.PerEntry([]string{"a", "b"}, func(string, string) bool { return true })
	if change != nil {
		m = change(m)
	}
	a := &Answer{}
	a.Problem = &problem.Problem{Model: m}
	a.Found = &discover.Result{Model: m}
	a.Data = prepare(t, m, swing("a", 0, 100), swing("b", 0, 100))
	a.Final = &fit.Fitted{Terms: []fit.Term{{Factor: parse(t, "x")}}, Coefficients: []float64{9}}
	return a
}

func TestAParameterHasItsValueIntervalAndPrior(t *testing.T) {
	a := ofTwoEntries(t, "{value: 3, fit: true, each: entry, sd: 2}", nil) // fitted: w, c of a, c of b
	a.Final.Parameters = []float64{1.25, 4, 6}
	a.Final.Covariance = []float64{1, 0, 0, 0, 0, 0.04, 0, 0, 0, 0, 0.09, 0.03, 0, 0, 0.03, 0.16}
	a.Spread = []float64{1, 0.2, 0.3, 0.4}
	got := a.Parameters()
	if len(got) != 2 || got[0].Name != "w" || got[1].Name != "c" {
		t.Fatalf("%+v", got)
	}
	w, c := got[0], got[1]
	if w.Value != 1.25 || !near(w.Half, 0.2*Confidence) || w.Entries != nil || w.Spread != nil || w.Prior == nil || *w.Prior != (Prior{1, 0.5, 0.5}) {
		t.Errorf("w: %+v, prior %+v", w, w.Prior)
	}
	// The variance of a mean of two: (0.09 + 2·0.03 + 0.16)/4.
	if c.Value != 5 || !near(c.Half, Confidence*math.Sqrt(0.31/4)) || c.Prior != nil || len(c.Entries) != 2 {
		t.Fatalf("c: %+v", c)
	}
	for k, want := range []Parameter{{Name: "a", Value: 4, Half: 0.3 * Confidence}, {Name: "b", Value: 6, Half: 0.4 * Confidence}} {
		e := c.Entries[k]
		if e.Name != want.Name || e.Value != want.Value || !near(e.Half, want.Half) || e.Held || e.Prior == nil || !near(e.Prior.Off, (want.Value-3)/2) {
			t.Errorf("entry %d: %+v", k, e)
		}
	}
	a.Final.Covariance = nil // of more than two thousand numbers
	if c := a.Parameters()[1]; c.Value != 5 || !math.IsNaN(c.Half) {
		t.Errorf("without a covariance c = %g ± %g", c.Value, c.Half)
	}
}

func TestTheMeanOfAHeldValueAndOthers(t *testing.T) {
	a := ofTwoEntries(t, "{value: 3, fit: true, each: entry}", func(m *model.Model) *model.Model {
		return holdOnce(m, []string{"c"}, []record.Entry{{Name: "a"}})
	})
	a.Final.Parameters = []float64{1, 6} // w, c of b
	a.Final.Covariance = []float64{1, 0, 0, 0, 0.04, 0, 0, 0, 0.16}
	a.Spread = []float64{1, 0.2, 0.4}
	c := a.Parameters()[1]
	if c.Value != 4.5 || !near(c.Half, Confidence*0.4/2) {
		t.Errorf("(3 + 6)/2 ± %g/2: %g ± %g", 0.4*Confidence, c.Value, c.Half)
	}
	if len(c.Entries) != 2 || !c.Entries[0].Held || c.Entries[0].Name != "a" || c.Entries[0].Value != 3 || c.Entries[1].Held || c.Entries[1].Value != 6 {
		t.Errorf("%+v", c.Entries)
	}
}

func TestALearnedMeanHasItsPriorAndSpread(t *testing.T) {
	a := ofTwoEntries(t, "{value: 3, fit: true, each: entry, spread: true, sd: 2}", nil) // fitted: w, c, c of a, c of b
	a.Final.Parameters = []float64{1, 4.5, 4, 6}
	a.Final.Spreads = []prior.Spread{{Parameter: "other"}, {Parameter: "c", Value: 1.5, Low: 0.5, High: 4}}
	a.Final.Covariance = make([]float64, 25)
	for i, v := range []float64{1, 0.01, 0.25, 0.09, 0.16} {
		a.Final.Covariance[6*i] = v
	}
	a.Spread = []float64{1, 0.1, 0.5, 0.3, 0.4}
	c := a.Parameters()[1]
	if c.Value != 4.5 || !near(c.Half, 0.5*Confidence) || c.Prior == nil || !near(c.Prior.Off, 0.75) || c.Spread == nil || c.Spread.Value != 1.5 {
		t.Errorf("%+v, prior %+v, spread %+v", c, c.Prior, c.Spread)
	}
	if len(c.Entries) != 2 || c.Entries[0].Prior != nil {
		t.Errorf("%+v", c.Entries)
	}
}

// A number inside a function that the search has added stands in its term.
func TestKnotsAreNoParameters(t *testing.T) {
	a := ofTwoEntries(t, "7", nil)
	found := *a.Problem.Model
	found.Parameters = append(found.Parameters[:len(found.Parameters):len(found.Parameters)], model.Parameter{Name: "k1", Fit: true})
	a.Found.Model = &found
	a.Final.Parameters, a.Spread = []float64{1.25, 0.5}, []float64{1, 0.2, 0.3}
	if got := a.Parameters(); len(got) != 1 || got[0].Name != "w" {
		t.Errorf("%+v", got)
	}
}

// One value is held where what the entries share can take the level of all.
func TestAValueIsHeldWhereOthersMeanSomethingOnlyBesideIt(t *testing.T) {
	m := read(t, "states: {x: 1, y: 0}\nparameters: {c: {value: 3, fit: true, each: entry}}\nunknowns: {f: {}}\nequations: |\n  x' = y\n  y' = f(x, y) + c*y\n")
	notes, same, once := undetermined(prepare(t, m, swing("a", 0, 100), swing("b", 0, 100)))
	if len(notes) != 1 || notes[0].Kind != note.Held || len(once) != 1 || once[0] != "c" || same != m {
		t.Errorf("%+v, once %q", notes, once)
	}
}
