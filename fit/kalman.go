package fit

// kalman is a Kalman filter through linearised rows: the normal distribution of a
// deviation δ from a path, as far as the rows so far tell it.
type kalman struct {
	mean, cov []float64 // of δ: n, n×n

	gain, next, flow, work []float64
}

func newKalman(n int) *kalman {
	return &kalman{
		mean: make([]float64, n), cov: make([]float64, n*n),
		gain: make([]float64, n), next: make([]float64, n), flow: make([]float64, n*n), work: make([]float64, n*n),
	}
}

// begin forgets all but how far states may lie off the path: some standard deviations
// of each.
func (k *kalman) begin(deviations float64, spread []float64) {
	n := len(k.mean)
	clear(k.mean)
	clear(k.cov)
	for i := range n {
		k.cov[i*n+i] = deviations * deviations * spread[i] * spread[i]
	}
}

// observe takes in a row h·δ + r + shift, r its last number and noise its variance, and
// returns the error of its prediction with the error's variance.
func (k *kalman) observe(row []float64, shift, noise float64) (e, variance float64) {
	n := len(k.mean)
	e, variance = row[len(row)-1]+shift, noise
	for i := range n {
		e += row[i] * k.mean[i]
		k.gain[i] = 0
		for j := range n {
			k.gain[i] += k.cov[i*n+j] * row[j]
		}
		variance += row[i] * k.gain[i]
	}
	for i := range n {
		k.mean[i] -= k.gain[i] * e / variance
	}
	for i := range n {
		for j := range n {
			k.cov[i*n+j] -= k.gain[i] * k.gain[j] / variance
		}
	}
	return e, variance
}

// advance goes through the rows D₁δ + d₂δ' + r of a segment's defects, n rows with r the
// last number of each and d₂ diagonal, whose noise has variance factor² in each row:
// δ' = −(D₁δ + r)/d₂ + noise/d₂.
func (k *kalman) advance(rows, factor []float64) {
	n := len(k.mean)
	wide := len(rows) / n
	for i := range n {
		row := rows[i*wide : (i+1)*wide]
		d := row[n+i]
		k.next[i] = -row[wide-1] / d
		for j := range n {
			k.flow[i*n+j] = -row[j] / d
			k.next[i] += k.flow[i*n+j] * k.mean[j]
		}
	}
	product(k.work, k.flow, k.cov, n, false)
	product(k.cov, k.work, k.flow, n, true)
	for i := range n {
		d := rows[i*wide+n+i]
		k.cov[i*n+i] += factor[i] * factor[i] / (d * d)
	}
	copy(k.mean, k.next)
}

// product is a·b, or a·bᵀ, of n×n matrices.
func product(out, a, b []float64, n int, transposed bool) {
	for i := range n {
		for j := range n {
			sum := 0.0
			for k := range n {
				if transposed {
					sum += a[i*n+k] * b[j*n+k]
				} else {
					sum += a[i*n+k] * b[k*n+j]
				}
			}
			out[i*n+j] = sum
		}
	}
}
