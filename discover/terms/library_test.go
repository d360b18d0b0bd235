package terms

import (
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/model"
)

func read(t *testing.T, text string) *model.Model {
	t.Helper()
	m, err := model.Read("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func names(library []fit.Term) []string {
	var out []string
	for _, t := range library {
		out = append(out, t.Factor.String())
	}
	return out
}

// There are (n+d−1 choose d) ways to write d as a sum of n powers.
func TestCompositionsAreAllSumsOnce(t *testing.T) {
	choose := func(n, k int) int {
		out := 1
		for i := range k {
			out = out * (n - i) / (i + 1)
		}
		return out
	}
	for n := 1; n <= 4; n++ {
		for d := range 5 {
			seen := map[string]bool{}
			for _, p := range Compositions(d, n) {
				sum := 0
				key := ""
				for _, v := range p {
					sum += v
					key += string(rune('0' + v))
				}
				if sum != d || len(p) != n || seen[key] {
					t.Errorf("%v as a sum of %d powers to %d", p, n, d)
				}
				seen[key] = true
			}
			if want := choose(n+d-1, d); len(seen) != want {
				t.Errorf("%d ways to write %d with %d powers, want %d", len(seen), d, n, want)
			}
		}
	}
	if got := Compositions(0, 0); len(got) != 1 || Compositions(1, 0) != nil {
		t.Errorf("of no argument: %v", got)
	}
}

func TestAMonomialIsTheProductOfItsPowers(t *testing.T) {
	at := map[string]float64{"x": 2, "y": 3, "z": 5}
	for want, powers := range map[float64][]int{1: {0, 0, 0}, 2: {1, 0, 0}, 9: {0, 2, 0}, 8 * 9 * 5: {3, 2, 1}} {
		v, err := expr.Eval(Monomial([]string{"x", "y", "z"}, powers), func(name string) (float64, bool) { v, ok := at[name]; return v, ok })
		if err != nil || v != want {
			t.Errorf("powers %v: %g, want %g (%v)", powers, v, want, err)
		}
	}
}

func TestLibrariesDependOnTheDegreeWhereItIsOpen(t *testing.T) {
	m := read(t, `
states: {x: 0, y: 0}
unknowns: {f: {library: {degree: 1, functions: [sin]}}, g: {}}
equations: |
  x' = f(x)
  y' = g(x, y)
`)
	one, same := Libraries(m, 1)
	two, _ := Libraries(m, 2)
	if same || len(one) != 3+3 || len(two) != 3+6 {
		t.Errorf("libraries %v and %v, the same: %v", names(one), names(two), same)
	}
	m.Unknowns = m.Unknowns[:1]
	if f, same := Libraries(m, 4); !same || len(f) != 3 || f[2].Factor.String() != "sin(x)" {
		t.Errorf("a library of a given degree is %v at another, the same: %v", names(f), same)
	}
}

func TestTermsAreMultipliedByEveryFactor(t *testing.T) {
	library := []fit.Term{{Factor: expr.Num(1)}, {Factor: expr.Var("x")}}
	got := names(Multiplied(library, []*expr.Expr{expr.Var("r"), expr.Var("s")}))
	want := []string{"1", "x", "r", "r*x", "s", "s*x"}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got, want)
		}
	}
	if library[1].Factor.String() != "x" || Times(expr.Var("q"), library[1]).Factor.String() != "q*x" {
		t.Error("the library itself has changed")
	}
}

func TestAllMarksEveryTerm(t *testing.T) {
	for _, on := range All(5) {
		if !on {
			t.Error("a term is not marked")
		}
	}
	if len(All(5)) != 5 || len(All(0)) != 0 {
		t.Error("the wrong number of terms")
	}
}
