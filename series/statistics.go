package series

import (
	"math"
	"slices"
)

// Mean returns the mean of x without its NaNs; NaN when nothing is left.
func Mean(x []float64) float64 {
	sum, n := 0.0, 0
	for _, v := range x {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / float64(n)
}

// Std returns the standard deviation √mean((x−mean)²) of x without its NaNs;
// NaN when nothing is left.
func Std(x []float64) float64 {
	mean := Mean(x)
	sum, n := 0.0, 0
	for _, v := range x {
		if !math.IsNaN(v) {
			sum += (v - mean) * (v - mean)
			n++
		}
	}
	return math.Sqrt(sum / float64(n))
}

// RMS returns the root mean square of x; 0 of none.
func RMS(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v / float64(len(x))
	}
	return math.Sqrt(sum)
}

// UpperMedian is the upper of the two middle values; 0 of none. It sorts NaN first.
func UpperMedian(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	c := slices.Clone(x)
	slices.Sort(c)
	return c[len(c)/2]
}

// Median returns the median of x without its NaNs, of an even number the mean of
// the two in the middle; NaN when nothing is left.
func Median(x []float64) float64 {
	sorted := slices.DeleteFunc(slices.Clone(x), math.IsNaN)
	if len(sorted) == 0 {
		return math.NaN()
	}
	slices.Sort(sorted)
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Regular returns the mean step between times, and whether no step is off it by
// more than a thousandth.
func Regular(times []float64) (step float64, regular bool) {
	n := len(times)
	step = (times[n-1] - times[0]) / float64(n-1)
	for i := 1; i < n; i++ {
		if math.Abs(times[i]-times[i-1]-step) > 1e-3*step {
			return step, false
		}
	}
	return step, true
}

// Autocorrelation returns the autocorrelation of x at lags 0 … lags in samples:
// the mean of (x_i − mean)(x_{i+k} − mean) over the pairs of which neither is NaN,
// divided by the variance. A lag without pairs, or a series without variance,
// gives NaN.
func Autocorrelation(x []float64, lags int) []float64 {
	mean := Mean(x)
	out := make([]float64, lags+1)
	for k := range out {
		sum, n := 0.0, 0
		for i := 0; i+k < len(x); i++ {
			if a, b := x[i], x[i+k]; !math.IsNaN(a) && !math.IsNaN(b) {
				sum += (a - mean) * (b - mean)
				n++
			}
		}
		out[k] = sum / float64(n)
	}
	variance := out[0]
	for k := range out {
		if out[k] /= variance; !(variance > 0) {
			out[k] = math.NaN()
		}
	}
	return out
}

// CharacteristicTime returns t_c, half the mean time between crossings of
// mean ± 0.3 standard deviations: a crossing is counted when x has gone from
// beyond one threshold to beyond the other, so that small ripples count for
// nothing. It is a quarter of the period of a sine. Time inside gaps (intervals
// six times longer than usual) is left out, and so are the crossings in it.
// A series with fewer than two crossings gives half its observed duration; one
// that is constant or empty, 0.
//
// Noise beyond about a third of the standard deviation makes crossings of its
// own: ask the cleanest channel.
func CharacteristicTime(t, x []float64) float64 {
	t, x = present(t, x)
	mean, std := Mean(x), Std(x)
	if len(x) < 2 || std == 0 {
		return 0
	}
	limit := gapLimit(t, 6)
	side := func(v float64) int {
		switch {
		case v > mean+0.3*std:
			return 1
		case v < mean-0.3*std:
			return -1
		}
		return 0
	}
	var (
		last      = side(x[0])
		crossings int
		duration  float64 // observed in all
		start     float64 // duration at the first crossing
		end       float64 // duration at the last one
	)
	for i := 1; i < len(x); i++ {
		gap := t[i]-t[i-1] > limit
		if !gap {
			duration += t[i] - t[i-1]
		}
		now := side(x[i])
		if now == 0 || now == last {
			continue
		}
		if last != 0 && !gap {
			if crossings == 0 {
				start = duration
			}
			crossings++
			end = duration
		}
		last = now
	}
	if crossings < 2 {
		return duration / 2
	}
	return (end - start) / float64(crossings-1) / 2
}

// QuantisationStep returns the step of the lattice that the values of x lie on
// (an analogue-to-digital converter's, or that of rounded decimals), or 0 when
// they lie on none. The neighbour gaps of the sorted values must be multiples
// of the smallest one, up to a tenth of it, with 1 exception in 20. Cost:
// O(n log n).
func QuantisationStep(x []float64) float64 {
	levels := slices.DeleteFunc(slices.Clone(x), math.IsNaN)
	slices.Sort(levels)
	if len(levels) < 2 {
		return 0
	}
	// Values this close are the same level, written with rounding errors.
	same := 1e-12 * math.Max(math.Abs(levels[0]), math.Abs(levels[len(levels)-1]))
	levels = slices.CompactFunc(levels, func(a, b float64) bool { return math.Abs(b-a) <= same })
	if len(levels) < 4 {
		return 0
	}
	smallest := math.Inf(1)
	for i := 1; i < len(levels); i++ {
		smallest = math.Min(smallest, levels[i]-levels[i-1])
	}
	gaps, steps, misfits := 0.0, 0.0, 0
	for i := 1; i < len(levels); i++ {
		multiple := (levels[i] - levels[i-1]) / smallest
		if math.Abs(multiple-math.Round(multiple)) > 0.1 {
			misfits++
			continue
		}
		gaps += levels[i] - levels[i-1]
		steps += math.Round(multiple)
	}
	if 20*misfits > len(levels)-1 {
		return 0
	}
	return gaps / steps
}

// present returns the samples that are not missing. It does not change its
// arguments, and shares them when nothing is missing.
func present(t, x []float64) (times, values []float64) {
	if len(t) != len(x) {
		panic("series: times and values differ in length")
	}
	if !slices.ContainsFunc(x, math.IsNaN) {
		return t, x
	}
	for i, v := range x {
		if !math.IsNaN(v) {
			times, values = append(times, t[i]), append(values, v)
		}
	}
	return times, values
}

// gapLimit returns the interval beyond which two neighbouring samples count as
// separated by a gap: the upper quartile of all intervals, times factor.
func gapLimit(t []float64, factor float64) float64 {
	if len(t) < 2 {
		return 0
	}
	intervals := make([]float64, len(t)-1)
	for i := range intervals {
		intervals[i] = t[i+1] - t[i]
	}
	slices.Sort(intervals)
	return factor * intervals[3*len(intervals)/4]
}

// Finite says that a number is neither NaN nor infinite.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
