package fit

import "math"

// SplitStates brings the n states of every entry's path, sample after sample, into the
// order entry, state, sample.
func SplitStates(paths [][]float64, n int) [][][]float64 {
	states := make([][][]float64, len(paths))
	for e, path := range paths {
		states[e] = make([][]float64, n)
		for k, v := range path {
			states[e][k%n] = append(states[e][k%n], v)
		}
	}
	return states
}

// fillGaps interpolates missing samples linearly.
func fillGaps(t, x []float64) []float64 {
	out := append([]float64(nil), x...)
	last := -1
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		for j := last + 1; j < i; j++ {
			if last < 0 {
				out[j] = v
			} else {
				out[j] = x[last] + (v-x[last])*(t[j]-t[last])/(t[i]-t[last])
			}
		}
		last = i
	}
	for j := last + 1; j < len(out); j++ {
		if last >= 0 {
			out[j] = x[last]
		} else {
			out[j] = 0
		}
	}
	return out
}
