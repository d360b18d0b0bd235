package fit

import (
	"slices"
	"sync"

	"govern/ode"
	"govern/optim"
	"govern/tape"
)

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

// divide groups the nodes of all chains into blocks of lanes.
func divide(chains []chain, lanes int) []block {
	var out []block
	var b block
	for c, ch := range chains {
		for k := range ch.nodes {
			if b.lanes = append(b.lanes, interval{c, k}); len(b.lanes) == lanes {
				out = append(out, b)
				b = block{}
			}
		}
	}
	if len(b.lanes) > 0 {
		out = append(out, b)
	}
	return out
}

// sumBlocks runs work over all blocks on the workers and adds the results in order.
func (s *stage) sumBlocks(p *optim.Point, work func(*worker, block) float64) float64 {
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

// loadLanes puts the nodes, conditions and own columns of a block into the lanes of a
// worker and returns the samples of its longest segment, and by how many the longest
// advances.
func (s *stage) loadLanes(w *worker, b block, p *optim.Point) (samples, longest int) {
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

// setStep sets times, steps and signals of the lanes for the way from sample k of
// their segments to the next, and returns the number of steps.
func (s *stage) setStep(st *ode.Batch, b block, k int) int {
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
			st.Base[u][lane], st.Slope[u][lane] = x[i], 0
			if !c.entry.Holds(u) {
				st.Slope[u][lane] = (x[i+1] - x[i]) / (t1 - t0)
			}
		}
		for k, x := range c.drive {
			u := len(c.entry.Inputs) + k
			st.Base[u][lane], st.Slope[u][lane], st.Curve[u][lane], st.Jerk[u][lane] = hermite(c.entry.Times, x, i)
		}
	}
	return m
}
