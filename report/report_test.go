package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"govern/internal/quick"
)

func render(t *testing.T, p *Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wellFormed checks every figure and formula as XML.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	for _, part := range regexp.MustCompile(`(?s)<svg.*?</svg>|<math>.*?</math>`).FindAllString(page, -1) {
		d := xml.NewDecoder(strings.NewReader(part))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %.300s", err, part)
			}
		}
	}
	for _, word := range []string{"NaN", "Inf", "%!", "ZgotmplZ", "&lt;math", "&lt;svg"} {
		if i := strings.Index(page, word); i >= 0 {
			t.Errorf("the page holds %q: …%s", word, page[max(0, i-120):min(len(page), i+60)])
		}
	}
}

// leaves returns what in a page refers to the outside; "" for nothing.
func leaves(page string) string {
	for _, outside := range []string{"http:", "https:", "<script", "<link", "@import", "src=", "<img"} {
		if strings.Contains(page, outside) {
			return outside
		}
	}
	return ""
}

func TestEqualPagesGiveEqualBytes(t *testing.T) {
	first, second := render(t, samplePage()), render(t, samplePage())
	if first != second {
		t.Error("two renderings differ")
	}
}

func TestPageIsSelfContainedAndWellFormed(t *testing.T) {
	page := render(t, samplePage())
	wellFormed(t, page)
	if outside := leaves(page); outside != "" {
		t.Errorf("the page refers to the outside: %s", outside)
	}
	for _, part := range []string{"free-running", "95 % interval", "0.1998</td>", "[0.1987, 0.2009]", "0.111, 0.000, −13.810", "Figure 5.", "valid time",
		"prefers-color-scheme", "\\dot{y_{1}", "y1' ="} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func TestLongSeriesStayBelowAMegabyteAndAHalf(t *testing.T) {
	quick.Skip(t)
	p := &Page{Title: "long", Status: "ok", Dynamics: nil}
	const n = 60_000
	time, truth := rossler(14, [3]float64{1, 1, 0}, n, 0.2)
	for e := range 12 {
		s := Series{Entry: fmt.Sprintf("trial %d", e), Time: time}
		for k := range 14 {
			s.Channels = append(s.Channels, Track{Name: "v", Data: rough(truth[k%3], 1), Free: truth[(k+1)%3]})
		}
		p.Series = append(p.Series, s)
		p.Portraits = append(p.Portraits, Portrait{Axes: []Axis{{"x", "", rough(truth[0], 1), truth[0]}, {"y", "", rough(truth[1], 1), truth[1]}, {"z", "", truth[2], truth[2]}}})
	}
	for range 3 {
		p.CloseUps, p.FreeRuns = append(p.CloseUps, p.Series[0]), append(p.FreeRuns, p.Series[0])
	}
	for i := range 5000 {
		p.History = append(p.History, Iteration{Stage: fmt.Sprintf("degree-%d/a", i/1000), Loss: 1 + math.Abs(math.Sin(float64(i))), Omega: 0.1, Segment: 1 + i/1000,
			Noise: []float64{0.1 + 0.01*math.Sin(float64(i)), 0.2, 0.3, 0.4}})
	}
	for k := range 6 {
		s := Slice{Unknown: "f", Argument: fmt.Sprintf("x%d", k), At: time[:121], Value: truth[0][:121], Low: truth[1][:121], High: truth[2][:121], SampleAt: truth[0][:600], Sample: truth[1][:600]}
		p.Slices = append(p.Slices, s)
		p.Innovations = append(p.Innovations, Innovation{Column: "v", Values: truth[0], Autocorrelation: truth[0][:201], Step: 0.2})
		p.Spectra = append(p.Spectra, Spectrum{Name: "v", Frequency: time[1:30_000], Data: squares(rough(truth[0][1:30_000], 1)), Model: squares(truth[1][1:30_000])})
	}
	p.Unknowns = []Unknown{{Name: "f"}}
	page := render(t, p)
	if len(page) > 1_500_000 {
		t.Errorf("%d bytes", len(page))
	}
	for _, part := range []string{"4 more entries", "2 more channels of trial 0", "6 more phase portraits"} {
		if !strings.Contains(page, part) {
			t.Errorf("nothing says %q", part)
		}
	}
}

func squares(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = x * x
	}
	return out
}

