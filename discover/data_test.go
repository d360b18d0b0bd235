package discover

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/fit/neural"
	"govern/model"
	"govern/optim"
)

// A cubic is its own local cubic, also at the ends and beside a gap.
func TestLocalCubicsAreExactOnCubics(t *testing.T) {
	var at, x []float64
	f := func(t float64) float64 { return 1 - 2*t + 0.5*t*t + 0.1*t*t*t }
	for i := range 30 {
		at = append(at, 0.1*float64(i)+0.01*float64(i%3))
		x = append(x, f(at[i]))
	}
	x[7] = math.NaN()
	value, slope := fitLocalCubics(at, x)
	for i, s := range at {
		if math.Abs(value[i]-f(s)) > 1e-9 || math.Abs(slope[i]-(-2+s+0.3*s*s)) > 1e-8 {
			t.Errorf("at %g: value %g and slope %g", s, value[i], slope[i])
		}
	}
}

func TestDerivativesNeedEveryState(t *testing.T) {
	d := oneUnknownData(t)
	path, slope, err := differentiate(d)
	if err != nil || len(path[0]) != 2 || math.Abs(slope[0][1][40]+math.Sin(4)) > 1e-3 {
		t.Fatalf("slope of cos(4): %g (%v)", slope[0][1][40], err)
	}
	sm := derivedPath(d, path, slope)
	if len(sm.Scale) != 2 || !slices.Equal(sm.Parameters, []float64{2}) || len(sm.Calls[0][0]) != 80 {
		t.Errorf("scale %v, parameters %v", sm.Scale, sm.Parameters)
	}
	if rows := layNodes([][][]float64{{{1, 2}, {3, 4}}}); !slices.Equal(rows[0], []float64{1, 3, 2, 4}) {
		t.Errorf("nodes %v", rows)
	}
	d.Entries[0].Channels = d.Entries[0].Channels[:1]
	if _, _, err := differentiate(d); err == nil || !strings.Contains(err.Error(), "measures y") {
		t.Errorf("error %v, want that y is not measured", err)
	}
}

// Two thirds of white noise, and two samples a cycle of a sine with 21.
func TestTurningPointsTellNoiseFromMotion(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	m := readModel(t, `
states: {x: 0, y: 0}
unknowns: {f: {}}
equations: |
  x' = f(x, y)
  y' = -x
`)
	d := sampled(t, m, 1000, func(float64) float64 { return rng.NormFloat64() }, func(at float64) float64 { return math.Sin(3 * at) })
	if got := turningShare(d, 0); math.Abs(got-2./3) > 0.05 { // three standard deviations
		t.Errorf("%g of white noise are turning points", got)
	}
	if got := turningShare(d, 1); math.Abs(got-2/20.9) > 0.02 {
		t.Errorf("%g of a sine are turning points", got)
	}
}

func TestNoiseMapsAndConstantsExplainNothing(t *testing.T) {
	m := readModel(t, `
states: {x: 0.3}
parameters: {c: 2}
unknowns: {f: {}}
equations: |
  x' = f(x)
`)
	x := 0.3
	d := sampled(t, m, 300, func(float64) float64 { x *= 3.9 * (1 - x); return x })
	if got := findMaps(d); len(got) != 1 || got[0] != "100 % of x" {
		t.Errorf("maps %q", got)
	}
	of := func(text string, residual float64, driven bool) *fit.Fitted {
		return &fit.Fitted{Terms: []fit.Term{{Factor: parse(t, text)}}, Coefficients: []float64{1}, Residual: []float64{residual * d.Channels[0].Std}, Driven: driven}
	}
	if why := noiseReason(d, m, of("x", 0.99, false)); !strings.Contains(why, "That is a map") {
		t.Errorf("as large as the signal: %q", why)
	}
	if why := noiseReason(d, m, of("1", 0.1, true)); !strings.Contains(why, "random walk") {
		t.Errorf("a constant under process noise: %q", why)
	}
	if why := noiseReason(d, m, of("x", 0.1, true)); why != "" {
		t.Errorf("a formula that explains the motion: %q", why)
	}
	if !isConstant(m, of("c", 0, false)) || isConstant(m, of("x", 0, false)) || isConstant(m, &fit.Fitted{Forms: make([]neural.Form, 1)}) {
		t.Error("constants are formulas of parameters alone")
	}
	smooth := sampled(t, m, 300, math.Sin)
	rng := rand.New(rand.NewPCG(2, 2))
	noisy := sampled(t, m, 300, func(float64) float64 { return rng.NormFloat64() })
	if len(findMaps(smooth)) != 1 || len(findMaps(noisy)) != 0 {
		t.Errorf("maps in a sine %v, in noise %v", findMaps(smooth), findMaps(noisy))
	}
	r := &Result{Ending: Formula, Model: m, Chosen: of("x", 0.99, false)}
	r.Chosen.Status = optim.Converged
	if r.suspectNoise(d); !r.Nothing() {
		t.Error("an answer that explains nothing is not suspected")
	}
}

