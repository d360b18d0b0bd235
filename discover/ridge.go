package discover

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/internal/vector"
	"govern/series"
)

// ridgeShare is how much of the mean square of the gradient, across the direction
// in which it is largest, a function may have and still be tried as one of a single
// combination; polynomials only approximate such functions.
const ridgeShare = 0.1

// findRidges are the combinations of the arguments that a candidate's formula
// for unknown u may be a function of: the first eigenvector of the gradient's
// second moments along the data (Samarov 1993; the active subspace of Constantine
// 2015), and of its covariance, where a linear function stands beside it.
func findRidges(c *candidate, u int, names []string, arguments [][]float64) ([]look, error) {
	n := len(arguments)
	if n < 2 {
		return nil, nil
	}
	sd := make([]float64, n)
	for a := range sd {
		sd[a] = newAxis(arguments[a]).sd
	}
	moments, sums, err := gradientMoments(c.fit.Formula(u), c.parameterValues(), names, arguments, sd)
	if err != nil {
		return nil, err
	}
	centred := slices.Clone(moments)
	for a := range n {
		for b := range n {
			centred[a*n+b] -= sums[a] * sums[b]
		}
	}
	var out []look
	for i, m := range [][]float64{moments, centred} {
		direction, share := principalDirection(m, n)
		if direction == nil || share > ridgeShare {
			continue
		}
		weights, first, several := weightsAlong(direction, sd)
		if !several {
			continue // an argument has its own axis
		}
		along := make([]float64, len(arguments[0]))
		for a := range n {
			vector.Axpy(along, weights[a], arguments[a])
		}
		out = append(out, ridgeLook(fmt.Sprintf("ridge-%d", i), names, weights, first, newAxis(along)))
	}
	return out, nil
}

// gradientMoments are the second moments of a formula's gradient along the data, by
// rows, and its means; arguments are measured in their deviations.
func gradientMoments(formula *expr.Expr, values map[string]float64, names []string, arguments [][]float64, sd []float64) (moments, means []float64, err error) {
	n, samples := len(names), len(arguments[0])
	slopes := make([]*expr.Expr, n)
	for a, name := range names {
		slopes[a] = expr.Diff(formula, name)
	}
	moments, means = make([]float64, n*n), make([]float64, n)
	for k := range samples {
		for a, name := range names {
			values[name] = arguments[a][k]
		}
		gradient := make([]float64, n)
		for a := range gradient {
			v, err := expr.Eval(slopes[a], func(name string) (float64, bool) { x, ok := values[name]; return x, ok })
			if err != nil {
				return nil, nil, err
			}
			gradient[a] = v * sd[a]
		}
		if !series.Finite(vector.Dot(gradient, gradient)) {
			continue
		}
		for a := range n {
			means[a] += gradient[a] / float64(samples)
			for b := range n {
				moments[a*n+b] += gradient[a] * gradient[b] / float64(samples)
			}
		}
	}
	return moments, means, nil
}

// weightsAlong turns a direction in deviations into weights of the arguments, 1 of the
// first, which is the largest, and 0 of those that hardly count; several says that
// others are left.
func weightsAlong(direction, sd []float64) (weights []float64, first int, several bool) {
	for a := range direction {
		if math.Abs(direction[a]) > math.Abs(direction[first]) {
			first = a
		}
	}
	weights = make([]float64, len(direction))
	for a := range direction {
		if weights[a] = direction[a] / direction[first] * sd[first] / sd[a]; math.Abs(direction[a]) < 0.02 {
			weights[a] = 0
		}
		several = several || a != first && weights[a] != 0
	}
	return weights, first, several
}

