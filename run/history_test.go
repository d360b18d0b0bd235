package run

import (
	"slices"
	"testing"
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
