package compare

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/fit/neural"
	"govern/journal"
	"govern/model"
	"govern/problem"
	"govern/record"
	"govern/tape"
)

func ended(free ...float64) Trial {
	var t Trial
	for _, v := range free {
		t.Points = append(t.Points, Progress{Free: v})
	}
	return t
}

func TestATrialEndsWithItsLastForecast(t *testing.T) {
	if got := ended(0.9, 0.2).Final(); got != 0.2 {
		t.Errorf("%g", got)
	}
	if got := ended().Final(); !math.IsInf(got, 1) {
		t.Errorf("%g of a trial that was never measured", got)
	}
}

func TestAMethodIsJudgedByTheEndsOfItsTrials(t *testing.T) {
	m := Method{Trials: []Trial{ended(0.01, 0.3), ended(5, 0.05), ended(), ended(SuccessLevel)}}
	if got := m.Median(); got != 0.2 { // of 0.05, 0.1, 0.3, ∞
		t.Errorf("median %g", got)
	}
	if got := m.Success(SuccessLevel); got != 1 { // the level itself is none
		t.Errorf("%d successes", got)
	}
	m.Trials = m.Trials[2:3]
	if got := m.Median(); !math.IsInf(got, 1) {
		t.Errorf("median %g of an escape", got)
	}
}

func TestZeroOptionsAreDefaults(t *testing.T) {
	got := Options{}.filled()
	if got.Seeds != 5 || got.Budget != 200 || got.Degree != 2 || !slices.Equal(got.Forms, []Form{LibraryForm}) || got.Only != nil {
		t.Errorf("%+v", got)
	}
	asked := Options{Seeds: 1, Budget: 2, Degree: 3, Forms: []Form{NeuralForm}}
	if got := asked.filled(); got.Seeds != 1 || got.Budget != 2 || got.Degree != 3 || got.Forms[0] != NeuralForm {
		t.Errorf("%+v", got)
	}
}

func TestMethodsAreAllPairsOfSegmentsGainsAndStarts(t *testing.T) {
	c := &comparison{options: Options{Forms: []Form{LibraryForm, NeuralForm}}, out: Comparison{Segment: 30, Gains: []float64{2, 1, 0}}}
	all := c.methods()
	var names []string
	seen := map[string]bool{}
	for _, m := range all {
		if m.Form == LibraryForm {
			names = append(names, m.Name)
		}
		seen[fmt.Sprint(m.Form, m.Warm, m.Segment, m.Gain)] = true
		if strings.Contains(m.Name, "warm") != m.Warm || m.Segment != 0 && m.Segment != 30 || m.Gain != 0 && m.Gain != 2 {
			t.Errorf("%+v", m)
		}
	}
	if len(all) != 16 || len(seen) != 16 || !slices.Equal(names, methodNames) {
		t.Errorf("%d methods, %d of them different: %q", len(all), len(seen), names)
	}
	c.options.Only = []string{"both, cold", "plain, warm"}
	if got := c.methods(); len(got) != 4 || got[0].Name != "both, cold" || got[1].Name != "plain, warm" || got[2].Form != NeuralForm {
		t.Errorf("%+v", got)
	}
}

func TestTheFirstCauseIsNoCancellation(t *testing.T) {
	broken, later := errors.New("broken"), errors.New("later")
	cancelled := fmt.Errorf("trial: %w", context.Canceled)
	for _, c := range []struct {
		errs []error
		want error
	}{
		{nil, nil},
		{[]error{nil, nil}, nil},
		{[]error{nil, cancelled, broken, later}, broken},
		{[]error{broken, cancelled, later}, broken},
		{[]error{nil, cancelled, nil}, cancelled}, // by the user
	} {
		if got := firstCause(c.errs); got != c.want {
			t.Errorf("%v: %v", c.errs, got)
		}
	}
}

func TestMissingSamplesHaveTheLastValue(t *testing.T) {
	x := []float64{math.NaN(), 2, math.NaN(), math.NaN(), 5}
	if got := present(x); !slices.Equal(got, []float64{0, 2, 2, 2, 5}) || !math.IsNaN(x[0]) {
		t.Errorf("%v of %v", got, x)
	}
}

// kept is a journal that has every trial already: its gain is the number that its name ends
// with, its only forecast a tenth of that.
type kept struct{ failing string }

