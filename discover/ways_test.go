package discover

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"govern/discover/changes"
	"govern/fit"
	"govern/model"
	"govern/optim"
	"govern/record"
)

func wayNames(list []place) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.name)
	}
	return out
}

func TestEveryWayIsDescribed(t *testing.T) {
	m := readModel(t, oneUnknown)
	for _, list := range [][]place{waysFor(m), waysInRegimes(), waysOnNetworks()} {
		for _, p := range list {
			if p.name == "" || p.when == "" || p.run == nil || !slices.Contains([]Cost{Cheap, Moderate, Expensive}, p.cost) {
				t.Errorf("way %q: cost %q, when %q", p.name, p.cost, p.when)
			}
		}
	}
	all := wayNames(waysFor(m))
	left := wayNames(withoutWay(waysFor(m), extraState().name))
	if len(left) != len(all)-1 || slices.Contains(left, extraState().name) {
		t.Errorf("without the extra state: %v", left)
	}
}

// Every way stands once on any data: those that come early where every state is
// observed come late elsewhere.
func TestWaysAreListedForAProblem(t *testing.T) {
	d := oneUnknownData(t)
	o := Options{}
	seen := wayNames(nil)
	for _, w := range Ways(&fit.Engine{Data: d}, o) {
		if slices.Contains(seen, w.Name) {
			t.Errorf("%s is listed twice", w.Name)
		}
		seen = append(seen, w.Name)
		if excluded := w.Name == mixtures().name || w.Name == approximations().name; (w.Excluded != "") != excluded {
			t.Errorf("%s is excluded: %q", w.Name, w.Excluded)
		}
	}
	hidden := *d
	hidden.Channels = d.Channels[:1]
	var late []string
	for _, w := range Ways(&fit.Engine{Data: &hidden}, o) {
		late = append(late, w.Name)
	}
	if !observesAll(d) || !hidesAny(&hidden) || slices.Index(seen, driven().name) > slices.Index(seen, again().name) || slices.Index(late, driven().name) < slices.Index(late, again().name) || len(seen) != len(late) {
		t.Errorf("observed: %v; hidden: %v", seen, late)
	}
	given := *d
	given.Entries = slices.Clone(d.Entries)
	given.Entries[0].Regime = 2
	if ways := Ways(&fit.Engine{Data: &given}, o); len(ways) != len(waysInRegimes()) || ways[3].Name != absent().name {
		t.Errorf("with regimes: %+v", ways)
	}
	m := readModel(t, strings.Replace(oneUnknown, "f: {}", "f: {neural: {hidden: [3]}}", 1))
	if got := wayNames(waysFor(m)); got[0] != networks().name || !asksForNetwork(m) || asksForNetwork(d.Model) {
		t.Errorf("asked for a neural form: %v", got)
	}
}

func TestOptionsExcludeWays(t *testing.T) {
	d := oneUnknownData(t)
	e := &fit.Engine{Data: d}
	e.Options.Omega = 0.01
	o := Options{Roads: "full"}.withDefaults(d.Model)
	for _, w := range []way{driven(), again(), networks(), extraState()} {
		if w.exclusion(e, o) == "" {
			t.Errorf("%s is not excluded by a given defect weight and road", w.name)
		}
	}
	e.Options.Omega, e.Options.Segment = 0, 5
	for _, w := range []way{driven(), regimes()} {
		if why := w.exclusion(e, o); why != longSegments {
			t.Errorf("%s with long segments: %q", w.name, why)
		}
	}
	if libraries().exclusion(e, o) != "" || allowsNetwork(readModel(t, `
states: {x: 1}
equations: |
  x' = -x
`)) {
		t.Error("libraries are excluded, or networks are not where nothing is unknown")
	}
	if lacksUnknown(d.Model, 1, 1) != "" || lacksUnknown(d.Model, 2, math.MaxInt) == "" {
		t.Error("f has one argument")
	}
}

