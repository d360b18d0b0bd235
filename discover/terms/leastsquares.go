package terms

import "math"

// LeastSquares is a linear regression: rows of as many columns, their targets and
// the weights that both are multiplied by.
type LeastSquares struct {
	Columns int
	Rows    [][]float64
	Target  []float64
	Weight  []float64
}

// Triangle is the sum of squares as a function of the coefficients: every column
// is a term without a cost.
func (s *LeastSquares) Triangle() *Quadratic {
	n := s.Columns
	reduced := s.reduce()
	q := &Quadratic{rows: n, size: n, cost: make([]float64, n), y: make([]float64, n)}
	for j := range n {
		col := make([]float64, n)
		for i := 0; i <= j; i++ {
			col[i] = reduced[i*(n+1)+j]
		}
		q.columns = append(q.columns, col)
		q.y[j] = reduced[j*(n+1)+n]
	}
	q.residual = reduced[n*(n+1)+n] * reduced[n*(n+1)+n]
	return q
}

// reduce is the triangle of the weighted rows with the target as last column,
// by Householder reflections on blocks of rows.
func (s *LeastSquares) reduce() []float64 {
	n := s.Columns
	w := n + 1
	block := 4 * w
	a := make([]float64, (w+block)*w)
	fill := w
	for r, row := range s.Rows {
		dst := a[fill*w : (fill+1)*w]
		for j, v := range row {
			dst[j] = v * s.Weight[r]
		}
		dst[n] = s.Target[r] * s.Weight[r]
		if fill++; fill == w+block || r == len(s.Rows)-1 {
			Triangularise(a, fill, w)
			clear(a[w*w:])
			fill = w
		}
	}
	return a[:w*w]
}

// Triangularise turns the rows of a matrix of w columns into an upper triangle, in
// place, by Householder reflections: the product with any vector keeps its length.
// Cost: O(rows·w²).
func Triangularise(a []float64, rows, w int) {
	for j := 0; j < w && j < rows; j++ {
		sum := 0.0
		for r := j; r < rows; r++ {
			sum += a[r*w+j] * a[r*w+j]
		}
		if sum == 0 {
			continue
		}
		alpha := -math.Copysign(math.Sqrt(sum), a[j*w+j])
		v0 := a[j*w+j] - alpha
		beta := -1 / (alpha * v0)
		for c := j + 1; c < w; c++ {
			d := v0 * a[j*w+c]
			for r := j + 1; r < rows; r++ {
				d += a[r*w+j] * a[r*w+c]
			}
			d *= beta
			a[j*w+c] -= v0 * d
			for r := j + 1; r < rows; r++ {
				a[r*w+c] -= a[r*w+j] * d
			}
		}
		a[j*w+j] = alpha
		for r := j + 1; r < rows; r++ {
			a[r*w+j] = 0
		}
	}
}
