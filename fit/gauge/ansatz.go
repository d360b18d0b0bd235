package gauge

import (
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/series"
)

// ansatz is the family of changes that are looked at, one column a coefficient:
//
//	δs = Σ c·q                      of a state, over 1, states and parameters
//	δp = Σ c·q                      of a parameter, over 1 and parameters
//	δf = Σ c·q + c·f + Σ c·a        of an unknown f, over 1 and parameters, itself, and its arguments
//
// and of each argument a of an unknown a shift and a scale: f is learned, so it
// may be learned as a function of the moved argument.
type ansatz struct {
	data       *fit.Data
	states     []string
	unseen     []string           // states that drive nothing: their changes are no news
	parameters []string           // those that a fit moves and that appear
	value      map[string]float64 // of states and parameters in the model
	size       map[string]float64 // of states, parameters, inputs and calls: points are drawn at it
	drawn      map[string]float64 // sizes of values and slopes of calls
	columns    []column
	index      map[column]int

	jumps     map[string]jump // names that decide where something jumps
	equations []motion        // right-hand sides, calls replaced by names
	arguments [][]motion
	channels  []motion // one a column of the data

	row []entry // scratch of one condition at one point
	out []float64
}

// column is one coefficient of a change: name changes by it times a factor.
type column struct {
	kind   kind
	name   string
	factor factor
	by     string // the factor's name, for product
	at     int    // argument of the unknown, for argument, shift and scale
}

// kind of what changes.
type kind int

const (
	state kind = iota
	parameter
	unknown
)

// factor is what a column's coefficient multiplies.
type factor int

const (
	itself   factor = iota // a scaling
	one                    // an offset
	product                // another state or parameter
	argument               // an argument of the unknown
	shift                  // the unknown's slope by an argument: that argument moves by a constant
	scale                  // the slope times the argument: that argument is multiplied
)

func scaling(k kind, name string) column { return column{kind: k, name: name, factor: itself} }

func offset(k kind, name string) column { return column{kind: k, name: name, factor: one} }

// times is the column by which name changes in proportion to another.
func times(k kind, name, by string) column {
	if by == name {
		return scaling(k, name)
	}
	return column{kind: k, name: name, factor: product, by: by}
}

func ofArgument(name string, f factor, at int) column {
	return column{kind: unknown, name: name, factor: f, at: at}
}

// priors says whether parameters that have a prior may change.
type priors bool

const (
	keepPriors   priors = false
	ignorePriors priors = true
)

// newAnsatz is nil where nothing is fitted.
func newAnsatz(d *fit.Data, with priors) *ansatz {
	a := &ansatz{data: d, value: map[string]float64{}, index: map[column]int{}}
	for _, s := range d.Model.States {
		a.states = append(a.states, s.Name)
		a.value[s.Name] = s.Value
	}
	a.unseen = Disconnected(d)
	used := usedNames(d)
	for _, p := range d.Model.Parameters {
		a.value[p.Name] = p.Value
		if d.Free(&p) && (p.SD == 0 || with == ignorePriors) && used[p.Name] {
			a.parameters = append(a.parameters, p.Name)
		}
	}
	a.jumps = jumpsOf(d)
	a.parameters = slices.DeleteFunc(a.parameters, func(p string) bool { return a.jumps[p] == moves })
	// One value for all entries is held before one for each.
	slices.SortStableFunc(a.parameters, func(p, q string) int { return each(d.Model, p) - each(d.Model, q) })
	if len(a.parameters) == 0 && len(d.Model.Unknowns) == 0 {
		return nil
	}
	a.measure()
	a.addColumns()
	a.differentiate()
	return a
}

// usedNames are those in equations and channels.
func usedNames(d *fit.Data) map[string]bool {
	used := map[string]bool{}
	use := func(e *expr.Expr) {
		for _, name := range expr.Names(e) {
			used[name] = true
		}
	}
	for _, r := range d.Model.Rhs() {
		use(r)
	}
	for _, c := range d.Channels {
		use(c.Observe)
	}
	return used
}

// jump is what a change of a name does to the places where equations jump. Derivatives
// do not see these: they are zero on both sides.
type jump int

const (
	moves jump = 1 + iota // any change moves one
	flips                 // one lies where the name is zero, so a scaling leaves it
)

// jumpsOf are the names in conditions and in arguments of functions that jump.
func jumpsOf(d *fit.Data) map[string]jump {
	out := map[string]jump{}
	var visit func(e *expr.Expr)
	visit = func(e *expr.Expr) {
		switch {
		case e.Kind == expr.Call && e.Ident == "if":
			for _, side := range e.Args[0].Args {
				for _, name := range expr.Names(side) {
					out[name] = moves
				}
			}
		case e.Kind == expr.Call && (e.Ident == "heaviside" || e.Ident == "sign") && e.Args[0].Kind == expr.Name:
			if _, known := out[e.Args[0].Ident]; !known {
				out[e.Args[0].Ident] = flips
			}
		case e.Kind == expr.Call && slices.Contains([]string{"heaviside", "sign", "floor", "mod"}, e.Ident):
			for _, a := range e.Args {
				for _, name := range expr.Names(a) {
					out[name] = moves
				}
			}
		}
		for _, a := range e.Args {
			visit(a)
		}
	}
	for _, r := range d.Model.Rhs() {
		visit(r)
	}
	for _, c := range d.Channels {
		visit(c.Observe)
	}
	return out
}

// each is 1 for a parameter with a value in every entry.
func each(m *model.Model, name string) int {
	if i := m.ParameterIndex(name); i >= 0 && m.Parameters[i].Each {
		return 1
	}
	return 0
}

