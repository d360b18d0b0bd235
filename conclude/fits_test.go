package conclude

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/optim"
	"govern/problem"
	"govern/record"
)

// swung is a swing of another spring, with noise.
func swung(name string, spring, sigma float64, samples int, seed uint64) record.Entry {
	e := swing(name, 0, samples)
	rng := rand.New(rand.NewPCG(seed, 4))
	w := math.Sqrt(spring)
	for i, s := range e.Times {
		e.Channels[0].Values[i] = math.Cos(w*s) + sigma*rng.NormFloat64()
		e.Channels[1].Values[i] = -w*math.Sin(w*s) + sigma*rng.NormFloat64()
	}
	return e
}

// of is a search that has found the spring w of entries, held to them exactly.
func of(t *testing.T, entries ...record.Entry) Searched {
	t.Helper()
	m := read(t, oscillator)
	s := Searched{}
	s.Problem = &problem.Problem{Model: m}
	s.Asked = s.Problem
	s.Settings.Workers = 1
	s.Train, s.Data = entries, prepare(t, m, entries...)
	s.Sought = s.Data
	start := exactly(s.Data)
	start.Omega = 0
	f, err := s.Settings.Engine(s.Data, fit.Options{}).Trajectory(context.Background(), "search", start, fit.Schedule{From: 0.1, To: fit.OmegaEnd, Noise: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Found = &discover.Result{Ending: discover.Formula, Chosen: f, Model: m, Data: s.Data, Smoothed: &fit.Smoothed{}}
	return s
}

func TestTheCostOfASampleIsOneUnderTheRightModel(t *testing.T) {
	whole := swung("a", 1, 0.02, 600, 1)
	s := of(t, whole.Slice(0, 300))
	closed, err := s.Answering().Close(s.Found.Chosen)
	if err != nil {
		t.Fatal(err)
	}
	costs, blocks, err := s.costs(context.Background(), "ahead", closed, []record.Entry{whole.Slice(300, 600)}, aheadCycles)
	if err != nil || len(costs) != len(blocks) || len(costs) < 2 {
		t.Fatalf("%d costs of %d blocks (%v)", len(costs), len(blocks), err)
	}
	for k, c := range costs {
		// χ² over 250 numbers: a standard deviation of 0.09; the start of each block takes two of them.
		if math.Abs(c-1) > 0.4 {
			t.Errorf("block %d costs %g", k, c)
		}
	}
	if _, blocks, err := s.costs(context.Background(), "ahead", closed, []record.Entry{whole.Slice(0, 12)}, aheadCycles); err != nil || blocks != nil {
		t.Errorf("a block of twelve samples where a cycle has 63 (%v)", err)
	}
}

// The springs of four blocks differ by more than noise: the interval of their mean says so.
func TestBlocksThatDifferMakeIntervalsWide(t *testing.T) {
	s := of(t, swung("a", 1, 0.02, 200, 1))
	r := Refit{Final: s.Found.Chosen, All: s.Train, Whole: s.Data}
	same, err := s.blockRefits(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	// Every block is a swing of its own spring: 0.8, 0.9, 1.1, 1.2.
	entry := swing("a", 0, 800)
	for b, spring := range []float64{0.8, 0.9, 1.1, 1.2} {
		part := swung("a", spring, 0.001, 200, uint64(b))
		copy(entry.Channels[0].Values[200*b:], part.Channels[0].Values)
		copy(entry.Channels[1].Values[200*b:], part.Channels[1].Values)
	}
	final := *s.Found.Chosen
	final.Omega, final.Nodes = 0.1, [][]float64{nodes(entry)}
	s.Data = prepare(t, s.Problem.Model, entry)
	other, err := s.blockRefits(context.Background(), Refit{Final: &final, All: []record.Entry{entry}, Whole: s.Data})
	if err != nil {
		t.Fatal(err)
	}
	// Of the mean of these: √(0.1/3/4) = 0.0913; a block shares its last sample with the next.
	if math.Abs(other[0]-0.0913) > 0.03 || !(same[0] < 0.03) {
		t.Errorf("blocks of one spring: ±%g; of four: ±%g", same[0], other[0])
	}
	final.Covariance = []float64{1e-6}
	if sd, err := s.uncertainty(context.Background(), Refit{Final: &final, All: []record.Entry{entry}, Whole: s.Data}); err != nil || sd[0] != other[0] {
		t.Errorf("±%v where blocks differ by ±%g (%v)", sd, other[0], err)
	}
}

func TestOutliersOfHeldOutEntriesAreLeftOutWhereTrainingHadSome(t *testing.T) {
	s := of(t, swung("a", 1, 0.02, 200, 1))
	path := swing("a", 0, 100)
	test := swung("a", 1, 0.02, 100, 2)
	test.Channels[0].Values[40] += 1
	test.Set = map[string]float64{"p": 1}
	s.Test = []record.Entry{test}
	closed, err := s.Answering().Close(s.Found.Chosen)
	if err != nil {
		t.Fatal(err)
	}
	tested := prepare(t, closed, test)
	at := &fit.Located{Path: [][]float64{nodes(path)}}
	if got, err := s.cleanTest(tested, at); err != nil || got.Left != nil || math.IsNaN(got.Test[0].Channels[0].Values[40]) {
		t.Errorf("left out %v though training had none (%v)", got.Left, err)
	}
	s.Left = map[string]int{"x": 2}
	got, err := s.cleanTest(tested, at)
	if err != nil || got.Left["x"] != 3 || len(got.Left) != 1 || !math.IsNaN(got.Test[0].Channels[0].Values[40]) || got.Test[0].Set["p"] != 1 {
		t.Errorf("left out %v (%v)", got.Left, err)
	}
	if s.Left["x"] != 2 || math.IsNaN(test.Channels[0].Values[40]) {
		t.Error("what was known before was changed")
	}

	// The same of training entries, after a search in excerpts that met some.
	train := swung("a", 1, 0.02, 100, 2)
	train.Channels[0].Values[40] += 1
	full := prepare(t, closed, train)
	s.Train = []record.Entry{train}
	if same, err := s.cleanTrain(full, at); err != nil || same.Data != s.Data {
		t.Errorf("cleaned though the search has met no outliers (%v)", err)
	}
	s.Found.Data = prepare(t, s.Problem.Model, without(s.Sought.Entries[0], 9))
	if got, err = s.cleanTrain(full, at); err != nil || got.Left["x"] != 1 || got.Data.Channels[0].Count != 99 || !math.IsNaN(got.Train[0].Channels[0].Values[40]) {
		t.Errorf("left out %v (%v)", got.Left, err)
	}
}

// A test has a spring of its own, 1.3: it is found in its first half.
func TestATestAsAWholeIsCalibratedOnItsFirstHalf(t *testing.T) {
	m := read(t, eachSpring)
	m.Parameters[0].Spread = false
	m = m.PerEntry([]string{"a", "b", "c"}, func(string, string) bool { return true })
	s := Searched{Found: &discover.Result{Model: m}}
	s.Problem = &problem.Problem{Model: m}
	s.Settings.Workers = 1
	s.Train = []record.Entry{swung("a", 1, 0.02, 100, 1), swung("b", 1.1, 0.02, 100, 2)}
	s.Test = []record.Entry{swung("c", 1.3, 0.02, 200, 3)}
	s.Data = prepare(t, m, s.Train...)
	f := exactly(s.Data)
	f.Parameters, f.Sigma, f.Omega = []float64{1, 1.1, 0.5}, []float64{0.02, 0.02}, fit.OmegaEnd // that of c is no estimate
	got, notes, err := s.calibrate(context.Background(), f, fit.OmegaEnd)
	if err != nil || len(notes) != 1 || notes[0].About != "c" {
		t.Fatalf("%v (%v)", notes, err)
	}
	if p := got.Parameters; p[0] != 1 || p[1] != 1.1 || math.Abs(p[2]-1.3) > 0.01 {
		t.Errorf("springs %v, want 1, 1.1, 1.3", p)
	}
	if f.Parameters[2] != 0.5 {
		t.Error("the fit itself was changed")
	}
	s.Test = nil
	if same, notes, err := s.calibrate(context.Background(), f, fit.OmegaEnd); err != nil || same != f || notes != nil {
		t.Errorf("%v though there is no test (%v)", notes, err)
	}
}

// A formula that was found on the training data is fitted again with what was held out, and
// is surer then; where that moves differently it stays as it was.
func TestAFormulaIsRefittedOnAllDataThatItHoldsFor(t *testing.T) {
	whole := swung("a", 1, 0.02, 300, 1)
	for _, foreign := range []bool{false, true} {
		s := of(t, whole.Slice(0, 200))
		s.Test, s.Foreign = []record.Entry{whole.Slice(200, 300)}, foreign
		_, r, err := s.refit(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if n := record.CountSamples(r.All); n != map[bool]int{false: 300, true: 200}[foreign] || r.TrainingOnly || len(r.Final.Nodes) != len(r.All) {
			t.Errorf("foreign %t: %d samples in %d entries, training only: %t", foreign, n, len(r.All), r.TrainingOnly)
		}
		if w := r.Final.Parameters[0]; math.Abs(w-1) > 4*r.Spread[0] || !(r.Spread[0] < 0.002) || r.Final.Status == optim.Failed {
			t.Errorf("foreign %t: w = %g ± %g", foreign, w, r.Spread[0])
		}
		if start := r.Closed.States; math.Abs(start[0].Value-1) > 0.02 || start[0].Value != r.Final.Nodes[0][0] || !slices.Equal(r.Trained.FittedNames(), []string{"w"}) {
			t.Errorf("foreign %t: starts at %+v", foreign, start)
		}
		a := &Answer{Searched: s, Refit: r}
		if err := a.prove(context.Background()); err != nil || !a.Proof.Bounded || a.Proof.Rest != "" || a.Regimes != nil {
			t.Errorf("foreign %t: proof %+v (%v)", foreign, a.Proof, err)
		}
	}
}
