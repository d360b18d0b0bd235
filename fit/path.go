package fit

// ByState brings the n states of every entry's path, sample after sample, into the
// order entry, state, sample.
func ByState(paths [][]float64, n int) [][][]float64 {
	states := make([][][]float64, len(paths))
	for e, path := range paths {
		states[e] = make([][]float64, n)
		for k, v := range path {
			states[e][k%n] = append(states[e][k%n], v)
		}
	}
	return states
}
