package fit

import (
	"math"

	"govern/optim"
)

// evaluate advances one block of segments and returns its part of the
// objective; with l it writes the rows too.
func (s *stage) evaluate(w *worker, b block, p *optim.Point, l *optim.Linear) float64 {
	st := w.stepper
	samples, longest := s.loadLanes(w, b, p)
	if l != nil {
		st.Identity()
	}
	sum := 0.0
	for _, iv := range b.lanes {
		if iv.node == 0 {
			sum += s.initialPriorRows(iv.chain, p, l)
		}
	}
	for k := range samples {
		sum += s.observations(w, b, k, l)
		if k >= longest {
			break
		}
		m := s.setStep(&st.Batch, b, k)
		if l != nil {
			st.AdvanceSensitivity(m)
		} else {
			st.Advance(m)
		}
	}
	return sum + s.defects(w, b, p, l)
}

// observations adds the residuals at sample k of every segment in the block.
func (s *stage) observations(w *worker, b block, k int, l *optim.Linear) float64 {
	n, p := len(s.states), s.freeColumns()
	width := n + p + 1
	st := w.stepper
	s.observeAt(w, b, k, st.State)
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

// observeAt runs the observer at sample k of every segment in the block.
func (s *stage) observeAt(w *worker, b block, k int, state [][]float64) {
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
	n, cols := len(s.states), s.freeColumns()
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

// faintPrecision is the relative precision of the prior on a chain's first node, which
// moves with the node and so has no residual; firm is that of a state whose start
// the model fixes.
const (
	faintPrecision = 1e-6
	firmPrecision  = 1e6
)

// initialPriorRows writes the prior rows of a chain's first node and returns their sum
// of squares.
func (s *stage) initialPriorRows(chain int, p *optim.Point, l *optim.Linear) float64 {
	n := len(s.states)
	width := n + s.freeColumns() + 1
	sum := 0.0
	for i := range s.states {
		scale, r := s.initialPrior(chain, i, p)
		sum += r * r
		if l != nil {
			row := l.Chains[chain].Local[i*width : (i+1)*width]
			clear(row)
			row[i], row[width-1] = scale, r
		}
	}
	return sum
}

// initialPrior is the prior of state i at a chain's first node: slope and residual.
func (s *stage) initialPrior(chain, i int, p *optim.Point) (scale, r float64) {
	k := s.data.Model.StateIndex(s.states[i])
	if k >= 0 && s.data.Model.States[k].Fixed && !s.chains[chain].later {
		scale = firmPrecision / s.reach(i, s.data.Time)
		return scale, scale * (p.Nodes[chain][i] - s.data.Model.States[k].Value)
	}
	return faintPrecision / s.reach(i, s.data.Time), 0
}

// logWeights is Σ log variance of all defects, for the evidence.
func (s *stage) logWeights() float64 {
	sum := 0.0
	for c := range s.chains {
		ch := &s.chains[c]
		for b := range len(ch.nodes) - 1 {
			sum = s.logVariance(sum, ch.entry.Times[ch.nodes[b+1]]-ch.entry.Times[ch.nodes[b]])
		}
	}
	return sum
}
