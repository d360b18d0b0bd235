package main

import (
	"context"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"govern/expr"
	"govern/internal/truth"
	"govern/model"
	"govern/ode"
	"govern/record"
	"govern/run"
	"govern/series"
)

// bound returns the smallest standard deviations that unbiased estimates of the
// coefficients of the true formulas and of the fitted parameters can have on the
// data: the Cramér–Rao bound, by coefficient ("f: x*z") and parameter. Nothing
// is returned where a channel has no noise or nothing is estimated.
//
// The information of a chaotic record cannot be had by one run of the
// variational equations, whose columns grow until float64 holds none of them. A
// Kalman filter of the states and the constants along the exact path, linearised
// there and without process noise, has the same covariance of the constants at
// its end, and the data hold its columns down at every sample. Square roots of
// covariances keep the contracting directions, whose variances vanish. Correlated
// noise is a state a channel more. Outliers count as missing.
//
// Cost: a Householder triangle of (states + constants)² a sample.
func (c experiment) bound(ctx context.Context, seed uint64, entries []record.Entry, states [][][]float64, simulated truth.Case) (map[string]float64, error) {
	m, constants, err := c.estimated(seed)
	if err != nil || len(constants) == 0 {
		return nil, err
	}
	sigmas := noiseOf(entries, states, simulated.Model)
	for _, ch := range entries[0].Channels {
		if !(sigmas[ch.Column] > 0) {
			return nil, nil
		}
	}
	sys, err := ode.NewSystem(m)
	if err != nil {
		return nil, err
	}
	f := &filter{sys: sys, constants: constants, rho: c.ways.Correlation}
	for _, name := range constants {
		f.prior = append(f.prior, 1e3*math.Max(1, math.Abs(m.Parameters[m.ParameterIndex(name)].Value)))
	}
	f.begin()
	for e, entry := range entries {
		if err := f.pass(ctx, entry, states[e], sigmas); err != nil {
			return nil, err
		}
	}
	out := map[string]float64{}
	for k, name := range constants {
		out[name] = f.deviation(k)
	}
	return out, nil
}

// estimated is the true model with a parameter in the place of every coefficient
// of its formulas, named as in result.json's terms, and the names of what is
// estimated.
func (c experiment) estimated(seed uint64) (*model.Model, []string, error) {
	m, err := model.Read("case.yaml", []byte(c.model(seed)))
	if err != nil {
		return nil, nil, err
	}
	m = m.WithParameters(c.parameters)
	constants := slices.Sorted(maps.Keys(c.parameters))
	formulas := map[string]*expr.Expr{}
	for _, name := range slices.Sorted(maps.Keys(c.formulas)) {
		e, err := expr.Parse(c.formulas[name])
		if err != nil {
			return nil, nil, err
		}
		var sum *expr.Expr
		for _, t := range expr.Terms(e) {
			coefficient := coefficientName(name, t.Factor.String())
			m.Parameters = append(m.Parameters, model.Parameter{Name: coefficient, Value: t.Coefficient})
			constants = append(constants, coefficient)
			term := expr.Binary(expr.Mul, expr.Var(coefficient), t.Factor)
			if sum == nil {
				sum = term
			} else {
				sum = expr.Binary(expr.Add, sum, term)
			}
		}
		formulas[name] = sum
	}
	closed, err := m.WithFormulas(formulas)
	return closed, constants, err
}

func coefficientName(unknown, term string) string { return unknown + ": " + term }

// noiseOf is the standard deviation of each channel's noise over all records,
// from the median, which a few outliers do not move.
func noiseOf(entries []record.Entry, states [][][]float64, m *model.Model) map[string]float64 {
	sizes := map[string][]float64{}
	for e, entry := range entries {
		for _, ch := range entry.Channels {
			exact := states[e][m.StateIndex(ch.Column)]
			for k, v := range ch.Values {
				sizes[ch.Column] = append(sizes[ch.Column], math.Abs(v-exact[k]))
			}
		}
	}
	out := map[string]float64{}
	for column, v := range sizes {
		out[column] = 1.4826 * series.Median(v)
	}
	return out
}

// filter carries a square root of the covariance of (states, noises, constants):
// covariance = root'·root, upper triangular, by rows.
type filter struct {
	sys       *ode.System
	constants []string
	prior     []float64 // standard deviations of the constants before any data
	rho       float64   // of the noise from sample to sample

	root [][]float64 // of the constants alone between records
}

func (f *filter) begin() {
	f.root = nil
	for k, s := range f.prior {
		row := make([]float64, len(f.prior))
		row[k] = s
		f.root = append(f.root, row)
	}
}

// deviation of constant k, after the last record.
func (f *filter) deviation(k int) float64 {
	sum := 0.0
	for _, row := range f.root {
		sum += row[k] * row[k]
	}
	return math.Sqrt(sum)
}

