// Package vector holds the two loops that dense linear algebra of small vectors
// cannot do without, in the order of the elements. Package lane has what must be fast.
package vector

// Dot returns Σ a_i·b_i; b is at least as long as a.
func Dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// Axpy adds s·x to dst, which is at least as long.
func Axpy(dst []float64, s float64, x []float64) {
	for i, v := range x {
		dst[i] += s * v
	}
}
