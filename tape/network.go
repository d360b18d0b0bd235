package tape

import (
	"cmp"
	"slices"

	"govern/internal/lane"
)

// call is a neural instruction: a group with registers.
//
// What a forward call computes is kept in a memo, rows of lanes: the standardised
// arguments y⁰, then for every layer its outputs, activated but for the last
// layer's, and for activations other than tanh their slopes. The reverse sweep
// reads it.
type call struct {
	form     *form
	operands []int32
	memo     int // first row
	values   []result
	slopes   []result
	weights  []result
	back     []result // adjoints of the arguments
}

// result is a live result: its number within its kind, and its register.
// Slopes and weights are ordered by output, then number.
type result struct {
	output, index int
	register      int32
}

// call lists the live results of a group.
func (g *graph) call(i id, parts []id, register []int32) call {
	of := g.group(i)
	f, n, m := of.form, len(of.form.names), of.form.inputs
	c := call{form: f, memo: of.memo}
	for _, u := range of.operands {
		c.operands = append(c.operands, register[u])
	}
	for _, p := range parts {
		k, r := int(g.nodes[p].value), register[p]
		switch {
		case g.nodes[i].op == opNeuralBack:
			c.back = append(c.back, result{0, k, r})
		case k < n:
			c.values = append(c.values, result{k, k, r})
		case k < n*(1+m):
			c.slopes = append(c.slopes, result{(k - n) / m, (k - n) % m, r})
		default:
			k -= n * (1 + m)
			c.weights = append(c.weights, result{k / f.weights, k % f.weights, r})
		}
	}
	for _, list := range [][]result{c.slopes, c.weights} {
		slices.SortFunc(list, func(a, b result) int { return cmp.Or(a.output-b.output, a.index-b.index) })
	}
	return c
}

// networks is what the neural instructions of a machine share.
type networks struct {
	weights  []float64
	back     []float64 // the same with every W transposed
	stale    bool      // back is older than weights
	gradient []float64 // by the weights, in lane.Partials sums each; nil without reverse sweeps
	ones     []float64 // a row
	delta    []float64 // two matrices of the widest layer
	next     []float64
	memo     []float64
	own      []float64 // the machine's own memo
	recall   bool      // the memo was recorded before: forward calls read it
	record   bool      // slopes are kept
}

func newNetworks(p *Program, lanes int) *networks {
	n := p.Weights()
	s := &networks{
		weights: make([]float64, n), back: make([]float64, n), stale: true,
		ones: make([]float64, lanes), own: make([]float64, p.memo*lanes),
	}
	wide := 0
	for _, f := range p.forms {
		copy(s.weights[f.first:], f.start)
		wide = max(wide, f.width)
	}
	for _, in := range p.code {
		if in.op == opNeuralBack {
			s.gradient = make([]float64, n*lane.Partials)
			s.record = true
		}
	}
	for l := range s.ones {
		s.ones[l] = 1
	}
	s.delta, s.next = make([]float64, wide*lanes), make([]float64, wide*lanes)
	s.memo = s.own
	return s
}

// transpose brings the transposed weights up to date.
func (s *networks) transpose(p *Program) {
	for _, f := range p.forms {
		w, back := s.weights[f.first:], s.back[f.first:]
		for _, l := range f.layers {
			lane.Transpose(back[l.weight:l.bias], w[l.weight:l.bias], l.out, l.in)
		}
	}
	s.stale = false
}

// rows returns n rows of lanes of a matrix from row i.
func (m *Machine) rows(matrix []float64, i, n int) []float64 {
	return matrix[i*m.lanes : (i+n)*m.lanes : (i+n)*m.lanes]
}

// forward runs a neural form; its values, and what is asked for of its Jacobian.
// Cost: weights multiply-adds a lane; as much again for every output whose slopes
// are asked for.
func (m *Machine) forward(c *call) {
	s, k, f := m.neural, m.kernels, c.form
	memo := m.rows(s.memo, c.memo, f.rows)
	jacobian := len(c.slopes)+len(c.weights) > 0
	if !s.recall {
		for i, r := range c.operands {
			k.Linear(m.rows(memo, i, 1), f.factor[i], m.memory[r], f.shift[i])
		}
		m.layers(f, memo, s.record || jacobian)
	}
	last := f.layers[len(f.layers)-1]
	for _, v := range c.values {
		k.Linear(m.memory[v.register], f.gain[v.index], m.rows(memo, last.memo+v.index, 1), f.offset[v.index])
	}
	if jacobian {
		m.jacobian(c, memo)
	}
}

// layers fills a memo from its first rows, the standardised arguments.
func (m *Machine) layers(f *form, memo []float64, slopes bool) {
	s, k := m.neural, m.kernels
	w := s.weights[f.first:]
	x := m.rows(memo, 0, f.inputs)
	for i, l := range f.layers {
		y := m.rows(memo, l.memo, l.out)
		k.Affine(y, w[l.weight:l.bias], w[l.bias:l.bias+l.out], x, l.in, m.lanes)
		switch {
		case i == len(f.layers)-1:
		case slopes && f.activation.slope != nil:
			f.activation.slope(k)(y, m.rows(memo, l.slopes, l.out), y)
		default:
			f.activation.value(k)(y, y)
		}
		x = y
	}
}

