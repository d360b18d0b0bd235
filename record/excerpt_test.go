package record

import "testing"

func TestExcerptsStandForTheWholeRecord(t *testing.T) {
	entry := func(n int) Entry {
		e := Entry{Times: make([]float64, n), Channels: []Channel{{Column: "x", Values: make([]float64, n)}}}
		for i := range n {
			e.Times[i] = float64(i)
		}
		return e
	}
	if got := Excerpts([]Entry{entry(30_000), entry(100)}); len(got) != 2 || len(got[0].Times) != 30_000 {
		t.Errorf("a record that is short enough is cut into %d", len(got))
	}
	got := Excerpts([]Entry{entry(1_000_000), entry(300)})
	total := 0
	for _, e := range got {
		total += len(e.Times)
	}
	last := got[len(got)-2]
	if total > 21_000 || len(got) != 6 || len(got[5].Times) != 300 {
		t.Errorf("%d excerpts of %d samples in all", len(got), total)
	}
	if got[0].Later || !got[1].Later || last.Times[len(last.Times)-1] != 999_999 {
		t.Error("excerpts do not span the record")
	}
}
