package tape

import (
	"math"
	"math/rand/v2"
	"testing"

	"govern/expr"
)

// disagreement runs a program's adjoint and its Jacobian on random adjoints and
// returns the largest relative difference of ȳᵀJ, over inputs and weights.
func disagreement(t *testing.T, p *Program, rng *rand.Rand, lo, hi float64) float64 {
	t.Helper()
	const lanes = 11
	var inputs, all []int
	for i := range p.Inputs() + p.Weights() {
		all = append(all, i)
	}
	inputs = all[:p.Inputs()]
	j, partials := p.Jacobian(all)
	forward, sweep := j.NewMachine(lanes), p.Adjoint(inputs).NewMachine(lanes)
	randomised(p, rng, forward, sweep)
	for i := range p.Inputs() {
		for l := range lanes {
			v := lo + (hi-lo)*rng.Float64()
			forward.Input(i)[l], sweep.Input(i)[l] = v, v
		}
	}
	for o := range p.Outputs() {
		for l := range lanes {
			sweep.Input(p.Inputs() + o)[l] = rng.NormFloat64()
		}
	}
	sweep.ClearGradient()
	sweep.Run()
	forward.Run()
	want := make([][]float64, len(all))
	for i := range want {
		want[i] = make([]float64, lanes)
	}
	for k, q := range partials {
		for l, d := range forward.Output(p.Outputs() + k) {
			want[q.Input][l] += d * sweep.Input(p.Inputs() + q.Output)[l]
		}
	}
	worst := 0.0
	compare := func(got, want, size float64) {
		if d := math.Abs(got-want) / (1 + size); !(d <= worst) {
			worst = d
		}
	}
	for i := range inputs {
		for l, w := range want[i] {
			compare(sweep.Output(i)[l], w, math.Abs(w))
		}
	}
	gradient := make([]float64, p.Weights())
	sweep.AddGradient(gradient)
	for k, g := range gradient {
		sum, size := 0.0, 0.0
		for _, w := range want[p.Inputs()+k] {
			sum += w
			size += math.Abs(w)
		}
		compare(g, sum, size)
	}
	return worst
}

// Both are exact derivatives; they differ by rounding.
func TestAdjointOfEveryInstructionMatchesForwardJacobian(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range smooth {
		p, err := Compile([]*expr.Expr{c.build(expr.Var("a"), expr.Var("b"))}, []string{"a", "b"})
		if err != nil {
			t.Fatal(err)
		}
		if d := disagreement(t, p, rng, c.lo, c.hi); !(d < 1e-13) {
			t.Errorf("%s: relative difference %.3g", c.name, d)
		}
	}
}

// Central differences of step 1e-6 are right to about 1e-9 relative.
func TestAdjointOfEveryInstructionMatchesCentralDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, c := range smooth {
		p, err := Compile([]*expr.Expr{c.build(expr.Var("a"), expr.Var("b"))}, []string{"a", "b"})
		if err != nil {
			t.Fatal(err)
		}
		m, sweep := p.NewMachine(1), p.Adjoint([]int{0, 1}).NewMachine(1)
		for range 20 {
			x := [2]float64{c.lo + (c.hi-c.lo)*rng.Float64(), c.lo + (c.hi-c.lo)*rng.Float64()}
			if math.Abs(x[0]-x[1]) < 1e-3 {
				continue
			}
			sweep.Input(0)[0], sweep.Input(1)[0], sweep.Input(2)[0] = x[0], x[1], 1
			sweep.Run()
			for i := range x {
				const h = 1e-6
				at := func(d float64) float64 {
					m.Input(0)[0], m.Input(1)[0] = x[0], x[1]
					m.Input(i)[0] += d
					m.Run()
					return m.Output(0)[0]
				}
				want := (at(h) - at(-h)) / (2 * h)
				if got := sweep.Output(i)[0]; !(math.Abs(got-want) < 1e-7*(1+math.Abs(want))) {
					t.Errorf("%s at %g: ∂/∂%c = %g, central difference %g", c.name, x, "ab"[i], got, want)
				}
			}
		}
	}
}

// Shared values, several outputs, an output that is an input, inputs unused.
func TestAdjointOfProgramsMatchesForwardJacobian(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	p, err := Compile(parsed(t, "a*b + sin(a*b)^2", "b", "exp(a*b) - if(a < b, a*c, b/c)", "2"), []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if d := disagreement(t, p, rng, 0.5, 2); !(d < 1e-14) {
		t.Errorf("relative difference %.3g", d)
	}
	for _, name := range Activations() {
		for _, hidden := range [][]int{nil, {4}, {6, 3}, {5, 8, 9}} {
			if d := disagreement(t, networksProgram(t, name, hidden...), rng, -1, 1); !(d < 1e-13) {
				t.Errorf("%s %v: relative difference %.3g", name, hidden, d)
			}
		}
	}
}

func TestRecalledMemoGivesTheSameBits(t *testing.T) {
	for _, name := range Activations() {
		rng := rand.New(rand.NewPCG(13, 14))
		p := networksProgram(t, name, 6, 5)
		const lanes = 9
		value, direct, recalled := p.NewMachine(lanes), p.Adjoint([]int{0, 1, 2}).NewMachine(lanes), p.Adjoint([]int{0, 1, 2}).NewMachine(lanes)
		randomised(p, rng, value, direct, recalled)
		memo := make([]float64, p.Memo()*lanes)
		value.Record(memo)
		value.Run()
		recalled.Recall(memo)
		for _, m := range []*Machine{direct, recalled} {
			for o := range 2 {
				for l := range lanes {
					m.Input(3 + o)[l] = float64(l - 3*o)
				}
			}
			m.ClearGradient()
			m.Run()
		}
		a, b := make([]float64, p.Weights()), make([]float64, p.Weights())
		direct.AddGradient(a)
		recalled.AddGradient(b)
		for j := range a {
			if a[j] != b[j] {
				t.Fatalf("%s: weight %d: %g and %g", name, j, a[j], b[j])
			}
		}
		for i := range 3 {
			for l := range lanes {
				if direct.Output(i)[l] != recalled.Output(i)[l] {
					t.Fatalf("%s: input %d: %g and %g", name, i, direct.Output(i)[l], recalled.Output(i)[l])
				}
			}
		}
	}
}

func TestNeuralRunsDoNotAllocate(t *testing.T) {
	p := networksProgram(t, "gelu", 6, 5)
	j, _ := p.Jacobian([]int{0, 1, 2, 7, 8, 9})
	for _, m := range []*Machine{p.NewMachine(8), j.NewMachine(8), p.Adjoint([]int{0}).NewMachine(8)} {
		if n := testing.AllocsPerRun(10, func() { m.SetWeight(0, 1); m.Run() }); n != 0 {
			t.Errorf("%v allocations a run", n)
		}
	}
}
