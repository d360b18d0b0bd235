package fit

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"govern/expr"
	"govern/fit/neural"
	"govern/fit/prior"
	"govern/ode"
	"govern/optim"
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
	held   []float64
	shaped *optim.Linear // sized by shape
}

// spec says what a stage fits.
type spec struct {
	data     *Data
	right    []*expr.Expr // of every state
	states   []string
	channels []int // of data, those used
	columns  []Column
	forms    []neural.Form // their weights continue the columns
	segment  int           // samples a segment
	substeps int           // Runge–Kutta steps a sample
	open     bool          // more of the record follows: no node at the end of an entry's last segment

	priors prior.Set // of columns

	drive [][][]float64 // signals of a gain: entry, channel of data, sample; nil without one

	nodes   bool     // rows on the nodes alone: columns are held
	windows []window // instead of whole entries; nil: all

	sigma []float64 // per channel of data
	processNoise
}

// newStage compiles the spec.
func newStage(s spec, workers int) (*stage, error) {
	s.data = s.data.forColumns(s.columns)
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
	st.priors.Named = named
	for _, f := range s.forms {
		st.columns = append(st.columns, weightColumns(f.Neural)...)
	}
	if st.observe, err = newObserver(d, s.channels, s.states, names); err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	for e := range d.Entries {
		st.addChains(e, names)
	}
	intervals := 0
	for _, c := range st.chains {
		intervals += len(c.nodes)
	}
	width := st.fields + len(st.columns) - named
	if s.nodes {
		width, field = 0, field.WithoutColumns()
		st.held = make([]float64, len(st.columns))
	}
	lanes := min(lanesFor(len(s.states), width), intervals) // no idle lanes in short chains
	st.blocks = divide(st.chains, lanes)
	st.addWorkers(workers, lanes, field)
	st.partial = make([]float64, len(st.blocks))
	return st, nil
}

// addChains cuts entry e into chains: one, or one for each of its windows. names are
// those of the field's named columns.
func (s *stage) addChains(e int, names []string) {
	c := s.data.chain(e, s.channels, s.segment)
	if s.drive != nil {
		c.drive = s.drive[e]
	}
	c.later = c.entry.Later
	if s.open {
		c.dropEnd(max(s.segment, 1))
	}
	s.placeColumns(&c, names)
	if s.windows == nil {
		s.chains = append(s.chains, c)
	}
	for _, w := range s.windows {
		if w.entry == e {
			part := c
			part.nodes, part.later = c.nodes[w.from:w.to], c.later || w.from > 0
			s.chains = append(s.chains, part)
		}
	}
}

// addWorkers prepares up to so many workers, 0 for all cores, but no more than there are
// blocks.
func (s *stage) addWorkers(workers, lanes int, field *ode.Field) {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	for range min(workers, len(s.blocks)) {
		s.workers = append(s.workers, &worker{
			stepper: field.NewStepper(lanes), observe: s.observe.jacobian.NewMachine(lanes),
			row: make([]float64, len(s.states)+len(s.columns)+1),
		})
	}
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
			index, v := s.data.columnIn(names[k], c.entry)
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

// freeColumns is the number of columns in the rows of chains.
func (s *stage) freeColumns() int {
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
	return s.sumBlocks(p, func(w *worker, b block) float64 { return s.evaluate(w, b, p, nil) }) + s.prior(p)
}

// Linearise fills l with the rows of every residual and defect.
func (s *stage) Linearise(p *optim.Point, l *optim.Linear) float64 {
	s.shape(l)
	if s.held == nil {
		l.Prior = s.priors.AppendRows(l.Prior[:0], p.Border)
		l.Late = s.priors.AppendDrawnRows(l.Late[:0], p.Border)
	}
	return s.sumBlocks(p, func(w *worker, b block) float64 { return s.evaluate(w, b, p, l) }) + s.prior(p)
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
	return s.priors.Objective(p.Border)
}

// shape sizes l for the stage; a stage that l has served before finds it as it
// left it.
func (s *stage) shape(l *optim.Linear) {
	n, p := len(s.states), s.freeColumns()
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

// snapshot is a point of a stage with what the stage has learned of noise and spreads.
type snapshot struct {
	point   *optim.Point
	sigma   []float64
	spreads []prior.Spread
}

func (s *stage) snapshot(p *optim.Point) snapshot {
	return snapshot{p.Clone(), slices.Clone(s.sigma), slices.Clone(s.priors.Spreads)}
}

// keep overwrites a snapshot of the stage.
func (s *stage) keep(k *snapshot, p *optim.Point) {
	k.point.Copy(p)
	copy(k.sigma, s.sigma)
	copy(k.spreads, s.priors.Spreads)
}

// restore takes point, noise and spreads back to a snapshot.
func (s *stage) restore(p *optim.Point, k *snapshot) {
	p.Copy(k.point)
	copy(s.sigma, k.sigma)
	copy(s.priors.Spreads, k.spreads)
}
