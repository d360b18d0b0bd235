package fit

import (
	"fmt"
	"math"

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
