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

// findRationals are looks at unknown u as products of its arguments over a polynomial
// that is fitted, 1 + Σ c·m for monomials m. The c begin where they make a
// candidate's formula g such a function along the data: g = Σ n·φ − Σ c·m·g is
// linear in both (the implicit regression of Mangan et al. 2016, on values of a
// formula instead of derivatives of data), and are refined by regression on the
// smoothed path. others are the terms of the other unknowns.
func findRationals(c *candidate, d *fit.Data, path *fit.Smoothed, u int, arguments [][]float64, others []fit.Term) ([]look, error) {
	names := d.Model.Unknowns[u].Arguments
	n := len(names)
	if n < 2 || n > 3 {
		return nil, nil
	}
	values, err := c.valuesAlong(u, names, arguments)
	if err != nil || !series.Finite(vector.Dot(values, values)) {
		return nil, err
	}
	var numerator [][]int
	for degree := 0; degree <= 2; degree++ {
		numerator = append(numerator, terms.Compositions(degree, n)...)
	}
	lines := terms.Compositions(1, n)
	squares := slices.DeleteFunc(terms.Compositions(2, n), func(p []int) bool { return !slices.Contains(p, 2) })
	kinds := []struct {
		name      string
		monomials [][]int
	}{{"lines", lines}, {"squares", squares}, {"quadratic", terms.Compositions(2, n)}}
	var out []look
	for _, k := range kinds {
		start := regressDenominator(arguments, values, numerator, k.monomials)
		if start == nil {
			continue
		}
		start, err := refineDenominator(d, path, u, arguments, others, numerator, k.monomials, start)
		if err != nil {
			return nil, err
		}
		out = append(out, rationalLook(k.name, names, numerator, k.monomials, start, newAxis(arguments[0])))
	}
	return out, nil
}

// regressDenominator regresses values on a numerator and a denominator; nil where the
// denominator comes near zero along the data, or hardly differs from 1.
func regressDenominator(arguments [][]float64, values []float64, numerator, denominator [][]int) []float64 {
	rows, columns := len(values), len(numerator)+len(denominator)
	a, scale := mat.NewDense(rows, columns, nil), make([]float64, columns)
	for k := range rows {
		for j, p := range numerator {
			a.Set(k, j, monomialValue(arguments, p, k))
		}
		for j, p := range denominator {
			a.Set(k, len(numerator)+j, -monomialValue(arguments, p, k)*values[k])
		}
	}
	for j := range columns {
		if scale[j] = mat.Norm(a.ColView(j), 2); !(scale[j] > 0) || !series.Finite(scale[j]) {
			return nil
		}
		for k := range rows {
			a.Set(k, j, a.At(k, j)/scale[j])
		}
	}
	var qr mat.QR
	qr.Factorize(a)
	var solved mat.Dense
	if err := qr.SolveTo(&solved, false, mat.NewDense(rows, 1, slices.Clone(values))); err != nil {
		return nil
	}
	out := make([]float64, len(denominator))
	for j := range out {
		out[j] = solved.At(len(numerator)+j, 0) / scale[len(numerator)+j]
	}
	const bent = 0.02
	if low, high := denominatorRange(arguments, denominator, out); !(low > nearZero*high) || high-low < bent {
		return nil
	}
	return out
}

// refineDenominator fits the denominator's numbers to the smoothed path by Gauss–Newton steps.
func refineDenominator(d *fit.Data, path *fit.Smoothed, u int, arguments [][]float64, others []fit.Term, numerator, denominator [][]int, start []float64) (numbers []float64, err error) {
	q := fraction{d, path, u, others, numerator, denominator}
	numbers = start
	best, top, err := q.fit(numbers, nil)
	if err != nil {
		return nil, err
	}
	for range refinements {
		_, theta, err := q.fit(numbers, top)
		if err != nil {
			return nil, err
		}
		moved := false
		for share := 1.0; share > 0.1 && !moved; share /= 2 {
			next := slices.Clone(numbers)
			vector.Axpy(next, share, theta[len(numerator):])
			if low, high := denominatorRange(arguments, denominator, next); !(low > nearZero*high) {
				continue
			}
			loss, above, err := q.fit(next, nil)
			if err != nil {
				return nil, err
			}
			if moved = loss < best*(1-1e-6); moved {
				best, numbers, top = loss, next, above
			}
		}
		if !moved {
			break
		}
	}
	return numbers, nil
}

