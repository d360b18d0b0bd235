package conclude

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/fit/neural"
	"govern/note"
	"govern/optim"
	"govern/problem"
	"govern/record"
)

func TestRegimesAreAskedOfACopy(t *testing.T) {
	p := &problem.Problem{Data: []problem.Data{{File: "a.csv"}}}
	got := withRegimes(p, []float64{3, 7}, 0.5)
	if d := got.Data[0]; !slices.Equal(d.Regimes, []float64{3, 7}) || d.Guard != 0.5 || d.File != "a.csv" {
		t.Errorf("%+v", d)
	}
	if p.Data[0].Regimes != nil {
		t.Error("the problem itself was changed")
	}
}

func TestChangesThatLeadNowhereAreDisowned(t *testing.T) {
	m := read(t, oscillator)
	s := Searched{Found: &discover.Result{Ending: discover.Formula, Chosen: &fit.Fitted{}}, Notes: make([]note.Note, 0, 8)}
	s.Problem = &problem.Problem{Model: m}
	s.Data = prepare(t, m, swing("a", 0, 100))
	s.Sought = s.Data
	got := s.disown([]float64{8})
	if !got.Foreign || got.Found != s.Found || len(got.Notes) != 1 || got.Notes[0].Kind != note.ChangeUnsolved || !strings.Contains(got.Notes[0].Text, "near t = 8:") {
		t.Errorf("foreign: %t, %v", got.Foreign, got.Notes)
	}
	if other := s.disown([]float64{9}); got.Notes[0].Text == other.Notes[0].Text {
		t.Error("two answers share the memory of their notes")
	}

	// In excerpts the formula itself is in doubt.
	s.Sought = prepare(t, m, swing("a", 0, 30), swing("a", 60, 30))
	got = s.disown([]float64{8})
	if got.Foreign || got.Found.Ending != discover.RegimesUnsure || !slices.Equal(got.Found.Changes, []float64{8}) || got.Found.Chosen != nil || len(got.Notes) != 0 {
		t.Errorf("foreign: %t, %+v", got.Foreign, got.Found)
	}
}

func TestRecordsGoOnIntoWhatIsHeldOut(t *testing.T) {
	s := Searched{}
	s.Train = []record.Entry{swing("a", 0, 80), swing("b", 0, 50)}
	s.Test = []record.Entry{swing("a", 80, 20), swing("b", 90, 20)} // the second begins after a gap
	s.Data = prepare(t, read(t, oscillator), s.Train...)
	got := s.records()
	if len(got) != 2 || len(got[0].Times) != 100 || len(got[1].Times) != 50 {
		t.Errorf("%d records of %d and %d samples", len(got), len(got[0].Times), len(got[1].Times))
	}
}

// blocksOfCost are blocks of 20 samples of two channels.
func blocksOfCost(n int) []record.Entry {
	out := make([]record.Entry, n)
	for i := range out {
		out[i] = record.Entry{Times: make([]float64, 20), Channels: make([]record.Channel, 2)}
	}
	return out
}

func TestCostsRiseWhereBlocksToTheEndCostMore(t *testing.T) {
	level := func(parts ...float64) (out []float64) { // count, cost, count, cost …
		for i := 0; i < len(parts); i += 2 {
			out = append(out, slices.Repeat([]float64{parts[i+1]}, int(parts[i]))...)
		}
		return out
	}
	for name, c := range map[string]struct {
		costs []float64
		usual float64
		from  int
		found bool
	}{
		"none":                       {nil, 1, -1, false},
		"as usual":                   {level(10, 1.1), 1, -1, false},
		"from the seventh on":        {level(6, 1, 4, 5), 1, 6, true},
		"throughout":                 {level(10, 5), 1, 0, true},
		"where so much is usual":     {level(10, 5), 5, -1, false},
		"the last alone":             {level(9, 1, 1, 50), 1, 9, false},
		"the last two":               {level(8, 1, 2, 50), 1, 8, true},
		"in the middle":              {level(4, 1, 2, 2, 4, 1), 1, -1, false}, // 2·0.5 above the limit, then 4·0.5 below
		"a usual block among others": {level(4, 1, 2, 5, 1, 1, 3, 5), 1, 4, true},
		"one burst, and 25 as usual": {append(level(5, 1, 1, 1000), level(25, 1)...), 1, 5, false},
		// 60 % more on 80 numbers: 48 with a standard deviation of √160.
		"above the limit, but unsure": {level(8, 1, 2, 1.6), 1, 8, false},
		// 60 % more on 320 numbers: 192, and √640.
		"above the limit and sure": {level(2, 1, 8, 1.6), 1, 2, true},
	} {
		from, found := whereCostsRise(c.costs, blocksOfCost(len(c.costs)), c.usual)
		if from != c.from || found != c.found {
			t.Errorf("%s: from block %d, %t; want %d, %t", name, from, found, c.from, c.found)
		}
	}
}

