package discover

import (
	"math"

	"govern/expr"
	"govern/fit"
	"govern/tape"
)

// samples evaluates every term of a library on the smoothed path: rows of
// (columns, û), one for each sample of each call of the term's unknown.
type samples struct {
	terms  []fit.Term
	rows   [][]float64
	target []float64
	weight []float64
	step   []float64 // sampling interval at the row
	scale  []float64 // scale/√t_c of the state that the call drives
}

// evaluate builds the regression of unknown u.
func evaluate(d *fit.Data, sm *fit.Smoothed, u int, terms []fit.Term) (*samples, error) {
	out := &samples{terms: terms}
	for k, call := range d.Calls {
		if call.Unknown != u {
			continue
		}
		arguments := map[string]*expr.Expr{}
		for i, a := range d.Model.Unknowns[u].Arguments {
			arguments[a] = d.Model.Expand(call.Call.Args[i])
		}
		var outputs []*expr.Expr
		for _, t := range terms {
			outputs = append(outputs, expr.Substitute(t.Factor, arguments))
		}
		program, names, err := d.Observable(outputs)
		if err != nil {
			return nil, err
		}
		m := program.NewMachine(1)
		for e := range d.Entries {
			out.entry(d, sm, m, names, e, k)
		}
	}
	return out, nil
}

func (s *samples) entry(d *fit.Data, sm *fit.Smoothed, m *tape.Machine, names []string, e, call int) {
	entry := &d.Entries[e]
	spread := sm.Spread[e][call]
	typical := median(spread)
	for i, t := range entry.Times {
		for k, name := range names {
			m.Input(k)[0] = d.Value(e, i, name, sm)
		}
		m.Run()
		row := make([]float64, len(s.terms))
		for k := range row {
			row[k] = m.Output(k)[0]
		}
		weight := 1.0
		if typical > 0 {
			weight = 1 / math.Sqrt(1+spread[i]*spread[i]/(typical*typical))
		}
		dt := 0.0
		if i+1 < len(entry.Times) {
			dt = entry.Times[i+1] - t
		} else if i > 0 {
			dt = t - entry.Times[i-1]
		}
		s.rows = append(s.rows, row)
		s.target = append(s.target, sm.Calls[e][call][i])
		s.weight = append(s.weight, weight)
		s.step = append(s.step, dt)
		s.scale = append(s.scale, math.Max(sm.Scale[d.Calls[call].State], 1e-300)/math.Sqrt(d.Time))
	}
}

// quadratic turns the regression into the form that subsets are searched in:
// the weighted least-squares problem reduced to a triangle, scaled so that its
// loss is that of unit-variance residuals of the full library.
func (s *samples) quadratic(cost []float64) *quadratic {
	n := len(s.terms)
	reduced := reduce(s, n)
	q := &quadratic{rows: n, size: n, cost: cost, y: make([]float64, n)}
	rss := reduced[n*(n+1)+n] * reduced[n*(n+1)+n]
	// Neighbouring samples of a smoothed path repeat each other, so the scale is
	// that of an eighth of them.
	variance := rss / math.Max(float64(len(s.rows)-n), 1) * 8
	if variance == 0 {
		variance = math.SmallestNonzeroFloat64
	}
	f := 1 / math.Sqrt(variance)
	for j := range n {
		col := make([]float64, n)
		for i := 0; i <= j; i++ {
			col[i] = f * reduced[i*(n+1)+j]
		}
		q.columns = append(q.columns, col)
		q.y[j] = f * reduced[j*(n+1)+n]
	}
	q.residual = rss * f * f
	return q
}

// reduce is the triangle of the weighted rows with the target as last column,
// by Householder reflections on blocks of rows.
func reduce(s *samples, n int) []float64 {
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

// omega is the defect weight at which a trajectory fit of the regression should
// start: the rms of what the regression leaves, as a defect of one sample.
func (s *samples) omega(theta []float64) float64 {
	sum, count := 0.0, 0.0
	for r, row := range s.rows {
		e := s.target[r]
		for j, v := range row {
			e -= theta[j] * v
		}
		e *= s.step[r] / (s.scale[r] * math.Sqrt(s.step[r]))
		sum += e * e
		count++
	}
	return math.Sqrt(sum / math.Max(count, 1))
}

func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	c := append([]float64(nil), x...)
	sortFloats(c)
	return c[len(c)/2]
}
