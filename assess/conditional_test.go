package assess_test

import (
	"context"
	"math"
	"testing"

	"govern/assess"
	"govern/expr"
	"govern/fit"
	"govern/internal/quick"
	"govern/model"
	"govern/record"
)

// The largest conditional exponents of Rössler (0.2, 0.22, 14) nudged on some of
// its states, computed independently with an accuracy of about 0.01.
func TestConditionalExponentsMatchPublishedNumbers(t *testing.T) {
	quick.Skip(t)
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		channels string
		k, want  float64
	}{{"xyz", 0.25, -0.139}, {"xz", 0.5, -0.138}, {"xz", 1, -0.366}, {"y", 1, -0.439}, {"z", 1, 0.083}} {
		e := record.Entry{Name: "clean"}
		for i := range 400 {
			e.Times = append(e.Times, 0.1*float64(i))
		}
		var sigma []float64
		for _, name := range c.channels {
			values := make([]float64, len(e.Times))
			for i, s := range e.Times {
				values[i] = 10 * math.Sin(s+float64(name))
			}
			e.Channels = append(e.Channels, record.Channel{Column: string(name), Observe: expr.Var(string(name)), Values: values})
			sigma = append(sigma, 0.001)
		}
		d, err := fit.Prepare(m, []record.Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		got, err := assess.Conditional(context.Background(), m, d, sigma, c.k, []float64{5, 5, 0.1})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-c.want) > 0.02 {
			t.Errorf("gain %g on %s: %.3f, want %.3f", c.k, c.channels, got, c.want)
		}
	}
}
