package profile

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/optim"
	"govern/problem"
	"govern/record"
	"govern/run"
)

// parabola is a profile of one coefficient with the minimum 10 at 3 and the deviation 0.5,
// between bounds.
func parabola(lower, upper float64) *profiling {
	return &profiling{points: 12, lower: lower, upper: upper,
		at: &fit.Fitted{Terms: make([]fit.Term, 1), Coefficients: []float64{3}, Covariance: []float64{0.25}, Objective: 10, Status: optim.Converged}}
}

// along makes refits of a −2 log L that is known.
func along(objective func(float64) float64) refit {
	return func(_ context.Context, _ string, f *fit.Fitted) (*fit.Fitted, error) {
		f.Objective, f.Status = objective(f.Coefficients[0]), optim.Converged
		return f, nil
	}
}

func square(v float64) float64 { return 10 + (v-3)*(v-3)/0.25 }

func TestTheProfileOfAParabolaEndsWhereTheIntervalDoes(t *testing.T) {
	w := parabola(math.Inf(-1), math.Inf(1))
	p, err := w.follow(context.Background(), "f: x", along(square))
	if err != nil {
		t.Fatal(err)
	}
	// √rise is linear: interpolation is exact.
	half := 0.5 * math.Sqrt(Level)
	if p.Parameter != "f: x" || p.Value != 3 || p.Sigma != 0.5 || math.Abs(p.Low.At-(3-half)) > 1e-12 || math.Abs(p.High.At-(3+half)) > 1e-12 || p.Low.Open || p.High.Open || p.Low.Why != "" {
		t.Errorf("%+v", p)
	}
	if !slices.IsSorted(p.Values) || slices.Min(p.Rise) != 0 {
		t.Errorf("values %v, rise %v", p.Values, p.Rise)
	}
	for i, v := range p.Values {
		if math.Abs(p.Rise[i]-(square(v)-10)) > 1e-12 {
			t.Errorf("at %g the rise is %g", v, p.Rise[i])
		}
	}
	// Steps of a quarter of a deviation, to two levels.
	if d := p.Values[1] - p.Values[0]; math.Abs(d-0.125) > 1e-12 {
		t.Errorf("steps of %g", d)
	}
	if n := len(p.Values); p.Rise[0] < 2*Level || p.Rise[1] > 2*Level || p.Rise[n-1] < 2*Level {
		t.Errorf("followed up to a rise of %g and %g", p.Rise[0], p.Rise[n-1])
	}
	if w.at.Coefficients[0] != 3 {
		t.Error("the best fit was changed")
	}
}

func TestStepsAreDoubledWhereTheProfileIsFlat(t *testing.T) {
	flat := func(v float64) float64 { return 10 + (v-3)*(v-3)/100 } // a deviation of 10, 0.5 was promised
	p, err := parabola(math.Inf(-1), math.Inf(1)).follow(context.Background(), "", along(flat))
	if err != nil || p.Low.Open || p.High.Open || math.Abs(p.High.At-(3+10*math.Sqrt(Level))) > 1e-9 {
		t.Errorf("[%+v, %+v] (%v)", p.Low, p.High, err)
	}
}

func TestAnOpenSideSaysHowFarItWasFollowed(t *testing.T) {
	for name, c := range map[string]struct {
		w         *profiling
		objective func(float64) float64
		why       string
	}{
		"a bound":      {parabola(2.7, math.Inf(1)), square, "up to the parameter's bound 2.7, it has risen by 0.36"},
		"few points":   {parabola(math.Inf(-1), math.Inf(1)), func(v float64) float64 { return 10 + math.Max(v-3, 0)*40 }, "followed over 12 refits, it has risen by 0"},
		"no formula":   {parabola(math.Inf(-1), math.Inf(1)), func(v float64) float64 { return map[bool]float64{true: math.Inf(1), false: square(v)}[v < 2.7] }, "up to 2.75, beyond which the model cannot be evaluated, it has risen by 0.25"},
		"at its bound": {parabola(3, math.Inf(1)), square, "up to the parameter's bound 3, it has risen by 0"},
	} {
		p, err := c.w.follow(context.Background(), "", along(c.objective))
		if err != nil || !p.Low.Open || !math.IsNaN(p.Low.At) || p.Low.Why != c.why || p.High.Open || p.High.Why != "" {
			t.Errorf("%s: %+v, %+v (%v)", name, p.Low, p.High, err)
		}
	}
}

