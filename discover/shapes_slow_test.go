//go:build slow

package discover_test

import (
	"strings"
	"testing"

	"govern/discover"
	"govern/internal/truth"
	"govern/model"
	"govern/verdict"
)

func TestADeadZoneIsNoSigmoidAndAFastSineIsFound(t *testing.T) {
	for law, want := range map[string]string{
		"0.9*(v + abs(v - 0.7)/2 - abs(v + 0.7)/2)": "abs(v - f_knot",
		"0.8*sin(2*v)": "sin(f_wave*v)",
	} {
		r := oddLaw(t, law, 500, 0.005)
		if got := r.Chosen.Formula(0).String(); !strings.Contains(got, want) {
			t.Errorf("%s: status %s, found %s", law, verdict.OfSearch(r).Status, got)
		}
	}
}

// The angle of a rotor runs away: neither the length of the record nor the first
// equation, which bends nowhere, may hide the sine of the second.
func TestARotorOfManyTurnsIsFoundWithoutItsEquations(t *testing.T) {
	m, err := model.Read("truth.yaml", []byte(`
states: {theta: 0, omega: 3.2}
equations: |
  theta' = omega
  omega' = 0.3 - 0.05*omega - 2*sin(theta)
`))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.05, Samples: 400, Seed: 2, Noise: map[string]float64{"theta": 0.001, "omega": 0.02}}
	r, _ := learn(t, c, `
states: {theta: 0, omega: 3}
unknowns: {f: {}, g: {}}
equations: |
  theta' = f(theta, omega)
  omega' = g(theta, omega)
`, 0, discover.Options{})
	if got := r.Chosen.Formula(1).String(); len(r.Chosen.Terms) != 4 || !strings.Contains(got, "sin(theta)") {
		t.Errorf("status %s, found %s", verdict.OfSearch(r).Status, got)
	}
}
