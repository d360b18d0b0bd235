package fit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"govern/expr"
	"govern/model"
)

// Gauge is a change of states, fitted parameters and unknowns that alters no
// channel whatever the data are: what no fit can determine. It is one member of
// a continuous family, so to first order it is a direction.
type Gauge struct {
	Change     string   // in words: what may change together
	Determined []string // combinations of parameters that it leaves alone, where it is a scaling
	Shared     bool     // it changes something that all entries share: an unknown, or a parameter that is the same in all
	Priors     []string // parameters that it changes and that have a prior
	Hold       string   // a fitted parameter that it changes: held, it stops the change; empty without one
}

func (g Gauge) String() string {
	text := "no data can tell: " + g.Change + " changes no channel"
	if len(g.Determined) > 0 {
		text += "; determined are only " + strings.Join(g.Determined, ", ")
	}
	return text
}

// Gauges finds the symmetries of the model under which all channels stay as they
// are, among changes that are affine in states and fitted parameters, with any
// affine change of an unknown and of its arguments. That is the infinitesimal
// criterion of Lie (Olver, Applications of Lie Groups to Differential Equations,
// section 2.3; for identifiability Yates, Evans and Chappell 2009) on an ansatz,
// solved numerically: at random states, parameters and values of the unknowns it
// is linear in the change's coefficients, and a change that holds at more random
// points than it has coefficients holds everywhere. Symmetries that are not
// affine are not seen. Cost: one SVD of some hundred rows.
func (d *Data) Gauges() []Gauge {
	return d.gauges(false)
}

// Believed lists the changes that no data can tell either and that a prior of a
// parameter decides.
func (d *Data) Believed() []Gauge {
	if !slices.ContainsFunc(d.Model.Parameters, func(p model.Parameter) bool { return p.Fit && p.SD > 0 }) {
		return nil
	}
	free := d.gauges(true)
	return slices.DeleteFunc(free, func(g Gauge) bool { return len(g.Priors) == 0 })
}

// gauges are the changes that the data cannot tell, and the priors neither unless
// they are to be ignored.
func (d *Data) gauges(ignore bool) []Gauge {
	g := newGauges(d, ignore)
	if g == nil {
		return nil
	}
	var out []Gauge
	for _, v := range g.null() {
		said := g.describe(v)
		if said.Change == "" { // a change of an argument alone says nothing of the model
			continue
		}
		if !slices.ContainsFunc(out, func(o Gauge) bool { return o.Change == said.Change }) {
			out = append(out, said)
		}
	}
	return out
}

// Dangling lists the states that drive nothing: no channel sees them, neither
// directly nor through the equation of a state that is seen. Their start, and
// parameters that stand in their equations alone, are free.
func (d *Data) Dangling() []string {
	seen := map[string]bool{}
	var see func(e *expr.Expr)
	rhs := d.Model.Rhs()
	see = func(e *expr.Expr) {
		for _, name := range expr.Names(e) {
			if i := d.Model.StateIndex(name); i >= 0 && !seen[name] {
				seen[name] = true
				see(rhs[i])
			}
		}
	}
	for _, c := range d.Channels {
		see(c.Observe)
	}
	var out []string
	for _, s := range d.Model.States {
		if !seen[s.Name] {
			out = append(out, s.Name)
		}
	}
	return out
}

// gauges is the linear problem: one column a coefficient of the change.
type gauges struct {
	data       *Data
	states     []string
	parameters []string // fitted ones that appear
	start      map[string]float64
	right      []*expr.Expr // calls replaced by names
	columns    map[string]int
	order      []string
	size       map[string]float64 // of states, parameters, calls and their slopes: points are drawn at it
}

