package tape

import (
	"math"
	"math/rand/v2"
	"testing"

	"govern/expr"
)

// smooth lists every differentiable operation with points away from its kinks.
var smooth = []struct {
	name   string
	build  func(a, b *expr.Expr) *expr.Expr
	lo, hi float64
}{
	{"add", func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Add, a, b) }, -2, 2},
	{"sub", func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Sub, a, b) }, -2, 2},
	{"mul", func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Mul, a, b) }, -2, 2},
	{"div", func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Div, a, b) }, 0.5, 2},
	{"pow", func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Pow, a, b) }, 0.5, 2},
	{"cube", func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Pow, a, expr.Num(3)) }, -2, 2},
	{"inverse square", func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Pow, a, expr.Num(-2)) }, 0.5, 2},
	{"neg", func(a, b *expr.Expr) *expr.Expr { return expr.Negative(a) }, -2, 2},
	{"min", call2("min"), -2, 2}, {"max", call2("max"), -2, 2},
	{"atan2", call2("atan2"), 0.5, 2}, {"mod", call2("mod"), 0.51, 0.99}, {"pow call", call2("pow"), 0.5, 2},
	{"abs", call1("abs"), 0.5, 2}, {"sign", call1("sign"), 0.5, 2}, {"heaviside", call1("heaviside"), 0.5, 2},
	{"floor", call1("floor"), 0.1, 0.9}, {"sqrt", call1("sqrt"), 0.5, 2}, {"exp", call1("exp"), -2, 2},
	{"log", call1("log"), 0.5, 2}, {"log10", call1("log10"), 0.5, 2}, {"sin", call1("sin"), -2, 2},
	{"cos", call1("cos"), -2, 2}, {"tan", call1("tan"), -1, 1}, {"asin", call1("asin"), -0.9, 0.9},
	{"acos", call1("acos"), -0.9, 0.9}, {"atan", call1("atan"), -2, 2}, {"sinh", call1("sinh"), -2, 2},
	{"cosh", call1("cosh"), -2, 2}, {"tanh", call1("tanh"), -2, 2}, {"logistic", call1("logistic"), -2, 2},
	{"erf", call1("erf"), -2, 2},
	{"softplus", call1("softplus"), -2, 2}, {"relu", call1("relu"), 0.5, 2},
	{"if", func(a, b *expr.Expr) *expr.Expr {
		return expr.Apply("if", expr.Binary(expr.Less, a, b), expr.Binary(expr.Mul, a, b), expr.Binary(expr.Pow, b, expr.Num(2)))
	}, -2, 2},
}

func call1(name string) func(a, b *expr.Expr) *expr.Expr {
	return func(a, _ *expr.Expr) *expr.Expr { return expr.Apply(name, a) }
}

func call2(name string) func(a, b *expr.Expr) *expr.Expr {
	return func(a, b *expr.Expr) *expr.Expr { return expr.Apply(name, a, b) }
}

// Central differences of step 1e-6 are right to about 1e-9 relative.
func TestEveryInstructionsDerivativeMatchesCentralDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range smooth {
		e := c.build(expr.Var("a"), expr.Var("b"))
		p, err := Compile([]*expr.Expr{e}, []string{"a", "b"})
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		j, partials := p.Jacobian([]int{0, 1})
		m := j.NewMachine(1)
		value := func(a, b float64) float64 {
			m.Input(0)[0], m.Input(1)[0] = a, b
			m.Run()
			return m.Output(0)[0]
		}
		for range 20 {
			a := c.lo + (c.hi-c.lo)*rng.Float64()
			b := c.lo + (c.hi-c.lo)*rng.Float64()
			if math.Abs(a-b) < 1e-3 {
				continue
			}
			const h = 1e-6
			want := [2]float64{
				(value(a+h, b) - value(a-h, b)) / (2 * h),
				(value(a, b+h) - value(a, b-h)) / (2 * h),
			}
			value(a, b)
			var got [2]float64
			for k, q := range partials {
				got[q.Input] = m.Output(j.Outputs() - len(partials) + k)[0]
			}
			for i := range got {
				if d := math.Abs(got[i] - want[i]); !(d < 1e-7*(1+math.Abs(want[i]))) {
					t.Errorf("%s at (%g, %g): ∂/∂%c = %g, central difference %g", c.name, a, b, "ab"[i], got[i], want[i])
				}
			}
		}
	}
}

func TestRegisterReuseKeepsEveryLaneApart(t *testing.T) {
	a, b := expr.Var("a"), expr.Var("b")
	e := expr.Binary(expr.Mul, a, b)
	var outputs []*expr.Expr
	for k := range 30 { // a chain whose every value is an output or dies at once
		e = expr.Binary(expr.Add, expr.Apply("sin", e), expr.Binary(expr.Mul, expr.Num(float64(k)), a))
		if k%3 == 0 {
			outputs = append(outputs, e)
		}
	}
	p, err := Compile(outputs, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	const lanes = 7
	wide, narrow := p.NewMachine(lanes), p.NewMachine(1)
	for l := range lanes {
		wide.Input(0)[l], wide.Input(1)[l] = float64(l)-3, 0.3*float64(l)
	}
	wide.Run()
	for l := range lanes {
		av, bv := float64(l)-3, 0.3*float64(l)
		narrow.Input(0)[0], narrow.Input(1)[0] = av, bv
		narrow.Run()
		v := av * bv
		n := 0
		for k := range 30 {
			v = math.Sin(v) + float64(k)*av
			if k%3 == 0 {
				if g := wide.Output(n)[l]; g != narrow.Output(n)[0] || math.Abs(g-v) > 1e-12*(1+math.Abs(v)) {
					t.Fatalf("lane %d output %d: %g, one lane %g, by hand %g", l, n, g, narrow.Output(n)[0], v)
				}
				n++
			}
		}
	}
}

func TestUnknownNamesAndCallsAreErrors(t *testing.T) {
	for _, e := range []*expr.Expr{expr.Var("q"), expr.Apply("f", expr.Var("a"))} {
		if _, err := Compile([]*expr.Expr{e}, []string{"a"}); err == nil {
			t.Errorf("no error for %v", e)
		}
	}
}

func TestRunDoesNotAllocate(t *testing.T) {
	m := lorenzJacobian(t).NewMachine(32)
	if n := testing.AllocsPerRun(10, m.Run); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}

func lorenzJacobian(tb testing.TB) *Program {
	x, y, z := expr.Var("x"), expr.Var("y"), expr.Var("z")
	sub := func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Sub, a, b) }
	mul := func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Mul, a, b) }
	p, err := Compile([]*expr.Expr{
		mul(expr.Num(10), sub(y, x)),
		sub(mul(x, sub(expr.Num(28), z)), y),
		sub(mul(x, y), mul(expr.Num(8.0/3), z)),
	}, []string{"x", "y", "z"})
	if err != nil {
		tb.Fatal(err)
	}
	j, _ := p.Jacobian([]int{0, 1, 2})
	return j
}

func BenchmarkLorenzJacobian32Lanes(b *testing.B) {
	m := lorenzJacobian(b).NewMachine(32)
	b.ReportAllocs()
	for b.Loop() {
		m.Run()
	}
}
