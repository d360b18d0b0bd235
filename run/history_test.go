package run

import (
	"math"
	"slices"
	"strings"
	"testing"

	"govern/journal"
)

func TestStepsAreOrderedAsPeopleCount(t *testing.T) {
	want := []string{"", "1 smooth", "2 library", "2 library/degree 2", "2 library/degree 10", "10 refit", "a", "a1", "a01", "a2", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareNatural)
	// a01 and a1 name the same number: any fixed order will do.
	if i, j := slices.Index(got, "a01"), slices.Index(got, "a1"); i < j {
		got[i], got[j] = got[j], got[i]
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHistoryGainsColumnsOnlyAtItsEnd(t *testing.T) {
	var b strings.Builder
	err := writeRows(&b, []journal.Row{
		{Stage: "smooth", Iteration: 1, Objective: -7.5, Omega: 1000, Segment: 1, Noise: []float64{0.1}},
		{Stage: "final/refit", Iteration: 2, Objective: 99.25, Damping: 1e-6, Omega: 0.001, Terms: 3, Observations: 100, Segment: 5, Gain: 0.25, Noise: []float64{0.01, 0.5}},
	})
	want := "stage,iteration,objective,damping,omega,terms,observations,segment,gain,noise\n" +
		"smooth,1,-7.5,0,1000,0,0,1,0,0.1\n" +
		"final/refit,2,99.25,1e-06,0.001,3,100,5,0.25,0.01 0.5\n"
	if err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestUnknownsAreOneRowAPoint(t *testing.T) {
	u := &Unknowns{Slices: []Slice{
		{Unknown: "f", Varied: "x", Arguments: []string{"x", "y"}, At: [][]float64{{1, 2}, {0.5, 0.5}}, Value: []float64{3, 4}, Low: []float64{2.5, math.NaN()}, High: []float64{3.5, math.NaN()}, Density: []float64{1, 0}},
		{Unknown: "g", Varied: "v", Arguments: []string{"v"}, At: [][]float64{{-1}}, Value: []float64{7}},
	}}
	var b strings.Builder
	want := "unknown,varied,value,low,high,density,x,y,v\nf,x,3,2.5,3.5,1,1,0.5,\nf,x,4,,,0,2,0.5,\ng,v,7,,,,,,-1\n"
	if err := u.Write(&b); err != nil || b.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, b.String(), want)
	}
}
