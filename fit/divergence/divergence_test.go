package divergence

import (
	"math"
	"testing"
)

// saddle is a chain of equal segments whose matrix stretches the first direction and
// shrinks the second.
func saddle(segments int, stretch, span float64) *Transitions {
	var c Chain
	for range segments {
		c.Matrix = append(c.Matrix, stretch, 0, 0, 1/stretch)
		c.Defect = append(c.Defect, 3e-3, 4e-3)
		c.Span = append(c.Span, span)
	}
	return &Transitions{States: 2, Chains: []Chain{c}}
}

func TestTheRateIsTheLargestExponent(t *testing.T) {
	d := saddle(400, 1.5, 0.1)
	// The first vector is half in the stretched direction: that costs log √2 once.
	if want := math.Log(1.5) / 0.1; math.Abs(d.Rate()-want) > math.Log(2)/(400*0.1) {
		t.Errorf("rate %v, want %v", d.Rate(), want)
	}
}

func TestGrowthIsThatOfSegmentsTakenTogether(t *testing.T) {
	d := saddle(7, 1.5, 0.1)
	for k, want := range map[int]float64{1: 1.5, 3: math.Pow(1.5, 3), 7: math.Pow(1.5, 7), 100: math.Pow(1.5, 7)} {
		if got := d.Growth(k); math.Abs(got-want) > 1e-12*want {
			t.Errorf("growth over %d segments %v, want %v", k, got, want)
		}
	}
	d.Chains[0].Matrix[5] = math.NaN()
	if got := d.Growth(2); !math.IsInf(got, 1) {
		t.Errorf("growth of NaN is %v", got)
	}
}

func TestClosingADefectMovesTheNextEnd(t *testing.T) {
	d := saddle(2, 2, 0.1)
	// (3, 4)·1e-3 becomes (6, 2)·1e-3.
	if got, want := d.Jump(1), math.Sqrt(40)*1e-3; math.Abs(got-want) > 1e-15 {
		t.Errorf("jump %v, want %v", got, want)
	}
	if got, want := d.Jump(0), 5e-3; math.Abs(got-want) > 1e-15 {
		t.Errorf("jump before anything is joined %v, want the defect, %v", got, want)
	}
	if got, want := d.Reach(3), 5e-3*math.Exp(d.Rate()*0.3); math.Abs(got-want) > 1e-12 {
		t.Errorf("reach over three segments %v, want %v", got, want)
	}
}
