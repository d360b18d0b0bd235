package lane

// Partials is the number of partial sums that WeightGradient keeps for every
// weight: lane l adds to sum l mod Partials. The order of a sum is therefore the
// same on every level, and a vector of eight is added without a shuffle.
const Partials = 8

// Pack stores the matrix w (outputs × inputs, row-major) in the order in which
// Affine reads it: groups of four outputs with their weights side by side, input
// by input, then the remaining outputs row by row. len(dst) = len(w).
func Pack(dst, w []float64, outputs, inputs int) {
	packStrided(dst, w, outputs, inputs, inputs, 1)
}

// PackTransposed is Pack of the transpose of w (outputs × inputs, row-major): a
// matrix of as many outputs as w has inputs.
func PackTransposed(dst, w []float64, outputs, inputs int) {
	packStrided(dst, w, inputs, outputs, 1, inputs)
}

func packStrided(dst, w []float64, outputs, inputs, byOutput, byInput int) {
	k, o := 0, 0
	for ; o+4 <= outputs; o += 4 {
		for i := range inputs {
			for r := range 4 {
				dst[k] = w[(o+r)*byOutput+i*byInput]
				k++
			}
		}
	}
	for ; o < outputs; o++ {
		for i := range inputs {
			dst[k] = w[o*byOutput+i*byInput]
			k++
		}
	}
}

// affine computes tiles of four outputs and two lanes, whose eight sums stay in
// registers.
func affine(dst, packed, b, x []float64, inputs, lanes int) {
	outputs := len(dst) / lanes
	o := 0
	for ; o+4 <= outputs; o += 4 {
		bias := [4]float64{}
		if b != nil {
			bias = [4]float64(b[o:])
		}
		w := packed[o*inputs : (o+4)*inputs]
		d := dst[o*lanes : (o+4)*lanes]
		l := 0
		for ; l+2 <= lanes; l += 2 {
			tile(d[l:], w, x[l:], &bias, lanes)
		}
		for ; l < lanes; l++ {
			column(d[l:], w, x[l:], &bias, lanes)
		}
	}
	for ; o < outputs; o++ {
		bias := 0.0
		if b != nil {
			bias = b[o]
		}
		affineRow(dst[o*lanes:(o+1)*lanes], packed[o*inputs:(o+1)*inputs], bias, x)
	}
}

func tile(dst, w, x []float64, b *[4]float64, lanes int) {
	s0, s1, s2, s3 := b[0], b[1], b[2], b[3]
	t0, t1, t2, t3 := s0, s1, s2, s3
	at := 0
	for len(w) >= 4 {
		v := x[at : at+2]
		x0, x1 := v[0], v[1]
		s0 += w[0] * x0
		t0 += w[0] * x1
		s1 += w[1] * x0
		t1 += w[1] * x1
		s2 += w[2] * x0
		t2 += w[2] * x1
		s3 += w[3] * x0
		t3 += w[3] * x1
		at += lanes
		w = w[4:]
	}
	dst[0], dst[1] = s0, t0
	dst[lanes], dst[lanes+1] = s1, t1
	dst[2*lanes], dst[2*lanes+1] = s2, t2
	dst[3*lanes], dst[3*lanes+1] = s3, t3
}

// column is a tile of one lane.
func column(dst, w, x []float64, b *[4]float64, lanes int) {
	s0, s1, s2, s3 := b[0], b[1], b[2], b[3]
	at := 0
	for len(w) >= 4 {
		v := x[at]
		s0 += w[0] * v
		s1 += w[1] * v
		s2 += w[2] * v
		s3 += w[3] * v
		at += lanes
		w = w[4:]
	}
	dst[0], dst[lanes], dst[2*lanes], dst[3*lanes] = s0, s1, s2, s3
}

// affineRow is one output, four lanes at a time.
func affineRow(dst, w []float64, bias float64, x []float64) {
	lanes, l := len(dst), 0
	for ; l+4 <= lanes; l += 4 {
		s0, s1, s2, s3 := bias, bias, bias, bias
		at := l
		for _, c := range w {
			v := x[at : at+4 : at+4]
			s0 += c * v[0]
			s1 += c * v[1]
			s2 += c * v[2]
			s3 += c * v[3]
			at += lanes
		}
		dst[l], dst[l+1], dst[l+2], dst[l+3] = s0, s1, s2, s3
	}
	for ; l < lanes; l++ {
		s, at := bias, l
		for _, c := range w {
			s += c * x[at]
			at += lanes
		}
		dst[l] = s
	}
}

func weightGradient(sums, delta, x []float64, inputs, lanes int) {
	for ; len(delta) >= lanes && lanes > 0; delta = delta[lanes:] {
		d := delta[:lanes]
		for y := x[:inputs*lanes]; len(y) >= lanes; y = y[lanes:] {
			partialDot((*[Partials]float64)(sums), d, y[:lanes])
			sums = sums[Partials:]
		}
	}
}

// partialDot adds d·y to eight sums.
func partialDot(s *[Partials]float64, d, y []float64) {
	s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	for len(d) >= 8 && len(y) >= 8 {
		s0 += d[0] * y[0]
		s1 += d[1] * y[1]
		s2 += d[2] * y[2]
		s3 += d[3] * y[3]
		s4 += d[4] * y[4]
		s5 += d[5] * y[5]
		s6 += d[6] * y[6]
		s7 += d[7] * y[7]
		d, y = d[8:], y[8:]
	}
	s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7] = s0, s1, s2, s3, s4, s5, s6, s7
	for i, v := range d {
		s[i%Partials] += v * y[i]
	}
}

// AddPartials adds to dst[k] the eight partial sums of weight k, in halves: the
// order in which a vector of eight is reduced.
func AddPartials(dst, sums []float64) {
	for k := range dst {
		s := (*[Partials]float64)(sums[k*Partials:])
		dst[k] += ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
	}
}