// fraction is Σ n·φ/(1 + Σ c·m) of unknown u, with numbers c that are given.
type fraction struct {
	data                   *fit.Data
	path                   *fit.Smoothed
	unknown                int
	others                 []fit.Term // of the other unknowns
	numerator, denominator [][]int    // powers of the arguments
}

// fit regresses the path on the fraction's terms: loss is what they leave (in
// their own weights, see terms.Regression.Left: of two fractions it differs by rounding
// alone), theta the
// numerator's coefficients. With the numerator known the derivatives by c join, and
// the steps that they ask for follow in theta.
func (q fraction) fit(c, top []float64) (loss float64, theta []float64, err error) {
	names := q.data.Model.Unknowns[q.unknown].Arguments
	below := expr.Num(1)
	for j, p := range q.denominator {
		below = expr.Binary(expr.Add, below, expr.Binary(expr.Mul, expr.Num(c[j]), terms.Monomial(names, p)))
	}
	library := slices.Clone(q.others)
	above := expr.Num(0)
	for i, p := range q.numerator {
		library = append(library, fit.Term{Unknown: q.unknown, Factor: expr.Binary(expr.Div, terms.Monomial(names, p), below)})
		if top != nil {
			above = expr.Binary(expr.Add, above, expr.Binary(expr.Mul, expr.Num(-top[i]), terms.Monomial(names, p)))
		}
	}
	if top != nil {
		for _, p := range q.denominator {
			slope := expr.Binary(expr.Div, expr.Binary(expr.Mul, above, terms.Monomial(names, p)), expr.Binary(expr.Pow, below, expr.Num(2)))
			library = append(library, fit.Term{Unknown: q.unknown, Factor: slope})
		}
	}
	reg, err := terms.Regress(q.data, q.path, library)
	if err != nil {
		return 0, nil, err
	}
	s := reg.Quadratic(make([]float64, len(library))).Solve(terms.All(len(library)))
	return reg.Left(), s.Theta[len(q.others):len(library)], nil
}

// refinements bounds the steps on the smoothed path.
const refinements = 8

// nearZero is the least value of a denominator along the data, over the largest.
const nearZero = 0.05

// denominatorRange is the range of 1 + Σ c·m along the data.
func denominatorRange(arguments [][]float64, denominator [][]int, c []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for k := range arguments[0] {
		v := 1.0
		for j, p := range denominator {
			v += c[j] * monomialValue(arguments, p, k)
		}
		low, high = math.Min(low, v), math.Max(high, v)
	}
	return low, high
}

// monomialValue is a monomial's value at a sample.
func monomialValue(arguments [][]float64, powers []int, k int) float64 {
	v := 1.0
	for a, p := range powers {
		for range p {
			v *= arguments[a][k]
		}
	}
	return v
}

// rationalLook is the look along the numerator's monomials over 1 + Σ c·m.
func rationalLook(name string, arguments []string, numerator, denominator [][]int, start []float64, x axis) look {
	name = "rational-" + name
	var numbers []number
	for j, c := range start {
		width := math.Max(math.Abs(c), 1e-3*largestSize(start))
		numbers = append(numbers, number{fmt.Sprintf("below%d", j+1), func(axis) []float64 { return []float64{c} },
			func(axis) float64 { return c - 5*width }, func(axis) float64 { return c + 5*width }, 0, false})
	}
	parts := func(_ *expr.Expr, n []*expr.Expr) []*expr.Expr {
		below := expr.Num(1)
		for j, p := range denominator {
			below = expr.Binary(expr.Add, below, expr.Binary(expr.Mul, n[j], terms.Monomial(arguments, p)))
		}
		var out []*expr.Expr
		for _, p := range numerator {
			out = append(out, expr.Binary(expr.Div, terms.Monomial(arguments, p), below))
		}
		return out
	}
	return look{name: name, alone: true, instead: true, axis: x, families: []family{{name: name, numbers: numbers, parts: parts}}}
}

func largestSize(x []float64) float64 {
	out := 0.0
	for _, v := range x {
		out = math.Max(out, math.Abs(v))
	}
	return out
}
