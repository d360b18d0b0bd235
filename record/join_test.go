package record

import (
	"slices"
	"testing"
)

// counted is an entry of n samples from first on, a unit apart; values are the times.
func counted(name string, first float64, n int) Entry {
	e := Entry{Name: name, Channels: []Channel{{Column: "x", Observe: x}}, Inputs: [][]float64{nil}}
	for i := range n {
		e.Times = append(e.Times, first+float64(i))
	}
	e.Channels[0].Values, e.Inputs[0] = slices.Clone(e.Times), slices.Clone(e.Times)
	return e
}

func TestAnEntryContinuesWhereTheOtherEnds(t *testing.T) {
	e := counted("a", 0, 5) // ends at 4
	for _, c := range []struct {
		name string
		test Entry
		want bool
	}{
		{"the next sample", counted("a", 5, 3), true},
		{"two samples are missing", counted("a", 7, 3), true},
		{"three are", counted("a", 7.5, 3), false},
		{"another file", counted("b", 5, 3), false},
		{"an overlap", counted("a", 4, 3), false},
	} {
		if got := Continues(e, c.test); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if Continues(counted("a", 0, 1), counted("a", 1, 3)) {
		t.Error("one sample has no interval")
	}
}

func TestJoinedEntriesShareNoMemory(t *testing.T) {
	a, b := counted("a", 0, 5), counted("a", 5, 3)
	j := Join(a, b)
	want := counted("a", 0, 8)
	if !slices.Equal(j.Times, want.Times) || !slices.Equal(j.Channels[0].Values, want.Times) || !slices.Equal(j.Inputs[0], want.Times) {
		t.Fatalf("joined: %v, %v, %v", j.Times, j.Channels[0].Values, j.Inputs[0])
	}
	j.Times[0], j.Channels[0].Values[0], j.Inputs[0][0] = -1, -1, -1
	if a.Times[0] != 0 || a.Channels[0].Values[0] != 0 || a.Inputs[0][0] != 0 {
		t.Error("the first entry has changed with the joined one")
	}
}

func TestHeldOutEntriesFindTheirRecord(t *testing.T) {
	train := []Entry{counted("b", 0, 4), counted("a", 0, 5)}
	if j, begins := JoinPredecessor(train, counted("a", 5, 3)); begins != 5 || len(j.Times) != 8 {
		t.Errorf("begins at %d of %d", begins, len(j.Times))
	}
	if j, begins := JoinPredecessor(train, counted("c", 5, 3)); begins != 0 || len(j.Times) != 3 {
		t.Errorf("one of no record begins at %d of %d", begins, len(j.Times))
	}
	if j := JoinContinuation(train[1], []Entry{counted("b", 4, 3), counted("a", 5, 3)}); len(j.Times) != 8 {
		t.Errorf("%d samples with what follows", len(j.Times))
	}
}

func TestPartsOfARecordAreInTheOrderOfTime(t *testing.T) {
	entries := []Entry{counted("b", 9, 2), counted("a", 5, 2), counted("b", 0, 2), counted("a", 0, 2)}
	if got := OrderByTime(entries); !slices.Equal(got, []int{2, 0, 3, 1}) {
		t.Errorf("order %v", got)
	}
}

func TestTheSameMotionIsMeasuredInTheSameWay(t *testing.T) {
	a := counted("a", 0, 5)
	other := func(change func(*Entry)) Entry {
		b := counted("a", 20, 5)
		change(&b)
		return b
	}
	for name, b := range map[string]Entry{
		"noise":     other(func(e *Entry) { e.Channels[0].Sigma = 1 }),
		"condition": other(func(e *Entry) { e.Set = map[string]float64{"p": 1} }),
		"regime":    other(func(e *Entry) { e.Regime = 2 }),
		"earlier":   other(func(e *Entry) { e.Times = a.Times }),
	} {
		if SameMotion(a, b) {
			t.Errorf("the same motion with another %s", name)
		}
	}
	if !SameMotion(a, other(func(*Entry) {})) {
		t.Error("a later part is another motion")
	}
}
