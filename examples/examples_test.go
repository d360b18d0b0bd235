// Package examples_test runs every example as a user would and compares its
// formula with the truth. The data of the examples are simulated; -rewrite
// makes them anew.
package examples_test

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"govern/internal/truth"
	"govern/model"
	"govern/series"
	"govern/series/csv"
)

var rewrite = flag.Bool("rewrite", false, "write the examples' data files")

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
		if *rewrite {
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
