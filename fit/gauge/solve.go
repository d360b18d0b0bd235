package gauge

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"govern/expr"
	"govern/record"
)

// Bounds and thresholds of the search for changes that hold.
const (
	sparePoints = 20   // beyond the number of coefficients that a condition is to determine
	mostActive  = 900  // coefficients in one condition: beyond it no change is looked for (n³: 900 take seconds)
	zero        = 1e-9 // of a row of norm one: what rounding leaves of a change that holds
	surely      = 1e-6 // what is less than a change that does not hold costs
	rounding    = 1e-12
)

// solutions returns a basis of the changes that hold at random points, in reduced
// echelon form; nil when the model cannot be evaluated at enough of them, or is too large.
//
// Conditions are imposed one after another, the simplest first, on what the ones before
// have left: each on as many points as it has coefficients left, and some more. So a
// channel that measures a state alone takes all changes of that state away before an
// equation is looked at, and equations that share nothing stay apart. A singular value
// that is neither rounding nor surely more is taken for a constraint, and what is
// left must hold at fresh points.
func (a *ansatz) solutions() [][]float64 {
	units := make([]float64, len(a.columns))
	for i, c := range a.columns {
		units[i] = a.unit(c)
	}
	a.row, a.out = make([]entry, len(a.columns)), make([]float64, len(a.columns))
	space := newSubspace(len(a.columns))
	rng := rand.New(rand.NewPCG(1, 2))
	conditions := a.conditions()
	for _, c := range conditions {
		active := space.active(c.columns)
		if len(active) == 0 {
			continue
		}
		if len(active) > mostActive {
			return nil
		}
		points, ok := a.imposed(space, active, c, units, rng, len(active)+sparePoints)
		if !ok {
			return nil
		}
		kept, doubtful := nullVectors(points)
		if doubtful { // more points may part rounding from what is small
			if points, ok = a.imposed(space, active, c, units, rng, 4*(len(active)+sparePoints)); !ok {
				return nil
			}
			kept, _ = nullVectors(points)
		}
		space.replace(active, kept)
	}
	var basis [][]float64
	for _, v := range space.dense() {
		if a.holds(v, conditions, units, rng) {
			basis = append(basis, v)
		}
	}
	return echelon(basis, units)
}

// condition is one thing that must hold at every point.
type condition struct {
	columns []int // that it may constrain
	atStart bool  // points are those where entries start
	row     func(p *pointRows, row []entry)
}

// entry of a row, with the size of what it is the sum of.
type entry struct{ value, size float64 }

// conditions lists what a change must do: leave every channel as it is, leave fixed
// starts, and solve every equation. The simplest come first.
func (a *ansatz) conditions() []condition {
	var out []condition
	for _, m := range a.channels {
		out = append(out, condition{columns: a.columnsOf(m), row: func(p *pointRows, row []entry) { p.change(row, 1, m) }})
	}
	if slices.ContainsFunc(a.data.Entries, func(e record.Entry) bool { return !e.Later }) {
		for i, s := range a.data.Model.States {
			if s.Fixed {
				m := motion{value: expr.Var(s.Name), byState: make([]*expr.Expr, len(a.states)), byParameter: make([]*expr.Expr, len(a.parameters))}
				for k := range m.byState {
					m.byState[k] = expr.Num(0)
				}
				for k := range m.byParameter {
					m.byParameter[k] = expr.Num(0)
				}
				m.byState[i] = expr.Num(1)
				out = append(out, condition{columns: a.columnsOf(m), atStart: true, row: func(p *pointRows, row []entry) { p.change(row, 1, m) }})
			}
		}
	}
	for i := range a.equations {
		out = append(out, condition{columns: a.columnsOfEquation(i), row: func(p *pointRows, row []entry) { p.equation(row, i) }})
	}
	slices.SortStableFunc(out, func(x, y condition) int { return len(x.columns) - len(y.columns) })
	return out
}

