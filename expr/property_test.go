package expr

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomExpr draws an expression of every kind of node over x, y, z and pi.
func randomExpr(r *rand.Rand, depth int) *Expr {
	if depth == 0 {
		if r.IntN(3) == 0 {
			return Num([]float64{0, 1, 2, 3, -1, 0.5, -2.25, 1e-7}[r.IntN(8)])
		}
		return Var([]string{"x", "y", "z", "x", "y", "pi"}[r.IntN(6)])
	}
	sub := func() *Expr { return randomExpr(r, r.IntN(depth)) }
	switch r.IntN(10) {
	case 0, 1:
		return Binary(Add, sub(), sub())
	case 2, 3:
		return Binary(Sub, sub(), sub())
	case 4, 5:
		return Binary(Mul, sub(), sub())
	case 6:
		return Binary(Div, sub(), sub())
	case 7:
		if r.IntN(3) == 0 {
			return Negative(sub())
		}
		return Binary(Pow, sub(), Num(float64(r.IntN(7)-3)/[]float64{1, 1, 2}[r.IntN(3)]))
	}
	f := functions[r.IntN(len(functions))]
	if f.name == "if" {
		return Apply("if", Binary(Less+Kind(r.IntN(6)), sub(), sub()), sub(), sub())
	}
	args := make([]*Expr, f.arity)
	for i := range args {
		args[i] = sub()
	}
	return Apply(f.name, args...)
}

func at(x, y, z float64) func(string) (float64, bool) {
	return func(name string) (float64, bool) {
		v, ok := map[string]float64{"x": x, "y": y, "z": z}[name]
		return v, ok
	}
}

