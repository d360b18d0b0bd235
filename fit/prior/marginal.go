package prior

import (
	"math"
	"slices"

	"govern/optim"
	"govern/series"
)

// DrawnEvidence is what values that are drawn from a distribution add to −2 log
// evidence beside their squares: they are integrated out, given the other
// columns.
func (s *Set) DrawnEvidence(f *optim.Factor) float64 {
	if len(s.Drawn) == 0 {
		return 0
	}
	r, z := f.Information()
	columns := make([]int, len(s.Drawn))
	sum := 0.0
	for i, b := range s.Drawn {
		columns[i] = b.Column
		sum += 2 * math.Log(s.Spreads[b.Spread].Value)
	}
	return sum + logGram(r, len(z), columns)
}

// UpdateSpreads moves the spreads to where their marginal likelihood is largest; f is
// the factorisation at a border, the rows of drawn priors its late ones.
func (s *Set) UpdateSpreads(f *optim.Factor, border []float64) {
	if len(s.Drawn) == 0 || f == nil {
		return
	}
	r, z, _ := f.Before()
	newMarginal(r, z, s.Drawn, border).update(s.Spreads)
}

// Widen makes a covariance of the columns that of one whose spreads are learned.
func (s *Set) Widen(covariance []float64, f *optim.Factor, border []float64) {
	if len(s.Drawn) == 0 || f == nil || covariance == nil {
		return
	}
	r, z, _ := f.Before()
	newMarginal(r, z, s.Drawn, border).widen(covariance, len(border), s.Spreads)
}

// logGram is log det of the Gram matrix of some columns of the n×n matrix r.
func logGram(r []float64, n int, columns []int) float64 {
	rows := make([]float64, n*(len(columns)+1))
	for i := range n {
		for j, c := range columns {
			rows[i*(len(columns)+1)+j] = r[i*n+c]
		}
	}
	_, border := factorised(rows, len(columns)).LogDet()
	return border
}

// marginal is the likelihood of spreads with everything else integrated out: the
// restricted likelihood of a linear mixed model (Patterson and Thompson, Biometrika
// 58 (1971) 545–554), in Laplace's approximation around a border. It keeps the
// drawn columns and their means alone, the others are integrated out once.
type marginal struct {
	columns []int     // of the border, those that are kept
	rows    []float64 // what the data and given priors say about them
	drawn   []Normal  // in the kept columns
	border  []float64 // kept
	sd      []float64 // of every drawn column, by rows alone; +Inf where they say nothing
	best    []float64 // of every drawn column, by rows alone
}

func newMarginal(r, z []float64, drawn []Normal, border []float64) *marginal {
	n := len(border)
	m := &marginal{}
	kept := map[int]int{}
	keep := func(column int) int {
		if _, ok := kept[column]; !ok {
			kept[column] = len(m.columns)
			m.columns, m.border = append(m.columns, column), append(m.border, border[column])
		}
		return kept[column]
	}
	for _, b := range drawn {
		b.Column, b.Mean = keep(b.Column), keep(b.Mean)
		m.drawn = append(m.drawn, b)
	}
	// Triangularised with the kept columns last, the corner is what is left for them.
	var order []int
	for c := range n {
		if _, ok := kept[c]; !ok {
			order = append(order, c)
		}
	}
	order = append(order, m.columns...)
	rows := make([]float64, 0, n*(n+1))
	for i := range n {
		for _, c := range order {
			rows = append(rows, r[i*n+c])
		}
		rows = append(rows, z[i])
	}
	f := factorised(rows, n)
	whole, right := f.Information()
	k := len(m.columns)
	corner := make([]float64, 0, k*k)
	for i := n - k; i < n; i++ {
		corner = append(corner, whole[i*n+n-k:(i+1)*n]...)
		m.rows = append(append(m.rows, whole[i*n+n-k:(i+1)*n]...), right[i])
	}
	covariance := optim.InverseGram(corner, k)
	step := make([]float64, k)
	factorised(m.rows, k).SolveBorder(step)
	for _, b := range m.drawn {
		m.sd = append(m.sd, math.Sqrt(covariance[b.Column*k+b.Column]))
		m.best = append(m.best, m.border[b.Column]+step[b.Column])
	}
	return m
}

// factorised is the factorisation of rows on a border of n columns alone.
func factorised(rows []float64, n int) *optim.Factor {
	f := &optim.Factor{}
	f.Eliminate(&optim.Linear{N: 1, P: n, Prior: rows}, optim.Damping{})
	return f
}

// The spreads that are looked at are within spreadReach of what the values show by
// themselves; sweeps over several parameters end after spreadSweeps.
const (
	spreadReach  = 1e3
	spreadSweeps = 3
)

