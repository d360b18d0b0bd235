// Package examples_test runs every example as a user would and compares its
// formula with the truth. The data of the examples are simulated; -rewrite
// makes them anew.
package examples_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"govern"
	"govern/expr"
	"govern/internal/golden"
	"govern/internal/quick"
	"govern/internal/truth"
	"govern/model"
	"govern/problem"
	"govern/series"
	"govern/series/csv"
)

// examples are the truths behind the data: digits is the precision of the file.
var examples = []struct {
	dir, model string
	set        map[string]float64
	step       float64
	samples    int
	noise      map[string]float64
	columns    map[string]string // state → column, where they differ
	digits     float64           // values are rounded to multiples of it
	formulas   map[string]string // what must be found
	tolerance  float64
}{
	{"rossler", "rossler-14", nil, 0.05, 2000, map[string]float64{"x": 0.01, "z": 0.01}, nil, 1e-4,
		map[string]string{"f": "x + 0.2*y"}, 0.005},
	{"petrzela-polak", "petrzela-polak", nil, 0.05, 4000, map[string]float64{"x": 5, "y": 0.01, "z": 0.01}, nil, 1e-5,
		map[string]string{"f": "1.25*x^2 - z - 1"}, 0.005},
	{"lorenz", "lorenz", nil, 0.02, 1000, map[string]float64{"x": 0.05, "y": 0.05, "z": 0.05}, nil, 1e-4,
		map[string]string{"f": "10*y - 10*x", "g": "28*x - y - x*z", "h": "x*y - 2.6666667*z"}, 0.1},
	{"hindmarsh-rose", "hindmarsh-rose", nil, 0.1, 10000, map[string]float64{"x": 0.01}, map[string]string{"x": "v"}, 1e-5,
		map[string]string{"f": "0.024*x - 0.006*z + 0.0384"}, 0.02},
}

func TestTheExamplesDataAreReproducible(t *testing.T) {
	for _, e := range examples {
		m, err := model.Lookup(e.model)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := truth.Case{Model: m.WithParameters(e.set), Step: e.step, Samples: e.samples, Noise: e.noise, Seed: 1, Transient: 200}.Entry()
		if err != nil {
			t.Fatal(err)
		}
		s := &series.Series{TimeName: "t"}
		for _, v := range entry.Times {
			s.Time = append(s.Time, math.Round(v*1e6)/1e6)
		}
		for _, c := range entry.Channels {
			column := series.Column{Name: c.Column}
			if name, ok := e.columns[c.Column]; ok {
				column.Name = name
			}
			per := math.Round(1 / e.digits)
			for _, v := range c.Values {
				column.Values = append(column.Values, math.Round(v*per)/per)
			}
			s.Columns = append(s.Columns, column)
		}
		var b bytes.Buffer
		if err := csv.Write(&b, s); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(e.dir, "train.csv")
		if golden.Rewriting() {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, b.Bytes()) {
			t.Errorf("%s is not what its truth gives; make it anew with -rewrite and look at the difference", path)
		}
	}
}

// Every example is run as its problem file stands; the formula must have the
// terms of the truth and no others.
func TestEveryExampleFindsItsTruth(t *testing.T) {
	quick.Skip(t)
	for _, e := range examples {
		p, err := problem.Load(filepath.Join(e.dir, "problem.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := govern.Discover(context.Background(), p, govern.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if !out.Result.Status.Trusted() {
			t.Errorf("%s: status %s: %s", e.dir, out.Result.Status, out.Result.Advice)
		}
		for name, text := range e.formulas {
			truth, err := expr.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]float64{}
			for _, term := range expr.Terms(truth) {
				want[term.Factor.String()] = term.Coefficient
			}
			got := out.Result.Unknowns[name].Terms
			if len(got) != len(want) {
				t.Errorf("%s: %s = %s, want %s", e.dir, name, *out.Result.Unknowns[name].Expression, text)
				continue
			}
			for _, term := range got {
				if v, c := want[term.Term], float64(term.Coefficient); math.Abs(c-v) > e.tolerance*math.Abs(v) {
					t.Errorf("%s: %s: coefficient of %s is %g, want %g within %g", e.dir, name, term.Term, c, v, e.tolerance)
				}
			}
		}
		// The model that comes out runs, and closes the circle.
		again, err := model.Read("model.yaml", out.Model.Encode())
		if err != nil {
			t.Fatalf("%s: the discovered model does not read back: %v", e.dir, err)
		}
		if len(again.Unknowns) != 0 {
			t.Errorf("%s: the discovered model still holds unknowns", e.dir)
		}
	}
}
