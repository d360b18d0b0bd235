package fit

import (
	"math"
	"slices"
	"sync"

	"govern/ode"
	"govern/optim"
)

// reduced is a stage on nodes alone, with its gradient by the columns that are held.
type reduced struct {
	*stage
	groups   [][]int     // blocks, in order; one gradient each
	byColumn [][]float64 // of every group
	spill    []float64   // of every block: gradient by the node after its last
	done     []float64   // objective of every block
}

// mostGroups bounds the gradients that are kept apart until they are added in
// order: enough for many workers, few beside the work of a large problem.
const mostGroups = 64

// newReduced allocates the memory for gradients of a stage whose spec says nodes.
func newReduced(st *stage) *reduced {
	s := &reduced{stage: st}
	for _, w := range s.workers {
		if w.adjoint != nil { // workers shared with another stage
			continue
		}
		w.adjoint = s.field.NewAdjoint(ode.RK4, w.stepper.Lanes)
		w.pull = make([]float64, s.field.Columns)
	}
	groups := min(mostGroups, len(s.blocks))
	for g := range groups {
		var blocks []int
		for b := g * len(s.blocks) / groups; b < (g+1)*len(s.blocks)/groups; b++ {
			blocks = append(blocks, b)
		}
		s.groups = append(s.groups, blocks)
		s.byColumn = append(s.byColumn, make([]float64, len(s.columns)))
	}
	s.spill = make([]float64, len(s.blocks)*len(s.states))
	s.done = make([]float64, len(s.blocks))
	return s
}

// Gradient returns the objective at p, whose border are all
// columns, and writes its gradient by nodes and columns to g: discrete adjoints
// over lanes of segments. The gradient is that of Objective to rounding, and has
// the same bits for any number of workers. Cost: about four evaluations,
// whatever the number of columns. It allocates only when it is
// first called, apart from what starting goroutines takes.
func (s *reduced) Gradient(p, g *optim.Point) float64 {
	if len(s.workers) > 1 {
		s.share(p, g)
	} else {
		s.descend(0, p, g)
	}
	clear(g.Border)
	for _, part := range s.byColumn {
		for j, v := range part {
			g.Border[j] += v
		}
	}
	sum := 0.0
	n := len(s.states)
	for b := range s.blocks {
		sum += s.done[b]
		lanes := s.blocks[b].lanes
		last := lanes[len(lanes)-1]
		if last.node+1 < len(s.chains[last.chain].nodes) {
			for i, v := range s.spill[b*n : (b+1)*n] {
				g.Nodes[last.chain][(last.node+1)*n+i] += v
			}
		}
	}
	s.priors.AddGradient(p.Border, g.Border, 1)
	return sum + s.priors.Objective(p.Border)
}

// share lets every worker do its groups.
func (s *reduced) share(p, g *optim.Point) {
	var wait sync.WaitGroup
	for k := range s.workers {
		wait.Go(func() { s.descend(k, p, g) })
	}
	wait.Wait()
}

// descend does the groups of worker k.
func (s *reduced) descend(k int, p, g *optim.Point) {
	w := s.workers[k]
	s.setColumns(w, p.Border, w.adjoint.SetColumn)
	for i := k; i < len(s.groups); i += len(s.workers) {
		border := s.byColumn[i]
		clear(border)
		w.adjoint.Reset()
		for _, b := range s.groups[i] {
			s.done[b] = s.sweep(w, b, p, g, border)
		}
		if s.shared == nil {
			w.adjoint.AddGradient(border)
			continue
		}
		clear(w.pull)
		w.adjoint.AddGradient(w.pull)
		for k, v := range w.pull {
			if j := s.columnOf(k); j >= 0 {
				border[j] += v
			}
		}
	}
}

// sweep advances block b and goes back over it: its part of the objective, of
// the gradient by its nodes, and of that by columns which channels hold.
func (s *reduced) sweep(w *worker, b int, p, g *optim.Point, border []float64) float64 {
	n := len(s.states)
	a, lanes := w.adjoint, s.blocks[b].lanes
	longest := 0
	for lane := range a.Lanes {
		iv := lanes[0] // idle lanes repeat the first, and wait
		if a.Step[lane] = 0; lane < len(lanes) {
			iv = lanes[lane]
		}
		c := &s.chains[iv.chain]
		for i := range n {
			a.State[i][lane], a.Bar[i][lane] = p.Nodes[iv.chain][iv.node*n+i], 0
		}
		for k, v := range c.conditions {
			a.SetCondition(k, lane, v)
			w.observe.Input(n + 1 + k)[lane] = v
		}
		if s.shared != nil {
			s.setOwn(w, c, lane, p.Border, a.SetColumnLane)
		}
		if from, to := c.samples(iv.node); lane < len(lanes) && iv.node+1 < len(c.nodes) {
			longest = max(longest, to-from)
		}
	}
	sum := s.openNodes(lanes, p, g)
	steps := max(s.substeps, 1)
	for k := range longest {
		s.setStep(&a.Batch, s.blocks[b], k)
		a.Advance(steps)
	}
	sum += s.pullDefects(w, b, p, g)
	for k := max(longest, 1) - 1; k >= 0; k-- {
		if longest > 0 {
			a.Backward(steps)
		}
		sum += s.pullObservations(w, s.blocks[b], k, border)
	}
	for lane, iv := range lanes {
		for i := range n {
			g.Nodes[iv.chain][iv.node*n+i] += a.Bar[i][lane]
		}
	}
	s.pullOwn(a, lanes, border)
	return sum
}

