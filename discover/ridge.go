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

// look is a place at which functions that bend are tried: along an argument, along a
// linear combination of several, or as a fraction of them.
type look struct {
	name     string
	argument int // the first of the combination
	alone    bool
	axis     axis
	families []family
	instead  bool // its parts stand in the place of the polynomial, not beside it
}

// findLooks are the axes of unknown u: its arguments, and where there are several the
// combinations that the best candidate varies along.
// In rounds beyond polynomials they are sought more widely; others are the terms of the
// other unknowns.
func (f *finder) findLooks(d *fit.Data, path *fit.Smoothed, u, round int, arguments [][]float64, others []fit.Term) ([]look, error) {
	var out []look
	for a, values := range arguments {
		if x := newAxis(values); x.span() > 0 {
			out = append(out, look{name: fmt.Sprint(a), argument: a, axis: x, families: families()}, look{name: fmt.Sprint(a, "-plain"), argument: a, axis: x, families: numberless()})
		}
	}
	out = append(out, jointLooks(d.Model.Unknowns[u].Arguments, arguments)...)
	ridges, err := f.findRidges(u, arguments)
	if err != nil || round < beyondPolynomial {
		return append(out, ridges...), err
	}
	angle, err := f.findAngle(d, path, u, arguments, others)
	if err != nil {
		return nil, err
	}
	rationals, err := f.findRationals(d, path, u, arguments, others)
	return slices.Concat(out, ridges, angle, rationals), err
}

// jointLooks is the look along several arguments at once, each in a function without
// numbers of its own: outflows of two tanks are two roots, and one alone explains nothing.
func jointLooks(names []string, arguments [][]float64) []look {
	var out []look
	for _, plain := range numberless() {
		var allowed []int
		for a, values := range arguments {
			if plain.allowed(newAxis(values)) {
				allowed = append(allowed, a)
			}
		}
		if len(allowed) < 2 {
			continue
		}
		parts := func(*expr.Expr, []*expr.Expr) []*expr.Expr {
			var all []*expr.Expr
			for _, a := range allowed {
				all = append(all, plain.parts(expr.Var(names[a]), nil)...)
			}
			return all
		}
		name := "every-" + plain.name
		out = append(out, look{name: name, argument: allowed[0], alone: true, axis: newAxis(arguments[allowed[0]]), families: []family{{name: name, parts: parts}}})
	}
	return out
}

// ridgeShare is how much of the mean square of the gradient, across the direction
// in which it is largest, a function may have and still be tried as one of a single
// combination; polynomials only approximate such functions.
const ridgeShare = 0.1

// findRidges are the combinations of the arguments that the best candidate's formula
// for unknown u may be a function of: the first eigenvector of the gradient's
// second moments along the data (Samarov 1993; the active subspace of Constantine
// 2015), and of its covariance, where a linear function stands beside it.
func (f *finder) findRidges(u int, arguments [][]float64) ([]look, error) {
	n := len(arguments)
	if n < 2 || f.best == nil || !series.Finite(f.best.score()) {
		return nil, nil
	}
	unknown := f.engine.Data.Model.Unknowns[u]
	values := f.best.parameterValues()
	formula := f.best.fit.Formula(u)
	sd := make([]float64, n)
	slopes := make([]*expr.Expr, n)
	for a, name := range unknown.Arguments {
		sd[a] = newAxis(arguments[a]).sd
		slopes[a] = expr.Diff(formula, name)
	}
	samples := len(arguments[0])
	moments, sums := make([]float64, n*n), make([]float64, n)
	for k := range samples {
		for a, name := range unknown.Arguments {
			values[name] = arguments[a][k]
		}
		gradient := make([]float64, n)
		for a := range gradient {
			v, err := expr.Eval(slopes[a], func(name string) (float64, bool) { x, ok := values[name]; return x, ok })
			if err != nil {
				return nil, err
			}
			gradient[a] = v * sd[a]
		}
		if !series.Finite(vector.Dot(gradient, gradient)) {
			continue
		}
		for a := range n {
			sums[a] += gradient[a] / float64(samples)
			for b := range n {
				moments[a*n+b] += gradient[a] * gradient[b] / float64(samples)
			}
		}
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
		first := 0
		for a := range n {
			if math.Abs(direction[a]) > math.Abs(direction[first]) {
				first = a
			}
		}
		weights, several := make([]float64, n), false
		for a := range n {
			if weights[a] = direction[a] / direction[first] * sd[first] / sd[a]; math.Abs(direction[a]) < 0.02 {
				weights[a] = 0
			}
			several = several || a != first && weights[a] != 0
		}
		if !several {
			continue // an argument has its own axis
		}
		along := make([]float64, samples)
		for a := range n {
			vector.Axpy(along, weights[a], arguments[a])
		}
		out = append(out, ridgeLook(fmt.Sprintf("ridge-%d", i), unknown.Arguments, weights, first, newAxis(along)))
	}
	return out, nil
}

