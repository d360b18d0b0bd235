package fit

import (
	"math"
	"slices"
	"testing"

	"govern/expr"
	"govern/model"
)

// knotted relates fits of x' = w·f(x), y' = c·x to their user's model: the search has added
// the knot k1, and c differs between two entries.
func knotted(t *testing.T, c string) (Answering, *Fitted) {
	t.Helper()
	user, err := model.Read("m.yaml", []byte("states: {x: 1, y: 0}\nparameters: {w: {value: 1, fit: true, sd: 0.5}, c: "+c+"}\nunknowns: {f: {}}\nequations: |\n  x' = w*f(x)\n  y' = c*x\n"))
	if err != nil {
		t.Fatal(err)
	}
	user = user.PerEntry([]string{"a", "b"}, func(string, string) bool { return true })
	of := *user
	of.Parameters = append(slices.Clone(user.Parameters), model.Parameter{Name: "k1", Fit: true})
	factor, err := expr.Parse("tanh(x/k1)")
	if err != nil {
		t.Fatal(err)
	}
	return Answering{User: user, Of: &of}, &Fitted{Terms: []Term{{Factor: factor, Knots: 1}, {Factor: expr.Var("x")}}, Coefficients: []float64{3, -2}}
}

func TestAnAnswerHoldsItsKnotsAsNumbers(t *testing.T) {
	a, f := knotted(t, "4")
	f.Parameters = []float64{1.5, 0.25} // w, k1
	if got := a.Formula(f, 0).String(); got != "3*tanh(x/0.25) - 2*x" {
		t.Errorf("f = %s", got)
	}
	if got := a.Factor(f, 0).String(); got != "tanh(x/0.25)" {
		t.Errorf("factor %s", got)
	}
	if f.Terms[0].Factor.String() != "tanh(x/k1)" {
		t.Error("the fit itself was changed")
	}
	closed, err := a.Close(f)
	if err != nil {
		t.Fatal(err)
	}
	w := closed.Parameters[closed.ParameterIndex("w")]
	if len(closed.Unknowns) != 0 || closed.ParameterIndex("k1") >= 0 || w.Value != 1.5 || !w.Fit || w.SD != 0 || a.User.Parameters[0].Value != 1 {
		t.Errorf("%+v", closed.Parameters)
	}
	at := func(name string) (float64, bool) { return map[string]float64{"x": 0.5, "w": 1.5}[name], true }
	if got, err := expr.Eval(closed.Rhs()[0], at); err != nil || math.Abs(got-1.5*(3*math.Tanh(2)-1)) > 1e-12 {
		t.Errorf("x' = %g (%v)", got, err)
	}
}

func TestAClosedModelHasTheMeansOfItsEntries(t *testing.T) {
	for name, c := range map[string]struct {
		text       string
		hold       bool
		parameters []float64 // w, c where it is learned, its values, k1
		columns    []int
		share      float64
		constant   float64
		mean       float64
	}{
		"values":        {"{value: 4, fit: true, each: entry}", false, []float64{1, 5, 8, 0.5}, []int{1, 2}, 0.5, 0, 6.5},
		"one is held":   {"{value: 4, fit: true, each: entry}", true, []float64{1, 8, 0.5}, []int{1}, 0.5, 2, 6},
		"a learned one": {"{value: 4, fit: true, each: entry, spread: true}", false, []float64{1, 7, 5, 8, 0.5}, []int{1}, 1, 0, 7},
	} {
		a, f := knotted(t, c.text)
		if c.hold {
			for _, m := range []*model.Model{a.User, a.Of} {
				m.Parameters[m.ParameterIndex("c of a")].Fit = false
			}
		}
		f.Parameters = c.parameters
		columns, share, constant := a.Mean("c")
		if !slices.Equal(columns, c.columns) || share != c.share || constant != c.constant {
			t.Errorf("%s: columns %v, share %g, constant %g", name, columns, share, constant)
		}
		closed, err := a.Close(f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := closed.Parameters[closed.ParameterIndex("c")]; got.Value != c.mean || !got.Fit || len(closed.Parameters) != 2 {
			t.Errorf("%s: c = %+v of %+v", name, got, closed.Parameters)
		}
	}
}
