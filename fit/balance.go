package fit

import (
	"math"
	"slices"

	"govern/expr"
	"govern/model"
	"govern/tape"
)

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
	b := &balancing{data: d, path: sm, terms: len(terms), out: &Balance{}}
	b.chooseColumns()
	b.nameInputs()
	right, open := d.withTerms(terms, nil), d.withoutCalls()
	for state := range right {
		e, err := b.compile(state, open[state], right[state])
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		for entry := range d.Entries {
			b.enter(e, entry)
			for sample := range d.Entries[entry].Times {
				b.addRow(e, entry, sample)
			}
		}
	}
	return b.out, nil
}

// balancing is a balance on its way.
type balancing struct {
	data  *Data
	path  *Smoothed
	terms int
	out   *Balance

	columns  []string    // names of what rows are differentiated by: coefficients, then free parameters
	values   []float64   // of the columns
	place    []int       // of each column in a row, −1 where an entry has none
	columnOf map[int]int // of rows, by fitted parameter
	own      []int       // columns that are another one of rows in every entry

	names        []string // inputs of the programs: outer ones, calls, columns
	outer, first int      // where calls and columns begin among them
}

// chooseColumns lists the coefficients and the parameters that the smoother left
// alone.
func (b *balancing) chooseColumns() {
	d := b.data
	held := map[string]bool{}
	for _, c := range d.smoothedColumns() {
		held[c.Name] = true
	}
	b.values, b.columnOf = make([]float64, b.terms), map[int]int{}
	for i := range b.terms {
		b.columns, b.place = append(b.columns, coefficientName(i)), append(b.place, i)
	}
	for i, c := range fittedColumns(d.Model) {
		if held[c.Name] {
			continue
		}
		b.columnOf[i] = b.terms + len(b.out.Parameters)
		b.out.Parameters = append(b.out.Parameters, i)
		name := d.inEquations(&d.Model.Parameters[d.Model.ParameterIndex(c.Name)])
		if name == "" || slices.Contains(b.columns, name) {
			continue
		}
		if d.local(name) >= 0 {
			b.own = append(b.own, len(b.columns))
		}
		b.columns, b.values, b.place = append(b.columns, name), append(b.values, b.path.Parameters[i]), append(b.place, b.columnOf[i])
	}
}

// nameInputs lists what the programs read.
func (b *balancing) nameInputs() {
	m := b.data.Model
	b.names = append([]string{"t"}, stateNames(m)...)
	b.names = append(b.names, m.Inputs...)
	for _, p := range m.Parameters {
		if !slices.Contains(b.columns, p.Name) && p.Of == "" {
			b.names = append(b.names, p.Name)
		}
	}
	b.outer = len(b.names)
	for k := range b.data.Calls {
		b.names = append(b.names, callName(k))
	}
	b.first = len(b.names)
	b.names = append(b.names, b.columns...)
}

func stateNames(m *model.Model) []string {
	var out []string
	for _, s := range m.States {
		out = append(out, s.Name)
	}
	return out
}

// balanced is one equation that holds unknown calls: with the smoothed calls in their
// place, and with the terms.
type balanced struct {
	state            int
	calls            []int // those that it holds
	smoothed, summed *tape.Machine
	slopes, partials []tape.Partial // of the smoothed one by the calls, of the sum by the columns
}

// compile prepares an equation; nil where it holds no unknown call.
func (b *balancing) compile(state int, open, right *expr.Expr) (*balanced, error) {
	e := &balanced{state: state}
	var byCall, byColumn []int
	for k := range b.data.Calls {
		if slices.Contains(expr.Names(open), callName(k)) {
			e.calls, byCall = append(e.calls, k), append(byCall, b.outer+k)
		}
	}
	if len(e.calls) == 0 {
		return nil, nil
	}
	for i := range b.columns {
		byColumn = append(byColumn, b.first+i)
	}
	known, err := tape.Compile([]*expr.Expr{open}, b.names)
	if err != nil {
		return nil, err
	}
	left, slopes := known.Jacobian(byCall)
	sum, err := tape.Compile([]*expr.Expr{right}, b.names)
	if err != nil {
		return nil, err
	}
	matrix, partials := sum.Jacobian(byColumn)
	e.smoothed, e.summed, e.slopes, e.partials = left.NewMachine(1), matrix.NewMachine(1), slopes, partials
	for i, v := range b.values {
		b.set(e, b.first+i, v)
	}
	return e, nil
}

// set gives both programs a value.
func (b *balancing) set(e *balanced, input int, v float64) {
	e.smoothed.Input(input)[0], e.summed.Input(input)[0] = v, v
}

// enter sets what an entry has of its own.
func (b *balancing) enter(e *balanced, entry int) {
	for _, k := range b.own {
		index, v := b.data.columnIn(b.columns[k], &b.data.Entries[entry])
		if b.place[k] = -1; index >= 0 {
			b.place[k], v = b.columnOf[index], b.path.Parameters[index]
		}
		b.set(e, b.first+k, v)
	}
}

// addRow adds what an equation says at a sample.
func (b *balancing) addRow(e *balanced, entry, sample int) {
	d, sm := b.data, b.path
	for k, name := range b.names[:b.outer] {
		b.set(e, k, d.value(entry, sample, name, sm))
	}
	for k := range d.Calls {
		e.smoothed.Input(b.outer + k)[0] = sm.Calls[entry][k][sample]
	}
	e.smoothed.Run()
	e.summed.Run()
	row := make([]float64, b.terms+len(b.out.Parameters))
	for k, q := range e.partials {
		if at := b.place[q.Input]; at >= 0 {
			row[at] = e.summed.Output(1 + k)[0]
		}
	}
	spread := 0.0
	for k, q := range e.slopes {
		v := e.smoothed.Output(1 + k)[0] * sm.Spread[entry][e.calls[q.Input]][sample]
		spread += v * v
	}
	target := e.smoothed.Output(0)[0]
	if sm.Slopes != nil {
		target = sm.Slopes[entry][e.state][sample]
	}
	out := b.out
	out.Rows = append(out.Rows, row)
	out.Target = append(out.Target, target-e.summed.Output(0)[0])
	out.Equation = append(out.Equation, e.state)
	out.Step = append(out.Step, d.Entries[entry].Step(sample))
	out.Spread = append(out.Spread, math.Sqrt(spread))
}
