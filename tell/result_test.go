package tell

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/fit/neural"
	"govern/fit/prior"
	"govern/note"
	"govern/record"
	"govern/run"
	"govern/tape"
	"govern/verdict"
)

func TestAResultSaysWhatAnAnswerHolds(t *testing.T) {
	w := answered(t)
	w.notes = []note.Note{note.Of(note.Gaps, "a.csv", "a gap"), note.Of(note.FewCycles, "", "few").WithHint("Record longer")}
	w.Found.Lacks = []discover.Lack{{Equation: "y", Along: "x", Chance: 0.5, Size: 0.25, Term: "0.1*x"}, {Equation: "x"}}
	w.Found.Ties = []discover.Tie{{Fitted: &fit.Fitted{Terms: []fit.Term{{Factor: expr.Num(1)}}, Coefficients: []float64{2}}, Delta: 3, Model: w.Found.Model}}
	w.Found.Apart = []float64{0.125}
	w.Grown = &fit.Grown{Segment: 10, Rate: 0.5, Growth: 1.5, Short: &fit.ShortError{Cause: fit.Diverges}}
	asked := *w.Problem
	asked.Fit.Segment = 40
	w.Asked = &asked
	r := w.result()
	if r.Status != run.OK || r.Advice != "" || r.Schema != run.Schema {
		t.Errorf("status %s, %q", r.Status, r.Advice)
	}
	if *r.Equations["x"] != "y" || *r.Equations["y"] != "-x" && *r.Equations["y"] != "-1*x" {
		t.Errorf("x' = %s, y' = %s", *r.Equations["x"], *r.Equations["y"])
	}
	f := r.Unknowns["f"]
	if f.Neural != nil || len(f.Terms) != 1 || f.Terms[0].Term != "x" || f.Terms[0].Coefficient != -1 || !near(float64(f.Terms[0].High), -1+0.02*conclude.Confidence) {
		t.Errorf("f: %+v", f)
	}
	if len(r.Alternatives) != 1 || r.Alternatives[0].Expressions["f"] != "2" || r.Alternatives[0].Delta != 3 {
		t.Errorf("alternatives %+v", r.Alternatives)
	}
	if c := r.Parameters["c"]; c.Value != 0 || !near(float64(c.High), 0.01*conclude.Confidence) || c.Prior == nil || !near(float64(c.Prior.Off), -0.5) {
		t.Errorf("c: %+v, prior %+v", c, c.Prior)
	}
	std := w.Whole.Channels[1].Std
	if r.Noise["v"] != 0.02 || !near(float64(r.Errors.Nudged["v"]), 0.02/std) || r.Errors.Free["v"] != 0.06 || r.Errors.Neural["f"] != 0.125 || r.NoiseEntries != nil {
		t.Errorf("noise %v, errors %+v", r.Noise, r.Errors)
	}
	// 4² of 3² + 4².
	if r.Supplied.Gain != 0 || r.Supplied.Defects["x"] != 0 || !near(float64(r.Supplied.Defects["y"]), 16.0/25) {
		t.Errorf("supplied %+v", r.Supplied)
	}
	if s := r.Segments; s == nil || s.Asked != 40 || s.Used != 10 || s.Reason != "diverges" {
		t.Errorf("segments %+v", s)
	}
	if r.Lack == nil || r.Lack.Equation != "y" || r.Lack.Size != 0.25 || r.Extra != nil || r.Regimes != nil || r.ProcessNoise != nil {
		t.Errorf("lack %+v, extra %+v", r.Lack, r.Extra)
	}
	if d := r.Dynamics; len(d.Lyapunov) != 2 || !math.IsNaN(float64(d.ValidTime)) || d.AttractorFloor != 0.2 || !math.IsNaN(float64(d.SpectrumFloor)) {
		t.Errorf("dynamics %+v", d) // no chaos, so no valid time in Lyapunov times
	}
	if !slices.Equal(r.Warnings, []string{"a gap", "few. Record longer."}) || !slices.Equal(kinds(r.Notes), []note.Kind{note.Gaps, note.FewCycles}) {
		t.Errorf("warnings %q, notes %+v", r.Warnings, r.Notes)
	}
}

func TestAChaoticAnswerHasAValidTime(t *testing.T) {
	w := answered(t)
	w.Proof.Chaotic = true
	if d := dynamicsOf(w.Proof); d.ValidTime != 4.5 || d.SpectrumDistance != 0.3 || d.AttractorDistance != 0.1 {
		t.Errorf("%+v", d)
	}
}

