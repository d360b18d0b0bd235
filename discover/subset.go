package discover

import (
	"cmp"
	"math"
	"slices"

	"govern/fit"
	"govern/internal/vector"
)

// quadratic is the objective of a fit as a function of its coefficients, the
// nodes being at their best: |R·θ − y|² + residual. Subsets of its columns are
// compared by least squares with what each term costs.
type quadratic struct {
	rows, size int // size: columns; the first len(cost) are terms, the rest parameters
	columns    [][]float64
	y          []float64
	residual   float64
	cost       []float64
	coarse     float64 // collinear where it is larger
}

func newQuadratic(p *fit.Profile, cost []float64) *quadratic {
	n := len(p.Theta)
	q := &quadratic{rows: n, size: n, y: make([]float64, n), residual: p.Residual, cost: cost}
	for j := range n {
		col := make([]float64, n)
		for i := 0; i <= j; i++ {
			col[i] = p.R[i*n+j]
		}
		q.columns = append(q.columns, col)
	}
	for i := range n {
		q.y[i] = -p.Z[i]
		for j := i; j < n; j++ {
			q.y[i] += p.R[i*n+j] * p.Theta[j]
		}
	}
	return q
}

// subset is a set of terms with the best coefficients of the quadratic.
type subset struct {
	active []bool
	theta  []float64 // of all columns; 0 where absent
	loss   float64   // penalised
	drop   []float64 // rise of the unpenalised objective when a term leaves
	basis  [][]float64
	rest   []float64 // y minus its projection
}

// rank is how many columns took part that are no combination of the others.
func (s *subset) rank() int { return len(s.basis) }

// collinear is the relative length of what remains of a column below which it
// counts as a combination of the others.
const collinear = 1e-9

// solve fits the active terms and all parameters, by Gram–Schmidt twice.
func (q *quadratic) solve(active []bool) subset {
	s := subset{active: slices.Clone(active), theta: make([]float64, q.size), drop: make([]float64, q.size), loss: q.residual}
	var chosen []int
	var r [][]float64 // columns of the triangle
	for j, col := range q.columns {
		if j < len(q.cost) && !active[j] {
			continue
		}
		v := slices.Clone(col)
		coef := make([]float64, len(chosen)+1)
		for range 2 {
			for k, b := range s.basis {
				d := vector.Dot(b, v)
				coef[k] += d
				vector.Axpy(v, -d, b)
			}
		}
		length := math.Sqrt(vector.Dot(v, v))
		if length <= max(collinear, q.coarse)*math.Sqrt(vector.Dot(col, col)) {
			continue
		}
		coef[len(chosen)] = length
		for i := range v {
			v[i] /= length
		}
		s.basis = append(s.basis, v)
		chosen = append(chosen, j)
		r = append(r, coef)
	}
	s.rest = slices.Clone(q.y)
	z := make([]float64, len(chosen))
	for k, b := range s.basis {
		z[k] = vector.Dot(b, s.rest)
		vector.Axpy(s.rest, -z[k], b)
	}
	s.loss += vector.Dot(s.rest, s.rest)
	k := len(chosen)
	inverse := make([]float64, k*k) // R⁻¹
	for j := range k {
		inverse[j*k+j] = 1 / r[j][j]
		for i := j - 1; i >= 0; i-- {
			sum := 0.0
			for m := i + 1; m <= j; m++ {
				sum += r[m][i] * inverse[m*k+j]
			}
			inverse[i*k+j] = -sum / r[i][i]
		}
	}
	for i, j := range chosen {
		variance := 0.0
		for m := i; m < k; m++ {
			s.theta[j] += inverse[i*k+m] * z[m]
			variance += inverse[i*k+m] * inverse[i*k+m]
		}
		s.drop[j] = s.theta[j] * s.theta[j] / variance
	}
	for j, c := range q.cost {
		if active[j] {
			s.loss += c
		}
	}
	return s
}

// gain is the fall of the unpenalised objective when column j joins s.
func (q *quadratic) gain(s *subset, j int) float64 {
	v := slices.Clone(q.columns[j])
	before := math.Sqrt(vector.Dot(v, v))
	for range 2 {
		for _, b := range s.basis {
			vector.Axpy(v, -vector.Dot(b, v), b)
		}
	}
	length := math.Sqrt(vector.Dot(v, v))
	if length <= max(collinear, q.coarse)*before || length == 0 {
		return 0
	}
	d := vector.Dot(v, s.rest) / length
	return d * d
}

// search descends from the active set by dropping, adding and swapping terms,
// always the move that lowers the penalised loss most, until none does.
func (q *quadratic) search(active []bool) subset {
	s := q.solve(active)
	for {
		moves := q.neighbours(&s)
		if len(moves) == 0 {
			return s
		}
		next := q.solve(moves[0].active)
		if !(next.loss < s.loss-improvement-1e-12*math.Abs(s.loss)) { // NaN ends it too
			return s
		}
		s = next
	}
}

// improvement is the least fall of the penalised loss that counts.
const improvement = 1e-6

// move is a neighbouring support with its predicted penalised loss.
type move struct {
	active []bool
	loss   float64
}

// neighbours lists the supports one drop, one addition or one
// exchange away, by rising loss. Cost: k·p²·k multiply-adds for k active of p.
func (q *quadratic) neighbours(s *subset) []move {
	var out []move
	put := func(drop, add int, loss float64) {
		a := slices.Clone(s.active)
		if drop >= 0 {
			a[drop] = false
		}
		if add >= 0 {
			a[add] = true
		}
		out = append(out, move{a, loss})
	}
	for j, c := range q.cost {
		if !s.active[j] {
			put(-1, j, s.loss+c-q.gain(s, j))
			continue
		}
		put(j, -1, s.loss-c+s.drop[j])
		if s.drop[j] > 1e4+100*c && len(q.cost) > 20 {
			continue // nothing replaces it
		}
		a := slices.Clone(s.active)
		a[j] = false
		without := q.solve(a)
		for i, ci := range q.cost {
			if !s.active[i] {
				put(j, i, without.loss+ci-q.gain(&without, i))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b move) int { return cmp.Compare(a.loss, b.loss) })
	return out
}

// prune drops active terms between first and end, the least significant first,
// while the loss with the given price of a term falls; the loss returned holds the
// price.
func (q *quadratic) prune(active []bool, first, end int, price float64) subset {
	for {
		s := q.solve(active)
		least, kept := -1, 0
		for j := first; j < end; j++ {
			if active[j] {
				if kept++; least < 0 || s.drop[j] < s.drop[least] {
					least = j
				}
			}
		}
		if least < 0 || !(s.drop[least] < price) {
			s.loss += price * float64(kept)
			return s
		}
		active[least] = false
	}
}