// columnOf is the column of the stage that column k of the field is in all
// entries; −1 where it differs.
func (s *reduced) columnOf(k int) int {
	if k < s.fields {
		return s.shared[k]
	}
	return s.named + k - s.fields
}

// pullOwn adds the gradient by columns that differ between entries, lane by lane.
func (s *reduced) pullOwn(a *ode.Adjoint, lanes []interval, border []float64) {
	for k, j := range s.shared {
		if j >= 0 {
			continue
		}
		for lane, iv := range lanes {
			c := &s.chains[iv.chain]
			if !slices.Contains(c.known, k) {
				border[c.border[k]] += a.Column[k][lane]
			}
		}
		clear(a.Column[k])
	}
}

// openNodes clears the gradient by the nodes of lanes and adds the prior of first
// nodes.
func (s *reduced) openNodes(lanes []interval, p, g *optim.Point) float64 {
	n := len(s.states)
	sum := 0.0
	for _, iv := range lanes {
		for i := range n {
			out := &g.Nodes[iv.chain][iv.node*n+i]
			*out = 0
			if iv.node == 0 {
				scale, r := s.initialPrior(iv.chain, i, p)
				*out = 2 * scale * r
				sum += r * r
			}
		}
	}
	return sum
}

// pullDefects sets Bar to the slopes of the squared defects by the segments' ends
// and adds those by the next nodes.
func (s *reduced) pullDefects(w *worker, b int, p, g *optim.Point) float64 {
	n := len(s.states)
	a, lanes := w.adjoint, s.blocks[b].lanes
	gap := w.row[:n]
	sum := 0.0
	for lane, iv := range lanes {
		c := &s.chains[iv.chain]
		if iv.node+1 == len(c.nodes) {
			continue
		}
		from, to := c.samples(iv.node)
		dt := c.entry.Times[to] - c.entry.Times[from]
		at := (iv.node + 1) * n
		for i := range n {
			gap[i] = p.Nodes[iv.chain][at+i] - a.State[i][lane]
		}
		sum += s.whiten(gap, nil, dt, 0)
		root := math.Sqrt(dt)
		for i := range gap {
			gap[i] *= 2 * s.precision(i, dt, root)
		}
		for _, pair := range s.integrated {
			gap[pair[1]] -= dt / 2 * gap[pair[0]]
		}
		next := g.Nodes[iv.chain][at : at+n]
		if lane+1 == len(lanes) {
			next = s.spill[b*n : (b+1)*n]
			clear(next)
		}
		for i, v := range gap {
			a.Bar[i][lane] = -v
			next[i] += v
		}
	}
	return sum
}

// pullObservations adds the slopes of the squared residuals at sample k to Bar
// and to the columns that channels hold.
func (s *reduced) pullObservations(w *worker, b block, k int, border []float64) float64 {
	a := w.adjoint
	s.observeAt(w, b, k, a.State)
	sum := 0.0
	for lane, iv := range b.lanes {
		c := &s.chains[iv.chain]
		from, to := c.samples(iv.node)
		if from+k >= to {
			continue
		}
		for ch, values := range c.values {
			if values == nil || math.IsNaN(values[from+k]) {
				continue
			}
			scale := 1 / s.sigma[s.channels[ch]]
			r := (w.observe.Output(ch)[lane] - values[from+k]) * scale
			sum += r * r
			for _, q := range s.observe.byState[ch] {
				a.Bar[q.col][lane] += 2 * r * scale * w.observe.Output(q.output)[lane]
			}
			for _, q := range s.observe.byColumn[ch] {
				j := q.col
				if s.shared != nil {
					if slices.Contains(c.known, j) {
						continue
					}
					j = c.border[j]
				}
				border[j] += 2 * r * scale * w.observe.Output(q.output)[lane]
			}
		}
	}
	return sum
}
