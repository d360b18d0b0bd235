package dynamics

import "math"

// ValidThreshold is the error, in standard deviations, that ends the valid time.
const ValidThreshold = 0.4

// ValidTime returns the time from times[0] until the root mean square over
// channels of (prediction − truth)/scale exceeds 0.4, and whether it does; if it
// never does the time is the whole duration. scale is each channel's standard
// deviation without noise. Multiply by the largest Lyapunov exponent for
// Lyapunov times. A NaN of the prediction (a run that ended) exceeds; a NaN of the
// truth (a missing sample) is skipped.
//
// noise, nil for none, is the standard deviation of the truth's measurement
// noise. Its variance is taken off the squared error, which is then averaged over
// as many neighbouring samples as it takes for four standard deviations of the
// rest to stay below half the squared threshold: one sample up to 14 % noise on a
// single channel, 129 at most. A channel with more noise than 40 % of its scale
// cannot tell and is left out; when all are, the result is NaN.
func ValidTime(times []float64, truth, prediction [][]float64, scale, noise []float64) (valid float64, exceeded bool) {
	const threshold = ValidThreshold * ValidThreshold
	var channels []int
	var offset []float64 // expected squared error by noise, of each channel
	variance := 0.0
	for c := range truth {
		ratio := 0.0
		if noise != nil {
			ratio = noise[c] / scale[c]
		}
		if ratio <= ValidThreshold && scale[c] > 0 {
			channels = append(channels, c)
			offset = append(offset, ratio*ratio)
			variance += 2 * ratio * ratio * ratio * ratio // of a squared Gaussian
		}
	}
	if len(channels) == 0 {
		return math.NaN(), false
	}
	variance /= float64(len(channels) * len(channels))
	half := int(math.Ceil(64*variance/(threshold*threshold))) / 2 // samples on each side

	squared := make([]float64, len(times))
	for k := range times {
		sum, n := 0.0, 0
		for j, c := range channels {
			if math.IsNaN(truth[c][k]) {
				continue
			}
			d := (prediction[c][k] - truth[c][k]) / scale[c]
			if math.IsNaN(d) {
				d = math.Inf(1)
			}
			sum += d*d - offset[j]
			n++
		}
		squared[k] = sum / float64(n) // NaN where all are missing
	}
	for k, at := range times {
		sum, n := 0.0, 0
		for _, v := range squared[max(0, k-half):min(len(times), k+half+1)] {
			if !math.IsNaN(v) {
				sum += v
				n++
			}
		}
		if n > 0 && !math.IsNaN(squared[k]) && sum > threshold*float64(n) {
			return at - times[0], true
		}
	}
	return times[len(times)-1] - times[0], false
}
