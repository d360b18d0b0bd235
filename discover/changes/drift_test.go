package changes

import (
	"math"
	"math/rand/v2"
	"testing"
)

const blockPenalty = 2*6.8 + 2*4.5 // of 90 blocks of ten samples: p·log 900 + 2·log 90

// drifting are blocks of a regression whose slope goes from 1 to 3.
func drifting(rng *rand.Rand, blocks int) [][]float64 {
	var out [][]float64
	for b := range blocks {
		slope := 1 + 2*float64(b)/float64(blocks-1)
		out = append(out, blocksOf(rng, []int{0}, [][]float64{{0, slope}})...)
	}
	return out
}

func TestDriftExplainsASlopeBetterThanChangePointsDo(t *testing.T) {
	blocks := drifting(rand.New(rand.NewPCG(1, 1)), 90)
	_, segmented := partition(blocks, 2, 4, blockPenalty)
	if loss, degree := fitDrifts(blocks, 2, blockPenalty); !(loss < segmented) || degree != 1 {
		t.Errorf("loss %g at degree %d, with change points %g", loss, degree, segmented)
	}
	columns, step := strongest(blocks, 2, 2*math.Log(900))
	if len(columns) != 1 || columns[0] != 1 || math.Abs(step[2]-1) > 0.3 { // from −1 to 1 in time: five standard deviations
		t.Errorf("columns %v drift, steps %v", columns, step)
	}
}

func TestStepsAndStandstillAreNoDrift(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 2))
		var regimes []int
		for b := range 90 {
			regimes = append(regimes, b/30)
		}
		for name, blocks := range map[string][][]float64{
			"steps":      blocksOf(rng, regimes, [][]float64{{0, 1}, {0, 1.7}, {0, 3}}),
			"standstill": blocksOf(rng, make([]int, 90), [][]float64{{1, 2}}),
		} {
			_, segmented := partition(blocks, 2, 4, blockPenalty)
			if loss, _ := fitDrifts(blocks, 2, blockPenalty); loss < segmented {
				t.Errorf("%s, seed %d: a drift costs %g, stretches %g", name, seed, loss, segmented)
			}
		}
	}
}
