package optim

import "math"

// singular is the ratio of a diagonal element to its column, which has the
// unknown's own scale, below which an unknown counts as undetermined; it is then
// left where it is.
const singular = 1e-13

// Residual is the objective at the solution: the sum of squares that no δ can
// remove (of the damped problem, if damped).
func (f *Factor) Residual() float64 {
	r := f.border[len(f.border)-1]
	return r * r
}

// SolveBorder writes the border's part of the minimiser to delta, as long as the
// border.
func (f *Factor) SolveBorder(delta []float64) {
	w := f.size + 1
	for i := f.size - 1; i >= 0; i-- {
		row := f.border[i*w : (i+1)*w]
		sum := -row[f.size]
		for j := i + 1; j < f.size; j++ {
			sum -= row[j] * delta[j]
		}
		delta[i] = divide(sum, f.border, i, w)
	}
}

// SolveNodes writes the nodes' part of the minimiser, given the border's, to
// delta: one slice a chain, N numbers a node.
func (f *Factor) SolveNodes(border []float64, delta [][]float64) {
	n, p := f.n, f.p
	wide := 2*n + p + 1
	whole := border
	for c, chain := range f.chains {
		d := delta[c]
		if border = whole; chain.columns != nil {
			border = f.local.buffer[:p]
			for j, k := range chain.columns {
				border[j] = whole[k]
			}
		}
		for b := chain.nodes - 1; b >= 0; b-- {
			for i := n - 1; i >= 0; i-- {
				row := chain.rows[(b*n+i)*wide : (b*n+i+1)*wide]
				sum := -row[2*n+p]
				for j := i + 1; j < n; j++ {
					sum -= row[j] * d[b*n+j]
				}
				if b+1 < chain.nodes {
					for j := range n {
						sum -= row[n+j] * d[(b+1)*n+j]
					}
				}
				for j := range p {
					sum -= row[2*n+j] * border[j]
				}
				d[b*n+i] = divide(sum, chain.rows[b*n*wide:], i, wide)
			}
		}
	}
}

// divide is sum over the diagonal element i of the triangle whose rows of the
// given width begin at triangle; 0 where it vanishes beside its column.
func divide(sum float64, triangle []float64, i, width int) float64 {
	diagonal := triangle[i*width+i]
	top := 0.0
	for j := 0; j <= i; j++ {
		top = math.Max(top, math.Abs(triangle[j*width+i]))
	}
	if math.Abs(diagonal) <= singular*top || diagonal == 0 {
		return 0
	}
	return sum / diagonal
}

// LogDet returns log det of JᵀJ of the nodes alone and of the border reduced by
// the nodes; their sum is that of the whole. Undetermined directions count 0.
func (f *Factor) LogDet() (nodes, border float64) {
	n := f.n
	wide := 2*n + f.p + 1
	for _, chain := range f.chains {
		for b := range chain.nodes {
			for i := range n {
				if v := math.Abs(chain.rows[(b*n+i)*wide+i]); v > 0 {
					nodes += 2 * math.Log(v)
				}
			}
		}
	}
	for i := range f.size {
		if v := math.Abs(f.border[i*(f.size+1)+i]); v > 0 {
			border += 2 * math.Log(v)
		}
	}
	return nodes, border
}

// Information returns the reduced triangle R of the border (row major) and
// z, so that the objective as a function of the border's step alone is
// |R·δ + z|² + Residual().
func (f *Factor) Information() (r, z []float64) { return f.unpack(f.border) }

// Before is Information without the late rows, and what no step can remove of it.
// Only where there are some.
func (f *Factor) Before() (r, z []float64, residual float64) {
	r, z = f.unpack(f.before)
	left := f.before[len(f.before)-1]
	return r, z, left * left
}

func (f *Factor) unpack(border []float64) (r, z []float64) {
	p, w := f.size, f.size+1
	r, z = make([]float64, p*p), make([]float64, p)
	for i := range p {
		copy(r[i*p+i:(i+1)*p], border[i*w+i:i*w+p])
		z[i] = border[i*w+p]
	}
	return r, z
}

