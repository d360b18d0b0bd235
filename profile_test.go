package govern_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"govern"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/problem"
	"govern/profile"
	"govern/run"
)

// Where the data determine a number well its likelihood is nearly normal, so the
// profile must cross the level where the covariance puts the 95 % interval. A
// tenth: the third derivatives and the last digits of the minimisations.
func TestAProfileOfAWellDeterminedNumberAgreesWithItsInterval(t *testing.T) {
	quick.Skip(t)
	p := write(t, truth.Case{Model: lookup(t, "rossler-14"), Step: 0.1, Samples: 600, Seed: 4, Transient: 100, Noise: map[string]float64{"x": 0.02, "y": 0.02, "z": 0.02}}, `
model:
  states: {x: 0, y: 0, z: 0}
  parameters: {c: {value: 13, fit: true}}
  unknowns: {f: {library: {degree: 1}}}
  equations: |
    x' = -y - z
    y' = f(x, y)
    z' = 0.22 + z*(x - c)
data: {file: data.csv, time: t}
`)
	out, err := govern.Discover(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	terms := out.Result.Unknowns["f"].Terms
	k := slices.IndexFunc(terms, func(q run.Term) bool { return q.Term == "y" })
	if k < 0 {
		t.Fatalf("terms %v lack y", terms)
	}
	for name, want := range map[string]run.Estimate{"c": out.Result.Parameters["c"], "f: y": {Value: terms[k].Coefficient, Low: terms[k].Low, High: terms[k].High}} {
		got, err := profile.Of(context.Background(), p, out.Result, profile.Options{Parameter: name}, govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		width := float64(want.High - want.Low)
		if got.Low.Open || got.High.Open || math.Abs(got.Low.At-float64(want.Low)) > 0.1*width || math.Abs(got.High.At-float64(want.High)) > 0.1*width {
			t.Errorf("%s: profile [%g, %g], covariance [%g, %g]", name, got.Low.At, got.High.At, float64(want.Low), float64(want.High))
		}
		if !slices.IsSorted(got.Values) || slices.Min(got.Rise) != 0 || len(got.Values) != len(got.Rise) {
			t.Errorf("%s: values %v, rise %v", name, got.Values, got.Rise)
		}
	}
}

// Far below saturation only V/K acts: K may be as large as it likes.
func TestAProfileSaysOnWhichSideTheDataLeaveANumberOpen(t *testing.T) {
	p, r := saturating(t)
	got, err := profile.Of(context.Background(), p, r, profile.Options{Parameter: "K"}, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Low.Open || !got.High.Open || got.High.Why == "" {
		t.Errorf("below %+v, above %+v; want an end below and none above\n%v\n%v", got.Low, got.High, got.Values, got.Rise)
	}
	if got.Low.At > 10 {
		t.Errorf("the interval begins at %g, above the truth, 10", got.Low.At)
	}
}

func saturating(t *testing.T) (*problem.Problem, *run.Result) {
	t.Helper()
	m := readModel(t, "states: {x: 2}\nparameters: {V: 10, K: 10}\nequations: |\n  x' = -V*x/(K + x)\n")
	p := write(t, truth.Case{Model: m, Step: 0.02, Samples: 200, Seed: 2, Noise: map[string]float64{"x": 0.05}}, `
model:
  states: {x: 2}
  parameters: {V: {value: 10, fit: true, min: 0}, K: {value: 10, fit: true, min: 0}}
  equations: |
    x' = -V*x/(K + x)
data: {file: data.csv, time: t}
`)
	out, err := govern.Fit(context.Background(), p, govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return p, out.Result
}

func TestWhatCannotBeProfiledIsAnErrorThatNamesWhatCan(t *testing.T) {
	p, r := saturating(t)
	for _, name := range []string{"L", "", "f: x"} {
		err := profile.Check(p, r, profile.Options{Parameter: name})
		var wrong *profile.Error
		if !errors.As(err, &wrong) || !slices.Equal(wrong.Known, []string{"K", "V"}) {
			t.Errorf("%q: error %v, want one that names K and V", name, err)
		}
	}
	if err := profile.Check(p, r, profile.Options{Parameter: "K"}); err != nil {
		t.Error(err)
	}
}

func readModel(t *testing.T, text string) *model.Model {
	t.Helper()
	m, err := model.Read("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
