package tell

import (
	"math"
	"slices"
	"strings"
	"testing"

	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/fit/prior"
	"govern/model"
	"govern/note"
)

// The hand-made answers are of three cycles, which is few: that is said of all of them.
func besidesFewCycles(t *testing.T, notes []note.Note) []note.Note {
	t.Helper()
	k := slices.IndexFunc(notes, func(n note.Note) bool { return n.Kind == note.FewCycles })
	if k < 0 {
		t.Errorf("three cycles are not said to be few: %q", kinds(notes))
		return notes
	}
	return slices.Delete(slices.Clone(notes), k, k+1)
}

func TestAnAnswerThatIsRightHasNoNotes(t *testing.T) {
	if got := besidesFewCycles(t, answered(t).allNotes()); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// Everything that may be said is said once, in the order in which it came about.
func TestNotesComeInTheirOrder(t *testing.T) {
	for name, c := range map[string]struct {
		change func(writer)
		want   []note.Kind
		about  string
		says   string // of the last note
	}{
		"the model": {func(w writer) { w.Problem.Model.Warnings = []*expr.Diagnostic{{File: "p.yaml", Text: "q is unused"}} }, []note.Kind{note.Model}, "", "q is unused"},
		"the problem, then the search": {func(w writer) {
			w.Problem.Notes, w.Answer.Notes = []note.Note{note.Of(note.Gaps, "a.csv", "gaps")}, []note.Note{note.Of(note.Held, "w", "held")}
		}, []note.Kind{note.Gaps, note.Held}, "w", "held"},
		"structure": {func(w writer) {
			w.Found.Extra = &discover.Extra{State: "u", Driver: expr.Var("x"), Enters: "y", Rate: "r", Gain: "g"}
			w.Found.Memory, w.Found.Steps = []string{"m1", "m2"}, []string{"s"}
			w.Found.Dense = []discover.Dense{{Unknown: "f", Terms: 3}}
			w.Found.Lacks = []discover.Lack{{Equation: "x", Chance: 0.1, Size: 1}, {Equation: "y", Chance: 1e-9, Size: 1}, {Equation: "y", Chance: 1e-8, Size: 1}}
		}, []note.Kind{note.ExtraState, note.NoiseMemory, note.NoiseMemory, note.Step, note.Approximation, note.Lack}, "y", "the equation of y lacks"},
		"changes": {func(w writer) {
			w.Found.Regimes = []discover.Regime{{Entry: "a.csv", From: 0, Low: 0, High: 1}, {Entry: "a.csv", From: 5, Low: 4, High: 6, Name: "regime_2"}, {Entry: "a.csv", From: 9, Low: 9, High: 9}, {Entry: "b.csv", From: 0, Low: -1, High: 1}}
		}, []note.Kind{note.Change}, "a.csv", "a.csv: coefficients change at t = 5 (4 … 6): a model with 4 regimes"},
		"the proof, then a drift": {func(w writer) {
			w.Proof.Notes, w.Found.Drift = []note.Note{note.Of(note.ShortTest, "", "short")}, "w rises"
		}, []note.Kind{note.ShortTest, note.Drift}, "", "w rises: what is computed of the model"},
		"a prior": {func(w writer) { w.Final.Parameters[0] = 0.71 }, []note.Kind{note.FarFromPrior}, "c",
			"c = 0.71 lies 3 standard deviations from its prior, 0.1 ± 0.2"},
		"what calibration said": {func(w writer) { w.Answer.Calibrated = []note.Note{note.Of(note.OwnParameters, "b.csv", "own")} }, []note.Kind{note.OwnParameters}, "b.csv", "own"},
		"a defect":              {func(w writer) { w.Final.Omega = 0.02 }, []note.Kind{note.Defect}, "", "an error of 0.02 standard deviations a characteristic time, so intervals are from refits of 4 parts"},
		"a defect, no numbers": {func(w writer) {
			w.Final.Omega, w.Answer.Spread = 0.02, nil
			withForm(w)
			w.Answer.Spread = nil
			w.Found.Model = &model.Model{}
			w.Problem.Model.Parameters = nil
		}, []note.Kind{note.Defect}, "", "a characteristic time"},
		"process noise": {func(w writer) { w.Final.Driven, w.Final.Omega = true, 0.1 }, []note.Kind{note.DrivenByNoise}, "", "free runs are those of the equations without it"},
		"an escape":     {func(w writer) { w.Proof.Bounded = false }, nil, "", ""}, // of a formula, the verdict says it
		"an escape of a network": {func(w writer) {
			withForm(w)
			w.Proof.Bounded, w.Proof.Escape, w.Proof.Rest = false, "x = 9", "x stays"
		}, []note.Kind{note.Escape, note.Rest}, "", "comes to rest: x stays"},
		"segments": {func(w writer) {
			w.Answer.Grown = &fit.Grown{Short: &fit.ShortError{Asked: 40, Reached: 10, Cause: fit.Misfits}}
		}, []note.Kind{note.ShorterSegments}, "", "40"},
		"all segments":  {func(w writer) { w.Answer.Grown = &fit.Grown{Segment: 40} }, nil, "", ""},
		"training only": {func(w writer) { w.Answer.TrainingOnly = true }, []note.Kind{note.TrainingOnly}, "", "no refit on all data was possible"},
		"outliers":      {func(w writer) { w.Answer.Left = map[string]int{"x": 3, "v": 2} }, []note.Kind{note.Outliers, note.Outliers}, "x", "x: 3 samples that lie alone"},
		"correlation":   {func(w writer) { w.Data.Channels[1].Correlation = 0.6 }, []note.Kind{note.CorrelatedNoise}, "v", "0.6 from sample to sample: it counts as white noise 2 times as large"},
		"part of the data": {func(w writer) {
			w.Answer.Sought = prepare(t, w.Problem.Model, swing("a.csv", 0, 50), swing("a.csv", 100, 50))
		}, []note.Kind{note.SearchedSparse}, "",
			"sought on 100 of 200 training samples, in 2 stretches spread over the record; coefficients"},
		"coarse sampling":           {func(w writer) { w.Data.Time = 0.22 }, []note.Kind{note.CoarseSampling}, "", "8.8 samples a cycle"},
		"what cannot be told apart": {func(w writer) { w.Answer.Spread = []float64{math.NaN(), math.Inf(1)} }, []note.Kind{note.Inseparable, note.Inseparable}, "c", "do not determine c apart"},
		"a coefficient alone":       {func(w writer) { w.Answer.Spread[0] = math.Inf(1) }, []note.Kind{note.Inseparable}, "the coefficient of x", "do not determine the coefficient of x apart"},
	} {
		w := answered(t)
		c.change(w)
		got := w.allNotes()
		if name != "coarse sampling" && w.Closed != nil { // which needs a shorter cycle
			got = besidesFewCycles(t, got)
		}
		if !slices.Equal(kinds(got), c.want) {
			t.Errorf("%s: %q, want %q", name, kinds(got), c.want)
			continue
		}
		if n := len(got); n > 0 && (got[n-1].About != c.about || !strings.Contains(got[n-1].Text, c.says)) {
			t.Errorf("%s: about %q: %s", name, got[n-1].About, got[n-1].Text)
		}
	}
}

func TestWithoutAnAnswerOnlyTheProblemIsSpokenOf(t *testing.T) {
	w := answered(t)
	w.Found.Memory, w.Answer.Left = []string{"m"}, map[string]int{"x": 3}
	w.Problem.Notes = []note.Note{note.Of(note.Gaps, "a.csv", "gaps")}
	w.Answer.Closed = nil
	if got := w.allNotes(); !slices.Equal(kinds(got), []note.Kind{note.Gaps}) {
		t.Errorf("%q", kinds(got))
	}
}

func TestSpreadsOverEntriesAreDoubtedWhereEntriesAreFew(t *testing.T) {
	for _, c := range []struct {
		entries int
		low     float64
		want    []note.Kind
	}{
		{3, 0.5, []note.Kind{note.MeanOfEntries, note.WideSpread}},
		{fewSpread - 1, 0.5, []note.Kind{note.MeanOfEntries, note.WideSpread}},
		{fewSpread, 0.5, []note.Kind{note.MeanOfEntries}},
		{fewSpread, 0, []note.Kind{note.MeanOfEntries, note.NoSpread}},
		{3, 0, []note.Kind{note.MeanOfEntries, note.NoSpread}},
	} {
		w := answered(t)
		var names []string
		for k := range c.entries {
			names = append(names, string(rune('a'+k))+".csv")
		}
		m := read(t, strings.Replace(oscillator, "fit: true, sd: 0.2", "fit: true, each: entry, spread: true", 1)).PerEntry(names, func(string, string) bool { return true })
		w.Found.Model, w.Problem.Model = m, m
		w.Data = prepare(t, m, swing("a.csv", 0, 200), swing("b.csv", 0, 200))
		w.Final.Parameters = make([]float64, 1+c.entries)
		w.Final.Spreads = []prior.Spread{{Parameter: "c", Value: 1, Low: c.low, High: 3}}
		w.Final.Covariance, w.Answer.Spread = nil, make([]float64, 2+c.entries)
		got := w.ofParameters()
		if !slices.Equal(kinds(got), c.want) {
			t.Errorf("%d entries, spread from %g: %q", c.entries, c.low, kinds(got))
		}
		for _, n := range got {
			if n.About != "c" {
				t.Errorf("about %q: %s", n.About, n)
			}
		}
	}
}

func TestAPriorIsContradictedBeyondThreeDeviations(t *testing.T) {
	for off, want := range map[float64]int{3: 0, -3: 0, 3.01: 1, -4: 1} {
		if got := farFromPrior("w", 1, &conclude.Prior{Value: 1, SD: 1, Off: off}); len(got) != want {
			t.Errorf("%g deviations: %+v", off, got)
		}
	}
	if got := farFromPrior("w", 1, nil); got != nil {
		t.Errorf("without a prior: %+v", got)
	}
}

func TestFreeRunsAreFarWhereNothingGrowsAndEquationsLeaveADefect(t *testing.T) {
	for name, c := range map[string]struct {
		change func(writer)
		want   int
	}{
		"near":               {func(writer) {}, -1},
		"far, and exact":     {func(w writer) { w.Final.Omega = 2 * fit.OmegaEnd; w.Proof.Free[0] = 1 }, -1},
		"far, and chaotic":   {func(w writer) { w.Proof.Chaotic = true; w.Proof.Free[0] = 1 }, -1},
		"far":                {func(w writer) { w.Proof.Free[0] = 0.1 }, 0},
		"the farther one":    {func(w writer) { w.Proof.Free = []float64{0.2, 0.3} }, 1},
		"within the least":   {func(w writer) { w.Proof.Free[0] = 0.05; w.Final.Sigma[0] = 1e-4 }, -1},
		"within five noises": {func(w writer) { w.Proof.Free[0] = 0.5; w.Final.Sigma[0] = 0.11 * w.Data.Channels[0].Std }, -1},
		"beyond five noises": {func(w writer) { w.Proof.Free[0] = 0.5; w.Final.Sigma[0] = 0.09 * w.Data.Channels[0].Std }, 0},
		"driven by noise":    {func(w writer) { w.Final.Driven = true; w.Proof.Free[0] = 1 }, -1},
		"undefined":          {func(w writer) { w.Proof.Free[0] = math.NaN() }, -1},
	} {
		w := answered(t)
		w.Final.Omega = 3 * fit.OmegaEnd
		c.change(w)
		if got := w.farFreeRun(); got != c.want {
			t.Errorf("%s: channel %d", name, got)
		}
	}
	w := answered(t)
	w.Final.Omega, w.Proof.Free[1] = 3*fit.OmegaEnd, 0.9
	if got := w.ofFit(); len(got) != 2 || got[1].Kind != note.FarFreeRuns || got[1].About != "v" || !strings.Contains(got[1].Text, "leave v by 0.9 ") {
		t.Errorf("%+v", got)
	}
	w.Final.Driven, w.Proof.Rest = true, "v stays near 0"
	if got := w.ofFit(); len(got) != 2 || got[0].Kind != note.DrivenByNoise || got[1].Kind != note.Rest || !strings.Contains(got[1].Text, "Noise alone") {
		t.Errorf("%+v", got)
	}
}

func TestHowTheSamplesOfASearchWereChosen(t *testing.T) {
	w := answered(t)
	if got := w.howSparse(); got != "" {
		t.Errorf("all samples: %q", got)
	}
	w.Data.Time = 21 // 840 samples a cycle
	if got := w.howSparse(); got != ", each of 4 put together" {
		t.Errorf("dense samples: %q", got)
	}
}
