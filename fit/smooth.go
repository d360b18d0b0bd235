package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/journal"
	"govern/model"
	"govern/note"
	"govern/optim"
	"govern/record"
	"govern/series"
)

// Engine runs the fits of one problem.
type Engine struct {
	Data    *Data
	Options Options
	Workers int    // 0: all cores
	Seed    uint64 // of the random starts of networks
	Journal journal.Journal
	Monitor journal.Monitor
}

// Smoothed is a path: every state and every unknown call as series, with the
// noise that goes with it.
type Smoothed struct {
	States [][][]float64 // entry, state, sample
	Calls  [][][]float64 // entry, call, sample
	Spread [][][]float64 // entry, call, sample: posterior standard deviation of Calls
	Sigma  []float64     // per channel
	Scale  []float64     // per state: standard deviation of its path
	Rough  []float64     // per call: the chosen q, in units of scale/t_c^2.5
	// Parameters are the model's fitted parameters, in their order. Those that
	// appear only beside unknown calls keep their start: there the call would
	// absorb any value.
	Parameters []float64
	// Slopes are derivatives of States where a path was differentiated instead of
	// smoothed; Calls are then zero.
	Slopes [][][]float64
}

// component is a part of a model that can be smoothed alone: states that no
// equation, unknown call or channel couples to the others.
type component struct{ states, calls, channels []int }

// Smooth finds hidden states and unknown calls as series, the unknown-input
// smoother: each call is an integrated random walk whose strength is found by
// evidence, half a decade at a time, while the noise is re-estimated under its
// cap. The weights of the known equations are annealed, because stiff ones
// from the start lead to false minima.
func (e *Engine) Smooth(ctx context.Context) (*Smoothed, error) { return e.smoothAs(ctx, "smooth") }

// SmoothHeld smooths with the fitted parameters held at their start, another
// place to begin from: parameters that move along with hidden states may settle
// in a wrong basin. It returns nil where Smooth moves no parameter.
func (e *Engine) SmoothHeld(ctx context.Context) (*Smoothed, error) {
	if len(e.Data.smoothed()) == 0 {
		return nil, nil
	}
	var start []float64
	for _, p := range e.Data.Model.Parameters {
		if p.Fit {
			start = append(start, p.Value)
		}
	}
	return e.SmoothAt(ctx, "smooth-held", start)
}

// SmoothAt smooths with the fitted parameters held at the given values, in their
// order.
func (e *Engine) SmoothAt(ctx context.Context, name string, held []float64) (*Smoothed, error) {
	m := *e.Data.Model
	m.Parameters = slices.Clone(m.Parameters)
	at := 0
	for i, p := range m.Parameters {
		if p.Fit {
			m.Parameters[i].Fit, m.Parameters[i].Value = false, held[at]
			at++
		}
	}
	d, err := Prepare(&m, e.Data.Entries)
	if err != nil {
		return nil, err
	}
	d.held = fitted(e.Data.Model)
	engine := *e
	engine.Data = d
	out, err := engine.smoothAs(ctx, name)
	if err == nil {
		out.Parameters = slices.Clone(held)
	}
	return out, err
}

// SmoothAlone smooths every state from its own measurements, as if no equation
// were known: a path, with its slopes, that no parameter of a known equation bends.
// Every state must be measured. Parameters are at their start.
func (e *Engine) SmoothAlone(ctx context.Context) (*Smoothed, error) {
	m := *e.Data.Model
	m.Definitions, m.Unknowns, m.Equations = nil, nil, slices.Clone(m.Equations)
	m.Parameters = slices.Clone(m.Parameters)
	var start []float64
	for i, p := range m.Parameters {
		if p.Fit {
			start = append(start, p.Value)
			m.Parameters[i].Fit = false
		}
	}
	for i, s := range m.States {
		name := "slope_of_" + s.Name
		m.Unknowns = append(m.Unknowns, model.Unknown{Name: name, Arguments: []string{s.Name}})
		m.Equations[i].Right = expr.Apply(name, expr.Var(s.Name))
	}
	d, err := Prepare(&m, e.Data.Entries)
	if err != nil {
		return nil, err
	}
	engine := *e
	engine.Data = d
	out, err := engine.smoothAs(ctx, "smooth-alone")
	if err != nil {
		return nil, err
	}
	path := *out
	path.Slopes, path.Calls, path.Spread, path.Parameters = out.Calls, nil, nil, start
	for _, entry := range e.Data.Entries {
		none := make([][]float64, len(e.Data.Calls))
		for k := range none {
			none[k] = make([]float64, len(entry.Times))
		}
		path.Calls, path.Spread = append(path.Calls, none), append(path.Spread, none)
	}
	return &path, nil
}

