package govern

import (
	"testing"

	"govern/run"
)

func TestRegimesDifferInAFormulaOrAParameter(t *testing.T) {
	in := func(formula string, c float64) run.Regime {
		return run.Regime{Unknowns: map[string]run.Unknown{"f": {Expression: &formula}}, Parameters: map[string]run.Estimate{"c": {Value: run.Number(c)}}}
	}
	for _, c := range []struct {
		regimes []run.Regime
		want    bool
	}{
		{[]run.Regime{in("x", 1)}, false},
		{[]run.Regime{in("x", 1), in("x", 1)}, false},
		{[]run.Regime{in("x", 1), in("x", 1), in("2*x", 1)}, true},
		{[]run.Regime{in("x", 1), in("x", 2)}, true},
	} {
		if got := differ(c.regimes); got != c.want {
			t.Errorf("%d regimes differ: %t", len(c.regimes), got)
		}
	}
}
