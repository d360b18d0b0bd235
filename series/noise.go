package series

import "math"

const (
	maxOrder   = 6  // of the differences
	minWindows = 10 // fewer say nothing about a variance
)

// NoiseSigma estimates the standard deviation of white noise on a channel x,
// sampled at times t, from differences: the k-th difference of a smooth signal
// vanishes as the interval to the power k, and that of white noise does not.
// For k = 1…6 the root mean square of the k-th differences, divided by
// √binom(2k, k), is an estimate, and in expectation an upper bound, because
// what is left of the signal only adds. The smallest of the six is returned,
// with its order, but no less than 1e-4 standard deviations of x and than
// step/√12 when x is quantised (equal neighbours fool differences).
//
// Missing samples (NaN) and gaps are never differenced across. Where sampling
// is irregular the divided differences of the same points, scaled to pass unit
// noise, take the place of the differences; they too vanish for polynomials of
// degree below k. A series too short for ten first differences returns its
// standard deviation and order 0.
//
// The standard error for n samples is about σ·√(S/2n), S = binom(4k, 2k) /
// binom(2k, k)² = 1.5 … 3.2: 4 % for n = 1000. Cost: O(n).
func NoiseSigma(t, x []float64) (sigma float64, order int) {
	t, x = present(t, x)
	if len(x) == 0 {
		return math.NaN(), 0
	}
	sigma = Std(x)
	floor := math.Max(1e-4*sigma, QuantisationStep(x)/math.Sqrt(12))
	runs := unbrokenRuns(t, x)
	for k := 1; k <= maxOrder; k++ {
		sum, windows := 0.0, 0
		for _, r := range runs {
			s, n := r.squaredDifferences(k)
			sum += s
			windows += n
		}
		if windows < minWindows {
			break
		}
		if s := math.Sqrt(sum / float64(windows)); s < sigma {
			sigma, order = s, k
		}
	}
	return math.Max(sigma, floor), order
}

// run is a stretch of a series without gaps.
type run struct {
	t, x    []float64
	regular bool // all intervals are equal, to 1 in 1000
}

// unbrokenRuns cuts a series at its gaps: with a factor of 1.5 a regular series
// is cut at every missing sample, and random sampling is hardly cut.
func unbrokenRuns(t, x []float64) []run {
	limit := gapLimit(t, 1.5)
	var runs []run
	start := 0
	for i := 1; i <= len(t); i++ {
		if i == len(t) || t[i]-t[i-1] > limit {
			runs = append(runs, run{t[start:i], x[start:i], isRegular(t[start:i])})
			start = i
		}
	}
	return runs
}

func isRegular(t []float64) bool {
	n := len(t) - 1
	if n < 1 {
		return true
	}
	mean := (t[n] - t[0]) / float64(n)
	for i := range n {
		if math.Abs(t[i+1]-t[i]-mean) > 1e-3*mean {
			return false
		}
	}
	return true
}

// squaredDifferences returns the sum of the squares of the k-th differences of
// a run, scaled so that white noise of variance 1 gives squares of mean 1, and
// their number.
func (r run) squaredDifferences(k int) (sum float64, n int) {
	n = len(r.x) - k
	if n <= 0 {
		return 0, 0
	}
	var buffer [maxOrder + 1]float64
	weights := buffer[:k+1]
	differenceWeights(weights, r.t)
	for i := range n {
		if !r.regular {
			differenceWeights(weights, r.t[i:])
		}
		d := 0.0
		for j, w := range weights {
			d += w * r.x[i+j]
		}
		sum += d * d
	}
	return sum, n
}

// differenceWeights sets the weights of the divided difference of the first
// len(weights) points of t, w_j ∝ 1/Π_{m≠j}(t_j − t_m), scaled to Σ w² = 1. On a
// regular grid they are the binomials (−1)^j binom(k, j)/√binom(2k, k).
func differenceWeights(weights, t []float64) {
	k := len(weights) - 1
	scale := float64(k) / (t[k] - t[0]) // keeps the products near 1
	norm := 0.0
	for j := range weights {
		product := 1.0
		for m := range weights {
			if m != j {
				product *= (t[j] - t[m]) * scale
			}
		}
		weights[j] = 1 / product
		norm += weights[j] * weights[j]
	}
	norm = math.Sqrt(norm)
	for j := range weights {
		weights[j] /= norm
	}
}
