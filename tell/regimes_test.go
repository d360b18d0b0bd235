package tell

import (
	"math"
	"slices"
	"testing"

	"govern/assess"
	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/record"
	"govern/report"
)

// inRegimes is an answer with f = −x, and −x/2 more of it from t = 10 on.
func inRegimes(t *testing.T) writer {
	w := answered(t)
	m := read(t, "states: {x: 1, y: 0}\nparameters: {c: {value: 0.1, fit: true}, regime_2: 0}\nunknowns: {f: {arguments: [x, regime_2]}}\nequations: |\n  x' = y\n  y' = f(x, regime_2) - c*y\n")
	w.Problem.Model = m
	w.Found.Model = m
	w.Found.Regimes = []discover.Regime{{Number: 1, Entry: "a.csv", To: 10}, {Number: 2, Entry: "a.csv", From: 10, To: 25, Low: 9.5, High: 10.5, Name: "regime_2"}}
	w.Final.Terms = append(w.Final.Terms, fit.Term{Factor: expr.Binary(expr.Mul, expr.Var("regime_2"), expr.Var("x"))})
	w.Final.Coefficients = append(w.Final.Coefficients, -0.5)
	w.Final.Covariance = []float64{0.04, 0, 0, 0, 0.09, 0, 0, 0, 0.01}
	w.Answer.Spread = []float64{0.2, 0.3, 0.1}
	w.All[1].Set = map[string]float64{"regime_2": 1}
	var err error
	if w.Answer.Closed, err = w.Answering().Close(w.Final); err != nil {
		t.Fatal(err)
	}
	w.Answer.Regimes = map[int]*assess.Proof{2: {Lyapunov: []float64{0.5, -1}, FreeColumn: []float64{0.1, math.NaN()}}}
	return w
}

func TestEveryRegimeIsToldWithItsOwnNumbers(t *testing.T) {
	w := inRegimes(t)
	got := w.regimes()
	if len(got) != 2 {
		t.Fatalf("%d regimes", len(got))
	}
	one, two := got[0], got[1]
	if *one.Unknowns["f"].Expression != "-1*x" && *one.Unknowns["f"].Expression != "-x" || one.Change != nil || one.Dynamics != nil || one.Free != nil {
		t.Errorf("the first: %s, %+v", *one.Unknowns["f"].Expression, one)
	}
	if two.From != 10 || two.To != 25 || two.Parameter != "regime_2" || two.Change == nil || two.Change.Low != 9.5 || two.Change.Value != 10 {
		t.Errorf("the second: %+v", two)
	}
	terms := two.Unknowns["f"].Terms
	if half := conclude.Confidence * math.Sqrt(0.13); len(terms) != 1 || terms[0].Term != "x" || terms[0].Coefficient != -1.5 || !near(float64(terms[0].High), -1.5+half) || !near(float64(terms[0].Low), -1.5-half) {
		t.Errorf("terms %+v", terms)
	}
	if d := two.Dynamics; d == nil || d.Lyapunov[0] != 0.5 || two.Free["x"] != 0.1 || !math.IsNaN(float64(two.Free["v"])) {
		t.Errorf("dynamics %+v, free %v", d, two.Free)
	}
	if c := two.Parameters["c"]; c.Value != 0 || !near(float64(c.High), 0.1*conclude.Confidence) {
		t.Errorf("c = %+v", c)
	}
	if right := two.Equations["x"]; right == nil || *right != "y" {
		t.Errorf("x' = %v", right)
	}
}

func TestRegimesAreOnThePageWithTheirRecord(t *testing.T) {
	w := inRegimes(t)
	out := withTracks(w, 0.03)
	w.regimesPage(out)
	section := out.Page.Regimes
	if len(section.List) != 2 || len(section.Records) != 1 {
		t.Fatalf("%d regimes, %d records", len(section.List), len(section.Records))
	}
	one, two := section.List[0], section.List[1]
	if !math.IsNaN(one.Low) || one.Lyapunov != nil || two.Low != 9.5 || !slices.Equal(two.Lyapunov, []float64{0.5, -1}) || !slices.Equal(two.Free, []report.Free{{Column: "x", Error: 0.1}}) {
		t.Errorf("%+v, %+v", one, two)
	}
	if len(two.Values) != 1 || two.Values[0].Name != "c" || len(two.Unknowns[0].Terms) != 1 || !near(two.Unknowns[0].Terms[0].Coefficient, -1.5) {
		t.Errorf("%+v", two)
	}

	w.Found.Regimes = nil
	out = withTracks(w, 0)
	if w.regimesPage(out); out.Page.Regimes != nil {
		t.Error("a section on regimes where there are none")
	}
}

func TestARecordIsDrawnInTimeWithTheStartsOfItsRegimes(t *testing.T) {
	w := inRegimes(t)
	slices.Reverse(w.All) // held-out parts of regimes come after all training ones
	out := withTracks(w, 0.03)
	s := w.recordWithRegimes(out, "a.csv")
	if len(s.Time) != 250 || !slices.IsSorted(s.Time) || len(s.Marks) != 1 || s.Marks[0].At != 10 || s.Marks[0].Label != "regime 2" {
		t.Errorf("%d samples, marks %+v", len(s.Time), s.Marks)
	}
	// Data and innovations with regimes of x and v; without regimes there is no fit.
	var names []string
	for _, ch := range s.Channels {
		names = append(names, ch.Name)
		if len(ch.Data) != 250 {
			t.Errorf("%s: %d values", ch.Name, len(ch.Data))
		}
	}
	if !slices.Equal(names, []string{"x", "with regimes", "v", "with regimes"}) || math.Abs(s.Channels[1].Data[0]-3) > 1e-9 || s.Channels[3].Data[240] != 0 {
		t.Errorf("tracks %q", names)
	}
}

func TestInnovationsWithoutRegimesAreOfTheBestSingleFormula(t *testing.T) {
	w := inRegimes(t)
	path := nodes(w.Train[0])
	for i := range path {
		path[i] -= 0.5
	}
	w.Found.Single = &fit.Fitted{Nodes: [][]float64{path}}
	all := func(v []float64, want float64) bool {
		return !slices.ContainsFunc(v, func(x float64) bool { return math.Abs(x-want) > 1e-9 || math.IsNaN(x) })
	}
	none := func(v []float64) bool { return !slices.ContainsFunc(v, func(x float64) bool { return !math.IsNaN(x) }) }
	part := w.Train[0].Slice(20, 60) // regimes cut what the search has seen as one
	if got := w.innovationsWithout(part, part.Channels[1], 0.25); len(got) != 40 || !all(got, 2) {
		t.Errorf("%v", got)
	}
	if got := w.innovationsWithout(w.All[1], w.All[1].Channels[0], 1); len(got) != 50 || !none(got) {
		t.Errorf("of what was held out: %v", got)
	}
	squared := record.Channel{Column: "x", Observe: expr.Binary(expr.Pow, expr.Var("x"), expr.Num(2)), Values: part.Channels[0].Values}
	if got := w.innovationsWithout(part, squared, 1); !none(got) {
		t.Errorf("of a square: %v", got)
	}
	w.Answer.Sought = prepare(t, w.Problem.Model, swing("a.csv", 0, 100))
	if got := w.innovationsWithout(part, part.Channels[1], 0.25); !none(got) {
		t.Errorf("of excerpts: %v", got)
	}
}
