package problem

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govern/series"
)

// columnFile opens a table of one column of 400 samples.
func columnFile(t *testing.T, of func(i int) float64) *Problem {
	t.Helper()
	var b strings.Builder
	b.WriteString("t,phi\n")
	for i := range 400 {
		fmt.Fprintf(&b, "%g,%.6g\n", 0.1*float64(i), of(i))
	}
	path := filepath.Join(t.TempDir(), "angle.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := FromTable(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWrappedAnglesAreMadeContinuous(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	angle := func(i int) float64 { return 0.13*float64(i) + math.Sin(0.1*float64(i)) - 20 }
	for _, w := range turns {
		scale := w.period / (2 * math.Pi)
		p := columnFile(t, func(i int) float64 {
			v := scale * (angle(i) + 0.05*random.NormFloat64())
			return v - w.period*math.Floor((v-w.low)/w.period)
		})
		entries, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Text, "phi is an angle wrapped to "+w.name) {
			t.Fatalf("%s: warnings %q", w.name, p.Notes)
		}
		at, first := 0, math.NaN()
		for _, e := range entries { // the held-out part goes on where the other ends
			for _, v := range e.Channels[0].Values {
				off := v/scale - angle(at)
				if at == 0 {
					first = 2 * math.Pi * math.Round(off/(2*math.Pi))
				}
				if math.Abs(off-first) > 0.3 { // six standard deviations
					t.Fatalf("%s: sample %d is %g off", w.name, at, off-first)
				}
				at++
			}
		}
	}
}

func TestOtherJumpsAreNotUnwrapped(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for name, of := range map[string]func(i int) float64{
		"noise":      func(int) float64 { return 2 * math.Pi * random.Float64() },
		"switch":     func(i int) float64 { return 2 * math.Copysign(1, math.Sin(0.1*float64(i))) },
		"saw":        func(i int) float64 { return math.Mod(0.1*float64(i), 5) },
		"swing":      func(i int) float64 { return 3 * math.Sin(0.2*float64(i)) },
		"beyond one": func(i int) float64 { return math.Mod(0.1*float64(i), 7) },
	} {
		p := columnFile(t, of)
		if _, err := p.Open(); err != nil || len(p.Notes) > 0 {
			t.Errorf("%s: %v, warnings %q", name, err, p.Notes)
		}
	}
}

func TestColumnsOfImpossibleSizeAreRefusedAndTwinsNamed(t *testing.T) {
	p := columnFile(t, func(i int) float64 { return 1e80 * math.Sin(float64(i)) })
	var bad *series.DataError
	if _, err := p.Open(); !errors.As(err, &bad) || !strings.Contains(bad.Hint, "another unit") {
		t.Errorf("1e80: %v", err)
	}
	path := filepath.Join(t.TempDir(), "twins.csv")
	text := "t,x,y,z\n"
	for i := range 100 {
		x := math.Sin(0.1 * float64(i))
		text += fmt.Sprintf("%d,%.9g,%.9g,%.9g\n", i, x, math.Cos(0.1*float64(i)), 3-2*x)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := FromTable(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(); err != nil || len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Text, "z is -2 times x") {
		t.Errorf("%v, warnings %q", err, p.Notes)
	}
}
