package tell

import (
	"math"
	"slices"

	"govern/series"
)

// cloud is where the data lie in the space of an unknown's arguments.
type cloud struct {
	points  [][]float64 // by argument; complete, thinned
	middle  []float64   // medians
	low, up []float64
	width   []float64 // of the kernel, by argument
	typical float64   // kernel sum at the median sample
}

// Enough points for a density, and enough of them for its median.
const (
	cloudPoints = 2000
	cloudProbes = 200
)

// newCloud makes a cloud of the samples without NaN; nil without any, or
// without arguments.
func newCloud(arguments [][]float64) *cloud {
	if len(arguments) == 0 {
		return nil
	}
	c := &cloud{}
	all := make([][]float64, len(arguments))
	for i := range arguments[0] {
		if !slices.ContainsFunc(arguments, func(x []float64) bool { return math.IsNaN(x[i]) || math.IsInf(x[i], 0) }) {
			for a := range all {
				all[a] = append(all[a], arguments[a][i])
			}
		}
	}
	n := len(all[0])
	if n == 0 {
		return nil
	}
	stride := (n + cloudPoints - 1) / cloudPoints
	for _, x := range all {
		var thin []float64
		for i := 0; i < n; i += stride {
			thin = append(thin, x[i])
		}
		c.points = append(c.points, thin)
		sorted := slices.Sorted(slices.Values(x))
		c.middle = append(c.middle, (sorted[(n-1)/2]+sorted[n/2])/2)
		c.low, c.up = append(c.low, sorted[0]), append(c.up, sorted[n-1])
		// Scott's rule (1992): n^(−1/(d+4)) standard deviations.
		width := series.Std(x) * math.Pow(float64(len(thin)), -1/float64(len(arguments)+4))
		c.width = append(c.width, math.Max(width, 1e-300))
	}
	var probes []float64
	m := len(c.points[0])
	for i := 0; i < m; i += (m + cloudProbes - 1) / cloudProbes {
		probes = append(probes, c.kernels(func(a int) float64 { return c.points[a][i] }))
	}
	c.typical = series.UpperMedian(probes)
	return c
}

// along is a grid on which argument a runs over the range of the data and the
// others stay at their medians.
func (c *cloud) along(a, n int) [][]float64 {
	grid := make([][]float64, len(c.middle))
	for b := range grid {
		grid[b] = make([]float64, n)
		for i := range grid[b] {
			grid[b][i] = c.middle[b]
			if b == a {
				grid[b][i] = c.low[a] + (c.up[a]-c.low[a])*float64(i)/float64(n-1)
			}
		}
	}
	return grid
}

// density of the data around each point of a grid, by a Gaussian kernel; 1 is
// that around the median sample.
func (c *cloud) density(grid [][]float64) []float64 {
	out := make([]float64, len(grid[0]))
	for i := range out {
		out[i] = c.kernels(func(a int) float64 { return grid[a][i] }) / c.typical
	}
	return out
}

func (c *cloud) kernels(at func(a int) float64) float64 {
	where := make([]float64, len(c.points))
	for a := range where {
		where[a] = at(a)
	}
	sum := 0.0
	for i := range c.points[0] {
		square := 0.0
		for a, x := range where {
			d := (x - c.points[a][i]) / c.width[a]
			square += d * d
		}
		sum += math.Exp(-square / 2)
	}
	return sum
}
