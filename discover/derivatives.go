package discover

import (
	"fmt"
	"math"
	"slices"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/series"
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
	o = o.withDefaults(d.Model)
	path, slope, err := differentiate(d)
	if err != nil {
		return nil, err
	}
	sm := derivedPath(d, path, slope)
	f := &fit.Fitted{Sigma: d.Sigmas(), Scale: sm.Scale, Omega: fit.OmegaEnd, Substeps: 1, Residual: make([]float64, len(d.Channels))}
	library, _ := terms.Libraries(d.Model, o.Degree)
	reg, err := terms.Regress(d, sm, library)
	if err != nil {
		return nil, err
	}
	reg.WeighByTarget()
	theta, variance := reg.Threshold(len(library))
	var variances []float64
	for i, t := range library {
		if theta[i] != 0 {
			f.Terms, f.Coefficients = append(f.Terms, t), append(f.Coefficients, theta[i])
			variances = append(variances, variance[i])
		}
	}
	f.Parameters = slices.Clone(sm.Parameters)
	free := make([]float64, len(f.Parameters))
	for i := range free {
		free[i] = math.Inf(1)
	}
	for k, i := range reg.Balance.Parameters {
		f.Parameters[i] += theta[len(library)+k]
		free[i] = variance[len(library)+k]
	}
	variances = append(variances, free...)
	f.Covariance = make([]float64, len(variances)*len(variances))
	for i, v := range variances {
		f.Covariance[i*len(variances)+i] = v
	}
	for i := range f.Residual {
		f.Residual[i] = math.NaN()
	}
	f.Nodes = layNodes(path)
	return &Result{
		Ending: Baseline, Chosen: f, Model: d.Model, Degree: o.Degree, Library: len(library), Smoothed: sm,
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
			x, dx := fitLocalCubics(entry.Times, values)
			xs, ds = append(xs, x), append(ds, dx)
		}
		path, slope = append(path, xs), append(slope, ds)
	}
	return path, slope, nil
}

// fitLocalCubics fits a cubic to the samples around each one and returns its value
// and slope there.
func fitLocalCubics(t, x []float64) (value, slope []float64) {
	n := len(t)
	value, slope = make([]float64, n), make([]float64, n)
	for i := range t {
		lo, hi := max(i-halfWindow, 0), min(i+halfWindow+1, n)
		rows := terms.LeastSquares{Columns: 4}
		scale := math.Max(t[hi-1]-t[i], t[i]-t[lo])
		for k := lo; k < hi; k++ {
			if math.IsNaN(x[k]) {
				continue
			}
			s := (t[k] - t[i]) / scale
			rows.Rows = append(rows.Rows, []float64{1, s, s * s, s * s * s})
			rows.Target, rows.Weight = append(rows.Target, x[k]), append(rows.Weight, 1)
		}
		fitted := rows.Triangle().Solve(terms.All(rows.Columns))
		value[i], slope[i] = fitted.Theta[0], fitted.Theta[1]/scale
	}
	return value, slope
}

// derivedPath packs values and derivatives as a path.
func derivedPath(d *fit.Data, path, slope [][][]float64) *fit.Smoothed {
	sm := &fit.Smoothed{States: path, Slopes: slope, Sigma: d.Sigmas()}
	for s := range d.Model.States {
		var all []float64
		for e := range path {
			all = append(all, path[e][s]...)
		}
		sm.Scale = append(sm.Scale, series.Std(all))
	}
	for _, p := range d.Model.Parameters {
		if p.Fit {
			sm.Parameters = append(sm.Parameters, p.Value)
		}
	}
	for _, entry := range d.Entries {
		zero := make([][]float64, len(d.Calls))
		for k := range zero {
			zero[k] = make([]float64, len(entry.Times))
		}
		sm.Calls, sm.Spread = append(sm.Calls, zero), append(sm.Spread, zero)
	}
	return sm
}

// layNodes lays a path out as the nodes of a fit.
func layNodes(path [][][]float64) [][]float64 {
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
