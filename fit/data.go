package fit

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"

	"govern/expr"
	"govern/model"
	"govern/series"
	"govern/tape"
)

// Data is a set of entries made ready for fitting a model: one table of
// channels over all entries, noise estimates, scales.
type Data struct {
	Model    *model.Model
	Entries  []Entry
	Channels []ChannelInfo
	Calls    []UnknownCall
	// Time is t_c: half the mean time between turning points that stand out by
	// 0.6 standard deviations, on the clean channel where it is shortest.
	Time float64

	locals  []local           // parameters that are not the same in every entry
	members map[[2]string]int // parameter and entry → index of the value among the model's parameters
	rank    []int             // of each of the model's parameters: fitted ones before it
	columns []string          // names of the fitted parameters

	conditions []string // parameters that entries set
	index      [][]int  // entry, channel of the entry → channel
	// sizes of the fitted parameters without bounds, as far as the data say them.
	sizes map[string]float64
	held  []Column // fitted parameters that stand at a start instead
}

// ChannelInfo is a channel of all entries that have it.
//
// Where the noise of a channel has several levels each is a channel.
type ChannelInfo struct {
	Column  string
	Unit    string
	Observe *expr.Expr // definitions expanded
	Std     float64    // of the data
	Count   int        // samples present
	// Sigma0 is the noise estimated from differences, an upper bound in
	// expectation; the given noise where Given.
	Sigma0 float64
	Given  bool
	// Differences is the estimate from differences also where the noise is given; 0
	// where there are too few samples for one.
	Differences float64
	// Correlation of the noise from sample to sample; the noise of every fit is then
	// Inflation times that of a sample.
	Correlation float64
	// Slow is the noise that differences over longer strides show, where the
	// sampling is dense enough to tell it from the signal: noise that is not white
	// hides from neighbouring samples. At least Sigma0.
	Slow float64
	// Floor is the smallest noise assumed: 1e-4 standard deviations or the
	// quantisation step / √12.
	Floor float64
	// Level is that of its entries' channels, Files are their names where the data have
	// others; nil where they have not.
	Level int
	Files []string
}

// UnknownCall is a distinct call of an unknown in the equations.
type UnknownCall struct {
	Unknown int // in Model.Unknowns
	Call    *expr.Expr
	State   int // first state whose equation holds it
	// Absorbed calls have no series of their own in a smoother: where several are
	// added in one equation only their sum can be seen, and the first stands for it.
	Absorbed bool
}

// Prepare collects what every stage needs of the data.
func Prepare(m *model.Model, entries []Entry) (*Data, error) {
	d := &Data{Model: m, Entries: entries}
	set := map[string]bool{}
	known := map[string]int{}
	for _, e := range entries {
		var index []int
		for name := range e.Set {
			set[name] = true
		}
		for _, c := range e.Channels {
			k := c.instrument() + "\x00" + strconv.Itoa(c.Level)
			i, ok := known[k]
			if !ok {
				i = len(d.Channels)
				known[k] = i
				d.Channels = append(d.Channels, ChannelInfo{Column: c.Column, Unit: c.Unit, Observe: m.Expand(c.Observe), Level: c.Level})
			}
			index = append(index, i)
		}
		d.index = append(d.index, index)
	}
	d.findLocals(set)
	for _, l := range d.locals {
		delete(set, l.name)
		if !l.fitted {
			set[l.name] = true
		}
	}
	for name := range set {
		d.conditions = append(d.conditions, name)
	}
	sort.Strings(d.conditions)
	d.describe()
	d.findCalls()
	if len(d.Channels) == 0 {
		return nil, fmt.Errorf("fit: no channel is observed")
	}
	d.sizes = d.parameterSizes()
	return d, nil
}

