package gauge

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"govern/expr"
)

// solutions returns a basis of the changes that hold at random points, in reduced
// echelon form; nil when the model cannot be evaluated at enough of them.
func (a *ansatz) solutions() [][]float64 {
	width := len(a.columns)
	units := make([]float64, width)
	for i, c := range a.columns {
		units[i] = a.unit(c)
	}
	rows := a.conditions(units)
	count := len(rows) / width
	if count < width {
		return nil
	}
	var svd mat.SVD
	if !svd.Factorize(mat.NewDense(count, width, rows), mat.SVDThinV) {
		return nil
	}
	values := svd.Values(nil)
	var v mat.Dense
	svd.VTo(&v)
	var basis [][]float64
	for k, s := range values {
		if s < 1e-9*values[0] {
			basis = append(basis, mat.Col(nil, k, &v))
		}
	}
	return echelon(basis, units)
}

// conditions are rows of norm one on the coefficients in the given units, from
// as many random points as are needed.
func (a *ansatz) conditions(units []float64) []float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	width := len(units)
	var rows []float64
	count := 0
	for tries := 0; count < 2*width+20 && tries < 40*width; tries++ {
		for _, row := range a.rowsAt(a.point(rng)) {
			norm := 0.0
			for i := range row {
				row[i] *= units[i]
				norm += row[i] * row[i]
			}
			if norm = math.Sqrt(norm); !(norm > 0) || math.IsInf(norm, 0) {
				continue
			}
			for _, v := range row {
				rows = append(rows, v/norm)
			}
			count++
		}
	}
	return rows
}

// point draws states, parameters, inputs, time, and values and slopes of every
// call.
func (a *ansatz) point(rng *rand.Rand) map[string]float64 {
	at := map[string]float64{"t": a.data.Time * rng.NormFloat64()}
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
	for name, v := range a.data.Entries[rng.IntN(len(a.data.Entries))].Set {
		at[name] = v
	}
	for _, u := range a.data.Model.Inputs {
		at[u] = a.sizeOf(u) * rng.NormFloat64()
	}
	for k, c := range a.data.Calls {
		at[callName(k)] = a.sizeOf(callName(k)) * rng.NormFloat64()
		for i := range a.data.Model.Unknowns[c.Unknown].Arguments {
			at[slopeName(k, i)] = a.sizeOf(callName(k)) / a.argumentSize(c, i) * rng.NormFloat64()
		}
	}
	return at
}

// rowsAt are the conditions at a point: that the changed motion solves the changed
// equations, and that no channel changes. Nil where one cannot be evaluated.
func (a *ansatz) rowsAt(at map[string]float64) [][]float64 {
	p := &pointRows{ansatz: a, at: at}
	flow := make([]float64, len(a.equations))
	for i, m := range a.equations {
		flow[i] = p.eval(m.value)
	}
	var out [][]float64
	for i := range a.equations {
		out = append(out, p.equation(i, flow))
	}
	for _, m := range a.channels {
		row := make([]float64, len(a.columns))
		p.change(row, 1, m)
		out = append(out, row)
	}
	for _, row := range out {
		if slices.ContainsFunc(row, math.IsNaN) {
			return nil
		}
	}
	return out
}

// pointRows writes conditions at one point.
type pointRows struct {
	*ansatz
	at map[string]float64
}

// equation is the condition δ(right-hand side i) − Σ ∂(δstate i)/∂s·ds/dt = 0: the
// change of the motion is the motion of the change.
func (p *pointRows) equation(i int, flow []float64) []float64 {
	row := make([]float64, len(p.columns))
	p.change(row, 1, p.equations[i])
	for k := range p.data.Calls {
		if v := p.eval(p.equations[i].byCall[k]); v != 0 {
			p.changeCall(row, v, k)
		}
	}
	for j, s := range p.states {
		p.add(row, -flow[j], times(state, p.states[i], s))
	}
	return row
}

// change adds weight times the change of an expression of states and parameters.
func (p *pointRows) change(row []float64, weight float64, m motion) {
	for i, s := range p.states {
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
		v := weight * p.eval(m.byParameter[i])
		p.add(row, v, offset(parameter, s))
		for _, q := range p.parameters {
			p.add(row, v*p.at[q], times(parameter, s, q))
		}
	}
}

// changeCall adds weight times the change of call k: that of its unknown, and that
// of its arguments times its slopes.
func (p *pointRows) changeCall(row []float64, weight float64, k int) {
	u := p.data.Model.Unknowns[p.data.Calls[k].Unknown].Name
	p.add(row, weight*p.at[callName(k)], scaling(unknown, u))
	p.add(row, weight, offset(unknown, u))
	for _, q := range p.parameters {
		p.add(row, weight*p.at[q], times(unknown, u, q))
	}
	for i, m := range p.arguments[k] {
		slope := p.at[slopeName(k, i)]
		value := p.eval(m.value)
		p.change(row, weight*slope, m)
		p.add(row, weight*value, ofArgument(u, argument, i))
		p.add(row, weight*slope, ofArgument(u, shift, i))
		p.add(row, weight*slope*value, ofArgument(u, scale, i))
	}
}

// add adds to a column, if the ansatz has it.
func (p *pointRows) add(row []float64, v float64, c column) {
	if i, ok := p.index[c]; ok && v != 0 {
		row[i] += v
	}
}

// eval is NaN where the expression has no value at the point.
func (p *pointRows) eval(e *expr.Expr) float64 {
	v, err := expr.Eval(e, func(name string) (float64, bool) { v, ok := p.at[name]; return v, ok })
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