// principalDirection is the first eigenvector of a symmetric matrix, and the share of the
// trace that it does not have; nil of a matrix that is zero.
func principalDirection(m []float64, n int) (direction []float64, rest float64) {
	var eigen mat.EigenSym
	if !series.Finite(vector.Dot(m, m)) || !eigen.Factorize(mat.NewSymDense(n, slices.Clone(m)), true) {
		return nil, 1
	}
	values := eigen.Values(nil)
	trace := 0.0
	for _, v := range values {
		trace += v
	}
	if !(trace > 0) {
		return nil, 1
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	direction = make([]float64, n)
	for a := range direction {
		direction[a] = vectors.At(a, n-1)
	}
	return direction, 1 - values[n-1]/trace
}

// findAngle is the combination of two arguments along which a piecewise linear function,
// beside a linear one, explains the smoothed path best (projection pursuit,
// Friedman and Stuetzle 1981): a look where the gradient of a poor polynomial is not to
// be trusted. others are the terms of the other unknowns.
func findAngle(d *fit.Data, path *fit.Smoothed, u int, arguments [][]float64, others []fit.Term) ([]look, error) {
	names := d.Model.Unknowns[u].Arguments
	if len(names) != 2 {
		return nil, nil
	}
	p := &pursuit{d, path, u, arguments, append(slices.Clone(others), terms.Library(d.Model, u, 1)...), []float64{newAxis(arguments[0]).sd, newAxis(arguments[1]).sd}}
	best, where := math.Inf(1), 0.0
	try := func(angle float64) error {
		loss, err := p.loss(angle)
		if err == nil && loss < best {
			best, where = loss, angle
		}
		return err
	}
	for k := range angles {
		if err := try(math.Pi * float64(k) / angles); err != nil {
			return nil, err
		}
	}
	for step := math.Pi / angles / 2; step > math.Pi/angles/16; step /= 2 {
		for _, to := range []float64{where - step, where + step} {
			if err := try(to); err != nil {
				return nil, err
			}
		}
	}
	if math.Abs(math.Sin(2*where)) < 0.05 || !series.Finite(best) {
		return nil, nil // an argument has its own axis
	}
	first, share := p.combination(where)
	weights := []float64{1, 1}
	weights[1-first] = share
	return []look{ridgeLook("angle", names, weights, first, newAxis(p.values(first, share)))}, nil
}

// pursuit looks for a combination of two arguments of an unknown.
type pursuit struct {
	data      *fit.Data
	path      *fit.Smoothed
	unknown   int
	arguments [][]float64
	base      []fit.Term // what stands beside
	sd        []float64  // of the arguments
}

// combination is x_first + share·x_other at an angle between the arguments, measured in
// their deviations.
func (p *pursuit) combination(angle float64) (first int, share float64) {
	a := []float64{math.Cos(angle) / p.sd[0], math.Sin(angle) / p.sd[1]}
	if math.Abs(math.Sin(angle)) > math.Abs(math.Cos(angle)) {
		first = 1
	}
	return first, a[1-first] / a[first]
}

// values are a combination's along the data.
func (p *pursuit) values(first int, share float64) []float64 {
	along := slices.Clone(p.arguments[first])
	vector.Axpy(along, share, p.arguments[1-first])
	return along
}

// loss is what a piecewise linear function along a combination leaves. Regressions at
// different angles are not weighed alike, so that their losses differ by rounding
// alone (terms.Regression.Left): to weigh them alike would change what is found.
func (p *pursuit) loss(angle float64) (float64, error) {
	names := p.data.Model.Unknowns[p.unknown].Arguments
	first, share := p.combination(angle)
	along := p.values(first, share)
	slices.Sort(along)
	x := expr.Binary(expr.Add, expr.Var(names[first]), expr.Binary(expr.Mul, expr.Num(share), expr.Var(names[1-first])))
	library := slices.Clone(p.base)
	for k := 1; k < angleKinks; k++ {
		knot := along[(len(along)-1)*k/angleKinks]
		library = append(library, fit.Term{Unknown: p.unknown, Factor: expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Num(knot)))})
	}
	reg, err := terms.Regress(p.data, p.path, library)
	if err != nil {
		return 0, err
	}
	return reg.Left(), nil
}

// angles are tried, and a function with so many kinks less one along each.
const (
	angles     = 24
	angleKinks = 9
)

// ridgeLook is the look along arguments[first] + Σ weight·argument, the weights being
// fitted numbers of every family.
func ridgeLook(name string, arguments []string, weights []float64, first int, x axis) look {
	out := look{name: name, argument: first, alone: true, axis: x}
	var shares []number
	var others []string
	for a, w := range weights {
		if a == first || w == 0 {
			continue
		}
		others = append(others, arguments[a])
		shares = append(shares, number{"share", func(axis) []float64 { return []float64{w} },
			func(axis) float64 { return w - 5*math.Abs(w) }, func(axis) float64 { return w + 5*math.Abs(w) }, math.NaN(), false})
	}
	k := len(shares)
	for _, plain := range families() {
		if !slices.Contains([]string{"tanh", "logistic", "exp", "bump", "wave"}, plain.name) {
			continue
		}
		out.families = append(out.families, family{name: name + "-" + plain.name, kind: plain.name, numbers: append(slices.Clone(shares), plain.numbers...),
			parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
				for i, other := range others {
					x = expr.Binary(expr.Add, x, expr.Binary(expr.Mul, n[i], expr.Var(other)))
				}
				return plain.parts(x, n[k:])
			}})
	}
	return out
}
