package series

import (
	"math"
	"slices"
)

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

// Noise is what the medians of differences say of the noise on a channel.
type Noise struct {
	Sigma float64 // standard deviation: an upper bound where it is not White
	// Freedom is how many independent normal samples would tell Sigma as surely.
	Freedom float64
	// White says that all higher orders of differences agree, or the one below the
	// highest: so it is for white noise, not for what is left of a signal that is sampled
	// eight times a cycle or more.
	White bool
}

// MedianNoise estimates noise like NoiseSigma, from the medians of the absolute
// differences in place of their mean squares: outliers and short bursts of motion
// move it little. Orders agree within 15 %. Series too short
// for ten differences have no freedom. Cost: O(n log n).
//
// A median of n absolute normal values has 0.37 of the efficiency of their mean
// square, and k-th differences binom(2k, k)²/binom(4k, 2k) of that of independent values.
func MedianNoise(t, x []float64) Noise {
	const agree, normal = 0.15, 0.6744897501960817
	efficiency := [maxOrder]float64{0.247, 0.190, 0.160, 0.141, 0.127, 0.117}
	t, x = present(t, x)
	var sigma, freedom []float64 // by order − 1
	runs := unbrokenRuns(t, x)
	for k := 1; k <= maxOrder; k++ {
		var sizes []float64
		for _, r := range runs {
			r.eachDifference(k, func(d float64) { sizes = append(sizes, math.Abs(d)) })
		}
		if len(sizes) < minWindows {
			break
		}
		sigma = append(sigma, Median(sizes)/normal)
		freedom = append(freedom, efficiency[k-1]*float64(len(sizes)))
	}
	if len(sigma) == 0 {
		return Noise{Sigma: Std(x)}
	}
	best := 0
	for k, s := range sigma {
		if s < sigma[best] {
			best = k
		}
	}
	out := Noise{Sigma: sigma[best], Freedom: freedom[best]}
	if floor := math.Max(1e-4*Std(x), QuantisationStep(x)/math.Sqrt(12)); out.Sigma <= floor {
		out.Sigma = floor
		return out
	}
	others := sigma[best+1:]
	if len(others) == 0 && best > 0 {
		others = sigma[best-1 : best]
	}
	out.White = len(others) > 0 && slices.Max(others) < (1+agree)*sigma[best]
	return out
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
	r.eachDifference(k, func(d float64) {
		sum += d * d
		n++
	})
	return sum, n
}

// eachDifference visits the k-th differences of a run, scaled so that they have
// the variance of white noise.
func (r run) eachDifference(k int, visit func(d float64)) {
	n := len(r.x) - k
	if n <= 0 {
		return
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
		visit(d)
	}
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
