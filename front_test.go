package govern

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"govern/conclude"
	"govern/discover"
	"govern/model"
	"govern/problem"
	"govern/run"
)

// twoUnknowns is x' = f(x), y' = g(x, y) + c·y with fitted c and w, which nothing names in f.
func twoUnknowns(t *testing.T) *model.Model {
	t.Helper()
	m, err := model.Read("m.yaml", []byte("states: {x: 1, y: 0}\nparameters: {c: {value: 1, fit: true}, b: 2, w: {value: 1, fit: true}}\nunknowns: {f: {}, g: {}}\nequations: |\n  x' = w*f(x)\n  y' = g(x, y) + b*c*y\n"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// trained are networks of them, in another order than the model's.
func trained() *run.UDE {
	return &run.UDE{
		Forms: []run.Network{
			{Unknown: "g", Arguments: []string{"x", "y"}, Activation: "tanh", Shift: []run.Number{1, 2}, Scale: []run.Number{3, 4}, Gain: 5, Weights: []run.Number{1, 2, 3}},
			{Unknown: "f", Arguments: []string{"x"}, Activation: "gelu", Shift: []run.Number{0}, Scale: []run.Number{1}, Gain: 1, Weights: []run.Number{4, 5}},
		},
		Parameters: map[string]run.Number{"w": 7, "c": 6},
	}
}

func TestNetworksAreUnpackedInTheOrderOfTheModel(t *testing.T) {
	got, err := startOf(trained(), twoUnknowns(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.forms) != 2 || got.forms[0].Unknown != 0 || got.forms[0].Neural.Names[0] != "f" || got.forms[1].Neural.Names[0] != "g" || !slices.Equal(got.forms[1].Arguments, []string{"x", "y"}) {
		t.Errorf("%+v", got.forms)
	}
	if n := got.forms[1].Neural; !slices.Equal(n.Start, []float64{1, 2, 3}) || n.Gain[0] != 5 || !slices.Equal(n.Scale, []float64{3, 4}) {
		t.Errorf("%+v", n)
	}
	if !slices.Equal(got.parameters, []float64{6, 7}) || got.omega != 0 {
		t.Errorf("c, w = %v, ω = %g", got.parameters, got.omega)
	}
}

// A search for a formula may not begin with what has seen the held-out entries.
func TestASearchBeginsWithTheFitThatHasNotSeenTheTest(t *testing.T) {
	u := trained()
	u.Training = &run.Training{
		Weights:    map[string][]run.Number{"f": {40, 50}, "g": {10, 20, 30}},
		Parameters: map[string]run.Number{"w": 70, "c": 60}, Omega: 0.25,
	}
	got, err := startOf(u, twoUnknowns(t))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.forms[0].Neural.Start, []float64{40, 50}) || !slices.Equal(got.forms[1].Neural.Start, []float64{10, 20, 30}) || !slices.Equal(got.parameters, []float64{60, 70}) || got.omega != 0.25 {
		t.Errorf("%+v", got)
	}
	if u.Forms[1].Weights[0] != 4 {
		t.Error("the networks themselves were changed")
	}
}

func TestNetworksThatDoNotFitAreNamed(t *testing.T) {
	for want, change := range map[string]func(*run.UDE, *model.Model){
		"nothing is unknown":                           func(_ *run.UDE, m *model.Model) { m.Unknowns = nil },
		"no unknown h":                                 func(u *run.UDE, _ *model.Model) { u.Forms[0].Unknown = "h" },
		"none for the unknown g":                       func(u *run.UDE, _ *model.Model) { u.Forms = u.Forms[1:] },
		"g has the arguments [y x] there and [x y]":    func(u *run.UDE, _ *model.Model) { u.Forms[0].Arguments = []string{"y", "x"} },
		"f has the arguments [] there and [x] here":    func(u *run.UDE, _ *model.Model) { u.Forms[1].Arguments = nil },
		"no value of the fitted parameter w":           func(u *run.UDE, _ *model.Model) { delete(u.Parameters, "w") },
		"come with 3 fitted parameters, its model has": func(u *run.UDE, _ *model.Model) { u.Parameters["b"] = 2 },
		"no value of the fitted parameter c": func(u *run.UDE, _ *model.Model) { // those that count are those of the training
			u.Training = &run.Training{Weights: map[string][]run.Number{}, Parameters: map[string]run.Number{"w": 1}}
		},
	} {
		u, m := trained(), twoUnknowns(t)
		u.Parameters = maps.Clone(u.Parameters)
		change(u, m)
		err := CheckNetworks(u, m)
		if mismatch, ok := errors.AsType[*MismatchError](err); !ok || !strings.Contains(mismatch.Text, want) || !strings.HasPrefix(err.Error(), "govern: the networks are not those of the problem: ") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	if err := CheckNetworks(trained(), twoUnknowns(t)); err != nil {
		t.Error(err)
	}
}

// What cannot work is refused before any file is opened: there is none.
func TestQuestionsThatCannotBeAnsweredAreRefusedFirst(t *testing.T) {
	ctx, p := context.Background(), &problem.Problem{Model: twoUnknowns(t), Data: []problem.Data{{File: "nowhere.csv"}}}
	_, err := Assess(ctx, p, Settings{})
	if open, ok := errors.AsType[*conclude.OpenModelError](err); !ok || open.Unknown != "f" {
		t.Errorf("assess: %v", err)
	}
	mixed := *p
	mixed.Model = twoUnknowns(t)
	mixed.Model.Unknowns[1].Library = &model.Library{Degree: 2}
	if _, err = Fit(ctx, &mixed, Settings{}); !errors.As(err, new(*discover.MixedError)) {
		t.Errorf("fit: %v", err)
	}
	if _, err = Extract(ctx, p, &run.UDE{}, Settings{}); !errors.As(err, new(*MismatchError)) {
		t.Errorf("extract: %v", err)
	}
}

func TestTrainingIsOnTrajectories(t *testing.T) {
	p := &problem.Problem{Name: "p"}
	p.Discover.Method, p.Discover.Degree = discover.MethodDerivatives, 4
	q := onTrajectories(p)
	if q.Discover.Method != discover.MethodLibrary || q.Discover.Degree != 4 || q.Name != "p" || p.Discover.Method != discover.MethodDerivatives {
		t.Errorf("method %s, of the problem itself %s", q.Discover.Method, p.Discover.Method)
	}
}
