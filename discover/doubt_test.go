package discover_test

import (
	"math"
	"strings"
	"testing"

	"govern/discover"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/run"
	"govern/verdict"
)

const dampedRossler = `
states: {x: 1, y: 1, z: 0.1}
equations: |
  x' = -y - z - 0.05*x
  y' = x + 0.25*y
  z' = 0.2 + z*(x - 5.7)
`

const undampedUnknown = `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {}}
equations: |
  x' = -y - z
  y' = f(x, y)
  z' = 0.2 + z*(x - 5.7)
`

// The known equation lacks a damping: the answer must say in which equation, and
// what would be added to it.
func TestAKnownEquationThatLacksATermIsDoubted(t *testing.T) {
	quick.Skip(t)
	m, err := model.Read("truth.yaml", []byte(dampedRossler))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 800, Seed: 3, Transient: 100, Noise: map[string]float64{"x": 0.02, "y": 0.02, "z": 0.02}}
	r, _ := learn(t, c, undampedUnknown, 0, discover.Options{})
	if verdict.OfSearch(r).Status == run.OK || len(r.Sure()) == 0 {
		t.Fatalf("status %s, lacks %v", verdict.OfSearch(r).Status, r.Sure())
	}
	if l := r.Sure()[0]; l.Equation != "x" || !strings.HasSuffix(l.Term, "*x") || !strings.Contains(verdict.OfSearch(r).Advice(), "the equation of x lacks") && !strings.Contains(verdict.OfSearch(r).Advice(), "The equation of x lacks") {
		t.Errorf("found %+v, advice %q, want −0.05·x in x'", l, verdict.OfSearch(r).Advice())
	}
}

// Under right models −2 log L falls as much as χ² does, or less: in no equation of
// ten records is a lack sure, and the falls are not above their degrees of freedom
// in the mean. A hidden state may be rescaled, which must not count as a lack.
func TestRightModelsAreNotDoubted(t *testing.T) {
	quick.Skip(t)
	ratio, tests := 0.0, 0.0
	for seed := range uint64(5) {
		for _, noise := range []map[string]float64{{"x": 0.02, "y": 0.02, "z": 0.02}, {"x": 0.01, "z": 0.01}} {
			c := rossler(t, noise)
			c.Samples, c.Step, c.Seed = 500, 0.1, 50+seed
			r, _ := learn(t, c, rosslerUnknown, 0, discover.Options{})
			if len(r.Lacks) != 12 {
				t.Fatalf("%d tests, want three equations alone and along three states", len(r.Lacks))
			}
			if sure := r.Sure(); len(sure) > 0 {
				t.Errorf("seed %d, noise %v: %s", seed, noise, sure[0])
			}
			for _, l := range r.Lacks {
				ratio, tests = ratio+l.Fall/l.Degrees, tests+1
			}
		}
	}
	// 120 falls of about ten degrees each: their mean has a standard deviation of 0.05.
	if mean := ratio / tests; !(mean < 1.2) || mean < 0.2 {
		t.Errorf("falls are %.2g of their degrees of freedom in the mean", mean)
	}
}

// A polynomial would do within a tenth of a percent; the fraction is found instead.
func TestAFractionOfTwoArgumentsIsFound(t *testing.T) {
	quick.Skip(t)
	const text = `
states: {x: 1, y: 1, z: 20}
%u
equations: |
  x' = 10*(y - x)
  y' = x*(28 - z) - y
  z' = %f - 8/3*z
`
	with := func(f, unknowns string) string {
		return strings.NewReplacer("%f", f, "%u", unknowns).Replace(text)
	}
	m, err := model.Read("truth.yaml", []byte(with("x*y/(1 + x^2/400)", "")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.02, Samples: 1000, Seed: 5, Transient: 10, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	r, _ := learn(t, c, with("f(x, y)", "unknowns: {f: {}}"), 0, discover.Options{})
	formula := r.Chosen.Formula(0).String()
	if len(r.Chosen.Terms) != 1 || !strings.Contains(formula, "/") || len(r.Chosen.Parameters) != 1 {
		t.Fatalf("status %s, found %s %v", verdict.OfSearch(r).Status, formula, r.Chosen.Parameters)
	}
	if c := r.Chosen.Coefficients[0]; math.Abs(c-400) > 20 {
		t.Errorf("found %g of y·x/(h² + x²), want 400", c)
	}
}
