package tell

import (
	"context"
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
	"govern/model"
	"govern/report"
	"govern/run"
)

// setting is what a page says of a choice.
func setting(p *report.Page, name string) string {
	for _, s := range p.Settings {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

func TestThePageSaysWhatTheResultSays(t *testing.T) {
	w := answered(t)
	w.Found.Checks = []discover.Check{{Name: "loss", OK: true, Text: "as expected"}, {Name: "defect", Text: "large"}}
	w.Found.Ties = []discover.Tie{{Fitted: &fit.Fitted{Terms: []fit.Term{{Factor: expr.Num(1)}}, Coefficients: []float64{2}}, Delta: 3, Model: w.Found.Model}}
	p := w.page(&run.Result{Status: run.OK, Warnings: []string{"careful"}})
	if len(p.Equations) != 2 || p.Equations[0].Learned || !p.Equations[1].Learned || p.Equations[0].State != "x" {
		t.Errorf("equations %+v", p.Equations)
	}
	if u := p.Unknowns; len(u) != 1 || u[0].Neural != "" || u[0].Formula == nil || len(u[0].Terms) != 1 || !near(u[0].Terms[0].Low, -1-0.02*conclude.Confidence) {
		t.Errorf("unknowns %+v", u)
	}
	if len(p.Ties) != 1 || p.Ties[0].Delta != 3 || p.Ties[0].Formulas[0].Right.String() != "2" || !slices.Equal(p.Warnings, []string{"careful"}) {
		t.Errorf("ties %+v, warnings %q", p.Ties, p.Warnings)
	}
	if c := p.Channels; len(c) != 2 || c[0].Unit != "mV" || c[1].Noise != 0.02 || c[1].Free != 0.04 || !near(c[1].Nudged, 0.02/w.Whole.Channels[1].Std) {
		t.Errorf("channels %+v", c)
	}
	if d := p.Dynamics; !math.IsNaN(d.ValidTime) || d.PeriodModel != 6.25 || !strings.Contains(d.Note, "stay valid for 4.5 cycles") {
		t.Errorf("dynamics %+v", d)
	}
	if s := p.Supplied.States; len(s) != 2 || s[0].Unit != "mV" || s[1].Unit != "" || s[1].Defect != 4 {
		t.Errorf("help %+v", s)
	}
	for name, want := range map[string]string{
		"road": "library of degree 3, 4 candidate terms", "segment": "1 sample", "Runge–Kutta steps a sample": "2", "gain": "0",
		"check: loss": "passed: as expected", "check: defect": "failed: large", "prior of c": "0.1 ± 0.2; the answer is 0.5 standard deviations from it",
	} {
		if got := setting(p, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}

	w.Whole.Channels[1].Correlation = 0.6
	if c := w.page(&run.Result{}).Channels[1]; !near(c.Noise, 0.01) {
		t.Errorf("the noise of a sample is %g where fits use 0.02 because it is correlated", c.Noise)
	}
	w.Proof.Chaotic = true
	if d := w.page(&run.Result{}).Dynamics; d.ValidTime != 4.5 || d.Note != "" {
		t.Errorf("of chaos %+v", d)
	}
	w.Answer.Grown = &fit.Grown{Segment: 20}
	if got := setting(w.page(&run.Result{}), "segment"); got != "20 samples" {
		t.Errorf("segments of %s", got)
	}
}

func TestStatesThatNothingMovesNeedNoHelp(t *testing.T) {
	w := answered(t)
	w.Final.Motion, w.Final.Defect = []float64{0, 2}, []float64{0, 0}
	if got := w.help(); len(got) != 1 || got[0].State != "y" || got[0].Share() != 0 {
		t.Errorf("%+v", got)
	}
	w.Final.Motion, w.Final.Defect = nil, nil // of a fit that failed
	if got := w.help(); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestTheRoadToAnAnswer(t *testing.T) {
	w := answered(t)
	final := w.Final
	withForm(w)
	if got := w.road(); got != "networks, f [1]" {
		t.Errorf("networks: %q", got)
	}
	w.Answer.Final = final
	if got := w.road(); got != "library of degree 3, 4 candidate terms, after networks, f [1]" {
		t.Errorf("a formula of networks: %q", got)
	}
}

func TestWhereTheNoiseOfAChannelComesFrom(t *testing.T) {
	for want, c := range map[string]struct {
		sigma, correlation float64
		given              bool
	}{
		"correlated":         {0.5, 0.6, true},
		"as the problem":     {0.5, 0, true},
		"the floor":          {0.1, 0, false},
		"at its cap":         {1.1, 0, false},
		"estimated with the": {0.5, 0, false},
	} {
		w := answered(t)
		ch := &w.Whole.Channels[1]
		ch.Floor, ch.Slow, ch.Given, ch.Correlation = 0.1, 1, c.given, c.correlation
		w.Final.Sigma = []float64{9, c.sigma}
		if got := w.origin(1); !strings.Contains(got, want) {
			t.Errorf("σ = %g, ρ = %g, given %t: %q", c.sigma, c.correlation, c.given, got)
		}
	}
}

func TestTheUnitOfAStateIsThatOfItsChannel(t *testing.T) {
	w := answered(t)
	if w.unit("x") != "mV" || w.unit("y") != "" || w.unit("z") != "" {
		t.Errorf("x in %q, y in %q, z in %q", w.unit("x"), w.unit("y"), w.unit("z"))
	}
	w.Whole.Channels[0].Observe = expr.Binary(expr.Mul, expr.Num(2), expr.Var("x"))
	if got := w.unit("x"); got != "" {
		t.Errorf("of a channel of 2·x: %q", got)
	}
}

func TestTheReportListsMeansValuesSpreadsAndKnots(t *testing.T) {
	w := answered(t)
	m := read(t, strings.Replace(oscillator, "fit: true, sd: 0.2", "fit: true, each: entry, spread: true, sd: 0.2", 1)).PerEntry([]string{"a.csv", "b.csv"}, func(string, string) bool { return true })
	of := *m
	of.Parameters = append(slices.Clone(m.Parameters), model.Parameter{Name: "k1", Fit: true})
	w.Found.Model, w.Problem.Model = &of, m
	w.Data = prepare(t, m, swing("a.csv", 0, 200), swing("b.csv", 0, 200))
	w.Final.Parameters = []float64{3, 2, 4, 7} // mean, values, knot
	w.Final.Spreads = []prior.Spread{{Parameter: "c", Value: 1, Low: 0.5, High: 3}}
	w.Final.Covariance = make([]float64, 25)
	for i, v := range []float64{1, 0.01, 0.04, 0.09, 0.16} {
		w.Final.Covariance[6*i] = v
	}
	w.Answer.Spread = []float64{1, 0.1, 0.2, 0.3, 0.4}
	got := w.estimates()
	want := []report.Estimate{
		{Name: "c (mean over entries)", Value: 3, Low: 3 - 0.1*conclude.Confidence, High: 3 + 0.1*conclude.Confidence},
		{Name: "c of a.csv", Value: 2, Low: 2 - 0.2*conclude.Confidence, High: 2 + 0.2*conclude.Confidence},
		{Name: "c of b.csv", Value: 4, Low: 4 - 0.3*conclude.Confidence, High: 4 + 0.3*conclude.Confidence},
		{Name: "c (spread over entries)", Value: 1, Low: 0.5, High: 3},
		{Name: "k1", Value: 7, Low: 7 - 0.4*conclude.Confidence, High: 7 + 0.4*conclude.Confidence},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i, e := range got {
		if e.Name != want[i].Name || e.Value != want[i].Value || !near(e.Low, want[i].Low) || !near(e.High, want[i].High) {
			t.Errorf("%+v, want %+v", e, want[i])
		}
	}
	if got := w.priorSettings(); len(got) != 1 || got[0].Name != "prior of c" || !strings.HasPrefix(got[0].Value, "0.1 ± 0.2; the answer is 14 standard") { // 2.9/0.2, to two digits
		t.Errorf("%+v", got)
	}
}

func TestNetworksArePackedAsTheyEndAndAsTheyWereTrained(t *testing.T) {
	w := answered(t)
	if w.ude() != nil {
		t.Error("networks out of nothing")
	}
	formula := w.Final
	withForm(w)
	trained := *w.Found.Neural
	trained.Omega, trained.Parameters = 0.5, []float64{0.25}
	form := trained.Forms[0]
	form.Neural.Start = []float64{5, 6, 7, 8}
	trained.Forms = []neural.Form{form}
	w.Found.Neural = &trained

	u := w.ude()
	n := u.Forms[0]
	if len(u.Forms) != 1 || n.Unknown != "f" || n.Activation != "tanh" || n.Gain != 3 || !slices.Equal(n.Shift, []run.Number{0.5}) || !slices.Equal(n.Weights, []run.Number{1, 2, 3, 4}) || u.Parameters["c"] != 0 {
		t.Errorf("%+v", u)
	}
	if s := u.Training; s.Omega != 0.5 || s.Parameters["c"] != 0.25 || !slices.Equal(s.Weights["f"], []run.Number{5, 6, 7, 8}) {
		t.Errorf("trained %+v", s)
	}
	// Where a formula is the answer the networks are those that it was found through.
	w.Answer.Final = formula
	if u := w.ude(); !slices.Equal(u.Forms[0].Weights, []run.Number{5, 6, 7, 8}) || u.Parameters["c"] != 0.25 {
		t.Errorf("%+v", u)
	}
	form.Neural.Activation = "gelu"
	if activation(form.Neural) != "gelu" {
		t.Errorf("%s", activation(form.Neural))
	}
}

func TestALearnedFunctionIsDrawnOverTheRangeOfTheData(t *testing.T) {
	w := answered(t)
	out := &Outcome{Page: &report.Page{}}
	if err := w.learned(out); err != nil {
		t.Fatal(err)
	}
	if len(out.Page.Slices) != 1 || len(out.Unknowns.Slices) != 1 {
		t.Fatalf("%d slices of one argument", len(out.Page.Slices))
	}
	s := out.Page.Slices[0]
	if s.Unknown != "f" || s.Argument != "x" || s.Unit != "mV" || len(s.Held) > 0 || len(s.At) != slicePoints || s.Network != nil || s.Sample != nil {
		t.Errorf("%+v", s)
	}
	// The swing reaches from −1 to 1 but for its sampling, f is −x, its deviation 0.02·|x|.
	if first, last := s.At[0], s.At[slicePoints-1]; first > -0.998 || first < -1 || last != 1 {
		t.Errorf("from %g to %g", first, last)
	}
	for i, x := range s.At {
		if !near(s.Value[i], -x) || math.Abs(s.High[i]-s.Value[i]-0.02*conclude.Confidence*math.Abs(x)) > 1e-12 || math.Abs(s.High[i]+s.Low[i]-2*s.Value[i]) > 1e-12 {
			t.Fatalf("f(%g) = %g [%g, %g]", x, s.Value[i], s.Low[i], s.High[i])
		}
	}
	if u := out.Unknowns.Slices[0]; u.Varied != "x" || !slices.Equal(u.At[0], s.At) || !slices.Equal(u.Value, s.Value) {
		t.Errorf("%+v", u)
	}
	if got := w.argument(0, 0); got != "x" {
		t.Errorf("f is called with %q", got)
	}
}

func TestTwoWaysToCallAnUnknownHaveNoCommonArgument(t *testing.T) {
	m := read(t, "states: {x: 1, y: 0}\nunknowns: {f: {arguments: [u]}}\nequations: |\n  x' = f(y)\n  y' = f(x)\n")
	w := answered(t)
	w.Whole = prepare(t, m, swing("a.csv", 0, 100))
	if got := w.argument(0, 0); got != "" {
		t.Errorf("%q", got)
	}
	w.Whole = prepare(t, read(t, "states: {x: 1, y: 0}\nunknowns: {f: {arguments: [u]}}\nequations: |\n  x' = f(2*y)\n  y' = x\n"), swing("a.csv", 0, 100))
	if got := w.argument(0, 0); got != "" {
		t.Errorf("an expression: %q", got)
	}
}

func TestAnAnswerIsToldWithItsFigures(t *testing.T) {
	w := answered(t)
	out, err := Tell(context.Background(), w.Answer, w.verdict)
	if err != nil {
		t.Fatal(err)
	}
	if out.Model != w.Closed || out.Result.Status != run.OK || out.UDE != nil || out.Unknowns == nil {
		t.Errorf("%+v", out)
	}
	if len(out.Trajectories.Entries) != 2 || out.Trajectories.Entries[1].Entry != "a.csv (held out)" || len(out.Page.Series) != 2 {
		t.Fatalf("%+v", out.Trajectories.Entries)
	}
	for e, track := range out.Trajectories.Entries {
		for c, ch := range track.Channels {
			for i, v := range ch.Data {
				// The free run starts on the path and keeps to it within the integration's tolerance.
				if ch.Nudged[i] != v || math.Abs(ch.Free[i]-v) > 1e-4 || w.All[e].Channels[c].Column != ch.Name {
					t.Fatalf("%s, %s at %g: data %g, fitted %g, free %g", track.Entry, ch.Name, track.Time[i], v, ch.Nudged[i], ch.Free[i])
				}
			}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Tell(ctx, w.Answer, w.verdict); err == nil {
		t.Error("figures were drawn though nobody waits for them")
	}
}