// Where a refit finds a lower minimum than the fit that the profile began with, it is the best.
func TestTheLowestPointIsTheBest(t *testing.T) {
	p, err := parabola(math.Inf(-1), math.Inf(1)).follow(context.Background(), "", along(func(v float64) float64 { return 9 + (v-3.375)*(v-3.375)/0.25 }))
	if err != nil || p.Value != 3.375 || p.Rise[slices.Index(p.Values, 3)] != 1 {
		t.Fatalf("%+v (%v)", p, err)
	}
	if half := 0.5 * math.Sqrt(Level); math.Abs(p.Low.At-(3.375-half)) > 0.02 || math.Abs(p.High.At-(3.375+half)) > 0.02 {
		t.Errorf("[%g, %g]", p.Low.At, p.High.At) // the start is a step off the parabola, as a bad fit is
	}
}

func TestAProfileGoesOnWithoutACurvature(t *testing.T) {
	w := parabola(math.Inf(-1), math.Inf(1))
	w.at.Covariance = []float64{math.NaN()}
	p, err := w.follow(context.Background(), "", along(square))
	if err != nil || !math.IsInf(p.Sigma, 1) || p.Low.Open || p.High.Open || !(p.Low.At < 3 && 3 < p.High.At) {
		t.Errorf("%+v (%v)", p, err)
	}
}

func TestAProfileStopsWithItsRefits(t *testing.T) {
	broken := errors.New("broken")
	var steps []string
	_, err := parabola(math.Inf(-1), math.Inf(1)).follow(context.Background(), "", func(_ context.Context, step string, f *fit.Fitted) (*fit.Fitted, error) {
		if steps = append(steps, step); len(steps) == 3 {
			return nil, broken
		}
		f.Objective, f.Status = square(f.Coefficients[0]), optim.Converged
		return f, nil
	})
	if !errors.Is(err, broken) || !slices.Equal(steps, []string{"profile/below-00", "profile/below-01", "profile/below-02"}) {
		t.Errorf("%v after %q", err, steps)
	}
}

func TestASideEndsAtTheFirstCrossing(t *testing.T) {
	p := &Profile{Values: []float64{-2, -1, 0, 1, 2, 3}, Rise: []float64{9, 1, 0, 1, 4, 1}}
	if e := p.end(2, 1); e.Open || math.Abs(e.At-(1+(math.Sqrt(Level)-1)/(2-1))) > 1e-12 {
		t.Errorf("above: %+v", e)
	}
	if e := p.end(2, -1); e.Open || math.Abs(e.At-(-1-(math.Sqrt(Level)-1)/(3-1))) > 1e-12 {
		t.Errorf("below: %+v", e)
	}
	p.Rise[4] = 3.8
	if e := p.end(2, 1); !e.Open || !math.IsNaN(e.At) {
		t.Errorf("a side that rises to 3.8: %+v", e)
	}
}

// found is a result of x' = f(x) + g(y), y' = c·x with values of a in two entries.
func found(change func(*run.Result)) *run.Result {
	formula := "…"
	r := &run.Result{
		Unknowns: map[string]run.Unknown{
			"f": {Expression: &formula, Terms: []run.Term{{Term: "x", Coefficient: 2}, {Term: "x^2", Coefficient: -1}}},
			"g": {Expression: &formula, Terms: []run.Term{{Term: "y", Coefficient: 3}, {Term: "1", Coefficient: 0.5}}},
		},
		Parameters: map[string]run.Estimate{
			"c": {Value: 7},
			"a": {Value: 1.5, Entries: map[string]run.Estimate{"a.csv": {Value: 1}, "b.csv": {Value: 2, Held: true}}},
		},
	}
	if change != nil {
		change(r)
	}
	return r
}

