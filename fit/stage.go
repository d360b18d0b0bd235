package fit

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"govern/expr"
	"govern/ode"
	"govern/optim"
	"govern/record"
	"govern/tape"
)

// stage is one maximum-a-posteriori problem of the engine: nodes along every
// entry and columns θ, with observation residuals and defects. It is the
// optim.Problem behind every fit; what differs between a smoother, a library
// fit and a formula refit is only its spec.
type stage struct {
	spec
	field *ode.Field
	named int // columns that are no weights
	// The field and the rows of chains know a column that differs between entries by
	// the name that equations have for it: fields are those of the named columns, shared
	// says which column each is, −1 for one that differs. Nil where all are the same.
	fields  int
	shared  []int
	observe *observer
	chains  []chain
	blocks  []block
	workers []*worker
	partial []float64
	// held are the columns where only the nodes are free: Problem's points then
	// have no border, and its rows no columns.
	held []float64
	reduction
	shaped *optim.Linear // sized by shape
}

// spec says what a stage fits.
type spec struct {
	data     *Data
	right    []*expr.Expr // of every state
	states   []string
	channels []int // of data, those used
	columns  []Column
	forms    []Form // their weights continue the columns
	segment  int    // samples a segment
	substeps int    // Runge–Kutta steps a sample
	// integrated lists states (u, u̇) whose first is driven by the second and
	// whose second is a random walk.
	integrated [][2]int
	open       bool // more of the record follows: no node at the end of an entry's last segment

	given, drawn []belief // priors of columns
	spreads      []Spread // of drawn

	drive [][][]float64 // signals of a gain: entry, channel of data, sample; nil without one

	reduced bool     // rows on the nodes alone (held); columns by Gradient
	windows []window // instead of whole entries; nil: all

	sigma  []float64 // per channel of data
	weight []float64 // per state: standard deviation of the defect after a unit of time
}

// Column is a fitted number: a parameter of the model or a coefficient.
type Column struct {
	Name         string
	Lower, Upper float64
}

// chain is an entry as a stage sees it.
type chain struct {
	entry      *record.Entry
	values     [][]float64 // per channel of the stage; nil where the entry lacks it
	nodes      []int       // sample of every node; the last sample is the last node
	drive      [][]float64 // signals beyond the model's inputs
	conditions []float64
	later      bool // begins within its entry
	rest       int  // samples of the last node's segment after its own; 0 unless open
	// Where columns differ between entries: of each column of the field the column of
	// the stage; those of the field that this entry knows, and their values. A known
	// one has no coefficients.
	border []int
	known  []int
	given  []float64
}

// window is a part of an entry's nodes.
type window struct{ entry, from, to int }

// block is a group of lanes: consecutive nodes over all chains.
type block struct{ lanes []interval }

type interval struct{ chain, node int }

// worker owns what one goroutine needs.
type worker struct {
	stepper *ode.Stepper
	observe *tape.Machine
	row     []float64
	adjoint *ode.Adjoint // of a reduced stage
	pull    []float64    // gradient by the columns of the field
}

// lanesFor keeps the sensitivities of a block within the cache.
func lanesFor(states, columns int) int {
	for _, l := range []int{64, 32, 16} {
		if l*states*(states+columns)*8*4 <= 256<<10 {
			return l
		}
	}
	return 8
}