func valueAt(t testing.TB, e *Expr, x, y, z float64) float64 {
	t.Helper()
	v, err := Eval(e, at(x, y, z))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPrintingAndParsingIsTheIdentity(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 8000 {
		first := mustParse(t, randomExpr(r, 5).String())
		second := mustParse(t, first.String())
		if !Identical(first, second) {
			t.Fatalf("%s reads back as %s", first, second)
		}
	}
}

func TestBuiltExpressionsPrintWithTheirValue(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 8000 {
		e := randomExpr(r, 5)
		x, y, z := r.NormFloat64(), r.NormFloat64(), r.NormFloat64()
		a, b := valueAt(t, e, x, y, z), valueAt(t, mustParse(t, e.String()), x, y, z)
		if a != b && !(math.IsNaN(a) && math.IsNaN(b)) {
			t.Fatalf("%s: %v, after printing %v", e, a, b)
		}
	}
}

// A canonical form may multiply out, so values agree to rounding relative to
// the size of its terms, plus what a small change of the place does. The sign of
// a zero is not kept, which the cut of atan2 makes visible.
func TestSimplifyKeepsTheValue(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	compared := 0
	for range 15000 {
		e := randomExpr(r, 5)
		s := Simplify(e)
		if strings.Contains(e.String(), "atan2(") {
			continue
		}
		for range 4 {
			x, y, z := 2*r.NormFloat64(), 2*r.NormFloat64(), 2*r.NormFloat64()
			a := valueAt(t, e, x, y, z)
			if math.IsNaN(a) || math.Abs(a) > 1e100 {
				continue
			}
			_, size := total(Terms(e), map[string]float64{"x": x, "y": y, "z": z})
			sensitive := 0.0
			for _, scale := range []float64{1 + 1e-12, 1 - 1e-12, 1 + 3e-10} {
				near := valueAt(t, e, x*scale, y*scale, z/scale) - a
				nearSimple := valueAt(t, s, x*scale, y*scale, z/scale) - valueAt(t, s, x, y, z)
				sensitive += math.Abs(near) + math.Abs(nearSimple)
			}
			if math.IsNaN(sensitive) || math.IsInf(size, 0) {
				continue
			}
			b := valueAt(t, s, x, y, z)
			if !(math.Abs(a-b) <= 1e-9*size+1e-12*largest(t, e, x, y, z)+10*sensitive) {
				t.Fatalf("%s = %v, but %s = %v at %v %v %v", e, a, s, b, x, y, z)
			}
			compared++
		}
	}
	if compared < 15000 {
		t.Errorf("only %d places compared", compared)
	}
}

// largest returns the largest size of a part of e at a place, infinite when one
// has no value.
func largest(t *testing.T, e *Expr, x, y, z float64) float64 {
	size := 0.0
	for part := range nodes(e) {
		if v := math.Abs(valueAt(t, part, x, y, z)); !(v <= size) {
			size = v
		}
		if math.IsNaN(size) {
			return math.Inf(1)
		}
	}
	return size
}

func TestSimplifyIsIdempotent(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 8000 {
		e := randomExpr(r, 5)
		if math.IsInf(largest(t, e, 0.3, 0.9, 0.5), 0) {
			continue // perhaps a division by zero, which is left as it stands
		}
		once := Simplify(e)
		if twice := Simplify(once); !Identical(once, twice) {
			t.Fatalf("%s\n once: %s\ntwice: %s", e, once, twice)
		}
	}
}

func TestSimplifyDoesNotDependOnTheOrderOfASum(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 2000 {
		terms := make([]*Expr, 5)
		for i := range terms {
			terms[i] = randomExpr(r, 2)
		}
		build := func() string {
			total := terms[0]
			for _, e := range terms[1:] {
				total = Binary(Add, total, e)
			}
			var keys []string
			for _, term := range Terms(total) {
				keys = append(keys, term.Factor.String())
			}
			return strings.Join(keys, " ")
		}
		first := build()
		r.Shuffle(len(terms), func(i, j int) { terms[i], terms[j] = terms[j], terms[i] })
		if second := build(); first != second {
			t.Fatalf("%s\n%s", first, second)
		}
	}
}

// Central differences with step h are wrong by h²/6·f‴ and eps/h·f; h = 1e-5
// and functions of size 1 give about 1e-9.
func TestEveryFunctionHasTheRightDerivative(t *testing.T) {
	for _, f := range functions {
		arguments := [][]string{{"x/3"}, {"0.1 + x^2/5"}}
		if f.arity == 2 {
			arguments = [][]string{{"1 + x^2", "y"}, {"y", "2 + sin(x)"}, {"1.3 + x", "1.7 - x^2/4"}}
		}
		if f.name == "if" {
			arguments = [][]string{{"x < y", "x^2", "sin(x)"}, {"x >= y", "x^2", "y"}}
		}
		for _, args := range arguments {
			e := mustParse(t, fmt.Sprintf("%s(%s)", f.name, strings.Join(args, ", ")))
			t.Run(e.String(), func(t *testing.T) { checkDerivative(t, e) })
		}
	}
	for _, src := range []string{"x^y", "y^x", "x^3/(1 + x^2)", "2^-x^2", "-(x - y)*(x + y)/x", "x^x"} {
		t.Run(src, func(t *testing.T) { checkDerivative(t, mustParse(t, src)) })
	}
}

func checkDerivative(t *testing.T, e *Expr) {
	const h = 1e-5
	d := Diff(e, "x")
	compared := 0
	for _, x := range []float64{0.31, 0.77, 1.29, -0.42} {
		for _, y := range []float64{0.6, 1.9} {
			central := (valueAt(t, e, x+h, y, 0) - valueAt(t, e, x-h, y, 0)) / (2 * h)
			if math.IsNaN(central) {
				continue
			}
			if got := valueAt(t, d, x, y, 0); !(math.Abs(got-central) <= 1e-8*(1+math.Abs(central))) {
				t.Errorf("d/dx %s = %s: %v at x=%v y=%v, differences give %v", e, d, got, x, y, central)
			}
			compared++
		}
	}
	if compared < 2 {
		t.Errorf("%s: only %d places compared", e, compared)
	}
}

func TestDerivativeOfRandomExpressions(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	compared := 0
	for range 5000 {
		e := randomExpr(r, 4)
		if strings.Contains(e.String(), "1e-7") { // perhaps a period shorter than the step
			continue
		}
		d := Diff(e, "x")
		x, y, z := 1+r.Float64(), 1+r.Float64(), 1+r.Float64()
		difference := func(h float64) float64 {
			return (valueAt(t, e, x+h, y, z) - valueAt(t, e, x-h, y, z)) / (2 * h)
		}
		coarse, fine, got := difference(2e-5), difference(1e-5), valueAt(t, d, x, y, z)
		wild := math.Abs(coarse - fine)
		if math.IsInf(largest(t, e, x, y, z), 0) || math.IsInf(largest(t, d, x, y, z), 0) {
			continue // a division by zero, or the logarithm of a negative base
		}
		if math.IsNaN(fine) || math.Abs(valueAt(t, e, x, y, z)) > 1e6 || wild > 1e-3*(1+math.Abs(fine)) {
			continue
		}
		if !(math.Abs(got-fine) <= 1e-5*(1+math.Abs(fine))+10*wild) {
			t.Fatalf("d/dx %s = %s: %v at %v %v %v, differences give %v", e, d, got, x, y, z, fine)
		}
		compared++
	}
	if compared < 2500 {
		t.Errorf("only %d compared", compared)
	}
}

func TestEquivalentRecognisesTheSameFormula(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"2*(x + y) - 2*x", "2*y", true},
		{"sin(x)^2 + cos(x)^2", "1", true},
		{"1/(3*x + 1) ", "2/(6*x + 2)", true},
		{"exp(x)*exp(y)", "exp(x + y)", true},
		{"x^n*x", "x^(n + 1)", true},
		{"tanh(x)", "2*logistic(2*x) - 1", true},
		{"f(x, y) + 1", "1 + f(x, y)", true},
		{"log(x*y)", "log(x) + log(y)", false}, // both negative
		{"0.1*x + 0.2*x", "0.3*x", true},
		{"if(x < y, x, y)", "min(x, y)", true},
		{"if(x > 0, x, 0)", "relu(x)", true},
		{"f(x, y)", "f(y, x)", false},
		{"f(x)", "g(x)", false},
		{"1.0002*x", "1.0003*x", false},
		{"1e-12*x", "2e-12*x", false},
		{"sqrt(x^2)", "x", false},
		{"abs(x)", "sqrt(x^2)", true},
		{"x*y", "x + y", false},
		{"sqrt(-x^2 - 1)", "sqrt(-x^2 - 2)", false}, // nowhere a value
	} {
		if got := Equivalent(mustParse(t, c.a), mustParse(t, c.b)); got != c.same {
			t.Errorf("Equivalent(%s, %s) = %v", c.a, c.b, got)
		}
	}
}

