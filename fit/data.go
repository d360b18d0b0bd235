package fit

import (
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/fit/neural"
	"govern/model"
	"govern/record"
	"govern/tape"
)

// Data is a set of entries made ready for fitting a model: one table of
// channels over all entries, noise estimates, scales.
type Data struct {
	Model *model.Model
	record.Table
	Calls []UnknownCall

	individuals
	conditions []string // parameters that entries set
	// sizes of the fitted parameters without bounds, as far as the data say them.
	sizes map[string]float64
	held  []Column // fitted parameters that stand at a start instead
}

// Prepare collects what every stage needs of the data.
func Prepare(m *model.Model, entries []record.Entry) (*Data, error) {
	return (&Data{Model: m, Table: record.NewTable(entries, m.Expand)}).prepared()
}

// For prepares the same entries for another model, of the same states and
// observables: nothing is estimated from the samples again.
func (d *Data) For(m *model.Model) (*Data, error) {
	return (&Data{Model: m, Table: d.Table}).prepared()
}

// prepared collects what a model has to do with the table.
func (d *Data) prepared() (*Data, error) {
	set := map[string]bool{}
	for _, e := range d.Entries {
		for name := range e.Set {
			set[name] = true
		}
	}
	d.individuals = newIndividuals(d.Model, set)
	d.conditions = d.known(set)
	d.findCalls()
	if len(d.Channels) == 0 {
		return nil, fmt.Errorf("fit: no channel is observed")
	}
	d.sizes = d.parameterSizes()
	return d, nil
}

// FarFromZero says that the samples of channel i, which measures a state alone, are
// much farther from zero than they vary, with what to do; empty where they are not.
// Terms that share the state are then nearly proportional, and of formulas with
// another origin of it no data can say which was meant.
func (d *Data) FarFromZero(i int) (text, hint string) {
	const far = 100
	c := d.Channels[i]
	mean := d.Mean(i)
	if c.Observe.Kind != expr.Name || d.Model.StateIndex(c.Observe.Ident) < 0 || !(math.Abs(mean) > far*c.Std) {
		return "", ""
	}
	unit := math.Pow(10, math.Ceil(math.Log10(c.Std)))
	at := expr.Binary(expr.Add, expr.Var(c.Observe.Ident), expr.Num(math.Round(mean/unit)*unit))
	if mean < 0 {
		at = expr.Binary(expr.Sub, expr.Var(c.Observe.Ident), expr.Num(-math.Round(mean/unit)*unit))
	}
	text = fmt.Sprintf("%s lies around %.4g and varies by %.2g: terms with it can hardly be told apart, and known equations must mean it with its offset", c.Column, mean, c.Std)
	hint = fmt.Sprintf("If its zero has no meaning, say what the column measures, `observe: {%s: %s}`; then the formula is in %s without the offset", c.Column, at, c.Observe.Ident)
	return text, hint
}

// Balance is the gradient-matching form of a model at a smoothed path: for every
// equation that holds an unknown call, what the terms must add up to.
type Balance struct {
	Rows       [][]float64 // sample by column: terms, then free parameters
	Target     []float64
	Equation   []int     // state of the row
	Step       []float64 // sampling interval at the row
	Spread     []float64 // posterior standard deviation of the target, from the calls
	Parameters []int     // the free parameters among the model's fitted ones
}

