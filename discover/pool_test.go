package discover

import (
	"math"
	"slices"
	"testing"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/optim"
	"govern/record"
)

func readModel(t *testing.T, text string) *model.Model {
	t.Helper()
	m, err := model.Read("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func parse(t *testing.T, text string) *expr.Expr {
	t.Helper()
	e, err := expr.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sampled is data of as many states as the functions give, at times 0.1 apart, all
// observed.
func sampled(t *testing.T, m *model.Model, samples int, states ...func(time float64) float64) *fit.Data {
	t.Helper()
	e := record.Entry{Name: "record"}
	for i := range samples {
		e.Times = append(e.Times, 0.1*float64(i))
	}
	for s, f := range states {
		c := record.Channel{Column: m.States[s].Name, Observe: expr.Var(m.States[s].Name)}
		for _, at := range e.Times {
			c.Values = append(c.Values, f(at))
		}
		e.Channels = append(e.Channels, c)
	}
	d, err := fit.Prepare(m, []record.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const oneUnknown = `
states: {x: 0.1, y: 0}
parameters: {c: {value: 2, fit: true}}
unknowns: {f: {}}
equations: |
  x' = f(x)
  y' = x - c*y
`

func oneUnknownData(t *testing.T) *fit.Data {
	return sampled(t, readModel(t, oneUnknown), 80, func(at float64) float64 { return math.Sin(at) + 0.01*math.Sin(77*at) }, math.Cos)
}

// formulaOf is a candidate with the given summands for unknown f; knots count the
// numbers inside the last.
func formulaOf(t *testing.T, d *fit.Data, evidence float64, passes bool, knots int, summands ...string) *candidate {
	t.Helper()
	f := &fit.Fitted{Evidence: evidence, Omega: fit.OmegaEnd, Status: optim.Converged, Parameters: []float64{3}}
	for i, text := range summands {
		term := fit.Term{Factor: parse(t, text), Degree: i}
		if i == len(summands)-1 {
			term.Knots = knots
		}
		f.Terms, f.Coefficients = append(f.Terms, term), append(f.Coefficients, float64(i+1))
	}
	c := &candidate{fit: f, search: terms.NewSelection(&fit.Engine{Data: d}, f.Terms, 0), road: "test"}
	if !passes {
		c.checks = []Check{{Name: "noise", OK: false}}
	}
	return c
}

func TestThePoolPrefersWhatPassesThenWhatScoresLess(t *testing.T) {
	d := oneUnknownData(t)
	var p pool
	if p.passes() || p.bestPlain() != nil {
		t.Error("an empty pool has a formula")
	}
	failing := formulaOf(t, d, -500, false, 0, "x")
	worse, bent := formulaOf(t, d, -100, true, 0, "x"), formulaOf(t, d, -200, true, 1, "x", "tanh(x*f_steepness)")
	for _, c := range []struct {
		add    *candidate
		better bool
	}{{formulaOf(t, d, math.NaN(), true, 0, "x"), false}, {failing, true}, {worse, true}, {failing, false}, {bent, true}, {worse, false}} {
		if got := p.add(c.add); got != c.better {
			t.Errorf("a candidate with %g is the best: %v", c.add.score(), got)
		}
	}
	if p.best != bent || !p.passes() || len(p.all) != 6 {
		t.Errorf("the best has %g", p.best.score())
	}
	if got := p.bestPlain(); got != worse {
		t.Errorf("the best without numbers inside has %g", got.score())
	}
	if !bent.bends() || worse.bends() || !better(bent, worse) || better(worse, bent) || better(bent, bent) {
		t.Error("a candidate is better than itself, or bends without a number")
	}
	if !p.hopeless(&fit.Fitted{Evidence: -200 + 51}) || p.hopeless(&fit.Fitted{Evidence: -200 + 49}) {
		t.Error("a fit is hopeless 50 above the best")
	}
	if (&pool{best: failing}).hopeless(&fit.Fitted{Evidence: 1e9}) {
		t.Error("nothing is hopeless where nothing passes")
	}
}

func TestShortFormulasThatPassAreNotDoubted(t *testing.T) {
	d := oneUnknownData(t)
	three := formulaOf(t, d, 0, true, 0, "1", "x", "x^2")
	p := pool{best: three}
	if !p.doubtful(0, 2) || p.doubtful(0, 3) {
		t.Error("three terms are doubtful where two may do")
	}
	if got := three.numbersOf(0); got != 3 || formulaOf(t, d, 0, true, 2, "x").numbersOf(0) != 3 {
		t.Errorf("%g coefficients and numbers", got)
	}
	three.fit.Omega = 3 * fit.OmegaEnd
	if !p.doubtful(0, 100) || !p.looksApproximate(0, 3) {
		t.Error("a formula that leaves a defect is not doubted")
	}
	three.fit.Omega = fit.OmegaEnd
	if p.looksApproximate(0, 4) {
		t.Error("three terms of a low degree look like an approximation")
	}
	p.best = formulaOf(t, d, 0, true, 0, "1", "x", "x^2", "x^3", "x^4") // degrees 0 to 4
	if !p.looksApproximate(0, 9) {
		t.Error("five terms do not look like an approximation")
	}
	p.best = formulaOf(t, d, 0, true, 0, "x", "sin(x)", "x^2")
	if !p.best.curved(0) || p.best.curved(1) || !p.looksApproximate(0, 9) {
		t.Error("two terms beside a sine do not look like an approximation")
	}
}

func TestFormulasAreOfOneKindWhereTheirFunctionsAre(t *testing.T) {
	d := oneUnknownData(t)
	for text, want := range map[string]string{"x*tanh(x)": "tanh", "x/(1 + x)": "/", "sin(x)/x": "sin", "x^2": ""} {
		if got := kindOf(parse(t, text)); got != want {
			t.Errorf("%s is of kind %q, want %q", text, got, want)
		}
	}
	class := func(summands ...string) string { return formulaOf(t, d, 0, true, 0, summands...).class() }
	if class("1", "x") != class("x^3") || class("sin(x)", "x") != class("x*sin(x)") || class("sin(x)") == class("cos(x)") || class("x") == class("sin(x)") {
		t.Error("classes are not those of the functions in formulas")
	}
}

// 1·1 + 2·x with parameters c = 3.
func TestCandidatesAreEvaluatedAndTranslated(t *testing.T) {
	d := oneUnknownData(t)
	c := formulaOf(t, d, 0, true, 0, "1", "c*x")
	if values := c.parameterValues(); values["c"] != 3 {
		t.Errorf("parameters %v", values)
	}
	v, err := c.valuesAlong(0, []string{"x"}, [][]float64{{0, 1, 2}})
	if err != nil || !slices.Equal(v, []float64{1, 7, 13}) {
		t.Errorf("1 + 2·3·x is %v (%v)", v, err)
	}
	library := terms.Library(d.Model, 0, 2)
	if got := formulaOf(t, d, 0, true, 0, "x^2", "x").coefficients(library); !slices.Equal(got, []float64{0, 2, 1, 3}) {
		t.Errorf("coefficients %v", got)
	}
	if got := formulaOf(t, d, 0, true, 1, "x", "tanh(x*k)").coefficients(library); got != nil {
		t.Errorf("coefficients %v of a function that bends", got)
	}
	if got := formulaOf(t, d, 0, true, 0, "x").marksIn(library); !slices.Equal(got, []bool{false, true, false}) {
		t.Errorf("marks %v", got)
	}
	if sum := formulaOf(t, d, 0, true, 0, "1", "x"); sum.fit.Formula(0).String() != "1 + 2*x" {
		t.Errorf("formula %s", sum.fit.Formula(0))
	}
}

// Of x, and of 1.5·x − 0.5·x along the same path.
func TestOneFunctionHasManyForms(t *testing.T) {
	d := oneUnknownData(t)
	n := len(d.Entries[0].Times)
	path := &fit.Smoothed{States: [][][]float64{{d.Entries[0].Channels[0].Values, d.Entries[0].Channels[1].Values}}, Calls: [][][]float64{{make([]float64, n)}}, Parameters: []float64{2}}
	one, same := formulaOf(t, d, -100, true, 0, "x"), formulaOf(t, d, -99, true, 0, "x*cosh(x)/cosh(x)")
	other, twice := formulaOf(t, d, -98, true, 0, "sin(x)"), formulaOf(t, d, -50, true, 0, "2*x")
	if off, err := differenceOf(d, path, one, same); err != nil || off > sameFunction {
		t.Errorf("one function in two forms differs by %g (%v)", off, err)
	}
	if off, err := differenceOf(d, path, one, twice); err != nil || !(off > 0.9) {
		t.Errorf("twice a function differs from it by %g (%v)", off, err)
	}
	ties, err := findOtherForms(d, path, []*candidate{one, same, other, twice}, one, 6)
	if err != nil || len(ties) != 1 || ties[0].Fitted != other.fit || ties[0].Delta != 2 {
		t.Errorf("tied are %+v (%v), want the sine alone", ties, err)
	}
}

func TestChecksJudgeNoiseLossAndDefect(t *testing.T) {
	d := oneUnknownData(t)
	n := 0.0
	for i := range d.Channels {
		d.Channels[i].Slow, d.Channels[i].Floor, d.Channels[i].Given = 0.01, 1e-9, false
		n += float64(d.Channels[i].Count)
	}
	at := func(sigma, perSample, omega float64) []string {
		f := &fit.Fitted{Sigma: []float64{sigma, 0.01}, Objective: perSample * n, Omega: omega}
		var failed []string
		for _, k := range (&Result{Checks: checkFit(d, f)}).Failures() {
			failed = append(failed, k.Name)
		}
		return failed
	}
	for _, c := range []struct {
		sigma, per, omega float64
		fails             []string
	}{
		{0.01, 1, fit.OmegaEnd, nil},
		{0.02, 1, fit.OmegaEnd, []string{"noise " + d.Channels[0].Label()}},
		{0.01, 2, fit.OmegaEnd, []string{"loss"}},
		{0.01, 0.3, fit.OmegaEnd, []string{"loss"}},
		{0.01, 1, 2 * largestDefect, []string{"defect"}},
	} {
		if got := at(c.sigma, c.per, c.omega); !slices.Equal(got, c.fails) {
			t.Errorf("noise %g, loss %g, defect %g: %v fail, want %v", c.sigma, c.per, c.omega, got, c.fails)
		}
	}
	if passed(checkFit(d, nil)) || passed(checkFit(d, &fit.Fitted{Evidence: math.NaN()})) {
		t.Error("a fit that failed passes")
	}
	if anyFloored(d, &fit.Fitted{Sigma: []float64{0.01, 0.01}}) || !anyFloored(d, &fit.Fitted{Sigma: []float64{0.01, 1e-9}}) {
		t.Error("noise at its floor is an assumption")
	}
}

func TestOnlyAnswersAreTrusted(t *testing.T) {
	good := &fit.Fitted{Status: optim.Converged}
	for _, c := range []struct {
		r    Result
		want bool
	}{
		{Result{Ending: Formula, Chosen: good}, true},
		{Result{Ending: Formula, Chosen: good, Checks: []Check{{OK: false}}}, false},
		{Result{Ending: Formula, Chosen: &fit.Fitted{Status: optim.Stalled}}, false},
		{Result{Ending: Formula, Chosen: good, Noise: "noise"}, false},
		{Result{Ending: NeuralForms}, true},
		{Result{Ending: NeuralOnly}, false},
		{Result{Ending: Baseline}, true},
	} {
		if got := c.r.Trusted(); got != c.want {
			t.Errorf("%s with checks %v is trusted: %v", c.r.Ending, c.r.Checks, got)
		}
	}
	if !Unfinished(optim.IterationLimit) || !Unfinished(optim.Stalled) || Unfinished(optim.Converged) || (&Result{Noise: "it"}).Nothing() == (&Result{}).Nothing() {
		t.Error("a fit that was stopped is finished")
	}
}
