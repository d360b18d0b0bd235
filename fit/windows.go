package fit

import (
	"math"

	"govern/optim"
)

// windows is a stage's information on its columns as some windows of its nodes
// show it, scaled to the whole: a sub-sampled Gauss–Newton matrix (Byrd, Chin,
// Neveitt and Nocedal, SIAM Journal on Optimization 21 (2011) 977–995). What
// links a window to its neighbours is left out, so the information is rather
// too small than too large, and variances rather too large. Where the windows
// are the whole, all is exact.
type windows struct {
	whole *stage
	st    *stage
	list  []window
	scale float64 // of the rows
	p     *optim.Point
	l     optim.Linear
	f     optim.Factor
	every int // steps between factorisations: as long as one takes

	information []float64 // triangle of the border
	damping     float64   // of each column by its size: Marquardt's
	r           []float64 // triangle with damping
	size, work  []float64
}

const (
	mostDense    = 2000 // columns beyond which no matrix of them is formed
	windowNodes  = 32   // nodes of a window at least
	rowsAColumn  = 3    // rows of the windows for each column
	sketchWork   = 5e8  // multiply-adds of a factorisation that are always worth it
	firstDamping = 1e-3
	sketchMemory = 256 << 20 // bytes of the windows' rows at most
)

// sketch prepares the windows of r.
func (r *reducedSpace) sketch(workers int) error {
	p := len(r.st.columns)
	if p > mostDense || p == 0 {
		return nil
	}
	n, m := len(r.st.states), len(r.st.channels)
	bytes := 8 * ((n+m)*(n+p+1) + 2*n*(2*n+p+1))
	want := max(4*windowNodes, rowsAColumn*p/m, int(sketchWork)/(2*m*p*p))
	want = min(want, max(sketchMemory/bytes, windowNodes))
	return r.chooseWindows(want, workers)
}

// chooseWindows makes windows of about the given number of nodes.
func (r *reducedSpace) chooseWindows(want, workers int) error {
	p, m := len(r.st.columns), len(r.st.channels)
	total := 0
	var nodes []int
	for c := range r.st.chains {
		nodes = append(nodes, len(r.st.chains[c].nodes))
		total += nodes[c]
	}
	list, scale := spreadWindows(nodes, want, int(r.st.data.SamplesPerCycle())/max(r.st.segment, 1))
	sp := r.st.spec
	sp.nodes, sp.windows, sp.columns = false, list, sp.columns[:r.st.named]
	st, err := newStage(sp, workers)
	if err != nil {
		return err
	}
	r.windows = &windows{whole: r.st.stage, st: st, list: list, scale: math.Sqrt(scale), p: st.point(), damping: firstDamping}
	r.windows.every = max(1, min(want, total)*2*m*p*p/(total*4*32*p))
	return nil
}

// spreadWindows chooses windows of about the given number of nodes, evenly over chains
// with so many nodes each, and says how many times they are contained in the whole. cycle
// is the number of nodes in one, which a window holds if enough are wanted.
func spreadWindows(chains []int, want, cycle int) (list []window, times float64) {
	total := 0
	for _, nodes := range chains {
		total += nodes
	}
	if want >= total {
		for c, nodes := range chains {
			list = append(list, window{c, 0, nodes})
		}
		return list, 1
	}
	length := max(windowNodes, min(cycle, want/4))
	number := max(want/length, 1)
	used, first := 0, 0
	for c, nodes := range chains {
		for k := range number {
			at := (2*k+1)*total/(2*number) - length/2 - first // in this chain
			from, to := max(at, 0), min(at+length, nodes)
			if at+length/2 < 0 || at+length/2 >= nodes || to-from < 2 {
				continue
			}
			list = append(list, window{c, from, to})
			used += to - from
		}
		first += nodes
	}
	return list, float64(total) / float64(used)
}

// moveTo moves the windows to p, a point of the whole.
func (w *windows) moveTo(p *optim.Point) {
	n := len(w.st.states)
	for k, part := range w.list {
		copy(w.p.Nodes[k], p.Nodes[part.entry][part.from*n:part.to*n])
	}
	copy(w.p.Border, p.Border)
	w.st.substeps = w.whole.substeps
}

// refresh factorises the windows at p.
func (w *windows) refresh(p *optim.Point) {
	w.moveTo(p)
	w.st.Linearise(w.p, &w.l)
	if w.scale != 1 {
		for c := range w.l.Chains {
			for _, rows := range [][]float64{w.l.Chains[c].Local, w.l.Chains[c].Defect} {
				for i := range rows {
					rows[i] *= w.scale
				}
			}
		}
	}
	w.f.Eliminate(&w.l, optim.Damping{})
	w.information, _ = w.f.Information()
	w.damp()
}

// damp adds a multiple of every column's size to the information.
func (w *windows) damp() {
	n := len(w.p.Border)
	if len(w.work) == 0 {
		w.work, w.r, w.size = make([]float64, 2*n*n), make([]float64, n*n), make([]float64, n)
	}
	root := math.Sqrt(w.damping)
	for i := range n {
		size := 0.0
		for j := 0; j <= i; j++ {
			size = math.Hypot(size, w.information[j*n+i])
		}
		if w.size[i] = root * size; size == 0 {
			w.size[i] = 1e30 // nothing determines it: it keeps still
		}
	}
	optim.Damp(w.r, w.information, w.size, w.work, n)
}

// adapt changes the damping after a step of the given length.
func (w *windows) adapt(length float64) {
	before := w.damping
	switch {
	case length >= 1:
		w.damping /= 2
	case length < 0.6:
		w.damping *= 4
	}
	if w.damping = math.Max(w.damping, 1e-10); w.damping != before {
		w.damp()
	}
}

// retry damps after a search that found no step.
func (w *windows) retry() bool {
	if w.damping > 1e4 {
		return false
	}
	w.damping = math.Max(1e-3, 100*w.damping)
	w.damp()
	return true
}

// solve multiplies v by the inverse of the second derivatives 2·RᵀR.
func (w *windows) solve(v []float64) {
	n := len(v)
	for i := range n {
		v[i] /= w.r[i*n+i]
		row := w.r[i*n : (i+1)*n]
		for j := i + 1; j < n; j++ {
			v[j] -= row[j] * v[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		row := w.r[i*n : (i+1)*n]
		for j := i + 1; j < n; j++ {
			v[i] -= row[j] * v[j]
		}
		v[i] /= row[i]
	}
	for i := range v {
		v[i] /= 2
	}
}
