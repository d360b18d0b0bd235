package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"govern/compare"
	"govern/profile"
	"govern/run"
)

func TestOptionsOfAComparisonAreReadAsTheyAreWritten(t *testing.T) {
	for form, want := range map[string][]compare.Form{
		"library": {compare.LibraryForm}, "neural": {compare.NeuralForm}, "both": {compare.LibraryForm, compare.NeuralForm},
	} {
		o, err := compareOptions(&run.Manifest{Options: CompareOptions(compare.Options{Seeds: 3, Budget: 50, Degree: 4}, form)})
		if err != nil || o.Seeds != 3 || o.Budget != 50 || o.Degree != 4 || !slices.Equal(o.Forms, want) {
			t.Errorf("%s: %+v (%v)", form, o, err)
		}
	}
	_, err := compareOptions(&run.Manifest{Options: map[string]string{"seeds": "3", "budget": "much", "degree": "2"}})
	if !errors.Is(err, strconv.ErrSyntax) || !strings.Contains(err.Error(), "manifest.json: options.budget") {
		t.Errorf("%v", err)
	}
	if o := ProfileOptions(profile.Options{Parameter: "f: x", Points: 9}); o["parameter"] != "f: x" || o["points"] != "9" || len(o) != 2 {
		t.Errorf("%v", o)
	}
}

// compared are two methods with trials of seeds 7 and 8.
func compared() *compare.Comparison {
	trial := func(seed uint64, gain float64, free ...float64) compare.Trial {
		t := compare.Trial{Seed: seed, Gain: gain}
		for i, v := range free {
			t.Points = append(t.Points, compare.Progress{Steps: 50 * (i + 1), Tried: 40*(i+1) + int(seed), Seconds: float64(i+1) + float64(seed), Gain: gain, Nudged: 0.5, Free: v})
		}
		return t
	}
	return &compare.Comparison{Lyapunov: 0.5, Horizon: 2, Gains: []float64{1, 0.25, 0}, Segment: 30, Budget: 100, Methods: []compare.Method{
		{Name: "plain, cold", Form: compare.LibraryForm, Trials: []compare.Trial{trial(7, 0, 1, math.Inf(1)), trial(8, 0)}},
		{Name: "both, warm", Form: compare.LibraryForm, Segment: 30, Gain: 1, Warm: true, Trials: []compare.Trial{trial(7, 0.25, 1, 0.05), trial(8, 0, 0.5, 0.01)}},
	}}
}

func TestAComparisonIsDrawnAndPrinted(t *testing.T) {
	page := comparisonOf("swing", compared())
	if page.Title != "swing" || page.Subtitle != "100 steps a trial; largest Lyapunov exponent 0.5; seeds 7, 8" || page.Level != compare.SuccessLevel {
		t.Errorf("%q", page.Subtitle)
	}
	plain, both := page.Methods[0], page.Methods[1]
	if plain.Setting != "one segment" || plain.Trained != "free" || !math.IsInf(plain.Median, 1) || plain.Success != 0 || plain.Count != 2 || plain.Seconds != 9 || plain.Tried != 87 {
		t.Errorf("%+v", plain)
	}
	if both.Setting != "segments of 30 samples" || both.Trained != "nudged (≤ 0.25 left)" || both.Success != 2 || !slices.Equal(both.Trials[1].Error, []float64{0.5, 0.01}) {
		t.Errorf("%+v", both)
	}
	var b bytes.Buffer
	printComparison(&b, page)
	lines := strings.Split(b.String(), "\n")
	if !strings.HasPrefix(lines[0], "100 steps a trial") || !strings.Contains(lines[2], "escapes") || !strings.Contains(lines[2], "0 of 2") || !strings.Contains(lines[3], "0.03") || !strings.Contains(lines[3], "2 of 2") {
		t.Errorf("%s", b.String())
	}

	c := compared()
	c.Lyapunov = 0
	c.Methods[1].Trials[0].Gain = 0
	if page = comparisonOf("swing", c); !strings.Contains(page.Subtitle, "no chaotic reference") || page.Methods[1].Trained != "nudged, then free" {
		t.Errorf("%q, %q", page.Subtitle, page.Methods[1].Trained)
	}
	c.Methods = nil
	if got := seeds(c); got != "" {
		t.Errorf("seeds %q of nothing", got)
	}
	if got := numbers([]float64{1, 0.31622, 0}); got != "1, 0.316, 0" {
		t.Errorf("%q", got)
	}
}