// newStage compiles the spec.
func newStage(s spec, workers int) (*stage, error) {
	s.data = s.data.holding(s.columns)
	d := s.data
	named := len(s.columns)
	names, shared := d.fieldNames(s.columns)
	right := d.bind(s.right, names)
	signals := append([]string(nil), d.Model.Inputs...)
	if s.drive != nil {
		for c := range d.Channels {
			signals = append(signals, driveName(c))
		}
	}
	var forms []tape.Neural
	for _, f := range s.forms {
		forms = append(forms, f.Neural)
	}
	field, err := ode.NewField(right, s.states, signals, d.conditions, names, forms...)
	if err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	st := &stage{spec: s, field: field, named: named, fields: len(names), shared: shared}
	for _, f := range s.forms {
		st.columns = append(st.columns, f.columns()...)
	}
	if st.observe, err = newObserver(d, s.channels, s.states, names); err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	for e := range d.Entries {
		c := d.chain(e, s.channels, s.segment)
		if s.drive != nil {
			c.drive = s.drive[e]
		}
		c.later = c.entry.Later
		if s.open {
			c.open(max(s.segment, 1))
		}
		st.placeColumns(&c, names)
		if s.windows == nil {
			st.chains = append(st.chains, c)
		}
		for _, w := range s.windows {
			if w.entry == e {
				part := c
				part.nodes, part.later = c.nodes[w.from:w.to], c.later || w.from > 0
				st.chains = append(st.chains, part)
			}
		}
	}
	intervals := 0
	for _, c := range st.chains {
		intervals += len(c.nodes)
	}
	width := st.fields + len(st.columns) - named
	if s.reduced {
		width, field = 0, field.WithoutColumns()
		st.held = make([]float64, len(st.columns))
	}
	lanes := min(lanesFor(len(s.states), width), intervals) // no idle lanes in short chains
	st.divide(lanes)
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range min(workers, len(st.blocks)) {
		st.workers = append(st.workers, &worker{
			stepper: field.NewStepper(lanes), observe: st.observe.jacobian.NewMachine(lanes),
			row: make([]float64, len(s.states)+len(st.columns)+1),
		})
	}
	st.partial = make([]float64, len(st.blocks))
	if s.reduced {
		st.prepare()
	}
	return st, nil
}

// fieldNames are the columns as equations name them: one name for all columns that
// are its values in different entries. shared is the column of each name, −1 for
// such; nil where there are none.
func (d *Data) fieldNames(columns []Column) (names []string, shared []int) {
	differ := false
	for k, c := range columns {
		name, i := c.Name, d.Model.ParameterIndex(c.Name)
		if i >= 0 {
			name = d.inEquations(&d.Model.Parameters[i])
		}
		switch {
		case name == c.Name && d.local(name) < 0:
			shared = append(shared, k)
		case name == "" || slices.Contains(names, name):
			differ = true
			continue
		default:
			differ = true
			shared = append(shared, -1)
		}
		names = append(names, name)
	}
	if !differ {
		return names, nil
	}
	return names, shared
}

// placeColumns says which columns of the stage a chain's columns are; names are
// those of the field's named ones.
func (s *stage) placeColumns(c *chain, names []string) {
	if s.shared == nil {
		return
	}
	at := map[string]int{}
	for k, col := range s.columns {
		at[col.Name] = k
	}
	for k, j := range s.shared {
		if j < 0 {
			index, v := s.data.own(names[k], c.entry)
			if j = 0; index < 0 {
				c.known, c.given = append(c.known, k), append(c.given, v)
			} else {
				j = at[s.data.columns[index]]
			}
		}
		c.border = append(c.border, j)
	}
	for k := s.named; k < len(s.columns); k++ {
		c.border = append(c.border, k)
	}
}

// divide groups the nodes of all chains into blocks of lanes.
func (s *stage) divide(lanes int) {
	var b block
	for c, ch := range s.chains {
		for k := range ch.nodes {
			if b.lanes = append(b.lanes, interval{c, k}); len(b.lanes) == lanes {
				s.blocks = append(s.blocks, b)
				b = block{}
			}
		}
	}
	if len(b.lanes) > 0 {
		s.blocks = append(s.blocks, b)
	}
}

// bind replaces the names that have a fixed value by it.
func (d *Data) bind(right []*expr.Expr, columns []string) []*expr.Expr {
	free := map[string]bool{}
	for _, c := range columns {
		free[c] = true
	}
	for _, c := range d.conditions {
		free[c] = true
	}
	values := map[string]*expr.Expr{}
	for _, p := range d.Model.Parameters {
		if !free[p.Name] {
			values[p.Name] = expr.Num(p.Value)
		}
	}
	out := make([]*expr.Expr, len(right))
	for i, e := range right {
		out[i] = expr.Substitute(e, values)
	}
	return out
}