func (k kept) Do(name string, out any, _ func() error) error {
	if k.failing != "" && strings.HasSuffix(name, k.failing) {
		return errors.New("broken")
	}
	r := out.(*storedTrial)
	if _, err := fmt.Sscanf(name[strings.LastIndex(name, " ")+1:], "%g", &r.Gain); err != nil {
		return err
	}
	r.Points = []Progress{{Free: r.Gain / 10}}
	if strings.Contains(name, "plain") {
		r.Model = []byte("states: {x: 1}\nequations: x' = -x\n")
	}
	return nil
}

func TestTrialsAreInTheOrderOfMethodsAndSeeds(t *testing.T) {
	for _, workers := range []int{1, 3} {
		c := &comparison{options: Options{Seeds: 3, Forms: []Form{LibraryForm}}, out: Comparison{Segment: 30, Gains: []float64{2, 0}},
			settings: conclude.Settings{Seed: 7, Workers: workers, Journal: kept{}}}
		got, err := c.run(context.Background())
		if err != nil || len(got.Methods) != 8 {
			t.Fatalf("%v (%v)", got, err)
		}
		for _, m := range got.Methods {
			for k, trial := range m.Trials {
				if seed := uint64(7 + k); trial.Seed != seed || trial.Gain != float64(seed) || trial.Final() != float64(seed)/10 || (trial.Model != nil) != strings.Contains(m.Name, "plain") {
					t.Errorf("%s, trial %d: %+v", m.Name, k, trial)
				}
			}
			if len(m.Trials) != 3 {
				t.Errorf("%s: %d trials", m.Name, len(m.Trials))
			}
		}
		c.settings.Journal = kept{failing: "seed 8"}
		if _, err := c.run(context.Background()); err == nil || err.Error() != "broken" {
			t.Errorf("a trial failed, the comparison says %v", err)
		}
	}
}

func TestAStepIsRememberedWhereThereIsAJournal(t *testing.T) {
	steps := 0
	compute := func() error { steps++; return nil }
	c := &comparison{}
	var out struct{ Largest float64 }
	for range 2 {
		if err := c.remember("compare/exponent", &out, compute); err != nil {
			t.Fatal(err)
		}
	}
	c.settings.Journal = &journal.Memory{}
	for range 2 {
		if err := c.remember("compare/exponent", &out, compute); err != nil {
			t.Fatal(err)
		}
	}
	if steps != 3 {
		t.Errorf("computed %d times, want twice without a journal and once with one", steps)
	}
}

// swinging is a comparison on x' = w·y, y' = f(x) along x = cos t, whose second sample of x
// is missing; y is hidden.
func swinging(t *testing.T) *comparison {
	t.Helper()
	m, err := model.Read("m.yaml", []byte("states: {x: 1, y: 0}\nparameters: {w: {value: 0.5, fit: true}}\nunknowns: {f: {}}\nequations: |\n  x' = w*y\n  y' = f(x)\n"))
	if err != nil {
		t.Fatal(err)
	}
	e := record.Entry{Name: "a.csv"}
	var x []float64
	sm := &fit.Smoothed{Parameters: []float64{1}, States: [][][]float64{{nil, nil}}, Calls: [][][]float64{{nil}}, Spread: [][][]float64{{nil}}}
	for i := range 200 {
		s := 0.1 * float64(i)
		e.Times, x = append(e.Times, s), append(x, math.Cos(s))
		sm.States[0][0], sm.States[0][1] = append(sm.States[0][0], math.Cos(s)), append(sm.States[0][1], -math.Sin(s))
		sm.Calls[0][0], sm.Spread[0][0] = append(sm.Calls[0][0], -math.Cos(s)), append(sm.Spread[0][0], 0.01)
	}
	x[1] = math.NaN()
	e.Channels = []record.Channel{{Column: "x", Observe: expr.Var("x"), Values: x}}
	c := &comparison{problem: &problem.Problem{Model: m}, train: []record.Entry{e}, smoothed: sm, substeps: 3}
	if c.data, err = fit.Prepare(m, c.train); err != nil {
		t.Fatal(err)
	}
	c.library = discover.Library(m, 0, 2) // 1, x, x²
	c.forms = []neural.Form{{Arguments: []string{"x"}, Neural: tape.Neural{Names: []string{"f"}, Inputs: 1, Hidden: []int{2}, Start: []float64{1, -2, 3, 4, -5, 6, 7}}}}
	return c
}