// check reads a degree from the first two arguments; the search goes to 3 because one
// unknown has three.
func TestDegreesAreThoseOfTheWholeModel(t *testing.T) {
	m := readModel(t, `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {}, g: {}, h: {library: {degree: 2}}}
equations: |
  x' = f(x)
  y' = g(x, y, z)
  z' = h(x)
`)
	for _, c := range []struct {
		o        Options
		unknown  int
		from, to int
	}{{Options{}, 0, 1, 3}, {Options{}, 1, 1, 3}, {Options{}, 2, 2, 2}, {Options{Degree: 5}, 0, 1, 5}, {Options{Degree: 5}, 2, 2, 2}} {
		if from, to := c.o.Degrees(m, c.unknown); from != c.from || to != c.to {
			t.Errorf("unknown %d: degrees %d to %d, want %d to %d", c.unknown, from, to, c.from, c.to)
		}
	}
	if _, to := (Options{}).Degrees(readModel(t, oneUnknown), 0); to != 4 {
		t.Errorf("degrees to %d of an unknown of one argument alone", to)
	}
	if o := (Options{}).withDefaults(m); o.Roads != "both" || o.Penalty != 1 || o.Tie != 6 {
		t.Errorf("defaults %+v", o)
	}
}

// Whether a way is due depends on the best formula.
func TestWaysAreDueForWhatWasFound(t *testing.T) {
	d := oneUnknownData(t)
	f := &finder{engine: &fit.Engine{Data: d}, options: Options{}.withDefaults(d.Model), result: &Result{}}
	due := func() (names []string) {
		for _, p := range waysFor(d.Model)[2:] {
			if p.reason(f) == "" && !slices.Contains(names, p.name) {
				names = append(names, p.name)
			}
		}
		return names
	}
	if got := due(); !slices.Equal(got, []string{functions().name, networks().name}) {
		t.Errorf("without any fit: %v", got)
	}
	f.result.Smoothed = &fit.Smoothed{}
	f.best = formulaOf(t, d, -10, true, 0, "x")
	if got := due(); !slices.Equal(got, []string{functions().name, coloured().name}) {
		t.Errorf("a formula passes: %v", got)
	}
	f.best.fit.Omega = 0.02
	if got := due(); !slices.Equal(got, []string{driven().name, functions().name, regimes().name, again().name, coloured().name}) {
		t.Errorf("a formula passes with a defect: %v", got)
	}
	f.best.checks = []Check{{OK: false}}
	if got := due(); !slices.Equal(got, []string{driven().name, functions().name, regimes().name, again().name, coloured().name, networks().name, extraState().name}) {
		t.Errorf("no formula passes: %v", got)
	}
	if f.mayBeApproximation() {
		t.Error("a formula that fails may be an approximation")
	}
	f.best.checks = nil
	if !f.mayBeApproximation() || !f.nearTheTruth() {
		t.Error("a formula that passes with a defect is no approximation")
	}
	f.best.fit.Driven = true
	if f.mayBeApproximation() || f.regimesDue() == "" || f.best.retryDue() == "" {
		t.Error("process noise leaves something to explain")
	}
	for passes, want := range map[bool]string{true: "a function with numbers inside passes", false: ""} {
		bent := formulaOf(t, d, -10, passes, 1, "tanh(x*k)")
		bent.fit.Omega = 0.02
		if got := bent.retryDue(); got != want {
			t.Errorf("a bend that passes (%v) is not fitted again: %q", passes, got)
		}
	}
	f.best = nil
	if f.best.retryDue() != noFormulaConverges || untilOnePasses(f) != "" || !f.mayChange() {
		t.Error("nothing can be fitted again where nothing was")
	}
}

