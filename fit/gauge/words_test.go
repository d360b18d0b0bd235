package gauge

import (
	"slices"
	"testing"
)

func TestPowersAreSaidAsOften(t *testing.T) {
	for exponent, want := range map[float64]string{1: "a", 2: "a twice", 3: "a 3 times", 0.5: "a^(1/2)", 1.5: "a 1.5 times"} {
		if got := powerText("a", exponent); got != want {
			t.Errorf("exponent %v: %q, want %q", exponent, got, want)
		}
	}
}

func TestScalingsSayWhatIsDividedByWhat(t *testing.T) {
	for _, c := range []struct {
		scalings []part
		want     string
	}{
		{[]part{{"a", "a", 1}}, "multiplying a by a factor"},
		{[]part{{"a", "a", -1}}, "dividing a by a factor"},
		{[]part{{"a", "a", 1}, {"b", "b", 1}, {"c", "c", -2}}, "multiplying a and b by a factor and dividing c twice by it"},
	} {
		if got := scalingText(c.scalings); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestAnAmountThatAllShareIsSaidOnce(t *testing.T) {
	a := &ansatz{parameters: []string{"p"}}
	for _, c := range []struct {
		additions []part
		want      string
	}{
		{[]part{{"x", "1", 1}, {"y", "1", 1}}, "adding one amount to x and y"},
		{[]part{{"x", "p", 1}, {"y", "p", -1}}, "adding an amount to x and subtracting it from y"},
		{[]part{{"x", "1", 1}, {"y", "1", 2}}, ""}, // another amount
		{[]part{{"x", "1", 1}, {"y", "p", 1}}, ""},
		{[]part{{"x", "z", 1}, {"y", "z", 1}}, ""}, // a state is no amount
		{[]part{{"x", "1", 1}}, ""},
	} {
		if got := a.commonAmount(c.additions); got != c.want {
			t.Errorf("%v: %q, want %q", c.additions, got, c.want)
		}
	}
}

func TestAdditionsSaySignAndAmount(t *testing.T) {
	got := additionText([]part{{"x", "1", 1}, {"y", "p", -1}, {"z", "p", 2.5}})
	if want := "adding 1 to x, subtracting p from y and adding 2.5·p to z (in proportion)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestInvariantsPairWithTheFirstParameter(t *testing.T) {
	got := invariants([]string{"a", "b", "c", "d", "k"}, []part{{"a", "a", 1}, {"b", "b", 1}, {"c", "c", -1}, {"d", "d", 2}, {"x", "x", 1}})
	if want := []string{"b/a", "a·c", "d·a^-2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := invariants([]string{"a"}, nil); len(got) > 0 {
		t.Errorf("%q of nothing", got)
	}
}
