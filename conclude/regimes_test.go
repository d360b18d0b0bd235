package conclude

import (
	"testing"

	"govern/expr"
)

func TestRegimesDifferInAFormulaOrAParameter(t *testing.T) {
	in := func(formula string, c float64) InRegime {
		e, err := expr.Parse(formula)
		if err != nil {
			t.Fatal(err)
		}
		return InRegime{Unknowns: []RegimeFormula{{Formula: e}}, Parameters: []Estimate{{Name: "c", Value: c}}}
	}
	for _, c := range []struct {
		regimes []InRegime
		want    bool
	}{
		{[]InRegime{in("x", 1)}, false},
		{[]InRegime{in("x", 1), in("x", 1)}, false},
		{[]InRegime{in("x", 1), in("x", 1), in("2*x", 1)}, true},
		{[]InRegime{in("x", 1), in("x", 2)}, true},
	} {
		if got := differ(c.regimes); got != c.want {
			t.Errorf("%d regimes differ: %t", len(c.regimes), got)
		}
	}
}
