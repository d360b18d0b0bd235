package verdict

import (
	"strings"
	"testing"

	"govern/discover"
	"govern/fit"
	"govern/note"
	"govern/optim"
	"govern/run"
)

// passing is a search that has ended as told, with a fit that came to rest and passed
// its checks, and what change makes of it.
func passing(ending discover.Ending, change func(*discover.Result)) *discover.Result {
	r := &discover.Result{
		Ending: ending, Chosen: &fit.Fitted{Status: optim.Converged, Omega: 0.25},
		Checks: []discover.Check{{Name: "residuals", OK: true, Text: "residuals are as large as the noise"}},
	}
	if change != nil {
		change(r)
	}
	return r
}

var (
	failed    = discover.Check{Name: "residuals", Text: "residuals of x are 3 times the noise"}
	sureLack  = discover.Lack{Equation: "y", Along: "x", Chance: 1e-9, Size: 0.1, Fall: 90, Degrees: 4, Term: "0.3*x"}
	weakLack  = discover.Lack{Equation: "z", Chance: 0.01, Size: 0.1, Fall: 12, Degrees: 4}
	tinyLack  = discover.Lack{Equation: "z", Chance: 1e-9, Size: 1e-5, Fall: 90, Degrees: 4}
	bent      = discover.Dense{Unknown: "f", Terms: 3}
	manyTerms = discover.Dense{Unknown: "g", Terms: 9, From: 10, Degree: 3}
)