func TestRewritingKeepsSharing(t *testing.T) {
	shared := mustParse(t, "a*x")
	e := Binary(Add, shared, Apply("f", shared))
	got := Substitute(e, map[string]*Expr{"a": Num(3)})
	if got.Args[0] != got.Args[1].Args[0] || got.String() != "3*x + f(3*x)" {
		t.Errorf("got %s", got)
	}
	if Substitute(e, map[string]*Expr{"b": Num(3)}) != e {
		t.Error("an expression without the name was copied")
	}
	// Doubling 60 times is 2^60 nodes when written out.
	d := Var("x")
	for range 60 {
		d = Binary(Add, d, d)
	}
	v, err := Eval(Substitute(d, map[string]*Expr{"x": Var("y")}), at(0, 1, 0))
	if err != nil || v != 1<<60 {
		t.Errorf("got %v, %v", v, err)
	}
	if got := Simplify(d).String(); got != "1152921504606846976*x" && got != "1.152921504606847e18*x" {
		t.Errorf("got %s", got)
	}
	if got := Simplify(Diff(d, "x")).Value; got != 1<<60 {
		t.Errorf("got %v", got)
	}
	p := Var("x")
	for range 40 {
		p = Binary(Mul, p, p)
	}
	if got := Simplify(p).String(); got != "x^1099511627776" {
		t.Errorf("got %s", got)
	}
}