func TestBlocksEndWhereTheirEntryEnds(t *testing.T) {
	// Characteristic time 0.51: 20.4 samples a cycle, blocks of 40.
	long, short := swing("a", 0, 210), swing("b", 0, 39)
	blocks := blocksOf([]record.Entry{long, short}, 0.51, aheadCycles)
	if len(blocks) != 5 {
		t.Fatalf("%d blocks of 40 in 210 samples and in 39", len(blocks))
	}
	next := long.Times[10]
	for k, b := range blocks {
		if len(b.Times) != 40 || b.Times[0] != next || b.Name != "a" {
			t.Errorf("block %d: %d samples from %g, want 40 from %g", k, len(b.Times), b.Times[0], next)
		}
		if k < 4 {
			next = long.Times[10+40*(k+1)]
		}
	}
	if last := blocks[4].Times; last[39] != long.Times[209] {
		t.Errorf("the last block ends at %g", last[39])
	}
	// A cycle of 4 samples would make blocks of 8: twelve are the least. Of a record of many cycles there are sixty.
	if got := blocksOf([]record.Entry{swing("a", 0, 120)}, 0.1, aheadCycles); len(got) != 10 {
		t.Errorf("%d blocks of 12 in 120 samples", len(got))
	}
	if got := blocksOf([]record.Entry{swing("a", 0, 6000)}, 0.1, aheadCycles); len(got) != 60 {
		t.Errorf("%d blocks in 6000 samples", len(got))
	}
}

// A search of which nothing further is to be asked answers without a fit: these would
// panic otherwise, since there is nothing to fit.
func TestNoFurtherChangesAreSoughtWhere(t *testing.T) {
	m := read(t, oscillator)
	for name, change := range map[string]func(*Searched){
		"nothing was found":       func(s *Searched) { s.Found.Chosen = nil },
		"it is not trusted":       func(s *Searched) { s.Found.Chosen.Status = optim.Stalled },
		"there are two files":     func(s *Searched) { s.Asked.Data = make([]problem.Data, 2) },
		"regimes are given":       func(s *Searched) { s.Asked.Data[0].Regimes = []float64{3} },
		"it is a baseline":        func(s *Searched) { s.Problem.Discover.Method = discover.MethodDerivatives },
		"nothing is held out":     func(s *Searched) { s.Test = nil },
		"equations leave defects": func(s *Searched) { s.Found.Chosen.Omega = 3 * fit.OmegaEnd },
		"networks were trained":   func(s *Searched) { s.Found.Chosen.Forms = make([]neural.Form, 1) },
		"coefficients drift":      func(s *Searched) { s.Found.Drift = "with time" },
	} {
		s := Searched{Found: &discover.Result{Ending: discover.Formula, Model: m, Chosen: &fit.Fitted{Status: optim.Converged}}}
		s.Problem = &problem.Problem{Model: m, Data: make([]problem.Data, 1)}
		s.Asked = s.Problem
		s.Data = prepare(t, m, swing("a", 0, 100))
		s.Test = []record.Entry{swing("a", 100, 50)}
		change(&s)
		if p, err := s.withFurtherChanges(context.Background()); p != nil || err != nil {
			t.Errorf("%s: %v (%v)", name, p, err)
		}
	}
}

// The oscillator with a spring of 1 is known. From t = 30 on, in the held-out part, it
// is 1.5.
func TestAChangeAheadIsFoundInTheHeldOutData(t *testing.T) {
	m := read(t, oscillator)
	const end, change = 200, 300 // samples
	for _, spring := range []float64{1, 1.5} {
		whole := swing("a", 0, 600)
		x, y := whole.Channels[0].Values, whole.Channels[1].Values
		x0, y0, w := x[change], y[change], math.Sqrt(spring)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range x {
			if tau := step * float64(i-change); tau > 0 {
				sin, cos := math.Sincos(w * tau)
				x[i], y[i] = x0*cos+y0/w*sin, y0*cos-x0*w*sin
			}
			x[i], y[i] = x[i]+0.01*rng.NormFloat64(), y[i]+0.01*rng.NormFloat64()
		}
		s := Searched{Found: &discover.Result{Ending: discover.Formula, Model: m}}
		s.Problem = &problem.Problem{Model: m}
		s.Train, s.Test = []record.Entry{whole.Slice(0, end)}, []record.Entry{whole.Slice(end, 600)}
		s.Data = prepare(t, m, s.Train...)
		s.Sought, s.Found.Data = s.Data, s.Data
		s.Found.Chosen = &fit.Fitted{Parameters: []float64{1}, Sigma: []float64{0.01, 0.01}, Scale: []float64{0.7, 0.7}, Omega: fit.OmegaEnd, Status: optim.Converged}
		at, found, err := s.changeAhead(context.Background())
		if err != nil || found != (spring != 1) {
			t.Errorf("spring %g: found %t, at %g (%v)", spring, found, at, err)
		}
		if block := aheadCycles * s.cycle(); found && !(math.Abs(at-30) <= block) {
			t.Errorf("found at t = %g, it is at 30; a block lasts %.3g", at, block)
		}
	}
}
