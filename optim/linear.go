// Package optim holds the optimisers of govern: Levenberg–Marquardt on chains
// of nodes with a border, which is the shape of every trajectory fit.
package optim

import (
	"math"

	"govern/internal/lane"
)

// Linear is a linear least-squares problem, minimise Σ (row·δ + r)², whose
// unknowns are the nodes of one or more chains, N numbers each, and a border of
// numbers that every row may see. A local row touches one node, a defect row
// two neighbours.
type Linear struct {
	N, P   int // numbers of a node; of the border, those that a chain's rows see
	Chains []LinearChain
	// Border is the size of the whole border where chains see parts of it (their
	// Columns); 0: P.
	Border int
	Prior  []float64 // rows on the border alone, each as long as the border and one: coefficients, then r
	Late   []float64 // more of them: the factor also keeps the triangle without these (Factor.Before)
}

// Width is the size of the whole border.
func (l *Linear) Width() int {
	if l.Border > 0 {
		return l.Border
	}
	return l.P
}

// LinearChain holds the rows of one chain of nodes.
type LinearChain struct {
	Nodes int
	// Columns says which number of the border each of the P is that the chain's rows
	// see; nil: the first P. All chains have some or none has. A chain may name a number twice if one of the two has
	// no coefficients.
	Columns []int
	// Local rows of node b are First[b] … First[b+1]−1, each N+P+1 long:
	// node, border, r. len(First) is Nodes+1.
	First []int
	Local []float64
	// Defect holds N rows for each pair of neighbours, each 2N+P+1 long: node b,
	// node b+1, border, r.
	Defect []float64
}

// Damping is Levenberg's term: rows Lambda·scale on every unknown, with
// Marquardt's scale, the norm of the unknown's column.
type Damping struct{ Lambda float64 }

// Factor is the orthogonal factorisation of a Linear by elimination of the
// nodes from first to last, then of the border (a square-root information
// filter: Bierman 1977). It never forms normal equations, so the precision is
// that of the condition number and not of its square. Its memory is reused from
// one factorisation to the next.
//
// Cost: about 8·n²(n+p) + 4·m·p² operations a node with n unknowns and m local
// rows that see p numbers of the border; memory n(2n+p+1) numbers a node. Chains that
// see parts of a border of q numbers add p·q² a chain, whatever their length.
type Factor struct {
	n, p   int // of the rows of chains
	size   int // of the whole border
	chains []factorChain
	border []float64 // (size+1)×(size+1) upper triangle with the right-hand side as last column
	before []float64 // the same without the late rows; empty where there are none
	global triangle
	local  triangle // of one chain, where chains see parts of the border
	parts  bool     // they do
	wide   []float64
	work   []float64
	carry  []float64
	dot    []float64
	scaleP []float64

	kernels *lane.Table
}

type factorChain struct {
	nodes   int
	columns []int
	rows    []float64 // n rows a node: R | U | V | z
}

// triangle gathers rows into an upper triangle.
type triangle struct {
	width  int       // of a row
	rows   []float64 // width×width
	buffer []float64 // rows waiting to enter
	queued int
}

func (t *triangle) prepare(width int) {
	t.width, t.queued = width, 0
	t.rows = grow(t.rows, width*width)[:width*width]
	clear(t.rows)
	t.buffer = grow(t.buffer, (bufferRows+width)*width)
}

// bufferRows is how many rows wait before they enter the border together.
const bufferRows = 64

