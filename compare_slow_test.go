//go:build slow

package govern_test

import (
	"context"
	"strings"
	"testing"

	"govern"
	"govern/internal/truth"
	"govern/model"
)

// On Rössler with y hidden and no noise, a warm start decides: the best warm
// method forecasts at least twenty times better than plain training from
// nothing.
func TestWarmMethodsBeatPlainTrainingFromNothing(t *testing.T) {
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	p := write(t, truth.Case{Model: m, Step: 0.1, Samples: 1000, Seed: 3, Transient: 100, Noise: map[string]float64{"x": 0, "z": 0}}, hiddenRossler)
	c, err := govern.Compare(context.Background(), p, govern.CompareOptions{Seeds: 2, Budget: 48}, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	plain, warm := 0.0, 1e9
	for _, m := range c.Methods {
		t.Logf("%s: %.3g", m.Name, m.Median())
		if m.Name == "plain, cold" {
			plain = m.Median()
		}
		if strings.HasSuffix(m.Name, "warm") {
			warm = min(warm, m.Median())
		}
	}
	if !(warm*20 < plain) {
		t.Errorf("best warm method %g, plain training from nothing %g", warm, plain)
	}
	if len(c.Methods) != 8 {
		t.Errorf("%d methods", len(c.Methods))
	}
}
