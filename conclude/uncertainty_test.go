package conclude

import (
	"context"
	"math"
	"slices"
	"testing"

	"govern/fit"
	"govern/record"
)

func TestBlocksAreQuartersThatShareTheirEnds(t *testing.T) {
	all := []record.Entry{swing("a", 0, 101), swing("b", 0, 24)} // a quarter of 24 with its end: 7
	paths := [][]float64{nodes(all[0]), nodes(all[1])}
	covered := 0
	for b := range Blocks {
		entries, parts := block(all, paths, b, 2)
		if len(entries) != 1 || len(parts) != 1 || entries[0].Name != "a" {
			t.Fatalf("block %d: %d entries", b, len(entries))
		}
		e := entries[0]
		if from := e.Times[0]; from != all[0].Times[covered] {
			t.Errorf("block %d begins at %g, the one before ended at %g", b, from, all[0].Times[covered])
		}
		if !slices.Equal(parts[0], nodes(e)) {
			t.Errorf("block %d has nodes of other samples", b)
		}
		covered += len(e.Times) - 1
	}
	if covered != 100 {
		t.Errorf("blocks end at sample %d of 100", covered)
	}
	if entries, _ := block(all[1:], paths[1:], 0, 2); len(entries) != 0 {
		t.Error("a block of 7 samples")
	}
	if entries, _ := block([]record.Entry{swing("c", 0, 28)}, [][]float64{nodes(swing("c", 0, 28))}, 0, 2); len(entries) != 1 {
		t.Error("no block of 8 samples")
	}
}

func TestStandardErrorsAreThoseOfMeans(t *testing.T) {
	// 1, 2, 3, 4: variance 5/3, of their mean 5/12.
	got := standardErrors([][]float64{{1, 7}, {4, 7}, {2, 7}, {3, 7}}, 2)
	if !near(got[0], math.Sqrt(5.0/12)) || got[1] != 0 {
		t.Errorf("%v", got)
	}
	if got := standardErrors([][]float64{{1, 2}}, 2); !slices.Equal(got, []float64{0, 0}) {
		t.Errorf("%v of one fit", got)
	}
	if got := standardErrors(nil, 0); len(got) != 0 {
		t.Errorf("%v of nothing", got)
	}
}

// spreadOut is an answer of two coefficients and a parameter whose intervals are 1, 3 and 1
// times as wide as the covariance says.
func spreadOut() *Answer {
	a := &Answer{}
	a.Final = &fit.Fitted{Terms: make([]fit.Term, 2), Coefficients: []float64{5, -2}, Parameters: []float64{0.5},
		Covariance: []float64{0.04, 0.01, 0, 0.01, 0.09, 0, 0, 0, 0.25}}
	a.Spread = []float64{0.2, 0.9, 0.4} // of the third less than √0.25
	return a
}

func TestIntervalsAreOfCoefficientsThenParameters(t *testing.T) {
	a := spreadOut()
	for i, want := range [][2]float64{{5, 0.2}, {-2, 0.9}, {0.5, 0.4}} {
		v, low, high := a.Interval(i)
		if v != want[0] || !near(v-low, Confidence*want[1]) || !near(high-v, Confidence*want[1]) {
			t.Errorf("column %d: %g [%g, %g]", i, v, low, high)
		}
	}
}

func TestInflationIsNeverBelowOne(t *testing.T) {
	a := spreadOut()
	if got := a.Inflation(); !near(got[0], 1) || !near(got[1], 3) || got[2] != 1 {
		t.Errorf("%v", got)
	}
	a.Final.Covariance = nil
	if got := a.Inflation(); !slices.Equal(got, []float64{1, 1, 1}) {
		t.Errorf("%v without a covariance", got)
	}
}

func TestTheIntervalOfASumKnowsCorrelationAndInflation(t *testing.T) {
	a := spreadOut()
	for _, c := range []struct {
		columns       []int
		sum, variance float64
	}{
		{nil, 0, 0},
		{[]int{2}, 0.5, 0.25},
		{[]int{0, 1}, 3, 0.04 + 2*0.01*3 + 0.09*9},
		{[]int{0, 2}, 5.5, 0.29},
	} {
		sum, half := a.Combined(c.columns)
		if !near(sum, c.sum) || !near(half, Confidence*math.Sqrt(c.variance)) {
			t.Errorf("%v: %g ± %g, want %g ± 1.96·√%g", c.columns, sum, half, c.sum, c.variance)
		}
	}
	// The interval of one number alone is that of Interval.
	if _, low, high := a.Interval(1); true {
		if _, half := a.Combined([]int{1}); !near(half, (high-low)/2) {
			t.Errorf("±%g as a sum of one, [%g, %g] alone", half, low, high)
		}
	}
}

// Without defects beyond the floor the covariance is all: nothing is fitted again.
func TestExactEquationsHaveTheUncertaintyOfTheirCovariance(t *testing.T) {
	a := spreadOut()
	a.Final.Omega = 2 * fit.OmegaEnd
	got, err := (Searched{}).uncertainty(context.Background(), a.Refit)
	if err != nil || !near(got[0], 0.2) || !near(got[1], 0.3) || !near(got[2], 0.5) {
		t.Errorf("%v (%v)", got, err)
	}
	a.Final.Omega, a.Final.Driven = 1, true // defects are part of the model
	if got, err := (Searched{}).uncertainty(context.Background(), a.Refit); err != nil || !near(got[1], 0.3) {
		t.Errorf("%v (%v)", got, err)
	}
}