// describe estimates scale and noise of every channel, and t_c.
func (d *Data) describe() {
	type part struct{ t, x []float64 }
	parts := make([][]part, len(d.Channels))
	for e, entry := range d.Entries {
		for c, ch := range entry.Channels {
			i := d.index[e][c]
			parts[i] = append(parts[i], part{entry.Times, ch.Values})
			if ch.Sigma > 0 {
				d.Channels[i].Sigma0, d.Channels[i].Given = ch.Sigma, true
				d.Channels[i].Correlation = ch.Correlation
			}
		}
	}
	cleanest := math.Inf(1)
	for i := range d.Channels {
		c := &d.Channels[i]
		var all []float64
		sum, weight, step := 0.0, 0.0, 0.0
		for _, p := range parts[i] {
			all = append(all, p.x...)
			if s, _ := series.NoiseSigma(p.t, p.x); s > 0 && !math.IsInf(s, 0) && !math.IsNaN(s) {
				n := float64(len(p.x))
				sum += n * s * s
				weight += n
			}
			step = math.Max(step, series.QuantisationStep(p.x))
		}
		for _, v := range all {
			if !math.IsNaN(v) {
				c.Count++
			}
		}
		c.Std = series.Std(all)
		c.Floor = math.Max(1e-4*c.Std, step/math.Sqrt(12))
		if weight > 0 {
			c.Differences = math.Sqrt(sum / weight)
		}
		if !c.Given && weight > 0 {
			c.Sigma0 = c.Differences
		}
		if !c.Given {
			c.Sigma0 = math.Max(c.Sigma0, c.Floor)
		}
	}
	d.compareLevels()
	for _, c := range d.Channels {
		cleanest = math.Min(cleanest, c.Sigma0/c.Std)
	}
	// The fastest rotation of the clean channels; without turning points the
	// crossings of the cleanest.
	for i, c := range d.Channels {
		ratio := c.Sigma0 / c.Std
		if ratio > math.Max(cleanRatio, cleanest) {
			continue
		}
		longest := part{}
		for _, p := range parts[i] {
			if len(p.t) > len(longest.t) {
				longest = p
			}
		}
		tc := 0.0
		if ratio <= cleanRatio {
			tc = series.TurningTime(longest.t, longest.x, math.Max(0.6*c.Std, 8*c.Sigma0))
		}
		if tc == 0 && ratio == cleanest {
			tc = series.CharacteristicTime(longest.t, longest.x)
		}
		if tc > 0 && (d.Time == 0 || tc < d.Time) {
			d.Time = tc
		}
	}
	for i := range d.Channels {
		c := &d.Channels[i]
		c.Slow = c.Sigma0
		for stride := 2; d.Time > 0 && !c.Given && float64(stride*strideSamples) < d.SamplesPerCycle(); stride *= 2 {
			sum, weight := 0.0, 0.0
			for _, p := range parts[i] {
				t, x := every(p.t, stride), every(p.x, stride)
				if len(t) < 100 {
					continue
				}
				if s, _ := series.NoiseSigma(t, x); s > 0 && !math.IsInf(s, 0) {
					sum += float64(len(x)) * s * s
					weight += float64(len(x))
				}
			}
			if weight > 0 {
				c.Slow = math.Max(c.Slow, math.Sqrt(sum/weight))
			}
		}
	}
	if d.Time == 0 { // no oscillation: a quarter of the longest record
		for _, e := range d.Entries {
			d.Time = math.Max(d.Time, (e.Times[len(e.Times)-1]-e.Times[0])/4)
		}
	}
}

// cleanRatio is the noise, in standard deviations, up to which turning points
// can be told from noise.
const cleanRatio = 0.15

// strideSamples is how many samples a cycle must keep for differences over a
// stride to be noise and not signal.
const strideSamples = 60

// every takes each n-th value.
func every(x []float64, n int) []float64 {
	var out []float64
	for i := 0; i < len(x); i += n {
		out = append(out, x[i])
	}
	return out
}

// findCalls lists the distinct calls of unknowns in the equations.
func (d *Data) findCalls() {
	seen := map[string]bool{}
	for i, right := range d.Model.Rhs() {
		for _, c := range expr.Calls(right) {
			for u := range d.Model.Unknowns {
				if d.Model.Unknowns[u].Name != c.Ident || seen[c.String()] {
					continue
				}
				seen[c.String()] = true
				d.Calls = append(d.Calls, UnknownCall{Unknown: u, Call: c, State: i})
			}
		}
	}
	d.absorb()
}

// absorb marks the calls that a smoother cannot tell from another: those that
// stand in one equation only, added to a call before them.
func (d *Data) absorb() {
	right := d.withoutCalls()
	appears := make([]int, len(d.Calls))
	for _, r := range right {
		for _, name := range expr.Names(r) {
			for k := range d.Calls {
				if name == callName(k) {
					appears[k]++
				}
			}
		}
	}
	for _, r := range right {
		first := -1
		for k := range d.Calls {
			if !slices.Contains(expr.Names(r), callName(k)) {
				continue
			}
			if first < 0 {
				first = k
				continue
			}
			mixed := expr.Simplify(expr.Diff(expr.Diff(r, callName(first)), callName(k)))
			added := mixed.Kind == expr.Number && mixed.Value == 0
			d.Calls[k].Absorbed = added && appears[k] == 1
		}
	}
}

// Sigmas returns the starting noise of every channel.
func (d *Data) Sigmas() []float64 {
	s := make([]float64, len(d.Channels))
	for i, c := range d.Channels {
		s[i] = c.Sigma0
	}
	return s
}

// relative is the noise of every channel in its standard deviations.
func (d *Data) relative(sigma []float64) []float64 {
	out := make([]float64, len(sigma))
	for i, s := range sigma {
		out[i] = s / d.Channels[i].Std
	}
	return out
}