// findAngle is the combination of two arguments along which a piecewise linear function,
// beside a linear one, explains the smoothed path best (projection pursuit,
// Friedman and Stuetzle 1981): a look where the gradient of a poor polynomial is not to
// be trusted. others are the terms of the other unknowns.
func (f *finder) findAngle(d *fit.Data, path *fit.Smoothed, u int, arguments [][]float64, others []fit.Term) ([]look, error) {
	names := d.Model.Unknowns[u].Arguments
	if len(names) != 2 {
		return nil, nil
	}
	axes := []axis{newAxis(arguments[0]), newAxis(arguments[1])}
	base := append(slices.Clone(others), terms.Library(d.Model, u, 1)...)
	at := func(angle float64) (loss float64, share float64, first int, err error) {
		a := []float64{math.Cos(angle) / axes[0].sd, math.Sin(angle) / axes[1].sd}
		if math.Abs(math.Sin(angle)) > math.Abs(math.Cos(angle)) {
			first = 1
		}
		share = a[1-first] / a[first]
		along := slices.Clone(arguments[first])
		vector.Axpy(along, share, arguments[1-first])
		slices.Sort(along)
		x := expr.Binary(expr.Add, expr.Var(names[first]), expr.Binary(expr.Mul, expr.Num(share), expr.Var(names[1-first])))
		library := slices.Clone(base)
		for k := 1; k < angleKinks; k++ {
			knot := along[(len(along)-1)*k/angleKinks]
			library = append(library, fit.Term{Unknown: u, Factor: expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Num(knot)))})
		}
		reg, err := terms.Regress(d, path, library)
		if err != nil {
			return 0, 0, 0, err
		}
		return reg.Left(), share, first, nil
	}
	best, where := math.Inf(1), 0.0
	for k := range angles {
		loss, _, _, err := at(math.Pi * float64(k) / angles)
		if err != nil {
			return nil, err
		}
		if loss < best {
			best, where = loss, math.Pi*float64(k)/angles
		}
	}
	for step := math.Pi / angles / 2; step > math.Pi/angles/16; step /= 2 {
		for _, to := range []float64{where - step, where + step} {
			loss, _, _, err := at(to)
			if err != nil {
				return nil, err
			}
			if loss < best {
				best, where = loss, to
			}
		}
	}
	if math.Abs(math.Sin(2*where)) < 0.05 || !series.Finite(best) {
		return nil, nil // an argument has its own axis
	}
	_, share, first, err := at(where)
	if err != nil {
		return nil, err
	}
	weights := []float64{1, 1}
	weights[1-first] = share
	along := slices.Clone(arguments[first])
	vector.Axpy(along, share, arguments[1-first])
	return []look{ridgeLook("angle", names, weights, first, newAxis(along))}, nil
}

// angles are tried, and a function with so many kinks less one along each.
const (
	angles     = 24
	angleKinks = 9
)

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
