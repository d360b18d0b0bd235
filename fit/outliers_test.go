package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"govern/expr"
	"govern/model"
	"govern/record"
)

func TestOnlySamplesThatLieAloneAreOutliers(t *testing.T) {
	m, err := model.Read("m.yaml", []byte("states: {x: 0, y: 0}\nunknowns: {f: {}}\nequations: |\n  x' = y\n  y' = f(x, y)\n"))
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	e := record.Entry{Channels: []record.Channel{{Column: "x", Observe: expr.Var("x")}, {Column: "y", Observe: expr.Var("y")}}}
	states := [][][]float64{{nil, nil}}
	off := map[int]bool{}
	for i := range 2000 {
		at := 0.05 * float64(i)
		x, y := math.Sin(at), math.Cos(at)
		e.Times = append(e.Times, at)
		states[0][0], states[0][1] = append(states[0][0], x), append(states[0][1], y)
		x += 0.05 * rng.NormFloat64()
		y += 0.05 * rng.NormFloat64()
		if rng.Float64() < 0.02 {
			x += 0.5
			off[i] = true
		}
		if i%200 < 5 { // the path misses a spike of five samples
			y += 1
		}
		e.Channels[0].Values, e.Channels[1].Values = append(e.Channels[0].Values, x), append(e.Channels[1].Values, y)
	}
	d, err := Prepare(m, []record.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	cleaned, found, err := d.WithoutOutliers(states, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Channel != 0 || found[0].Count != len(off) || len(off) < 20 {
		t.Fatalf("found %v, want the %d outliers of x alone", found, len(off))
	}
	for i, v := range cleaned.Entries[0].Channels[0].Values {
		if math.IsNaN(v) != off[i] {
			t.Errorf("sample %d: left out %v, outlier %v", i, math.IsNaN(v), off[i])
		}
		if math.IsNaN(e.Channels[0].Values[i]) {
			t.Fatal("the user's data were changed")
		}
	}
	if s := cleaned.Channels[0].Sigma0; math.Abs(s-0.05) > 0.005 || d.Channels[0].Sigma0 < 0.07 {
		t.Errorf("noise %g with outliers and %g without, want 0.05 without", d.Channels[0].Sigma0, s)
	}
	again, found, err := cleaned.WithoutOutliers(states, nil)
	if err != nil || again != cleaned || found != nil {
		t.Errorf("cleaned data must stay as they are: %v, %v", found, err)
	}
}
