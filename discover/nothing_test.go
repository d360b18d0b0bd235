package discover_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
	"govern/run"
	"govern/verdict"
)

// recording is a table of one column, x, at unit steps.
func recording(n int, next func() float64) []record.Entry {
	e := record.Entry{Name: "record", Channels: []record.Channel{{Column: "x", Observe: expr.Var("x"), Values: make([]float64, n)}}}
	for i := range n {
		e.Times = append(e.Times, float64(i))
		e.Channels[0].Values[i] = next()
	}
	return []record.Entry{e}
}

func TestNoiseAndMapsAreNoFlows(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	walk, logistic := 0.0, 0.3
	for what, c := range map[string]struct {
		next func() float64
		says string
	}{
		"white noise": {random.NormFloat64, "turning points"},
		"random walk": {func() float64 { walk += random.NormFloat64(); return walk }, "random walk"},
		"map":         {func() float64 { logistic *= 3.9 * (1 - logistic); return logistic }, "100 % of x of the variance. That is a map"},
	} {
		m := model.Open([]string{"x"})
		d, err := fit.Prepare(m, recording(300, c.next))
		if err != nil {
			t.Fatal(err)
		}
		r, err := discover.Run(context.Background(), &fit.Engine{Data: d, Seed: 1}, discover.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if verdict.OfSearch(r).Status != run.NoModel || !strings.Contains(verdict.OfSearch(r).Advice(), c.says) {
			t.Errorf("%s: status %s, %s", what, verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
		}
	}
}
