package govern_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"govern"
	"govern/expr"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/record"
	"govern/run"
)

// units are what a user measures in: the numbers of the time and of every state
// are those of the bare problem times these.
type units struct {
	time  float64
	state map[string]float64
}

func (u units) of(state string) float64 {
	if s, ok := u.state[state]; ok {
		return s
	}
	return 1
}

// measured is an experiment whose problem can be written in any units.
type measured struct {
	name     string
	system   string // of the catalogue
	step     float64
	samples  int
	noise    map[string]float64 // of the observed states
	seed     uint64
	problem  func(u units) string // the model, its known equations in these units
	unknowns map[string]string    // of each unknown, the state whose equation it stands in
	// parameters are the factors by which the numbers of fitted parameters grow.
	parameters func(u units) map[string]float64
}

// open is a problem of the given states of which nothing is known.
func open(states ...string) func(units) string {
	return func(units) string {
		text := "states: {" + strings.Join(states, ": 0, ") + ": 0}\n  unknowns: {"
		equations := ""
		for i, s := range states {
			text += fmt.Sprintf("f%d: {}, ", i)
			equations += fmt.Sprintf("    %s' = f%d(%s)\n", s, i, strings.Join(states, ", "))
		}
		return strings.TrimSuffix(text, ", ") + "}\n  equations: |\n" + equations
	}
}

// hidden is Rössler's system with y unseen and unknown.
func hidden(u units) string {
	x, y, z, t := u.of("x"), u.of("y"), u.of("z"), u.time
	return fmt.Sprintf(`states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = -(%g)*y - %g*z
    y' = f(x, y)
    z' = %g + %g*z*(x - %g)
`, x/y/t, x/z/t, 0.22*z/t, 1/x/t, 14*x)
}

// discovered runs the problem in units.
func (m *measured) discovered(t *testing.T, u units) *govern.Outcome {
	t.Helper()
	system, err := model.Lookup(m.system)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := truth.Case{Model: system, Step: m.step, Samples: m.samples, Noise: m.noise, Seed: m.seed, Transient: 100}.Entry()
	if err != nil {
		t.Fatal(err)
	}
	p := writeEntry(t, in(entry, u), "model:\n  "+m.problem(u)+"data: {file: data.csv, time: t}\n")
	o, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	return o
}

// in is an experiment in units.
func in(e record.Entry, u units) record.Entry {
	e.Times = slices.Clone(e.Times)
	for i := range e.Times {
		e.Times[i] *= u.time
	}
	e.Channels = slices.Clone(e.Channels)
	for c := range e.Channels {
		ch := &e.Channels[c]
		ch.Values = slices.Clone(ch.Values)
		for i := range ch.Values {
			ch.Values[i] *= u.of(ch.Column)
		}
	}
	return e
}

// compare asks that the outcome of a problem in units is that of the bare problem:
// the status, every term, and all numbers up to the units and a relative tolerance.
func (m *measured) compare(t *testing.T, bare, o *govern.Outcome, u units, tolerance float64) {
	t.Helper()
	if o.Result.Status != bare.Result.Status {
		t.Errorf("status %s, bare %s: %s", o.Result.Status, bare.Result.Status, o.Result.Advice)
		return
	}
	for name, state := range m.unknowns {
		a, b := bare.Result.Unknowns[name], o.Result.Unknowns[name]
		if len(a.Terms) == 0 || len(a.Terms) != len(b.Terms) {
			t.Errorf("%s has the terms of %s, bare %s", name, said(b.Expression), said(a.Expression))
			continue
		}
		for i, want := range a.Terms {
			got := b.Terms[i]
			factor := u.of(state) / u.time / size(t, want.Term, got.Term, u)
			width := math.Abs(float64(want.Coefficient))
			for what, pair := range map[string][2]float64{"": {float64(got.Coefficient), float64(want.Coefficient)}, ", low end": {float64(got.Low), float64(want.Low)}} {
				if g, w := pair[0]/factor, pair[1]; !(math.Abs(g-w) <= tolerance*width) {
					t.Errorf("%s: the coefficient of %s%s is %.17g, bare %.17g", name, got.Term, what, g, w)
				}
			}
		}
		for _, at := range []float64{-1.7, -0.3, 0.4, 2.1} {
			g, w := value(t, *b.Expression, at, u)*u.time/u.of(state), value(t, *a.Expression, at, units{})
			if !(math.Abs(g-w) <= 10*tolerance*(1+math.Abs(w))) {
				t.Errorf("%s is %.17g where all arguments are %g, bare %.17g", name, g, at, w)
			}
		}
	}
	if m.parameters != nil {
		for name, factor := range m.parameters(u) {
			g, w := float64(o.Result.Parameters[name].Value)/factor, float64(bare.Result.Parameters[name].Value)
			if !(math.Abs(g-w) <= tolerance*math.Abs(w)) {
				t.Errorf("%s = %.17g, bare %.17g", name, g, w)
			}
		}
	}
	for name, w := range bare.Result.Noise {
		if g := float64(o.Result.Noise[name]) / u.of(name); !(math.Abs(g-float64(w)) <= tolerance*float64(w)) {
			t.Errorf("noise of %s %g, bare %g", name, g, float64(w))
		}
	}
	// Where a trajectory goes after many Lyapunov times is rounding, so numbers of
	// long runs are compared as far as they are determined.
	if a, b := bare.Result.Dynamics.Lyapunov, o.Result.Dynamics.Lyapunov; len(a) != len(b) || len(a) > 0 && math.Abs(float64(b[0])*u.time-float64(a[0])) > 0.1*math.Abs(float64(a[0]))+1e-3 {
		t.Errorf("Lyapunov exponents %v, bare %v", b, a)
	}
}