// inputsOf returns the rows that layer i reads.
func (m *Machine) inputsOf(f *form, i int, memo []float64) []float64 {
	if i == 0 {
		return m.rows(memo, 0, f.inputs)
	}
	return m.rows(memo, f.layers[i-1].memo, f.layers[i-1].out)
}

// descend turns the adjoints of layer i's outputs, in s.delta, into those of the
// layer before, before its activation: δ ← σ'⊙(Wᵀδ). Layer 0 has the arguments
// before it.
func (m *Machine) descend(f *form, i int, memo []float64) {
	s, k, l := m.neural, m.kernels, f.layers[i]
	back := s.back[f.first:]
	below := s.next[:l.in*m.lanes]
	k.Affine(below, back[l.weight:l.bias], nil, s.delta[:l.out*m.lanes], l.out, m.lanes)
	if i > 0 {
		m.activationBack(f, i-1, memo, below)
	}
	s.delta, s.next = s.next, s.delta
}

// activationBack multiplies by the slopes of layer i.
func (m *Machine) activationBack(f *form, i int, memo, delta []float64) {
	l := f.layers[i]
	if f.activation.slope == nil {
		m.kernels.TanhBack(delta, m.rows(memo, l.memo, l.out))
	} else {
		m.kernels.Mul(delta, delta, m.rows(memo, l.slopes, l.out))
	}
}

// back is the reverse sweep: from the adjoints of the outputs those of the
// arguments, and the weights' gradient added up. Cost: 2·weights
// multiply-adds a lane.
func (m *Machine) back(c *call) {
	s, k, f := m.neural, m.kernels, c.form
	memo := m.rows(s.memo, c.memo, f.rows)
	for o, r := range c.operands {
		k.Linear(m.rows(s.delta, o, 1), f.gain[o], m.memory[r], 0)
	}
	for i := len(f.layers) - 1; i >= 0; i-- {
		l := f.layers[i]
		delta := s.delta[:l.out*m.lanes]
		gradient := s.gradient[f.first*lane.Partials:]
		k.WeightGradient(gradient[l.weight*lane.Partials:l.bias*lane.Partials], delta, m.inputsOf(f, i, memo), l.in, m.lanes)
		k.WeightGradient(gradient[l.bias*lane.Partials:(l.bias+l.out)*lane.Partials], s.ones, delta, l.out, m.lanes)
		if i > 0 || len(c.back) > 0 {
			m.descend(f, i, memo)
		}
	}
	for _, b := range c.back {
		k.Linear(m.memory[b.register], f.factor[b.index], m.rows(s.delta, b.index, 1), 0)
	}
}

// jacobian computes the slopes and the partial derivatives by weights that are
// asked for, one reverse sweep for each output.
func (m *Machine) jacobian(c *call, memo []float64) {
	slopes, weights := c.slopes, c.weights
	for o := range c.form.names {
		a, b := leading(slopes, o), leading(weights, o)
		if a+b > 0 {
			m.outputJacobian(c.form, o, memo, slopes[:a], weights[:b])
		}
		slopes, weights = slopes[a:], weights[b:]
	}
}

// leading counts the results at the front that belong to output o.
func leading(r []result, o int) int {
	n := 0
	for n < len(r) && r[n].output == o {
		n++
	}
	return n
}

// outputJacobian does one output; weights are ordered by their number.
func (m *Machine) outputJacobian(f *form, o int, memo []float64, slopes, weights []result) {
	s, k := m.neural, m.kernels
	last := len(f.layers) - 1
	for i := last; i >= 0; i-- {
		l := f.layers[i]
		if i == last { // the output's own row: δ is Gain_o there and 0 elsewhere
			delta := s.delta[:l.out*m.lanes]
			clear(delta)
			row := m.rows(delta, o, 1)
			for j := range row {
				row[j] = f.gain[o]
			}
		}
		for n := len(weights); n > 0 && weights[n-1].index >= l.weight; n = len(weights) {
			j := weights[n-1].index - l.weight
			dst := m.memory[weights[n-1].register]
			if j < l.in*l.out {
				k.Mul(dst, m.rows(s.delta, j/l.in, 1), m.rows(m.inputsOf(f, i, memo), j%l.in, 1))
			} else {
				copy(dst, m.rows(s.delta, j-l.in*l.out, 1))
			}
			weights = weights[:n-1]
		}
		if len(weights) == 0 && len(slopes) == 0 {
			return
		}
		m.descend(f, i, memo)
	}
	for _, r := range slopes {
		k.Linear(m.memory[r.register], f.factor[r.index], m.rows(s.delta, r.index, 1), 0)
	}
}

// SetWeights gives the neural forms their weights, len(w) = Program.Weights().
func (m *Machine) SetWeights(w []float64) {
	if m.neural != nil {
		copy(m.neural.weights, w)
		m.neural.stale = true
	}
}

// SetWeight sets one weight.
func (m *Machine) SetWeight(j int, v float64) {
	if m.neural != nil {
		m.neural.weights[j] = v
		m.neural.stale = true
	}
}
