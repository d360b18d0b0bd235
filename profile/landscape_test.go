package profile

import (
	"context"
	"errors"
	"math"
	"testing"

	"govern/conclude"
	"govern/problem"
)

func TestMinimaOfALandscape(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		loss   []float64
		count  int
		lowest float64
	}{
		"a valley":                     {[]float64{3, 1, 2}, 1, 1},
		"two":                          {[]float64{3, 1, 2, 0.5, 4}, 2, 3},
		"one at either end":            {[]float64{1, 2, 3, 2}, 2, 0},
		"a plain is one minimum":       {[]float64{3, 1, 1, 1, 3}, 1, 1},
		"a plain at the end":           {[]float64{3, 1, 1}, 1, 1},
		"a step down is none":          {[]float64{3, 2, 2, 1}, 1, 3},
		"beside where a model escapes": {[]float64{nan, 2, 3, nan, 1, nan}, 2, 4},
		"everywhere an escape":         {[]float64{nan, nan}, 0, 0},
		"a single value":               {[]float64{7}, 1, 0},
	} {
		l := &Landscape{Loss: [][]float64{{0, 0}, c.loss}}
		for i := range c.loss {
			l.Values = append(l.Values, float64(i))
		}
		if count, lowest := l.Minima(1); count != c.count || lowest != c.lowest {
			t.Errorf("%s: %d minima, the lowest at %g; want %d, %g", name, count, lowest, c.count, c.lowest)
		}
	}
}

func TestALandscapeIsOfAClosedModelAndASharedParameter(t *testing.T) {
	read := func(model string) *problem.Problem {
		p, err := problem.Read("p.yaml", []byte("model:\n  states: {x: 1}\n  parameters: {a: {value: 1, fit: true, each: entry}}\n"+model+"data: {file: a.csv}\n"))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	of := func(p *problem.Problem, parameter string) error {
		_, err := LandscapeOf(context.Background(), p, parameter, 0, 1, 3, []float64{0}, conclude.Settings{})
		return err
	}
	closed := read("  equations: x' = -a*x\n")
	if open, ok := errors.AsType[*conclude.OpenModelError](of(read("  unknowns: {f: {}}\n  equations: x' = f(x) - a\n"), "a")); !ok || open.Unknown != "f" {
		t.Error("of an open model")
	}
	if each, ok := errors.AsType[*conclude.EachError](of(closed, "a")); !ok || each.Parameter != "a" {
		t.Error("of values of entries")
	}
	if err := of(closed, "b"); err == nil {
		t.Error("of a parameter that the model lacks")
	}
}
