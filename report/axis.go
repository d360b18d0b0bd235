package report

import (
	"math"
	"strings"
)

// scale maps data to pixels, linearly.
type scale struct {
	low, high float64 // data
	from, to  float64 // pixels
}

func (s scale) at(v float64) float64 {
	return s.from + (v-s.low)/(s.high-s.low)*(s.to-s.from)
}

// widen makes an interval around all finite values, a little larger than they
// are; [−1, 1] around nothing.
func widen(margin float64, lists ...[]float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, list := range lists {
		for _, v := range list {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	switch {
	case low > high:
		return -1, 1
	case low == high:
		d := max(math.Abs(low)*0.1, 1e-12)
		if low == 0 {
			d = 1
		}
		return low - d, high + d
	}
	d := (high - low) * margin
	return low - d, high + d
}

// ticks returns multiples of 1, 2 or 5 times a power of ten inside [low, high],
// at most n of them, and their step.
func ticks(low, high float64, n int) (at []float64, step float64) {
	raw := (high - low) / float64(max(n, 1))
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, f := range [...]float64{1, 2, 5, 10} {
		if step = f * power; step >= raw*(1-1e-9) {
			break
		}
	}
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9; i++ {
		at = append(at, i*step)
	}
	return at, step
}

// tickLabels writes ticks with equal decimals. Large and small ones share a
// power of ten, to be shown with the axis: 0 for none.
func tickLabels(at []float64, step float64) (labels []string, exponent int) {
	largest := 0.0
	for _, v := range at {
		largest = max(largest, math.Abs(v))
	}
	if largest >= 1e5 || (largest > 0 && largest < 1e-2) {
		exponent = decade(largest)
	}
	unit := math.Pow(10, float64(exponent))
	decimals := max(0, -int(math.Floor(math.Log10(step/unit)+1e-9)))
	for _, v := range at {
		labels = append(labels, fixed(v/unit, decimals))
	}
	return labels, exponent
}

// axisTitle is "name (unit)", with the power of ten of its labels.
func axisTitle(name, unit string, exponent int) string {
	if exponent != 0 {
		unit = strings.TrimSpace("10" + superscript(exponent) + " " + unit)
	}
	if unit == "" {
		return name
	}
	return name + " (" + unit + ")"
}
