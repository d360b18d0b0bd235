//go:build slow

package govern_test

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"govern"
	"govern/run"
)

// Intervals of entries' own values hold the truth as often as they promise: 240
// values of 30 experiments, of which 90 to 98 % are 2.5 standard errors wide and
// more.
func TestIntervalsOfValuesOfEntriesHold(t *testing.T) {
	for _, system := range []struct {
		name, parameter, problem string
		low, high                float64
		step                     float64
	}{
		{"rossler", "c", strings.Replace(rosslerEach, "f: {}", "f: {library: {degree: 1}}", 1), 5, 13, 0.1},
		{"lorenz", "rho", `
model:
  states: {x: 1, y: 1, z: 20}
  parameters: {rho: {value: 35, fit: true, each: entry}, s: {value: 9, fit: true}}
  equations: |
    x' = s*(y - x)
    y' = x*(rho - z) - y
    z' = x*y - 8/3*z
data:
%s`, 28, 45, 0.02},
	} {
		inside, all := 0, 0
		for seed := range uint64(15) {
			rng := rand.New(rand.NewPCG(seed, 55))
			c := trials{system: system.name, parameter: system.parameter, samples: []int{200}, step: system.step, noise: 0.05, seed: seed + 100}
			for range 8 {
				c.values = append(c.values, system.low+(system.high-system.low)*rng.Float64())
			}
			out, err := govern.Discover(context.Background(), c.write(t, system.problem, nothing), govern.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range c.values {
				e := out.Result.Parameters[system.parameter].Entries[c.file(k)]
				all++
				if d := off(e, v); d <= 1 {
					inside++
				} else if !(d < 2.5) {
					t.Errorf("%s, seed %d, %s: %v [%v, %v], true %v (status %s)", system.name, seed, c.file(k), e.Value, e.Low, e.High, v, out.Result.Status)
				}
			}
		}
		share := float64(inside) / float64(all)
		t.Logf("%s: %d of %d intervals hold the truth: %.1f %%", system.name, inside, all, 100*share)
		if share < 0.9 || share > 0.98 {
			t.Errorf("%s: %.1f %% of the intervals hold the truth", system.name, 100*share)
		}
	}
}

// A spread over entries: its mean and size come back, records that are too short
// come nearer to the truth than alone, and the unknown is found all the same.
func TestASpreadOverShortRecordsWithAnUnknown(t *testing.T) {
	alone, together, count := 0.0, 0.0, 0.0
	logs := 0.0
	const seeds = 3
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 56))
		c := trials{system: "rossler", parameter: "c", step: 0.1, noise: 0.1, seed: seed + 200}
		for k := range 12 {
			c.values, c.samples = append(c.values, 8+0.4*rng.NormFloat64()), append(c.samples, []int{300, 130, 100}[k%3])
		}
		for _, more := range []string{"", ", spread: true"} {
			p := c.write(t, strings.Replace(rosslerEach, "each: entry", "each: entry"+more, 1), nothing)
			out, err := govern.Discover(context.Background(), p, govern.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			f := terms(t, out, "f")
			if len(f) != 2 || math.Abs(float64(f["x"].Coefficient)-1) > 0.05 || math.Abs(float64(f["y"].Coefficient)-0.2) > 0.05 {
				t.Errorf("seed %d%s: f = %s, status %s", seed, more, *out.Result.Unknowns["f"].Expression, out.Result.Status)
			}
			r := out.Result.Parameters["c"]
			sum := &alone
			if more != "" {
				sum = &together
				t.Logf("seed %d: mean %.3f [%.3f, %.3f], spread %.3f [%.3f, %.3f]", seed, r.Value, r.Low, r.High, r.Spread.Value, r.Spread.Low, r.Spread.High)
				logs += math.Log(float64(r.Spread.Value)/0.4) / seeds
				if !(off(r, 8) < 2) {
					t.Errorf("seed %d: the mean is %v [%v, %v], true 8", seed, r.Value, r.Low, r.High)
				}
				if s := r.Spread; !(s.Low < 0.6 && s.High > 0.25) {
					t.Errorf("seed %d: spread %v [%v, %v], true 0.4", seed, s.Value, s.Low, s.High)
				}
			}
			for k, v := range c.values {
				if k%3 > 0 {
					d := float64(r.Entries[c.file(k)].Value) - v
					*sum += d * d
					count += 0.5
				}
			}
		}
	}
	t.Logf("rms error of short records: %.3f alone, %.3f with a spread; spreads are %.2f of the true one", math.Sqrt(alone/count), math.Sqrt(together/count), math.Exp(logs))
	if !(together < 0.7*alone) || math.Abs(logs) > 0.4 {
		t.Errorf("squared error %.3g with a spread, %.3g alone; spreads are off by a factor %.2f", together, alone, math.Exp(logs))
	}
}

// A network beside values of entries: trained, and the formula found from it, with
// the same values.
func TestANetworkBesideValuesOfEntries(t *testing.T) {
	c := trials{system: "rossler", parameter: "c", values: []float64{8, 10, 12, 7}, samples: []int{300}, step: 0.1, noise: 0.02, seed: 7}
	p := c.write(t, strings.Replace(rosslerEach, "f: {}", "f: {neural: {hidden: [4]}}", 1), nothing)
	trained, err := govern.Fit(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	formula, err := govern.Extract(context.Background(), p, trained.UDE, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if f := terms(t, formula, "f"); len(f) != 2 || formula.Result.Status != run.OK {
		t.Errorf("status %s, f = %s", formula.Result.Status, *formula.Result.Unknowns["f"].Expression)
	}
	for _, out := range []*govern.Outcome{trained, formula} {
		for k, v := range c.values {
			if e := out.Result.Parameters["c"].Entries[c.file(k)]; !(off(e, v) < 2.5) {
				t.Errorf("%s: %v [%v, %v], true %v", c.file(k), e.Value, e.Low, e.High, v)
			}
		}
	}
}