// observer computes what the channels measure.
type observer struct {
	channels, states, conditions int
	jacobian                     *tape.Program
	byState, byColumn            [][]slope // per channel
}

type slope struct{ col, output int }

func newObserver(d *Data, channels []int, states, columns []string) (*observer, error) {
	var outputs []*expr.Expr
	for _, c := range channels {
		outputs = append(outputs, d.Channels[c].Observe)
	}
	names := append(append(append([]string(nil), states...), "t"), d.conditions...)
	names = append(names, columns...)
	p, err := tape.Compile(d.bind(outputs, columns), names)
	if err != nil {
		return nil, err
	}
	var wrt []int
	for i := range names {
		if i < len(states) || i >= len(names)-len(columns) {
			wrt = append(wrt, i)
		}
	}
	j, partials := p.Jacobian(wrt)
	o := &observer{
		channels: len(channels), states: len(states), conditions: len(d.conditions), jacobian: j,
		byState: make([][]slope, len(channels)), byColumn: make([][]slope, len(channels)),
	}
	for k, q := range partials {
		s := slope{q.Input, len(channels) + k}
		if q.Input < len(states) {
			o.byState[q.Output] = append(o.byState[q.Output], s)
		} else {
			s.col -= len(states)
			o.byColumn[q.Output] = append(o.byColumn[q.Output], s)
		}
	}
	return o, nil
}

// chain cuts entry e into segments of the given number of samples.
func (d *Data) chain(e int, channels []int, segment int) chain {
	entry := &d.Entries[e]
	c := chain{entry: entry, values: make([][]float64, len(channels))}
	for k, channel := range channels {
		c.values[k] = d.Values(e, channel)
	}
	n := len(entry.Times)
	for i := 0; i < n-1; i += max(segment, 1) {
		c.nodes = append(c.nodes, i)
	}
	c.nodes = append(c.nodes, n-1)
	for _, name := range d.conditions {
		v, ok := entry.Set[name]
		if !ok {
			if i := d.Model.ParameterIndex(name); i >= 0 {
				v = d.Model.Parameters[i].Value
			}
			if d.local(name) >= 0 {
				v = d.start(name, entry)
			}
		}
		c.conditions = append(c.conditions, v)
	}
	return c
}

// samples returns the samples of node b's segment: from its own to before the
// next node's.
func (c *chain) samples(b int) (from, to int) {
	if b+1 == len(c.nodes) {
		return c.nodes[b], c.nodes[b] + 1 + c.rest
	}
	return c.nodes[b], c.nodes[b+1]
}

// steps is the number of samples that node b's segment advances by: to the next
// node, or to its last sample.
func (c *chain) steps(b int) int {
	from, to := c.samples(b)
	if b+1 == len(c.nodes) {
		return to - from - 1
	}
	return to - from
}

// open takes away the node that only ends the last segment.
func (c *chain) open(segment int) {
	if last := len(c.nodes) - 1; c.nodes[last]%segment != 0 {
		c.nodes = c.nodes[:last]
	}
	c.rest = len(c.entry.Times) - 1 - c.nodes[len(c.nodes)-1]
}

// free is the number of columns in the rows of chains.
func (s *stage) free() int {
	if s.held != nil {
		return 0
	}
	return s.fields + len(s.columns) - s.named
}

// point allocates a point of the stage's shape, held columns included.
func (s *stage) point() *optim.Point {
	p := &optim.Point{Border: make([]float64, len(s.columns))}
	for _, c := range s.chains {
		p.Nodes = append(p.Nodes, make([]float64, len(c.nodes)*len(s.states)))
	}
	return p
}