// BorderCovariance returns (RᵀR)⁻¹ of the border, P×P. Undetermined directions
// get the variance +Inf on their diagonal and 0 elsewhere.
func (f *Factor) BorderCovariance() []float64 {
	r, _ := f.Information()
	return InverseGram(r, f.size)
}

// InverseGram returns (RᵀR)⁻¹ for an upper triangle R, p×p. A direction with a
// vanishing diagonal gets +Inf on its diagonal and 0 elsewhere.
func InverseGram(r []float64, p int) []float64 {
	inv := make([]float64, p*p) // R⁻¹, upper triangle
	lost := make([]bool, p)
	for i := range p {
		top := 0.0
		for j := 0; j <= i; j++ { // size of the column, which is the unknown's own scale
			top = math.Hypot(top, r[j*p+i])
		}
		lost[i] = !(math.Abs(r[i*p+i]) > singular*top)
	}
	for j := range p {
		if lost[j] {
			continue
		}
		inv[j*p+j] = 1 / r[j*p+j]
		for i := j - 1; i >= 0; i-- {
			if lost[i] {
				continue
			}
			sum := 0.0
			for k := i + 1; k <= j; k++ {
				sum += r[i*p+k] * inv[k*p+j]
			}
			inv[i*p+j] = -sum / r[i*p+i]
		}
	}
	cov := make([]float64, p*p)
	for i := range p {
		for j := i; j < p; j++ {
			sum := 0.0
			for k := j; k < p; k++ {
				sum += inv[i*p+k] * inv[j*p+k]
			}
			cov[i*p+j], cov[j*p+i] = sum, sum
		}
		if lost[i] {
			cov[i*p+i] = math.Inf(1)
		}
	}
	return cov
}

// NodeCovariances calls visit for every node with its posterior covariance
// (N×N, row major, reused between calls), from the last node of a chain to the
// first. Cost a node: O(n³ + n²p + np²).
//
// A node x given the next one x' and the border θ is R·x + U·x' + V·θ + z with unit
// noise, so with M = R⁻¹U and W = R⁻¹V
//
//	Cov(x)    = R⁻¹R⁻ᵀ + M·Cov(x')·Mᵀ + W·Cov(θ)·Wᵀ + M·Cov(x', θ)·Wᵀ + W·Cov(θ, x')·Mᵀ
//	Cov(x, θ) = −M·Cov(x', θ) − W·Cov(θ)
func (f *Factor) NodeCovariances(visit func(chain, node int, cov []float64)) {
	whole := f.BorderCovariance()
	for i := range f.size {
		if math.IsInf(whole[i*f.size+i], 1) {
			whole[i*f.size+i] = 0
		}
	}
	wide := 2*f.n + f.p + 1
	s := newBackward(f.n, f.p)
	theta, part := whole, make([]float64, f.p*f.p)
	for c, chain := range f.chains {
		if chain.columns != nil {
			theta = part
			for i, k := range chain.columns {
				for j, m := range chain.columns {
					theta[i*f.p+j] = whole[k*f.size+m]
				}
			}
		}
		for b := chain.nodes - 1; b >= 0; b-- {
			s.node(chain.rows[b*f.n*wide:(b+1)*f.n*wide], theta, b+1 == chain.nodes)
			visit(c, b, s.cov)
		}
	}
}

// backward is the recursion of covariances from the last node of a chain to the first.
type backward struct {
	n, p             int
	inv, m, w        []float64 // R⁻¹, M, W
	cov, next        []float64 // Cov(x), Cov(x')
	cross, nextCross []float64 // Cov(x, θ), Cov(x', θ)
	mc, mx, wt       []float64 // M·Cov(x'), M·Cov(x', θ), W·Cov(θ)
}

func newBackward(n, p int) *backward {
	square, border := func() []float64 { return make([]float64, n*n) }, func() []float64 { return make([]float64, n*p) }
	return &backward{
		n: n, p: p, inv: square(), m: square(), w: border(), cov: square(), next: square(),
		cross: border(), nextCross: border(), mc: square(), mx: border(), wt: border(),
	}
}

