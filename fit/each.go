package fit

import (
	"math"
	"slices"

	"govern/model"
	"govern/optim"
	"govern/record"
)

// local is a parameter of the equations that is not the same in every entry: it has
// values of their own (model.PerEntry), or is fitted and known in some of them.
type local struct {
	name   string
	own    bool // it has values of their own
	fitted bool // some of its values are; else all are known
}

// findLocals lists the parameters that are not the same in every entry; set are
// those that entries set.
func (d *Data) findLocals(set map[string]bool) {
	rank := 0
	d.members, d.rank = map[[2]string]int{}, make([]int, len(d.Model.Parameters))
	for i, p := range d.Model.Parameters {
		if d.rank[i] = rank; p.Fit {
			rank++
		}
		if p.Fit {
			d.columns = append(d.columns, p.Name)
		}
		if p.Of == "" {
			continue
		}
		d.members[[2]string{p.Of, p.Entry}] = i
		k := d.local(p.Of)
		if k < 0 {
			k = len(d.locals)
			d.locals = append(d.locals, local{name: p.Of, own: true})
		}
		d.locals[k].fitted = d.locals[k].fitted || p.Fit
	}
	for _, p := range d.Model.Parameters {
		if p.Fit && set[p.Name] && d.local(p.Name) < 0 {
			d.locals = append(d.locals, local{name: p.Name, fitted: true})
		}
	}
}

// local is the index of a parameter among those that are not the same in every
// entry; −1 when it is.
func (d *Data) local(name string) int {
	return slices.IndexFunc(d.locals, func(l local) bool { return l.name == name })
}

// own is what such a parameter has in entry e: the index among
// the fitted parameters, or −1 and a known value.
func (d *Data) own(name string, e *record.Entry) (index int, known float64) {
	if v, ok := e.Set[name]; ok {
		return -1, v
	}
	i, ok := d.members[[2]string{name, e.Name}]
	switch {
	case !ok && d.locals[d.local(name)].own:
		return -1, d.Model.Parameters[d.Model.ParameterIndex(name)].Value
	case !ok:
		return d.rank[d.Model.ParameterIndex(name)], 0
	case d.Model.Parameters[i].Fit:
		return d.rank[i], 0
	}
	return -1, d.Model.Parameters[i].Value
}

// start is what a parameter that is not the same in every entry begins with in one.
func (d *Data) start(name string, e *record.Entry) float64 {
	k, v := d.own(name, e)
	if k < 0 {
		return v
	}
	return d.Model.Parameters[d.Model.ParameterIndex(d.columns[k])].Value
}

// holding is the data for a stage with the given columns: a parameter that is not
// the same in every entry and has none among them is a condition there.
func (d *Data) holding(columns []Column) *Data {
	out := d
	for _, l := range d.locals {
		if !l.fitted || slices.ContainsFunc(columns, func(c Column) bool {
			i := d.Model.ParameterIndex(c.Name)
			return i >= 0 && d.inEquations(&d.Model.Parameters[i]) == l.name
		}) {
			continue
		}
		if out == d {
			c := *d
			c.conditions = slices.Clone(d.conditions)
			out = &c
		}
		out.conditions = append(out.conditions, l.name)
	}
	return out
}

// Own is the value that a parameter that is not the same in every entry has in one, given
// the model's fitted parameters in their order.
func (d *Data) Own(name string, e *record.Entry, parameters []float64) float64 {
	if k, v := d.own(name, e); k < 0 {
		return v
	} else {
		return parameters[k]
	}
}

// Differing names the parameters with values of entries that are fitted.
func (d *Data) Differing() []string {
	var out []string
	for _, l := range d.locals {
		if l.fitted && l.own {
			out = append(out, l.name)
		}
	}
	return out
}

// Fits says that a parameter has a value in an entry that is fitted, not known.
func (d *Data) Fits(name string, e *record.Entry) bool {
	k, _ := d.own(name, e)
	return k >= 0
}

// Free says that a fit moves a parameter in the equations of every entry: it is
// fitted, or values of it are, and no entry knows it.
func (d *Data) Free(p *model.Parameter) bool {
	differs := false
	if k := d.local(p.Name); k >= 0 {
		if differs = d.locals[k].fitted; !d.locals[k].own {
			return false
		}
	}
	return (p.Fit || differs) && !slices.Contains(d.conditions, p.Name)
}

// inEquations is the name under which equations know a fitted parameter; empty for
// the mean of values that differ between entries.
func (d *Data) inEquations(p *model.Parameter) string {
	switch {
	case p.Of != "":
		return p.Of
	case d.local(p.Name) >= 0 && d.locals[d.local(p.Name)].own:
		return ""
	}
	return p.Name
}

