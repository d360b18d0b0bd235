package main

import (
	"math"
	"strings"
	"testing"

	"govern/run"
)

func TestAPersonReadsFewDigits(t *testing.T) {
	text := "-1.0000311480215578 + 1.5*tanh(0.5043549734290704*(y + 6.333011153201205))"
	nan := run.Number(math.NaN())
	r := &run.Result{
		Status: run.OK,
		Unknowns: map[string]run.Unknown{"f": {Arguments: []string{"y"}, Expression: &text, Terms: []run.Term{
			{Term: "1", Coefficient: -1.0000311480215578, Low: -1.001, High: -0.999},
			{Term: "tanh(0.5043549734290704*(y + 6.333011153201205))", Coefficient: 1.5, Low: 1.49, High: 1.51},
		}}},
		Warnings: []string{"beware"},
		Errors:   run.Errors{Free: map[string]run.Number{"x": nan, "y": run.Number(math.Inf(1))}, Nudged: map[string]run.Number{"x": nan}},
	}
	var b strings.Builder
	printResult(&b, r, t.TempDir())
	got := b.String()
	for _, want := range []string{"f(y) = -1.00003 + 1.500*tanh(0.50435*(y + 6.333))\n", "    tanh(0.50435*(y + 6.333))  1.500", "x undefined, y without bound"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if !strings.HasPrefix(got, "warning: beware\n") {
		t.Errorf("the warning does not come first in\n%s", got)
	}
	for _, never := range []string{"undefined %", "Inf", "error, nudged"} {
		if strings.Contains(got, never) {
			t.Errorf("%q in\n%s", never, got)
		}
	}
}