// Bounds of the columns.
func (s *stage) Bounds() (lower, upper []float64) {
	if s.held != nil {
		return nil, nil
	}
	for _, c := range s.columns {
		lower, upper = append(lower, c.Lower), append(upper, c.Upper)
	}
	return lower, upper
}

// Objective is Σ residual² + Σ defect².
func (s *stage) Objective(p *optim.Point) float64 {
	return s.each(p, func(w *worker, b block) float64 { return s.evaluate(w, b, p, nil) }) + s.prior(p)
}

// Linearise fills l with the rows of every residual and defect.
func (s *stage) Linearise(p *optim.Point, l *optim.Linear) float64 {
	s.shape(l)
	if s.held == nil {
		l.Prior = ridgeRows(l.Prior[:0], s.named, p.Border)
		l.Prior = beliefRows(l.Prior, s.given, s.spreads, p.Border)
		l.Late = beliefRows(l.Late[:0], s.drawn, s.spreads, p.Border)
	}
	return s.each(p, func(w *worker, b block) float64 { return s.evaluate(w, b, p, l) }) + s.prior(p)
}

// border is where the columns are.
func (s *stage) border(p *optim.Point) []float64 {
	if s.held != nil {
		return s.held
	}
	return p.Border
}

// prior is the columns' own part of the objective; nothing where they are held.
func (s *stage) prior(p *optim.Point) float64 {
	if s.held != nil {
		return 0
	}
	return s.believed(p.Border)
}

// shape sizes l for the stage; a stage that l has served before finds it as it
// left it.
func (s *stage) shape(l *optim.Linear) {
	n, p := len(s.states), s.free()
	if s.shaped == l && l.N == n && l.P == p && len(l.Chains) == len(s.chains) {
		return
	}
	s.shaped = l
	l.N, l.P, l.Border, l.Prior, l.Late = n, p, 0, nil, nil
	if s.shared != nil && s.held == nil {
		l.Border = len(s.columns)
	}
	if len(l.Chains) != len(s.chains) {
		l.Chains = make([]optim.LinearChain, len(s.chains))
	}
	for c := range s.chains {
		ch := &s.chains[c]
		lc := &l.Chains[c]
		lc.Nodes, lc.Columns = len(ch.nodes), nil
		if l.Border > 0 {
			lc.Columns = ch.border
		}
		lc.First = resize(lc.First, lc.Nodes+1)
		lc.First[0] = 0
		for b := range ch.nodes {
			rows := 0
			from, to := ch.samples(b)
			for _, v := range ch.values {
				if v == nil {
					continue
				}
				for i := from; i < to; i++ {
					if !math.IsNaN(v[i]) {
						rows++
					}
				}
			}
			lc.First[b+1] = lc.First[b] + rows
		}
		// One more row than needed at the first node: the faint prior that keeps
		// what nothing determines where it is.
		for b := range lc.First[1:] {
			lc.First[b+1] += n
		}
		lc.Local = resize(lc.Local, lc.First[lc.Nodes]*(n+p+1))
		lc.Defect = resize(lc.Defect, max(lc.Nodes-1, 0)*n*(2*n+p+1))
	}
}

// resize returns a slice of length n that reuses the memory of s where it is
// large enough; what is in it is arbitrary.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// faint is the relative precision of the prior on a chain's first node, which
// moves with the node and so has no residual; firm is that of a state whose start
// the model fixes.
const (
	faint = 1e-6
	firm  = 1e6
)

// startPrior writes the prior rows of a chain's first node and returns their sum
// of squares.
func (s *stage) startPrior(chain int, p *optim.Point, l *optim.Linear) float64 {
	n := len(s.states)
	width := n + s.free() + 1
	sum := 0.0
	for i := range s.states {
		scale, r := s.start(chain, i, p)
		sum += r * r
		if l != nil {
			row := l.Chains[chain].Local[i*width : (i+1)*width]
			clear(row)
			row[i], row[width-1] = scale, r
		}
	}
	return sum
}

