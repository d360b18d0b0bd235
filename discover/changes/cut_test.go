package changes

import (
	"math"
	"slices"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
)

// oscillator is a record of sines with 21 samples a cycle, of entries of so many
// samples.
func oscillator(t *testing.T, samples ...int) *fit.Data {
	t.Helper()
	m, err := model.Read("m.yaml", []byte(`
states: {x: 1, v: 0}
unknowns: {f: {}}
equations: |
  x' = v
  v' = f(x)
`))
	if err != nil {
		t.Fatal(err)
	}
	var entries []record.Entry
	for k, n := range samples {
		e := record.Entry{Name: string(rune('a' + k)), Channels: []record.Channel{{Column: "x", Observe: expr.Var("x")}, {Column: "v", Observe: expr.Var("v")}}}
		for i := range n {
			at := 0.3 * float64(i)
			e.Times = append(e.Times, at)
			e.Channels[0].Values = append(e.Channels[0].Values, math.Cos(at))
			e.Channels[1].Values = append(e.Channels[1].Values, -math.Sin(at))
		}
		entries = append(entries, e)
	}
	d, err := fit.Prepare(m, entries)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCutsThatHaveMetAreOne(t *testing.T) {
	d := oscillator(t, 600, 600)
	half := int(leastRegime / 2 * d.SamplesPerCycle())
	got := Merge(d, []Cut{cutBefore(0, 100), cutBefore(0, 100+half-4), cutBefore(0, 400), cutBefore(1, 402)})
	want := []Cut{cutBefore(0, 100+(half-4)/2), cutBefore(0, 400), cutBefore(1, 402)}
	if !slices.Equal(got, want) {
		t.Errorf("merged to %v, want %v", got, want)
	}
	far := []Cut{cutBefore(0, 100), cutBefore(0, 100+half+1)}
	if got := Merge(d, far); !slices.Equal(got, far) {
		t.Errorf("cuts that leave a regime between them have become %v", got)
	}
}

func TestCutsLeaveACycleOnBothSides(t *testing.T) {
	d := oscillator(t, 300, 300)
	cycle := int(math.Ceil(d.SamplesPerCycle())) + 1
	for _, c := range []struct {
		cut Cut
		in  bool
	}{{cutBefore(0, 0), true}, {cutBefore(0, 3), false}, {cutBefore(0, cycle), true}, {cutBefore(1, 300-cycle), true}, {cutBefore(1, 298), false}} {
		if got := inside(d, c.cut); got != c.in {
			t.Errorf("cut %v is inside: %v", c.cut, got)
		}
	}
	if separate(d, cutBefore(0, 100), cutBefore(0, 105)) || !separate(d, cutBefore(0, 100), cutBefore(0, 100+cycle)) || !separate(d, cutBefore(0, 100), cutBefore(1, 0)) {
		t.Error("cuts are separate where a cycle, or the end of an entry, lies between them")
	}
}

func TestBetweenAreTheSamplesUpToTheNextChanges(t *testing.T) {
	d := oscillator(t, 400, 300)
	cuts := []Cut{{0, 100, 95, 107}, {0, 250, 240, 260}, {1, 150, 150, 150}}
	for k, want := range [][2]int{{0, 240}, {107, 400}, {0, 300}} {
		if got := between(d, cuts, k); got != want {
			t.Errorf("cut %d lies alone among samples %v, want %v", k, got, want)
		}
	}
	cycle := int(d.SamplesPerCycle())
	got := clip(d, Cut{0, 100, 10, 390}, [2]int{50, 200})
	if want := (Cut{0, 100, 50 + cycle, 200 - cycle}); got != want {
		t.Errorf("clipped to %v, want %v", got, want)
	}
	if got := clip(d, Cut{0, 60, 10, 390}, [2]int{50, 70}); got.low > 60 || got.high < 60 {
		t.Errorf("clipped to %v, which does not hold its place", got)
	}
}

func TestACutCoversTheDoubtsOfAnother(t *testing.T) {
	d := oscillator(t, 400)
	of := Cut{0, 200, 190, 210}
	for _, c := range []struct {
		cut Cut
		yes bool
	}{{of, true}, {Cut{0, 200, 195, 205}, true}, {Cut{0, 200, 190, 230}, false}, {Cut{0, 200, 170, 210}, false}} {
		if got := covers(d, of, c.cut); got != c.yes {
			t.Errorf("%v covers %v: %v", of, c.cut, got)
		}
	}
	if covers(d, Cut{0, 200, 100, 300}, of) {
		t.Error("a cut that leaves out far too much covers a narrow one")
	}
	if placedBefore([]Cut{cutBefore(0, 5), of}) || !placedBefore([]Cut{cutBefore(1, 0), of}) {
		t.Error("a cut without an interval has been placed before")
	}
}

func TestEntriesAreCutWithGuardsAndIndicators(t *testing.T) {
	d := oscillator(t, 300, 200)
	d.Entries[0].Set = map[string]float64{"q": 7}
	names := []string{"regime_2", "regime_3"}
	entries, regimes, blocks := CutAt(d, []Cut{{0, 150, 148, 153}, {1, 0, 0, 0}}, names)
	guard := int(math.Ceil(guardCycles * d.SamplesPerCycle()))
	want := []fit.Block{{Entry: 0, From: 0, To: 148 - guard}, {Entry: 0, From: 153 + guard, To: 300}, {Entry: 1, From: 0, To: 200}}
	if !slices.Equal(blocks, want) || len(entries) != 3 || len(regimes) != 3 {
		t.Fatalf("blocks %v, want %v; %d entries, %d regimes", blocks, want, len(entries), len(regimes))
	}
	for k, e := range entries {
		for i, name := range names {
			want := 0.0
			if k == i+1 {
				want = 1
			}
			if e.Set[name] != want {
				t.Errorf("entry %d has %s = %g", k, name, e.Set[name])
			}
		}
		if len(e.Times) != blocks[k].To-blocks[k].From {
			t.Errorf("entry %d has %d samples, its block %v", k, len(e.Times), blocks[k])
		}
		all := []string{"", "regime_2", "regime_3"}
		if name := all[k]; regimes[k].Name != name || regimes[k].Number != k+1 || !inRegime(e, names, name) || inRegime(e, names, all[(k+1)%3]) {
			t.Errorf("regime %+v", regimes[k])
		}
	}
	if entries[0].Set["q"] != 7 || d.Entries[0].Set["regime_2"] != 0 || len(d.Entries[0].Set) != 1 {
		t.Error("conditions are lost, or the record's own have changed")
	}
	if at := d.Entries[0].Times[150]; regimes[0].To != at || regimes[1].From != at || regimes[2].Entry != "b" {
		t.Errorf("the change at %g lies at %g and %g", at, regimes[0].To, regimes[1].From)
	}
	if got := namesOf(regimes); !slices.Equal(got, names) {
		t.Errorf("indicators %v", got)
	}
}

func TestPathsAreCutLikeEntries(t *testing.T) {
	of := &fit.Smoothed{States: [][][]float64{{{0, 1, 2, 3, 4, 5}}}, Calls: [][][]float64{{{0, 10, 20, 30, 40, 50}}}, Spread: [][][]float64{{{1, 1, 1, 1, 1, 2}}}, Parameters: []float64{9}}
	got := CutPath(of, []fit.Block{{Entry: 0, From: 0, To: 2}, {Entry: 0, From: 3, To: 6}}, 3)
	if !slices.Equal(got.States[1][0], []float64{3, 4, 5}) || !slices.Equal(got.Calls[0][0], []float64{0, 10}) || got.Spread[1][0][2] != 2 {
		t.Errorf("states %v, calls %v, spread %v", got.States, got.Calls, got.Spread)
	}
	if !slices.Equal(got.Parameters, []float64{9, 0, 0}) || len(of.Parameters) != 1 || len(of.States) != 1 {
		t.Errorf("parameters %v", got.Parameters)
	}
}