// pass filters one record from a start that is not known.
func (f *filter) pass(ctx context.Context, entry record.Entry, states [][]float64, sigmas map[string]float64) error {
	n, noises := len(f.sys.States), 0
	if f.rho > 0 {
		noises = len(entry.Channels)
	}
	first := n + noises
	width := first + len(f.constants)
	var root [][]float64
	for i := range first {
		row := make([]float64, width)
		if row[i] = 1; i < n {
			row[i] = 1e2 * math.Max(series.Std(states[i]), 1e-3)
		}
		root = append(root, row)
	}
	for _, r := range f.root {
		root = append(root, append(make([]float64, first), r...))
	}
	for k, t := range entry.Times {
		if err := ctx.Err(); err != nil {
			return err
		}
		for c, ch := range entry.Channels {
			i := slices.Index(f.sys.States, ch.Column)
			sigma := sigmas[ch.Column]
			if math.Abs(ch.Values[k]-states[i][k]) > 6*sigma {
				continue
			}
			if noises > 0 {
				root = observe(root, map[int]float64{i: 1, n + c: sigma}, 0)
			} else {
				root = observe(root, map[int]float64{i: 1}, sigma)
			}
		}
		if k+1 == len(entry.Times) {
			break
		}
		x := make([]float64, n)
		for i := range x {
			x[i] = states[i][k]
		}
		sol, err := ode.SolveSensitivity(ctx, f.sys, x, []float64{t, entry.Times[k+1]}, f.constants, ode.Options{Relative: 1e-9})
		if err != nil {
			return err
		}
		for _, row := range root {
			next := make([]float64, n)
			for i := range next {
				for c := range n {
					next[i] += sol.Sensitivity[i][c][1] * row[c]
				}
				for c := range f.constants {
					next[i] += sol.Sensitivity[i][n+c][1] * row[first+c]
				}
			}
			copy(row, next)
			for c := range noises {
				row[n+c] *= f.rho
			}
		}
		for c := range noises {
			row := make([]float64, width)
			row[n+c] = math.Sqrt(1 - f.rho*f.rho)
			root = append(root, row)
		}
		root = triangle(root, width)
	}
	f.root = nil
	for _, row := range triangle(root, width) {
		f.root = append(f.root, row[first:])
	}
	return nil
}

// observe takes in a measurement h·x with noise sigma: the triangle of
// [sigma 0; root·h root] has the innovation's deviation in its first row and the
// root of the updated covariance below it.
func observe(root [][]float64, h map[int]float64, sigma float64) [][]float64 {
	width := len(root[0])
	array := [][]float64{append([]float64{sigma}, make([]float64, width)...)}
	for _, row := range root {
		seen := 0.0
		for _, i := range slices.Sorted(maps.Keys(h)) {
			seen += h[i] * row[i]
		}
		array = append(array, append([]float64{seen}, row...))
	}
	var out [][]float64
	for _, row := range triangle(array, width+1)[1:] {
		out = append(out, row[1:])
	}
	return out
}

// triangle is the upper triangular matrix with the Gram matrix of the rows.
func triangle(rows [][]float64, width int) [][]float64 {
	a := mat.NewDense(len(rows), width, slices.Concat(rows...))
	var qr mat.QR
	qr.Factorize(a)
	var r mat.Dense
	qr.RTo(&r)
	out := make([][]float64, width)
	for i := range out {
		out[i] = slices.Clone(r.RawRowView(i))
	}
	return out
}

// against compares the constants of an answer with their bound.
func (c experiment) against(o *outcome, bound map[string]float64, r *run.Result) {
	logs, squares, n := 0.0, 0.0, 0.0
	compare := func(name string, value, want float64) {
		s := bound[name]
		logs += math.Log(1.96 * s / math.Abs(want))
		squares += (value - want) * (value - want) / (s * s)
		n++
	}
	for _, name := range slices.Sorted(maps.Keys(c.formulas)) {
		want, err := terms(c.formulas[name])
		if err != nil {
			return
		}
		for _, t := range r.Unknowns[name].Terms {
			factor, err := expr.Parse(t.Term)
			if err != nil {
				return
			}
			term := expr.Simplify(factor).String()
			compare(coefficientName(name, term), float64(t.Coefficient), want[term])
		}
	}
	for name, want := range c.parameters {
		compare(name, float64(r.Parameters[name].Value), want)
	}
	if len(bound) > 0 && n > 0 {
		o.Bound, o.Chi = run.Number(math.Exp(logs/n)), run.Number(squares/n)
	}
}

// freeOf is the mean free-running error of the channels.
func freeOf(r *run.Result) float64 {
	sum := 0.0
	for _, column := range slices.Sorted(maps.Keys(r.Errors.Free)) {
		sum += float64(r.Errors.Free[column])
	}
	return sum / float64(len(r.Errors.Free))
}
