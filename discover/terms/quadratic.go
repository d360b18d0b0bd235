package terms

import (
	"cmp"
	"math"
	"slices"

	"govern/fit"
	"govern/internal/vector"
)

// Quadratic is the objective of a fit as a function of its coefficients, the
// nodes being at their best: |R·θ − y|² + residual. Subsets of its columns are
// compared by least squares with what each term costs.
type Quadratic struct {
	rows, size int // size: columns; the first len(cost) are terms, the rest parameters
	columns    [][]float64
	y          []float64
	residual   float64
	cost       []float64
	Coarse     float64 // collinear where it is larger
}

// NewQuadratic is the quadratic of a fit's profile: R·θ − y with R the profile's
// triangle and y = R·θ₀ − z at the fit's θ₀.
func NewQuadratic(p *fit.Profile, cost []float64) *Quadratic {
	n := len(p.Theta)
	q := &Quadratic{rows: n, size: n, y: make([]float64, n), residual: p.Residual, cost: cost}
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

// Subset is a set of terms with the best coefficients of the quadratic.
type Subset struct {
	Active []bool
	Theta  []float64 // of all columns; 0 where absent
	Loss   float64   // penalised
	drop   []float64 // rise of the unpenalised objective when a term leaves
	basis  [][]float64
	rest   []float64 // y minus its projection
}

// Rank is how many columns took part that are no combination of the others.
func (s *Subset) Rank() int { return len(s.basis) }

// collinear is the relative length of what remains of a column below which it
// counts as a combination of the others.
const collinear = 1e-9

// Solve fits the active terms and all parameters, by Gram–Schmidt twice.
func (q *Quadratic) Solve(active []bool) Subset {
	s := Subset{Active: slices.Clone(active), Theta: make([]float64, q.size), drop: make([]float64, q.size), Loss: q.residual}
	chosen, r := q.orthonormalise(&s)
	s.rest = slices.Clone(q.y)
	z := make([]float64, len(chosen))
	for k, b := range s.basis {
		z[k] = vector.Dot(b, s.rest)
		vector.Axpy(s.rest, -z[k], b)
	}
	s.Loss += vector.Dot(s.rest, s.rest)
	k := len(chosen)
	inverse := invertTriangle(r)
	for i, j := range chosen {
		variance := 0.0
		for m := i; m < k; m++ {
			s.Theta[j] += inverse[i*k+m] * z[m]
			variance += inverse[i*k+m] * inverse[i*k+m]
		}
		s.drop[j] = s.Theta[j] * s.Theta[j] / variance
	}
	for j, c := range q.cost {
		if active[j] {
			s.Loss += c
		}
	}
	return s
}

// orthonormalise makes the basis of a subset: chosen are the columns that are no
// combination of those before them, r their coefficients in the basis.
func (q *Quadratic) orthonormalise(s *Subset) (chosen []int, r [][]float64) {
	for j, col := range q.columns {
		if j < len(q.cost) && !s.Active[j] {
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
		if length <= max(collinear, q.Coarse)*math.Sqrt(vector.Dot(col, col)) {
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
	return chosen, r
}

// invertTriangle is the inverse, by rows, of an upper triangle by columns.
func invertTriangle(r [][]float64) []float64 {
	k := len(r)
	inverse := make([]float64, k*k)
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
	return inverse
}

// Gain is the fall of the unpenalised objective when column j joins s.
func (q *Quadratic) Gain(s *Subset, j int) float64 {
	v := slices.Clone(q.columns[j])
	before := math.Sqrt(vector.Dot(v, v))
	for range 2 {
		for _, b := range s.basis {
			vector.Axpy(v, -vector.Dot(b, v), b)
		}
	}
	length := math.Sqrt(vector.Dot(v, v))
	if length <= max(collinear, q.Coarse)*before || length == 0 {
		return 0
	}
	d := vector.Dot(v, s.rest) / length
	return d * d
}

// search descends from the active set by dropping, adding and swapping terms,
// always the move that lowers the penalised loss most, until none does.
func (q *Quadratic) search(active []bool) Subset {
	s := q.Solve(active)
	for {
		moves := q.Neighbours(&s)
		if len(moves) == 0 {
			return s
		}
		next := q.Solve(moves[0].Active)
		if !(next.Loss < s.Loss-improvement-1e-12*math.Abs(s.Loss)) { // NaN ends it too
			return s
		}
		s = next
	}
}

// improvement is the least fall of the penalised loss that counts.
const improvement = 1e-6

// Move is a neighbouring support with its predicted penalised loss.
type Move struct {
	Active []bool
	Loss   float64
}

// Neighbours lists the supports one drop, one addition or one
// exchange away, by rising loss. Cost: k·p²·k multiply-adds for k active of p.
func (q *Quadratic) Neighbours(s *Subset) []Move {
	var out []Move
	put := func(drop, add int, loss float64) {
		a := slices.Clone(s.Active)
		if drop >= 0 {
			a[drop] = false
		}
		if add >= 0 {
			a[add] = true
		}
		out = append(out, Move{a, loss})
	}
	for j, c := range q.cost {
		if !s.Active[j] {
			put(-1, j, s.Loss+c-q.Gain(s, j))
			continue
		}
		put(j, -1, s.Loss-c+s.drop[j])
		if s.drop[j] > 1e4+100*c && len(q.cost) > 20 {
			continue // nothing replaces it
		}
		a := slices.Clone(s.Active)
		a[j] = false
		without := q.Solve(a)
		for i, ci := range q.cost {
			if !s.Active[i] {
				put(j, i, without.Loss+ci-q.Gain(&without, i))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Move) int { return cmp.Compare(a.Loss, b.Loss) })
	return out
}

// Prune drops active terms between first and end, the least significant first,
// while the loss with the given price of a term falls; the loss returned holds the
// price.
func (q *Quadratic) Prune(active []bool, first, end int, price float64) Subset {
	for {
		s := q.Solve(active)
		least, kept := -1, 0
		for j := first; j < end; j++ {
			if active[j] {
				if kept++; least < 0 || s.drop[j] < s.drop[least] {
					least = j
				}
			}
		}
		if least < 0 || !(s.drop[least] < price) {
			s.Loss += price * float64(kept)
			return s
		}
		active[least] = false
	}
}

// Grow adds n of the terms from the first on to those before it: the best single, then
// the best to join, each placed once more, the oldest first, when all are there.
func (q *Quadratic) Grow(first, n int) []int {
	active := make([]bool, len(q.cost))
	for i := range first {
		active[i] = true
	}
	var chosen []int
	join := func() {
		best, where := math.Inf(1), -1
		for i := first; i < len(active); i++ {
			if active[i] {
				continue
			}
			active[i] = true
			if s := q.Solve(active); s.Loss < best {
				best, where = s.Loss, i
			}
			active[i] = false
		}
		if where >= 0 {
			active[where] = true
			chosen = append(chosen, where)
		}
	}
	for range n {
		join()
	}
	for range 2 * n {
		if len(chosen) < 2 {
			break
		}
		active[chosen[0]] = false
		chosen = chosen[1:]
		join()
	}
	return chosen
}