func TestNothingToShowIsShownPlainly(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	pages := map[string]*Page{
		"empty": {},
		"no model": {Title: "a <b> & \"c\"", Status: "no_model", Advice: "try <more> data",
			Unknowns:    []Unknown{{Name: "f"}},
			Channels:    []Channel{{"x", "", nil, nan, nan, nan, "", nan, nan}},
			Dynamics:    &Dynamics{ValidTime: nan, AttractorDistance: nan, AttractorFloor: nan, SpectrumDistance: nan, SpectrumFloor: nan},
			Series:      []Series{{}, {Time: []float64{0}, Channels: []Track{{Name: "x", Data: []float64{nan}}}}},
			Portraits:   []Portrait{{}, {Axes: []Axis{{"x", "", nil, nil}, {"y", "", nil, nil}}}, {Axes: make([]Axis, 3)}},
			History:     []Iteration{{Stage: "a", Loss: nan}, {Stage: "b", Loss: inf, Noise: []float64{nan}}, {Stage: "c"}, {Stage: "d", Loss: -1, Noise: []float64{0, inf}}},
			Slices:      []Slice{{Unknown: "f"}, {Unknown: "f", Argument: "x", At: []float64{1}, Value: []float64{nan}, Low: []float64{nan}, High: []float64{inf}, Density: []float64{nan}}},
			Spectra:     []Spectrum{{}, {Name: "x", Frequency: []float64{1, 2}, Data: []float64{0, 0}, Model: []float64{nan, inf}}},
			Supplied:    &Supplied{States: []Help{{State: "x"}, {State: "y", Motion: nan, Defect: 1}}},
			Innovations: []Innovation{{}, {Column: "x", Values: []float64{nan, inf, 1}, Autocorrelation: []float64{nan, nan}, Step: 1}},
			FreeRuns:    []Series{{}}, CloseUps: []Series{{Time: []float64{0, 1}, Channels: []Track{{Name: "x", Nudged: []float64{nan, nan}}}}}},
		"constant and exploding": {Status: "not_converged",
			Series: []Series{{Time: []float64{0, 1e-9, 2e-9}, Channels: []Track{
				{Name: "x", Data: []float64{5, 5, 5}, Free: []float64{5, 1e300, inf}}, {Name: "y", Data: []float64{0, 0, 0}}, {Name: "z", Free: []float64{1e7, 2e7, nan}}}}},
			Portraits: []Portrait{{Axes: []Axis{{"x", "", []float64{1, 1}, []float64{inf, 1e308}}, {"y", "", []float64{1, 2}, []float64{nan, -1e308}}}}}},
	}
	for name, p := range pages {
		t.Run(name, func(t *testing.T) {
			page := render(t, p)
			wellFormed(t, page)
			if strings.Contains(page, "<b> &") || strings.Contains(page, "<more>") {
				t.Error("text of the problem was not escaped")
			}
		})
	}
}

func TestFormulasAreTypesetAsInTextbooks(t *testing.T) {
	// The markup without tags, thin spaces as "_".
	cases := map[string]string{
		"-x^2":                   "−x2",
		"(-x)^2":                 "(−x)2",
		"a - (b - c)":            "a−b+c",
		"a - (b + c)*d":          "a−(b+c)_d",
		"2*3*x":                  "2·3_x",
		"x*(-2)":                 "x·(−2)",
		"-2*x":                   "−2_x",
		"x + -2*y":               "x−2_y",
		"1*x":                    "x",
		"alpha*x_1":              "α_x1",
		"log(x)/log10(y)":        "ln(x)log10(y)",
		"sqrt(x)^2":              "x2",
		"abs(x)":                 "|x|",
		"1.25e-7*x":              "1.25·10−7_x",
		"123456":                 "1.2346·105",
		"0.99999816*x":           "1.00000_x",
		"if(x < 0 , 1, 2)":       "{1if x<02otherwise",
		"f(x, y + 1)":            "f(x,y+1)",
		"(x + y)^(a*b)":          "(x+y)a_b",
		"(a/b)*c":                "ab_c",
		"mod(t, 2*pi)":           "mod(t,2_π)",
		"-(a + b)":               "−(a+b)",
		"a/(-b)":                 "a−b",
		"heaviside(x) + sign(x)": "Θ(x)+sgn(x)",
	}
	tags := regexp.MustCompile(`<[^>]*>`)
	for src, want := range cases {
		e := must(src)
		got := strings.ReplaceAll(formula(e), "<mspace", "_<mspace")
		got = tags.ReplaceAllString(got, "")
		got = strings.NewReplacer("&lt;", "<", "\u00a0", " ").Replace(got)
		if got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
}

func TestIntervalsDecideTheDigits(t *testing.T) {
	cases := []struct {
		value, low, high float64
		want             string
	}{
		{0.9999816, 0.9998012, 1.000162, "0.99998 [0.99980, 1.00016]"},
		{14.0012, 13.9721, 14.0303, "14.001 [13.972, 14.030]"},
		{-0.00001, -0.01, 0.01, "−0.00001 [−0.01000, 0.01000]"},
		{0.4, -30, 30, "0.4 [−30.0, 30.0]"},
		{1234, 1000, 1500, "1234 [1000, 1500]"},
		{1.234e-9, 1.2e-9, 1.3e-9, "1.234 × 10⁻⁹ [1.200 × 10⁻⁹, 1.300 × 10⁻⁹]"},
		{2, math.NaN(), math.NaN(), "2.000 [–, –]"},
	}
	for _, c := range cases {
		v, l, h := FormatEstimate(c.value, c.low, c.high)
		if got := fmt.Sprintf("%s [%s, %s]", v, l, h); got != c.want {
			t.Errorf("%v: %s, want %s", c, got, c.want)
		}
	}
}

func TestTicksAreRoundNumbersInsideTheAxis(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{0, 79.95, "[0 10 20 30 40 50 60 70]"}, {-1, 1, "[−1.0 −0.8 −0.6 −0.4 −0.2 0.0 0.2 0.4 0.6 0.8 1.0]"}, {1e6, 3e6, "[1.0 1.2 1.4 1.6 1.8 2.0 2.2 2.4 2.6 2.8 3.0]"},
		{0.0011, 0.0029, "[1.2 1.4 1.6 1.8 2.0 2.2 2.4 2.6 2.8]"},
	} {
		at, step := ticks(c.low, c.high, 10)
		if labels, _ := tickLabels(at, step); fmt.Sprint(labels) != c.want {
			t.Errorf("[%g, %g]: %v, want %s", c.low, c.high, labels, c.want)
		}
	}
}

