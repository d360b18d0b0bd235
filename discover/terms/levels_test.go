package terms

import (
	"testing"

	"govern/fit"
	"govern/model"
)

func TestFewValuesOfAnArgumentDetermineFewPowers(t *testing.T) {
	m, err := model.Read("m.yaml", []byte("states: {x: 0}\ninputs: [u]\nunknowns: {f: {library: {degree: 3, functions: [sin]}}}\nequations: |\n  x' = f(x, u)\n"))
	if err != nil {
		t.Fatal(err)
	}
	library := Library(m, 0, 3)
	count := func(levels []int) map[string]bool {
		out := map[string]bool{}
		for _, term := range Determined(library, 0, m.Unknowns[0].Arguments, levels) {
			out[term.Factor.String()] = true
		}
		return out
	}
	if got := count([]int{0, 0}); len(got) != len(library) {
		t.Errorf("without levels %d of %d terms", len(got), len(library))
	}
	if got := count([]int{0, 2}); got["u^2"] || got["x*u^2"] || got["sin(u)"] || !got["u"] || !got["x*u"] || !got["sin(x)"] || !got["x^3"] {
		t.Errorf("of two levels: %v", got)
	}
	if got := count([]int{0, 3}); !got["u^2"] || got["u^3"] {
		t.Errorf("of three levels: %v", got)
	}
	if got := Determined([]fit.Term{{Unknown: 1, Factor: library[len(library)-1].Factor}}, 0, m.Unknowns[0].Arguments, []int{0, 2}); len(got) != 1 {
		t.Error("another unknown lost a term")
	}
}

func TestLevelsAreCounted(t *testing.T) {
	if got := Levels([][]float64{{0, 1, 0, 1}, {1, 2, 3, 4, 5, 6}, {7, 7, 7}}); got[0] != 2 || got[1] != 0 || got[2] != 1 {
		t.Errorf("levels %v", got)
	}
}
