package optim

import "math"

// singular is the ratio of a diagonal element to its row below which an
// unknown counts as undetermined; it is then left where it is.
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
		delta[i] = divide(sum, row[i], row[:f.size])
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
				d[b*n+i] = divide(sum, row[i], row[:n])
			}
		}
	}
}

func divide(sum, diagonal float64, row []float64) float64 {
	top := 0.0
	for _, v := range row {
		top = math.Max(top, math.Abs(v))
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
func (f *Factor) NodeCovariances(visit func(chain, node int, cov []float64)) {
	n, p := f.n, f.p
	wide := 2*n + p + 1
	whole := f.BorderCovariance()
	for i := range f.size {
		if math.IsInf(whole[i*f.size+i], 1) {
			whole[i*f.size+i] = 0
		}
	}
	theta := whole
	part := make([]float64, p*p)
	m := make([]float64, n*n)      // R⁻¹U
	v := make([]float64, n*p)      // R⁻¹V
	inv := make([]float64, n*n)    // R⁻¹
	cross := make([]float64, n*p)  // Cov(node b+1, θ)
	cross2 := make([]float64, n*p) // Cov(node b, θ), negated sum
	next := make([]float64, n*n)   // Cov(node b+1)
	cov := make([]float64, n*n)
	vt := make([]float64, n*p)
	mc := make([]float64, n*n)
	mx := make([]float64, n*p)
	for c, chain := range f.chains {
		if chain.columns != nil {
			theta = part
			for i, k := range chain.columns {
				for j, m := range chain.columns {
					theta[i*p+j] = whole[k*f.size+m]
				}
			}
		}
		for b := chain.nodes - 1; b >= 0; b-- {
			rows := chain.rows[b*n*wide : (b+1)*n*wide]
			invertTriangle(inv, rows, n, wide)
			for i := range n {
				for j := range n {
					sum := 0.0
					if b+1 < chain.nodes {
						for k := i; k < n; k++ {
							sum += inv[i*n+k] * rows[k*wide+n+j]
						}
					}
					m[i*n+j] = sum
				}
				for j := range p {
					sum := 0.0
					for k := i; k < n; k++ {
						sum += inv[i*n+k] * rows[k*wide+2*n+j]
					}
					v[i*p+j] = sum
				}
			}
			if b+1 == chain.nodes {
				clear(next)
				clear(cross)
			}
			multiply(vt, v, theta, n, p, p) // V Cθ
			multiply(mx, m, cross, n, n, p) // M X
			multiply(mc, m, next, n, n, n)  // M C
			for i := range n {
				for j := range n {
					sum := 0.0
					for k := range n {
						sum += inv[i*n+k]*inv[j*n+k] + mc[i*n+k]*m[j*n+k]
					}
					for k := range p {
						sum += vt[i*p+k]*v[j*p+k] + mx[i*p+k]*v[j*p+k] + v[i*p+k]*mx[j*p+k]
					}
					cov[i*n+j] = sum
				}
			}
			for k := range cross2 {
				cross2[k] = -(mx[k] + vt[k])
			}
			visit(c, b, cov)
			copy(next, cov)
			cross, cross2 = cross2, cross
		}
	}
}

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

// multiply sets c = a·b for a r×k and b k×w.
func multiply(c, a, b []float64, r, k, w int) {
	clear(c[:r*w])
	for i := range r {
		for l := range k {
			s := a[i*k+l]
			if s == 0 {
				continue
			}
			row, out := b[l*w:(l+1)*w], c[i*w:(i+1)*w]
			for j, x := range row {
				out[j] += s * x
			}
		}
	}
}
