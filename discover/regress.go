package discover

import (
	"math"
	"slices"

	"govern/fit"
	"govern/internal/vector"
	"govern/series"
)

// leastSquares is a linear regression: rows of as many columns, their targets and
// the weights that both are multiplied by.
type leastSquares struct {
	columns int
	rows    [][]float64
	target  []float64
	weight  []float64
}

// regression is the gradient-matching problem of a library on a smoothed path.
type regression struct {
	leastSquares
	balance *fit.Balance
	data    *fit.Data
	scale   []float64 // per state
	rest    []float64 // variance per state that the full library leaves, of rows as they are weighted for their spread
}

// regress prepares the regression of all unknowns on their terms. Rows are
// weighted down where the smoothed call is uncertain, and equations by what the
// full library leaves of them, so that each counts by its own precision.
func regress(d *fit.Data, sm *fit.Smoothed, terms []fit.Term) (*regression, error) {
	b, err := d.Balance(sm, terms)
	if err != nil {
		return nil, err
	}
	r := &regression{balance: b, data: d, scale: sm.Scale}
	r.columns, r.rows, r.target = len(terms)+len(b.Parameters), b.Rows, b.Target
	r.weight = make([]float64, len(b.Rows))
	typical := make([]float64, len(d.Model.States))
	for s := range typical {
		var mine []float64
		for i, e := range b.Equation {
			if e == s {
				mine = append(mine, b.Spread[i])
			}
		}
		typical[s] = series.UpperMedian(mine)
	}
	for i, s := range b.Equation {
		if r.weight[i] = 1; typical[s] > 0 {
			r.weight[i] = 1 / math.Sqrt(1+b.Spread[i]*b.Spread[i]/(typical[s]*typical[s]))
		}
	}
	theta := r.triangle().solve(all(r.columns)).theta
	left := r.residuals(theta)
	sum, count := make([]float64, len(typical)), make([]float64, len(typical))
	for i, s := range b.Equation {
		e := left[i] * r.weight[i]
		sum[s] += e * e
		count[s]++
	}
	for s := range sum {
		r.rest = append(r.rest, sum[s]/count[s])
	}
	r.weigh(r.rest, 1)
	return r, nil
}

// weigh scales the rows of every equation to variances of the state, or back with
// power −1. Neighbouring samples of a smoothed path repeat each other, so the scale is
// that of an eighth of them.
func (r *regression) weigh(variance []float64, power float64) {
	for i, s := range r.balance.Equation {
		if v := variance[s]; v > 0 {
			r.weight[i] *= math.Pow(8*v, -power/2)
		}
	}
}

// alike weighs regressions of several libraries by what the best of them leaves of
// every equation: else a library that explains more would count in smaller units.
func alike(all []*regression) {
	if len(all) == 0 {
		return
	}
	least := slices.Clone(all[0].rest)
	for _, r := range all {
		for s, v := range r.rest {
			if v > 0 && !(v > least[s]) {
				least[s] = v
			}
		}
	}
	for _, r := range all {
		r.weigh(r.rest, -1)
		r.weigh(least, 1)
	}
}

func all(n int) []bool {
	a := make([]bool, n)
	for i := range a {
		a[i] = true
	}
	return a
}

func (r *regression) residuals(theta []float64) []float64 {
	out := make([]float64, len(r.rows))
	for i, row := range r.rows {
		out[i] = r.target[i] - vector.Dot(row, theta)
	}
	return out
}

// quadratic is the regression in the form that subsets are searched in; the
// free parameters are its last columns.
func (r *regression) quadratic(cost []float64) *quadratic {
	q := r.triangle()
	q.cost = cost
	return q
}

// left is the sum of squares that the library leaves.
func (r *regression) left() float64 {
	terms := r.columns - len(r.balance.Parameters)
	return r.quadratic(make([]float64, terms)).solve(all(terms)).loss
}

// omega is the defect weight at which a trajectory fit of the regression should
// start: the rms of what the regression leaves, as a defect of one sample.
func (r *regression) omega(theta []float64) float64 {
	sum, count := 0.0, 0.0
	for i, e := range r.residuals(theta) {
		e *= math.Sqrt(r.balance.Step[i]*r.data.Time) / math.Max(r.scale[r.balance.Equation[i]], 1e-300)
		sum += e * e
		count++
	}
	return math.Sqrt(sum / math.Max(count, 1))
}

// triangle is the sum of squares as a function of the coefficients: every column
// is a term without a cost.
func (s *leastSquares) triangle() *quadratic {
	n := s.columns
	reduced := s.reduce()
	q := &quadratic{rows: n, size: n, cost: make([]float64, n), y: make([]float64, n)}
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
func (s *leastSquares) reduce() []float64 {
	n := s.columns
	w := n + 1
	block := 4 * w
	a := make([]float64, (w+block)*w)
	fill := w
	for r, row := range s.rows {
		dst := a[fill*w : (fill+1)*w]
		for j, v := range row {
			dst[j] = v * s.weight[r]
		}
		dst[n] = s.target[r] * s.weight[r]
		if fill++; fill == w+block || r == len(s.rows)-1 {
			triangularise(a, fill, w)
			clear(a[w*w:])
			fill = w
		}
	}
	return a[:w*w]
}

func triangularise(a []float64, rows, w int) {
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

// Regression fits a library on a smoothed path by gradient matching, without
// selection. It returns how much each term moves for a unit coefficient (rms of
// its column over the rms of the target), the coefficients, and the fitted
// parameters.
func Regression(d *fit.Data, sm *fit.Smoothed, library []fit.Term) (sizes, coefficients, parameters []float64, err error) {
	r, err := regress(d, sm, library)
	if err != nil {
		return nil, nil, nil, err
	}
	best := r.quadratic(make([]float64, len(library))).solve(all(len(library)))
	sizes = make([]float64, len(library))
	target := 0.0
	for i, row := range r.rows {
		target += r.target[i] * r.target[i]
		for j := range sizes {
			sizes[j] += row[j] * row[j]
		}
	}
	for j, v := range sizes {
		sizes[j] = math.Max(math.Sqrt(v/math.Max(target, 1e-300)), 1e-12)
	}
	parameters = slices.Clone(sm.Parameters)
	for k, i := range r.balance.Parameters {
		parameters[i] += best.theta[len(library)+k]
	}
	return sizes, best.theta[:len(library)], parameters, nil
}