// facts are what a search may come to, and what is to be said of it: the status, the
// kind of the note and what it is about, and pieces of what people read.
var facts = map[string]struct {
	found  *discover.Result
	status run.Status
	kind   note.Kind
	about  string
	says   []string
}{
	"a formula alone":                  {passing(discover.Formula, nil), run.OK, "", "", nil},
	"a lack that may be chance":        {passing(discover.Formula, func(r *discover.Result) { r.Lacks = []discover.Lack{weakLack, tinyLack} }), run.OK, "", "", nil},
	"a fit that stalled":               {passing(discover.Formula, func(r *discover.Result) { r.Chosen.Status = optim.Stalled }), run.NotConverged, note.NotConverged, "", []string{"still promised a decrease", "Raise fit.iterations"}},
	"a fit at its limit of iterations": {passing(discover.Formula, func(r *discover.Result) { r.Chosen.Status = optim.IterationLimit }), run.NotConverged, note.NotConverged, "", []string{"still promised a decrease"}},
	"noise alone": {passing(discover.Formula, func(r *discover.Result) { r.Noise = "every channel is white" }),
		run.NoModel, note.Noise, "", []string{"every channel is white. Sample 8 to 10"}},
	"noise alone, through networks": {passing(discover.NeuralOnly, func(r *discover.Result) { r.Noise = "every channel is white" }),
		run.NoModel, note.Noise, "", []string{"every channel is white"}},
	"a check that failed": {passing(discover.Formula, func(r *discover.Result) { r.Checks = append(r.Checks, failed) }),
		run.NoModel, note.NoFormula, "", []string{"Residuals of x are 3 times the noise. Likely the library lacks", "Widen `library`"}},
	"two checks that failed, and a sure lack": {passing(discover.Formula, func(r *discover.Result) {
		r.Checks = append(r.Checks, failed, discover.Check{Text: "defects of y are large"})
		r.Lacks = []discover.Lack{weakLack, sureLack}
	}), run.NoModel, note.NoFormula, "", []string{"Residuals of x are 3 times the noise. Defects of y are large. The equation of y lacks something", "most of it is like 0.3*x. Likely"}},
	"a check that failed under a drift": {passing(discover.Formula, func(r *discover.Result) { r.Checks, r.Drifting = []discover.Check{failed}, "b rises with time" }),
		run.NoModel, note.NoFormula, "", []string{"It seems that b rises with time. That is no change at a few times", "make the time t an argument", "Widen `library`"}},
	"failed checks before an unfinished fit": {passing(discover.Formula, func(r *discover.Result) {
		r.Checks, r.Chosen.Status = []discover.Check{failed}, optim.Stalled
	}), run.NoModel, note.NoFormula, "", []string{"Residuals of x"}},
	"an extra state": {passing(discover.Formula, func(r *discover.Result) { r.Extra, r.Memory = &discover.Extra{State: "w"}, []string{"noise"} }),
		run.Ambiguous, note.ExtraState, "w", []string{"lacks something slow", "Test it on a longer record"}},
	"memory": {passing(discover.Formula, func(r *discover.Result) {
		r.Memory, r.Lacks = []string{"the noise of x would remember"}, []discover.Lack{weakLack}
	}), run.Ambiguous, note.NoiseMemory, "", []string{"the noise of x would remember. Check the given equations, or give `noise`."}},
	"memory and a lack": {passing(discover.Formula, func(r *discover.Result) {
		r.Memory, r.Lacks = []string{"the noise of x would remember"}, []discover.Lack{sureLack}
	}), run.Ambiguous, note.NoiseMemory, "", []string{"the noise of x would remember. Without it the equation of y lacks", "another argument"}},
	"a lack": {passing(discover.Formula, func(r *discover.Result) {
		r.Lacks, r.Dense = []discover.Lack{weakLack, sureLack}, []discover.Dense{bent}
	}), run.Ambiguous, note.Lack, "y", []string{"the formula is an approximation, or a given equation is wrong: the equation of y lacks"}},
	"a function that bends with powers": {passing(discover.Formula, func(r *discover.Result) {
		r.Dense, r.Steps = []discover.Dense{bent, manyTerms}, []string{"a step"}
	}), run.Ambiguous, note.Approximation, "f", []string{"f needs 3 powers", "Name functions that it could be"}},
	"a step": {passing(discover.Formula, func(r *discover.Result) {
		r.Steps, r.Ties = []string{"the sigmoid of f may be a step"}, make([]discover.Tie, 1)
	}), run.Ambiguous, note.Step, "", []string{"the sigmoid of f may be a step. Samples that are closer together would tell."}},
	"a tie":      {passing(discover.Formula, func(r *discover.Result) { r.Ties = make([]discover.Tie, 1) }), run.Ambiguous, note.Tie, "", []string{"another formula explains the data as well. More data"}},
	"two ties":   {passing(discover.Formula, func(r *discover.Result) { r.Ties = make([]discover.Tie, 2) }), run.Ambiguous, note.Tie, "", []string{"2 other formulas explain the data as well. More data"}},
	"a baseline": {passing(discover.Baseline, func(r *discover.Result) { r.Checks = []discover.Check{failed} }), run.OK, note.Baseline, "", []string{"not fitted on trajectories"}},
	"networks":   {passing(discover.NeuralForms, func(r *discover.Result) { r.Chosen.Status = optim.Stalled }), run.OK, "", "", nil},
	"networks that fail a check": {passing(discover.NeuralForms, func(r *discover.Result) { r.Checks = append(r.Checks, failed) }),
		run.NoModel, note.NoFormula, "", []string{"Residuals of x are 3 times the noise. Likely a known equation is wrong", "give a wider `hidden`"}},
	"networks where no formula passes": {passing(discover.NeuralOnly, nil), run.NeuralOnly, note.NeuralOnly, "", []string{"no formula of the libraries does", "govern extract"}},
	"networks that leave less": {passing(discover.NeuralOnly, func(r *discover.Result) { r.Instead, r.FormulaOmega = discover.LeavesDefect, 0.75 }),
		run.NeuralOnly, note.NeuralOnly, "", []string{"leaves a defect of 0.75 standard deviations a characteristic time, the network one of 0.25", "with what the learned function looks like"}},
	"networks that move": {passing(discover.NeuralOnly, func(r *discover.Result) { r.Instead = discover.DoesNotMove }),
		run.NeuralOnly, note.NeuralOnly, "", []string{"it does not move like the data; the network does", "with what the learned function looks like"}},
	"networks that did not train":   {passing(discover.NotTrained, nil), run.NotConverged, note.NotConverged, "", []string{"fit of the networks did not converge", "smaller `hidden`"}},
	"networks that did not retrain": {passing(discover.NotRetrained, nil), run.NotConverged, note.NotConverged, "", []string{"could not be brought to rest", "`govern fit`"}},
	"unseen states": {passing(discover.UnseenStates, func(r *discover.Result) { r.Unseen, r.Draws = []string{"y", "z"}, 12 }),
		run.NoModel, note.UnseenState, "y, z", []string{"no channel sees y, z,", "of 12 random starts"}},
	"regimes that lead nowhere": {passing(discover.RegimesUnsure, func(r *discover.Result) { r.Changes = []float64{12.5, 40} }),
		run.NoModel, note.ChangeUnsolved, "", []string{"coefficients change, near t = 12.5, 40; no formula with regimes", "Give `regimes: [...]`"}},
	"no start":                {passing(discover.NotStarted, nil), run.NotConverged, note.NotConverged, "", []string{"no fit could be started", "smaller degree"}},
	"a search without an end": {&discover.Result{}, run.NotConverged, note.NotConverged, "", []string{"no fit could be started"}},
}