// The verdict is the first note, and no warning.
func TestAResultWithoutAnAnswerNamesWhatIsMissing(t *testing.T) {
	w := answered(t)
	w.Closed, w.Proof = nil, nil
	w.Found = &discover.Result{Ending: discover.NotStarted}
	w.verdict = verdict.OfSearch(w.Found)
	w.notes = []note.Note{note.Of(note.Gaps, "a.csv", "a gap")}
	r := w.result()
	if r.Status != run.NotConverged || r.Advice == "" || !slices.Equal(kinds(r.Notes), []note.Kind{note.NotConverged, note.Gaps}) || len(r.Warnings) != 1 {
		t.Errorf("status %s, notes %+v, warnings %q", r.Status, r.Notes, r.Warnings)
	}
	if f, ok := r.Unknowns["f"]; !ok || f.Expression != nil || !slices.Equal(f.Arguments, []string{"x"}) {
		t.Errorf("f: %+v", f)
	}
	if right, ok := r.Equations["y"]; !ok || right != nil || len(r.Equations) != 2 {
		t.Errorf("equations %v", r.Equations)
	}
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Dynamics map[string]any
		Supplied map[string]any
	}
	if err := json.Unmarshal(text, &back); err != nil || back.Supplied["gain"] != nil || back.Dynamics["valid_time"] != nil || back.Dynamics["attractor_floor"] != nil {
		t.Errorf("numbers of nothing: %+v (%v)", back, err)
	}
	page := w.page(r)
	if page.Title != "swing" || page.Status != "not_converged" || page.Advice != r.Advice || page.Equations != nil || page.Dynamics != nil {
		t.Errorf("%+v", page)
	}
	out, err := Tell(context.Background(), w.Answer, w.verdict)
	if err != nil || out.Model != nil || out.UDE != nil || len(out.Trajectories.Entries) != 0 || out.Result.Status != run.NotConverged {
		t.Errorf("%+v (%v)", out, err)
	}
}

func TestANeuralFormHasItsShape(t *testing.T) {
	w := answered(t)
	withForm(w)
	r := w.result()
	f := r.Unknowns["f"]
	if f.Expression != nil || f.Terms != nil || f.Neural == nil || !slices.Equal(f.Neural.Hidden, []int{1}) || f.Neural.Activation != "tanh" {
		t.Errorf("%+v, %+v", f, f.Neural)
	}
	if r.Equations["x"] == nil || r.Equations["y"] != nil {
		t.Errorf("equations %v", r.Equations)
	}
}

// withForm puts a network of four weights in the place of f.
func withForm(w writer) {
	form := neural.Form{Arguments: []string{"x"}, Neural: tape.Neural{Names: []string{"f"}, Inputs: 1, Hidden: []int{1},
		Shift: []float64{0.5}, Scale: []float64{2}, Gain: []float64{3}, Start: []float64{1, 2, 3, 4}}}
	final := *w.Final
	final.Terms, final.Coefficients, final.Forms, final.Covariance = nil, nil, []neural.Form{form}, nil
	w.Answer.Final, w.Answer.Spread = &final, []float64{0.01}
	w.Found.Neural = &final
}

func TestAnExtraStateIsWrittenAsItsEquation(t *testing.T) {
	w := answered(t)
	w.Found.Extra = &discover.Extra{State: "u", Driver: expr.Var("x"), Enters: "y", Rate: "r", Gain: "g"}
	if x := w.result().Extra; x == nil || x.State != "u" || x.Equation != "g*x - r*u" || x.Enters != "y" || x.Term != "u" {
		t.Errorf("%+v", x)
	}
}

// inLevels are the data of two files whose x, of two, has noise of its own.
func inLevels(t *testing.T) *fit.Data {
	a, b := swing("a.csv", 0, 200), swing("b.csv", 0, 100)
	b.Channels[0].Level = 1
	d := prepare(t, read(t, oscillator), a, b)
	if len(d.Channels) != 3 {
		t.Fatalf("%d channels", len(d.Channels))
	}
	return d
}

