package changes

import (
	"govern/discover/terms"
	"govern/optim"
)

// stack is the triangle of blocks put on top of each other.
type stack struct {
	p int
	a []float64 // 2(p+1) rows of p+1
}

// newStack is a stack of no block, of p coefficients.
func newStack(p int) *stack { return &stack{p, make([]float64, 2*(p+1)*(p+1))} }

// push puts a block's triangle on top.
func (s *stack) push(triangle []float64) {
	w := s.p + 1
	copy(s.a[w*w:], triangle)
	terms.Triangularise(s.a, 2*w, w)
}

// residual is the least sum of squares.
func (s *stack) residual() float64 {
	w := s.p + 1
	return s.a[w*w-1] * s.a[w*w-1]
}

// selected is the triangle with only some of the columns.
func (s *stack) selected(columns []int) *stack {
	out := newStack(len(columns))
	w, from := len(columns)+1, s.p+1
	a := make([]float64, from*w)
	for i := range from {
		for k, j := range columns {
			a[i*w+k] = s.a[i*from+j]
		}
		a[i*w+w-1] = s.a[i*from+from-1]
	}
	terms.Triangularise(a, from, w)
	copy(out.a, a[:w*w])
	return out
}

// minimiser is the step of θ at which blocks are best explained together.
func minimiser(triangles [][]float64, p int) []float64 {
	var f optim.Factor
	l := optim.Linear{N: 1, P: p}
	for _, t := range triangles {
		l.Prior = append(l.Prior, t...)
	}
	f.Eliminate(&l, optim.Damping{})
	delta := make([]float64, p)
	f.SolveBorder(delta)
	return delta
}

// squaresAt is a block's −2 log posterior at a step of θ.
func squaresAt(triangle, delta []float64) float64 {
	p := len(delta)
	sum := triangle[len(triangle)-1] * triangle[len(triangle)-1]
	for i := range p {
		row := triangle[i*(p+1) : (i+1)*(p+1)]
		v := row[p]
		for j := i; j < p; j++ {
			v += row[j] * delta[j]
		}
		sum += v * v
	}
	return sum
}
