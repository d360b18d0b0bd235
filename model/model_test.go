package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"govern/expr"
)

const everyOption = `
name: "odd: \"one\"\t# \\ ö"
source: |
  two
  lines
time_unit: ms
states: {x: 1e-3, y: {value: -2, fixed: true}, null: {value: 3, fit: true}, η̄: 8/3}
parameters:
  a: 0.2
  c: {value: 10, fit: true, min: 0, max: 50, sd: 20 %, each: entry, spread: true}
  d: {value: 1, max: 1e20}
inputs: [I, true]
unknowns:
  f: {}
  g: {arguments: [p, q], library: {degree: 3, functions: [sin, tanh]}, neural: {hidden: [10, 5], activation: tanh}}
  h: {library: {}, neural: {}}
equations: |
  x' = f(x, y) - b*(c + d)   # first
  y' = f(x, y) + g(x + 1, I); null' = h(x) + h(y)
  η̄' = -(2*x)^-2/a + true*t
  b = e2/2
  e2 = if(x < 1, -x, max(y, pi))
`

func mustRead(t testing.TB, text string) *Model {
	t.Helper()
	m, err := Read("model.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryOptionIsRead(t *testing.T) {
	m := mustRead(t, everyOption)
	if m.Name != "odd: \"one\"\t# \\ ö" || m.Source != "two\nlines\n" || m.TimeUnit != "ms" {
		t.Errorf("%q %q %q", m.Name, m.Source, m.TimeUnit)
	}
	if want := []State{{"x", 1e-3, false}, {"y", -2, true}, {"null", 3, false}, {"η̄", 8. / 3, false}}; !slices.Equal(m.States, want) {
		t.Errorf("states %v", m.States)
	}
	inf := math.Inf(1)
	if want := []Parameter{{Name: "a", Value: 0.2, Min: -inf, Max: inf}, {Name: "c", Value: 10, Fit: true, Min: 0, Max: 50, SD: 2, Each: true, Spread: true}, {Name: "d", Value: 1, Min: -inf, Max: 1e20}}; !slices.Equal(m.Parameters, want) {
		t.Errorf("parameters %v", m.Parameters)
	}
	if !slices.Equal(m.Inputs, []string{"I", "true"}) {
		t.Errorf("inputs %v", m.Inputs)
	}
	want := []Unknown{
		{Name: "f", Arguments: []string{"x", "y"}},
		{"g", []string{"p", "q"}, &Library{3, []string{"sin", "tanh"}}, &Neural{[]int{10, 5}, "tanh"}},
		{"h", []string{"u1"}, &Library{}, &Neural{}},
	}
	if !reflect.DeepEqual(m.Unknowns, want) {
		t.Errorf("unknowns %+v", m.Unknowns)
	}
	if len(m.Definitions) != 2 || m.Definitions[0].Name != "e2" || m.Definitions[1].Name != "b" {
		t.Errorf("definitions %v", m.Definitions)
	}
	rhs := m.Rhs()
	if got := rhs[0].String(); got != "f(x, y) - if(x < 1, -x, max(y, pi))/2*(c + d)" {
		t.Errorf("x' = %s", got)
	}
	if m.StateIndex("null") != 2 || m.StateIndex("b") != -1 || m.ParameterIndex("c") != 1 || m.Unknown("x") != nil {
		t.Error("wrong index")
	}
}

// same reports whether two models say the same, wherever they stood.
func same(a, b *Model) bool {
	strip := func(m *Model) *Model {
		c := *m
		c.Warnings = nil
		c.Equations = slices.Clone(m.Equations)
		for i := range c.Equations {
			c.Equations[i].Right = nil
		}
		c.Definitions = slices.Clone(m.Definitions)
		for i := range c.Definitions {
			c.Definitions[i].Right = nil
		}
		return &c
	}
	if !reflect.DeepEqual(strip(a), strip(b)) {
		return false
	}
	for i, q := range a.Equations {
		if !expr.Identical(q.Right, b.Equations[i].Right) {
			return false
		}
	}
	for i, d := range a.Definitions {
		if !expr.Identical(d.Right, b.Definitions[i].Right) {
			return false
		}
	}
	return true
}

func TestEncodedModelReadsBackEqual(t *testing.T) {
	models := []*Model{mustRead(t, everyOption), Open([]string{"x", "y (mV)", "y_mV", "3", "sin", "", "f_x"})}
	for _, name := range Catalogue() {
		models = append(models, mustLookup(t, name))
	}
	for _, m := range models {
		text := m.Encode()
		again, err := Read("encoded.yaml", text)
		if err != nil {
			t.Errorf("%s\n%v", text, err)
		} else if !same(m, again) {
			t.Errorf("%s\nreads back as\n%s", text, again.Encode())
		}
	}
}

func TestNumbersSurviveEncoding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	m := mustLookup(t, "lorenz")
	for range 500 {
		value := math.Float64frombits(r.Uint64())
		if math.IsNaN(value) || math.IsInf(value, 0) {
			continue
		}
		again := mustRead(t, string(m.WithParameters(map[string]float64{"beta": value}).Encode()))
		if got := again.Parameters[2].Value; got != value {
			t.Fatalf("%v reads back as %v", value, got)
		}
	}
}

