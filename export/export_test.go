package export

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"govern/expr"
	"govern/internal/golden"
	"govern/model"
)

var endings = map[Target]string{Text: "txt", LaTeX: "tex", Python: "py", Julia: "jl", C: "c"}

func TestPrograms(t *testing.T) {
	for _, name := range []string{"lorenz", "chua", "double-pendulum", "driven"} {
		m := load(t, name)
		for _, target := range Targets() {
			golden.File(t, "testdata/"+name+"."+endings[target], written(t, m, target))
		}
	}
}

// load returns a model of testdata or the catalogue.
func load(t *testing.T, name string) *model.Model {
	t.Helper()
	ref := name
	if name == "driven" {
		ref = "testdata/driven.yaml"
	}
	m, err := model.Load(ref, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t *testing.T, text string) *model.Model {
	t.Helper()
	m, err := model.Read("model.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func written(t *testing.T, m *model.Model, target Target) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, m, target); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestUnknownsAndUnknownTargetsAreRefused(t *testing.T) {
	open := model.Open([]string{"x", "y"})
	for _, target := range Targets() {
		var b bytes.Buffer
		unknown, ok := errors.AsType[*UnknownError](Write(&b, open, target))
		if !ok || unknown.Unknown != "f_x" || b.Len() > 0 {
			t.Errorf("%s: %v, %d bytes", target, unknown, b.Len())
		}
	}
	var b bytes.Buffer
	if _, ok := errors.AsType[*TargetError](Write(&b, load(t, "lorenz"), "fortran")); !ok || b.Len() > 0 {
		t.Error("fortran is not a target")
	}
}

func TestTextReadsBackAsTheSameEquations(t *testing.T) {
	for _, name := range model.Catalogue() {
		m := load(t, name)
		equations, problems := expr.ParseEquations("", 1, 1, written(t, m, Text))
		if len(problems) > 0 {
			t.Fatal(problems.Render())
		}
		right := map[string]*expr.Expr{}
		for _, q := range equations {
			if q.Prime {
				q.Left += "'"
			}
			right[q.Left] = q.Right
		}
		for _, q := range m.Equations {
			if got := right[q.State+"'"]; got == nil || got.String() != q.Right.String() {
				t.Errorf("%s: %s' = %v, want %v", name, q.State, got, q.Right)
			}
		}
		for _, d := range m.Definitions {
			if got := right[d.Name]; got == nil || got.String() != d.Right.String() {
				t.Errorf("%s: %s = %v, want %v", name, d.Name, got, d.Right)
			}
		}
		for _, p := range m.Parameters {
			if got, err := expr.Eval(right[p.Name], nil); err != nil && p.Value >= 0 || err == nil && got != p.Value {
				t.Errorf("%s: %s = %v, want %v", name, p.Name, got, p.Value)
			}
		}
	}
}

func TestLatexIsBalancedAndBreaksLongSums(t *testing.T) {
	terms := make([]string, 12)
	for i := range terms {
		terms[i] = "0.123456789*x^2*exp(-(x - 1)/2)"
	}
	m := read(t, "states: {x: 1}\nequations: |\n  x' = "+strings.Join(terms, " - ")+" + (-x)\n")
	for _, text := range []string{written(t, m, LaTeX), written(t, load(t, "driven"), LaTeX), written(t, load(t, "chua"), LaTeX)} {
		for _, pair := range []string{"{}", `\left \right`, `\begin \end`} {
			open, closed := pair[:1], pair[1:]
			if before, after, found := strings.Cut(pair, " "); found {
				open, closed = before, after
			}
			if strings.Count(text, open) != strings.Count(text, closed) {
				t.Errorf("%s are not balanced in\n%s", pair, text)
			}
		}
	}
	text := written(t, m, LaTeX)
	if strings.Count(text, `\notag`) < 3 || strings.Count(text, "exp") != 12 || !strings.Contains(text, `+ \left(-x\right)`) {
		t.Error(text)
	}
}

func TestLinesAreBrokenAndNothingIsLost(t *testing.T) {
	line := "a = f(b, c) + " + strings.Repeat("dddd*(eeee - ffff) + ", 20) + "g"
	broken := wrap(line, "    ")
	for l := range strings.Lines(broken) {
		if len(l) > lineWidth+1 {
			t.Errorf("%d characters: %s", len(l), l)
		}
	}
	if strings.Join(strings.Fields(broken), " ") != line {
		t.Error(broken)
	}
}

func TestStepsAreRoundAndSmallEnough(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{{0.0123, 0.01}, {0.005, 0.005}, {0.00499, 0.002}, {7, 5}, {0.3, 0.2}, {1e-6, 1e-6}} {
		if got := roundDown(c.v); got != c.want {
			t.Errorf("%g: %g, want %g", c.v, got, c.want)
		}
	}
	// x'' = -x: RK4 errs by h⁴/120 a unit of time
	s := measureStep(read(t, "states: {x: 1, y: 0}\nequations: |\n  x' = y\n  y' = -x\n"))
	if s.size < 0.005 || s.size > 0.02 {
		t.Errorf("the step of an oscillator of frequency 1 is %g", s.size)
	}
	// what never moves or leaves every bound still gets a step
	for _, text := range []string{"states: {x: 0}\nequations: |\n  x' = x\n", "states: {x: 1}\nequations: |\n  x' = log(-x)\n"} {
		if s := measureStep(read(t, text)); !(s.size > 0) {
			t.Errorf("%s: %+v", text, s)
		}
	}
}
