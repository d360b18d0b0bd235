package fit

import (
	"math"
)

// processNoise is what the equations of a stage may be off by: white noise on every
// state, and on pairs of states an integrated random walk.
type processNoise struct {
	weight []float64 // per state: standard deviation of the defect after a unit of time
	// integrated lists states (u, u̇) whose first is driven by the second and
	// whose second is a random walk.
	integrated [][2]int
}

// whiten divides a segment's defects (and their rows, if any) by their standard
// deviations and returns the sum of their squares. An integrated random walk
// (u, u̇) has the covariance q²·[dt³/3, dt²/2; dt²/2, dt], which factors into
// u − dt/2·u̇ with variance q²·dt³/12 and u̇ with q²·dt.
func (q *processNoise) whiten(gap, rows []float64, dt float64, wide int) float64 {
	root := math.Sqrt(dt)
	for _, pair := range q.integrated {
		u, v := pair[0], pair[1]
		gap[u] -= dt / 2 * gap[v]
		if rows != nil {
			a, b := rows[u*wide:(u+1)*wide], rows[v*wide:(v+1)*wide]
			for j, x := range b {
				a[j] -= dt / 2 * x
			}
		}
	}
	sum := 0.0
	for i := range gap {
		scale := q.precision(i, dt, root)
		gap[i] *= scale
		sum += gap[i] * gap[i]
		if rows != nil {
			out := rows[i*wide : (i+1)*wide]
			for j := range out {
				out[j] *= scale
			}
		}
	}
	return sum
}

// precision is one over the standard deviation of state i's whitened defect.
func (q *processNoise) precision(i int, dt, root float64) float64 {
	for _, pair := range q.integrated {
		if pair[0] == i {
			return 1 / (q.weight[pair[1]] * root * dt / math.Sqrt(12))
		}
	}
	return 1 / (q.weight[i] * root)
}

// logVariance adds Σ log variance of the whitened defects of a segment that takes dt.
func (q *processNoise) logVariance(sum, dt float64) float64 {
	for i, w := range q.weight {
		v := w * w * dt
		for _, pair := range q.integrated {
			if pair[0] == i {
				v = q.weight[pair[1]] * q.weight[pair[1]] * dt * dt * dt / 12
			}
		}
		sum += math.Log(v)
	}
	return sum
}

// reach is a typical size of state i: a thousand times its defect after one
// characteristic time tc; without defects, 1. The weight of an integrated state is
// that of its slope.
func (q *processNoise) reach(i int, tc float64) float64 {
	w := q.weight[i]
	if w == 0 {
		return 1
	}
	for _, pair := range q.integrated {
		if pair[0] == i {
			w *= tc
		}
	}
	return w * math.Sqrt(tc) * 1e3
}