func newGauges(d *Data, ignore bool) *gauges {
	m := d.Model
	g := &gauges{data: d, start: map[string]float64{}, columns: map[string]int{}}
	g.right = d.replaced(func(k int) *expr.Expr { return expr.Var(callName(k)) })
	used := map[string]bool{}
	use := func(e *expr.Expr) {
		for _, name := range expr.Names(e) {
			used[name] = true
		}
	}
	for _, r := range m.Rhs() {
		use(r)
	}
	for _, c := range d.Channels {
		use(c.Observe)
	}
	for _, s := range m.States {
		g.states = append(g.states, s.Name)
		g.start[s.Name] = s.Value
	}
	for _, p := range m.Parameters {
		g.start[p.Name] = p.Value
		differs := false
		if k := d.local(p.Name); k >= 0 {
			if differs = d.locals[k].fitted; !d.locals[k].own {
				continue // known in an entry, it cannot change with others
			}
		}
		if (p.Fit || differs) && (p.SD == 0 || ignore) && used[p.Name] && !slices.Contains(d.conditions, p.Name) {
			g.parameters = append(g.parameters, p.Name)
		}
	}
	// One value for all entries is held before one for each.
	slices.SortStableFunc(g.parameters, func(a, b string) int { return d.each(a) - d.each(b) })
	if len(g.parameters) == 0 && len(m.Unknowns) == 0 {
		return nil
	}
	g.measure()
	column := func(parts ...string) {
		name := strings.Join(parts, " ")
		g.columns[name] = len(g.order)
		g.order = append(g.order, name)
	}
	// Scalings first: they make the simplest basis.
	for _, p := range g.parameters {
		column("parameter", p, p)
	}
	for _, s := range g.states {
		column("state", s, s)
	}
	for _, u := range m.Unknowns {
		column("unknown", u.Name, "")
	}
	for _, s := range g.states {
		column("state", s, "1")
		for _, q := range append(slices.Clone(g.states), g.parameters...) {
			if q != s {
				column("state", s, q)
			}
		}
	}
	for _, p := range g.parameters {
		column("parameter", p, "1")
		for _, q := range g.parameters {
			if q != p {
				column("parameter", p, q)
			}
		}
	}
	for _, u := range m.Unknowns {
		for _, q := range append([]string{"1"}, g.parameters...) {
			column("unknown", u.Name, q)
		}
		for a := range u.Arguments {
			column("unknown", u.Name, "argument", strconv.Itoa(a))
			if u.Library != nil && len(u.Library.Functions) > 0 {
				continue // named functions of an argument know its scale and origin
			}
			column("unknown", u.Name, "shift", strconv.Itoa(a))
			column("unknown", u.Name, "scale", strconv.Itoa(a))
		}
	}
	return g
}

// measure gives every name the size that it has in the units of the data, so that
// no unit makes two numbers seem unrelated.
func (g *gauges) measure() {
	d := g.data
	g.size = map[string]float64{}
	for i, v := range d.stateSizes() {
		g.size[d.Model.States[i].Name] = v
	}
	for _, p := range g.parameters {
		g.size[p] = math.Max(d.sizes[p], math.Abs(g.start[p]))
	}
	for k, name := range d.Model.Inputs {
		sum, count := 0.0, 0.0
		for _, e := range d.Entries {
			sum += rms(e.Inputs[k]) * rms(e.Inputs[k])
			count++
		}
		g.size[name] = math.Sqrt(sum / count)
	}
	for k, c := range d.Calls {
		g.size[callName(k)] = g.of(d.Model.States[c.State].Name) / d.Time
	}
}

// of is the size of a name; 1 where nothing says anything of it.
func (g *gauges) of(name string) float64 {
	if v := g.size[name]; v > 0 && !math.IsInf(v, 0) {
		return v
	}
	return 1
}