// addColumns lists the coefficients. Their order decides which basis echelon finds:
// scalings come first, they make the simplest one.
func (a *ansatz) addColumns() {
	add := func(c column) {
		if c.kind == state && slices.Contains(a.unseen, c.name) {
			return
		}
		if j, ok := a.jumps[c.name]; ok && c.kind != unknown && (j == moves || c.factor != itself) {
			return
		}
		a.index[c] = len(a.columns)
		a.columns = append(a.columns, c)
	}
	for _, p := range a.parameters {
		add(scaling(parameter, p))
	}
	for _, s := range a.states {
		add(scaling(state, s))
	}
	unknowns := a.data.Model.Unknowns
	for _, u := range unknowns {
		add(scaling(unknown, u.Name))
	}
	for _, s := range a.states {
		add(offset(state, s))
		for _, q := range slices.Concat(a.states, a.parameters) {
			if q != s {
				add(times(state, s, q))
			}
		}
	}
	for _, p := range a.parameters {
		add(offset(parameter, p))
		for _, q := range a.parameters {
			if q != p {
				add(times(parameter, p, q))
			}
		}
	}
	for _, u := range unknowns {
		add(offset(unknown, u.Name))
		for _, q := range a.parameters {
			add(times(unknown, u.Name, q))
		}
		for i := range u.Arguments {
			add(ofArgument(u.Name, argument, i))
			if u.Library != nil && len(u.Library.Functions) > 0 {
				continue // named functions of an argument know its scale and origin
			}
			add(ofArgument(u.Name, shift, i))
			add(ofArgument(u.Name, scale, i))
		}
	}
}

// measure gives every name the size that it has in the units of the data, so that
// no unit makes two numbers seem unrelated.
func (a *ansatz) measure() {
	d := a.data
	a.size = map[string]float64{}
	for i, v := range d.StateSizes() {
		a.size[a.states[i]] = v
	}
	for _, p := range a.parameters {
		a.size[p] = math.Max(d.ParameterSize(p), math.Abs(a.value[p]))
	}
	for k, name := range d.Model.Inputs {
		sum, count := 0.0, 0.0
		for _, e := range d.Entries {
			sum += series.RMS(e.Inputs[k]) * series.RMS(e.Inputs[k])
			count++
		}
		a.size[name] = math.Sqrt(sum / count)
	}
	for k, c := range d.Calls {
		a.size[callName(k)] = a.sizeOf(a.states[c.State]) / d.Time
	}
	a.drawn = map[string]float64{}
	for k, c := range d.Calls {
		a.drawn[callName(k)] = a.sizeOf(callName(k))
		for i := range d.Model.Unknowns[c.Unknown].Arguments {
			a.drawn[slopeName(k, i)] = a.sizeOf(callName(k)) / a.argumentSize(c, i)
		}
	}
}

// sizeOf is the size of a name; 1 where nothing says anything of it.
func (a *ansatz) sizeOf(name string) float64 {
	if v := a.size[name]; v > 0 && !math.IsInf(v, 0) {
		return v
	}
	return 1
}

// argumentSize is the size of an argument of a call: that of a state or parameter,
// or of the largest part of an expression.
func (a *ansatz) argumentSize(c fit.UnknownCall, at int) float64 {
	v, err := expr.Eval(c.Call.Args[at], func(name string) (float64, bool) {
		if s, ok := a.size[name]; ok {
			return s, true
		}
		s, ok := a.value[name]
		return s, ok
	})
	if v = math.Abs(v); err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	return v
}

// unit is the size of a column's coefficient: the size of what changes over that
// of what it is multiplied with. Of an unknown the first call says how large it is.
func (a *ansatz) unit(c column) float64 {
	name := c.name
	call := slices.IndexFunc(a.data.Calls, func(call fit.UnknownCall) bool {
		return c.kind == unknown && a.data.Model.Unknowns[call.Unknown].Name == c.name
	})
	if call >= 0 {
		name = callName(call)
	}
	switch size := a.sizeOf(name); {
	case c.factor == one:
		return size
	case c.factor == product:
		return size / a.sizeOf(c.by)
	case c.factor == argument && call >= 0:
		return size / a.argumentSize(a.data.Calls[call], c.at)
	case c.factor == shift && call >= 0:
		return a.argumentSize(a.data.Calls[call], c.at)
	}
	return 1
}

// motion is an expression and its derivatives by what the ansatz changes.
type motion struct {
	value                        *expr.Expr
	byState, byParameter, byCall []*expr.Expr
}

// differentiate prepares the equations, the arguments of calls and the channels.
func (a *ansatz) differentiate() {
	for _, r := range a.data.ReplaceCalls(func(k int) *expr.Expr { return expr.Var(callName(k)) }) {
		m := a.motionOf(r)
		for k := range a.data.Calls {
			m.byCall = append(m.byCall, expr.Diff(r, callName(k)))
		}
		a.equations = append(a.equations, m)
	}
	for _, c := range a.data.Calls {
		var list []motion
		for _, e := range c.Call.Args {
			list = append(list, a.motionOf(e))
		}
		a.arguments = append(a.arguments, list)
	}
	for i, c := range a.data.Channels {
		if a.data.LevelsOf(i)[0] == i { // another level says no more than the first
			a.channels = append(a.channels, a.motionOf(c.Observe))
		}
	}
}

func (a *ansatz) motionOf(e *expr.Expr) motion {
	m := motion{value: e}
	for _, s := range a.states {
		m.byState = append(m.byState, expr.Diff(e, s))
	}
	for _, p := range a.parameters {
		m.byParameter = append(m.byParameter, expr.Diff(e, p))
	}
	return m
}

func callName(k int) string { return fmt.Sprintf("u#%d", k) }

func slopeName(call, argument int) string { return fmt.Sprintf("u#%d#%d", call, argument) }
