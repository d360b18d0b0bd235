package changes

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The optimal partition against all partitions of nine blocks, also where the shortest
// segment is longer than a regime, and longer than the record.
func TestPartitionIsTheBestOfAll(t *testing.T) {
	for seed := range uint64(30) {
		least := []int{2, 4, 12}[seed%3]
		rng := rand.New(rand.NewPCG(seed, 7))
		var regimes []int
		for b := range 9 {
			regimes = append(regimes, b/3)
		}
		blocks := blocksOf(rng, regimes, [][]float64{{0, 1}, {0, 1.8}, {0.5, 1.8}})
		const penalty = 9
		best, bestEnds := math.Inf(1), []int(nil)
		for bits := range 1 << 8 { // a cut after block b or none
			var ends []int
			for b := range 8 {
				if bits>>b&1 > 0 {
					ends = append(ends, b+1)
				}
			}
			ends = append(ends, 9)
			from, loss := 0, 0.0
			for _, end := range ends {
				if end-from < least && len(ends) > 1 {
					loss = math.Inf(1)
				}
				s := newStack(2)
				for _, b := range blocks[from:end] {
					s.push(b)
				}
				loss, from = loss+s.residual()+penalty, end
			}
			if loss < best {
				best, bestEnds = loss, ends
			}
		}
		ends, loss := partition(blocks, 2, least, penalty)
		if !slices.Equal(ends, bestEnds) || math.Abs(loss-best) > 1e-9*best {
			t.Errorf("seed %d: cut at %v with loss %g, best %v with %g", seed, ends, loss, bestEnds, best)
		}
	}
}

// −2 log posterior at a step, summed over blocks, is least at the minimiser, where it is
// the residual of the stack.
func TestAStackSaysWhatItsBlocksCostAtTheirBest(t *testing.T) {
	blocks := blocksOf(rand.New(rand.NewPCG(2, 2)), []int{0, 0, 0}, [][]float64{{1, -2}})
	s := newStack(2)
	for _, b := range blocks {
		s.push(b)
	}
	cost := func(delta ...float64) (sum float64) {
		for _, b := range blocks {
			sum += squaresAt(b, delta)
		}
		return sum
	}
	best := minimiser(blocks, 2)
	if got := cost(best...); math.Abs(got-s.residual()) > 1e-9*got {
		t.Errorf("blocks cost %g at their best, the stack %g", got, s.residual())
	}
	for _, off := range [][]float64{{0.1, 0}, {0, -0.1}} {
		if cost(best[0]+off[0], best[1]+off[1]) <= cost(best...) {
			t.Errorf("%v off the minimum costs less", off)
		}
	}
	only := s.selected([]int{1})
	want := math.Inf(1)
	for slope := -4.0; slope < 0; slope += 0.001 {
		want = math.Min(want, cost(0, slope))
	}
	if got := only.residual(); math.Abs(got-want) > 1e-3 || got < s.residual() {
		t.Errorf("with the slope alone %g, want %g", got, want)
	}
	two := side{theta: best, parts: []part{{blocks[0], []float64{0.5, 0}}, {blocks[1], []float64{0, 0}}}}
	if got, want := two.cost([]float64{1, -2}), squaresAt(blocks[0], []float64{0.5, -2})+squaresAt(blocks[1], []float64{1, -2}); math.Abs(got-want) > 1e-12 {
		t.Errorf("a side costs %g, want %g", got, want)
	}
}

// Constants of the time alone are one regime.
func TestPolynomialsOfTheTime(t *testing.T) {
	blocks := blocksOf(rand.New(rand.NewPCG(3, 2)), make([]int, 6), [][]float64{{1, -2}})
	s := newStack(2)
	for _, b := range blocks {
		s.push(b)
	}
	if got := alongTime(blocks, 2, 0).residual(); math.Abs(got-s.residual()) > 1e-9*got {
		t.Errorf("degree 0 costs %g, one regime %g", got, s.residual())
	}
	if a, b := alongTime(blocks, 2, 1).residual(), alongTime(blocks, 2, 2).residual(); a > s.residual() || b > a {
		t.Errorf("degrees 1 and 2 cost %g and %g, degree 0 %g", a, b, s.residual())
	}
	if timeOf(0, 4) != -0.75 || timeOf(3, 4) != 0.75 {
		t.Error("blocks do not lie evenly between −1 and 1")
	}
}

func TestADriftIsToldFromItsStrongestMoves(t *testing.T) {
	d := &Drift{moves: []moved{{"the constant of f", 1, 2}, {"c", -0.12345, 3}}}
	if got := d.String(); got != "coefficients drift along the record: the constant of f from about 1 to 2, c from about -0.123 to 3" {
		t.Error(got)
	}
	if got := (&Drift{}).String(); strings.Contains(got, ":") {
		t.Errorf("a drift without moves says %q", got)
	}
}

// A normal likelihood around 50.3, five samples wide.
func TestPlacesAreWeighedByTheirLikelihoods(t *testing.T) {
	var losses []float64
	var places []int
	for i := 20; i <= 80; i++ {
		z := (float64(i) - 50.3) / 5
		losses, places = append(losses, 1000+z*z), append(places, i)
	}
	got := meanPlace(losses, places)
	if got.at != 50 || math.Abs(float64(got.low)-40.5) > 1.6 || math.Abs(float64(got.high)-60.1) > 1.6 {
		t.Errorf("place %d, from %d to %d; want 50, 40 to 60", got.at, got.low, got.high)
	}
	losses[3] = -500 // one place alone
	if got := meanPlace(losses, places); got.at != 23 || got.low > 23 || got.high != 23 {
		t.Errorf("place %d, from %d to %d of one that is certain", got.at, got.low, got.high)
	}
}
