package govern_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"govern"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/run"
)

func TestARightFormulaMovesByItselfAndAWrongOneIsCarriedByDefects(t *testing.T) {
	quick.Skip(t)
	right, err := govern.Discover(context.Background(), shortRossler(t), govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Lookup("rossler-14")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := govern.Discover(context.Background(), write(t, truth.Case{Model: m, Step: 0.1, Samples: 500, Seed: 3, Transient: 100,
		Noise: map[string]float64{"x": 0.02, "z": 0.02}}, `
model:
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {library: {degree: 1}}}
  equations: |
    x' = -y - z
    y' = x + 0.2*y
    z' = f(x, z)
data: {file: data.csv, time: t}
`), govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"x", "y", "z"} {
		if share := float64(right.Result.Supplied.Defects[state]); !(share >= 0 && share < 1e-4) {
			t.Errorf("defects supply %g of the right model's %s", share, state)
		}
	}
	if share := float64(wrong.Result.Supplied.Defects["z"]); wrong.Result.Status != run.NoModel || !(share > 0.5) {
		t.Errorf("status %s: defects supply only %g of the wrong model's z", wrong.Result.Status, share)
	}
	if right.Result.Supplied.Gain != 0 || right.Page.Supplied == nil || len(right.Page.Supplied.States) != 3 {
		t.Errorf("supplied %+v, on the page %+v", right.Result.Supplied, right.Page.Supplied)
	}
}

func TestThePageShowsTheUnknownWithItsBandWhereTheDataLie(t *testing.T) {
	quick.Skip(t)
	o, err := govern.Discover(context.Background(), shortRossler(t), govern.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Page.Slices) != 2 || len(o.Unknowns.Slices) != 2 {
		t.Fatalf("%d slices on the page, %d in unknowns.csv, for two arguments", len(o.Page.Slices), len(o.Unknowns.Slices))
	}
	for k, s := range o.Unknowns.Slices {
		inside, peak := 0, 0.0
		for i, v := range s.Value {
			truth := s.At[0][i] + 0.2*s.At[1][i]
			// The refit is a few intervals off at most.
			if half := (s.High[i] - s.Low[i]) / 2; math.Abs(v-truth) > 3*half+1e-9 || !(half > 0) || half > 0.2 {
				t.Errorf("slice %d at %g: %g ± %g, the truth is %g", k, s.At[k][i], v, half, truth)
			}
			if s.Density[i] > 0.02 {
				inside++
			}
			peak = math.Max(peak, s.Density[i])
		}
		if inside < len(s.Value)/3 || peak < 0.5 {
			t.Errorf("slice %d: data around %d of %d points, highest density %g", k, inside, len(s.Value), peak)
		}
		if other := s.At[1-k]; other[0] != other[len(other)-1] {
			t.Errorf("slice %d moves its other argument from %g to %g", k, other[0], other[len(other)-1])
		}
		// The smoothed samples scatter around the formula.
		drawn := o.Page.Slices[k]
		square, size := 0.0, 0.0
		for i, v := range drawn.Sample {
			truth := drawn.SampleAt[i] + 0.2*drawn.Held[0].Value
			if k == 1 {
				truth = drawn.Held[0].Value + 0.2*drawn.SampleAt[i]
			}
			square += (v - truth) * (v - truth)
			size++
		}
		if size < 100 || !(math.Sqrt(square/size) < 3) { // f has a standard deviation of 10
			t.Errorf("slice %d: %g samples, %g off", k, size, math.Sqrt(square/size))
		}
	}
	p := o.Page
	if len(p.FreeRuns) != 1 || len(p.Portraits) == 0 || len(p.Spectra) != 2 || len(p.Innovations) != 2 {
		t.Errorf("%d free runs, %d portraits, %d spectra, innovations of %d channels", len(p.FreeRuns), len(p.Portraits), len(p.Spectra), len(p.Innovations))
	}
	for _, v := range p.Innovations {
		square, count := 0.0, 0.0
		for _, r := range v.Values {
			if !math.IsNaN(r) {
				square += r * r
				count++
			}
		}
		if rms := math.Sqrt(square / count); count != 500 || rms < 0.85 || rms > 1.1 {
			t.Errorf("%s: %g innovations of %g σ", v.Column, count, rms)
		}
		limit := 5 / math.Sqrt(count)
		if math.Abs(v.Autocorrelation[0]-1) > 1e-12 || math.Abs(v.Autocorrelation[1]) > limit {
			t.Errorf("%s: autocorrelation %v", v.Column, v.Autocorrelation[:2])
		}
	}
	for _, c := range p.Channels {
		if !strings.Contains(c.Origin, "estimated") || !(c.Differences > 0) {
			t.Errorf("%s: noise %q, %g from differences", c.Column, c.Origin, c.Differences)
		}
	}
}