// Eliminate factorises l. With damping it is the factorisation of the damped
// problem.
func (f *Factor) Eliminate(l *Linear, d Damping) {
	n, p := l.N, l.P
	f.prepare(l)
	wide := 2*n + p + 1
	for c := range l.Chains {
		chain := &l.Chains[c]
		out := &f.chains[c]
		enter := &f.global
		if f.parts {
			enter = &f.local
			enter.prepare(p + 1)
		}
		carried := 0 // rows in carry, each n+p+1
		for b := range chain.Nodes {
			carried = f.absorb(l, chain, enter, b, carried, d)
			// carry now holds at most n rows on node b and the border.
			rows := carried
			w := f.work
			for r := range carried {
				dst, src := w[r*wide:(r+1)*wide], f.carry[r*(n+p+1):]
				copy(dst[:n], src[:n])
				clear(dst[n : 2*n])
				copy(dst[2*n:], src[n:n+p+1])
			}
			if b+1 < chain.Nodes {
				copy(w[rows*wide:], chain.Defect[b*n*wide:(b+1)*n*wide])
				rows += n
			}
			for ; rows < n; rows++ { // a node that nothing determines
				clear(w[rows*wide : (rows+1)*wide])
			}
			f.reflect(w, rows, wide, n, 0)
			copy(out.rows[b*n*wide:(b+1)*n*wide], w[:n*wide])
			carried = 0
			for r := n; r < rows; r++ {
				src := w[r*wide : (r+1)*wide]
				if b+1 < chain.Nodes {
					copy(f.carry[carried*(n+p+1):(carried+1)*(n+p+1)], src[n:])
					carried++
				} else {
					f.push(enter, src[2*n:])
				}
			}
		}
		if f.parts {
			f.scatter(out.columns)
		}
	}
	width := f.size + 1
	for r := 0; r+width <= len(l.Prior); r += width {
		f.push(&f.global, l.Prior[r:r+width])
	}
	f.before = f.before[:0]
	if len(l.Late) > 0 {
		f.flush(&f.global)
		f.before = append(f.before, f.global.rows...)
	}
	for r := 0; r+width <= len(l.Late); r += width {
		f.push(&f.global, l.Late[r:r+width])
	}
	if d.Lambda > 0 {
		row := f.wide
		for j := range f.size {
			clear(row)
			row[j] = d.Lambda * f.scaleP[j]
			f.push(&f.global, row)
		}
	}
	f.flush(&f.global)
	f.border = f.global.rows
}

// scatter hands what a chain says about its part of the border to the whole.
func (f *Factor) scatter(columns []int) {
	f.flush(&f.local)
	w := f.p + 1
	for i := range w {
		clear(f.wide)
		for j, v := range f.local.rows[i*w : i*w+f.p] {
			f.wide[columns[j]] += v
		}
		f.wide[f.size] = f.local.rows[i*w+f.p]
		f.push(&f.global, f.wide)
	}
}

// absorb adds node b's local rows, and damping, to the carried rows and
// triangularises them: at most n rows stay, the rest goes to the border.
func (f *Factor) absorb(l *Linear, chain *LinearChain, enter *triangle, b, carried int, d Damping) int {
	n, p := l.N, l.P
	width := n + p + 1
	first, last := chain.First[b], chain.First[b+1]
	need := (carried + last - first + n) * width
	if len(f.carry) < need {
		f.carry = append(f.carry, make([]float64, need-len(f.carry))...)
	}
	rows := carried
	copy(f.carry[rows*width:], chain.Local[first*width:last*width])
	rows += last - first
	if d.Lambda > 0 {
		for j := range n {
			row := f.carry[rows*width : (rows+1)*width]
			clear(row)
			row[j] = d.Lambda * nodeScale(l, chain, b, j)
			rows++
		}
	}
	if rows <= n {
		return rows
	}
	f.reflect(f.carry, rows, width, n, 0)
	for r := n; r < rows; r++ {
		f.push(enter, f.carry[r*width+n:(r+1)*width])
	}
	return n
}

// nodeScale is the norm of the column of unknown j of node b.
func nodeScale(l *Linear, chain *LinearChain, b, j int) float64 {
	n, p := l.N, l.P
	width, wide := n+p+1, 2*n+p+1
	sum := 0.0
	for r := chain.First[b]; r < chain.First[b+1]; r++ {
		v := chain.Local[r*width+j]
		sum += v * v
	}
	for i := range n {
		if b+1 < chain.Nodes {
			v := chain.Defect[(b*n+i)*wide+j]
			sum += v * v
		}
		if b > 0 {
			v := chain.Defect[((b-1)*n+i)*wide+n+j]
			sum += v * v
		}
	}
	return math.Sqrt(sum)
}

// prepare sizes the memory and clears the border.
func (f *Factor) prepare(l *Linear) {
	n, p := l.N, l.P
	f.n, f.p, f.size, f.kernels = n, p, l.Width(), lane.Best()
	f.parts = false
	wide := 2*n + p + 1
	if len(f.chains) != len(l.Chains) {
		f.chains = make([]factorChain, len(l.Chains))
	}
	for c := range l.Chains {
		f.chains[c].nodes, f.chains[c].columns = l.Chains[c].Nodes, l.Chains[c].Columns
		f.parts = f.parts || l.Chains[c].Columns != nil
		if need := l.Chains[c].Nodes * n * wide; cap(f.chains[c].rows) < need {
			f.chains[c].rows = make([]float64, need)
		} else {
			f.chains[c].rows = f.chains[c].rows[:need]
		}
	}
	f.work = grow(f.work, 2*n*wide)
	f.carry = grow(f.carry, 2*n*(n+p+1))
	f.dot = grow(f.dot, wide)
	f.global.prepare(f.size + 1)
	f.border = f.global.rows
	f.wide = grow(f.wide, f.size+1)[:f.size+1]
	f.scaleP = grow(f.scaleP, f.size)
	f.borderScale(l)
}

