package fit_test

import (
	"context"
	"math"
	"testing"

	"govern/fit"
	"govern/internal/truth"
	"govern/model"
	"govern/record"
)

// A record that the model cannot explain, located beside one that it can, changes
// nothing about that one: the steps of each are damped by itself.
func TestLocatedEntriesDoNotInfluenceEachOther(t *testing.T) {
	m, err := model.Lookup("rossler")
	if err != nil {
		t.Fatal(err)
	}
	closed := m.WithParameters(map[string]float64{"a": 0.2, "b": 0.2, "c": 9})
	of := func(c float64) record.Entry {
		entries, _, err := truth.Case{Model: m.WithParameters(map[string]float64{"a": 0.2, "b": 0.2, "c": c}), Step: 0.15, Samples: 600, Seed: 5, Transient: 100,
			Noise: map[string]float64{"x": 0.05, "y": 0.05, "z": 0.05}}.Observed()
		if err != nil {
			t.Fatal(err)
		}
		return entries[0]
	}
	good, hopeless := of(9), of(14)
	hopeless.Name = "hopeless"
	sigma, scale := []float64{0.3, 0.3, 0.3}, []float64{5, 5, 5}
	locate := func(entries ...record.Entry) *fit.Located {
		d, err := fit.Prepare(closed, entries)
		if err != nil {
			t.Fatal(err)
		}
		d.Time = 1.5
		at, err := (&fit.Engine{Data: d, Options: fit.Options{Omega: 1e-5}}).Locate(context.Background(), "locate", sigma, scale)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	alone, beside := locate(good), locate(good, hopeless)
	if off := math.Abs(beside.Loss[0]/alone.Loss[0] - 1); off > 1e-9 {
		t.Errorf("a loss of %g, %g beside another entry", alone.Loss[0], beside.Loss[0])
	}
	if alone.Loss[0] > 1.2 || beside.Loss[1] < 10*beside.Loss[0] {
		t.Errorf("losses %g and %g, want about 1 and much more", beside.Loss[0], beside.Loss[1])
	}
}