// A list is walked until a way has an answer; every way is reported.
func TestAWalkReportsEveryWay(t *testing.T) {
	d := oneUnknownData(t)
	finds := way{name: "finds", cost: Moderate, run: func(_ context.Context, f *finder) (*Result, error) {
		f.consider([]*candidate{formulaOf(t, d, -7, true, 0, "1", "x")})
		return nil, nil
	}}
	nested := way{name: "nested", run: func(ctx context.Context, f *finder) (*Result, error) {
		return f.walk(ctx, []place{{way: finds}}, "inside: ")
	}}
	answers := way{name: "answers", run: func(context.Context, *finder) (*Result, error) {
		return &Result{Regimes: make([]Regime, 2), Ways: []WayReport{{Name: "its own"}}}, nil
	}}
	notDue := way{name: "not due", due: func(*finder) string { return "because" }, run: answers.run}
	elsewhere := place{way: answers, on: hidesAny}
	f := &finder{engine: &fit.Engine{Data: d}, result: &Result{}}
	r, err := f.walk(context.Background(), []place{elsewhere, {way: finds}, {way: notDue}, {way: nested}, {way: answers}, {way: finds}}, "")
	if err != nil || r == nil {
		t.Fatal(r, err)
	}
	var got []string
	for _, w := range r.Ways {
		got = append(got, strings.Join([]string{w.Name, string(w.State), w.Why}, "|"))
	}
	want := []string{"finds|tried|", "not due|skipped|because", "nested|tried|", "inside: finds|tried|", "answers|tried|", "answers: its own||", "finds|not reached|the search ended with answers"}
	if !slices.Equal(got, want) {
		t.Errorf("reports %q, want %q", got, want)
	}
	if found := r.Ways[0].Found; !strings.Contains(found, "2 terms (test)") || !strings.Contains(found, "passes the checks; the best so far") {
		t.Errorf("found %q", found)
	}
	if found := r.Ways[4].Found; found != "a formula with 2 regimes" {
		t.Errorf("found %q", found)
	}
	if len(f.result.Tried) != 2 || len(f.all) != 2 {
		t.Errorf("considered %v", f.result.Tried)
	}
	broken := errors.New("broken")
	if _, err := f.walk(context.Background(), []place{{way: way{run: func(context.Context, *finder) (*Result, error) { return nil, broken }}}}, ""); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestWhatAWayHasFoundIsSaid(t *testing.T) {
	d := oneUnknownData(t)
	f := &finder{engine: &fit.Engine{Data: d}, result: &Result{}}
	f.consider([]*candidate{formulaOf(t, d, -7, true, 0, "x"), formulaOf(t, d, -90, false, 0, "x")})
	for want, got := range map[string]string{
		"nothing": f.describe(2, nil),
		"1 term (test), penalised −2 log evidence -90, fails a check": f.describe(1, nil),
		"the data show nothing but noise":                             f.describe(0, &Result{Noise: "yes"}),
		"coefficients drift":                                          f.describe(0, &Result{Drift: "coefficients drift"}),
		"a formula with the extra state q":                            f.describe(0, &Result{Extra: &Extra{State: "q"}}),
		"the answer":                                                  f.describe(0, &Result{}),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAResultSaysWhatItHasOfRegimes(t *testing.T) {
	r := &Result{Chosen: &fit.Fitted{Omega: 3}, Regimes: []changes.Regime{{Number: 1}}, Base: &model.Model{Name: "base"}}
	if f := r.inRegimes(); f.Fit != r.Chosen || f.Base != r.Base || len(f.Regimes) != 1 {
		t.Errorf("%+v", f)
	}
	regimes, err := Places(context.Background(), &fit.Engine{}, &Result{}, []record.Entry{{}})
	if regimes != nil || err != nil || Difference("c", "regime_2") != "c_in_regime_2" || Guard <= 0 {
		t.Errorf("without regimes: %v, %v", regimes, err)
	}
	c := formulaOf(t, oneUnknownData(t), -1, true, 0, "x")
	r.choose(c)
	if r.Ending != Formula || r.Chosen != c.fit || r.Library != 1 {
		t.Errorf("chosen is %+v", r)
	}
	r.Neural = &fit.Fitted{Status: optim.Converged}
	r.neuralOnly(c.search.Engine.Data.Model, nil)
	if r.Ending != NeuralOnly || r.Chosen != r.Neural {
		t.Errorf("neural forms are the answer: %+v", r)
	}
}