// unit is the size of the coefficient of a column.
func (g *gauges) unit(column string) float64 {
	words := strings.Split(column, " ")
	what := 1.0
	for k, c := range g.data.Calls {
		if u := g.data.Model.Unknowns[c.Unknown]; words[0] == "unknown" && u.Name == words[1] {
			what = g.of(callName(k))
			if len(words) == 4 {
				a, _ := strconv.Atoi(words[3])
				switch x := g.argument(c, a); words[2] {
				case "argument":
					return what / x
				case "shift":
					return x
				}
				return 1
			}
			break
		}
	}
	if words[0] != "unknown" {
		what = g.of(words[1])
	}
	switch {
	case words[2] == "1":
		return what
	case words[2] == "" || words[2] == words[1]:
		return 1
	}
	return what / g.of(words[2])
}

// argument is the size of argument a of a call: that of a state or parameter, or
// of the largest part of an expression.
func (g *gauges) argument(c UnknownCall, a int) float64 {
	v, err := expr.Eval(c.Call.Args[a], func(name string) (float64, bool) {
		if s, ok := g.size[name]; ok {
			return s, true
		}
		s, ok := g.start[name]
		return s, ok
	})
	if v = math.Abs(v); err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 1
	}
	return v
}

// null returns a basis of the changes that hold at random points, in reduced
// echelon form; nil when the model cannot be evaluated at enough of them.
func (g *gauges) null() [][]float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	width := len(g.order)
	units := make([]float64, width)
	for i, name := range g.order {
		units[i] = g.unit(name)
	}
	var rows []float64
	count := 0
	for tries := 0; count < 2*width+20 && tries < 40*width; tries++ {
		at := g.point(rng)
		for _, row := range g.rowsAt(at) {
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
			b := make([]float64, width)
			for i := range b {
				b[i] = v.At(i, k)
			}
			basis = append(basis, b)
		}
	}
	return echelon(basis, units)
}

// echelon reduces rows so that each has a column of its own with a one, and
// cleans what rounding has left. Columns are in the given units, and come out
// without.
func echelon(rows [][]float64, units []float64) [][]float64 {
	if len(rows) == 0 {
		return nil
	}
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
	for _, r := range rows {
		first := slices.IndexFunc(r, func(v float64) bool { return math.Abs(v) >= 1e-5 })
		for i, v := range r {
			if math.Abs(v) < 1e-5 {
				r[i] = 0
				continue
			}
			v *= units[i] / units[first]
			if r[i] = v; math.Abs(v) > 1e-2 {
				if n := math.Round(v * 12); math.Abs(v*12-n) < 1e-4 {
					r[i] = n / 12
				}
			}
		}
	}
	return rows
}

// point draws states, parameters, inputs, time, and values and slopes of every
// call.
func (g *gauges) point(rng *rand.Rand) map[string]float64 {
	at := map[string]float64{"t": g.data.Time * rng.NormFloat64()}
	for name, v := range g.start {
		at[name] = v
	}
	around := func(name string) float64 {
		return g.start[name]*(1+0.3*rng.NormFloat64()) + 0.1*g.of(name)*rng.NormFloat64()
	}
	for _, s := range g.states {
		at[s] = around(s) + g.of(s)*(1+rng.NormFloat64())
	}
	for _, p := range g.parameters {
		at[p] = around(p)
	}
	// Conditions take the values that they have in the data: a change must hold in
	// every entry at once.
	for name, v := range g.data.Entries[rng.IntN(len(g.data.Entries))].Set {
		at[name] = v
	}
	for _, u := range g.data.Model.Inputs {
		at[u] = g.of(u) * rng.NormFloat64()
	}
	for k, c := range g.data.Calls {
		at[callName(k)] = g.of(callName(k)) * rng.NormFloat64()
		for a := range g.data.Model.Unknowns[c.Unknown].Arguments {
			at[slopeName(k, a)] = g.of(callName(k)) / g.argument(c, a) * rng.NormFloat64()
		}
	}
	return at
}

func slopeName(call, argument int) string { return fmt.Sprintf("u#%d#%d", call, argument) }

