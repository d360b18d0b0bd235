package dynamics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// smoothing is the standard deviation, in frequency bins, of the Gaussian that
// spectra are smoothed with.
const smoothing = 20

// SpectrumDistance returns the mean over channels of the Hellinger distance
// between power spectra: each with its mean taken out, smoothed by a Gaussian of
// 20 frequency bins and normalised to sum 1. It is 0 for equal spectra and 1 for
// spectra without common frequencies; phases do not matter. Both are sampled
// equally; the longer is cut to the length of the shorter. NaN, as from a free
// run that ended early or a gap, is an error: cut the series first.
//
// Two runs of the truth do not have distance zero; compare with SpectrumFloor.
func SpectrumDistance(reference, model [][]float64) (float64, error) {
	if len(reference) == 0 || len(reference) != len(model) {
		return 0, fmt.Errorf("dynamics: spectrum distance between %d and %d channels", len(reference), len(model))
	}
	sum := 0.0
	for i := range reference {
		n := min(len(reference[i]), len(model[i]))
		if n < 2 {
			return 0, fmt.Errorf("dynamics: spectrum of %d samples", n)
		}
		p, err := spectrum(reference[i][:n])
		if err != nil {
			return 0, fmt.Errorf("dynamics: channel %d of the reference: %w", i+1, err)
		}
		q, err := spectrum(model[i][:n])
		if err != nil {
			return 0, fmt.Errorf("dynamics: channel %d of the model: %w", i+1, err)
		}
		sum += hellinger(p, q)
	}
	return sum / float64(len(reference)), nil
}

// SpectrumFloor returns the spectrum distance between the two halves of x: what
// a perfect model would have on data of that length.
func SpectrumFloor(x [][]float64) (float64, error) {
	a, b := halves(x)
	return SpectrumDistance(a, b)
}

// hellinger returns √(1 − Σ√(p·q)) of two distributions; a constant channel has
// the zero spectrum, which equals only itself.
func hellinger(p, q []float64) float64 {
	overlap, total := 0.0, 0.0
	for k := range p {
		overlap += math.Sqrt(p[k] * q[k])
		total += p[k] + q[k]
	}
	if total == 0 {
		return 0
	}
	return math.Sqrt(max(0, 1-overlap))
}

// PowerSpectrum returns the one-sided power spectral density of x, sampled at
// equal steps: frequencies in cycles per time unit, and power in squared units of
// x per unit of frequency. It is Welch's estimate: the mean periodogram of
// stretches of the given number of samples that overlap by half, each with its
// mean taken out, under Hann's window (Welch 1967). The frequency zero is left
// out. Fewer samples than a stretch, stretches below 8 samples, or a NaN give an
// error.
func PowerSpectrum(x []float64, step float64, stretch int) (frequency, power []float64, err error) {
	if stretch < 8 || len(x) < stretch {
		return nil, nil, fmt.Errorf("dynamics: power spectrum of %d samples in stretches of %d", len(x), stretch)
	}
	for k, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil, fmt.Errorf("dynamics: power spectrum: sample %d is %g", k+1, v)
		}
	}
	window, square := make([]float64, stretch), 0.0
	for j := range window {
		window[j] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(j)+0.5)/float64(stretch))
		square += window[j] * window[j]
	}
	fft := fourier.NewFFT(stretch)
	part := make([]float64, stretch)
	power = make([]float64, stretch/2)
	count := 0.0
	var c []complex128
	for at := 0; at+stretch <= len(x); at += max(stretch/2, 1) {
		mean := 0.0
		for _, v := range x[at : at+stretch] {
			mean += v / float64(stretch)
		}
		for j := range part {
			part[j] = (x[at+j] - mean) * window[j]
		}
		c = fft.Coefficients(c, part)
		for k := range power {
			v := c[k+1]
			power[k] += real(v)*real(v) + imag(v)*imag(v)
		}
		count++
	}
	for k := range power {
		scale := 2.0
		if 2*(k+1) == stretch {
			scale = 1 // Nyquist's frequency has no twin
		}
		power[k] *= scale * step / (square * count)
		frequency = append(frequency, float64(k+1)/(float64(stretch)*step))
	}
	return frequency, power, nil
}

// spectrum returns the normalised, smoothed power spectrum of x.
func spectrum(x []float64) ([]float64, error) {
	mean := 0.0
	for k, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("sample %d is %g", k+1, v)
		}
		mean += v / float64(len(x))
	}
	centred := make([]float64, len(x))
	for k, v := range x {
		centred[k] = v - mean
	}
	c := fourier.NewFFT(len(x)).Coefficients(nil, centred)
	power := make([]float64, len(c))
	for k, v := range c {
		power[k] = real(v)*real(v) + imag(v)*imag(v)
	}
	power = smooth(power)
	total := 0.0
	for _, v := range power {
		total += v
	}
	if total > 0 {
		for k := range power {
			power[k] /= total
		}
	}
	return power, nil
}

// smooth convolves with the Gaussian, cut at four standard deviations; both ends
// are reflected, so that the sum is kept.
func smooth(p []float64) []float64 {
	const reach = 4 * smoothing
	var weight [2*reach + 1]float64
	sum := 0.0
	for j := range weight {
		d := float64(j-reach) / smoothing
		weight[j] = math.Exp(-d * d / 2)
		sum += weight[j]
	}
	n := len(p)
	out := make([]float64, n)
	for k, v := range p {
		for j, w := range weight {
			at := ((k+j-reach)%(2*n) + 2*n) % (2 * n)
			if at >= n {
				at = 2*n - 1 - at
			}
			out[at] += w / sum * v
		}
	}
	return out
}
