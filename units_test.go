package govern_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"govern"
	"govern/expr"
	"govern/fit"
	"govern/internal/truth"
	"govern/model"
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
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	o, err := govern.Discover(ctx, p, govern.Settings{Monitor: watch})
	if err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	return o
}

// watch is a monitor for looking into a test.
var watch fit.Monitor

// in is an experiment in units.
func in(e fit.Entry, u units) fit.Entry {
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
			if want.Term != got.Term {
				t.Errorf("%s: term %s, bare %s", name, got.Term, want.Term)
				continue
			}
			factor := u.of(state) / u.time / size(t, want.Term, u)
			for what, pair := range map[string][2]float64{"": {float64(got.Coefficient), float64(want.Coefficient)}, ", low end": {float64(got.Low), float64(want.Low)}} {
				if g, w := pair[0]/factor, pair[1]; !(math.Abs(g-w) <= tolerance*math.Abs(float64(want.Coefficient))) {
					t.Errorf("%s: the coefficient of %s%s is %.17g, bare %.17g", name, want.Term, what, g, w)
				}
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
	if a, b := bare.Result.Dynamics.Lyapunov, o.Result.Dynamics.Lyapunov; len(a) != len(b) || len(a) > 0 && math.Abs(float64(b[0])*u.time-float64(a[0])) > 0.05*math.Abs(float64(a[0]))+1e-3 {
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

// size is how a term grows when its arguments are written in units.
func size(t *testing.T, term string, u units) float64 {
	t.Helper()
	e, err := expr.Parse(term)
	if err != nil {
		t.Fatal(err)
	}
	at := func(u units) float64 {
		v, err := expr.Eval(e, func(name string) (float64, bool) { return 1.5 * u.of(name), true })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	return at(u) / at(units{})
}

func power(n int) float64 { return math.Ldexp(1, n) }
