package model

import (
	"cmp"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"govern/expr"
)

func TestCatalogueIsCompleteAndWithoutWarnings(t *testing.T) {
	want := []string{"chen-campbell", "chua", "chua-cubic", "double-pendulum", "fitzhugh-nagumo", "hindmarsh-rose", "lorenz",
		"lorenz96", "lotka-volterra", "montbrio-pazo-roxin", "pendulum", "petrzela-polak", "rossler", "rossler-14", "vanderpol"}
	if got := Catalogue(); !slices.Equal(got, want) {
		t.Errorf("Catalogue() = %q", got)
	}
	for _, name := range Catalogue() {
		m := mustLookup(t, name)
		if m.Name != name || m.Source == "" || len(m.Warnings) > 0 || len(m.Unknowns) > 0 {
			t.Errorf("%s: name %q, source %q, warnings %v", name, m.Name, m.Source, m.Warnings)
		}
		for i, v := range newSystem(t, m).at(starts(m)) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: derivative of %s at the start is %v", name, m.States[i].Name, v)
			}
		}
	}
}

func mustLookup(t testing.TB, name string) *Model {
	t.Helper()
	m, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func starts(m *Model) []float64 {
	x := make([]float64, len(m.States))
	for i, s := range m.States {
		x[i] = s.Value
	}
	return x
}

// system evaluates a model's right-hand sides and their Jacobian.
type system struct {
	t        testing.TB
	model    *Model
	rhs      []*expr.Expr
	jacobian [][]*expr.Expr
}

func newSystem(t testing.TB, m *Model) *system {
	s := &system{t: t, model: m, rhs: m.Rhs()}
	for _, e := range s.rhs {
		row := make([]*expr.Expr, len(m.States))
		for j, state := range m.States {
			row[j] = expr.Diff(e, state.Name)
		}
		s.jacobian = append(s.jacobian, row)
	}
	return s
}

func (s *system) eval(e *expr.Expr, x []float64) float64 {
	s.t.Helper()
	v, err := expr.Eval(e, func(name string) (float64, bool) {
		if i := s.model.StateIndex(name); i >= 0 {
			return x[i], true
		}
		if i := s.model.ParameterIndex(name); i >= 0 {
			return s.model.Parameters[i].Value, true
		}
		return 0, false
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *system) at(x []float64) []float64 {
	v := make([]float64, len(s.rhs))
	for i, e := range s.rhs {
		v[i] = s.eval(e, x)
	}
	return v
}

func (s *system) jacobianAt(x []float64) *mat.Dense {
	j := mat.NewDense(len(x), len(x), nil)
	for i, row := range s.jacobian {
		for k, e := range row {
			j.Set(i, k, s.eval(e, x))
		}
	}
	return j
}

// fixedPoint improves x by Newton's method until a step is below 1e-13.
func (s *system) fixedPoint(x []float64) []float64 {
	s.t.Helper()
	x = slices.Clone(x)
	for range 50 {
		var step mat.VecDense
		if err := step.SolveVec(s.jacobianAt(x), mat.NewVecDense(len(x), s.at(x))); err != nil {
			s.t.Fatal(err)
		}
		for i := range x {
			x[i] -= step.AtVec(i)
		}
		if mat.Norm(&step, math.Inf(1)) < 1e-13 {
			return x
		}
	}
	s.t.Fatalf("no fixed point near %v", x)
	return nil
}

func (s *system) eigenvalues(x []float64) []complex128 {
	var e mat.Eigen
	if !e.Factorize(s.jacobianAt(x), mat.EigenNone) {
		s.t.Fatal("no eigenvalues")
	}
	return e.Values(nil)
}

// Values at J = 15, Delta = 1, computed from v = −Δ/(2πr) and η = π²r² − Jr −
// Δ²/(4π²r²), in the digits to which they were printed.
func TestMontbrioPazoRoxinFixedPoints(t *testing.T) {
	for _, c := range []struct {
		eta, r, v float64
		first     complex128
	}{
		{-5, 0.08113444, -1.96161999, complex(-2.4487, 0)},
		{-5, 0.47298034, -0.33649378, complex(1.6417, 0)},
		{-5, 1.03059680, -0.15442988, complex(-0.30886, 3.31863)},
		{-4.6, 1.09683231, -0.14510417, complex(-0.29021, 3.81958)},
		{-2.5, 1.33052984, -0.11961772, complex(-0.23924, 5.47477)},
		{-10, 0.05235316, -3.04002528, complex(-4.8708, 0)},
	} {
		s := newSystem(t, mustLookup(t, "montbrio-pazo-roxin").WithParameters(map[string]float64{"eta": c.eta}))
		x := s.fixedPoint([]float64{c.r, c.v})
		if math.Abs(x[0]-c.r) > 1e-8 || math.Abs(x[1]-c.v) > 1e-8 {
			t.Errorf("eta %v: fixed point %v, want %v %v", c.eta, x, c.r, c.v)
		}
		near := slices.ContainsFunc(s.eigenvalues(x), func(l complex128) bool { return cmplx.Abs(l-c.first) < 1e-4 })
		if !near {
			t.Errorf("eta %v: eigenvalues %v, want %v", c.eta, s.eigenvalues(x), c.first)
		}
	}
}

// At the saddle-nodes the Jacobian is singular.
func TestMontbrioPazoRoxinSaddleNodes(t *testing.T) {
	for _, c := range []struct{ eta, r float64 }{{-5.743527, 0.753919}, {-3.136134, 0.162570}} {
		s := newSystem(t, mustLookup(t, "montbrio-pazo-roxin").WithParameters(map[string]float64{"eta": c.eta}))
		x := []float64{c.r, -1 / (2 * math.Pi * c.r)}
		if d := mat.Det(s.jacobianAt(x)); math.Abs(d) > 1e-3 {
			t.Errorf("eta %v: determinant %v", c.eta, d)
		}
		for i, v := range s.at(x) {
			if math.Abs(v) > 1e-5 {
				t.Errorf("eta %v: derivative %d is %v", c.eta, i, v)
			}
		}
	}
}

// Published (data files of Figure 1, ModelDB 267382, by XPPAUT): the fixed point
// at mu = 0.2 and the two Hopf points, to the digits printed there.
func TestChenCampbellFixedPointAndHopfPoints(t *testing.T) {
	m := mustLookup(t, "chen-campbell")
	start := []float64{0.05, 0.2, 0.15, 0.2}
	x := newSystem(t, m.WithParameters(map[string]float64{"mu": 0.2})).fixedPoint(start)
	if math.Abs(x[0]-0.098357) > 1e-6 {
		t.Errorf("r = %v at mu = 0.2", x[0])
	}
	slow := func(mu float64) complex128 { // the eigenvalue that crosses
		s := newSystem(t, m.WithParameters(map[string]float64{"mu": mu}))
		values := s.eigenvalues(s.fixedPoint(start))
		return slices.MaxFunc(values, func(a, b complex128) int { return cmp.Compare(real(a), real(b)) })
	}
	for _, c := range []struct{ low, high, hopf, frequency float64 }{
		{0.07, 0.08, 0.074893, 0.0280}, {0.185, 0.195, 0.190940, 0.0487},
	} {
		low, high, below := c.low, c.high, real(slow(c.low)) > 0
		for high-low > 1e-9 {
			if middle := (low + high) / 2; real(slow(middle)) > 0 == below {
				low = middle
			} else {
				high = middle
			}
		}
		if math.Abs(low-c.hopf) > 1e-6 {
			t.Errorf("Hopf point at mu = %v, published %v", low, c.hopf)
		}
		if f := math.Abs(imag(slow(low))); math.Abs(f-c.frequency) > 1e-4 {
			t.Errorf("frequency %v at mu = %v, want %v", f, low, c.frequency)
		}
	}
}

// The Lyapunov exponents of a system with constant divergence add up to it; those
// of the Lorenz system are known to the fourth digit.
func TestDivergenceIsTheSumOfLyapunovExponents(t *testing.T) {
	for name, sum := range map[string]float64{"lorenz": 0.9056 + 0 - 14.572, "petrzela-polak": -0.5, "lorenz96": -8} {
		s := newSystem(t, mustLookup(t, name))
		if trace := mat.Trace(s.jacobianAt(starts(s.model))); math.Abs(trace-sum) > 1e-3 {
			t.Errorf("%s: divergence %v, want %v", name, trace, sum)
		}
	}
}

// conserved checks that a function of the states has no derivative along the
// flow, at random places.
func conserved(t *testing.T, name, quantity string, parameters map[string]float64) {
	t.Helper()
	m := mustLookup(t, name).WithParameters(parameters)
	s := newSystem(t, m)
	e, err := expr.Parse(quantity)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		x := make([]float64, len(m.States))
		for i := range x {
			x[i] = 0.2 + 2*r.Float64()
		}
		rate, size := 0.0, 0.0
		for i, v := range s.at(x) {
			part := v * s.eval(expr.Diff(e, m.States[i].Name), x)
			rate += part
			size += math.Abs(part)
		}
		if math.Abs(rate) > 1e-12*size {
			t.Errorf("%s: d/dt (%s) = %v at %v", name, quantity, rate, x)
		}
	}
}

func TestPendulumsConserveEnergy(t *testing.T) {
	conserved(t, "pendulum", "L^2*omega^2/2 - g*L*cos(theta)", nil)
	conserved(t, "double-pendulum", `m1*l1^2*omega1^2/2 + m2*(l1^2*omega1^2 + l2^2*omega2^2 + 2*l1*l2*omega1*omega2*cos(theta1 - theta2))/2
		- (m1 + m2)*g*l1*cos(theta1) - m2*g*l2*cos(theta2)`, map[string]float64{"m1": 1.3, "m2": 0.6, "l1": 0.8, "l2": 1.7})
}

func TestLotkaVolterraConservesItsInvariant(t *testing.T) {
	conserved(t, "lotka-volterra", "gamma*x - delta*log(x) + beta*y - alpha*log(y)", nil)
}

func TestLorenz96AdvectionConservesEnergy(t *testing.T) {
	m := mustLookup(t, "lorenz96").WithParameters(map[string]float64{"F": 0})
	s := newSystem(t, m)
	x := []float64{1, -2, 0.5, 3, -1, 2, 0.25, -0.75}
	rate, energy := 0.0, 0.0
	for i, v := range s.at(x) {
		rate += x[i] * v
		energy += x[i] * x[i]
	}
	if math.Abs(rate+energy) > 1e-12 { // without F only the decay −x remains
		t.Errorf("x·x' = %v, want %v", rate, -energy)
	}
}

// With f(x) = 2/7 x − 3/7 beyond the break at 1, f(1.5) = 0.
func TestChuaIsOddAndHasTwoOuterFixedPoints(t *testing.T) {
	for _, name := range []string{"chua", "chua-cubic"} {
		s := newSystem(t, mustLookup(t, name))
		x, minus := []float64{0.4, -0.3, 1.2}, []float64{-0.4, 0.3, -1.2}
		a, b := s.at(x), s.at(minus)
		for i := range a {
			if math.Abs(a[i]+b[i]) > 1e-14 {
				t.Errorf("%s is not odd: %v, %v", name, a, b)
			}
		}
	}
	x := newSystem(t, mustLookup(t, "chua")).fixedPoint([]float64{2, 0, -2})
	if math.Abs(x[0]-1.5) > 1e-12 || math.Abs(x[1]) > 1e-12 || math.Abs(x[2]+1.5) > 1e-12 {
		t.Errorf("outer fixed point %v, want 1.5 0 −1.5", x)
	}
}