// node goes on to a node with the given rows of the factor; the last of a chain has no
// next one.
func (s *backward) node(rows, theta []float64, last bool) {
	n, p := s.n, s.p
	s.next, s.cov = s.cov, s.next
	s.nextCross, s.cross = s.cross, s.nextCross
	if last {
		clear(s.next)
		clear(s.nextCross)
	}
	s.solve(rows, last)
	multiply(s.wt, s.w, theta, n, p, p)
	multiply(s.mx, s.m, s.nextCross, n, n, p)
	multiply(s.mc, s.m, s.next, n, n, n)
	inv, m, w, mc, mx, wt := s.inv, s.m, s.w, s.mc, s.mx, s.wt
	for i := range n {
		for j := range n {
			sum := 0.0
			for k := range n {
				sum += inv[i*n+k]*inv[j*n+k] + mc[i*n+k]*m[j*n+k]
			}
			wj, mxj := w[j*p:(j+1)*p], mx[j*p:(j+1)*p]
			wi, mxi, wti := w[i*p : (i+1)*p][:len(wj)], mx[i*p : (i+1)*p][:len(wj)], wt[i*p : (i+1)*p][:len(wj)]
			for k, v := range wj {
				sum += wti[k]*v + mxi[k]*v + wi[k]*mxj[k]
			}
			s.cov[i*n+j] = sum
		}
	}
	for k, cross := 0, s.cross; k < len(cross); k++ {
		cross[k] = -(mx[k] + wt[k])
	}
}

// solve computes R⁻¹, M and W of a node.
func (s *backward) solve(rows []float64, last bool) {
	n, p := s.n, s.p
	wide := 2*n + p + 1
	inv, m, w := s.inv, s.m, s.w
	invertTriangle(inv, rows, n, wide)
	if last {
		clear(m)
	}
	for i := range n {
		for j := 0; j < n && !last; j++ {
			sum := 0.0
			for k := i; k < n; k++ {
				sum += inv[i*n+k] * rows[k*wide+n+j]
			}
			m[i*n+j] = sum
		}
		for j := range p {
			sum := 0.0
			for k := i; k < n; k++ {
				sum += inv[i*n+k] * rows[k*wide+2*n+j]
			}
			w[i*p+j] = sum
		}
	}
}

// invertTriangle writes the inverse of the upper triangle that begins rows of the given
// stride; columns of a zero diagonal are zero.
func invertTriangle(inv, rows []float64, n, stride int) {
	clear(inv)
	for j := range n {
		d := rows[j*stride+j]
		if d == 0 {
			continue
		}
		inv[j*n+j] = 1 / d
		for i := j - 1; i >= 0; i-- {
			sum := 0.0
			for k := i + 1; k <= j; k++ {
				sum += rows[i*stride+k] * inv[k*n+j]
			}
			if d := rows[i*stride+i]; d != 0 {
				inv[i*n+j] = -sum / d
			}
		}
	}
}

// multiply sets c = a·b for a r×k and b k×w. Four columns are summed at a time, in
// registers; the order of every sum is that of k.
func multiply(c, a, b []float64, r, k, w int) {
	for i := range r {
		row, out := a[i*k:(i+1)*k], c[i*w:(i+1)*w]
		j := 0
		for ; j+4 <= w; j += 4 {
			var c0, c1, c2, c3 float64
			for l, s := range row {
				if s != 0 {
					x := b[l*w+j : l*w+j+4 : l*w+j+4]
					c0 += s * x[0]
					c1 += s * x[1]
					c2 += s * x[2]
					c3 += s * x[3]
				}
			}
			out[j], out[j+1], out[j+2], out[j+3] = c0, c1, c2, c3
		}
		for ; j < w; j++ {
			sum := 0.0
			for l, s := range row {
				if s != 0 {
					sum += s * b[l*w+j]
				}
			}
			out[j] = sum
		}
	}
}
