package terms

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"govern/fit"
)

// near allows for rounding of sums of some hundred squares.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(a)+math.Abs(b)) }

// problem is a random regression with a few true terms, and its rows.
func problem(seed uint64, rows, columns int, truth []float64) *LeastSquares {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := &LeastSquares{Columns: columns}
	for range rows {
		row := make([]float64, columns)
		target := rng.NormFloat64()
		for j := range row {
			row[j] = rng.NormFloat64() + 0.3*row[max(j-1, 0)]
			if j < len(truth) {
				target += truth[j] * row[j]
			}
		}
		s.Rows, s.Target, s.Weight = append(s.Rows, row), append(s.Target, target), append(s.Weight, 0.5+rng.Float64())
	}
	return s
}

// direct is the weighted least squares of some columns by a QR factorisation of gonum's.
func direct(s *LeastSquares, active []bool) (theta []float64, loss float64) {
	var columns []int
	for j, on := range active {
		if on {
			columns = append(columns, j)
		}
	}
	theta = make([]float64, s.Columns)
	y := make([]float64, len(s.Rows))
	for i := range s.Rows {
		y[i] = s.Weight[i] * s.Target[i]
	}
	if len(columns) > 0 {
		a := mat.NewDense(len(s.Rows), len(columns), nil)
		for i, row := range s.Rows {
			for k, j := range columns {
				a.Set(i, k, s.Weight[i]*row[j])
			}
		}
		var x mat.VecDense
		if err := x.SolveVec(a, mat.NewVecDense(len(y), y)); err != nil {
			panic(err)
		}
		for k, j := range columns {
			theta[j] = x.AtVec(k)
		}
	}
	for i, row := range s.Rows {
		e := s.Weight[i] * s.Target[i]
		for j, v := range row {
			e -= s.Weight[i] * v * theta[j]
		}
		loss += e * e
	}
	return theta, loss
}

func TestTriangulariseKeepsLengths(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	const rows, w = 11, 4
	a := make([]float64, rows*w)
	for i := range a {
		a[i] = rng.NormFloat64()
	}
	before := slices.Clone(a)
	Triangularise(a, rows, w)
	for i := range rows {
		for j := range w {
			if i > j && a[i*w+j] != 0 {
				t.Errorf("element %d, %d is %g below the diagonal", i, j, a[i*w+j])
			}
		}
	}
	for i := range w {
		for j := range w {
			x, y := 0.0, 0.0
			for r := range rows {
				x += before[r*w+i] * before[r*w+j]
				y += a[r*w+i] * a[r*w+j]
			}
			if !near(x, y) {
				t.Errorf("columns %d and %d: product %g, was %g", i, j, y, x)
			}
		}
	}
}

// Many more rows than a block of the reduction holds.
func TestARegressionIsThatOfItsWeightedRows(t *testing.T) {
	s := problem(1, 300, 4, []float64{2, 0, -1})
	q := s.Triangle()
	if len(s.reduce()) != 25 {
		t.Fatal("the reduced regression is no triangle of five columns")
	}
	for bits := range 16 {
		active := []bool{bits&1 > 0, bits&2 > 0, bits&4 > 0, bits&8 > 0}
		theta, loss := direct(s, active)
		got := q.Solve(active)
		if !near(got.Loss, loss) {
			t.Errorf("terms %v: loss %g, want %g", active, got.Loss, loss)
		}
		for j := range theta {
			if !near(got.Theta[j], theta[j]) {
				t.Errorf("terms %v: coefficients %v, want %v", active, got.Theta, theta)
			}
		}
	}
}

func priced(seed uint64) *Quadratic {
	q := problem(seed, 120, 7, []float64{1, 0, -0.5, 0, 0.2}).Triangle()
	for j := range q.cost {
		q.cost[j] = 6 + 0.1*float64(j)
	}
	return q
}

// What a profile promises of a support is what its own least squares gives.
func TestNeighboursCostWhatTheyPromise(t *testing.T) {
	q := priced(2)
	here := q.Solve([]bool{true, false, true, false, false, true, false})
	moves := q.Neighbours(&here)
	if len(moves) != 3+4+3*4 {
		t.Errorf("%d neighbours, want three drops, four additions and twelve exchanges", len(moves))
	}
	last := math.Inf(-1)
	for _, m := range moves {
		if got := q.Solve(m.Active).Loss; !near(got, m.Loss) || m.Loss < last {
			t.Errorf("%v: promised %g, is %g; the one before has %g", m.Active, m.Loss, got, last)
		}
		last = m.Loss
	}
}

func TestGainAndDropAreTheDifferenceOfLosses(t *testing.T) {
	q := priced(3)
	here := q.Solve([]bool{true, true, false, false, false, false, false})
	for j := range q.cost {
		a := slices.Clone(here.Active)
		a[j] = !a[j]
		there := q.Solve(a)
		change := there.Loss - here.Loss
		if here.Active[j] {
			if change += q.cost[j]; !near(here.drop[j], change) {
				t.Errorf("without term %d the loss rises by %g, promised %g", j, change, here.drop[j])
			}
		} else if change -= q.cost[j]; !near(q.Gain(&here, j), -change) {
			t.Errorf("with term %d the loss falls by %g, promised %g", j, -change, q.Gain(&here, j))
		}
	}
}

