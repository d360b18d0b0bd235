package export

import (
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"govern/expr"
	"govern/model"
	"govern/ode"
)

// spans are one Lyapunov time of the catalogue's chaotic models and a few
// cycles of the others, in the model's unit of time.
var spans = map[string]float64{
	"chen-campbell": 300, "chua": 3, "chua-cubic": 4, "double-pendulum": 2, "fitzhugh-nagumo": 80,
	"hindmarsh-rose": 100, "lorenz": 1.1, "lorenz96": 1, "lotka-volterra": 12, "montbrio-pazo-roxin": 10,
	"pendulum": 7, "petrzela-polak": 12, "rossler": 14, "rossler-14": 11, "vanderpol": 20,
}

func TestCProgramsAgreeWithSimulate(t *testing.T) {
	runner := cRunner(t)
	for _, name := range model.Catalogue() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agrees(t, runner, name)
		})
	}
}

func TestPythonProgramsAgreeWithSimulate(t *testing.T) {
	runner := pythonRunner(t)
	for _, name := range model.Catalogue() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agrees(t, runner, name)
		})
	}
}

// agrees compares 20 rows of the program with the solver. 1e-6 of each state's
// magnitude is what is promised over one Lyapunov time.
func agrees(t *testing.T, run runner, name string) {
	m := load(t, name)
	if len(m.Inputs) > 0 {
		t.Skip("the model is driven")
	}
	end, known := spans[name]
	if !known {
		end = 1
	}
	compare(t, m, nil, run.rows(t, written(t, m, run.target), end, end/20), end)
}

func compare(t *testing.T, m *model.Model, inputs map[string]ode.Signal, got [][]float64, end float64) {
	t.Helper()
	times := make([]float64, len(got))
	for k := range got {
		times[k] = got[k][0]
	}
	if len(times) != 21 || math.Abs(times[20]-end) > 1e-12*end {
		t.Fatalf("the rows are at %v", times)
	}
	want, err := ode.Simulate(context.Background(), m, inputs, times, ode.Options{Relative: 1e-12, Absolute: 1e-14})
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range want.States {
		scale, worst := 0.0, 0.0
		for k := range times {
			scale = max(scale, math.Abs(want.Values[i][k]))
			worst = max(worst, math.Abs(got[k][1+i]-want.Values[i][k]))
		}
		if !(worst <= 1e-6*scale) {
			t.Errorf("%s differs by %.2g of %.3g", x, worst, scale)
		}
	}
}

// The derivative of each state is constant, so at t = 1 it is the value of an
// expression.
func TestEveryFunctionMeansTheSameEverywhere(t *testing.T) {
	sources := []string{
		"mod(a, 3)", "mod(-7.5, 2*pi)", "mod(7.5, -2)", "heaviside(zero)", "heaviside(a)", "heaviside(b)", "sign(zero)", "sign(a)",
		"relu(a)", "relu(b)", "softplus(a)", "softplus(900*b)", "softplus(900*a)", "logistic(a)", "logistic(-900*b)", "logistic(900*b)",
		"if(a < b, 1, 2)", "if(a <= a, 1, 2)", "if(a > b, 1, 2)", "if(a >= b, 1, 2)", "if(a == a, 1, 2)", "if(a != a, 1, 2)",
		"if(b > 0, log(b), log(-b))", "2*if(a + 1 < b*2, a - 1, b + 1)^2", "log10(b)", "atan2(a, b)", "atan2(b, a)", "atan2(zero, a)",
		"pow(a, 3)", "pow(b, 1/2)", "a^2", "a^3", "a^4", "a^-2", "a^0", "(a + b)^2", "-a^2", "(-a)^2", "b^b", "2^3^2", "(2^3)^2", "b^-0.5", "b^a^2",
		"1/a^2", "1/(a/b)", "1/a/b", "a - (b - 1)", "a - (b + 1)", "a*(b + 1)", "a*-b", "-(-a)", "-(a + b)", "a - -b", "2/3", "7/2*a", "-a*b",
		"1e-6*a", "1e15*a", "1e6*1e6*1e6*1e6*a", "max(a, b)", "min(a, b)", "abs(a)", "floor(a)", "floor(b)",
		"erf(a)", "erf(b)", "erf(zero)", "erf(9*a)", "exp(a)", "log(b)", "sqrt(b)", "sin(a)", "cos(a)", "tan(a)", "asin(b/2)", "acos(b/2)", "atan(a)", "sinh(a)", "cosh(a)", "tanh(a)", "pi^2*b",
	}
	used := map[string]bool{}
	var states, equations strings.Builder
	values := map[string]float64{"a": -1.75, "b": 0.625, "zero": 0}
	for i, s := range sources {
		fmt.Fprintf(&states, "  x%d: 0\n", i)
		fmt.Fprintf(&equations, "  x%d' = %s\n", i, s)
		e, err := expr.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range expr.Calls(e) {
			used[call.Ident] = true
		}
	}
	for _, name := range expr.Functions() {
		if !used[name] {
			t.Errorf("%s is not tried", name)
		}
	}
	m := read(t, "states:\n"+states.String()+"parameters: {a: -1.75, b: 0.625, zero: 0}\nequations: |\n"+equations.String())
	for _, target := range []Target{C, Python} {
		t.Run(string(target), func(t *testing.T) {
			run := cRunner
			if target == Python {
				run = pythonRunner
			}
			// one step, of which k1/6 + k2/3 + k3/3 + k4/6 rounds
			text := strings.Replace(written(t, m, target), "STEP = "+number(measureStep(m).size), "STEP = 1.0", 1)
			last := run(t).rows(t, text, 1, 1)[1]
			for i, s := range sources {
				e, _ := expr.Parse(s)
				want, err := expr.Eval(e, func(name string) (float64, bool) { v, ok := values[name]; return v, ok })
				if err != nil {
					t.Fatal(err)
				}
				if got := last[1+i]; !(math.Abs(got-want) <= 4e-15*math.Abs(want)) {
					t.Errorf("%s is %v, want %v", s, got, want)
				}
			}
		})
	}
}

