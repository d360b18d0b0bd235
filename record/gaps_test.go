package record

import (
	"math"
	"testing"

	"govern/expr"
)

func TestEntryIsCutWhereNoChannelHasSamplesForLong(t *testing.T) {
	e := Entry{Channels: []Channel{{Column: "x", Observe: expr.Var("x")}, {Column: "y", Observe: expr.Var("y")}}}
	for i := range 1000 {
		at := 0.1 * float64(i)
		x, y := math.Sin(at), math.Cos(at)
		switch {
		case i >= 300 && i < 330: // only the second channel
			x = math.NaN()
		case i >= 500 && i < 530: // both are silent for half a cycle
			x, y = math.NaN(), math.NaN()
		case i >= 700 && i < 730: // the times are missing too
			continue
		case i >= 735 && i < 752: // five samples alone between two gaps
			continue
		}
		e.Times = append(e.Times, at)
		e.Channels[0].Values = append(e.Channels[0].Values, x)
		e.Channels[1].Values = append(e.Channels[1].Values, y)
	}
	d := NewTable([]Entry{e}, asIs)
	if limit := d.LongestBridge(); math.Abs(limit-math.Pi/2) > 0.2 { // turning points in the gaps are not seen
		t.Errorf("the longest bridge is %g, want a quarter of a cycle, %g", limit, math.Pi/2)
	}
	parts := e.CutAtGaps(d.LongestBridge(), 10)
	if len(parts) != 3 {
		t.Fatalf("%d parts, want 3", len(parts))
	}
	for k, want := range [][2]float64{{0, 49.9}, {53, 69.9}, {75.2, 99.9}} {
		// The five samples alone are left out.
		if p := parts[k]; math.Abs(p.Times[0]-want[0]) > 1e-9 || math.Abs(p.Times[len(p.Times)-1]-want[1]) > 1e-9 || p.Later != (k > 0) {
			t.Errorf("part %d is %g to %g (later %v), want %g to %g", k, p.Times[0], p.Times[len(p.Times)-1], p.Later, want[0], want[1])
		}
	}
	if whole := e.CutAtGaps(100, 10); len(whole) != 1 || len(whole[0].Times) != len(e.Times) {
		t.Error("an entry without gaps must stay whole")
	}
}