func TestFormulasReplaceUnknowns(t *testing.T) {
	m := mustRead(t, everyOption)
	parse := func(src string) *expr.Expr {
		e, err := expr.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	got, err := m.WithFormulas(map[string]*expr.Expr{"g": parse("p*q - a*p"), "h": parse("u1^2")})
	if err != nil {
		t.Fatal(err)
	}
	if q := got.Equations[1].Right.String(); q != "f(x, y) + ((x + 1)*I - a*(x + 1))" {
		t.Errorf("y' = %s", q)
	}
	if q := got.Equations[2].Right.String(); q != "x^2 + y^2" {
		t.Errorf("null' = %s", q)
	}
	if len(got.Unknowns) != 1 || got.Unknowns[0].Name != "f" || len(m.Unknowns) != 3 {
		t.Errorf("unknowns %v", got.Unknowns)
	}
	for name, formula := range map[string]string{"x": "1", "g": "u1", "h": "f(u1, u1)", "f": "b + x"} {
		if _, err := m.WithFormulas(map[string]*expr.Expr{name: parse(formula)}); err == nil {
			t.Errorf("%s = %s was accepted", name, formula)
		}
	}
}

func TestArgumentsTakeTheNamesOfTheCallsWhenTheyAgree(t *testing.T) {
	for equations, want := range map[string]string{
		"x' = f(x, y); y' = f(x, y)": "[x y]",
		"x' = f(x, y); y' = f(y, x)": "[u1 u2]",
		"x' = f(x, 2*y); y' = 1":     "[u1 u2]",
		"x' = f(x, x); y' = 1":       "[u1 u2]",
		"x' = f(t); y' = 1":          "[t]",
		"x' = b; y' = 1; b = f(y)":   "[y]",
		"x' = f(pi); y' = 1":         "[u1]",
	} {
		m := mustRead(t, "states: {x: 1, y: 1}\nunknowns: {f: {}}\nequations: "+equations)
		if got := fmt.Sprint(m.Unknowns[0].Arguments); got != want {
			t.Errorf("%s: %s, want %s", equations, got, want)
		}
	}
}

func TestOpenMakesEveryColumnAnUnknownState(t *testing.T) {
	m := Open([]string{"x", "v 1", "t", "f_x"})
	want := []string{"x", "v_1", "t_", "f_x"}
	for i, s := range m.States {
		if s.Name != want[i] {
			t.Errorf("state %d is %q, want %q", i, s.Name, want[i])
		}
	}
	if q := m.Equations[0].Right.String(); q != "f_x_2(x, v_1, t_, f_x)" {
		t.Errorf("x' = %s", q)
	}
}

func TestInlineModelHasTruePositions(t *testing.T) {
	problem := "# a problem\nmodel:\n  states: {x: 1}\n  equations: |\n    x' = -x\n\n    y = zeta*x\ndata: []\n"
	file, err := parser.ParseBytes([]byte(problem), 0)
	if err != nil {
		t.Fatal(err)
	}
	node := file.Docs[0].Body.(*ast.MappingNode).Values[0].Value
	_, err = FromNode("problem.yaml", []byte(problem), node)
	var list expr.DiagnosticList
	if !errors.As(err, &list) {
		t.Fatal(err)
	}
	want := "problem.yaml:7:9: zeta is not defined\n   7 |     y = zeta*x\n     |         ^^^^\n     = give it a value under parameters: zeta: 1\n"
	if got := list.Render(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLoadFindsFilesAndTheCatalogue(t *testing.T) {
	dir := t.TempDir()
	text := mustLookup(t, "rossler").Encode()
	if err := os.WriteFile(filepath.Join(dir, "mine.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"mine.yaml", "lorenz", filepath.Join(dir, "mine.yaml")} {
		if _, err := Load(ref, dir); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	for ref, want := range map[string]string{
		"lorentz":    "did you mean lorenz?",
		"other.yaml": "paths are relative",
		".":          "is a directory",
	} {
		_, err := Load(ref, dir)
		var d *expr.Diagnostic
		if !errors.As(err, &d) || !strings.Contains(d.Render(), want) {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestWindowsLineEndsAreRead(t *testing.T) {
	m := mustRead(t, strings.ReplaceAll(string(mustLookup(t, "lorenz").Encode()), "\n", "\r\n"))
	if !same(m, mustLookup(t, "lorenz")) {
		t.Errorf("%s", m.Encode())
	}
	_, err := Read("m.yaml", []byte("states: {x: 1}\r\nequations: |\r\n  x' = 1\r\n  b = zz\r\n"))
	if err == nil || err.Error() != "m.yaml:4:7: zz is not defined" {
		t.Error(err)
	}
}

func FuzzModelRead(f *testing.F) {
	f.Add(everyOption)
	f.Add(string(mustLookup(f, "lorenz").Encode()))
	f.Add("states: {x: 1}\nunknowns: {f: }\nequations: x' = f(x)")
	f.Add("states:\n  x: {value: 1\nequations: |2-\n    x' = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Read("f.yaml", []byte(text))
		if err != nil {
			var one *expr.Diagnostic
			var list expr.DiagnosticList
			switch {
			case errors.As(err, &one):
				list = expr.DiagnosticList{one}
			case !errors.As(err, &list):
				t.Fatalf("%T: %v", err, err)
			}
			_ = list.Render()
			return
		}
		again, err := Read("f.yaml", m.Encode())
		if err != nil || !same(m, again) {
			t.Fatalf("%q\nencoded\n%s\n%v", text, m.Encode(), err)
		}
	})
}
