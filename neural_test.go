package govern_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"govern"
	"govern/discover"
	"govern/expr"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/problem"
	"govern/run"
	"govern/tape"
)

// halfLorenz is a Lorenz system whose first equation is unknown.
func halfLorenz(t *testing.T, unknowns string) *problem.Problem {
	t.Helper()
	m, err := model.Lookup("lorenz")
	if err != nil {
		t.Fatal(err)
	}
	return write(t, truth.Case{Model: m, Step: 0.02, Samples: 250, Seed: 3, Transient: 20,
		Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}, `
model:
  name: lorenz
  states: {x: 0, y: 0, z: 20}
  parameters: {r: {value: 25, fit: true}}
  unknowns: `+unknowns+`
  equations: |
    x' = f(x, y)
    y' = x*(r - z) - y
    z' = x*y - 8/3*z
data: {file: data.csv, time: t}
`)
}

const smallNetwork = "{f: {neural: {hidden: [3]}}}"

func mustFit(t *testing.T, p *problem.Problem) *govern.Outcome {
	t.Helper()
	o, err := govern.Fit(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestATrainedNetwork(t *testing.T) {
	quick.Skip(t)
	p := halfLorenz(t, smallNetwork)
	trained := mustFit(t, p)
	t.Run("is a success of fit", func(t *testing.T) { isASuccess(t, trained) })
	t.Run("gives the formula that discover finds", func(t *testing.T) { givesTheFormula(t, p, trained) })
	t.Run("is extracted after interruptions to the same bits", func(t *testing.T) {
		interrupted(t, func(ctx context.Context, s govern.Settings) (*govern.Outcome, error) {
			return govern.Extract(ctx, p, trained.UDE, s)
		})
	})
}

func isASuccess(t *testing.T, o *govern.Outcome) {
	r := o.Result
	f := r.Unknowns["f"]
	if r.Status != run.OK || f.Expression != nil || len(f.Terms) > 0 || r.Equations["x"] != nil || r.Equations["y"] == nil {
		t.Errorf("status %s, %+v, %v", r.Status, f, r.Equations)
	}
	if f.Neural == nil || !slices.Equal(f.Neural.Hidden, []int{3}) || f.Neural.Activation != "tanh" {
		t.Errorf("result.json calls the network %+v", f.Neural)
	}
	if c := r.Parameters["r"]; !(c.Low < 28 && 28 < c.High) {
		t.Errorf("r = %+v, want 28", c)
	}

	// ude.json is the network of model.yaml, and the parameters beside it.
	var b bytes.Buffer
	if err := o.UDE.Write(&b); err != nil {
		t.Fatal(err)
	}
	back, err := run.DecodeUDE("ude.json", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	written, err := model.Read("model.yaml", o.Model.Encode())
	if err != nil {
		t.Fatal(err)
	}
	right, formula := written.Rhs()[0], back.Forms[0].Formula()
	for _, x := range []float64{-17, -3, 0.5, 12} {
		for _, y := range []float64{-20, 1, 25} {
			at := func(name string) (float64, bool) { return map[string]float64{"x": x, "y": y}[name], true }
			want, err := expr.Eval(right, at)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := expr.Eval(formula, at); err != nil || math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				t.Errorf("at (%g, %g) ude.json gives %v, model.yaml %v (%v)", x, y, got, want, err)
			}
		}
	}
	if got := written.Parameters[written.ParameterIndex("r")].Value; got != float64(back.Parameters["r"]) {
		t.Errorf("r is %v in ude.json and %v in model.yaml", back.Parameters["r"], got)
	}
}

func givesTheFormula(t *testing.T, p *problem.Problem, trained *govern.Outcome) {
	extracted, err := govern.Extract(context.Background(), p, trained.UDE, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	discovered, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	a, b := extracted.Result, discovered.Result
	if !a.Status.Trusted() || b.Status != a.Status || len(a.Alternatives) != len(b.Alternatives) || len(a.Unknowns["f"].Terms) != 2 || len(b.Unknowns["f"].Terms) != 2 {
		t.Fatalf("extract: %s %+v\ndiscover: %s %+v", a.Status, a.Unknowns, b.Status, b.Unknowns)
	}
	for i, term := range a.Unknowns["f"].Terms {
		other := b.Unknowns["f"].Terms[i]
		// Two fits of one formula to one record: equal to the tolerance of the fit, far inside the interval.
		if wide := float64(term.High - term.Low); term.Term != other.Term || !(math.Abs(float64(term.Coefficient-other.Coefficient)) < 0.05*wide) {
			t.Errorf("extract %+v, discover %+v", term, other)
		}
		if want := map[string]float64{"x": -10, "y": 10}[term.Term]; !(math.Abs(float64(term.Coefficient)-want) < 0.05) {
			t.Errorf("%s: %v, want %v", term.Term, term.Coefficient, want)
		}
	}
	if wrong := float64(a.Errors.Neural["f"]); !(wrong < 0.04) {
		t.Errorf("the network is %g off the formula", wrong)
	}
	if extracted.UDE == nil || extracted.Model == nil || extracted.Result.Equations["x"] == nil {
		t.Error("an extraction leaves less than a discovery")
	}
}

func TestAnInterruptedDiscoveryThroughANetworkEndsWithTheSameBits(t *testing.T) {
	quick.Skip(t)
	p := halfLorenz(t, smallNetwork)
	interrupted(t, func(ctx context.Context, s govern.Settings) (*govern.Outcome, error) {
		return govern.Discover(ctx, p, s)
	})
}

func TestFitOfALibraryLeavesNoTermOut(t *testing.T) {
	r := mustFit(t, halfLorenz(t, "{f: {library: {degree: 2}}}")).Result
	f := r.Unknowns["f"]
	if r.Status != run.OK || len(f.Terms) != 6 || f.Neural != nil {
		t.Fatalf("status %s, %+v", r.Status, f)
	}
	for _, term := range f.Terms {
		want := map[string]float64{"x": -10, "y": 10}[term.Term]
		if half := float64(term.High-term.Low) / 2; !(math.Abs(float64(term.Coefficient)-want) < 2*half) {
			t.Errorf("%+v, want %g", term, want)
		}
	}
}

func TestFitWithoutUnknownsIsWhatDiscoverDoes(t *testing.T) {
	p := halfLorenz(t, "{f: {}}")
	closed, err := p.Model.WithFormulas(map[string]*expr.Expr{"f": expr.Binary(expr.Mul, expr.Num(10), expr.Binary(expr.Sub, expr.Var("y"), expr.Var("x")))})
	if err != nil {
		t.Fatal(err)
	}
	p.Model = closed
	o := mustFit(t, p)
	if c := o.Result.Parameters["r"]; o.Result.Status != run.OK || !(c.Low < 28 && 28 < c.High && c.High-c.Low < 0.1) {
		t.Errorf("status %s, r = %+v", o.Result.Status, c)
	}
	other, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if bits(t, other) != bits(t, o) {
		t.Error("discover of the same problem ends with other bits")
	}
}

func TestLibrariesAndNetworksAreNotMixed(t *testing.T) {
	p := halfLorenz(t, "{f: {library: {degree: 1}}}")
	p.Model.Unknowns = append(p.Model.Unknowns, model.Unknown{Name: "g", Arguments: []string{"z"}})
	var mixed *discover.MixedError
	if _, err := govern.Fit(context.Background(), p, govern.Settings{}); !errors.As(err, &mixed) || mixed.Library != "f" || mixed.Neural != "g" {
		t.Errorf("error %v", err)
	}
}

func TestNetworksOfAnotherProblemAreRefused(t *testing.T) {
	p := halfLorenz(t, smallNetwork)
	good := func() *run.UDE {
		return &run.UDE{Parameters: map[string]run.Number{"r": 28}, Forms: []run.Network{{
			Unknown: "f", Arguments: []string{"x", "y"}, Activation: "tanh", Shift: make([]run.Number, 2), Scale: []run.Number{1, 1}, Gain: 1,
			Weights: make([]run.Number, 3),
		}}}
	}
	if err := govern.CheckNetworks(good(), p.Model); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*run.UDE){
		"no unknown g":           func(u *run.UDE) { u.Forms[0].Unknown = "g" },
		"none for the unknown f": func(u *run.UDE) { u.Forms = nil },
		"the arguments [y x]":    func(u *run.UDE) { u.Forms[0].Arguments = []string{"y", "x"} },
		"fitted parameter r":     func(u *run.UDE) { u.Parameters = nil },
		"come with 2 fitted":     func(u *run.UDE) { u.Parameters["q"] = 1 },
	} {
		u := good()
		u.Parameters = maps.Clone(u.Parameters)
		change(u)
		_, err := govern.Extract(context.Background(), p, u, govern.Settings{})
		if mismatch := (*govern.MismatchError)(nil); !errors.As(err, &mismatch) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// A network of saturating units knows nothing of a spring that is stretched four
// times further than in its training.
func TestANetworkThatFailsWhereItWasNotTrainedIsNoModel(t *testing.T) {
	quick.Skip(t)
	spring := func(amplitude float64) truth.Case {
		m, err := model.Read("spring.yaml", fmt.Appendf(nil, "states: {x: %g, y: 0}\nequations: |\n  x' = y\n  y' = -x^3\n", amplitude))
		if err != nil {
			t.Fatal(err)
		}
		return truth.Case{Model: m, Step: 0.1, Samples: 200, Seed: 1, Noise: map[string]float64{"x": 0.001, "y": 0.001}}
	}
	const unknown = `
model:
  states: {x: 1, y: 0}
  unknowns: {f: {neural: {hidden: [3]}}}
  equations: |
    x' = y
    y' = f(x)
data: [{file: data.csv, time: t, use: train}, {file: %s, time: t, use: test}]
`
	far := write(t, spring(4), fmt.Sprintf(unknown, "data.csv")).Data[0].File
	for held, want := range map[string]run.Status{"data.csv": run.OK, far: run.NoModel} {
		r := mustFit(t, write(t, spring(1), fmt.Sprintf(unknown, held))).Result
		if r.Status != want || want == run.NoModel && !strings.Contains(r.Advice, "no better than chance") {
			t.Errorf("held out %s: status %s, errors %v, %s", held, r.Status, r.Errors.Free, r.Advice)
		}
	}
}

func TestEveryActivationMayStandInAModelFile(t *testing.T) {
	for _, activation := range tape.Activations() {
		text := "states: {x: 1}\nequations: x' = f(x)\nunknowns: {f: {neural: {activation: " + activation + "}}}\n"
		if m, err := model.Read("m.yaml", []byte(text)); err != nil || m.Unknowns[0].Neural.Activation != activation {
			t.Errorf("%s: %v", activation, err)
		}
	}
}