// start is the prior of state i at a chain's first node: slope and residual.
func (s *stage) start(chain, i int, p *optim.Point) (scale, r float64) {
	k := s.data.Model.StateIndex(s.states[i])
	if k >= 0 && s.data.Model.States[k].Fixed && !s.chains[chain].later {
		scale = firm / s.reach(i)
		return scale, scale * (p.Nodes[chain][i] - s.data.Model.States[k].Value)
	}
	return faint / s.reach(i), 0
}

// reach is a typical size of state i: a thousand times its defect after one
// characteristic time; without defects, 1. The weight of an integrated state is
// that of its slope.
func (s *stage) reach(i int) float64 {
	w := s.weight[i]
	if w == 0 {
		return 1
	}
	for _, pair := range s.integrated {
		if pair[0] == i {
			w *= s.data.Time
		}
	}
	return w * math.Sqrt(s.data.Time) * 1e3
}

// each runs work over all blocks on the workers and adds the results in order.
func (s *stage) each(p *optim.Point, work func(*worker, block) float64) float64 {
	for _, w := range s.workers {
		s.setColumns(w, s.border(p), w.stepper.SetColumn)
	}
	var wg sync.WaitGroup
	for k, w := range s.workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for b := k; b < len(s.blocks); b += len(s.workers) {
				s.partial[b] = work(w, s.blocks[b])
			}
		}()
	}
	wg.Wait()
	sum := 0.0
	for _, v := range s.partial {
		sum += v
	}
	return sum
}

// setColumns hands the columns that all lanes share to the worker, its observer
// included.
func (s *stage) setColumns(w *worker, border []float64, set func(k int, v float64)) {
	first := len(s.states) + 1 + s.observe.conditions
	for k := range s.fields {
		j := k
		if s.shared != nil {
			j = s.shared[k]
		}
		if j < 0 {
			continue
		}
		set(k, border[j])
		in := w.observe.Input(first + k)
		for l := range in {
			in[l] = border[j]
		}
	}
	for k, v := range border[s.named:] {
		set(s.fields+k, v)
	}
}

// setOwn hands the columns that differ between entries to a lane of the worker.
func (s *stage) setOwn(w *worker, c *chain, lane int, border []float64, set func(k, lane int, v float64)) {
	if s.shared == nil {
		return
	}
	first := len(s.states) + 1 + s.observe.conditions
	for k, j := range s.shared {
		if j >= 0 {
			continue
		}
		v := border[c.border[k]]
		if i := slices.Index(c.known, k); i >= 0 {
			v = c.given[i]
		}
		set(k, lane, v)
		w.observe.Input(first + k)[lane] = v
	}
}

// enter puts the nodes, conditions and own columns of a block into the lanes of a
// worker and returns the samples of its longest segment, and by how many the longest
// advances.
func (s *stage) enter(w *worker, b block, p *optim.Point) (samples, longest int) {
	n := len(s.states)
	st := w.stepper
	for lane, iv := range b.lanes {
		c := &s.chains[iv.chain]
		for i := range n {
			st.State[i][lane] = p.Nodes[iv.chain][iv.node*n+i]
		}
		for k, v := range c.conditions {
			st.SetCondition(k, lane, v)
			w.observe.Input(n + 1 + k)[lane] = v
		}
		if s.shared != nil {
			s.setOwn(w, c, lane, s.border(p), st.SetColumnLane)
		}
		from, to := c.samples(iv.node)
		samples, longest = max(samples, to-from), max(longest, c.steps(iv.node))
	}
	for lane := len(b.lanes); lane < st.Lanes; lane++ { // idle lanes repeat the first
		for i := range n {
			st.State[i][lane] = st.State[i][0]
		}
		st.Step[lane] = 0
	}
	return samples, longest
}

