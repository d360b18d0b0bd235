package optim

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// random returns a problem of two chains and its dense form: rows·δ = −r.
func random(rng *rand.Rand, n, p int, nodes []int) (*Linear, *mat.Dense, *mat.VecDense) {
	l := &Linear{N: n, P: p}
	offset := []int{}
	total := 0
	for _, k := range nodes {
		offset = append(offset, total)
		total += k * n
	}
	var rows [][]float64
	var rhs []float64
	for c, k := range nodes {
		ch := LinearChain{Nodes: k, First: []int{0}}
		for b := range k {
			m := rng.IntN(3)
			if b == 0 {
				m = n + 1
			}
			for range m {
				row := make([]float64, total+p)
				for j := range n {
					v := rng.NormFloat64()
					ch.Local = append(ch.Local, v)
					row[offset[c]+b*n+j] = v
				}
				for j := range p {
					v := rng.NormFloat64()
					ch.Local = append(ch.Local, v)
					row[total+j] = v
				}
				r := rng.NormFloat64()
				ch.Local = append(ch.Local, r)
				rows, rhs = append(rows, row), append(rhs, -r)
			}
			ch.First = append(ch.First, ch.First[b]+m)
			if b+1 == k {
				continue
			}
			for range n {
				row := make([]float64, total+p)
				for j := range 2 * n {
					v := rng.NormFloat64()
					ch.Defect = append(ch.Defect, v)
					row[offset[c]+b*n+j] = v
				}
				for j := range p {
					v := rng.NormFloat64()
					ch.Defect = append(ch.Defect, v)
					row[total+j] = v
				}
				r := rng.NormFloat64()
				ch.Defect = append(ch.Defect, r)
				rows, rhs = append(rows, row), append(rhs, -r)
			}
		}
		l.Chains = append(l.Chains, ch)
	}
	for i := range p {
		row := make([]float64, total+p)
		for j := range p {
			v := 0.0
			if i == j {
				v = 0.1
			}
			l.Prior = append(l.Prior, v)
			row[total+j] = v
		}
		l.Prior = append(l.Prior, 0)
		rows, rhs = append(rows, row), append(rhs, 0)
	}
	d := mat.NewDense(len(rows), total+p, nil)
	for i, r := range rows {
		d.SetRow(i, r)
	}
	return l, d, mat.NewVecDense(len(rhs), rhs)
}

func TestEliminationMatchesADenseSolve(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		n, p := 1+rng.IntN(4), rng.IntN(6)
		nodes := []int{1 + rng.IntN(40), 1 + rng.IntN(40)}
		l, a, b := random(rng, n, p, nodes)
		var x mat.VecDense
		if err := x.SolveVec(a, b); err != nil {
			continue // too few rows for this draw
		}
		var f Factor
		f.Eliminate(l, Damping{})
		border := make([]float64, p)
		f.SolveBorder(border)
		delta := [][]float64{make([]float64, nodes[0]*n), make([]float64, nodes[1]*n)}
		f.SolveNodes(border, delta)
		got := append(append(append([]float64{}, delta[0]...), delta[1]...), border...)
		for i, v := range got {
			if math.Abs(v-x.AtVec(i)) > 1e-10*(1+math.Abs(x.AtVec(i))) {
				t.Fatalf("n=%d p=%d nodes=%v: unknown %d is %g, dense %g", n, p, nodes, i, v, x.AtVec(i))
			}
		}
		var r mat.VecDense
		r.MulVec(a, &x)
		r.SubVec(&r, b)
		if want := mat.Dot(&r, &r); math.Abs(f.Residual()-want) > 1e-10*(1+want) {
			t.Errorf("residual %g, dense %g", f.Residual(), want)
		}
		var gram, inv mat.Dense
		gram.Mul(a.T(), a)
		if err := inv.Inverse(&gram); err != nil {
			continue
		}
		logdet, _ := mat.LogDet(&gram)
		dn, db := f.LogDet()
		if math.Abs(dn+db-logdet) > 1e-9*(1+math.Abs(logdet)) {
			t.Errorf("log det %g, dense %g", dn+db, logdet)
		}
		offset := []int{0, nodes[0] * n}
		f.NodeCovariances(func(c, b int, cov []float64) {
			for i := range n {
				for j := range n {
					want := inv.At(offset[c]+b*n+i, offset[c]+b*n+j)
					if math.Abs(cov[i*n+j]-want) > 1e-8*(1+math.Abs(want)) {
						t.Fatalf("covariance of chain %d node %d (%d, %d): %g, dense %g", c, b, i, j, cov[i*n+j], want)
					}
				}
			}
		})
		total := (nodes[0] + nodes[1]) * n
		cov := f.BorderCovariance()
		for i := range p {
			for j := range p {
				want := inv.At(total+i, total+j)
				if math.Abs(cov[i*p+j]-want) > 1e-8*(1+math.Abs(want)) {
					t.Fatalf("border covariance: %g, dense %g", cov[i*p+j], want)
				}
			}
		}
	}
}

