package conclude

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govern/assess"
	"govern/discover"
	"govern/fit"
	"govern/fit/neural"
	"govern/note"
	"govern/problem"
	"govern/record"
)

func TestNetworksMayStandForAFormulaThatFollowsWithoutMoving(t *testing.T) {
	still := &assess.Proof{Bounded: true, Rest: "x stays at 1"}
	for name, c := range map[string]struct {
		change func(*Answer)
		want   bool
	}{
		"rest":         {func(*Answer) {}, true},
		"an escape":    {func(a *Answer) { a.Proof = &assess.Proof{} }, true},
		"no proof":     {func(a *Answer) { a.Proof = nil }, false},
		"it moves":     {func(a *Answer) { a.Proof = &assess.Proof{Bounded: true} }, false},
		"noise":        {func(a *Answer) { a.Found.Noise = "white" }, false},
		"networks":     {func(a *Answer) { a.Final.Forms = make([]neural.Form, 1) }, false},
		"extra state":  {func(a *Answer) { a.Found.Extra = &discover.Extra{} }, false},
		"regimes":      {func(a *Answer) { a.Found.Regimes = make([]discover.Regime, 2) }, false},
		"the baseline": {func(a *Answer) { a.Problem.Discover.Method = discover.MethodDerivatives }, false},
	} {
		a := &Answer{Proof: still}
		a.Problem, a.Found, a.Final = &problem.Problem{}, &discover.Result{Ending: discover.Formula}, &fit.Fitted{}
		c.change(a)
		if got := a.followsWithoutMoving(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// asked is a problem on a file of a swing; the model is indented below model:.
func asked(t *testing.T, model, options string) *problem.Problem {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("t,x,y\n")
	e := swing("", 0, 200)
	for i, s := range e.Times {
		fmt.Fprintf(&b, "%.3f,%v,%v\n", s, e.Channels[0].Values[i], e.Channels[1].Values[i])
	}
	if err := os.WriteFile(filepath.Join(dir, "data.csv"), []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	text := "model:\n" + strings.ReplaceAll(strings.TrimSpace(model), "\n", "\n  ") + "\ndata: {file: data.csv, time: t" + options + "}\n"
	p, err := problem.Read(filepath.Join(dir, "problem.yaml"), []byte(strings.Replace(text, "model:\n", "model:\n  ", 1)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAQuestionIsOpenedWithWhatIsToBeSaidOfIt(t *testing.T) {
	p := asked(t, oscillator, "")
	o, err := newQuestion(p, Settings{}).open()
	if err != nil || len(o.notes) > 0 || o.Problem != p {
		t.Fatalf("%v (%v)", o.notes, err)
	}
	if len(o.Train) != 1 || len(o.Train[0].Times) != 160 || len(o.Test) != 1 || len(o.Test[0].Times) != 40 || o.Data.Samples() != 160 {
		t.Errorf("%d training and %d held-out entries", len(o.Train), len(o.Test))
	}

	watch := &warned{}
	p = asked(t, strings.Replace(strings.Replace(oscillator, "w: {", "v: {value: 2, fit: true}, w: {", 1), "-w*x", "-w*v*x", 1), "")
	if o, err = newQuestion(p, Settings{Monitor: watch}).open(); err != nil || len(o.notes) != 1 || o.notes[0].Kind != note.Held {
		t.Fatalf("%v (%v)", o.notes, err)
	}
	if len(watch.texts) != 1 || watch.texts[0] != o.notes[0].String() {
		t.Errorf("told %q", watch.texts)
	}
	if len(o.Problem.Model.FittedNames()) != 1 || o.Data.Model != o.Problem.Model || len(p.Model.FittedNames()) != 2 || o.Asked != p {
		t.Error("what is solved is not what is held")
	}
}

// warned notes warnings.
type warned struct {
	steps
	texts []string
}

func (w *warned) Warn(text string) { w.texts = append(w.texts, text) }

func TestLongSegmentsComeLast(t *testing.T) {
	p := &problem.Problem{}
	p.Fit.Segment = 50
	q := newQuestion(p, Settings{})
	if q.Problem.Fit.Segment != 1 || q.Asked != p || p.Fit.Segment != 50 {
		t.Errorf("segments of %d, asked for %d", q.Problem.Fit.Segment, p.Fit.Segment)
	}
	p.Fit.Segment = 1
	if q := newQuestion(p, Settings{}); q.Problem != p {
		t.Error("a copy though nothing differs")
	}
}

func TestASearchSeesLongRecordsInExcerpts(t *testing.T) {
	m := read(t, oscillator)
	o := &opened{Question: newQuestion(&problem.Problem{Model: m}, Settings{Seed: 5})}
	for _, c := range []struct {
		entry    record.Entry
		time     float64 // the characteristic one, where it is not that of a swing
		baseline bool
		most     int
	}{
		{swing("a", 0, 1000), 0, false, 1000},
		{swing("a", 0, 1000), 21, false, 250}, // as if a cycle had 840 samples: four are put together
		{swing("a", 0, 41_000), 0, false, 20_000},
		{swing("a", 0, 41_000), 0, true, 41_000}, // derivatives are taken of every sample
	} {
		if o.Data = prepare(t, m, c.entry); c.time > 0 {
			o.Data.Time = c.time
		}
		o.Problem.Discover.Method = discover.MethodLibrary
		if c.baseline {
			o.Problem.Discover.Method = discover.MethodDerivatives
		}
		e, err := o.searcher()
		if err != nil || e.Seed != 5 {
			t.Fatalf("seed %d (%v)", e.Seed, err)
		}
		if n := e.Data.Samples(); n > c.most || 2*n < c.most {
			t.Errorf("%d samples of %d, want up to %d", n, len(c.entry.Times), c.most)
		}
		if whole := e.Data == o.Data; whole != (c.most == len(c.entry.Times)) {
			t.Errorf("the data as they are: %t", whole)
		}
	}
}

func TestASearchWithoutAFormulaIsAnAnswerWithoutAProof(t *testing.T) {
	searches := 0
	by := func(_ context.Context, e *fit.Engine) (*discover.Result, error) {
		searches++
		return &discover.Result{Ending: discover.NotStarted, Data: e.Data, Model: e.Data.Model}, nil
	}
	p := asked(t, oscillator, ", regimes: [10]")
	a, err := Solve(context.Background(), p, Settings{}, by, func(*Answer) bool { return true })
	if err != nil || searches != 1 {
		t.Fatalf("%d searches (%v)", searches, err)
	}
	if a.Closed != nil || a.Proof != nil || a.Found.Ending != discover.NotStarted || a.Seconds.Discover <= 0 {
		t.Errorf("%+v", a)
	}
	// Regimes were named, and the search knows none.
	if len(a.Notes) != 1 || a.Notes[0].Kind != note.RegimesUnused {
		t.Errorf("%v", a.Notes)
	}
	broken := errors.New("broken")
	if _, err := Solve(context.Background(), p, Settings{}, func(context.Context, *fit.Engine) (*discover.Result, error) { return nil, broken }, nil); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestMistakesOfTheUserAreSaidWithTheirNumbers(t *testing.T) {
	for want, err := range map[string]error{
		"the spread of c over entries cannot be learned from 2: give at least 3 files": &FewEntriesError{"c", 2},
		"a profile does not know parameters that differ between entries, as c does":    &EachError{"a profile", "c"},
		"still holds the unknown f; only a closed model":                               &OpenModelError{"f"},
	} {
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "govern: ") {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
