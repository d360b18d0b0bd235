//go:build slow

package govern_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"govern"
	"govern/internal/truth"
	"govern/model"
)

// Noise whose neighbours agree passes for motion: without its correlation nothing
// passes the checks. White noise of the same size gives errors of 0.01–0.1 %; the
// information left of ρ = 0.8 allows 2.7 times that.
func TestCorrelatedNoiseIsRecognised(t *testing.T) {
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	p := write(t, truth.Case{Model: m, Step: 0.1, Samples: 2000, Seed: 101, Transient: 200,
		Noise: map[string]float64{"x": 0.05, "z": 0.05}, Ways: truth.Ways{Correlation: 0.8}}, hiddenRossler)
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if !out.Result.Status.Trusted() || !strings.Contains(strings.Join(out.Result.Warnings, "; "), "the noise of x is correlated, 0.") {
		t.Errorf("status %s, warnings %q", out.Result.Status, out.Result.Warnings)
	}
	for _, term := range out.Result.Unknowns["f"].Terms {
		want := map[string]float64{"x": 1, "y": 0.2}[term.Term]
		if !(math.Abs(float64(term.Coefficient)-want) < 0.005*want) {
			t.Errorf("%g·%s, want %g", float64(term.Coefficient), term.Term, want)
		}
	}
}