func grow(s []float64, n int) []float64 {
	if len(s) < n {
		return make([]float64, n)
	}
	return s
}

// borderScale sets scaleP to the column norms of the border.
func (f *Factor) borderScale(l *Linear) {
	n, p := l.N, l.P
	s := f.scaleP[:f.size]
	clear(s)
	add := func(rows []float64, columns []int, width, at, p int) {
		for r := 0; r+width <= len(rows); r += width {
			if columns == nil {
				for j, v := range rows[r+at : r+at+p] {
					s[j] += v * v
				}
				continue
			}
			for j, v := range rows[r+at : r+at+p] {
				s[columns[j]] += v * v
			}
		}
	}
	for c := range l.Chains {
		add(l.Chains[c].Local, l.Chains[c].Columns, n+p+1, n, p)
		add(l.Chains[c].Defect, l.Chains[c].Columns, 2*n+p+1, 2*n, p)
	}
	add(l.Prior, nil, f.size+1, 0, f.size)
	add(l.Late, nil, f.size+1, 0, f.size)
	for j := range s {
		s[j] = math.Sqrt(s[j])
	}
}

// push queues a row for a triangle.
func (f *Factor) push(t *triangle, row []float64) {
	w := t.width
	// The queue lies below the triangle's rows.
	copy(t.buffer[(w+t.queued)*w:], row[:w])
	t.queued++
	if t.queued == bufferRows {
		f.flush(t)
	}
}

// flush takes the queued rows into a triangle.
func (f *Factor) flush(t *triangle) {
	w := t.width
	f.dot = grow(f.dot, w)
	copy(t.buffer[:w*w], t.rows)
	f.reflect(t.buffer, w+t.queued, w, w, w)
	for i := range w {
		clear(t.rows[i*w : i*w+i])
		copy(t.rows[i*w+i:(i+1)*w], t.buffer[i*w+i:(i+1)*w])
	}
	t.queued = 0
}

// vanishing is a square below which what is left of a column counts as zero: its
// reflection would overflow. Saturated units of networks have such columns.
const vanishing = 1e-280

// reflect applies k Householder reflections to the rows×width matrix a (row
// major), so that its first k columns become upper triangular. Rows from the
// pivot's to before first are known to be so already.
func (f *Factor) reflect(a []float64, rows, width, k, first int) {
	for j := 0; j < k && j < rows; j++ {
		f.reflectColumn(a, j, max(j+1, first), rows, width)
	}
}

// reflectColumn clears column j from row below to before rows by a reflection
// with row j.
func (f *Factor) reflectColumn(a []float64, j, below, rows, width int) {
	if below >= rows {
		return
	}
	sum := 0.0
	for at := below*width + j; at < rows*width; at += width {
		sum += a[at] * a[at]
	}
	if sum >= vanishing {
		head := a[j*width+j]
		alpha := math.Sqrt(head*head + sum)
		if head > 0 {
			alpha = -alpha
		}
		v0 := head - alpha
		beta := -1 / (alpha * v0) // 2/|v|²
		f.kernels.Reflect(a[j*width+j+1:(j+1)*width], a[below*width+j:rows*width], rows-below, width, v0, beta, f.dot)
		a[j*width+j] = alpha
	}
	for at := below*width + j; at < rows*width; at += width {
		a[at] = 0
	}
}

// Damp sets dst to the upper triangle of [R; D], R an upper triangle of n columns
// and D diagonal: RᵀR + D². work has 2·n² numbers, n×n matrices are row major.
// Cost: 2/3·n³ multiply-adds.
func Damp(dst, r, d, work []float64, n int) {
	f := Factor{kernels: lane.Best(), dot: make([]float64, n)}
	copy(work, r)
	clear(work[n*n:])
	for j := range n {
		work[(n+j)*n+j] = d[j]
	}
	for j := range n { // row j of D fills to the right only once column j is cleared
		f.reflectColumn(work, j, n, n+j+1, n)
	}
	copy(dst, work[:n*n])
}
