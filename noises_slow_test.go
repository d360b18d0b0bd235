//go:build slow

package govern_test

import (
	"math"
	"testing"

	"govern/run"
)

// Intervals from files whose noise differs a hundredfold hold the truth, and are not much wider
// than errors are. Of records as short as these they are cautious, also where the noise is equal: there errors
// are 0.8 standard errors in the root mean square, of 20 experiments like these.
func TestIntervalsHoldWhereNoiseDiffers(t *testing.T) {
	const experiments = 12
	sum, inside, all := 0.0, 0, 0
	for seed := range uint64(experiments) {
		r := discovered(t, trials{system: "rossler", parameter: "c", values: []float64{5.7, 5.7, 5.7}, samples: []int{300}, step: 0.1, noise: 0.01,
			levels: []float64{10, 1, 100}, seed: seed + 1})
		f := r.Unknowns["f"].Terms
		if r.Status != run.OK || len(f) != 2 {
			t.Errorf("seed %d: status %s, f = %s", seed, r.Status, *r.Unknowns["f"].Expression)
			continue
		}
		for i, e := range []run.Estimate{estimate(f[0]), estimate(f[1]), r.Parameters["c"]} {
			d := off(e, []float64{1, 0.2, 5.7}[i])
			if all++; d <= 1 {
				inside++
			}
			sum += d * d
		}
	}
	size := 1.96 * math.Sqrt(sum/float64(all))
	t.Logf("%d of %d intervals hold the truth; errors are %.2f standard errors", inside, all, size)
	if size < 0.5 || size > 1.3 || inside < all*8/9 { // 36 errors tell their size to 12 %
		t.Error("the intervals do not hold what they promise")
	}
}
