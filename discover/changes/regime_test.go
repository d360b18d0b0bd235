package changes

import (
	"math"
	"slices"
	"strings"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
)

const spring = `
states: {x: 1, v: 0}
parameters: {d: {value: 0.1, fit: true}, m: {value: 2, fit: true}}
unknowns: {f: {}}
equations: |
  x' = v
  v' = f(x)/m - c
  c = d*v
`

func read(t *testing.T, text string) *model.Model {
	t.Helper()
	m, err := model.Read("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestModelsGetIndicatorsAndDifferences(t *testing.T) {
	m := read(t, spring)
	got, names := WithRegimes(m, 3, []string{"m"})
	if !slices.Equal(names, []string{"regime_2", "regime_3"}) {
		t.Fatalf("indicators %v", names)
	}
	if fitted := got.FittedNames(); !slices.Equal(fitted, []string{"d", "m", Difference("d", "regime_2"), Difference("d", "regime_3")}) {
		t.Errorf("fitted are %v", fitted)
	}
	if right := got.Definitions[0].Right.String(); right != "(d + regime_2*d_in_regime_2 + regime_3*d_in_regime_3)*v" {
		t.Errorf("c = %s", right)
	}
	if right := m.Definitions[0].Right.String(); right != "d*v" || len(m.Parameters) != 2 {
		t.Errorf("the model itself has changed: c = %s", right)
	}
	taken := read(t, strings.Replace(spring, "{d:", "{regime_2: 5, d:", 1))
	if _, names := WithRegimes(taken, 2, nil); names[0] == "regime_2" {
		t.Error("an indicator takes the name of a parameter")
	}
	if !IsDifference("d_in_regime_2") || IsDifference("d_in") {
		t.Error("differences are known by their names")
	}
}

func TestEntriesSayTheirRegimes(t *testing.T) {
	entry := func(name string, regime int, times ...float64) record.Entry {
		return record.Entry{Name: name, Regime: regime, Times: times}
	}
	entries := []record.Entry{entry("a", 0, 0, 1, 2), entry("a", 2, 5, 6), entry("a", 2, 8, 9), entry("b", 3, 0, 4)}
	if got := Count(entries); got != 3 || Count(entries[:1]) != 1 {
		t.Errorf("%d regimes", got)
	}
	got := Stretches(entries, []string{"regime_2", "regime_3"})
	want := []Regime{{Number: 1, Entry: "a", From: 0, To: 2}, {Number: 2, Entry: "a", From: 5, To: 9, Name: "regime_2"}, {Number: 3, Entry: "b", From: 0, To: 4, Name: "regime_3"}}
	if !slices.Equal(got, want) {
		t.Errorf("stretches %+v", got)
	}
	set := map[string]float64{"p": 1}
	in := InRegime(set, []string{"regime_2", "regime_3"}, 3)
	if in["p"] != 1 || in["regime_2"] != 0 || in["regime_3"] != 1 || len(set) != 1 {
		t.Errorf("conditions %v", in)
	}
	if in := InRegime(nil, []string{"regime_2"}, 1); len(in) != 1 || in["regime_2"] != 0 {
		t.Errorf("conditions %v of the first regime", in)
	}
}

// twoRegimes is −2·x in the first regime and −3·x in the second, with d moving by half
// and m by nothing that counts.
func twoRegimes(t *testing.T) Formula {
	t.Helper()
	base, names := WithRegimes(read(t, spring), 2, nil)
	x, by := expr.Var("x"), expr.Var(names[0])
	variance := make([]float64, 36)
	for i, v := range []float64{0.1, 0.1, 0.1, 0.1, 0.01, 0.2} {
		variance[i*6+i] = v * v
	}
	return Formula{
		Fit: &fit.Fitted{Terms: []fit.Term{{Factor: x}, {Factor: expr.Binary(expr.Mul, by, x)}}, Coefficients: []float64{-2, -1},
			Parameters: []float64{0.1, 2, 0.5, 0.1}, Covariance: variance},
		Model: base, Base: base,
		Regimes: []Regime{{Number: 1, Entry: "a", From: 0, To: 5}, {Number: 2, Entry: "a", From: 5, To: 9, Low: 5, High: 5, Name: names[0]}},
	}
}

func TestAFormulaSaysWhatChanges(t *testing.T) {
	f := twoRegimes(t)
	if !f.Changes() || !f.placeable() {
		t.Error("a coefficient that differs is no change")
	}
	if got := f.SharedParameters(read(t, spring)); !slices.Equal(got, []string{"m"}) {
		t.Errorf("shared are %v, want m, which moves by half a standard deviation", got)
	}
	same := f
	same.Model = read(t, spring)
	same.Fit = &fit.Fitted{Terms: f.Fit.Terms[:1], Coefficients: []float64{-2}, Parameters: []float64{0.1, 2}}
	if same.Changes() {
		t.Error("a formula of one regime changes")
	}
	bent := f
	bent.Fit = &fit.Fitted{Terms: []fit.Term{{Factor: expr.Var("x"), Knots: 1}}}
	if bent.placeable() || (Formula{}).placeable() {
		t.Error("a number inside a function is known outside of its fit")
	}
}

func TestTermsAndParametersOfEveryRegime(t *testing.T) {
	f := twoRegimes(t)
	library, values := f.termsIn([]string{"", "regime_2"})
	if len(library) != 1 || library[0].Factor.String() != "x" || values[0][0] != -2 || values[1][0] != -3 {
		t.Errorf("terms %v, values %v", library, values)
	}
	if got := f.parametersIn(""); !slices.Equal(got, []float64{0.1, 2, 0, 0}) {
		t.Errorf("parameters %v of the first regime", got)
	}
	if got := f.parametersIn("regime_2"); math.Abs(got[0]-0.6) > 1e-15 || math.Abs(got[1]-2.1) > 1e-15 {
		t.Errorf("parameters %v of the second regime", got)
	}
}

// v' at x = 1, v = 2, before and after the switch.
func TestASwitchedModelIsThatOfBothRegimes(t *testing.T) {
	f := twoRegimes(t)
	closed, err := f.closed()
	if err != nil {
		t.Fatal(err)
	}
	if len(closed.FittedNames()) != 0 || len(closed.Unknowns) != 0 {
		t.Errorf("something is open in %v", closed.Equations)
	}
	m := switching(closed, f.Regimes, 1)
	if m.Inputs[len(m.Inputs)-1] != switchName || len(closed.Inputs) != 0 {
		t.Errorf("inputs %v", m.Inputs)
	}
	for at, want := range map[float64]float64{0: -2./2 - 0.1*2, 1: -3/2.1 - 0.6*2} {
		values := map[string]float64{"x": 1, "v": 2, switchName: at}
		for _, q := range m.Parameters {
			values[q.Name] = q.Value
		}
		got, err := expr.Eval(m.Rhs()[1], func(name string) (float64, bool) { v, ok := values[name]; return v, ok })
		if err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("switch at %g: v' = %g, want %g (%v)", at, got, want, err)
		}
	}
	three := append(slices.Clone(f.Regimes), Regime{Number: 3, Name: "regime_3"})
	in := indicatorsAt(three, 2)
	if in["regime_2"].String() != "1 - "+switchName || in["regime_3"].String() != switchName {
		t.Errorf("from the second to the third: %v", in)
	}
	p := &placing{closed: closed, regimes: f.Regimes}
	if v := p.inRegime(2).Parameters[closed.ParameterIndex("regime_2")].Value; v != 1 {
		t.Errorf("the indicator is %g in its regime", v)
	}
	if set := p.conditions(map[string]float64{"regime_2": 1, "p": 3}); len(set) != 1 || set["p"] != 3 {
		t.Errorf("conditions %v", set)
	}
}

func TestAChangeMovesOnBothSides(t *testing.T) {
	regimes := twoRegimes(t).Regimes
	whole := record.Entry{Name: "a", Times: []float64{0, 1, 2, 3, 4, 5, 6, 7}}
	moveChange(regimes, whole, 1, found{at: 4, low: 3, high: 6})
	if a, b := regimes[0], regimes[1]; a.To != 4 || b.From != 4 || b.Low != 2 || b.High != 6 || a.From != 0 {
		t.Errorf("regimes %+v", regimes)
	}
	moveChange(regimes, record.Entry{Name: "other", Times: whole.Times}, 1, found{at: 1})
	if regimes[0].To != 4 {
		t.Error("a change in another record has moved this one")
	}
}
