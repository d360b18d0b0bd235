package discover

import (
	"fmt"
	"math"

	"govern/expr"
	"govern/fit"
)

// HiddenError says that a method needs a state that no channel measures alone.
type HiddenError struct{ State string }

func (e *HiddenError) Error() string {
	return fmt.Sprintf("discover: sparse regression on derivatives needs every state measured, and no channel measures %s alone; "+
		"use discover: {method: library}", e.State)
}

// The baseline's local cubic (Savitzky & Golay 1964) spans this many samples to
// either side.
const halfWindow = 4

// Derivatives is the baseline that the field expects: sparse regression on
// derivatives of the data alone (STLSQ, Brunton, Proctor & Kutz 2016), the
// threshold chosen by the Bayesian information criterion. Values and
// derivatives come from local cubics; nothing is fitted on trajectories, so the
// result has no noise estimate and its intervals are those of the regression.
func Derivatives(d *fit.Data, o Options) (*Result, error) {
	o = o.withDefaults(d)
	degree := o.Degree
	path, slope, err := differentiate(d)
	if err != nil {
		return nil, err
	}
	sm, err := invert(d, path, slope)
	if err != nil {
		return nil, err
	}
	f := &fit.Fitted{Sigma: d.Sigmas(), Scale: sm.Scale, Omega: fit.OmegaEnd, Substeps: 1, Residual: make([]float64, len(d.Channels))}
	var variances []float64
	size := 0
	for u := range d.Model.Unknowns {
		if l := d.Model.Unknowns[u].Library; l != nil && l.Degree > 0 {
			degree = l.Degree
		}
		terms := Library(d.Model, u, degree)
		size += len(terms)
		reg, err := evaluate(d, sm, u, terms)
		if err != nil {
			return nil, err
		}
		theta, variance := reg.threshold()
		for i, t := range terms {
			if theta[i] != 0 {
				f.Terms, f.Coefficients = append(f.Terms, t), append(f.Coefficients, theta[i])
				variances = append(variances, variance[i])
			}
		}
	}
	for _, p := range d.Model.Parameters {
		if p.Fit {
			f.Parameters, variances = append(f.Parameters, p.Value), append(variances, math.Inf(1))
		}
	}
	f.Covariance = make([]float64, len(variances)*len(variances))
	for i, v := range variances {
		f.Covariance[i*len(variances)+i] = v
	}
	for i := range f.Residual {
		f.Residual[i] = math.NaN()
	}
	f.Nodes = nodes(path)
	return &Result{
		Status: OK, Chosen: f, Degree: degree, Library: size, Smoothed: sm,
		Advice: "a baseline: regression on derivatives, not fitted on trajectories",
	}, nil
}

// differentiate returns values and derivatives of every state along every
// entry: entry, state, sample.
func differentiate(d *fit.Data) (path, slope [][][]float64, err error) {
	for _, entry := range d.Entries {
		var xs, ds [][]float64
		for _, s := range d.Model.States {
			var values []float64
			for _, c := range entry.Channels {
				if o := c.Observe; o.Kind == expr.Name && o.Ident == s.Name {
					values = c.Values
				}
			}
			if values == nil {
				return nil, nil, &HiddenError{s.Name}
			}
			x, dx := localCubic(entry.Times, values)
			xs, ds = append(xs, x), append(ds, dx)
		}
		path, slope = append(path, xs), append(slope, ds)
	}
	return path, slope, nil
}

// localCubic fits a cubic to the samples around each one and returns its value
// and slope there.
func localCubic(t, x []float64) (value, slope []float64) {
	n := len(t)
	value, slope = make([]float64, n), make([]float64, n)
	for i := range t {
		lo, hi := max(i-halfWindow, 0), min(i+halfWindow+1, n)
		var rows samples
		scale := math.Max(t[hi-1]-t[i], t[i]-t[lo])
		for k := lo; k < hi; k++ {
			if math.IsNaN(x[k]) {
				continue
			}
			s := (t[k] - t[i]) / scale
			rows.rows = append(rows.rows, []float64{1, s, s * s, s * s * s})
			rows.target, rows.weight = append(rows.target, x[k]), append(rows.weight, 1)
		}
		q := triangle(reduce(&rows, 4), 4)
		all := q.solve([]bool{true, true, true, true})
		value[i], slope[i] = all.theta[0], all.theta[1]/scale
	}
	return value, slope
}

// triangle wraps a reduced regression without scaling or costs.
func triangle(reduced []float64, n int) *quadratic {
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

// invert solves every equation for the unknown call in it, which it must hold
// linearly, and returns the calls as series.
func invert(d *fit.Data, path, slope [][][]float64) (*fit.Smoothed, error) {
	sm := &fit.Smoothed{States: path, Sigma: d.Sigmas()}
	for s := range d.Model.States {
		var all []float64
		for e := range path {
			all = append(all, path[e][s]...)
		}
		sm.Scale = append(sm.Scale, spread(all))
	}
	outputs := [][]*expr.Expr{}
	for _, c := range d.Calls {
		text := c.Call.String()
		with := func(v float64) *expr.Expr {
			return expr.ReplaceCalls(d.Model.Rhs()[c.State], func(call *expr.Expr) *expr.Expr {
				if call.String() == text {
					return expr.Num(v)
				}
				return nil
			})
		}
		outputs = append(outputs, []*expr.Expr{with(0), with(1)})
	}
	for e, entry := range d.Entries {
		var calls, spreads [][]float64
		for k, c := range d.Calls {
			program, names, err := d.Observable(outputs[k])
			if err != nil {
				return nil, fmt.Errorf("discover: an equation with two unknowns cannot be solved for either by derivatives alone: %w", err)
			}
			m := program.NewMachine(1)
			u := make([]float64, len(entry.Times))
			for i := range u {
				for j, name := range names {
					m.Input(j)[0] = d.Value(e, i, name, sm)
				}
				m.Run()
				at0, at1 := m.Output(0)[0], m.Output(1)[0]
				u[i] = (slope[e][c.State][i] - at0) / (at1 - at0)
			}
			calls, spreads = append(calls, u), append(spreads, make([]float64, len(u)))
		}
		sm.Calls, sm.Spread = append(sm.Calls, calls), append(sm.Spread, spreads)
	}
	return sm, nil
}

// threshold is STLSQ over a grid of thresholds on the terms' contributions; the
// best by information criterion wins. It returns coefficients (0 = dropped) and
// their variances.
func (s *samples) threshold() (theta, variance []float64) {
	n := len(s.terms)
	q := triangle(reduce(s, n), n)
	size := make([]float64, n) // rms of each column
	for j, c := range q.columns {
		size[j] = math.Sqrt(dot(c, c) / float64(len(s.rows)))
	}
	scale := 0.0
	for _, v := range s.target {
		scale += v * v
	}
	scale = math.Sqrt(scale / float64(len(s.target)))
	best := math.Inf(1)
	for exponent := -4.0; exponent <= 0; exponent += 0.1 {
		level := math.Pow(10, exponent) * scale
		active := make([]bool, n)
		for i := range active {
			active[i] = true
		}
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
		rows := float64(len(s.rows))
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

func spread(x []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)))
}

// nodes lays a path out as the nodes of a fit.
func nodes(path [][][]float64) [][]float64 {
	var out [][]float64
	for _, states := range path {
		n := len(states)
		row := make([]float64, n*len(states[0]))
		for s, x := range states {
			for i, v := range x {
				row[i*n+s] = v
			}
		}
		out = append(out, row)
	}
	return out
}