// Balance linearises the equations with terms in place of the unknowns, at zero
// coefficients and the smoothed parameters. Free are the fitted parameters that
// the smoother left alone.
func (d *Data) Balance(sm *Smoothed, terms []Term) (*Balance, error) {
	out := &Balance{}
	held := map[string]bool{}
	for _, c := range d.smoothedColumns() {
		held[c.Name] = true
	}
	var columns []string
	for i := range terms {
		columns = append(columns, coefficientName(i))
	}
	values := make([]float64, len(terms))
	columnOf := map[int]int{} // of rows, by fitted parameter
	var own []int             // columns that are another one of rows in every entry
	place := make([]int, len(terms), len(terms)+len(d.Model.Parameters))
	for i := range terms {
		place[i] = i
	}
	for i, c := range fittedColumns(d.Model) {
		if held[c.Name] {
			continue
		}
		columnOf[i] = len(terms) + len(out.Parameters)
		out.Parameters = append(out.Parameters, i)
		name := d.inEquations(&d.Model.Parameters[d.Model.ParameterIndex(c.Name)])
		if name == "" || slices.Contains(columns, name) {
			continue
		}
		if d.local(name) >= 0 {
			own = append(own, len(columns))
		}
		columns, values, place = append(columns, name), append(values, sm.Parameters[i]), append(place, columnOf[i])
	}
	names := []string{"t"}
	for _, s := range d.Model.States {
		names = append(names, s.Name)
	}
	names = append(names, d.Model.Inputs...)
	for _, p := range d.Model.Parameters {
		if !slices.Contains(columns, p.Name) && p.Of == "" {
			names = append(names, p.Name)
		}
	}
	outer := len(names)
	for k := range d.Calls {
		names = append(names, callName(k))
	}
	first := len(names)
	names = append(names, columns...)
	right, open := d.withTerms(terms, nil), d.withoutCalls()
	wrt := make([]int, len(columns))
	for i := range wrt {
		wrt[i] = first + i
	}
	for state := range right {
		var calls []int
		for k := range d.Calls {
			if slices.Contains(expr.Names(open[state]), callName(k)) {
				calls = append(calls, k)
			}
		}
		if len(calls) == 0 {
			continue
		}
		known, err := tape.Compile([]*expr.Expr{open[state]}, names)
		if err != nil {
			return nil, err
		}
		byCall := make([]int, len(calls))
		for i, k := range calls {
			byCall[i] = outer + k
		}
		left, slopes := known.Jacobian(byCall)
		summed, err := tape.Compile([]*expr.Expr{right[state]}, names)
		if err != nil {
			return nil, err
		}
		matrix, partials := summed.Jacobian(wrt)
		a, b := left.NewMachine(1), matrix.NewMachine(1)
		for i, v := range values {
			a.Input(first + i)[0], b.Input(first + i)[0] = v, v
		}
		for e := range d.Entries {
			for _, k := range own {
				index, v := d.columnIn(columns[k], &d.Entries[e])
				if place[k] = -1; index >= 0 {
					place[k], v = columnOf[index], sm.Parameters[index]
				}
				a.Input(first + k)[0], b.Input(first + k)[0] = v, v
			}
			for i := range d.Entries[e].Times {
				for k, name := range names[:outer] {
					v := d.value(e, i, name, sm)
					a.Input(k)[0], b.Input(k)[0] = v, v
				}
				for k := range d.Calls {
					a.Input(outer + k)[0] = sm.Calls[e][k][i]
				}
				a.Run()
				b.Run()
				row := make([]float64, len(terms)+len(out.Parameters))
				for k, q := range partials {
					if at := place[q.Input]; at >= 0 {
						row[at] = b.Output(1 + k)[0]
					}
				}
				spread := 0.0
				for k, q := range slopes {
					v := a.Output(1 + k)[0] * sm.Spread[e][calls[q.Input]][i]
					spread += v * v
				}
				out.Rows = append(out.Rows, row)
				target := a.Output(0)[0]
				if sm.Slopes != nil {
					target = sm.Slopes[e][state][i]
				}
				out.Target = append(out.Target, target-b.Output(0)[0])
				out.Equation = append(out.Equation, state)
				out.Step = append(out.Step, d.Entries[e].Step(i))
				out.Spread = append(out.Spread, math.Sqrt(spread))
			}
		}
	}
	return out, nil
}

// value is what a name has at sample i of entry e on a smoothed path.
func (d *Data) value(e, i int, name string, sm *Smoothed) float64 {
	entry := &d.Entries[e]
	if name == "t" {
		return entry.Times[i]
	}
	if s := d.Model.StateIndex(name); s >= 0 {
		return sm.States[e][s][i]
	}
	for k, in := range d.Model.Inputs {
		if in == name {
			return entry.Inputs[k][i]
		}
	}
	if v, ok := entry.Set[name]; ok {
		return v
	}
	if len(d.locals) > 0 && d.local(name) >= 0 {
		return d.ValueIn(name, entry, sm.Parameters)
	}
	for k, c := range fittedColumns(d.Model) {
		if c.Name == name {
			return sm.Parameters[k]
		}
	}
	if p := d.Model.ParameterIndex(name); p >= 0 {
		return d.Model.Parameters[p].Value
	}
	return math.NaN()
}

// Arguments are the values of the arguments of unknown u along a smoothed path:
// by argument, then over its calls, their entries and samples.
func (d *Data) Arguments(sm *Smoothed, u int) ([][]float64, error) {
	out := make([][]float64, len(d.Model.Unknowns[u].Arguments))
	for _, call := range d.Calls {
		if call.Unknown != u {
			continue
		}
		err := d.evaluateAlong(sm, call.Call.Args, nil, func(_, _ int, m *tape.Machine) {
			for a := range out {
				out[a] = append(out[a], m.Output(a)[0])
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// evaluateAlong evaluates expressions at every sample of a smoothed path. With forms,
// their derivatives by the weights follow the values.
func (d *Data) evaluateAlong(sm *Smoothed, outputs []*expr.Expr, forms []tape.Neural, visit func(entry, sample int, m *tape.Machine)) error {
	names := []string{"t"}
	for _, s := range d.Model.States {
		names = append(names, s.Name)
	}
	names = append(names, d.Model.Inputs...)
	for _, p := range d.Model.Parameters {
		if p.Of == "" {
			names = append(names, p.Name)
		}
	}
	program, err := tape.Compile(outputs, names, forms...)
	if err != nil {
		return err
	}
	if len(forms) > 0 {
		program = neural.WeightSlopes(program)
	}
	m := program.NewMachine(1)
	for e := range d.Entries {
		for i := range d.Entries[e].Times {
			for k, name := range names {
				m.Input(k)[0] = d.value(e, i, name, sm)
			}
			m.Run()
			visit(e, i, m)
		}
	}
	return nil
}
