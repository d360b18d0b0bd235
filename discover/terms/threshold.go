package terms

import (
	"math"

	"govern/internal/vector"
)

// Threshold is STLSQ over a grid of thresholds on the terms' contributions; the
// best by information criterion wins. It returns coefficients (0 = dropped) and
// their variances.
func (r *Regression) Threshold(terms int) (theta, variance []float64) {
	n := r.Columns
	q := r.Triangle()
	q.cost = make([]float64, terms)
	size := make([]float64, n) // rms of each column
	for j, c := range q.columns {
		size[j] = math.Sqrt(vector.Dot(c, c) / float64(len(r.Rows)))
	}
	best := math.Inf(1)
	for exponent := -4.0; exponent <= 0; exponent += 0.1 {
		level := math.Pow(10, exponent)
		active := All(terms)
		fitted := q.Solve(active)
		for range n {
			changed := false
			for i := range active {
				if active[i] && math.Abs(fitted.Theta[i])*size[i] < level {
					active[i], changed = false, true
				}
			}
			if !changed {
				break
			}
			fitted = q.Solve(active)
		}
		k := 0
		for _, on := range active {
			if on {
				k++
			}
		}
		rows := float64(len(r.Rows))
		score := rows*math.Log(math.Max(fitted.Loss, 1e-300)/rows) + float64(k)*math.Log(rows)
		if score < best {
			best, theta, variance = score, fitted.Theta, make([]float64, n)
			for i := range theta {
				if fitted.drop[i] > 0 {
					variance[i] = theta[i] * theta[i] / fitted.drop[i] * fitted.Loss / rows
				}
			}
		}
	}
	return theta, variance
}

// WeighByTarget weights every equation by the size of its target, so that one
// threshold serves all.
func (r *Regression) WeighByTarget() {
	size, count := map[int]float64{}, map[int]float64{}
	for i, s := range r.Balance.Equation {
		size[s] += r.Target[i] * r.Target[i]
		count[s]++
	}
	for i, s := range r.Balance.Equation {
		r.Weight[i] = 1 / math.Sqrt(math.Max(size[s]/count[s], 1e-300))
	}
}