// evaluate advances one block of segments and returns its part of the
// objective; with l it writes the rows too.
func (s *stage) evaluate(w *worker, b block, p *optim.Point, l *optim.Linear) float64 {
	st := w.stepper
	samples, longest := s.enter(w, b, p)
	if l != nil {
		st.Identity()
	}
	sum := 0.0
	for _, iv := range b.lanes {
		if iv.node == 0 {
			sum += s.startPrior(iv.chain, p, l)
		}
	}
	for k := range samples {
		sum += s.observations(w, b, k, l)
		if k >= longest {
			break
		}
		m := s.aim(&st.Batch, b, k)
		if l != nil {
			st.AdvanceSensitivity(m)
		} else {
			st.Advance(m)
		}
	}
	return sum + s.defects(w, b, p, l)
}

// aim sets times, steps and signals of the lanes for the way from sample k of
// their segments to the next, and returns the number of steps.
func (s *stage) aim(st *ode.Batch, b block, k int) int {
	m := max(s.substeps, 1)
	for lane, iv := range b.lanes {
		c := &s.chains[iv.chain]
		st.Step[lane] = 0
		if k >= c.steps(iv.node) {
			continue
		}
		from, _ := c.samples(iv.node)
		i := from + k
		t0, t1 := c.entry.Times[i], c.entry.Times[i+1]
		st.Time[lane], st.Origin[lane] = t0, t0
		st.Step[lane] = (t1 - t0) / float64(m)
		for u, x := range c.entry.Inputs {
			st.Base[u][lane] = x[i]
			st.Slope[u][lane] = (x[i+1] - x[i]) / (t1 - t0)
		}
		for k, x := range c.drive {
			u := len(c.entry.Inputs) + k
			st.Base[u][lane], st.Slope[u][lane], st.Curve[u][lane], st.Jerk[u][lane] = hermite(c.entry.Times, x, i)
		}
	}
	return m
}

// observations adds the residuals at sample k of every segment in the block.
func (s *stage) observations(w *worker, b block, k int, l *optim.Linear) float64 {
	n, p := len(s.states), s.free()
	width := n + p + 1
	st := w.stepper
	s.look(w, b, k, st.State)
	sum := 0.0
	for lane, iv := range b.lanes {
		c := &s.chains[iv.chain]
		from, to := c.samples(iv.node)
		if from+k >= to {
			continue
		}
		row := 0
		if l != nil {
			row = s.firstRow(c, &l.Chains[iv.chain], iv.node, k)
		}
		for ch, values := range c.values {
			if values == nil || math.IsNaN(values[from+k]) {
				continue
			}
			scale := 1 / s.sigma[s.channels[ch]]
			r := (w.observe.Output(ch)[lane] - values[from+k]) * scale
			sum += r * r
			if l == nil {
				continue
			}
			out := l.Chains[iv.chain].Local[row*width : (row+1)*width]
			clear(out)
			for _, q := range s.observe.byState[ch] {
				h := w.observe.Output(q.output)[lane] * scale
				sens := st.Sensitivity[q.col]
				if k == 0 {
					out[q.col] += h
					continue
				}
				for j := range n + p {
					out[j] += h * sens[j*st.Lanes+lane]
				}
			}
			for _, q := range s.observe.byColumn[ch] {
				if s.held != nil {
					break
				}
				out[n+q.col] += w.observe.Output(q.output)[lane] * scale
			}
			for _, k := range c.known {
				if s.held == nil {
					out[n+k] = 0
				}
			}
			out[n+p] = r
			row++
		}
	}
	return sum
}

// look runs the observer at sample k of every segment in the block.
func (s *stage) look(w *worker, b block, k int, state [][]float64) {
	for i, x := range state {
		copy(w.observe.Input(i), x)
	}
	clock := w.observe.Input(len(state))
	for lane, iv := range b.lanes {
		c := &s.chains[iv.chain]
		from, to := c.samples(iv.node)
		clock[lane] = c.entry.Times[min(from+k, to-1)]
	}
	w.observe.Run()
}

