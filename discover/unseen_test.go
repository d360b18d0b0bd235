package discover_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/run"
	"govern/verdict"
)

// ring is Lorenz-96 with every coupling unknown, so that the even places are seen
// by no known equation.
func ring(t *testing.T, library string, samples int) *fit.Engine {
	t.Helper()
	d, err := truth.Case{Model: catalogue(t, "lorenz96"), Step: 0.02, Samples: samples, Transient: 50, Seed: 7,
		Noise: map[string]float64{"x1": 0.01, "x3": 0.01, "x5": 0.01, "x7": 0.01}}.Data(strings.Replace(truth.Lorenz96Ring, "[p, q, r]", "[p, q, r], "+library, 1))
	if err != nil {
		t.Fatal(err)
	}
	return &fit.Engine{Data: d, Seed: 1}
}

func TestStatesThatOnlyAnUnknownSeesAreFound(t *testing.T) {
	r, err := discover.Run(context.Background(), ring(t, "library: {degree: 2}", 500), discover.Options{Roads: "full"})
	if err != nil {
		t.Fatal(err)
	}
	if verdict.OfSearch(r).Status != run.OK || len(r.Chosen.Terms) != 2 {
		t.Fatalf("status %s (%s), %d terms; want p*q - p*r", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice(), len(r.Chosen.Terms))
	}
	want := map[string]float64{"p*q": 1, "p*r": -1}
	for i, term := range r.Chosen.Terms {
		if v, ok := want[term.Factor.String()]; !ok || math.Abs(r.Chosen.Coefficients[i]-v) > 0.01 {
			t.Errorf("%g·%s, want p*q - p*r", r.Chosen.Coefficients[i], term.Factor)
		}
	}
}

func TestWhereNoDrawExplainsUnseenStatesTheAnswerIsNoModel(t *testing.T) {
	quick.Skip(t)
	r, err := discover.Run(context.Background(), ring(t, "library: {degree: 1}", 300), discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if verdict.OfSearch(r).Status != run.NoModel || r.Chosen != nil || !strings.Contains(verdict.OfSearch(r).Advice(), "x2, x4, x6, x8") {
		t.Errorf("status %s, %q; want no model, and which states are not seen", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
}

// A hidden coordinate that may be scaled at will has no equation of its own.
func TestAnUnseenStateThatMayBeScaledIsAnErrorThatSaysSo(t *testing.T) {
	d, err := truth.Case{Model: catalogue(t, "fitzhugh-nagumo"), Step: 0.2, Samples: 500, Noise: map[string]float64{"v": 0.01}}.Data(`
states: {v: 0, w: 0}
unknowns: {f: {}, g: {}}
equations: |
  v' = f(v, w)
  w' = g(v, w)
`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = discover.Run(context.Background(), &fit.Engine{Data: d}, discover.Options{})
	var unseen *fit.UnobservedError
	if !errors.As(err, &unseen) || unseen.State != "w" || !strings.Contains(unseen.Why, "w") {
		t.Errorf("error %v, want that w may change and no channel would", err)
	}
}
