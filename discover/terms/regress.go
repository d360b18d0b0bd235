package terms

import (
	"math"
	"slices"

	"govern/fit"
	"govern/internal/vector"
	"govern/series"
)

// Regression is the gradient-matching problem of a library on a smoothed path.
type Regression struct {
	LeastSquares
	Balance *fit.Balance
	data    *fit.Data
	scale   []float64 // per state
	rest    []float64 // variance per state that the full library leaves, of rows as they are weighted for their spread
}

// Regress prepares the regression of all unknowns on their terms. Rows are
// weighted down where the smoothed call is uncertain, and equations by what the
// full library leaves of them, so that each counts by its own precision.
func Regress(d *fit.Data, sm *fit.Smoothed, terms []fit.Term) (*Regression, error) {
	b, err := d.Balance(sm, terms)
	if err != nil {
		return nil, err
	}
	r := &Regression{Balance: b, data: d, scale: sm.Scale}
	r.Columns, r.Rows, r.Target = len(terms)+len(b.Parameters), b.Rows, b.Target
	r.Weight = spreadWeights(b, len(d.Model.States))
	r.rest = r.restOf(r.Triangle().Solve(All(r.Columns)).Theta, len(d.Model.States))
	r.weigh(r.rest, 1)
	return r, nil
}

// spreadWeights are the weights of rows by how uncertain the smoothed call is
// there, compared with the median of its equation: 1/√(1 + spread²/median²).
func spreadWeights(b *fit.Balance, states int) []float64 {
	typical := make([]float64, states)
	for s := range typical {
		var mine []float64
		for i, e := range b.Equation {
			if e == s {
				mine = append(mine, b.Spread[i])
			}
		}
		typical[s] = series.UpperMedian(mine)
	}
	weight := make([]float64, len(b.Rows))
	for i, s := range b.Equation {
		if weight[i] = 1; typical[s] > 0 {
			weight[i] = 1 / math.Sqrt(1+b.Spread[i]*b.Spread[i]/(typical[s]*typical[s]))
		}
	}
	return weight
}

// restOf is the mean weighted square, per state, that coefficients leave.
func (r *Regression) restOf(theta []float64, states int) []float64 {
	left := r.residuals(theta)
	sum, count := make([]float64, states), make([]float64, states)
	for i, s := range r.Balance.Equation {
		e := left[i] * r.Weight[i]
		sum[s] += e * e
		count[s]++
	}
	var rest []float64
	for s := range sum {
		rest = append(rest, sum[s]/count[s])
	}
	return rest
}

// weigh scales the rows of every equation to variances of the state, or back with
// power −1. Neighbouring samples of a smoothed path repeat each other, so the scale is
// that of an eighth of them.
func (r *Regression) weigh(variance []float64, power float64) {
	for i, s := range r.Balance.Equation {
		if v := variance[s]; v > 0 {
			r.Weight[i] *= math.Pow(8*v, -power/2)
		}
	}
}

// WeighAlike weighs regressions of several libraries by what the best of them leaves of
// every equation: else a library that explains more would count in smaller units.
func WeighAlike(all []*Regression) {
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

// All marks n terms.
func All(n int) []bool {
	a := make([]bool, n)
	for i := range a {
		a[i] = true
	}
	return a
}

// residuals are the targets less what the coefficients give, without weights.
func (r *Regression) residuals(theta []float64) []float64 {
	out := make([]float64, len(r.Rows))
	for i, row := range r.Rows {
		out[i] = r.Target[i] - vector.Dot(row, theta)
	}
	return out
}

// Quadratic is the regression in the form that subsets are searched in; the
// free parameters are its last columns.
func (r *Regression) Quadratic(cost []float64) *Quadratic {
	q := r.Triangle()
	q.cost = cost
	return q
}

// Left is the sum of squares that the library leaves, in the units of its weights: of
// regressions that are not weighed alike (WeighAlike) it is an eighth of the rows,
// whatever the library.
func (r *Regression) Left() float64 {
	terms := r.Columns - len(r.Balance.Parameters)
	return r.Quadratic(make([]float64, terms)).Solve(All(terms)).Loss
}

// omega is the defect weight at which a trajectory fit of the regression should
// start: the rms of what the regression leaves, as a defect of one sample.
func (r *Regression) omega(theta []float64) float64 {
	sum, count := 0.0, 0.0
	for i, e := range r.residuals(theta) {
		e *= math.Sqrt(r.Balance.Step[i]*r.data.Time) / math.Max(r.scale[r.Balance.Equation[i]], 1e-300)
		sum += e * e
		count++
	}
	return math.Sqrt(sum / math.Max(count, 1))
}

// MatchGradients fits a library on a smoothed path by gradient matching, without
// selection. It returns how much each term moves for a unit coefficient (rms of
// its column over the rms of the target), the coefficients, and the fitted
// parameters.
func MatchGradients(d *fit.Data, sm *fit.Smoothed, library []fit.Term) (sizes, coefficients, parameters []float64, err error) {
	r, err := Regress(d, sm, library)
	if err != nil {
		return nil, nil, nil, err
	}
	best := r.Quadratic(make([]float64, len(library))).Solve(All(len(library)))
	sizes = make([]float64, len(library))
	target := 0.0
	for i, row := range r.Rows {
		target += r.Target[i] * r.Target[i]
		for j := range sizes {
			sizes[j] += row[j] * row[j]
		}
	}
	for j, v := range sizes {
		sizes[j] = math.Max(math.Sqrt(v/math.Max(target, 1e-300)), 1e-12)
	}
	parameters = slices.Clone(sm.Parameters)
	for k, i := range r.Balance.Parameters {
		parameters[i] += best.Theta[len(library)+k]
	}
	return sizes, best.Theta[:len(library)], parameters, nil
}