// rowsAt are the conditions at a point: that the changed motion solves the changed
// equations, and that no channel changes.
func (g *gauges) rowsAt(at map[string]float64) [][]float64 {
	look := func(name string) (float64, bool) { v, ok := at[name]; return v, ok }
	eval := func(e *expr.Expr) float64 {
		v, err := expr.Eval(e, look)
		if err != nil {
			return math.NaN()
		}
		return v
	}
	add := func(row []float64, factor float64, parts ...string) {
		if i, ok := g.columns[strings.Join(parts, " ")]; ok && factor != 0 {
			row[i] += factor
		}
	}
	// moved adds factor times the change of an expression of states and parameters.
	moved := func(row []float64, factor float64, e *expr.Expr) {
		for _, s := range g.states {
			v := factor * eval(expr.Diff(e, s))
			add(row, v, "state", s, "1")
			for _, q := range append(slices.Clone(g.states), g.parameters...) {
				add(row, v*at[q], "state", s, q)
			}
		}
		for _, p := range g.parameters {
			v := factor * eval(expr.Diff(e, p))
			add(row, v, "parameter", p, "1")
			for _, q := range g.parameters {
				add(row, v*at[q], "parameter", p, q)
			}
		}
	}
	var flow []float64
	for _, r := range g.right {
		flow = append(flow, eval(r))
	}
	var out [][]float64
	for i, r := range g.right {
		row := make([]float64, len(g.order))
		moved(row, 1, r)
		for k, c := range g.data.Calls {
			v := eval(expr.Diff(r, callName(k)))
			if v == 0 {
				continue
			}
			u := g.data.Model.Unknowns[c.Unknown].Name
			add(row, v*at[callName(k)], "unknown", u, "")
			add(row, v, "unknown", u, "1")
			for _, q := range g.parameters {
				add(row, v*at[q], "unknown", u, q)
			}
			for a, e := range c.Call.Args {
				slope := at[slopeName(k, a)]
				value := eval(e)
				moved(row, v*slope, e)
				add(row, v*value, "unknown", u, "argument", strconv.Itoa(a))
				add(row, v*slope, "unknown", u, "shift", strconv.Itoa(a))
				add(row, v*slope*value, "unknown", u, "scale", strconv.Itoa(a))
			}
		}
		for j, s := range g.states {
			add(row, -flow[j], "state", g.states[i], s)
		}
		out = append(out, row)
	}
	for i, c := range g.data.Channels {
		if g.data.LevelsOf(i)[0] != i {
			continue // says no more than the first
		}
		row := make([]float64, len(g.order))
		moved(row, 1, c.Observe)
		out = append(out, row)
	}
	for _, row := range out {
		for _, v := range row {
			if math.IsNaN(v) {
				return nil
			}
		}
	}
	return out
}

// each is 1 for a parameter with a value in every entry.
func (d *Data) each(name string) int {
	if i := d.Model.ParameterIndex(name); i >= 0 && d.Model.Parameters[i].Each {
		return 1
	}
	return 0
}

// describe puts a change into words.
func (g *gauges) describe(v []float64) Gauge {
	out := g.words(v)
	for i, name := range g.order {
		words := strings.Split(name, " ")
		if v[i] == 0 {
			continue
		}
		out.Shared = out.Shared || words[0] == "unknown" || words[0] == "parameter" && g.data.each(words[1]) == 0
		if words[0] != "parameter" || slices.Contains(out.Priors, words[1]) {
			continue
		}
		if p := g.data.Model.ParameterIndex(words[1]); p >= 0 && g.data.Model.Parameters[p].SD > 0 {
			out.Priors = append(out.Priors, words[1])
		}
	}
	return out
}