func TestAColumnOfSeveralLevelsHasTheirRootMeanSquare(t *testing.T) {
	d := inLevels(t) // x of a, v, x of b
	value := []float64{0.1, 0.7, 0.4}
	at := func(k int) float64 { return value[k] }
	want := math.Sqrt((200*0.01 + 100*0.16) / 300)
	for _, i := range []int{0, 2} {
		if got := overLevels(d, i, at); !near(got, want) {
			t.Errorf("channel %d: %g, want %g", i, got, want)
		}
	}
	if got := overLevels(d, 1, at); got != 0.7 {
		t.Errorf("a column of one level: %g", got)
	}
	value[2] = math.NaN()
	if got := overLevels(d, 2, at); !near(got, 0.1) {
		t.Errorf("where one level has none: %g", got)
	}
	value[0] = math.NaN()
	if got := overLevels(d, 0, at); !math.IsNaN(got) {
		t.Errorf("where none has one: %g", got)
	}
}

func TestEveryFileHasTheNoiseOfItsLevel(t *testing.T) {
	w := answered(t)
	sigma := []float64{0.1, 0.7, 0.4}
	if got := w.noiseEntries(sigma); got != nil {
		t.Errorf("one level: %v", got)
	}
	w.Whole = inLevels(t)
	got := w.noiseEntries(sigma)
	if len(got) != 1 || len(got["x"]) != 2 || got["x"]["a.csv"] != 0.1 || got["x"]["b.csv"] != 0.4 {
		t.Errorf("%v", got)
	}
}

func TestProcessNoiseIsThatOfAUnitOfTime(t *testing.T) {
	w := answered(t)
	if w.processNoise() != nil {
		t.Error("process noise of a motion without")
	}
	w.Final.Driven, w.Final.Omega, w.Data.Time = true, 0.3, 4
	got := w.processNoise()
	if !near(float64(got["x"]), 0.3*0.5/2) || !near(float64(got["y"]), 0.3*2/2) {
		t.Errorf("%v", got)
	}
	if n := w.drivenByNoise(); n.Kind != note.DrivenByNoise || !strings.Contains(n.Text, "x by 0.075, y by 0.3 in a unit of time") && !strings.Contains(n.Text, "x by 0.075, y by 0.3") {
		t.Errorf("%s", n)
	}
}

func TestResidualsOfAFailedFitAreUndefined(t *testing.T) {
	w := answered(t)
	if w.residual(1) != 0.02 {
		t.Errorf("%g", w.residual(1))
	}
	w.Final.Residual = nil
	if !math.IsNaN(w.residual(1)) {
		t.Errorf("%g of none", w.residual(1))
	}
}

func TestAnEstimateIsWrittenWithWhatItConsistsOf(t *testing.T) {
	p := conclude.Parameter{Name: "c", Value: 3, Half: 0.5, Prior: &conclude.Prior{Value: 2, SD: 0.5, Off: 2}, Spread: &prior.Spread{Value: 1, Low: 0.5, High: math.Inf(1)},
		Entries: []conclude.Parameter{{Name: "a", Value: 2, Half: 0.25}, {Name: "b", Value: 4, Held: true}}}
	got := estimate(p)
	if got.Value != 3 || got.Low != 2.5 || got.High != 3.5 || got.Held || *got.Prior != (run.Prior{Value: 2, SD: 0.5, Off: 2}) {
		t.Errorf("%+v", got)
	}
	if len(got.Entries) != 2 || got.Entries["a"].Low != 1.75 || got.Entries["a"].Spread != nil || !got.Entries["b"].Held || got.Entries["b"].Low != 4 {
		t.Errorf("entries %+v", got.Entries)
	}
	text, err := json.Marshal(got)
	if err != nil || got.Spread.Low != 0.5 || !strings.Contains(string(text), `"high":null`) {
		t.Errorf("a spread that nothing bounds: %s (%v)", text, err)
	}
	if priorOf(nil) != nil {
		t.Error("a prior where there is none")
	}
}

func TestAnEntryIsRunWithItsOwnValues(t *testing.T) {
	w := answered(t)
	m := read(t, strings.Replace(oscillator, "fit: true,", "fit: true, each: entry,", 1)).PerEntry([]string{"a.csv", "b.csv"}, func(string, string) bool { return true })
	w.Data = prepare(t, m, swing("a.csv", 0, 50), swing("b.csv", 0, 50))
	w.Final.Parameters = []float64{5, 7}
	if got := w.withValues(record.Entry{Name: "b.csv"}).Set["c"]; got != 7 {
		t.Errorf("c = %g", got)
	}
}