// belief is a normal prior of a column: around a value, or around the column that is
// the mean of its like.
type belief struct {
	column int
	mean   int     // column; −1: value
	value  float64 // in its place
	sd     float64 // of a prior that is given
	spread int     // index of the spread, for one that is learned
}

// beliefs are the priors of columns: given ones, and those of values that are drawn
// from a distribution of which the spread is learned.
func (d *Data) beliefs(columns []Column) (given, drawn []belief) {
	at := map[string]int{}
	for k, c := range columns {
		at[c.Name] = k
	}
	spreads := d.Spreads()
	for k, c := range columns {
		i := d.Model.ParameterIndex(c.Name)
		if i < 0 {
			continue
		}
		p := &d.Model.Parameters[i]
		if p.SD > 0 {
			given = append(given, belief{column: k, mean: -1, value: p.Value, sd: p.SD})
		}
		if s := slices.Index(spreads, p.Of); s >= 0 {
			if mean, ok := at[p.Of]; ok {
				drawn = append(drawn, belief{column: k, mean: mean, spread: s})
			}
		}
	}
	return given, drawn
}

// Spreads names the parameters whose values of entries are drawn from one normal
// distribution with a mean and a spread that are learned.
func (d *Data) Spreads() []string {
	var out []string
	for _, p := range d.Model.Parameters {
		if p.Spread && p.Fit && d.local(p.Name) >= 0 {
			out = append(out, p.Name)
		}
	}
	return out
}

// startSpreads are the spreads before anything is known of them: as large as the
// values.
func (d *Data) startSpreads() []Spread {
	var out []Spread
	for _, name := range d.Spreads() {
		s := math.Abs(d.Model.Parameters[d.Model.ParameterIndex(name)].Value)
		if s == 0 {
			s = 1
		}
		out = append(out, Spread{Parameter: name, Value: s, Low: 0, High: math.Inf(1)})
	}
	return out
}

// Spread is the standard deviation of a parameter between entries.
type Spread struct {
	Parameter string
	Value     float64
	Low, High float64 // where −2 log of its marginal likelihood has risen by 3.84
}

// residual of a belief at a border.
func (b *belief) residual(border []float64, spreads []Spread) (r, sd float64) {
	sd, mean := b.sd, b.value
	if b.mean >= 0 {
		sd, mean = spreads[b.spread].Value, border[b.mean]
	}
	return (border[b.column] - mean) / sd, sd
}

// believed is the priors' part of an objective: weights, given priors and spreads.
func (s *stage) believed(border []float64) float64 {
	sum := ridgePrior(border[s.named:])
	for _, list := range [][]belief{s.given, s.drawn} {
		for i := range list {
			r, _ := list[i].residual(border, s.spreads)
			sum += r * r
		}
	}
	return sum
}

// pullBeliefs adds share times the priors' gradient.
func (s *stage) pullBeliefs(border, gradient []float64, share float64) {
	for j := s.named; j < len(border); j++ {
		gradient[j] += share * 2 * ridge * border[j]
	}
	for _, list := range [][]belief{s.given, s.drawn} {
		for i := range list {
			b := &list[i]
			r, sd := b.residual(border, s.spreads)
			gradient[b.column] += share * 2 * r / sd
			if b.mean >= 0 {
				gradient[b.mean] -= share * 2 * r / sd
			}
		}
	}
}

// beliefRows appends the rows of priors at a border.
func beliefRows(rows []float64, list []belief, spreads []Spread, border []float64) []float64 {
	width := len(border) + 1
	for i := range list {
		b := &list[i]
		r, sd := b.residual(border, spreads)
		at := len(rows)
		for range width {
			rows = append(rows, 0)
		}
		rows[at+b.column], rows[at+width-1] = 1/sd, r
		if b.mean >= 0 {
			rows[at+b.mean] = -1 / sd
		}
	}
	return rows
}

