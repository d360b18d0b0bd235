//go:build slow

package govern_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govern"
	"govern/dynamics"
	"govern/expr"
	"govern/ode"
	"govern/problem"
)

// data is the path of a real recording; the test is skipped without it.
func data(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("GOVERN_DATA")
	if root == "" {
		root = filepath.Join("..", "shared", "data")
	}
	path, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there (GOVERN_DATA says where the recordings are)", name)
	}
	return path
}

// chua discovers a model of two measured voltages of a Chua circuit, and asks that the
// answer is trusted.
func chua(t *testing.T, learn string) *govern.Outcome {
	t.Helper()
	file := data(t, "circuits/chua_measured.csv")
	p, err := problem.Read("chua.yaml", fmt.Appendf(nil, "model:%sdata: {file: %q, time: {column: t, unit: s}, observe: {v1: v1, v2: v2}}\n", learn, file))
	if err != nil {
		t.Fatal(err)
	}
	o, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if !o.Result.Status.Trusted() {
		t.Fatalf("status %s: %s", o.Result.Status, o.Result.Advice)
	}
	return o
}

// near asks for a value within 5 %.
func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.05*want {
		t.Errorf("%s = %g, want %g within 5 %%", name, got, want)
	}
}

// The same circuit by its elements: one overall impedance is free, which is said
// and held, and the rest comes out as without.
func TestAMeasuredChuaCircuitInItsElements(t *testing.T) {
	o := chua(t, `
  time_unit: ms
  states: {v1: 0, v2: 0, i: 0}
  parameters: {R: {value: 1, fit: true}, C1: {value: 1, fit: true}, C2: {value: 1, fit: true}, L: {value: 1, fit: true}, R0: {value: 1, fit: true}}
  unknowns: {g: {}}
  equations: |
    v1' = ((v2 - v1)/R - g(v1))/C1
    v2' = ((v1 - v2)/R + i)/C2
    i' = -(v2 + R0*i)/L
`)
	if len(o.Result.Warnings) == 0 || !strings.Contains(o.Result.Warnings[0], "determined are only R·C1, R·C2, L/R, R0/R. So R is held at 1") {
		t.Errorf("the impedance scale is not said: %q", o.Result.Warnings)
	}
	of := func(name string) float64 { return float64(o.Result.Parameters[name].Value) }
	for name, pair := range map[string][2]float64{"1/(R·C1)": {1 / of("C1"), 107}, "1/(R·C2)": {1 / of("C2"), 10.2}, "1/(L·C2)": {1 / (of("L") * of("C2")), 1360}} {
		near(t, name, pair[0], pair[1])
	}
}

// A measured Chua circuit, two voltages of three states, everything fitted from a
// start of ones. Independent analyses give a about 107, b 10.2, c 1360, knees near
// ±1.4 V, a slope of the diode of −16 between them and 20 outside, 8.8 cycles and 3
// lobe switches a record.
func TestAMeasuredChuaCircuitGivesItsDiode(t *testing.T) {
	o := chua(t, `
  time_unit: ms
  states: {v1: 0, v2: 0, j: 0}
  parameters: {a: {value: 1, fit: true}, b: {value: 1, fit: true}, c: {value: 1, fit: true}, d: {value: 1, fit: true}}
  unknowns: {g: {}}
  equations: |
    v1' = a*v2 - g(v1)
    v2' = b*(v1 - v2) + j
    j' = -c*v2 - d*j
`)
	for name, want := range map[string]float64{"a": 107, "b": 10.2, "c": 1360} {
		near(t, name, float64(o.Result.Parameters[name].Value), want)
	}
	g, err := expr.Parse(*o.Result.Unknowns["g"].Expression)
	if err != nil {
		t.Fatal(err)
	}
	slope := func(v float64) float64 {
		d, err := expr.Eval(expr.Diff(g, "v1"), func(string) (float64, bool) { return v, true })
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for v, want := range map[float64]float64{-3: 20.5, 0: -15.8, 3: 20.5} {
		if got := slope(v); math.Abs(got-want) > 2.5 {
			t.Errorf("slope of the diode at %g V is %.3g, want %.3g", v, got, want)
		}
	}
	// A free run of ten times the record.
	sys, err := ode.NewSystem(o.Model)
	if err != nil {
		t.Fatal(err)
	}
	times := make([]float64, 24000)
	for i := range times {
		times[i] = 0.001 * float64(i)
	}
	sol, err := ode.Solve(context.Background(), sys, sys.Start, times, ode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range sol.Values[0] {
		if math.Abs(v) > 7 {
			t.Fatalf("the free run reaches %g V, the data stay within 4.8 V", v)
		}
	}
	lobes, cycles := dynamics.MeasureRhythm(times, sol.Values[0]), dynamics.MeasureRhythm(times, sol.Values[1])
	t.Logf("per record: %.2g lobe switches (data 3), %.3g cycles of v2 (data 9)", float64(lobes.Switches)/10, float64(cycles.Cycles)/10)
	if n := float64(lobes.Switches) / 10; n < 2 || n > 4 {
		t.Errorf("%.2g lobe switches a record, want about 3", n)
	}
}
