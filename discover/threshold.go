package discover

import (
	"math"

	"govern/internal/vector"
)

// threshold is STLSQ over a grid of thresholds on the terms' contributions; the
// best by information criterion wins. It returns coefficients (0 = dropped) and
// their variances.
func (r *regression) threshold(terms int) (theta, variance []float64) {
	n := r.columns
	q := r.triangle()
	q.cost = make([]float64, terms)
	size := make([]float64, n) // rms of each column
	for j, c := range q.columns {
		size[j] = math.Sqrt(vector.Dot(c, c) / float64(len(r.rows)))
	}
	best := math.Inf(1)
	for exponent := -4.0; exponent <= 0; exponent += 0.1 {
		level := math.Pow(10, exponent)
		active := all(terms)
		fitted := q.solve(active)
		for range n {
			changed := false
			for i := range active {
				if active[i] && math.Abs(fitted.theta[i])*size[i] < level {
					active[i], changed = false, true
				}
			}
			if !changed {
				break
			}
			fitted = q.solve(active)
		}
		k := 0
		for _, on := range active {
			if on {
				k++
			}
		}
		rows := float64(len(r.rows))
		score := rows*math.Log(math.Max(fitted.loss, 1e-300)/rows) + float64(k)*math.Log(rows)
		if score < best {
			best, theta, variance = score, fitted.theta, make([]float64, n)
			for i := range theta {
				if fitted.drop[i] > 0 {
					variance[i] = theta[i] * theta[i] / fitted.drop[i] * fitted.loss / rows
				}
			}
		}
	}
	return theta, variance
}

// normalise weights every equation by the size of its target, so that one
// threshold serves all.
func (r *regression) normalise() {
	size, count := map[int]float64{}, map[int]float64{}
	for i, s := range r.balance.Equation {
		size[s] += r.target[i] * r.target[i]
		count[s]++
	}
	for i, s := range r.balance.Equation {
		r.weight[i] = 1 / math.Sqrt(math.Max(size[s]/count[s], 1e-300))
	}
}