func TestAnUndeterminedBorderIsReported(t *testing.T) {
	// Two border unknowns that appear only as a sum.
	l := &Linear{N: 1, P: 2, Chains: []LinearChain{{Nodes: 1, First: []int{0, 2}, Local: []float64{1, 1, 1, 0.5, 1, 2, 2, 0.25}}}}
	var f Factor
	f.Eliminate(l, Damping{})
	cov := f.BorderCovariance()
	if !math.IsInf(cov[3], 1) {
		t.Errorf("covariance %v: the second direction should be undetermined", cov)
	}
}

// rosenbrock puts the valley on a chain: residuals 10(x₁−x₀²) between
// neighbours of a pair and 1−x₀ at the node, with the factor 10 as a border
// unknown held by its prior.
type rosenbrock struct{ lower, upper []float64 }

func (rosenbrock) Objective(p *Point) float64 {
	x := p.Nodes[0]
	r0, r1, r2 := 1-x[0], p.Border[0]*(x[1]-x[0]*x[0]), p.Border[0]-10
	return r0*r0 + r1*r1 + r2*r2
}

func (r rosenbrock) Linearise(p *Point, l *Linear) float64 {
	x, k := p.Nodes[0], p.Border[0]
	l.N, l.P = 1, 1
	l.Chains = []LinearChain{{
		Nodes: 2, First: []int{0, 1, 1},
		Local:  []float64{-1, 0, 1 - x[0]},
		Defect: []float64{-2 * k * x[0], k, x[1] - x[0]*x[0], k * (x[1] - x[0]*x[0])},
	}}
	l.Prior = []float64{1, k - 10}
	return r.Objective(p)
}

func (r rosenbrock) Bounds() ([]float64, []float64) { return r.lower, r.upper }

func TestMinimiseClimbsOutOfACurvedValley(t *testing.T) {
	p := &Point{Nodes: [][]float64{{-1.2, 1}}, Border: []float64{5}}
	inf := math.Inf(1)
	out, err := LevenbergMarquardt{Iterations: 200, Tolerance: 1e-16}.Minimise(
		context.Background(), rosenbrock{[]float64{-inf}, []float64{inf}}, p, &Linear{}, &Factor{})
	if err != nil || out.Status != Converged || math.Abs(p.Nodes[0][0]-1) > 1e-6 || math.Abs(p.Border[0]-10) > 1e-6 {
		t.Errorf("%v %v: %v %v", err, out, p.Nodes, p.Border)
	}
}

func TestMinimiseKeepsTheBounds(t *testing.T) {
	p := &Point{Nodes: [][]float64{{-1.2, 1}}, Border: []float64{5}}
	out, err := LevenbergMarquardt{Iterations: 200, Tolerance: 1e-16}.Minimise(
		context.Background(), rosenbrock{[]float64{0}, []float64{7}}, p, &Linear{}, &Factor{})
	if err != nil || p.Border[0] != 7 || math.Abs(out.Objective-9) > 1e-6 {
		t.Errorf("%v %v: %v %v", err, out, p.Nodes, p.Border)
	}
}