// drawnEvidence is what values that are drawn from a distribution add to −2 log
// evidence beside their squares: they are integrated out, given the other
// columns.
func (s *stage) drawnEvidence(f *optim.Factor) float64 {
	if len(s.drawn) == 0 || s.held != nil {
		return 0
	}
	r, _ := f.Information()
	columns := make([]int, len(s.drawn))
	sum := 0.0
	for i, b := range s.drawn {
		columns[i] = b.column
		sum += 2 * math.Log(s.spreads[b.spread].Value)
	}
	return sum + logGram(r, len(s.columns), columns)
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

// updateSpreads moves the spreads to where their marginal likelihood is largest.
func (s *stage) updateSpreads(f *optim.Factor, border []float64) {
	if len(s.drawn) == 0 || f == nil {
		return
	}
	r, z, _ := f.Before()
	newMarginal(r, z, s.drawn, border).update(s.spreads)
}

// widen makes a covariance of the columns that of one whose spreads are learned.
func (s *stage) widen(covariance []float64, f *optim.Factor, border []float64) {
	if len(s.drawn) == 0 || f == nil || covariance == nil {
		return
	}
	r, z, _ := f.Before()
	newMarginal(r, z, s.drawn, border).widen(covariance, len(border), s.spreads)
}

// marginal is the likelihood of spreads with everything else integrated out: the
// restricted likelihood of a linear mixed model (Patterson and Thompson, Biometrika
// 58 (1971) 545–554), in Laplace's approximation around a border. It keeps the
// drawn columns and their means alone, the others are integrated out once.
type marginal struct {
	columns []int     // of the border, those that are kept
	rows    []float64 // what the data and given priors say about them
	drawn   []belief  // in the kept columns
	border  []float64 // kept
	sd      []float64 // of every drawn column, by rows alone; +Inf where they say nothing
	best    []float64 // of every drawn column, by rows alone
}

func newMarginal(r, z []float64, drawn []belief, border []float64) *marginal {
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
		b.column, b.mean = keep(b.column), keep(b.mean)
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
		m.sd = append(m.sd, math.Sqrt(covariance[b.column*k+b.column]))
		m.best = append(m.best, m.border[b.column]+step[b.column])
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
	golden       = 0.6180339887498949
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
			best := minimum(at, low, high)
			least := at(best)
			spreads[k].Low, spreads[k].High = math.Exp(crossing(at, best, low, least+spreadRise)), math.Exp(crossing(at, best, high, least+spreadRise))
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
		if b.spread == k && !math.IsInf(m.sd[i], 0) && !math.IsNaN(m.sd[i]) {
			values, sds = append(values, m.best[i]), append(sds, m.sd[i])
		}
	}
	if len(values) == 0 {
		return 0
	}
	// Half of the values may be badly determined: medians.
	centre := middle(values)
	for i, v := range values {
		values[i] = math.Abs(v - centre)
	}
	return math.Max(middle(values), middle(sds))
}

func middle(x []float64) float64 {
	c := slices.Clone(x)
	slices.Sort(c)
	return c[len(c)/2]
}

// loss is −2 log of the marginal likelihood.
func (m *marginal) loss(spreads []Spread) float64 {
	v, _ := m.at(spreads)
	return v
}

// at is the loss at some spreads, with the factorisation that it was computed from.
func (m *marginal) at(spreads []Spread) (float64, *optim.Factor) {
	f := factorised(beliefRows(slices.Clone(m.rows), m.drawn, spreads, m.border), len(m.border))
	_, logDet := f.LogDet()
	sum := f.Residual() + logDet
	for _, b := range m.drawn {
		sum += 2 * math.Log(spreads[b.spread].Value)
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
			loss, f := m.at(trial)
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

// minimum of a function with one or few minima on an interval: a grid, then golden
// sections around its best point.
func minimum(f func(float64) float64, low, high float64) float64 {
	const points, rounds = 28, 24
	best, least := low, math.Inf(1)
	step := (high - low) / points
	for i := range points + 1 {
		x := low + float64(i)*step
		if v := f(x); v < least {
			best, least = x, v
		}
	}
	a, b := math.Max(best-step, low), math.Min(best+step, high)
	x, y := b-golden*(b-a), a+golden*(b-a)
	fx, fy := f(x), f(y)
	for range rounds {
		if fx < fy {
			b, y, fy = y, x, fx
			x = b - golden*(b-a)
			fx = f(x)
		} else {
			a, x, fx = x, y, fy
			y = a + golden*(b-a)
			fy = f(y)
		}
	}
	return (a + b) / 2
}

// crossing is where f rises through a level on the way from a minimum to an end;
// the end where it does not.
func crossing(f func(float64) float64, from, to, level float64) float64 {
	const steps, rounds = 40, 30
	before := from
	for i := 1; i <= steps; i++ {
		x := from + (to-from)*float64(i)/steps
		if f(x) < level {
			before = x
			continue
		}
		for range rounds {
			mid := (before + x) / 2
			if f(mid) < level {
				before = mid
			} else {
				x = mid
			}
		}
		return before
	}
	return to
}

// fieldNames are the columns as equations name them: one name for all columns that
// are its values in different entries. shared is the column of each name, −1 for
// such; nil where there are none.
func (d *Data) fieldNames(columns []Column) (names []string, shared []int) {
	differ := false
	for k, c := range columns {
		name, i := c.Name, d.Model.ParameterIndex(c.Name)
		if i >= 0 {
			name = d.inEquations(&d.Model.Parameters[i])
		}
		switch {
		case name == c.Name && d.local(name) < 0:
			shared = append(shared, k)
		case name == "" || slices.Contains(names, name):
			differ = true
			continue
		default:
			differ = true
			shared = append(shared, -1)
		}
		names = append(names, name)
	}
	if !differ {
		return names, nil
	}
	return names, shared
}