// columnsOf are the coefficients that the change of an expression may hold.
func (a *ansatz) columnsOf(m motion) []int {
	var out []int
	add := func(c column) {
		if i, ok := a.index[c]; ok {
			out = append(out, i)
		}
	}
	for i, s := range a.states {
		if isZero(m.byState[i]) {
			continue
		}
		add(offset(state, s))
		for _, q := range slices.Concat(a.states, a.parameters) {
			add(times(state, s, q))
		}
	}
	for i, p := range a.parameters {
		if isZero(m.byParameter[i]) {
			continue
		}
		add(offset(parameter, p))
		for _, q := range a.parameters {
			add(times(parameter, p, q))
		}
	}
	return out
}

// columnsOfEquation are the coefficients that the condition of an equation may hold.
func (a *ansatz) columnsOfEquation(i int) []int {
	out := a.columnsOf(a.equations[i])
	seen := map[int]bool{}
	for _, c := range out {
		seen[c] = true
	}
	add := func(list ...int) {
		for _, c := range list {
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	for k, c := range a.data.Calls {
		if isZero(a.equations[i].byCall[k]) {
			continue
		}
		for j, q := range a.columns {
			if q.kind == unknown && q.name == a.data.Model.Unknowns[c.Unknown].Name {
				add(j)
			}
		}
		for _, m := range a.arguments[k] {
			add(a.columnsOf(m)...)
		}
	}
	for _, s := range a.states {
		if j, ok := a.index[times(state, a.states[i], s)]; ok {
			add(j)
		}
	}
	return out
}

func isZero(e *expr.Expr) bool { return e.Kind == expr.Number && e.Value == 0 }

// imposed are rows of a condition on the active vectors, of norm one in their
// coefficients, at so many random points; false where the model has no value at most of them.
func (a *ansatz) imposed(space *subspace, active []int, c condition, units []float64, rng *rand.Rand, points int) (*mat.Dense, bool) {
	out := mat.NewDense(points, len(active), nil)
	count := 0
	live := a.look(space.live(active))
	for tries := 0; count < points; tries++ {
		if tries >= 20*points {
			return nil, false
		}
		row, ok := a.rowAt(c, a.point(rng, c.atStart), live, units, rng)
		if !ok {
			continue
		}
		for k, v := range active {
			out.Set(count, k, space.dot(v, row))
		}
		count++
	}
	return out, true
}

// rowAt is, until the next call, a condition at a point, of norm one in live coefficients of the given units;
// entries that are rounding errors of what they sum up are zero. False where it has no value.
func (a *ansatz) rowAt(c condition, at map[string]float64, live looked, units []float64, rng *rand.Rand) ([]float64, bool) {
	p := &pointRows{ansatz: a, at: at, looked: live, rng: rng}
	for _, i := range c.columns {
		a.row[i] = entry{}
	}
	c.row(p, a.row)
	row, out := a.row, a.out
	clear(out)
	norm := 0.0
	for _, i := range c.columns {
		if !live.live[i] || math.Abs(row[i].value) <= rounding*row[i].size {
			continue
		}
		out[i] = row[i].value * units[i]
		norm += out[i] * out[i]
	}
	if norm = math.Sqrt(norm); math.IsNaN(norm) || math.IsInf(norm, 0) {
		return nil, false
	}
	if norm > 0 {
		for _, i := range c.columns {
			out[i] /= norm
		}
	}
	return out, true
}

// nullVectors are the combinations of columns that rows do not constrain; doubtful says
// that a singular value is neither rounding nor surely more.
func nullVectors(rows *mat.Dense) (null [][]float64, doubtful bool) {
	var qr mat.QR
	if qr.Factorize(rows); qr.Cond() < 1e-2/surely {
		return nil, false // the usual case, at a tenth of the cost
	}
	count, _ := rows.Dims()
	var svd mat.SVD
	if !svd.Factorize(rows, mat.SVDThinV) {
		return nil, true
	}
	var v mat.Dense
	svd.VTo(&v)
	size := math.Sqrt(float64(count))
	for k, s := range svd.Values(nil) {
		switch {
		case s < zero*size:
			null = append(null, mat.Col(nil, k, &v))
		case s < surely*size:
			doubtful = true
		}
	}
	return null, doubtful
}

// holds says that a change satisfies all conditions at fresh points.
func (a *ansatz) holds(v []float64, conditions []condition, units []float64, rng *rand.Rand) bool {
	const fresh = 12
	held := make([]bool, len(v))
	for i := range v {
		held[i] = v[i] != 0
	}
	live := a.look(held)
	for _, c := range conditions {
		if !slices.ContainsFunc(c.columns, func(i int) bool { return held[i] }) {
			continue
		}
		for count, tries := 0, 0; count < fresh && tries < 20*fresh; tries++ {
			row, ok := a.rowAt(c, a.point(rng, c.atStart), live, units, rng)
			if !ok {
				continue
			}
			sum := 0.0
			for i := range v {
				sum += row[i] * v[i]
			}
			if math.Abs(sum) > surely {
				return false
			}
			count++
		}
	}
	return true
}

// point draws states, parameters, inputs and a time of the data; at a start fixed states
// are what they are. Values and slopes of calls are drawn where they are needed.
func (a *ansatz) point(rng *rand.Rand, start bool) map[string]float64 {
	entry := a.data.Entries[rng.IntN(len(a.data.Entries))]
	first, last := entry.Times[0], entry.Times[len(entry.Times)-1]
	at := map[string]float64{"t": first + (last-first)*rng.Float64()}
	if start {
		at["t"] = first
	}
	for name, v := range a.value {
		at[name] = v
	}
	around := func(name string) float64 {
		return a.value[name]*(1+0.3*rng.NormFloat64()) + 0.1*a.sizeOf(name)*rng.NormFloat64()
	}
	for _, s := range a.states {
		at[s] = around(s) + a.sizeOf(s)*(1+rng.NormFloat64())
	}
	for _, p := range a.parameters {
		at[p] = around(p)
	}
	// Conditions take the values that they have in the data: a change must hold in
	// every entry at once.
	for name, v := range entry.Set {
		at[name] = v
	}
	for _, s := range a.data.Model.States {
		if start && s.Fixed {
			at[s.Name] = s.Value
		}
	}
	for _, u := range a.data.Model.Inputs {
		at[u] = a.sizeOf(u) * rng.NormFloat64()
	}
	return at
}

// pointRows writes conditions at one point, in live coefficients.
type pointRows struct {
	*ansatz
	looked
	at  map[string]float64
	rng *rand.Rand
}

// looked are the coefficients that are looked at, and the names that they change.
type looked struct {
	live  []bool
	names map[changed]bool
}

// changed is a name that a coefficient changes.
type changed struct {
	kind kind
	name string
}

func (a *ansatz) look(live []bool) looked {
	out := looked{live, map[changed]bool{}}
	for i, c := range a.columns {
		if live[i] {
			out.names[changed{c.kind, c.name}] = true
		}
	}
	return out
}

// value of a name at the point; that of a call or of its slope is drawn when it is
// asked for first.
func (p *pointRows) value(name string) (float64, bool) {
	v, ok := p.at[name]
	if ok {
		return v, true
	}
	size, drawn := p.drawn[name]
	if drawn {
		v = size * p.rng.NormFloat64()
		p.at[name] = v
	}
	return v, drawn
}

// equation is the condition δ(right-hand side i) − Σ ∂(δstate i)/∂s·ds/dt = 0: the
// change of the motion is the motion of the change.
func (p *pointRows) equation(row []entry, i int) {
	p.change(row, 1, p.equations[i])
	for k := range p.data.Calls {
		if d := p.equations[i].byCall[k]; !isZero(d) {
			p.changeCall(row, p.eval(d), k)
		}
	}
	for j, s := range p.states {
		if c := times(state, p.states[i], s); p.isLive(c) {
			p.add(row, -p.eval(p.equations[j].value), c)
		}
	}
}

// isLive says that a coefficient is looked at.
func (p *pointRows) isLive(c column) bool {
	i, ok := p.index[c]
	return ok && p.live[i]
}

// change adds weight times the change of an expression of states and parameters.
func (p *pointRows) change(row []entry, weight float64, m motion) {
	for i, s := range p.states {
		if isZero(m.byState[i]) || !p.names[changed{state, s}] {
			continue
		}
		v := weight * p.eval(m.byState[i])
		p.add(row, v, offset(state, s))
		for _, q := range p.states {
			p.add(row, v*p.at[q], times(state, s, q))
		}
		for _, q := range p.parameters {
			p.add(row, v*p.at[q], times(state, s, q))
		}
	}
	for i, s := range p.parameters {
		if isZero(m.byParameter[i]) || !p.names[changed{parameter, s}] {
			continue
		}
		v := weight * p.eval(m.byParameter[i])
		p.add(row, v, offset(parameter, s))
		for _, q := range p.parameters {
			p.add(row, v*p.at[q], times(parameter, s, q))
		}
	}
}

// changeCall adds weight times the change of call k: that of its unknown, and that
// of its arguments times its slopes.
func (p *pointRows) changeCall(row []entry, weight float64, k int) {
	u := p.data.Model.Unknowns[p.data.Calls[k].Unknown].Name
	value, _ := p.value(callName(k))
	p.add(row, weight*value, scaling(unknown, u))
	p.add(row, weight, offset(unknown, u))
	for _, q := range p.parameters {
		p.add(row, weight*p.at[q], times(unknown, u, q))
	}
	for i, m := range p.arguments[k] {
		slope, _ := p.value(slopeName(k, i))
		value := p.eval(m.value)
		p.change(row, weight*slope, m)
		p.add(row, weight*value, ofArgument(u, argument, i))
		p.add(row, weight*slope, ofArgument(u, shift, i))
		p.add(row, weight*slope*value, ofArgument(u, scale, i))
	}
}

// add adds to a column, if the ansatz has it.
func (p *pointRows) add(row []entry, v float64, c column) {
	if i, ok := p.index[c]; ok && p.live[i] && v != 0 {
		row[i].value += v
		row[i].size += math.Abs(v)
	}
}

// eval is NaN where the expression has no value at the point.
func (p *pointRows) eval(e *expr.Expr) float64 {
	v, err := expr.Eval(e, p.value)
	if err != nil {
		return math.NaN()
	}
	return v
}

// echelon reduces rows so that each has a column of its own with a one, and
// cleans what rounding has left. Columns are in the given units, and come out
// without.
func echelon(rows [][]float64, units []float64) [][]float64 {
	if len(rows) == 0 {
		return nil
	}
	eliminate(rows)
	for _, r := range rows {
		first := slices.IndexFunc(r, func(v float64) bool { return math.Abs(v) >= 1e-5 })
		for i, v := range r {
			if math.Abs(v) < 1e-5 {
				r[i] = 0
				continue
			}
			r[i] = nearTwelfth(v * units[i] / units[first])
		}
	}
	return rows
}

// eliminate is Gauss–Jordan elimination with row pivots.
func eliminate(rows [][]float64) {
	done := 0
	for col := 0; col < len(rows[0]) && done < len(rows); col++ {
		best := done
		for r := done; r < len(rows); r++ {
			if math.Abs(rows[r][col]) > math.Abs(rows[best][col]) {
				best = r
			}
		}
		if math.Abs(rows[best][col]) < 1e-6 {
			continue
		}
		rows[done], rows[best] = rows[best], rows[done]
		pivot := rows[done][col]
		for i := range rows[done] {
			rows[done][i] /= pivot
		}
		for r := range rows {
			if f := rows[r][col]; r != done && f != 0 {
				for i := range rows[r] {
					rows[r][i] -= f * rows[done][i]
				}
			}
		}
		done++
	}
}

// nearTwelfth rounds a number that is a multiple of 1/12 but for rounding errors:
// exponents of scalings are such fractions.
func nearTwelfth(v float64) float64 {
	if n := math.Round(v * 12); math.Abs(v) > 1e-2 && math.Abs(v*12-n) < 1e-4 {
		return n / 12
	}
	return v
}
