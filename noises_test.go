package govern_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"govern"
	"govern/internal/quick"
	"govern/run"
)

// rosslerShared is Rössler's system with one c for all data.
var rosslerShared = strings.Replace(rosslerEach, ", each: entry, sd: 50 %%", "", 1)

// A recording with fifty times the noise of two others keeps its samples but for the
// true outliers, and the intervals are hardly wider than without it.
func TestOneBadRecordingAmongMany(t *testing.T) {
	quick.Skip(t)
	c := trials{system: "rossler", parameter: "c", values: []float64{5.7, 5.7, 5.7}, samples: []int{300}, step: 0.1, noise: 0.005, seed: 1, outliers: 3}
	c.levels = []float64{1, 1, 50}
	all := discovered(t, c)
	c.values, c.levels = c.values[:2], nil
	good := discovered(t, c)

	for _, r := range []*run.Result{all, good} {
		found := r.Unknowns["f"].Terms
		if r.Status != run.OK || len(found) != 2 {
			t.Fatalf("status %s, f = %s", r.Status, *r.Unknowns["f"].Expression)
		}
		for i, truth := range []float64{1, 0.2} {
			if e := estimate(found[i]); !(off(e, truth) < 2) {
				t.Errorf("%s: %v [%v, %v], true %v", found[i].Term, e.Value, e.Low, e.High, truth)
			}
		}
	}
	for i, q := range all.Unknowns["f"].Terms {
		alone := good.Unknowns["f"].Terms[i]
		if wide, narrow := float64(q.High-q.Low), float64(alone.High-alone.Low); !(wide < 1.1*narrow) {
			t.Errorf("the interval of %s is %.3g wide, without the bad recording %.3g", q.Term, wide, narrow)
		}
	}
	left := func(r *run.Result) []string {
		return slices.DeleteFunc(slices.Clone(r.Warnings), func(w string) bool { return !strings.Contains(w, "left out as outliers") })
	}
	for n, r := range map[string]*run.Result{"x: 9 samples": all, "x: 6 samples": good} {
		if w := left(r); len(w) != 1 || !strings.HasPrefix(w[0], n) {
			t.Errorf("want %s left out, have %q", n, w)
		}
	}
	for _, column := range []string{"x", "y", "z"} {
		levels := all.NoiseEntries[column]
		if ratio := float64(levels[c.file(2)] / levels[c.file(0)]); len(levels) != 3 || math.Abs(ratio/50-1) > 0.15 {
			t.Errorf("noise of %s: %v", column, levels)
		}
	}
	if good.NoiseEntries != nil {
		t.Errorf("files of one noise: %v", good.NoiseEntries)
	}
}

func discovered(t *testing.T, c trials) *run.Result {
	t.Helper()
	out, err := govern.Discover(context.Background(), c.write(t, rosslerShared, nothing), govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return out.Result
}

func estimate(q run.Term) run.Estimate {
	return run.Estimate{Value: q.Coefficient, Low: q.Low, High: q.High}
}