// Steps end at the samples, so bends of the signals do not cost the accuracy.
func TestDrivenProgramsWithAwkwardNamesAgreeWithSimulate(t *testing.T) {
	m := load(t, "driven")
	inputs := map[string]ode.Signal{
		"I":   {Time: []float64{0.31, 1.7, 2.9, 3.3}, Value: []float64{0.5, -1, 2, 0.25}},
		"for": {Time: []float64{-1, 2, 10}, Value: []float64{0, 1, -1}},
	}
	for _, runnerOf := range []func(*testing.T) runner{cRunner, pythonRunner} {
		run := runnerOf(t)
		text := written(t, m, run.target)
		for name, given := range map[string]string{"I": "I", "for": "for_"} {
			u := inputs[name]
			fill := func(n int, times, values string) string {
				if run.target == C {
					return fmt.Sprintf(".%s = {%d, (const double[]){%s}, (const double[]){%s}}", given, n, times, values)
				}
				return fmt.Sprintf("%q: (np.array([%s]), np.array([%s]))", name, times, values)
			}
			before := fill(1, "0.0", "0.0")
			if !strings.Contains(text, before) {
				t.Fatalf("%s is missing in\n%s", before, text)
			}
			text = strings.Replace(text, before, fill(len(u.Time), list(u.Time), list(u.Value)), 1)
		}
		compare(t, m, inputs, run.rows(t, text, 5, 0.25), 5)
	}
}

func list(values []float64) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = number(v)
	}
	return strings.Join(parts, ", ")
}

func TestPythonTakesManyStatesAtOnce(t *testing.T) {
	text := written(t, load(t, "chua"), Python)
	text = strings.Replace(text, "    main()\n", `    many = np.outer(X0, [1.0, 2.0, 3.0])
    print("t")
    print(float(np.max(np.abs(rhs(0.0, many, P)[:, 1] - rhs(0.0, 2.0*X0, P)))))
`, 1)
	if rows := pythonRunner(t).rows(t, text, 1, 1); rows[0][0] != 0 {
		t.Errorf("columns differ by %g", rows[0][0])
	}
}

// runner runs a program of a target.
type runner struct {
	target  Target
	program func(t *testing.T, text string) []string // the command for a program's text
}

func cRunner(t *testing.T) runner {
	compiler, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("gcc is not installed: the C programs are not run")
	}
	return runner{C, func(t *testing.T, text string) []string {
		source := filepath.Join(t.TempDir(), "model.c")
		save(t, source, text)
		binary := strings.TrimSuffix(source, ".c")
		out, err := exec.Command(compiler, "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-o", binary, source, "-lm").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, text)
		}
		return []string{binary}
	}}
}

func pythonRunner(t *testing.T) runner {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import numpy").Run() == nil {
			return runner{Python, func(t *testing.T, text string) []string {
				source := filepath.Join(t.TempDir(), "program.py")
				save(t, source, text)
				return []string{python, "-W", "error::SyntaxWarning", source}
			}}
		}
	}
	t.Skip("python3 with numpy is not installed: the Python programs are not run")
	return runner{}
}

func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rows runs a program and returns the numbers that it prints below its header.
func (r runner) rows(t *testing.T, text string, end, dt float64) [][]float64 {
	t.Helper()
	command := append(r.program(t, text), strconv.FormatFloat(end, 'g', -1, 64), strconv.FormatFloat(dt, 'g', -1, 64))
	var problems strings.Builder
	run := exec.Command(command[0], command[1:]...)
	run.Stderr = &problems
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	cells, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	if err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	var rows [][]float64
	for _, line := range cells[1:] {
		row := make([]float64, len(line))
		for i, cell := range line {
			if row[i], err = strconv.ParseFloat(cell, 64); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, row)
	}
	return rows
}