func BenchmarkEliminate1000Nodes30Border(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	l, _, _ := random(rng, 3, 30, []int{1000})
	var f Factor
	f.Eliminate(l, Damping{})
	b.ReportAllocs()
	for b.Loop() {
		f.Eliminate(l, Damping{})
	}
}

func BenchmarkNodeCovariances1000Nodes30Border(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	l, _, _ := random(rng, 3, 30, []int{1000})
	var f Factor
	f.Eliminate(l, Damping{})
	b.ReportAllocs()
	for b.Loop() {
		f.NodeCovariances(func(int, int, []float64) {})
	}
}

// Columns whose squares are not numbers of full precision any more: saturated
// units of networks have them.
func TestTinyColumnsDoNotSpoilATriangle(t *testing.T) {
	r := make([]float64, 4)
	Damp(r, []float64{0, 1, 0, 2}, []float64{1e-155, 3}, make([]float64, 8), 2)
	for _, v := range r {
		if !finite(v) {
			t.Fatal(r)
		}
	}
	if got := r[1]*r[1] + r[3]*r[3]; math.Abs(got-14) > 1e-12 {
		t.Errorf("%g of 14 is left of the second column", got)
	}
}

func TestADampedTriangleHasTheSumOfTheSquares(t *testing.T) {
	const n = 7
	rng := rand.New(rand.NewPCG(1, 2))
	r, d, out := make([]float64, n*n), make([]float64, n), make([]float64, n*n)
	for i := range n {
		d[i] = rng.NormFloat64()
		for j := i; j < n; j++ {
			r[i*n+j] = rng.NormFloat64()
		}
	}
	Damp(out, r, d, make([]float64, 2*n*n), n)
	for i := range n {
		for j := range n {
			want, got := 0.0, 0.0
			if i == j {
				want = d[i] * d[i]
			}
			for k := range n {
				want += r[k*n+i] * r[k*n+j]
				got += out[k*n+i] * out[k*n+j]
			}
			if math.Abs(got-want) > 1e-12 || i > j && out[i*n+j] != 0 {
				t.Errorf("element %d, %d: %g, not %g", i, j, got, want)
			}
		}
	}
}