func TestEveryEndOfASearchHasItsVerdict(t *testing.T) {
	for name, f := range facts {
		v := OfSearch(f.found)
		if v.Status != f.status || v.Note.Kind != f.kind || v.Note.About != f.about {
			t.Errorf("%s: %s, a note of kind %q about %q; want %s, %q, %q", name, v.Status, v.Note.Kind, v.Note.About, f.status, f.kind, f.about)
		}
		for _, piece := range f.says {
			if !strings.Contains(v.Advice(), piece) {
				t.Errorf("%s: %q does not say %q", name, v.Advice(), piece)
			}
		}
	}
}

// What discover.Result.Trusted says of an end must not contradict its verdict: what a
// search goes on from is what users may rely on.
func TestASearchAndItsVerdictTrustTheSame(t *testing.T) {
	for name, f := range facts {
		if trusted := OfSearch(f.found).Status.Trusted(); trusted != f.found.Trusted() {
			t.Errorf("%s: the verdict trusts: %t, the search: %t", name, trusted, f.found.Trusted())
		}
	}
}

func TestOnlyAnswersWithoutANoteNeedNoAdvice(t *testing.T) {
	known := map[note.Kind]bool{}
	for _, m := range note.Meanings() {
		known[m.Kind] = true
	}
	for name, f := range facts {
		v := OfSearch(f.found)
		if plain := v.Status == run.OK && v.Note.Kind == ""; plain != (v.Advice() == "") || !plain && !known[v.Note.Kind] {
			t.Errorf("%s: %s with %+v", name, v.Status, v.Note)
		}
		if text := v.Note.Text; strings.HasSuffix(text, ".") || v.Status != run.OK && v.Note.Hint == "" || strings.HasSuffix(v.Note.Hint, ".") {
			t.Errorf("%s: reads %q", name, v.Advice())
		}
	}
}

// Of two doubts the one that explains the other is told.
func TestDoubtsHaveAnOrder(t *testing.T) {
	all := func(r *discover.Result) {
		r.Memory, r.Lacks, r.Dense, r.Steps = []string{"m"}, []discover.Lack{sureLack}, []discover.Dense{bent}, []string{"s"}
	}
	r := passing(discover.Formula, all)
	for _, want := range []struct {
		kind note.Kind
		drop func()
	}{
		{note.NoiseMemory, func() { r.Memory = nil }},
		{note.Lack, func() { r.Lacks = nil }},
		{note.Approximation, func() { r.Dense = nil }},
		{note.Step, func() { r.Steps = nil }},
	} {
		n, ok := doubtOf(r)
		if !ok || n.Kind != want.kind {
			t.Errorf("the doubt is %q, want %q", n.Kind, want.kind)
		}
		want.drop()
	}
	if n, ok := doubtOf(r); ok {
		t.Errorf("a doubt without a reason: %s", n)
	}
}

func TestSentencesBeginWithACapitalAndEnd(t *testing.T) {
	if got := sentences([]discover.Check{{Text: "one is off"}, {Text: "Two"}}); got != "One is off. Two. " {
		t.Errorf("%q", got)
	}
	if got := sentences(nil); got != "" {
		t.Errorf("%q of nothing", got)
	}
}
