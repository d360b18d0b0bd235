package changes

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/discover/terms"
)

// blocksOf is a regression on a constant and a slope, ten samples a block, whose
// coefficients are those of the block's regime.
func blocksOf(rng *rand.Rand, regimes []int, theta [][]float64) [][]float64 {
	const p, samples = 2, 10
	var out [][]float64
	for _, g := range regimes {
		a := make([]float64, samples*(p+1))
		for i := range samples {
			row := a[i*(p+1) : (i+1)*(p+1)]
			row[0], row[1] = 1, rng.NormFloat64()
			row[p] = -(theta[g][0]*row[0] + theta[g][1]*row[1] + rng.NormFloat64())
		}
		terms.Triangularise(a, samples, p+1)
		out = append(out, a[:(p+1)*(p+1)])
	}
	return out
}

func TestPartitionFindsTheBlocksWhereCoefficientsChange(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var regimes []int
	for b := range 90 {
		regimes = append(regimes, b/30)
	}
	theta := [][]float64{{0, 1}, {0, 3}, {2, 3}}
	blocks := blocksOf(rng, regimes, theta)
	ends, _ := partition(blocks, 2, 4, 2*math.Log(900)+2*math.Log(90))
	if !slices.Equal(ends, []int{30, 60, 90}) {
		t.Errorf("segments end at %v", ends)
	}
	got := minimiser(blocks[30:60], 2)
	if math.Abs(got[0]) > 0.3 || math.Abs(got[1]-3) > 0.3 { // five standard deviations
		t.Errorf("coefficients %v of the second segment", got)
	}
}

func TestPartitionLeavesOneRegimeWhole(t *testing.T) {
	for seed := range uint64(20) {
		blocks := blocksOf(rand.New(rand.NewPCG(seed, 1)), make([]int, 90), [][]float64{{1, 2}})
		if ends, _ := partition(blocks, 2, 4, 2*math.Log(900)+2*math.Log(90)); len(ends) != 1 {
			t.Errorf("seed %d: segments end at %v", seed, ends)
		}
	}
}
