package discover_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/record"
	"govern/run"
	"govern/verdict"
)

// Lorenz's ρ changes from 28 to 35 in the middle of the record. The answer comes from
// the first library that holds in both halves.
func TestAChangeIsFoundWithTheFirstLibraryThatHoldsOnBothSides(t *testing.T) {
	quick.Skip(t)
	m, err := model.Read("model.yaml", []byte(`
states: {x: 0, y: 0, z: 0}
unknowns: {g: {}}
equations: |
  x' = 10*(y - x)
  y' = g(x, y, z)
  z' = x*y - 8/3*z
`))
	if err != nil {
		t.Fatal(err)
	}
	entry, changes, err := truth.Case{Model: catalogue(t, "lorenz"), Step: 0.02, Samples: 400, Seed: 3, Transient: 20,
		Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}.Regimes([]map[string]float64{{"rho": 28}, {"rho": 35}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := fit.Prepare(m, []record.Entry{entry})
	if err != nil {
		t.Fatal(err)
	}
	r, err := discover.Run(context.Background(), &fit.Engine{Data: d, Journal: &once{}}, discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Regimes) != 2 || verdict.OfSearch(r).Status != run.OK || r.Degree != 2 {
		t.Fatalf("%s (%s), %d regimes, degree %d", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice(), len(r.Regimes), r.Degree)
	}
	if off := math.Abs(r.Regimes[1].From - changes[0]); off > 0.03 { // samples
		t.Errorf("change at %g, true %g", r.Regimes[1].From, changes[0])
	}
	want := map[string]float64{"x": 28, "regime_2*x": 7, "y": -1, "x*z": -1}
	if len(r.Chosen.Terms) != len(want) {
		t.Errorf("g = %s", r.Chosen.Formula(0))
	}
	for i, term := range r.Chosen.Terms {
		if w := want[term.Factor.String()]; !(math.Abs(r.Chosen.Coefficients[i]-w) < 0.05*math.Abs(w)) {
			t.Errorf("%g·%s, want %g", r.Chosen.Coefficients[i], term.Factor, w)
		}
	}
}

// y' = 28·x − y − x·z loses its −y.
func TestATermThatIsAbsentInARegimeHasNoCoefficientThere(t *testing.T) {
	quick.Skip(t)
	system, err := model.Read("system.yaml", []byte(`
states: {x: 1, y: 1, z: 20}
parameters: {q: 1}
equations: |
  x' = 10*(y - x)
  y' = 28*x - q*y - x*z
  z' = x*y - 8/3*z
`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Read("model.yaml", []byte(`
states: {x: 0, y: 0, z: 0}
unknowns: {g: {library: {degree: 2}}}
equations: |
  x' = 10*(y - x)
  y' = g(x, y, z)
  z' = x*y - 8/3*z
`))
	if err != nil {
		t.Fatal(err)
	}
	entry, _, err := truth.Case{Model: system, Step: 0.02, Samples: 400, Seed: 3, Transient: 20,
		Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}.Regimes([]map[string]float64{{"q": 1}, {"q": 0}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := fit.Prepare(m, []record.Entry{entry})
	if err != nil {
		t.Fatal(err)
	}
	r, err := discover.Run(context.Background(), &fit.Engine{Data: d}, discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var terms []string
	for _, term := range r.Chosen.Terms {
		terms = append(terms, term.Factor.String())
	}
	slices.Sort(terms)
	if want := []string{"(1 - regime_2)*y", "x", "x*z"}; !slices.Equal(terms, want) || len(r.Regimes) != 2 {
		t.Errorf("%s (%s): terms %v, want %v", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice(), terms, want)
	}
}