// A cold start knows of the path what is measured, and of parameters what the problem says.
func TestAColdStartHasNotSeenThePath(t *testing.T) {
	c := swinging(t)
	path := c.unseen()
	x, y := path.States[0][0], path.States[0][1]
	if x[0] != 1 || x[1] != 1 || x[2] != math.Cos(0.2) || slices.Max(y) != 0 || slices.Min(y) != 0 || len(y) != 200 {
		t.Errorf("x = %v…, y from %g to %g", x[:3], slices.Min(y), slices.Max(y))
	}
	if c.smoothed.States[0][1][7] == 0 {
		t.Error("the smoothed path itself was changed")
	}
	if got := c.given(); !slices.Equal(got, []float64{0.5}) || c.smoothed.Parameters[0] != 1 {
		t.Errorf("w = %v", got)
	}
}

func TestStartsAreDrawnFromTheirSeed(t *testing.T) {
	c := swinging(t)
	engine := &fit.Engine{Data: c.data, Workers: 1}
	start := func(m Method, seed uint64) *fit.Fitted {
		f, err := c.start(engine, m, rand.New(rand.NewPCG(seed, 77)))
		if err != nil {
			t.Fatal(err)
		}
		if f.Substeps != 3 {
			t.Errorf("%d Runge–Kutta steps", f.Substeps)
		}
		return f
	}
	// Six standard deviations of a hundredth, and what is left of the regression by its prior.
	const near = 0.08
	warm := start(Method{Form: LibraryForm, Warm: true}, 1)
	for i, term := range warm.Terms {
		if want := map[string]float64{"x": -1}[term.Factor.String()]; math.Abs(warm.Coefficients[i]-want) > near {
			t.Errorf("warm: %g of %s", warm.Coefficients[i], term.Factor)
		}
	}
	if len(warm.Terms) != 3 || math.Abs(warm.Parameters[0]-1) > near {
		t.Errorf("warm: %d terms, w = %v", len(warm.Terms), warm.Parameters)
	}
	cold, other := start(Method{Form: LibraryForm}, 1), start(Method{Form: LibraryForm}, 2)
	if slices.Equal(cold.Coefficients, other.Coefficients) || !slices.Equal(cold.Coefficients, start(Method{Form: LibraryForm}, 1).Coefficients) || cold.Parameters[0] != 0.5 {
		t.Errorf("cold: %v from one seed, %v from another, w = %v", cold.Coefficients, other.Coefficients, cold.Parameters)
	}
	trained := c.forms[0].Neural.Start
	weights := start(Method{Form: NeuralForm, Warm: true}, 1).Forms[0].Neural.Start
	for i, w := range weights {
		if r := w / trained[i]; r == 1 || math.Abs(r-1) > 0.06 {
			t.Errorf("a warm weight of %g begins at %g", trained[i], w)
		}
	}
	a, b := start(Method{Form: NeuralForm}, 1).Forms[0].Neural.Start, start(Method{Form: NeuralForm}, 2).Forms[0].Neural.Start
	if len(a) != 7 || slices.Equal(a, b) || !slices.Equal(trained, []float64{1, -2, 3, 4, -5, 6, 7}) {
		t.Errorf("cold weights %v and %v, trained %v", a, b, trained)
	}
}

func TestAMeasurementHasTheWorstChannelAndNoForecastWithoutAStart(t *testing.T) {
	c := swinging(t)
	c.data.Channels = append(c.data.Channels, c.data.Channels[0])
	c.data.Channels[0].Std, c.data.Channels[1].Std = 0.5, 2
	// No held-out start: a forecast that was never made is no success.
	a := &attempt{spent: Progress{Steps: 9, Tried: 7, Gain: 99}}
	a.Gain = 0.5
	f := &fit.Fitted{Residual: []float64{0.4, 0.3}, Terms: []fit.Term{{Factor: expr.Num(1)}}, Coefficients: []float64{-1}, Sigma: []float64{0.1, 0.1}, Scale: []float64{1, 1}, Parameters: []float64{1}}
	if err := c.measure(context.Background(), f, a); err != nil {
		t.Fatal(err)
	}
	if p := a.Points; len(p) != 1 || p[0].Nudged != 0.8 || p[0].Steps != 9 || p[0].Tried != 7 || p[0].Gain != 0.5 || !math.IsInf(p[0].Free, 1) {
		t.Errorf("%+v", a.Points)
	}
}

func TestAComparisonIsRefusedBeforeAnythingIsFitted(t *testing.T) {
	p, err := problem.Read("p.yaml", []byte("model:\n  states: {x: 1}\n  parameters: {a: {value: 1, fit: true, each: entry}}\n  unknowns: {f: {}}\n  equations: x' = f(x) - a\ndata: {file: a.csv}\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(context.Background(), p, Options{}, conclude.Settings{})
	if each, ok := errors.AsType[*conclude.EachError](err); !ok || each.Parameter != "a" {
		t.Errorf("values of entries: %v", err)
	}
}