// firstRow is the first local row of sample k of a node's segment.
func (s *stage) firstRow(c *chain, lc *optim.LinearChain, node, k int) int {
	row := lc.First[node]
	if node == 0 {
		row += len(s.states) // the faint prior
	}
	from, _ := c.samples(node)
	for i := from; i < from+k; i++ {
		for _, v := range c.values {
			if v != nil && !math.IsNaN(v[i]) {
				row++
			}
		}
	}
	return row
}

// defects adds the whitened gaps between segment ends and the next nodes.
func (s *stage) defects(w *worker, b block, p *optim.Point, l *optim.Linear) float64 {
	n, cols := len(s.states), s.free()
	wide := 2*n + cols + 1
	st := w.stepper
	sum := 0.0
	gap := w.row[:n]
	for lane, iv := range b.lanes {
		c := &s.chains[iv.chain]
		if iv.node+1 == len(c.nodes) {
			continue
		}
		from, to := c.samples(iv.node)
		dt := c.entry.Times[to] - c.entry.Times[from]
		next := p.Nodes[iv.chain][(iv.node+1)*n:]
		for i := range n {
			gap[i] = next[i] - st.State[i][lane]
		}
		var rows []float64
		if l != nil {
			rows = l.Chains[iv.chain].Defect[iv.node*n*wide : (iv.node+1)*n*wide]
			for i := range n {
				out := rows[i*wide : (i+1)*wide]
				clear(out)
				out[n+i] = 1
				sens := st.Sensitivity[i]
				for j := range n {
					out[j] = -sens[j*st.Lanes+lane]
				}
				for j := range cols {
					out[2*n+j] = -sens[(n+j)*st.Lanes+lane]
				}
				for _, k := range c.known {
					if s.held == nil {
						out[2*n+k] = 0
					}
				}
				out[2*n+cols] = gap[i]
			}
		}
		sum += s.whiten(gap, rows, dt, wide)
	}
	return sum
}

// whiten divides a segment's defects (and their rows, if any) by their standard
// deviations and returns the sum of their squares. An integrated random walk
// (u, u̇) has the covariance q²·[dt³/3, dt²/2; dt²/2, dt], which factors into
// u − dt/2·u̇ with variance q²·dt³/12 and u̇ with q²·dt.
func (s *stage) whiten(gap, rows []float64, dt float64, wide int) float64 {
	root := math.Sqrt(dt)
	for _, pair := range s.integrated {
		u, v := pair[0], pair[1]
		gap[u] -= dt / 2 * gap[v]
		if rows != nil {
			a, b := rows[u*wide:(u+1)*wide], rows[v*wide:(v+1)*wide]
			for j, x := range b {
				a[j] -= dt / 2 * x
			}
		}
	}
	sum := 0.0
	for i := range gap {
		scale := s.precision(i, dt, root)
		gap[i] *= scale
		sum += gap[i] * gap[i]
		if rows != nil {
			out := rows[i*wide : (i+1)*wide]
			for j := range out {
				out[j] *= scale
			}
		}
	}
	return sum
}

// precision is one over the standard deviation of state i's whitened defect.
func (s *stage) precision(i int, dt, root float64) float64 {
	for _, pair := range s.integrated {
		if pair[0] == i {
			return 1 / (s.weight[pair[1]] * root * dt / math.Sqrt(12))
		}
	}
	return 1 / (s.weight[i] * root)
}

// logWeights is Σ log variance of all defects, for the evidence.
func (s *stage) logWeights() float64 {
	sum := 0.0
	for c := range s.chains {
		ch := &s.chains[c]
		for b := range len(ch.nodes) - 1 {
			dt := ch.entry.Times[ch.nodes[b+1]] - ch.entry.Times[ch.nodes[b]]
			for i := range s.states {
				v := s.weight[i] * s.weight[i] * dt
				for _, pair := range s.integrated {
					if pair[0] == i {
						v = s.weight[pair[1]] * s.weight[pair[1]] * dt * dt * dt / 12
					}
				}
				sum += math.Log(v)
			}
		}
	}
	return sum
}
