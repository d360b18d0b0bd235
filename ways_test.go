package govern_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"govern"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/run"
)

// The regular case errs by 0.1–0.4 %: x and z at 2 %, 500–700 samples.
func TestOutliersAndGapsDoNotSpoilAFormula(t *testing.T) {
	quick.Skip(t)
	for _, c := range []struct {
		name    string
		samples int
		ways    truth.Ways
		says    string // in the warnings
	}{
		{"outliers", 500, truth.Ways{Outliers: 0.02}, "were left out as outliers"},
		{"a gap of 3 cycles", 700, truth.Ways{Gap: 20}, "gaps longer than"},
	} {
		m, err := model.Lookup("rossler-14")
		if err != nil {
			t.Fatal(err)
		}
		p := write(t, truth.Case{Model: m, Step: 0.1, Samples: c.samples, Seed: 3, Transient: 100,
			Noise: map[string]float64{"x": 0.02, "z": 0.02}, Ways: c.ways}, hiddenRossler)
		out, err := govern.Discover(context.Background(), p, govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, term := range out.Result.Unknowns["f"].Terms {
			got[term.Term] = float64(term.Coefficient)
		}
		if len(got) != 2 || !(math.Abs(got["x"]-1) < 0.01) || !(math.Abs(got["y"]-0.2) < 0.002) {
			t.Errorf("%s: f = %v, want x + 0.2*y", c.name, got)
		}
		if warnings := strings.Join(out.Result.Warnings, "; "); !strings.Contains(warnings, c.says) {
			t.Errorf("%s: the warnings do not say %q: %s", c.name, c.says, warnings)
		}
	}
}

// Blocks of a record without noise cost next to nothing, however these costs differ:
// no change point is seen in its held-out part.
func TestARecordWithoutNoiseHasNoRegimes(t *testing.T) {
	quick.Skip(t)
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	p := write(t, truth.Case{Model: m, Step: 0.1, Samples: 2000, Seed: 101, Transient: 200, Noise: map[string]float64{"x": 0, "z": 0}}, hiddenRossler)
	out, err := govern.Discover(context.Background(), p, govern.Settings{Seed: 101})
	if err != nil {
		t.Fatal(err)
	}
	if r := out.Result; r.Status != run.OK || len(r.Regimes) != 0 {
		t.Errorf("status %s, %d regimes", r.Status, len(r.Regimes))
	}
}