// Misgiven says that the noise given for a channel is far from what its samples
// show, with what to look at; empty where it is not. Estimates from differences
// take motion for noise where the sampling is coarse: cycle, the samples of one,
// decides whether a smaller noise can be doubted.
func (c ChannelInfo) Misgiven(cycle float64) string {
	const far, dense = 4, 25
	if !c.Given || c.Differences == 0 || c.Differences < c.Floor {
		return ""
	}
	if c.Sigma0 > far*c.Differences || c.Sigma0 < c.Differences/far && cycle > dense {
		return fmt.Sprintf("noise of %s is given as %.3g, but neighbouring samples scatter by %.2g: is it in the unit of the column, and no variance? Without it the noise is estimated", c.Label(), c.Sigma0, c.Differences)
	}
	return ""
}

// FarFromZero says that the samples of channel i, which measures a state alone, are
// much farther from zero than they vary, with what to do; empty where they are not.
// Terms that share the state are then nearly proportional, and of formulas with
// another origin of it no data can say which was meant.
func (d *Data) FarFromZero(i int) string {
	const far = 100
	c := d.Channels[i]
	mean := d.mean(i)
	if c.Observe.Kind != expr.Name || d.Model.StateIndex(c.Observe.Ident) < 0 || !(math.Abs(mean) > far*c.Std) {
		return ""
	}
	unit := math.Pow(10, math.Ceil(math.Log10(c.Std)))
	at := expr.Binary(expr.Add, expr.Var(c.Observe.Ident), expr.Num(math.Round(mean/unit)*unit))
	if mean < 0 {
		at = expr.Binary(expr.Sub, expr.Var(c.Observe.Ident), expr.Num(-math.Round(mean/unit)*unit))
	}
	return fmt.Sprintf("%s lies around %.4g and varies by %.2g: terms with it can hardly be told apart, and known equations must mean it with its offset. If its zero has no meaning, say what the column measures, `observe: {%s: %s}`; then the formula is in %s without the offset",
		c.Column, mean, c.Std, c.Column, at, c.Observe.Ident)
}

// cap is the largest noise that a stage may assume for channel i.
func (c ChannelInfo) cap() float64 {
	if c.Given {
		return c.Sigma0
	}
	return 1.1 * c.Slow
}

// Observations is the number of samples of all channels.
func (d *Data) Observations() int {
	n := 0
	for _, c := range d.Channels {
		n += c.Count
	}
	return n
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
	for _, c := range d.smoothed() {
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
	for i, c := range fitted(d.Model) {
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
				index, v := d.own(columns[k], &d.Entries[e])
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
				out.Step = append(out.Step, d.Entries[e].step(i))
				out.Spread = append(out.Spread, math.Sqrt(spread))
			}
		}
	}
	return out, nil
}

// step is the sampling interval at sample i.
func (e *Entry) step(i int) float64 {
	if i+1 < len(e.Times) {
		return e.Times[i+1] - e.Times[i]
	}
	return e.Times[i] - e.Times[i-1]
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
		return d.Own(name, entry, sm.Parameters)
	}
	for k, c := range fitted(d.Model) {
		if c.Name == name {
			return sm.Parameters[k]
		}
	}
	if p := d.Model.ParameterIndex(name); p >= 0 {
		return d.Model.Parameters[p].Value
	}
	return math.NaN()
}

// SamplesPerCycle is the mean number of samples in a cycle, 4·t_c.
func (d *Data) SamplesPerCycle() float64 {
	span, steps := 0.0, 0
	for _, e := range d.Entries {
		span += e.Times[len(e.Times)-1] - e.Times[0]
		steps += len(e.Times) - 1
	}
	return 4 * d.Time * float64(steps) / span
}

// Channel is the index of an entry's channel, −1 when the data lack it.
func (d *Data) Channel(c Channel) int {
	return d.find(c.Column, d.Model.Expand(c.Observe), c.Level)
}

// IndexOf is the index of a channel of other data of the same model, −1 when
// these lack it.
func (d *Data) IndexOf(c ChannelInfo) int { return d.find(c.Column, c.Observe, c.Level) }

func (d *Data) find(column string, observe *expr.Expr, level int) int {
	for i, have := range d.Channels {
		if have.Column == column && have.Level == level && expr.Identical(have.Observe, observe) {
			return i
		}
	}
	return -1
}

// Arguments are the values of the arguments of unknown u along a smoothed path:
// by argument, then over its calls, their entries and samples.
func (d *Data) Arguments(sm *Smoothed, u int) ([][]float64, error) {
	out := make([][]float64, len(d.Model.Unknowns[u].Arguments))
	for _, call := range d.Calls {
		if call.Unknown != u {
			continue
		}
		err := d.along(sm, call.Call.Args, nil, func(_, _ int, m *tape.Machine) {
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

// along evaluates expressions at every sample of a smoothed path. With forms,
// their derivatives by the weights follow the values.
func (d *Data) along(sm *Smoothed, outputs []*expr.Expr, forms []tape.Neural, visit func(entry, sample int, m *tape.Machine)) error {
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
		program = weightSlopes(program)
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