func asked(t *testing.T) *problem.Problem {
	t.Helper()
	p, err := problem.Read("p.yaml", []byte(`
model:
  states: {x: 1, y: 0}
  parameters: {c: {value: 1, fit: true, min: 0, max: 9}, a: {value: 1, fit: true, each: entry}}
  unknowns: {f: {}, g: {}}
  equations: |
    x' = f(x) + g(y)
    y' = c*x + a
data: [{file: a.csv}, {file: b.csv}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatCanBeProfiledIsListed(t *testing.T) {
	want := []string{"a of a.csv", "c", "f: x", "f: x^2", "g: y", "g: 1"}
	if got := Names(found(nil)); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	spread := found(func(r *run.Result) {
		e := r.Parameters["a"]
		e.Spread = &run.Estimate{}
		r.Parameters["a"] = e
	})
	if got := Names(spread); !slices.Equal(got, append([]string{"a"}, want...)) { // a learned mean too
		t.Errorf("%q", got)
	}
	for _, name := range want {
		if err := Check(asked(t), found(nil), Options{Parameter: name}); err != nil {
			t.Errorf("%s is listed: %v", name, err)
		}
	}
}

func TestTheNumberThatIsMeantIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		column       int
		value        float64
		lower, upper float64
	}{
		"f: x":       {0, 2, math.Inf(-1), math.Inf(1)},
		" f :  x^2 ": {1, -1, math.Inf(-1), math.Inf(1)},
		"x*x":        {1, -1, math.Inf(-1), math.Inf(1)}, // terms are compared simplified
		"y":          {2, 3, math.Inf(-1), math.Inf(1)},
		"1":          {3, 0.5, math.Inf(-1), math.Inf(1)},
		"c":          {4, 7, 0, 9},
		"a of a.csv": {5, 1, math.Inf(-1), math.Inf(1)},
	} {
		w := &profiling{}
		if err := w.formula(asked(t), found(nil), name); err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if w.column != c.column || w.value(&w.start) != c.value || w.lower != c.lower || w.upper != c.upper {
			t.Errorf("%q: column %d, %g in [%g, %g]", name, w.column, w.value(&w.start), w.lower, w.upper)
		}
		if !slices.Equal(w.start.Coefficients, []float64{2, -1, 3, 0.5}) || !slices.Equal(w.start.Parameters, []float64{7, 1}) || w.start.Terms[2].Unknown != 1 {
			t.Errorf("%q: starts from %+v", name, w.start)
		}
		g := w.with(&w.start, 99)
		if w.value(g) != 99 || w.value(&w.start) != c.value {
			t.Errorf("%q: set to %g, the start to %g", name, w.value(g), w.value(&w.start))
		}
	}
}

func TestWhatCannotBeProfiledIsRefusedWithAReason(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*run.Result)
		why    string
	}{
		{"q", nil, "has fitted no such parameter"},
		{"x^3", nil, "its formula has no such term"},
		{"g: x", nil, "its formula has no such term"},
		{"a", nil, `say of which, as in "a of a.csv"`},
		{"a of b.csv", nil, "the run held it"},
		{"x", func(r *run.Result) { r.Unknowns["g"].Terms[0].Term = "x" }, `several unknowns have that term; say of which, as in "f: x"`},
		{"c", func(r *run.Result) { r.Extra = &run.Extra{State: "w"} }, "extra hidden state w"},
		{"c", func(r *run.Result) { r.Unknowns["g"] = run.Unknown{} }, "the run has no formula for g"},
		{"c", func(r *run.Result) { delete(r.Parameters, "c") }, "the run held it"},
	} {
		err := Check(asked(t), found(c.change), Options{Parameter: c.name})
		if wrong, ok := errors.AsType[*Error](err); !ok || !strings.Contains(wrong.Why, c.why) || wrong.Parameter != c.name || !strings.Contains(err.Error(), fmt.Sprintf("no profile of %q", c.name)) {
			t.Errorf("%q: %v, want %q", c.name, err, c.why)
		}
	}
	broken := found(func(r *run.Result) { r.Unknowns["f"].Terms[0].Term = "x +" })
	if err := Check(asked(t), broken, Options{Parameter: "c"}); err == nil || !strings.Contains(err.Error(), run.ResultFile) {
		t.Errorf("a term that cannot be read: %v", err)
	}
}

func TestAnEstimateIsOfTheParameterOrOfItsEntry(t *testing.T) {
	r := found(nil)
	for _, c := range []struct {
		p     model.Parameter
		value run.Number
		ok    bool
	}{
		{model.Parameter{Name: "c"}, 7, true},
		{model.Parameter{Name: "d"}, 0, false},
		{model.Parameter{Name: "a of a.csv", Of: "a", Entry: "a.csv"}, 1, true},
		{model.Parameter{Name: "a of b.csv", Of: "a", Entry: "b.csv"}, 2, false}, // held
		{model.Parameter{Name: "a of c.csv", Of: "a", Entry: "c.csv"}, 0, false},
	} {
		if e, ok := estimated(r, &c.p); ok != c.ok || e.Value != c.value {
			t.Errorf("%s: %v, %t", c.p.Name, e.Value, ok)
		}
	}
}

func TestFilesOfOneNoiseShareALevel(t *testing.T) {
	r := found(func(r *run.Result) {
		r.NoiseEntries = map[string]map[string]run.Number{"x": {"a.csv": 0.5, "b.csv": 0.1, "c.csv": 0.1}}
	})
	var entries []record.Entry
	for _, name := range []string{"a.csv", "b.csv", "c.csv", "d.csv"} {
		entries = append(entries, record.Entry{Name: name, Channels: []record.Channel{{Column: "x", Observe: expr.Var("x")}, {Column: "y", Observe: expr.Var("y")}}})
	}
	got := atNoises(entries, r)
	for e, want := range []int{1, 0, 0, 0} {
		if got[e].Channels[0].Level != want || got[e].Channels[1].Level != 0 || entries[e].Channels[0].Level != 0 {
			t.Errorf("%s: level %d", got[e].Name, got[e].Channels[0].Level)
		}
	}
}