func (g *gauges) words(v []float64) Gauge {
	type part struct {
		what, by string
		size     float64
	}
	var scaled, added []part
	hold := ""
	for i, name := range g.order {
		words := strings.Split(name, " ")
		if v[i] != 0 && words[0] == "parameter" && hold == "" {
			hold = words[1]
		}
		switch {
		case v[i] == 0 || len(words) == 4 && (words[2] == "shift" || words[2] == "scale"):
			// The argument's own change says it already.
		case len(words) == 4:
			u := g.data.Model.Unknown(words[1])
			k, _ := strconv.Atoi(words[3])
			added = append(added, part{words[1], u.Arguments[k], v[i]})
		case words[2] == words[1] || words[0] == "unknown" && words[2] == "":
			scaled = append(scaled, part{words[1], "", v[i]})
		default:
			added = append(added, part{words[1], words[2], v[i]})
		}
	}
	if len(added) == 0 {
		var times, over []string
		exponent := map[string]float64{}
		for _, p := range scaled {
			exponent[p.what] = p.size
			text := p.what
			if a := math.Abs(p.size); a != 1 {
				text += "^(1/" + strconv.FormatFloat(1/a, 'g', 3, 64) + ")"
				if a > 1 {
					text = p.what + " twice"
					if a != 2 {
						text = p.what + " " + strconv.FormatFloat(a, 'g', 3, 64) + " times"
					}
				}
			}
			if p.size > 0 {
				times = append(times, text)
			} else {
				over = append(over, text)
			}
		}
		var said []string
		if len(times) > 0 {
			said = append(said, "multiplying "+list(times)+" by a factor")
		}
		if len(over) > 0 {
			said = append(said, "dividing "+list(over)+" by "+map[bool]string{true: "it", false: "a factor"}[len(times) > 0])
		}
		return Gauge{Change: strings.Join(said, " and "), Determined: g.invariants(exponent), Hold: hold}
	}
	var said []string
	for _, p := range scaled {
		added = append(added, part{p.what, p.what, p.size})
	}
	if text := g.together(added[0].by, len(added), func(i int) (string, string, float64) { return added[i].what, added[i].by, added[i].size }); text != "" {
		return Gauge{Change: text, Hold: hold}
	}
	for _, p := range added {
		amount := strconv.FormatFloat(math.Abs(p.size), 'g', 4, 64)
		switch {
		case p.by != "1" && amount == "1":
			amount = p.by
		case p.by != "1":
			amount += "·" + p.by
		}
		verb, to := "adding", "to"
		if p.size < 0 {
			verb, to = "subtracting", "from"
		}
		said = append(said, fmt.Sprintf("%s %s %s %s", verb, amount, to, p.what))
	}
	return Gauge{Change: list(said) + " (in proportion)", Hold: hold}
}

// together says a change that adds one and the same amount, perhaps a multiple of a
// parameter, in simpler words; empty where it is another change.
func (g *gauges) together(by string, count int, part func(int) (what, by string, size float64)) string {
	if count < 2 || by != "1" && !slices.Contains(g.parameters, by) {
		return ""
	}
	var to, from []string
	for i := range count {
		what, other, size := part(i)
		switch {
		case other != by || math.Abs(size) != 1:
			return ""
		case size > 0:
			to = append(to, what)
		default:
			from = append(from, what)
		}
	}
	switch {
	case len(to) > 0 && len(from) > 0:
		return "adding an amount to " + list(to) + " and subtracting it from " + list(from)
	case len(from) > 0:
		to = from
	}
	return "adding one amount to " + list(to)
}

// invariants are products of parameters that a scaling leaves alone: each with
// the first of them.
func (g *gauges) invariants(exponent map[string]float64) []string {
	var moved []string
	for _, p := range g.parameters {
		if exponent[p] != 0 {
			moved = append(moved, p)
		}
	}
	var out []string
	for _, p := range moved[min(1, len(moved)):] {
		first := moved[0]
		switch ratio := exponent[p] / exponent[first]; ratio {
		case 1:
			out = append(out, p+"/"+first)
		case -1:
			out = append(out, first+"·"+p)
		default:
			out = append(out, p+"·"+first+"^"+strconv.FormatFloat(-ratio, 'g', 4, 64))
		}
	}
	return out
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