// Chains that see parts of the border are those whose other coefficients are zero.
func TestChainsThatSeePartsOfTheBorder(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n, p, size = 2, 3, 6
	narrow, _, _ := random(rng, n, p, []int{4, 5, 3})
	narrow.Border = size
	for c, columns := range [][]int{{0, 1, 2}, {4, 0, 3}, {1, 5, 0}} {
		narrow.Chains[c].Columns = columns
	}
	row := func(into []float64, columns []int, from []float64) []float64 {
		head := len(from) - p - 1
		out := make([]float64, head+size+1)
		copy(out, from[:head])
		for j, k := range columns {
			out[head+k] = from[head+j]
		}
		out[head+size] = from[head+p]
		return append(into, out...)
	}
	wide := &Linear{N: n, P: size}
	for _, c := range narrow.Chains {
		w := LinearChain{Nodes: c.Nodes, First: c.First}
		for r := 0; r < len(c.Local); r += n + p + 1 {
			w.Local = row(w.Local, c.Columns, c.Local[r:r+n+p+1])
		}
		for r := 0; r < len(c.Defect); r += 2*n + p + 1 {
			w.Defect = row(w.Defect, c.Columns, c.Defect[r:r+2*n+p+1])
		}
		wide.Chains = append(wide.Chains, w)
	}
	narrow.Prior = nil
	for k := range size {
		prior := make([]float64, size+1)
		prior[k], prior[size] = 0.5, rng.NormFloat64()
		narrow.Prior = append(narrow.Prior, prior...)
	}
	wide.Prior = narrow.Prior
	late := make([]float64, size+1)
	late[2], late[4], late[size] = 3, -3, 1
	narrow.Late = late
	wide.Prior = append(append([]float64(nil), wide.Prior...), late...)
	for _, damping := range []float64{0, 0.3} {
		var a, b Factor
		a.Eliminate(narrow, Damping{damping})
		b.Eliminate(wide, Damping{damping})
		same := func(what string, x, y []float64) {
			t.Helper()
			if len(x) != len(y) {
				t.Fatalf("%s: %d numbers and %d", what, len(x), len(y))
			}
			for i := range x {
				if math.Abs(x[i]-y[i]) > 1e-11*(1+math.Abs(y[i])) {
					t.Errorf("damping %g, %s %d: %v, whole border %v", damping, what, i, x[i], y[i])
				}
			}
		}
		x, y := make([]float64, size), make([]float64, size)
		a.SolveBorder(x)
		b.SolveBorder(y)
		same("border", x, y)
		u, v := [][]float64{make([]float64, 8), make([]float64, 10), make([]float64, 6)}, [][]float64{make([]float64, 8), make([]float64, 10), make([]float64, 6)}
		a.SolveNodes(x, u)
		b.SolveNodes(y, v)
		for c := range u {
			same("node", u[c], v[c])
		}
		same("covariance", a.BorderCovariance(), b.BorderCovariance())
		same("residual", []float64{a.Residual()}, []float64{b.Residual()})
		n1, b1 := a.LogDet()
		n2, b2 := b.LogDet()
		same("log det", []float64{n1, b1}, []float64{n2, b2})
		var all [2][]float64
		for i, f := range []*Factor{&a, &b} {
			f.NodeCovariances(func(_, _ int, cov []float64) { all[i] = append(all[i], cov...) })
		}
		same("node covariance", all[0], all[1])
		// Without the late row the triangle is that of the rest.
		if damping == 0 {
			var c Factor
			rest := *narrow
			rest.Late = nil
			c.Eliminate(&rest, Damping{})
			r, _, left := a.Before()
			same("before", InverseGram(r, size), c.BorderCovariance())
			same("residual before", []float64{left}, []float64{c.Residual()})
		}
	}
}

// Unknowns in other units, here powers of two, give the same steps in these units.
func TestStepsDoNotDependOnTheUnitsOfUnknowns(t *testing.T) {
	const n, p = 3, 2
	unit := []float64{math.Ldexp(1, 40), math.Ldexp(1, -45), 1, math.Ldexp(1, -50), math.Ldexp(1, 30)} // of a node, then of the border
	l, _, _ := random(rand.New(rand.NewPCG(3, 4)), n, p, []int{4, 3})
	var f Factor
	solve := func() ([]float64, [][]float64) {
		border, nodes := make([]float64, p), [][]float64{make([]float64, 4*n), make([]float64, 3*n)}
		f.Eliminate(l, Damping{})
		f.SolveBorder(border)
		f.SolveNodes(border, nodes)
		return border, nodes
	}
	border, nodes := solve()
	for c := range l.Chains {
		for r, v := range l.Chains[c].Local {
			if k := r % (n + p + 1); k < n+p {
				l.Chains[c].Local[r] = v / unit[k]
			}
		}
		for r, v := range l.Chains[c].Defect {
			if k := r % (2*n + p + 1); k < 2*n {
				l.Chains[c].Defect[r] = v / unit[k%n]
			} else if k < 2*n+p {
				l.Chains[c].Defect[r] = v / unit[k-n]
			}
		}
	}
	for r, v := range l.Prior {
		if k := r % (p + 1); k < p {
			l.Prior[r] = v / unit[n+k]
		}
	}
	scaledBorder, scaledNodes := solve()
	for j, v := range scaledBorder {
		if v != border[j]*unit[n+j] || v == 0 {
			t.Errorf("border %d: %g in its unit, %g without", j, v/unit[n+j], border[j])
		}
	}
	for c := range nodes {
		for i, v := range scaledNodes[c] {
			if v != nodes[c][i]*unit[i%n] || v == 0 {
				t.Errorf("chain %d, number %d: %g in its unit, %g without", c, i, v/unit[i%n], nodes[c][i])
			}
		}
	}
}
