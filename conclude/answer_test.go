package conclude

import (
	"fmt"
	"slices"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/fit/neural"
	"govern/journal"
	"govern/problem"
	"govern/record"
	"govern/tape"
)

// steps notes the names of journal steps and of stages.
type steps struct{ done, stages []string }

func (s *steps) Do(name string, _ any, compute func() error) error {
	s.done = append(s.done, name)
	return compute()
}
func (s *steps) Row(journal.Row) {}
func (s *steps) Warn(string)     {}
func (s *steps) Stage(name string, done float64) {
	s.stages = append(s.stages, fmt.Sprintf("%s %g", name, done))
}

func TestStepsThatAreDoneAgainHaveNamesOfTheirOwn(t *testing.T) {
	kept := &steps{}
	whole := Settings{Journal: kept}
	for _, s := range []Settings{whole, whole.under("again"), whole.under("again").under("network")} {
		if err := s.Journal.Do("refit", nil, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"refit", "again/refit", "again/network/refit"}; !slices.Equal(kept.done, want) {
		t.Errorf("steps %q", kept.done)
	}
	if s := (Settings{}).under("again"); s.Journal != nil {
		t.Error("a journal out of nothing")
	}
}

func TestStagesAreToldWhereSomebodyWatches(t *testing.T) {
	Settings{}.Stage("nobody watches", 0.5)
	watch := &steps{}
	Settings{Monitor: watch}.Stage("final refit", 0.85)
	if !slices.Equal(watch.stages, []string{"final refit 0.85"}) {
		t.Errorf("told %q", watch.stages)
	}
}

// Fits that go on from others may not draw: the seed is of searches alone.
func TestAnEngineThatGoesOnHasNoSeed(t *testing.T) {
	kept, d := &steps{}, &fit.Data{}
	e := Settings{Seed: 7, Workers: 3, Journal: kept, Monitor: kept}.Engine(d, fit.Options{Segment: 4})
	if e.Seed != 0 || e.Workers != 3 || e.Data != d || e.Options.Segment != 4 || e.Journal != kept || e.Monitor != kept {
		t.Errorf("%+v", e)
	}
}

func TestWhatASearchHasSeenOfTheData(t *testing.T) {
	m := read(t, oscillator)
	whole := prepare(t, m, swing("a", 0, 100))
	for name, c := range map[string]struct {
		sought            *fit.Data
		sparse, excerpted bool
	}{
		"nothing yet": {nil, false, false},
		"all":         {whole, false, false},
		"condensed":   {prepare(t, m, swing("a", 0, 50)), true, false},
		"excerpts":    {prepare(t, m, swing("a", 0, 30), swing("a", 60, 30)), true, true},
		// as many samples in more entries: a record that was cut and lost nothing
		"cut": {prepare(t, m, swing("a", 0, 50), swing("a", 50, 50)), false, false},
	} {
		q := Material{Data: whole, Sought: c.sought}
		if q.Sparse() != c.sparse || q.Excerpted() != c.excerpted {
			t.Errorf("%s: sparse %t, in excerpts %t", name, q.Sparse(), q.Excerpted())
		}
	}
	// The characteristic time is half the time between turning points of cos t, π/2.
	if c := (Material{Data: whole}).cycle(); c < 6 || c > 6.6 {
		t.Errorf("a cycle of cos t is %g", c)
	}
}

func TestChoosingAnotherFitLeavesTheSearchAsItIs(t *testing.T) {
	first, second := &fit.Fitted{}, &fit.Fitted{}
	s := Searched{Found: &discover.Result{Chosen: first, Degree: 2}}
	if got := s.choose(second); got.Found.Chosen != second || got.Found.Degree != 2 || s.Found.Chosen != first {
		t.Error("the search itself was changed")
	}
}

// bending is an answer x' = b·y + p, y' = 3·tanh(x/0.5) − 2·x, where b is fixed, p a
// condition, and 0.5 a knot that the search has added.
func bending(t *testing.T) *Answer {
	user := read(t, "states: {x: 1, y: 0}\nparameters: {b: 4, p: 7, c: {value: 1, fit: true}}\nunknowns: {f: {}}\nequations: |\n  x' = b*y + p + 0*c\n  y' = f(x, y)\n")
	of := *user
	of.Parameters = append(slices.Clone(user.Parameters), user.Parameters[2])
	of.Parameters[3].Name = "k1"
	a := &Answer{}
	a.Problem = &problem.Problem{Model: user}
	a.Found = &discover.Result{Model: &of}
	a.Final = &fit.Fitted{
		Terms:        []fit.Term{{Factor: parse(t, "tanh(x/k1)"), Knots: 1}, {Factor: parse(t, "x")}},
		Coefficients: []float64{3, -2}, Parameters: []float64{1, 0.5},
	}
	a.All = []record.Entry{{Set: map[string]float64{"p": 1}}, {}}
	var err error
	if a.Closed, err = a.Answering().Close(a.Final); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestClosedEquationsHoldNumbersAndTheNamesOfConditions(t *testing.T) {
	a := bending(t)
	right := a.RightHandSides()
	if got := right[0].String(); got != "p + 4*y" {
		t.Errorf("x' = %s", got)
	}
	if got := right[1].String(); got != "-2*x + 3*tanh(2*x)" {
		t.Errorf("y' = %s", got)
	}
	if got := a.Factor(0).String(); got != "tanh(x/0.5)" {
		t.Errorf("the factor of the first coefficient is %s", got)
	}
	if got := a.Factor(1).String(); got != "x" {
		t.Errorf("the factor of the second is %s", got)
	}
	if got := a.Formula(a.Final, 0).String(); got != "3*tanh(x/0.5) - 2*x" {
		t.Errorf("f = %s", got)
	}
	if got := a.FittedParameters(); !slices.Equal(got, []string{"c", "k1"}) {
		t.Errorf("fitted are %q", got)
	}
}

func TestAnEquationWithANeuralFormHasNoClosedRightHandSide(t *testing.T) {
	a := bending(t)
	a.Final = &fit.Fitted{Forms: []neural.Form{{Unknown: 0, Arguments: []string{"x", "y"},
		Neural: tape.Neural{Names: []string{"f"}, Inputs: 2, Hidden: []int{1}, Start: make([]float64, 5)}}}, Parameters: []float64{1, 0.5}}
	right := a.RightHandSides()
	if right[0] == nil || right[1] != nil {
		t.Errorf("x' = %v, y' = %v", right[0], right[1])
	}
	m := a.Problem.Model
	if open := m.Rhs(); a.holdsNeuralForm(m, open[0]) || !a.holdsNeuralForm(m, open[1]) {
		t.Error("the neural form is in the other equation")
	}
}