func (e *Engine) smoothAs(ctx context.Context, name string) (*Smoothed, error) {
	out := &Smoothed{}
	err := e.do(name, out, func() error {
		s, err := e.smooth(ctx)
		if err == nil {
			*out = *s
		}
		return err
	})
	return out, err
}

func (e *Engine) do(name string, out any, compute func() error) error {
	if e.Journal == nil {
		return compute()
	}
	return e.Journal.Do(name, out, compute)
}

func (e *Engine) smooth(ctx context.Context) (*Smoothed, error) {
	d := e.Data
	n := len(d.Model.States)
	out := &Smoothed{Sigma: d.Sigmas(), Scale: make([]float64, n), Rough: make([]float64, len(d.Calls))}
	for _, entry := range d.Entries {
		table := func(rows int) [][]float64 {
			t := make([][]float64, rows)
			for i := range t {
				t[i] = make([]float64, len(entry.Times))
			}
			return t
		}
		out.States = append(out.States, table(n))
		out.Calls = append(out.Calls, table(len(d.Calls)))
		out.Spread = append(out.Spread, table(len(d.Calls)))
	}
	for _, c := range fitted(d.Model) {
		out.Parameters = append(out.Parameters, d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Value)
	}
	if unseen := d.Unseen(); len(unseen) > 0 {
		return nil, &UnobservedError{State: unseen[0]}
	}
	for _, c := range d.components() {
		if err := e.smoothComponent(ctx, c, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// components splits the model's states.
func (d *Data) components() []component {
	n := len(d.Model.States)
	parent := make([]int, n+len(d.Calls))
	for i := range parent {
		parent[i] = i
	}
	var find func(i int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	join := func(i, j int) {
		i, j = find(i), find(j)
		parent[max(i, j)] = min(i, j)
	}
	for i, right := range d.withoutCalls() {
		for _, name := range expr.Names(right) {
			if j := d.Model.StateIndex(name); j >= 0 {
				join(i, j)
			}
			for k := range d.Calls {
				if name == callName(k) {
					join(i, n+k)
				}
			}
		}
	}
	first := make([]int, len(d.Channels))
	for c := range d.Channels {
		first[c] = -1
		for _, name := range expr.Names(d.Channels[c].Observe) {
			if j := d.Model.StateIndex(name); j >= 0 {
				if first[c] >= 0 {
					join(first[c], j)
				}
				first[c] = j
			}
		}
	}
	if len(d.smoothed()) > 0 {
		for i := range n {
			join(0, i)
		}
	}
	var out []component
	where := map[int]int{}
	for i := range n {
		r := find(i)
		if _, ok := where[r]; !ok {
			where[r] = len(out)
			out = append(out, component{})
		}
		out[where[r]].states = append(out[where[r]].states, i)
	}
	for k := range d.Calls {
		if d.Calls[k].Absorbed {
			continue
		}
		c := &out[where[find(n+k)]]
		c.calls = append(c.calls, k)
	}
	for c, s := range first {
		if s >= 0 {
			t := &out[where[find(s)]]
			t.channels = append(t.channels, c)
		}
	}
	return out
}

func callName(k int) string { return fmt.Sprintf("u#%d", k) }

// withoutCalls is the model's right-hand side with every unknown call replaced
// by a name.
func (d *Data) withoutCalls() []*expr.Expr {
	return d.ReplaceCalls(func(k int) *expr.Expr {
		if d.Calls[k].Absorbed {
			return expr.Num(0)
		}
		return expr.Var(callName(k))
	})
}

// ReplaceCalls is the model's right-hand side with something in the place of every
// unknown call.
func (d *Data) ReplaceCalls(by func(k int) *expr.Expr) []*expr.Expr {
	stand := map[string]*expr.Expr{}
	for k, c := range d.Calls {
		stand[c.Call.String()] = by(k)
	}
	right := d.Model.Rhs()
	for i, r := range right {
		right[i] = expr.ReplaceCalls(r, func(c *expr.Expr) *expr.Expr { return stand[c.String()] })
	}
	return right
}

// widest is how many times its start, or the size that the data give it, a
// parameter without bounds may become: one that runs further away, because a loose
// equation can be switched off by it, has no slope left to return by.
const widest = 1e6

// fitted lists the parameters that the user wants fitted. One that something is
// divided by keeps the sign of its start: beyond zero lies a pole.
func fitted(m *model.Model) []Column { return within(m, nil) }

// fitted is the same with the limits that the data allow.
func (d *Data) fitted() []Column { return within(d.Model, d.sizes) }

// within limits the fitted parameters by their starts and sizes.
func within(m *model.Model, sizes map[string]float64) []Column {
	var out []Column
	divides := map[string]bool{}
	for _, r := range m.Rhs() {
		divisors(r, divides)
	}
	for _, p := range m.Parameters {
		if !p.Fit {
			continue
		}
		c := Column{p.Name, p.Min, p.Max}
		if start := math.Abs(p.Value); start > 0 {
			size := start
			if v := sizes[p.Name]; v > 0 {
				size = v
			}
			most, least := widest*math.Max(start, size), math.Min(start, size)/widest
			c.Lower, c.Upper = math.Max(c.Lower, -most), math.Min(c.Upper, most)
			divides := divides[p.Name] || divides[p.Of]
			if divides && p.Value > 0 && p.Min < least {
				c.Lower = least
			}
			if divides && p.Value < 0 && p.Max > -least {
				c.Upper = -least
			}
		}
		out = append(out, c)
	}
	return out
}

// AtBounds says which fitted parameters of a model of the data, in its order, rest
// at a bound, and what to do; of those that the user's model has, too.
func (d *Data) AtBounds(m *model.Model, values []float64, user *model.Model) []note.Note {
	var out []note.Note
	for i, c := range within(m, d.sizes) {
		if user.ParameterIndex(c.Name) < 0 {
			continue // a number that the search has added
		}
		for _, bound := range []float64{c.Lower, c.Upper} {
			if math.IsInf(bound, 0) || math.Abs(values[i]-bound) > 1e-6*math.Abs(bound) {
				continue
			}
			text := fmt.Sprintf("%s rests at its bound %.4g: ", c.Name, bound)
			if bound == m.Parameters[m.ParameterIndex(c.Name)].Min || bound == m.Parameters[m.ParameterIndex(c.Name)].Max {
				text += "if it may go farther, give wider `min` and `max`"
			} else {
				text += "give a `value` of the size expected (in the unit of time of the data, or with a `time_unit` in which it is near one)"
			}
			out = append(out, note.Of(note.AtBound, c.Name, "%s", text))
		}
	}
	return out
}

// divisors collects the names that are factors of what something is divided by.
func divisors(e *expr.Expr, into map[string]bool) {
	var factors func(e *expr.Expr)
	factors = func(e *expr.Expr) {
		switch e.Kind {
		case expr.Name:
			into[e.Ident] = true
		case expr.Mul, expr.Div:
			factors(e.Args[0])
			factors(e.Args[1])
		case expr.Neg, expr.Pow:
			factors(e.Args[0])
		}
	}
	if e.Kind == expr.Div {
		factors(e.Args[1])
	}
	for _, a := range e.Args {
		divisors(a, into)
	}
}

// smoothed lists the fitted parameters that a smoother can determine: those of
// channels, and of equations without unknown calls.
func (d *Data) smoothed() []Column {
	used := map[string]bool{}
	for _, right := range d.Model.Rhs() {
		open := false
		for _, c := range d.Calls {
			for _, in := range expr.Calls(right) {
				open = open || in.String() == c.Call.String()
			}
		}
		for _, name := range expr.Names(right) {
			used[name] = used[name] || !open
		}
	}
	for _, c := range d.Channels {
		for _, name := range expr.Names(c.Observe) {
			used[name] = true
		}
	}
	return slices.DeleteFunc(d.fitted(), func(c Column) bool {
		return !used[c.Name] && !used[d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Of]
	})
}

// The grid of roughness q, in half decades. It begins at the natural size, where
// an unknown changes about once in a characteristic time: from a rough unknown,
// noise that is divided by a small state (z = (28·x − y − y')/x in Lorenz's second
// equation) throws hidden states far off, to minima that no falling q leaves.
const (
	roughStart = 0.5 // log10 of the first q
	roughLow   = -6.0
	roughHigh  = 8.0
	emRounds   = 4
)

// knownWeight is the final relative weight of the known equations in a smoother:
// the defect's standard deviation is knownWeight·std·√(dt/t_c).
const knownWeight = 1e-3

// smoothComponent fills the component's part of out.
func (e *Engine) smoothComponent(ctx context.Context, c component, out *Smoothed) error {
	d := e.Data
	sp, scale := e.smootherSpec(c, out.Sigma)
	st, err := newStage(sp, e.Workers)
	if err != nil {
		return err
	}
	p := st.point()
	for k, col := range sp.columns {
		p.Border[k] = d.Model.Parameters[d.Model.ParameterIndex(col.Name)].Value
	}
	st.startPath(c, p)
	var l optim.Linear
	var f optim.Factor
	lm := optim.LevenbergMarquardt{Iterations: 25, Tolerance: 1e-2}
	n := len(c.states)
	weights := func(known, rough float64) {
		for i := range n {
			st.weight[i] = known * scale[i] / math.Sqrt(d.Time)
		}
		for j, k := range c.calls {
			target := 0
			for i, s := range c.states {
				if s == d.Calls[k].State {
					target = i
				}
			}
			w := rough * scale[target] / (d.Time * d.Time * math.Sqrt(d.Time))
			st.weight[n+2*j], st.weight[n+2*j+1] = w, w
		}
	}
	run := func() (posterior, error) {
		var post posterior
		for range emRounds {
			if _, err := lm.Minimise(ctx, st, p, &l, &f); err != nil {
				return post, err
			}
			post = st.posteriorAt(p, &l, &f, true)
			before := append([]float64(nil), st.sigma...)
			st.updateSigma(post)
			if settled(before, st.sigma) {
				break
			}
		}
		return post, nil
	}
	// The known equations begin loose and tighten.
	if n > 1 || len(c.calls) == 0 {
		for known := 1.0; known > 1.5*knownWeight; known *= math.Sqrt(0.1) {
			weights(known, math.Pow(10, roughStart))
			st.substeps = st.chooseSubsteps(p, st.weight)
			if _, err := lm.Minimise(ctx, st, p, &l, &f); err != nil {
				return err
			}
		}
	}
	best := math.Inf(1)
	keep := p.Clone()
	keepSigma := append([]float64(nil), st.sigma...)
	keepScale := append([]float64(nil), scale...)
	keepRough := 0.0
	back := func() {
		p.Copy(keep)
		copy(st.sigma, keepSigma)
		copy(scale, keepScale)
	}
	// Up until the evidence has worsened twice; then down, unless the best is far
	// above the first.
	iteration := 0
	try := func(exponent float64) (better bool, err error) {
		rough := math.Pow(10, exponent)
		weights(knownWeight, rough)
		post, err := run()
		if err != nil {
			return false, err
		}
		iteration++
		if e.Monitor != nil {
			e.Monitor.Row(journal.Row{Stage: "smooth", Iteration: iteration, Objective: post.evidence, Omega: rough, Segment: 1, Noise: d.RelativeNoise(st.sigma)})
		}
		if better = post.evidence < best; better {
			best, keepRough = post.evidence, rough
			keep.Copy(p)
			copy(keepSigma, st.sigma)
			copy(keepScale, scale)
		}
		rescale(st, p, c, d, scale)
		return better, nil
	}
	walk := func(from, to, by float64) error {
		for exponent, worse := from, 0; (to-exponent)*by >= 0 && worse < 2; exponent += by {
			better, err := try(exponent)
			if err != nil {
				return err
			}
			if worse++; better {
				worse = 0
			}
			if len(c.calls) == 0 {
				break
			}
		}
		return nil
	}
	if err := walk(roughStart, roughHigh, 0.5); err != nil {
		return err
	}
	if keepRough < math.Pow(10, roughStart+0.75) && len(c.calls) > 0 {
		back()
		// The first once more: its noise was not settled.
		if err := walk(roughStart, roughLow, -0.5); err != nil {
			return err
		}
	}
	back()
	weights(knownWeight, keepRough)
	st.posteriorAt(p, &l, &f, false)
	e.export(st, c, p, &f, out, keepRough)
	return nil
}

func settled(a, b []float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > 0.01*a[i] {
			return false
		}
	}
	return true
}

// rescale moves the scale of hidden states to what their paths show.
func rescale(st *stage, p *optim.Point, c component, d *Data, scale []float64) {
	width := len(st.states)
	for i := range c.states {
		var all []float64
		for _, nodes := range p.Nodes {
			for b := i; b < len(nodes); b += width {
				all = append(all, nodes[b])
			}
		}
		if v := series.Std(all); v > 0 {
			scale[i] = v
		}
	}
}

// smootherSpec builds the smoother of a component and the first guess of its
// states' scales.
func (e *Engine) smootherSpec(c component, sigma []float64) (spec, []float64) {
	d := e.Data
	right := d.withoutCalls()
	sp := spec{data: d, channels: c.channels, columns: d.smoothed(), segment: 1, substeps: 1, sigma: sigma}
	for _, s := range c.states {
		sp.right = append(sp.right, right[s])
		sp.states = append(sp.states, d.Model.States[s].Name)
	}
	scale := d.scales(c)
	n := len(c.states)
	for j, k := range c.calls {
		u, v := callName(k), fmt.Sprintf("v#%d", k)
		sp.right = append(sp.right, expr.Var(v), expr.Num(0))
		sp.states = append(sp.states, u, v)
		sp.integrated = append(sp.integrated, [2]int{n + 2*j, n + 2*j + 1})
	}
	sp.given, sp.drawn = d.beliefs(sp.columns)
	sp.spreads = d.startSpreads()
	sp.weight = make([]float64, len(sp.states))
	for i := range sp.weight {
		sp.weight[i] = 1
	}
	return sp, scale
}

// startPath begins with the data where a channel is a state, gaps filled, and
// with zero elsewhere.
func (s *stage) startPath(c component, p *optim.Point) {
	width := len(s.states)
	for k := range s.chains {
		for i, state := range c.states {
			values := s.measured(k, s.data.Model.States[state].Name)
			for b := range s.chains[k].nodes {
				v := 0.0
				if values != nil {
					v = values[b]
				}
				p.Nodes[k][b*width+i] = v
			}
		}
	}
}

// measured returns the state's own channel, gaps filled linearly; nil for a
// state that no channel measures alone.
func (s *stage) measured(chain int, state string) []float64 {
	ch := &s.chains[chain]
	for k, c := range s.channels {
		o := s.data.Channels[c].Observe
		if o.Kind == expr.Name && o.Ident == state && ch.values[k] != nil {
			return fill(ch.entry.Times, ch.values[k])
		}
	}
	return nil
}

// fill interpolates missing samples linearly.
func fill(t, x []float64) []float64 {
	out := append([]float64(nil), x...)
	last := -1
	for i, v := range x {
		if math.IsNaN(v) {
			continue
		}
		for j := last + 1; j < i; j++ {
			if last < 0 {
				out[j] = v
			} else {
				out[j] = x[last] + (v-x[last])*(t[j]-t[last])/(t[i]-t[last])
			}
		}
		last = i
	}
	for j := last + 1; j < len(out); j++ {
		if last >= 0 {
			out[j] = x[last]
		} else {
			out[j] = 0
		}
	}
	return out
}

// export copies the fitted component into the whole path.
func (e *Engine) export(st *stage, c component, p *optim.Point, f *optim.Factor, out *Smoothed, rough float64) {
	width := len(st.states)
	n := len(c.states)
	for k := range st.chains {
		for b := range st.chains[k].nodes {
			for i, s := range c.states {
				out.States[k][s][b] = p.Nodes[k][b*width+i]
			}
			for j, call := range c.calls {
				out.Calls[k][call][b] = p.Nodes[k][b*width+n+2*j]
			}
		}
	}
	f.NodeCovariances(func(k, b int, cov []float64) {
		for j, call := range c.calls {
			i := n + 2*j
			out.Spread[k][call][b] = math.Sqrt(math.Max(cov[i*width+i], 0))
		}
	})
	for _, ch := range c.channels {
		out.Sigma[ch] = st.sigma[ch]
	}
	for i, col := range fitted(e.Data.Model) {
		for k, have := range st.columns {
			if have.Name == col.Name {
				out.Parameters[i] = p.Border[k]
			}
		}
	}
	for _, call := range c.calls {
		out.Rough[call] = rough
	}
	for _, s := range c.states {
		var all []float64
		for k := range st.chains {
			all = append(all, out.States[k][s]...)
		}
		out.Scale[s] = series.Std(all)
		if around := out.around(e.Data.Entries, s); around < secular*out.Scale[s] {
			out.Scale[s] = around
		}
	}
}

// secular is the share of a state's deviation that is left around a straight line
// below which the state is said to run away, as the angle of a rotor does: then its
// scale is what is left, since its deviation is only a matter of the record's length.
const secular = 0.3

// around is the deviation of a smoothed state around a straight line of the time in every entry.
func (s *Smoothed) around(entries []record.Entry, state int) float64 {
	sum, count := 0.0, 0.0
	for e, entry := range entries {
		t, x := entry.Times, s.States[e][state]
		mt, mx := series.Mean(t), series.Mean(x)
		xx, xt, tt := 0.0, 0.0, 0.0
		for i := range t {
			xx += (x[i] - mx) * (x[i] - mx)
			xt += (x[i] - mx) * (t[i] - mt)
			tt += (t[i] - mt) * (t[i] - mt)
		}
		sum += math.Max(xx-xt*xt/tt, 0)
		count += float64(len(t))
	}
	return math.Sqrt(sum / count)
}