// update moves spreads to the best and bounds them.
func (m *marginal) update(spreads []Spread) {
	sweeps := 1
	if len(spreads) > 1 {
		sweeps = spreadSweeps
	}
	for range sweeps {
		for k := range spreads {
			size := m.size(k)
			if !(size > 0) {
				continue // nothing is known of its values
			}
			at := func(log float64) float64 {
				spreads[k].Value = math.Exp(log)
				return m.loss(spreads)
			}
			low, high := math.Log(size/spreadReach), math.Log(size*spreadReach)
			best := optim.ScalarMinimum(at, low, high)
			least := at(best)
			spreads[k].Low, spreads[k].High = math.Exp(optim.ScalarCrossing(at, best, low, least+spreadRise)), math.Exp(optim.ScalarCrossing(at, best, high, least+spreadRise))
			if spreads[k].Low <= math.Exp(low)*1.001 {
				spreads[k].Low = 0
			}
			if spreads[k].High >= math.Exp(high)/1.001 {
				spreads[k].High = math.Inf(1)
			}
			spreads[k].Value = math.Exp(best)
		}
	}
}

// spreadRise of −2 log L bounds a 95 % interval: the quantile of χ² with one degree
// of freedom.
const spreadRise = 3.841458820694124

// size is how far the values of spread k lie apart by themselves, or how uncertain
// they are where they do not.
func (m *marginal) size(k int) float64 {
	var values, sds []float64
	for i, b := range m.drawn {
		if b.Spread == k && !math.IsInf(m.sd[i], 0) && !math.IsNaN(m.sd[i]) {
			values, sds = append(values, m.best[i]), append(sds, m.sd[i])
		}
	}
	if len(values) == 0 {
		return 0
	}
	// Half of the values may be badly determined: medians.
	centre := series.UpperMedian(values)
	for i, v := range values {
		values[i] = math.Abs(v - centre)
	}
	return math.Max(series.UpperMedian(values), series.UpperMedian(sds))
}

// loss is −2 log of the marginal likelihood.
func (m *marginal) loss(spreads []Spread) float64 {
	v, _ := m.evaluate(spreads)
	return v
}

// evaluate is the loss at some spreads, with the factorisation that it was computed from.
func (m *marginal) evaluate(spreads []Spread) (float64, *optim.Factor) {
	f := factorised(appendRows(slices.Clone(m.rows), m.drawn, spreads, m.border), len(m.border))
	_, logDet := f.LogDet()
	sum := f.Residual() + logDet
	for _, b := range m.drawn {
		sum += 2 * math.Log(spreads[b.Spread].Value)
	}
	return sum, f
}

// widen makes a covariance of the border, n×n, that of columns whose spreads are
// not known but learned: the mean squares around the border over the posterior of each spread, under a
// half-Cauchy prior as wide as the values lie apart (Gelman, Bayesian Analysis 1 (2006)
// 515–533). Correlations stay.
func (m *marginal) widen(covariance []float64, n int, spreads []Spread) {
	const points, range10 = 40, 2
	k := len(m.columns)
	factor := make([]float64, k)
	for i := range factor {
		factor[i] = 1
	}
	for s := range spreads {
		size := m.size(s)
		if !(size > 0) {
			continue
		}
		trial := slices.Clone(spreads)
		losses, weights := make([]float64, points), make([]float64, points)
		squares := make([][]float64, points)
		for i := range points {
			tau := size * math.Pow(10, range10*(2*float64(i)/(points-1)-1))
			trial[s].Value = tau
			loss, f := m.evaluate(trial)
			losses[i], weights[i] = loss, tau/(1+tau*tau/(size*size))
			step := make([]float64, k)
			f.SolveBorder(step)
			own := f.BorderCovariance()
			squares[i] = make([]float64, k)
			for c := range k {
				squares[i][c] = own[c*k+c] + step[c]*step[c]
			}
		}
		least, total := slices.Min(losses), 0.0
		mean := make([]float64, k)
		for i := range points {
			w := weights[i] * math.Exp((least-losses[i])/2)
			total += w
			for c := range k {
				mean[c] += w * squares[i][c]
			}
		}
		for c, column := range m.columns {
			if v := covariance[column*n+column]; v > 0 && !math.IsInf(v, 0) && !math.IsInf(mean[c], 0) {
				factor[c] = math.Max(factor[c], math.Sqrt(mean[c]/total/v))
			}
		}
	}
	for c, column := range m.columns {
		for j := range n {
			covariance[column*n+j] *= factor[c]
			covariance[j*n+column] *= factor[c]
		}
	}
}