func TestThinningLosesNoExcursionAndNoGap(t *testing.T) {
	var points []point
	for i := range 10_000 {
		y := 0.0
		if i == 5003 {
			y = 100
		}
		if i >= 7000 && i < 7100 {
			y = math.NaN()
		}
		points = append(points, point{float64(i) / 20, y})
	}
	kept := envelope(points, 1)
	top, gaps := 0.0, 0
	for _, p := range kept {
		if p.gap() {
			gaps++
		} else {
			top = max(top, p.y)
		}
	}
	if len(kept) > 2100 || top != 100 || gaps != 1 {
		t.Errorf("%d points, highest %g, %d gaps", len(kept), top, gaps)
	}
}

func TestStraighteningStaysWithinItsTolerance(t *testing.T) {
	_, u := rossler(14, [3]float64{1, 1, 0}, 4000, 0.05)
	points := place(scale{-30, 30, 0, 300}, scale{-30, 30, 0, 300}, u[0], u[1])
	kept := straighten(points, 0.25, 100_000)
	if len(kept) > len(points)*3/4 {
		t.Errorf("%d of %d points kept", len(kept), len(points))
	}
	// Every point lies near the chord of the kept points around it.
	k := 0
	for _, p := range points {
		if k+1 < len(kept) && p == kept[k+1] {
			k++
		}
		if k+1 < len(kept) && !within([]point{kept[k], p, kept[k+1]}, 0.25+1e-9) {
			t.Fatalf("%v is farther than 0.25 from %v–%v", p, kept[k], kept[k+1])
		}
	}
	if cut := straighten(points, 0.25, 50); len(cut) > 50 {
		t.Errorf("limit 50: %d points", len(cut))
	}
}

func TestRegimesAreListedWithTheirFormulas(t *testing.T) {
	var b strings.Builder
	p := &Page{Title: "switched", Status: "ok", Regimes: &Regimes{
		List: []Regime{
			{Entry: "a.csv", From: 0, To: 10, Low: math.NaN(), High: math.NaN(), Unknowns: []Unknown{{Name: "f", Arguments: []string{"x"}, Formula: must("2*x"), Terms: []Term{{must("x"), 2, 1.9, 2.1}}}}},
			{Entry: "a.csv", From: 10, To: 20, Low: 9.5, High: 10.5, Unknowns: []Unknown{{Name: "f", Arguments: []string{"x"}, Formula: must("3*x"), Terms: []Term{{must("x"), 3, 2.9, 3.1}}}},
				Lyapunov: []float64{0.1, 0}, Free: []Free{{"x", 0.02}}},
		},
		Records: []Series{{Entry: "a.csv", Time: []float64{0, 10, 20}, Channels: []Track{{Name: "x", Data: []float64{1, 2, 3}}}, Marks: []Mark{{10, "regime 2"}}}},
	}}
	if err := Render(&b, p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Regimes</h2>", "regime 2</text>", "[9.50", "10.5", "[2.90, 3.10]", "x 2"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
