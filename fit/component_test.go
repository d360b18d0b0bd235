package fit

import "testing"

func TestAPartitionIsRepresentedByItsSmallest(t *testing.T) {
	p := newPartition(6)
	p.join(4, 2)
	p.join(5, 4)
	p.join(3, 1)
	for i, want := range []int{0, 1, 2, 1, 2, 2} {
		if got := p.find(i); got != want {
			t.Errorf("element %d is in the class of %d, want %d", i, got, want)
		}
	}
	p.join(2, 3)
	if p.find(5) != 1 {
		t.Error("joined classes have different representatives")
	}
}