func TestAComparisonIsEncodedWithoutNumbersThatJSONLacks(t *testing.T) {
	text, err := encodeComparison(compared())
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Lyapunov, Horizon, Level float64
		Budget                   int
		Gains                    []float64
		Methods                  []struct {
			Form, Method string
			Segment      int
			Gain         float64
			Median       *float64
			Successes    int
			Trials       []struct {
				Seed       uint64
				Gain, Free *float64
			}
		}
		Seconds map[string][][]float64
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.Lyapunov != 0.5 || back.Horizon != 2 || back.Level != compare.SuccessLevel || back.Budget != 100 || !slices.Equal(back.Gains, []float64{1, 0.25, 0}) || text[len(text)-1] != '\n' {
		t.Errorf("%s", text)
	}
	plain, both := back.Methods[0], back.Methods[1]
	if plain.Median != nil || plain.Trials[0].Free != nil || both.Median == nil || !near(*both.Median, 0.03) || both.Successes != 2 || *both.Trials[1].Free != 0.01 || both.Trials[1].Seed != 8 || *both.Trials[0].Gain != 0.25 {
		t.Errorf("%s", text)
	}
	if s := back.Seconds["library, both, warm"]; len(s) != 2 || !slices.Equal(s[0], []float64{8, 9}) {
		t.Errorf("seconds %v", back.Seconds)
	}
}

// near says that two numbers are equal but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) < 1e-12 }

func TestTheTableOfTrialsHasNoSeconds(t *testing.T) {
	var b bytes.Buffer
	if err := writeTrials(&b, compared()); err != nil {
		t.Fatal(err)
	}
	want := `form,method,seed,steps,tried,gain,nudged,free
library,"plain, cold",7,50,47,0,0.5,1
library,"plain, cold",7,100,87,0,0.5,+Inf
library,"both, warm",7,50,47,0.25,0.5,1
library,"both, warm",7,100,87,0.25,0.5,0.05
library,"both, warm",8,50,48,0,0.5,0.5
library,"both, warm",8,100,88,0,0.5,0.01
`
	if b.String() != want {
		t.Errorf("%s\nwant\n%s", b.String(), want)
	}
}

func TestAProfileIsSaidWrittenAndEncoded(t *testing.T) {
	p := &profile.Profile{Parameter: "f: x", Value: 3, Sigma: 0.5, Values: []float64{2, 3, 3.1}, Rise: []float64{4, 0, 0.04},
		Low: profile.End{At: 2.020018}, High: profile.End{At: math.NaN(), Open: true, Why: "followed over 12 refits, it has risen by 0.04"}}
	if got := sayProfile(p); !slices.Equal(got, []string{"f: x = 3, 95 % interval by profile likelihood: [2.02002, open]", "open above: followed over 12 refits, it has risen by 0.04"}) {
		t.Errorf("%q", got)
	}
	q := *p
	q.Low, q.High = p.High, p.Low
	if got := sayProfile(&q); len(got) != 2 || !strings.Contains(got[0], "[open, 2.02002]") || !strings.HasPrefix(got[1], "open below: followed") {
		t.Errorf("%q", got)
	}
	var b bytes.Buffer
	if err := writeProfile(&b, p); err != nil || b.String() != "value,rise\n2,4\n3,0\n3.1,0.04\n" {
		t.Errorf("%s (%v)", b.String(), err)
	}
	text, err := encodeProfile(p)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Parameter    string
		Value, Level float64
		Low, High    struct {
			At   *float64
			Open bool
			Why  string
		}
		Values, Rise []float64
	}
	if err := json.Unmarshal(text, &back); err != nil || back.Low.At == nil || *back.Low.At != 2.020018 || back.Low.Open || back.High.At != nil || !back.High.Open || back.High.Why == "" ||
		back.Level != profile.Level || !slices.Equal(back.Rise, p.Rise) || back.Parameter != "f: x" {
		t.Errorf("%s (%v)", text, err)
	}
}

func TestNumbersAreWrittenWithTheDigitsTheyNeed(t *testing.T) {
	for v, want := range map[float64]string{0.1: "0.1", 1.0 / 3: "0.3333333333333333", 1e300: "1e+300", -2: "-2"} {
		got := shortest(v)
		back, err := strconv.ParseFloat(got, 64)
		if got != want || err != nil || back != v {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