// said is an expression, where there is one.
func said(e *string) string {
	if e == nil {
		return "nothing"
	}
	return *e
}

// size is how a term grows when its arguments are written in units; numbers inside
// it may have changed with them.
func size(t *testing.T, bare, term string, u units) float64 {
	t.Helper()
	return value(t, term, 1.5, u) / value(t, bare, 1.5, units{})
}

// value is an expression where every argument has the same bare value.
func value(t *testing.T, text string, at float64, u units) float64 {
	t.Helper()
	e, err := expr.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := expr.Eval(e, func(name string) (float64, bool) { return at * u.of(name), true })
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// power is 2ⁿ: units in which rounding is the same.
func power(n int) float64 { return math.Ldexp(1, n) }

func TestResultsDoNotDependOnUnits(t *testing.T) {
	quick.Skip(t)
	m := &measured{name: "Rössler, y hidden and unknown", system: "rossler-14", step: 0.1, samples: 400, seed: 5,
		noise: map[string]float64{"x": 0.01, "z": 0.01}, problem: hidden, unknowns: map[string]string{"f": "y"}}
	bare := m.discovered(t, units{time: 1})
	for _, c := range []struct {
		units
		tolerance float64
	}{
		{units{time: power(-20), state: map[string]float64{"x": power(40), "y": power(-40), "z": 8}}, 1e-9},
		{units{time: 1e9, state: map[string]float64{"x": 1e-12, "y": 1e12, "z": 1000}}, 1e-6},
	} {
		m.compare(t, bare, m.discovered(t, c.units), c.units, c.tolerance)
	}
}

func TestDataFarFromZeroAreSaid(t *testing.T) {
	system, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	entry, err := truth.Case{Model: system, Step: 0.1, Samples: 400, Seed: 5, Transient: 100,
		Noise: map[string]float64{"x": 0.01, "z": 0.01}}.Entry()
	if err != nil {
		t.Fatal(err)
	}
	for i := range entry.Channels[0].Values {
		entry.Channels[0].Values[i] += 1e6
	}
	text := "model:\n  " + hidden(units{time: 1}) + "data: {file: data.csv, time: t, observe: {z: z, x: %s}}\n"
	for _, c := range []struct {
		observe string
		trusted bool
	}{{"x", false}, {"x + 1000000", true}} { // as the warning says
		o, err := govern.Discover(context.Background(), writeEntry(t, entry, fmt.Sprintf(text, c.observe)), govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(o.Result.Warnings, func(w string) bool { return strings.Contains(w, "`observe: {x: x + 1000000}`") })
		if said == c.trusted || o.Result.Status.Trusted() != c.trusted {
			t.Errorf("observe x: %s: status %s, warnings %q", c.observe, o.Result.Status, o.Result.Warnings)
		}
	}
}

func TestWithoutAHeldOutRunNothingIsProven(t *testing.T) {
	system, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	for _, samples := range []int{12, 45} {
		entry, err := truth.Case{Model: system, Step: 0.1, Samples: samples, Seed: 5, Transient: 100,
			Noise: map[string]float64{"x": 0.001, "y": 0.001, "z": 0.001}}.Entry()
		if err != nil {
			t.Fatal(err)
		}
		o, err := govern.Discover(context.Background(), writeEntry(t, entry, "model:\n  "+open("x", "y", "z")(units{})+"data: {file: data.csv, time: t}\n"), govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if r := o.Result; r.Status != run.Ambiguous && r.Status != run.NoModel || !strings.HasPrefix(r.Advice, "not proven") {
			t.Errorf("%d samples: status %s: %s", samples, r.Status, r.Advice)
		}
	}
}