func TestCallsAreReplacedInnerFirst(t *testing.T) {
	e := mustParse(t, "f(g(x), sin(y)) + f(z, t)")
	var seen []string
	for _, c := range Calls(e) {
		seen = append(seen, c.String())
	}
	if want := []string{"g(x)", "sin(y)", "f(g(x), sin(y))", "f(z, t)"}; !slices.Equal(seen, want) {
		t.Errorf("Calls: %v", seen)
	}
	got := ReplaceCalls(e, func(c *Expr) *Expr {
		switch c.Ident {
		case "f":
			return Binary(Mul, c.Args[0], c.Args[1])
		case "g":
			return Num(7)
		}
		return nil
	})
	if got.String() != "7*sin(y) + z*t" {
		t.Errorf("got %s", got)
	}
	if names := Names(mustParse(t, "b*sin(pi*t) + f(a, b)")); !slices.Equal(names, []string{"a", "b", "t"}) {
		t.Errorf("Names: %v", names)
	}
}

func TestDeepAndLongInputIsRefused(t *testing.T) {
	for _, src := range []string{
		strings.Repeat("(", 100_000), strings.Repeat("-", 100_000) + "x", strings.Repeat("sin(", 5000),
		strings.Repeat("2^", 100_000) + "2", strings.Repeat("x+", 150_000) + "x",
	} {
		_, err := Parse(src)
		var d *Diagnostic
		if !errors.As(err, &d) || len(d.Render()) > 1000 {
			t.Errorf("%.10s…: %v", src, err)
		}
	}
	if _, err := Parse(strings.Repeat("(", 900) + "x" + strings.Repeat(")", 900)); err != nil {
		t.Error(err)
	}
}

func TestSuggestFindsMisspellings(t *testing.T) {
	candidates := []string{"gamma", "sin", "sinh", "sigma", "tau_s", "x"}
	for word, want := range map[string]string{"gama": "gamma", "GAMMA": "gamma", "isn": "sin", "sihn": "sinh", "tau": "", "taus": "tau_s", "y": "", "frequency": ""} {
		if got := Suggest(word, candidates); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestTableOfFunctionsIsSorted(t *testing.T) {
	if !slices.IsSorted(Functions()) {
		t.Error(Functions())
	}
	if n, ok := Arity("atan2"); n != 2 || !ok {
		t.Error("atan2", n, ok)
	}
	if _, ok := Arity("f"); ok {
		t.Error("f is no function of the language")
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range []string{"-x^2", "2^3^2", "if(x < 0, -x, sin(y)/2)", "1e-3 + .5*2.", "f(x, η_1)", "(x +\n y)", "x' = 2; b = (", "1.2.3", "²", "a*-b - (-2)^x"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		_, list := ParseEquations("f", 1, 1, src)
		_ = list.Render()
		e, err := Parse(src)
		if err != nil {
			var d *Diagnostic
			if !errors.As(err, &d) || d.Text == "" || d.Pos.Line < 1 || d.Pos.Column < 1 {
				t.Fatalf("%#v", err)
			}
			_ = d.Render()
			return
		}
		again, err := Parse(e.String())
		if err != nil || !Identical(e, again) {
			t.Fatalf("%q prints as %q: %v", src, e, err)
		}
		_ = e.LaTeX()
		if len(src) < 60 {
			if once := Simplify(e); once.String() != Simplify(once).String() {
				t.Fatalf("%q: %s, %s", src, once, Simplify(once))
			}
		}
	})
}
