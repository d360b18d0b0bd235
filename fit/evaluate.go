package fit

import (
	"math"
	"slices"

	"govern/expr"
	"govern/fit/neural"
	"govern/tape"
)

// Evaluate computes what a fit has learned of unknown u at given arguments, one
// list of values for each argument (NaN gives NaN), with the standard deviation
// that the covariance of coefficients, parameters and weights allows to first
// order. inflate multiplies the standard deviation of every coefficient, then of
// every parameter; nil leaves them. A call of an unknown without terms is zero
// with no spread, one with too many weights for a covariance has the spread NaN. Cost: values × columns².
func (d *Data) Evaluate(f *Fitted, u int, arguments [][]float64, inflate []float64) (value, spread []float64, err error) {
	unknown := d.Model.Unknowns[u]
	names := append([]string(nil), unknown.Arguments...)
	given := make([]float64, 0, len(f.Parameters))
	for k, c := range fittedColumns(d.Model)[:min(len(f.Parameters), len(fittedColumns(d.Model)))] { // a network knows no knots
		name := c.Name
		if slices.Contains(unknown.Arguments, name) {
			name += "#" // as an argument it has the value that is asked for
		}
		names, given = append(names, name), append(given, f.Parameters[k])
	}
	program, columns, err := d.slopes(d.withConditions(f), u, names)
	if err != nil {
		return nil, nil, err
	}
	m := program.NewMachine(1)
	for k, v := range given {
		m.Input(len(arguments) + k)[0] = v
	}
	count := len(arguments[0])
	value, spread = make([]float64, count), make([]float64, count)
	scale := func(k int) float64 {
		if k < len(inflate) {
			return inflate[k]
		}
		return 1
	}
	for i := range count {
		for a := range arguments {
			m.Input(a)[0] = arguments[a][i]
		}
		m.Run()
		value[i] = m.Output(0)[0]
		variance := 0.0
		for a, j := range columns {
			for b, k := range columns {
				if g := m.Output(1 + a)[0] * m.Output(1 + b)[0]; g != 0 {
					variance += g * f.covariance(j, k) * scale(j) * scale(k)
				}
			}
		}
		spread[i] = math.Sqrt(math.Max(variance, 0))
		if math.IsNaN(variance) {
			spread[i] = math.NaN()
		}
	}
	return value, spread, nil
}

// withConditions is a fit whose terms have the model's values in the place of
// conditions and other fixed parameters, arguments apart, and the middle of the
// record in that of the time.
func (d *Data) withConditions(f *Fitted) *Fitted {
	g := *f
	g.Terms = append([]Term(nil), f.Terms...)
	for i, t := range g.Terms {
		values := map[string]*expr.Expr{}
		for _, q := range d.Model.Parameters {
			if !q.Fit && !slices.Contains(d.Model.Unknowns[t.Unknown].Arguments, q.Name) {
				values[q.Name] = expr.Num(q.Value)
			}
		}
		if !slices.Contains(d.Model.Unknowns[t.Unknown].Arguments, "t") {
			values["t"] = expr.Num(d.MiddleTime())
		}
		g.Terms[i].Factor = expr.Substitute(t.Factor, values)
	}
	return &g
}

// slopes compiles unknown u of a fit with its derivatives, and says to which
// columns of the covariance they belong.
func (d *Data) slopes(f *Fitted, u int, names []string) (*tape.Program, []int, error) {
	unknown := d.Model.Unknowns[u]
	first := len(f.Terms) + len(f.Parameters)
	for _, form := range f.Forms {
		weights := form.Neural.Weights()
		if form.Unknown != u {
			first += weights
			continue
		}
		var args []*expr.Expr
		for _, a := range unknown.Arguments {
			args = append(args, expr.Var(a))
		}
		p, err := tape.Compile([]*expr.Expr{expr.Apply(unknown.Name, args...)}, names, form.Neural)
		if err != nil {
			return nil, nil, err
		}
		columns := make([]int, weights)
		for j := range columns {
			columns[j] = first + j
		}
		return neural.WeightSlopes(p), columns, nil
	}
	formula := f.Formula(u)
	outputs := []*expr.Expr{formula}
	var columns []int
	for i, t := range f.Terms {
		if t.Unknown == u {
			outputs, columns = append(outputs, t.Factor), append(columns, i)
		}
	}
	for k, c := range fittedColumns(d.Model)[:len(f.Parameters)] {
		if slices.Contains(unknown.Arguments, c.Name) {
			continue
		}
		if slope := expr.Simplify(expr.Diff(formula, c.Name)); slope.Kind != expr.Number || slope.Value != 0 {
			outputs, columns = append(outputs, slope), append(columns, len(f.Terms)+k)
		}
	}
	p, err := tape.Compile(outputs, names)
	return p, columns, err
}
