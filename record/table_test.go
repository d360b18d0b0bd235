package record

import (
	"math"
	"slices"
	"testing"

	"govern/expr"
)

var x = expr.Var("x")

// asIs puts no definitions into observables.
func asIs(e *expr.Expr) *expr.Expr { return e }

func TestColumnsThatMeasureTheSameAreOneChannel(t *testing.T) {
	a, b := counted("a", 0, 40), counted("b", 0, 30)
	b.Channels = append([]Channel{{Column: "y", Observe: expr.Var("y"), Values: b.Times}}, b.Channels...)
	table := NewTable([]Entry{a, b}, asIs)
	if len(table.Channels) != 2 || table.Channels[0].Count != 70 || table.Channels[1].Count != 30 {
		t.Fatalf("channels %+v", table.Channels)
	}
	for e, want := range [][2]int{{0, -1}, {1, 0}} {
		if got := [2]int{table.ChannelPlace(e, 0), table.ChannelPlace(e, 1)}; got != want {
			t.Errorf("entry %d: channels stand at %v, want %v", e, got, want)
		}
	}
	if table.Values(0, 1) != nil || !slices.Equal(table.Values(1, 0), b.Times) {
		t.Error("values are those of another channel")
	}
	if table.Samples() != 70 || table.Observations() != 100 || table.Longest() != 40 {
		t.Errorf("%d samples, %d observations, longest %d", table.Samples(), table.Observations(), table.Longest())
	}
	if got := table.MiddleTime(); got != 19.5 {
		t.Errorf("middle %v, want 19.5", got)
	}
}

// A sine of period 2π has turning points every π: t_c is half of that.
func TestTheTimeIsAQuarterOfACycle(t *testing.T) {
	e := Entry{Name: "e", Channels: []Channel{{Column: "x", Observe: x}}}
	for i := range 2000 {
		e.Times = append(e.Times, 0.05*float64(i))
		e.Channels[0].Values = append(e.Channels[0].Values, math.Sin(e.Times[i]))
	}
	table := NewTable([]Entry{e}, asIs)
	if math.Abs(table.Time-math.Pi/2) > 0.01 || math.Abs(table.SamplesPerCycle()-2*math.Pi/0.05) > 1 {
		t.Errorf("t_c %v, %v samples a cycle", table.Time, table.SamplesPerCycle())
	}
}

func TestAWindowKeepsWhatAllSay(t *testing.T) {
	table := NewTable([]Entry{counted("a", 0, 40), counted("b", 100, 30)}, asIs)
	w := table.Window(1, 10, 20)
	if len(w.Entries) != 1 || !slices.Equal(w.Entries[0].Times, counted("", 110, 10).Times) || !w.Entries[0].Later {
		t.Errorf("window %+v", w.Entries)
	}
	if w.Time != table.Time || w.Channels[0].Std != table.Channels[0].Std || w.Values(0, 0)[0] != 110 {
		t.Error("scales or values are not those of the whole")
	}
}

func TestTheBeginningIsThatOfTheLongest(t *testing.T) {
	table := NewTable([]Entry{counted("a", 0, 20), counted("b", 0, 50), counted("c", 0, 30)}, asIs)
	got := table.Beginning(65)
	if len(got) != 2 || got[0].Name != "b" || len(got[0].Times) != 50 || got[1].Name != "c" || len(got[1].Times) != 15 {
		t.Errorf("%+v", got)
	}
}

func TestASliceGrowsIntoNoOther(t *testing.T) {
	e := counted("a", 0, 10)
	s := e.Slice(2, 5)
	if !s.Later || e.Slice(0, 5).Later || !slices.Equal(s.Times, []float64{2, 3, 4}) {
		t.Fatalf("slice %+v", s)
	}
	s.Channels[0].Values = append(s.Channels[0].Values, -1)
	if e.Channels[0].Values[5] != 5 {
		t.Error("appending to a slice has overwritten the entry")
	}
}

func TestOutliersOfOneChannelAreDropped(t *testing.T) {
	e := counted("a", 0, 20)
	table := NewTable([]Entry{e}, asIs)
	off := make([]float64, 20)
	off[3], off[7] = 2, 0.5
	got := table.DropOutliers(e, 0, 0, off, 1)
	for i, v := range got.Channels[0].Values {
		if math.IsNaN(v) != (i == 3) {
			t.Errorf("sample %d is %v", i, v)
		}
	}
	if math.IsNaN(e.Channels[0].Values[3]) {
		t.Error("the entry itself has lost a sample")
	}
}