// q' = r·(v − q) with v = 1 + t has q = 1 + t − 1/r + c·exp(−r·t), exactly on lines.
func TestADriverIsFilteredExactlyOnLines(t *testing.T) {
	d := oneUnknownData(t)
	n := len(d.Entries[0].Times)
	v, zero := make([]float64, n), make([]float64, n)
	mean := 0.0
	for i, at := range d.Entries[0].Times {
		v[i] = 1 + at
		mean += v[i] / float64(n)
	}
	sm := &fit.Smoothed{States: [][][]float64{{v, zero}}}
	const r = 0.3
	q := filterDriver(d, sm, 0, 1, r)[0]
	c := mean - (1 - 1/r)
	for i, at := range d.Entries[0].Times {
		if want := 1 + at - 1/r + c*math.Exp(-r*at); math.Abs(q[i]-want) > 1e-9 {
			t.Fatalf("q = %g at %g, want %g", q[i], at, want)
		}
	}
	square := filterDriver(d, sm, 0, 2, r)[0]
	mean = 0
	for _, x := range v {
		mean += x * x / float64(n)
	}
	if math.Abs(square[0]-mean) > 1e-9 {
		t.Errorf("the square's filter starts at %g, its mean is %g", square[0], mean)
	}
}

// x' = −x + q with q' = 0.2·(sin(t) − q): the regression finds the gain, and no lack
// where there is none.
func TestMemoryIsFoundByRegression(t *testing.T) {
	m := readModel(t, `
states: {x: 0, y: 0}
unknowns: {f: {library: {degree: 1}}}
equations: |
  x' = f(x)
  y' = -x
`)
	d := sampled(t, m, 400, func(at float64) float64 { return math.Sin(0.7 * at) }, func(at float64) float64 { return math.Cos(1.3 * at) })
	n := len(d.Entries[0].Times)
	x, y := d.Entries[0].Channels[0].Values, d.Entries[0].Channels[1].Values
	slope, zero := make([]float64, n), make([]float64, n)
	path := &fit.Smoothed{States: [][][]float64{{x, y}}, Slopes: [][][]float64{{slope, zero}}, Calls: [][][]float64{{zero}}, Spread: [][][]float64{{zero}}, Scale: []float64{1, 1}}
	const rate, gain = 0.2, 3.0
	q := filterDriver(d, path, 1, 1, rate)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range slope {
		slope[i] = -x[i] + gain*q[0][i] + 0.01*rng.NormFloat64()
	}
	reg, err := terms.Regress(d, path, terms.Library(m, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	got := regressMemory(reg, d, q, 0, rate)
	if !(got.loss < reg.Left()/10) || math.Abs(got.gain-gain) > 0.1 || len(got.path[0]) != n {
		t.Errorf("gain %g, loss %g of %g", got.gain, got.loss, reg.Left())
	}
	e := &fit.Engine{Data: d}
	proposals, err := proposeExtra(e, path, Options{}.withDefaults(m))
	if err != nil || len(proposals) == 0 || proposals[0].extra.Driver.String() != "y" || proposals[0].extra.Enters != "x" || proposals[0].rate > 2*rate || proposals[0].rate < rate/2 {
		t.Fatalf("proposals %+v (%v)", proposals, err)
	}
	if err := proposals[0].chooseDegree(e, path, Options{}.withDefaults(m)); err != nil || proposals[0].degree != 1 {
		t.Errorf("degree %d (%v)", proposals[0].degree, err)
	}
	if eq := proposals[0].extra.Equation().String(); eq != "q_gain*y - q_rate*q" {
		t.Errorf("q' = %s", eq)
	}
	f := &finder{engine: e, result: &Result{Smoothed: path}}
	g, err := f.withExtra(proposals[0], "extra-0")
	if err != nil || len(g.path.States[0]) != 3 || len(g.engine.Data.Model.States) != 3 || len(path.States[0]) != 2 {
		t.Fatalf("a search with the extra state: %v", err)
	}
	for _, c := range []struct {
		gain, sd, rate float64
		sure           bool
	}{{1, 0.1, 0.01, true}, {1, 0.3, 0.01, false}, {1, 0.1, 1e9, false}} {
		g.best = &candidate{search: terms.NewSelection(g.engine, nil, 1), fit: &fit.Fitted{Status: optim.Converged, Parameters: []float64{c.rate, c.gain}, Covariance: []float64{1e-6, 0, 0, c.sd * c.sd}}}
		if got := g.determinesExtra(); got != c.sure {
			t.Errorf("gain %g ± %g and rate %g are determined: %v", c.gain, c.sd, c.rate, got)
		}
	}
}

func TestDensePolynomialsAndStepsAreNamed(t *testing.T) {
	d := oneUnknownData(t)
	path := &fit.Smoothed{States: [][][]float64{{d.Entries[0].Channels[0].Values, d.Entries[0].Channels[1].Values}}, Calls: [][][]float64{{make([]float64, 80)}}, Parameters: []float64{2}}
	dense, err := findDense(d, path, formulaOf(t, d, 0, true, 0, "1", "x", "x^2", "x^3", "x^4"), 4)
	if err != nil || len(dense) != 1 || dense[0].Terms != 5 || dense[0].From != 5 || len(dense[0].Over) != 1 {
		t.Fatalf("dense %+v (%v)", dense, err)
	}
	if text := dense[0].String(); !strings.Contains(text, "f keeps 5 of 5 terms up to degree 4") || !strings.Contains(text, "to be trusted only for x from") {
		t.Error(text)
	}
	if dense, _ := findDense(d, path, formulaOf(t, d, 0, true, 0, "1", "x"), 4); len(dense) != 0 {
		t.Errorf("two terms are dense: %+v", dense)
	}
	mixed := formulaOf(t, d, 0, true, 1, "1", "x", "x^2", "x^3", "tanh(x*f_steepness)")
	if dense, _ := findDense(d, path, mixed, 4); len(dense) != 1 || dense[0].Degree != 0 || !strings.Contains(dense[0].String(), "beside a function that bends") {
		t.Errorf("two powers beside a bend: %+v", dense)
	}
	steep := func(value float64) []string {
		m := *d.Model
		m.Parameters = append(slices.Clone(m.Parameters), model.Parameter{Name: "f_steepness", Fit: true})
		c := formulaOf(t, sampled(t, &m, 80, math.Sin, math.Cos), 0, true, 1, "tanh(x*f_steepness)")
		c.fit.Parameters = []float64{2, value}
		out, err := findSteps(d, path, c)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if a, b := steep(2), steep(200); len(a) != 0 || len(b) != 1 || !strings.Contains(b[0], "from a step") {
		t.Errorf("steps %q and %q", a, b)
	}
}

func TestNoiseThatRemembersForLongIsNamed(t *testing.T) {
	d := oneUnknownData(t)
	if got := longMemories(d); len(got) != 0 {
		t.Errorf("white noise: %q", got)
	}
	d.Channels[0].Correlation = 0.5 // one and a half samples
	d.Channels[1].Correlation = 0.99
	if got := longMemories(d); len(got) != 1 || !strings.Contains(got[0], d.Channels[1].Label()) {
		t.Errorf("named are %q", got)
	}
}

func TestNumbersForReadersHaveFourDigits(t *testing.T) {
	for in, want := range map[float64]float64{0: 0, 123.456: 123.5, -0.00123456: -0.001235, 98765: 98770, 1: 1} {
		if got := roundToFour(in); got != want {
			t.Errorf("%g is rounded to %g, want %g", in, got, want)
		}
	}
}

func TestLacksAreSaidAndTheSurestCount(t *testing.T) {
	sure := Lack{Equation: "x", Along: "y", Fall: 90, Degrees: 9, Chance: 1e-9, Size: 0.05, Term: "-0.05*x"}
	small := Lack{Equation: "y", Chance: 1e-9, Size: 1e-6}
	chance := Lack{Equation: "z", Chance: 0.01, Size: 0.5}
	r := &Result{Lacks: []Lack{sure, {Equation: "x", Chance: 1e-8, Size: 0.1}, small, chance}}
	if got := r.Sure(); len(got) != 1 || got[0] != sure || small.Sure() || chance.Sure() {
		t.Errorf("sure are %+v", got)
	}
	if text := sure.String(); !strings.Contains(text, "the equation of x lacks something that depends on y") || !strings.HasSuffix(text, "most of it is like -0.05*x") {
		t.Error(text)
	}
}

func TestLibrariesAndNetworksDoNotMix(t *testing.T) {
	if networks, err := TrainsNetworks(readModel(t, oneUnknown)); err != nil || !networks {
		t.Errorf("an open unknown: %v, %v", networks, err)
	}
	if networks, err := TrainsNetworks(readModel(t, strings.Replace(oneUnknown, "f: {}", "f: {library: {degree: 2}}", 1))); err != nil || networks {
		t.Errorf("a library: %v, %v", networks, err)
	}
	mixed := readModel(t, `
states: {x: 0}
unknowns: {f: {library: {degree: 1}}, g: {neural: {}}}
equations: |
  x' = f(x) + g(x)
`)
	if _, err := TrainsNetworks(mixed); err == nil || !strings.Contains(err.Error(), "either libraries or networks") {
		t.Errorf("a library and a network: %v", err)
	}
}

func TestARivalIsWrittenInTheSmallestLibrary(t *testing.T) {
	d := oneUnknownData(t)
	o := Options{}.withDefaults(d.Model)
	s, held, coefficients, err := rivalTerms(&fit.Engine{Data: d}, o, 1, map[string]*expr.Expr{"f": parse(t, "2*x - 0.5*x^3")})
	if err != nil || len(s.Library) != 4 || len(held) != 2 || !slices.Equal(coefficients, []float64{2, -0.5}) {
		t.Errorf("%d terms of %v (%v)", len(held), coefficients, err)
	}
	if _, _, _, err := rivalTerms(&fit.Engine{Data: d}, o, 1, map[string]*expr.Expr{"f": parse(t, "sin(x)")}); err == nil || !strings.Contains(err.Error(), "sin(x)") {
		t.Errorf("error %v, want that sin(x) is missing", err)
	}
	if _, _, _, err := rivalTerms(&fit.Engine{Data: d}, o, 1, nil); err == nil {
		t.Error("a rival that says nothing of f is written")
	}
	if _, err := Rival(context.Background(), &fit.Engine{Data: d}, o, &Result{}, nil, nil); err == nil {
		t.Error("a rival of nothing is fitted")
	}
}

// growthEngine is logistic growth, the smallest search.
func growthEngine(t *testing.T) *fit.Engine {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	d := sampled(t, readModel(t, `
states: {x: 0.1}
unknowns: {f: {}}
equations: |
  x' = f(x)
`), 80,
		func(at float64) float64 { return 1/(1+9*math.Exp(-at)) + 0.003*rng.NormFloat64() })
	return &fit.Engine{Data: d, Workers: 1}
}

func TestTheSmallestSearchGoesStepByStep(t *testing.T) {
	ctx := context.Background()
	f, err := beginSearch(ctx, growthEngine(t), Options{Degree: 2})
	if err != nil || f.result.Ending != Searching {
		t.Fatal(err)
	}
	library, _ := terms.Libraries(f.engine.Data.Model, 2)
	s := terms.NewSelection(f.engine, library, 1)
	found, err := f.tryLibrary(ctx, s, "two", 2, f.path)
	if err != nil || len(found) != 2 || found[0].road != "grown" || found[1].road != "full" {
		t.Fatalf("%d roads (%v)", len(found), err)
	}
	f.consider(found)
	if !f.passes() || f.best.fit.Formula(0).String() == "0" || len(f.best.fit.Terms) != 2 {
		t.Fatalf("found %s", f.best.fit.Formula(0))
	}
	best, ties, err := refitTies(ctx, f.best, f.all, f.options)
	if err != nil || best.score() > f.best.score()+1e-3 {
		t.Errorf("%d ties, the best has %g (%v)", len(ties), best.score(), err)
	}
	if err := best.judge(); err != nil || !best.passed() {
		t.Errorf("checks %+v (%v)", best.checks, err)
	}
	if lacking, err := findLacks(ctx, f.engine, best.fit); err != nil || len(lacking) == 0 || lacking[0].Sure() {
		t.Errorf("a right equation lacks %+v (%v)", lacking, err)
	}
	if more, err := testWhiteness(f.engine, best.fit); err != nil || len(more) != 1 || !more[0].OK {
		t.Errorf("innovations %+v (%v)", more, err)
	}
	if !explains(f.engine.Data, best.fit) || explains(f.engine.Data, &fit.Fitted{Status: optim.Failed}) {
		t.Error("a fit that passes explains the data")
	}
	r, err := f.conclude(ctx)
	if err != nil || !r.Trusted() || r.Degree != 2 || r.Library != 3 {
		t.Errorf("%s of a library of %d (%v)", r.Ending, r.Library, err)
	}
}

func TestAWarySearchGivesUpLibrariesThatDoNotPass(t *testing.T) {
	ctx := context.Background()
	f, err := beginSearch(ctx, growthEngine(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.wary = true
	for degree, roads := range map[int]int{0: 0, 2: 2} {
		library, _ := terms.Libraries(f.engine.Data.Model, degree)
		s := terms.NewSelection(f.engine, library, 1)
		found, err := f.tryLibrary(ctx, s, "wary", degree, f.path)
		if err != nil || len(found) != roads || roads > 0 && s.Started != nil { // it belongs to one path
			t.Errorf("degree %d: %d roads (%v)", degree, len(found), err)
		}
	}
}

func TestClimbingEndsWhereALargerLibraryPromisesNothing(t *testing.T) {
	ctx := context.Background()
	f, err := beginSearch(ctx, growthEngine(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var asked []int
	err = f.climb(ctx, degrees{1, 4}, func(degree int) (bool, error) { asked = append(asked, degree); return false, nil })
	if err != nil || !f.passes() || f.best.degree != 2 || !slices.Equal(asked, []int{1, 2}) {
		t.Errorf("degree %d after %v (%v)", f.best.degree, asked, err)
	}
	left, _ := beginSearch(ctx, growthEngine(t), Options{})
	if err := left.climb(ctx, degrees{1, 4}, func(int) (bool, error) { return true, nil }); err != nil || left.best.degree != 1 {
		t.Errorf("a search that is left after the first degree has degree %d (%v)", left.best.degree, err)
	}
}

func TestSearchesReportTheirWays(t *testing.T) {
	r, err := Run(context.Background(), growthEngine(t), Options{})
	if err != nil || !r.Trusted() {
		t.Fatalf("%v, %v", r, err)
	}
	states := map[string]WayState{}
	for _, w := range r.Ways {
		states[w.Name] = w.State
		if w.State != Tried && w.Why == "" || w.State == Tried && w.Found == "" {
			t.Errorf("%+v says nothing", w)
		}
	}
	if states["libraries"] != Tried || states[networks().name] != Skipped || states[mixtures().name] != Skipped {
		t.Errorf("ways %v", states)
	}
	if got := Library(r.Model, 0, 2); len(got) != 3 {
		t.Errorf("library %v", got)
	}
	if _, coefficients, _, err := Regression(r.Data, r.Smoothed, Library(r.Model, 0, 2)); err != nil || math.Abs(coefficients[1]-1) > 0.2 {
		t.Errorf("coefficients %v (%v)", coefficients, err)
	}
}
