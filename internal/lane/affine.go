package lane

// Transpose stores the transpose of w (outputs × inputs, row-major) in dst: what
// Affine takes to go back through w.
func Transpose(dst, w []float64, outputs, inputs int) {
	for i := range inputs {
		for o := range outputs {
			dst[i*outputs+o] = w[o*inputs+i]
		}
	}
}

// affine works on blocks of two outputs and four inputs, whose eight weights stay
// in registers while the lanes pass.
func affine(dst, w, b, x []float64, inputs, lanes int) {
	o := 0
	for ; len(dst) >= 2*lanes && lanes > 0; dst = dst[2*lanes:] {
		d, e := dst[:lanes], dst[lanes:2*lanes]
		begin(d, b, o)
		begin(e, b, o+1)
		p, q := w[o*inputs:(o+1)*inputs], w[(o+1)*inputs:(o+2)*inputs]
		i := 0
		for ; i+4 <= inputs; i += 4 {
			axpyTwoByFour(d, e, (*[4]float64)(p[i:]), (*[4]float64)(q[i:]), x[i*lanes:])
		}
		for ; i < inputs; i++ {
			axpyTwo(d, e, p[i], q[i], x[i*lanes:])
		}
		o += 2
	}
	if len(dst) >= lanes && lanes > 0 {
		d := dst[:lanes]
		begin(d, b, o)
		p := w[o*inputs : (o+1)*inputs]
		i := 0
		for ; i+4 <= inputs; i += 4 {
			axpyFour(d, (*[4]float64)(p[i:]), x[i*lanes:])
		}
		for ; i < inputs; i++ {
			axpy(d, p[i], x[i*lanes:(i+1)*lanes])
		}
	}
}

func begin(d, b []float64, o int) {
	v := 0.0
	if b != nil {
		v = b[o]
	}
	for l := range d {
		d[l] = v
	}
}

// fourRows returns the first rows of a matrix of n lanes, all of length n as the
// compiler sees it.
func fourRows(x []float64, n int) (x0, x1, x2, x3 []float64) {
	return x[:n], x[n : 2*n][:n], x[2*n : 3*n][:n], x[3*n : 4*n][:n]
}

func axpyTwoByFour(d, e []float64, p, q *[4]float64, x []float64) {
	x0, x1, x2, x3 := fourRows(x, len(d))
	e = e[:len(d)]
	p0, p1, p2, p3 := p[0], p[1], p[2], p[3]
	q0, q1, q2, q3 := q[0], q[1], q[2], q[3]
	for l := range d {
		v0, v1, v2, v3 := x0[l], x1[l], x2[l], x3[l]
		d[l] += (p0*v0 + p1*v1) + (p2*v2 + p3*v3)
		e[l] += (q0*v0 + q1*v1) + (q2*v2 + q3*v3)
	}
}

func axpyTwo(d, e []float64, p, q float64, x []float64) {
	e, x = e[:len(d)], x[:len(d)]
	for l, v := range x {
		d[l] += p * v
		e[l] += q * v
	}
}

func axpyFour(d []float64, p *[4]float64, x []float64) {
	x0, x1, x2, x3 := fourRows(x, len(d))
	p0, p1, p2, p3 := p[0], p[1], p[2], p[3]
	for l := range d {
		d[l] += (p0*x0[l] + p1*x1[l]) + (p2*x2[l] + p3*x3[l])
	}
}

// weightGradient takes one row of delta with four of x at a time, and uses the first
// of the partial sums.
func weightGradient(sums, delta, x []float64, inputs, lanes int) {
	for ; len(delta) >= lanes && lanes > 0; delta = delta[lanes:] {
		row, d := sums[:Partials*inputs], delta[:lanes]
		i := 0
		for ; i+4 <= inputs; i += 4 {
			s0, s1, s2, s3 := fourDots(d, x[i*lanes:])
			row[Partials*i] += s0
			row[Partials*(i+1)] += s1
			row[Partials*(i+2)] += s2
			row[Partials*(i+3)] += s3
		}
		for ; i < inputs; i++ {
			row[Partials*i] += dot(d, x[i*lanes:(i+1)*lanes])
		}
		sums = sums[Partials*inputs:]
	}
}

func fourDots(d, x []float64) (s0, s1, s2, s3 float64) {
	x0, x1, x2, x3 := fourRows(x, len(d))
	for l, v := range d {
		s0 += v * x0[l]
		s1 += v * x1[l]
		s2 += v * x2[l]
		s3 += v * x3[l]
	}
	return s0, s1, s2, s3
}

// dot keeps four sums, so that additions overlap.
func dot(d, x []float64) float64 {
	x = x[:len(d)]
	var s0, s1, s2, s3 float64
	l := 0
	for ; l+4 <= len(d) && l+4 <= len(x); l += 4 {
		s0 += d[l] * x[l]
		s1 += d[l+1] * x[l+1]
		s2 += d[l+2] * x[l+2]
		s3 += d[l+3] * x[l+3]
	}
	for ; l < len(d); l++ {
		s0 += d[l] * x[l]
	}
	return (s0 + s2) + (s1 + s3)
}
