package tell

import (
	"math"
	"slices"
	"testing"
)

func TestACloudRunsAlongOneArgumentAtTheMediansOfOthers(t *testing.T) {
	c := newCloud([][]float64{{4, 0, 1, 2, math.NaN(), 3}, {10, 20, 30, 60, 40, math.Inf(1)}})
	// Complete are four samples: 4, 0, 1, 2 and 10, 20, 30, 60.
	if !slices.Equal(c.middle, []float64{1.5, 25}) || !slices.Equal(c.low, []float64{0, 10}) || !slices.Equal(c.up, []float64{4, 60}) {
		t.Errorf("medians %v, from %v to %v", c.middle, c.low, c.up)
	}
	grid := c.along(1, 6)
	if !slices.Equal(grid[0], slices.Repeat([]float64{1.5}, 6)) || !slices.Equal(grid[1], []float64{10, 20, 30, 40, 50, 60}) {
		t.Errorf("grid %v", grid)
	}
}

func TestThereIsNoCloudOfNothing(t *testing.T) {
	for name, arguments := range map[string][][]float64{"no arguments": nil, "no samples": {{}, {}}, "no complete sample": {{math.NaN(), 1}, {2, math.NaN()}}} {
		if newCloud(arguments) != nil {
			t.Errorf("a cloud of %s", name)
		}
	}
}

func TestKernelsAreGaussianInEveryArgument(t *testing.T) {
	c := &cloud{points: [][]float64{{0, 6}, {0, 0}}, width: []float64{2, 1}, typical: 0.5}
	at := func(x, y float64) func(int) float64 {
		return func(a int) float64 { return []float64{x, y}[a] }
	}
	// Distances in widths: (1, 1) and (2, 1).
	want := math.Exp(-1) + math.Exp(-2.5)
	if got := c.kernels(at(2, 1)); !near(got, want) {
		t.Errorf("%g, want %g", got, want)
	}
	if got := c.density([][]float64{{2, 1000}, {1, 0}}); !near(got[0], want/0.5) || got[1] != 0 {
		t.Errorf("%v", got)
	}
}

// A normal cloud of 5000 samples: the density falls as the kernel-smoothed normal
// distribution does, and is 1 at the median sample.
func TestTheDensityIsOneAroundTheMedianSample(t *testing.T) {
	var x []float64
	for i := range 5000 { // quantiles of the normal distribution
		x = append(x, math.Sqrt2*math.Erfinv(2*(float64(i)+0.5)/5000-1))
	}
	c := newCloud([][]float64{x})
	if n := len(c.points[0]); n > cloudPoints || n < cloudPoints/2 {
		t.Errorf("%d points are kept of 5000", n)
	}
	// Half of a normal distribution lies within 0.6745 of its middle. The kernel's width is n^(−1/5), 0.23: it widens the distribution by 2.6 %.
	got := c.density([][]float64{{0, 0.6745, -0.6745, 2}})
	wide := 1 + c.width[0]*c.width[0]
	for i, v := range []float64{0, 0.6745, 0.6745, 2} {
		if want := math.Exp((0.6745*0.6745 - v*v) / 2 / wide); math.Abs(got[i]-want) > 0.03 {
			t.Errorf("at %g: %g, want %g", v, got[i], want)
		}
	}
}

func TestAnArgumentThatStandsStillHasADensity(t *testing.T) {
	c := newCloud([][]float64{{3, 3, 3, 3}})
	if got := c.density([][]float64{{3, 3.1}}); got[0] != 1 || got[1] != 0 {
		t.Errorf("%v", got)
	}
}
