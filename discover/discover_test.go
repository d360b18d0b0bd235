package discover_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"govern/discover"
	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/run"
	"govern/verdict"
)

// learn runs a discovery on a simulated system: text is the model file with
// the unknowns in it.
func learn(t *testing.T, c truth.Case, text string, workers int, o discover.Options) (*discover.Result, *fit.Data) {
	t.Helper()
	d, err := c.Data(text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := discover.Run(context.Background(), &fit.Engine{Data: d, Workers: workers}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r, d
}

func catalogue(t *testing.T, name string) *model.Model {
	t.Helper()
	m, err := model.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// expect compares the chosen terms of an unknown with the truth; tolerance is
// relative to each coefficient.
func expect(t *testing.T, d *fit.Data, f *fit.Fitted, unknown, formula string, tolerance float64) {
	t.Helper()
	want := map[string]float64{}
	e, err := expr.Parse(formula)
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range expr.Terms(e) {
		want[term.Factor.String()] = term.Coefficient
	}
	got := map[string]float64{}
	for i, term := range f.Terms {
		if d.Model.Unknowns[term.Unknown].Name == unknown {
			got[expr.Simplify(term.Factor).String()] = f.Coefficients[i]
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: terms %v, want %v", unknown, got, want)
	}
	for k, v := range want {
		if g, ok := got[k]; !ok || math.Abs(g-v) > tolerance*math.Abs(v) {
			t.Errorf("%s: coefficient of %s is %g, want %g within %g", unknown, k, g, v, tolerance)
		}
	}
}

const rosslerUnknown = `
name: rossler
states: {x: 0, y: 0, z: 0}
parameters: {b: 0.22, c: 14}
unknowns: {f: {}}
equations: |
  x' = -y - z
  y' = f(x, y)
  z' = b + z*(x - c)
`

func rossler(t *testing.T, noise map[string]float64) truth.Case {
	return truth.Case{Model: catalogue(t, "rossler-14"), Step: 0.05, Samples: 1200, Seed: 5, Transient: 100, Noise: noise}
}

func TestAHiddenStatesEquationIsFound(t *testing.T) {
	r, d := learn(t, rossler(t, map[string]float64{"x": 0.01, "z": 0.01}), rosslerUnknown, 0, discover.Options{})
	if !r.Trusted() {
		t.Fatalf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
	expect(t, d, r.Chosen, "f", "x + 0.2*y", 0.005)
}

func TestEveryEquationOfLorenzIsFound(t *testing.T) {
	c := truth.Case{Model: catalogue(t, "lorenz"), Step: 0.02, Samples: 500, Seed: 6, Transient: 20,
		Noise: map[string]float64{"x": 0.02, "y": 0.02, "z": 0.02}}
	r, d := learn(t, c, `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {library: {degree: 2}}, g: {library: {degree: 2}}, h: {library: {degree: 2}}}
equations: |
  x' = f(x, y, z)
  y' = g(x, y, z)
  z' = h(x, y, z)
`, 0, discover.Options{})
	expect(t, d, r.Chosen, "f", "10*y - 10*x", 0.05)
	expect(t, d, r.Chosen, "g", "28*x - y - x*z", 0.05)
	expect(t, d, r.Chosen, "h", "x*y - 2.6666667*z", 0.05)
}

func TestALibraryWithoutTheTrueTermIsRefused(t *testing.T) {
	quick.Skip(t)
	for _, noise := range []float64{0, 0.05} {
		c := truth.Case{Model: catalogue(t, "lorenz"), Step: 0.02, Samples: 500, Seed: 6, Transient: 20,
			Noise: map[string]float64{"x": noise, "y": noise, "z": noise}}
		r, _ := learn(t, c, `
states: {x: 0, y: 0, z: 0}
unknowns: {h: {library: {degree: 1}}}
equations: |
  x' = 10*(y - x)
  y' = x*(28 - z) - y
  z' = h(x, y, z)
`, 0, discover.Options{})
		if verdict.OfSearch(r).Status != run.NoModel || verdict.OfSearch(r).Advice() == "" {
			t.Errorf("noise %g: status %s (%s), want no_model", noise, verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
		}
	}
}

func TestTheResultDoesNotDependOnTheWorkers(t *testing.T) {
	var first []byte
	for _, workers := range []int{1, 2, 5} {
		r, _ := learn(t, rossler(t, map[string]float64{"x": 0.02, "y": 0.02, "z": 0.02}), rosslerUnknown, workers, discover.Options{})
		text, err := json.Marshal([]any{r.Chosen.Coefficients, r.Chosen.Nodes, r.Chosen.Sigma, r.Chosen.Evidence, r.Chosen.Omega})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		} else if string(text) != string(first) {
			t.Errorf("%d workers give other bits than one", workers)
		}
	}
}

func TestAStateThatNoChannelSeesIsAnError(t *testing.T) {
	c := truth.Case{Model: catalogue(t, "lorenz"), Step: 0.02, Samples: 200, Noise: map[string]float64{"x": 0.01, "y": 0.01}}
	d, err := c.Data(truth.ThreeStates)
	if err != nil {
		t.Fatal(err)
	}
	_, err = discover.Run(context.Background(), &fit.Engine{Data: d}, discover.Options{})
	var unseen *fit.UnobservedError
	if !errors.As(err, &unseen) || unseen.State != "z" {
		t.Errorf("error %v, want that nothing sees z", err)
	}
}

func TestTheDerivativeBaselineNeedsCleanData(t *testing.T) {
	for _, c := range []struct {
		noise float64
		works bool
	}{{0, true}, {5, false}} {
		m := catalogue(t, "petrzela-polak")
		text := `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {library: {degree: 2}}}
equations: |
  x' = z
  y' = f(x, z)
  z' = y - x - 0.5*z
`
		d, err := truth.Case{Model: m, Step: 0.05, Samples: 1000, Transient: 50, Noise: map[string]float64{"x": c.noise, "y": 0, "z": 0}}.Data(text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := discover.Derivatives(d, discover.Options{})
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, term := range r.Chosen.Terms {
			names[term.Factor.String()] = true
		}
		right := len(names) == 3 && names["1"] && names["z"] && names["x^2"]
		if right != c.works {
			t.Errorf("noise %g on x: the baseline's terms are %v", c.noise, names)
		}
	}
}

func TestLibraryListsMonomialsByDegree(t *testing.T) {
	m := model.Open([]string{"x", "y"})
	var got []string
	for _, term := range terms.Library(m, 0, 2) {
		got = append(got, term.Factor.String())
	}
	want := []string{"1", "x", "y", "x^2", "x*y", "y^2"}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("library %v, want %v", got, want)
		}
	}
}

func TestTwoUnknownsInOneEquationAreToldApart(t *testing.T) {
	duffing, err := model.Read("duffing.yaml", []byte(`
states: {x: 1, y: 0.5}
equations: |
  x' = y
  y' = -x^3 - 0.1*y + 0.3*cos(t)
`))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: duffing, Step: 0.05, Samples: 1000, Seed: 2, Noise: map[string]float64{"x": 0.01, "y": 0.01}}
	r, d := learn(t, c, `
states: {x: 1, y: 0.5}
unknowns: {f: {}, g: {}}
equations: |
  x' = y
  y' = f(x) + g(y) + 0.3*cos(t)
`, 0, discover.Options{})
	expect(t, d, r.Chosen, "f", "-x^3", 0.01)
	expect(t, d, r.Chosen, "g", "-0.1*y", 0.05)
}

// A wrong start of the parameters must not end in the mirror image of the motion.
func TestParametersWithHiddenStatesConverge(t *testing.T) {
	quick.Skip(t)
	c := truth.Case{Model: catalogue(t, "lorenz"), Step: 0.02, Samples: 800, Seed: 6, Transient: 20, Noise: map[string]float64{"x": 0.02}}
	r, _ := learn(t, c, `
states: {x: 0, y: 0, z: 0}
parameters: {s: {value: 8, fit: true}, r: {value: 20, fit: true}, b: {value: 2, fit: true}}
equations: |
  x' = s*(y - x)
  y' = x*(r - z) - y
  z' = x*y - b*z
`, 0, discover.Options{})
	for i, want := range []float64{10, 28, 8. / 3} {
		if got := r.Chosen.Parameters[i]; math.Abs(got-want) > 0.02*want {
			t.Errorf("parameter %d is %g, want %g", i, got, want)
		}
	}
}

func TestAPiecewiseLinearFunctionIsFoundFromOneVoltage(t *testing.T) {
	quick.Skip(t)
	c := truth.Case{Model: catalogue(t, "chua"), Step: 0.05, Samples: 1000, Seed: 3, Transient: 50, Noise: map[string]float64{"x": 0.002}}
	r, _ := learn(t, c, `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {}}
equations: |
  x' = 9*(y - f(x))
  y' = x - y + z
  z' = -100/7*y
`, 0, discover.Options{})
	if !r.Trusted() {
		t.Fatalf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
	if n := len(r.Chosen.Parameters); n != 2 {
		t.Fatalf("%d knots, want 2", n)
	}
	for i, want := range []float64{-1, 1} {
		if got := r.Chosen.Parameters[i]; math.Abs(got-want) > 0.05 {
			t.Errorf("knot %d at %g, want %g", i+1, got, want)
		}
	}
}

func TestTheRoadThroughANetworkEndsInTheFormula(t *testing.T) {
	quick.Skip(t)
	c := rossler(t, map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01})
	c.Samples = 800
	r, d := learn(t, c,
		strings.Replace(rosslerUnknown, "f: {}", "f: {neural: {hidden: [10]}}", 1), 0, discover.Options{})
	if !r.Trusted() {
		t.Fatalf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
	expect(t, d, r.Chosen, "f", "x + 0.2*y", 0.005)
	if r.Neural == nil || len(r.Apart) != 1 || !(r.Apart[0] < 0.01) {
		t.Errorf("the formula is %v off the network", r.Apart)
	}
}

// Capture that saturates is one bend; with two arguments they are tried where no
// polynomial passes the checks.
func TestASaturatingResponseIsFoundByItsBend(t *testing.T) {
	quick.Skip(t)
	r, _ := learnFoodChain(t, "5*x*y/(1 + 3*x)")
	if !r.Trusted() {
		t.Fatalf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
	if len(r.Chosen.Terms) != 1 || len(r.Chosen.Parameters) != 1 {
		t.Fatalf("found %s, want one term with one number inside", r.Chosen.Formula(0))
	}
	if c, half := r.Chosen.Coefficients[0], r.Chosen.Parameters[0]; math.Abs(c-5./3) > 0.02 || math.Abs(half-1./3) > 0.01 {
		t.Errorf("found %g of %s at %g, want 5/3 of y·x/(1/3 + x)", c, r.Chosen.Terms[0].Factor, half)
	}
}

// A function of one combination of its arguments is neither a polynomial nor a bend
// in one of them.
func TestAFunctionOfOneCombinationIsFound(t *testing.T) {
	quick.Skip(t)
	m, err := model.Read("truth.yaml", []byte(lorenzWith("80*tanh((y - x)/8)", "")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.02, Samples: 600, Seed: 5, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	r, _ := learn(t, c, lorenzWith("f(x, y)", "unknowns: {f: {}}"), 0, discover.Options{Degree: 1})
	if !r.Trusted() {
		t.Fatalf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
	if len(r.Chosen.Terms) != 1 || !strings.Contains(r.Chosen.Terms[0].Factor.String(), "tanh") || math.Abs(math.Abs(r.Chosen.Coefficients[0])-80) > 1.6 {
		t.Fatalf("found %s, want 80 tanh of a combination", r.Chosen.Formula(0))
	}
}

// Two functions of two combinations are outside everything that is tried.
func TestAnUnknownOutsideEveryLibraryStaysANetwork(t *testing.T) {
	quick.Skip(t)
	m, err := model.Read("truth.yaml", []byte(lorenzWith("80*tanh((y - x)/8)*(1 + 0.4*sin((x + y)/3))", "")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.02, Samples: 600, Seed: 5, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	r, _ := learn(t, c, lorenzWith("f(x, y)", "unknowns: {f: {}}"), 0, discover.Options{Degree: 1})
	if verdict.OfSearch(r).Status != run.NeuralOnly || verdict.OfSearch(r).Advice() == "" || r.Chosen.Form(0) == nil {
		t.Errorf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
}

func lorenzWith(f, unknowns string) string {
	return "states: {x: 1, y: 1, z: 20}\n" + unknowns + `
equations: |
  x' = ` + f + `
  y' = x*(28 - z) - y
  z' = x*y - 8/3*z
`
}

func learnFoodChain(t *testing.T, capture string) (*discover.Result, *fit.Data) {
	t.Helper()
	m, err := model.Read("truth.yaml", []byte(foodChain(capture, "")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 1, Samples: 400, Seed: 5, Transient: 2000, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	return learn(t, c, foodChain("f(x, y)", "unknowns: {f: {}}"), 0, discover.Options{Degree: 1})
}

// A piecewise linear answer brings fitted knots, parameters that the network's
// path does not have.
func TestTheRoadThroughANetworkFindsKnees(t *testing.T) {
	quick.Skip(t)
	c := truth.Case{Model: catalogue(t, "chua"), Step: 0.05, Samples: 600, Seed: 2, Transient: 50,
		Noise: map[string]float64{"x": 0.005, "y": 0.005, "z": 0.005}}
	r, _ := learn(t, c, `
states: {x: 0, y: 0, z: 0}
unknowns: {g: {neural: {hidden: [6]}}}
equations: |
  x' = 9*y - g(x)
  y' = x - y + z
  z' = -100/7*y
`, 0, discover.Options{Degree: 1})
	if r.Neural == nil || r.Chosen == nil || !(r.Apart[0] < 0.1) {
		t.Errorf("status %s, apart %v: %s", verdict.OfSearch(r).Status, r.Apart, verdict.OfSearch(r).Advice())
	}
}

// foodChain is that of Hastings and Powell (1991), with the prey's capture left
// open.
func foodChain(capture, unknowns string) string {
	return "states: {x: 0.8, y: 0.2, z: 9}\n" + unknowns + `
equations: |
  x' = x*(1 - x) - ` + capture + `
  y' = ` + capture + ` - 0.1*y/(1 + 2*y)*z - 0.4*y
  z' = 0.1*y/(1 + 2*y)*z - 0.01*z
`
}

// On an angle that runs over many turns no multiple of its spread is near the
// wave, and a network would have to learn every turn.
func TestTheSineOfARunningAngleIsFound(t *testing.T) {
	quick.Skip(t)
	const driven = `
states: {x: 1, v: 0}
equations: |
  x' = v
  v' = %s - 0.5*v + 1.5*cos(0.6667*t)
`
	m, err := model.Read("truth.yaml", []byte(strings.Replace(driven, "%s", "-sin(x)", 1)))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 1500, Seed: 3, Noise: map[string]float64{"x": 0.002, "v": 0.01}}
	r, d := learn(t, c, strings.Replace("unknowns: {f: {}}\n"+driven, "%s", "f(x)", 1), 0, discover.Options{})
	if low, high := slices.Min(d.Entries[0].Channels[0].Values), slices.Max(d.Entries[0].Channels[0].Values); high-low < 6*math.Pi {
		t.Fatalf("the angle stays within %.3g … %.3g", low, high)
	}
	expect(t, d, r.Chosen, "f", "-sin(x)", 0.01)
}

// The search for one kink may stop beside its place; with two to begin with, the
// one that is left finds it.
func TestTheKinkOfAJerkSystemIsFoundAtItsPlace(t *testing.T) {
	quick.Skip(t)
	const jerk = `
states: {x: 0.1, y: 0, z: 0}
equations: |
  x' = y
  y' = z
  z' = -0.6*z - y + %s
`
	m, err := model.Read("truth.yaml", []byte(strings.Replace(jerk, "%s", "abs(x) - 2", 1)))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 1500, Seed: 3, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	r, _ := learn(t, c, strings.Replace("unknowns: {f: {}}\n"+jerk, "%s", "f(x)", 1), 0, discover.Options{})
	if !r.Trusted() {
		t.Fatalf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
	if len(r.Chosen.Terms) != 2 || len(r.Chosen.Parameters) > 1 {
		t.Errorf("found %s, want two terms and one knot", r.Chosen.Formula(0))
	}
}

// once is a journal that refuses a second step of the same name, as a run
// directory does.
type once struct{ names sync.Map }

func (o *once) Do(name string, out any, compute func() error) error {
	if _, known := o.names.LoadOrStore(name, true); known {
		return errors.New("two steps are named " + name)
	}
	return compute()
}

// Where a formula leaves a defect networks are trained to compare; when the
// formula then fails its proof they are asked for again.
func TestNetworksAreTrainedOnce(t *testing.T) {
	quick.Skip(t)
	c := rossler(t, map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01})
	c.Samples = 500
	d, err := c.Data(strings.Replace(rosslerUnknown, "c: 14", "c: 14.3", 1))
	if err != nil {
		t.Fatal(err)
	}
	steps := &once{}
	e := &fit.Engine{Data: d, Journal: steps, Workers: 1}
	r, err := discover.Run(context.Background(), e, discover.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, trained := steps.names.Load("neural/warm")
	if !trained || r.Neural != nil || !r.Trusted() {
		t.Fatalf("status %s, networks trained %v: no formula that was compared with networks", verdict.OfSearch(r).Status, trained)
	}
	if _, err := discover.Networks(context.Background(), e, r); err != nil {
		t.Error(err)
	}
}

// Repression that is no integer power of its argument: the power is fitted.
func TestAHillFunctionOfAnyPowerIsFound(t *testing.T) {
	quick.Skip(t)
	const ring = `
states: {m: 1, n: 2, o: 3, p: 4, q: 5, r: 1}
equations: |
  m' = %[1]s - m
  n' = 50/(1 + p^2.7) + 0.2 - n
  o' = 50/(1 + q^2.7) + 0.2 - o
  p' = 2*(m - p)
  q' = 2*(n - q)
  r' = 2*(o - r)
`
	m, err := model.Read("truth.yaml", []byte(fmt.Sprintf(ring, "50/(1 + r^2.7) + 0.2")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: 600, Seed: 3, Transient: 50,
		Noise: map[string]float64{"m": 0.002, "n": 0.002, "o": 0.002, "p": 0.002, "q": 0.002, "r": 0.002}}
	r, _ := learn(t, c, fmt.Sprintf("unknowns: {f: {}}\n"+ring, "f(r)"), 0, discover.Options{})
	if !r.Trusted() {
		t.Fatalf("status %s: %s", verdict.OfSearch(r).Status, verdict.OfSearch(r).Advice())
	}
	found := false
	for i, q := range fitted(r.Model) {
		if strings.HasSuffix(q, "_power") {
			found = true
			if got := r.Chosen.Parameters[i]; math.Abs(got-2.7) > 0.05 {
				t.Errorf("power %g, want 2.7", got)
			}
		}
	}
	if !found {
		t.Errorf("found %s, without a fitted power", r.Chosen.Formula(0))
	}
}

func fitted(m *model.Model) []string {
	var out []string
	for _, p := range m.Parameters {
		if p.Fit {
			out = append(out, p.Name)
		}
	}
	return out
}

// oddLaw learns the function of a velocity that a driven oscillator feels.
func oddLaw(t *testing.T, law string, samples int, noise float64) *discover.Result {
	t.Helper()
	text := `
states: {x: 5, v: 0}
%u
equations: |
  x' = v
  v' = -2*x - %f + 1.5*cos(1.3*t)
`
	with := func(f, unknowns string) string { return strings.NewReplacer("%f", f, "%u", unknowns).Replace(text) }
	m, err := model.Read("truth.yaml", []byte(with(law, "")))
	if err != nil {
		t.Fatal(err)
	}
	c := truth.Case{Model: m, Step: 0.1, Samples: samples, Seed: 3, Noise: map[string]float64{"x": noise, "v": noise}}
	r, _ := learn(t, c, with("f(v)", "unknowns: {f: {}}"), 0, discover.Options{})
	return r
}

// A linear and a cubic term do within the noise.
func TestTurbulentDragIsNoCubic(t *testing.T) {
	r := oddLaw(t, "0.4*v*abs(v)", 200, 0.02)
	if got := r.Chosen.Formula(0).String(); len(r.Chosen.Terms) != 1 || !strings.Contains(got, "v*abs(v)") {
		t.Errorf("status %s, found %s", verdict.OfSearch(r).Status, got)
	}
}