// least is the penalised loss of the best of all subsets.
func least(q *Quadratic) float64 {
	best := math.Inf(1)
	for bits := range 1 << len(q.cost) {
		active := make([]bool, len(q.cost))
		for j := range active {
			active[j] = bits>>j&1 > 0
		}
		best = math.Min(best, q.Solve(active).Loss)
	}
	return best
}

func TestTheSearchFindsTheBestOfAllSubsets(t *testing.T) {
	for seed := range uint64(20) {
		q := priced(seed)
		for _, start := range [][]bool{All(7), make([]bool, 7)} {
			if got, want := q.search(start).Loss, least(q); !near(got, want) {
				t.Errorf("seed %d from %v: loss %g, the best subset has %g", seed, start, got, want)
			}
		}
	}
}

func TestPruneDropsWhatIsNotWorthItsPrice(t *testing.T) {
	q := priced(4)
	clear(q.cost)
	const price = 8
	got := q.Prune(All(7), 2, 7, price)
	kept := 0
	for j := 2; j < 7; j++ {
		if !got.Active[j] {
			continue
		}
		if kept++; got.drop[j] < price {
			t.Errorf("term %d is kept for a gain of %g", j, got.drop[j])
		}
	}
	if !got.Active[0] || !got.Active[1] {
		t.Error("a term outside of the range is dropped")
	}
	if want := q.Solve(got.Active).Loss + price*float64(kept); !near(got.Loss, want) || kept == 5 {
		t.Errorf("loss %g with %d terms kept, want %g", got.Loss, kept, want)
	}
}

// Two of ten candidates make the target.
func TestGrowFindsThePairThatExplainsMost(t *testing.T) {
	s := problem(5, 200, 10, []float64{0.5})
	for i, row := range s.Rows {
		s.Target[i] += 5*row[4] - 3*row[8]
	}
	q := s.Triangle()
	clear(q.cost)
	got := q.Grow(1, 2)
	slices.Sort(got)
	if !slices.Equal(got, []int{4, 8}) {
		t.Errorf("terms %v join the first, want 4 and 8", got)
	}
}

func TestACombinationOfOtherColumnsCountsForNothing(t *testing.T) {
	s := problem(6, 50, 3, []float64{1})
	for _, row := range s.Rows {
		row[2] = row[0] - 2*row[1]
	}
	q := s.Triangle()
	got := q.Solve(All(3))
	if got.Rank() != 2 || got.Theta[2] != 0 {
		t.Errorf("rank %d, coefficients %v of a combination", got.Rank(), got.Theta)
	}
	two := q.Solve([]bool{true, true, false})
	if g := q.Gain(&two, 2); g != 0 {
		t.Errorf("a combination gains %g", g)
	}
}

func TestTheBasisIsOrthonormalAndItsTriangleInverts(t *testing.T) {
	q := priced(7)
	s := Subset{Active: All(7)}
	chosen, r := q.orthonormalise(&s)
	if len(chosen) != 7 {
		t.Fatalf("columns %v", chosen)
	}
	for i, a := range s.basis {
		for j, b := range s.basis {
			want := 0.0
			if i == j {
				want = 1
			}
			dot := 0.0
			for k := range a {
				dot += a[k] * b[k]
			}
			if math.Abs(dot-want) > 1e-12 {
				t.Errorf("basis %d and %d: product %g", i, j, dot)
			}
		}
	}
	inverse := invertTriangle(r)
	for i := range 7 {
		for j := range 7 {
			want, got := 0.0, 0.0
			if i == j {
				want = 1
			}
			for k := range 7 { // r holds columns
				if i < len(r[k]) {
					got += r[k][i] * inverse[k*7+j]
				}
			}
			if math.Abs(got-want) > 1e-10 {
				t.Errorf("R·R⁻¹ at %d, %d is %g", i, j, got)
			}
		}
	}
}

// The quadratic of a profile is |R·(θ − θ₀) + z|² + residual.
func TestAProfileIsReadAsItIsDefined(t *testing.T) {
	p := &fit.Profile{Theta: []float64{1, -2}, R: []float64{2, 1, 0, 3}, Z: []float64{0.5, -1}, Residual: 7}
	q := NewQuadratic(p, []float64{0, 0})
	got := q.Solve([]bool{false, false}).Loss
	a, b := 2*-1.0+1*2+0.5, 3*2.0-1
	if want := a*a + b*b + 7; !near(got, want) {
		t.Errorf("loss %g of no term, want %g", got, want)
	}
	if got := q.Solve([]bool{true, true}).Loss; !near(got, 7) {
		t.Errorf("loss %g with both, want the residual", got)
	}
}
