package report

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// vertices of a path.
func vertices(d string) (out []point) {
	for _, m := range regexp.MustCompile(`[ML](-?[\d.]+) (-?[\d.]+)`).FindAllStringSubmatch(d, -1) {
		x, _ := strconv.ParseFloat(m[1], 64)
		y, _ := strconv.ParseFloat(m[2], 64)
		out = append(out, point{x, y})
	}
	return out
}

// paths of one class in a figure, in their order.
func paths(svg, class string) (out [][]point) {
	for _, m := range regexp.MustCompile(`<path class="`+class+`" [^>]*d="([^"]*)"`).FindAllStringSubmatch(svg, -1) {
		out = append(out, vertices(m[1]))
	}
	return out
}

// texts of a figure, in their order.
func texts(svg string) (out []string) {
	for _, m := range regexp.MustCompile(`<text[^>]*>([^<]*)</text>`).FindAllStringSubmatch(svg, -1) {
		out = append(out, m[1])
	}
	return out
}

func has(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}

func TestEveryFigureHasATitleACaptionAndANumber(t *testing.T) {
	page := render(t, samplePage())
	svgs := regexp.MustCompile(`(?s)<svg[^>]*aria-labelledby="f(\d+)-title" aria-describedby="f(\d+)-caption">\s*<title id="f(\d+)-title">([^<]+)</title>`).FindAllStringSubmatch(page, -1)
	if all := strings.Count(page, "<svg"); len(svgs) != all || all != 10 {
		t.Fatalf("%d of %d figures have a title and a caption, want 10", len(svgs), all)
	}
	for i, m := range svgs {
		n := strconv.Itoa(i + 1)
		if m[1] != n || m[2] != n || m[3] != n {
			t.Errorf("figure %s stands at place %s", m[1], n)
		}
		caption := regexp.MustCompile(`(?s)<figcaption id="f` + n + `-caption"><b>Figure ` + n + `\.</b> ([^<]*)`).FindStringSubmatch(page)
		if caption == nil || len(caption[1]) < 60 {
			t.Errorf("figure %s has no caption that explains it: %q", n, caption)
		}
	}
	if ids := regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1); len(ids) > 0 {
		seen := map[string]bool{}
		for _, m := range ids {
			if seen[m[1]] {
				t.Errorf("the id %s is used twice", m[1])
			}
			seen[m[1]] = true
		}
	}
}

func TestCaptionsSayWhatIsNudgedAndWhatIsFree(t *testing.T) {
	p := samplePage()
	f := draw(p)
	cases := []struct {
		list []figure
		want []string
	}{
		{f.Free, []string{"free run", "held-out", "no data", "Of 12 held-out starts"}},
		{f.CloseUps, []string{"Nudged", "Free-running", "proves nothing"}},
		{f.Series, []string{"nudged", "running free"}},
		{f.Portraits, []string{"running free", "same axes"}},
		{f.Spectra, []string{"free run", "noise"}},
		{f.Innovations, []string{"nudged path", "95 %", "normal"}},
		{f.History, []string{"per observation", "No gain", "one sample long"}},
		{f.Unknowns["f"], []string{"95 %", "how densely the data lie", "extrapolation", "network", "smoother"}},
	}
	for _, c := range cases {
		if len(c.list) == 0 {
			t.Errorf("no figure for %v", c.want)
		}
		for _, g := range c.list {
			for _, want := range c.want {
				if !strings.Contains(g.Caption, want) {
					t.Errorf("figure %d lacks %q: %s", g.Number, want, g.Caption)
				}
			}
		}
	}
}

func TestALearnedFunctionIsDottedWhereNoDataLie(t *testing.T) {
	s := Slice{Unknown: "g", Argument: "v", Unit: "mV"}
	for i := range 11 {
		x := float64(i)
		s.At, s.Value = append(s.At, x), append(s.Value, 2*x)
		s.Low, s.High = append(s.Low, 2*x-1), append(s.High, 2*x+1)
		density := 1.0
		if i > 6 {
			density = 0
		}
		s.Density = append(s.Density, density)
	}
	s.SampleAt, s.Sample = []float64{1, 2, 3}, []float64{2, math.NaN(), 6}
	svg, drawn := unknownFigure([]Slice{s}, "f1")
	if want := "[model extrapolated band samples density]"; fmt.Sprint(drawn) != want {
		t.Errorf("drawn %v, want %s", drawn, want)
	}
	solid, dotted, band := paths(svg, "model")[0], paths(svg, "extrapolated")[0], paths(svg, "band")[0]
	if len(solid) != 7 || len(dotted) != 5 || dotted[0] != solid[6] {
		t.Errorf("%d points solid, %d dotted from %v on, which should go on where the others end (%v)", len(solid), len(dotted), dotted[0], solid[6])
	}
	if len(band) != 22 {
		t.Errorf("the band has %d corners, want 22", len(band))
	}
	// Upper edge, curve and lower edge are equally far apart.
	for i := range 7 {
		up, down := solid[i].y-band[i].y, band[21-i].y-solid[i].y
		if up <= 0 || math.Abs(up-down) > 0.11 { // rounded to a tenth of a pixel
			t.Errorf("at %g the band is %g above and %g below the curve", s.At[i], up, down)
		}
	}
	if n := len(paths(svg, "samples dots")[0]); n != 2 {
		t.Errorf("%d samples, want 2", n)
	}
	if all := texts(svg); !has(all, "v (mV)") || !has(all, "g") {
		t.Errorf("axes are not named: %q", all)
	}
	for i := range s.Density {
		s.Density[i] = 1
	}
	if _, drawn := unknownFigure([]Slice{s}, "f1"); strings.Contains(fmt.Sprint(drawn), "extrapolated") {
		t.Errorf("with data everywhere something is extrapolated: %v", drawn)
	}
}

func TestSlicesSayWhereTheOtherArgumentsAreHeld(t *testing.T) {
	p := samplePage()
	svg, _ := unknownFigure(p.Slices, "f1")
	all := texts(svg)
	for _, want := range []string{"at y = −0.310", "at x = 1.25", "x (mV)", "y (mV)"} {
		if !has(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
	if n := len(paths(svg, "model")); n != 2 {
		t.Errorf("%d curves for two slices", n)
	}
}

func TestInnovationsStandBesideNormalDensityAndBand(t *testing.T) {
	v := Innovation{Column: "x", Values: rough(make([]float64, 4000), 1), Autocorrelation: []float64{1, 0.5, 0.2, 0.1}, Step: 0.5}
	v.Values = append(v.Values, math.NaN(), 9, -7)
	svg := innovationFigure([]Innovation{v}, "ms", "f1")
	all := texts(svg)
	for _, want := range []string{"lag (ms)", "innovation (σ of the noise)", "density (per σ)", "autocorrelation", "4002 samples, 0.050 % beyond ±4 σ"} {
		if !has(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
	// Lag 0, which is 1, is left out; from 0.5 to 0.2 is three times as far as to 0.1.
	curve := paths(svg, "data-ink")[0]
	if len(curve) != 3 {
		t.Fatalf("%d lags, want 3", len(curve))
	}
	if ratio := (curve[0].y - curve[1].y) / (curve[1].y - curve[2].y); math.Abs(ratio-3) > 0.05 {
		t.Errorf("lags are not in proportion: %v", curve)
	}
	v.Assumed = true
	if all := texts(innovationFigure([]Innovation{v}, "ms", "f1")); !has(all, "x – its noise is an assumed floor") {
		t.Errorf("nothing says that the noise is assumed: %q", all)
	}
	// The histogram follows the normal density where both are large.
	bars, bell := paths(svg, "density")[0], paths(svg, "model")[0]
	if len(bars) != 4*32 || len(bell) != 81 {
		t.Fatalf("%d corners of bars, %d of the bell", len(bars), len(bell))
	}
	floor := bars[0].y
	area, top := 0.0, math.Inf(1)
	for k := 0; k < len(bars); k += 4 {
		area += (bars[k+2].x - bars[k].x) * (floor - bars[k+1].y)
		top = math.Min(top, bars[k+1].y)
	}
	bellArea := 0.0
	for k := 1; k < len(bell); k++ {
		bellArea += (bell[k].x - bell[k-1].x) * (floor - (bell[k].y+bell[k-1].y)/2)
	}
	if math.Abs(area/bellArea-1) > 0.01 {
		t.Errorf("the histogram covers %g times the area of the normal density", area/bellArea)
	}
	if peak := bell[40].y; math.Abs((floor-top)/(floor-peak)-1) > 0.15 { // five standard errors of the largest bar
		t.Errorf("the largest bar is %g times the normal density's peak", (floor-top)/(floor-peak))
	}
}

func TestSpectraShareLogarithmicAxesWithUnits(t *testing.T) {
	s := Spectrum{Name: "v", Unit: "mV"}
	for i := range 100 {
		f := 0.1 * float64(i+1)
		s.Frequency, s.Data, s.Model = append(s.Frequency, f), append(s.Data, 100/(f*f)), append(s.Model, 1/(f*f))
	}
	svg := spectrumFigure([]Spectrum{s}, "ms", "f1")
	all := texts(svg)
	for _, want := range []string{"v", "frequency (cycles per ms)", "power density ((mV)² · ms)", "10⁰"} {
		if !has(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
	data, model := paths(svg, "data")[0], paths(svg, "model")[0]
	first, last := model[0].y-data[0].y, model[len(model)-1].y-data[len(data)-1].y
	if first <= 0 || math.Abs(first-last) > 0.2 { // rounding
		t.Errorf("a hundred times less power is %g pixels lower at first, %g at last", first, last)
	}
}

func TestHistoryShowsLossAndSchedules(t *testing.T) {
	rows := []Iteration{
		{Stage: "degree-1/full", Loss: 100, Omega: 1, Segment: 1, Noise: []float64{0.1, 0.01}}, {Stage: "degree-1/full", Loss: 10, Omega: 1, Segment: 1, Noise: []float64{0.1, 0.01}},
		{Stage: "degree-1/full", Loss: 5, Omega: 0.1, Segment: 1, Noise: []float64{0.1, 0.01}}, {Stage: "final/refit", Loss: 1, Omega: 0.001, Segment: 1, Noise: []float64{0.05, 0.01}},
	}
	svg := historyFigure(rows, []string{"x", "y"}, "f1")
	all := texts(svg)
	for _, want := range []string{"loss per observation", "defect ω", "noise / std", "degree-1", "final", "1: noise only", "x", "y", "iteration, all steps one after the other"} {
		if !has(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
	if has(all, "gain") || has(all, "segment (samples)") {
		t.Error("what never changes is drawn")
	}
	// Loss: one curve, whose factor of ten is as long everywhere, broken between
	// weights; ω and two channels of noise: one curve each.
	curves := paths(svg, "model")
	if len(curves) != 4 || len(curves[0]) != 4 {
		t.Fatalf("%d curves, the first with %d points", len(curves), len(curves[0]))
	}
	if one, two := curves[0][1].y-curves[0][0].y, curves[0][3].y-curves[0][1].y; math.Abs(one-two) > 0.2 {
		t.Errorf("a factor of ten is %g pixels, then %g", one, two)
	}
	d := regexp.MustCompile(`<path class="model" [^>]*d="([^"]*)"`).FindStringSubmatch(svg)[1]
	if strings.Count(d, "M") != 3 || strings.Count(d, "L") != 1 {
		t.Errorf("minimisations are not apart: %s", d)
	}
	rows[0].Gain, rows[1].Segment = 0.5, 8
	all = texts(historyFigure(rows, []string{"x", "y"}, "f1"))
	if !has(all, "gain") || !has(all, "segment (samples)") {
		t.Errorf("gain and segments change, and are not drawn: %q", all)
	}
	if caption := historyCaption(rows); strings.Contains(caption, "No gain") || strings.Contains(caption, "throughout") {
		t.Errorf("the caption says that nothing changes: %s", caption)
	}
}

func TestThePageSaysPlainlyWhatTheDataSupply(t *testing.T) {
	cases := []struct {
		s    Supplied
		want string
	}{
		{Supplied{}, "No gain: nothing was supplied by the data in the final model."},
		{Supplied{States: []Help{{State: "x", Motion: 1, Defect: 1e-6}}}, "less than 0.01 % of the motion of x: the equations move the model by themselves."},
		{Supplied{States: []Help{{State: "x", Motion: 1, Defect: 0.01}, {State: "y", Motion: 3, Defect: 0.3}}}, "0.99 % of the motion of y, the most of any state: the equations explain nearly all of it."},
		{Supplied{States: []Help{{State: "x", Motion: 1, Defect: 1}}}, "50 % of the motion of x: the equations leave that much of it to the data."},
		{Supplied{Gain: 0.2}, "A gain still supplies 20 % of the motion: this model is not finished."},
	}
	for _, c := range cases {
		if got := helped(&c.s); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
	page := render(t, samplePage())
	if !strings.Contains(page, "<mi>x</mi></math> (mV per ms)</td>") {
		t.Error("right-hand sides have no unit")
	}
	// 0.3 beside 3: a tenth, of the squares a hundred and first part.
	for _, want := range []string{`<td class="n">3.00</td><td class="n">0.30</td><td class="n">0.10</td><td class="n">0.0099</td>`, "noise of x", "estimated with the fit", "as the problem gives it"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestLogarithmicTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{-2.1, 1.2, "[10⁻² 10⁻¹ 10⁰ 10¹]"}, {0, 12, "[10⁰ 10³ 10⁶ 10⁹ 10¹²]"}, {-0.35, 0.35, "[0.5 1 2]"}, {2.1, 2.5, "[200]"}, {-6.6, -5.6, "[10⁻⁶]"},
	} {
		if _, labels := logTicks(c.low, c.high, 5); fmt.Sprint(labels) != c.want {
			t.Errorf("[%g, %g]: %v, want %s", c.low, c.high, labels, c.want)
		}
	}
}

func TestReturnMapsAreDotsInsideTheirFrame(t *testing.T) {
	p := Portrait{Dots: true, Axes: []Axis{{"a", "mV", []float64{1, 2, 3}, []float64{1, 2, 1e6}}, {"b", "mV", []float64{3, 2, 1}, []float64{2, 2, 2}}}}
	svg := portraitFigure(&p, "f1", 1000)
	if data, model := paths(svg, "samples dots data-ink"), paths(svg, "samples dots model-ink"); len(data) != 1 || len(data[0]) != 3 || len(model) != 1 || len(model[0]) != 2 {
		t.Errorf("data %v, model %v", data, model)
	}
}

func TestWhatHardlyMattersIsDrawnAsHardlyMoving(t *testing.T) {
	steep, shallow := Slice{Unknown: "g", Argument: "a"}, Slice{Unknown: "g", Argument: "b"}
	for i := range 11 {
		x := float64(i)
		steep.At, steep.Value = append(steep.At, x), append(steep.Value, 100*x)
		shallow.At, shallow.Value = append(shallow.At, x), append(shallow.Value, 500+0.1*x)
	}
	svg, _ := unknownFigure([]Slice{steep, shallow}, "f1")
	curves := paths(svg, "model")
	rise := func(p []point) float64 { return p[0].y - p[len(p)-1].y }
	if rise(curves[0]) < 100 || rise(curves[1]) > rise(curves[0])/50 || rise(curves[1]) <= 0 {
		t.Errorf("the steep slice rises by %g pixels, the shallow one, a thousand times less, by %g", rise(curves[0]), rise(curves[1]))
	}
}

func TestDataNudgedAndFreeAreToldApart(t *testing.T) {
	s := Series{Entry: "a.csv", Time: make([]float64, 400), Channels: []Track{{Name: "v", Unit: "mV"}}, Marks: []Mark{{At: 100, Label: "valid until here"}}}
	c := &s.Channels[0]
	for i := range s.Time {
		s.Time[i] = float64(i)
		c.Data, c.Nudged, c.Free = append(c.Data, 0), append(c.Nudged, 1), append(c.Free, 2)
	}
	svg, drawn, outside := seriesFigure(&s, "ms", "f1", tall, 1)
	if fmt.Sprint(drawn) != "[data model nudged]" || outside {
		t.Errorf("the legend explains %v; outside: %v", drawn, outside)
	}
	data, nudged, free := paths(svg, "data"), paths(svg, "nudged"), paths(svg, "model")
	if len(data) != 1 || len(nudged) != 1 || len(free) != 1 {
		t.Fatalf("%d curves of data, %d nudged, %d free", len(data), len(nudged), len(free))
	}
	if a, b := data[0][0].y-nudged[0][0].y, nudged[0][0].y-free[0][0].y; a <= 0 || math.Abs(a-b) > 0.11 {
		t.Errorf("nudged lies %g above the data, free %g above nudged; they are equally far apart", a, b)
	}
	if all := texts(svg); !has(all, "v (mV)") || !has(all, "time (ms)") || !has(all, "valid until here") {
		t.Errorf("axes or mark are not named: %q", all)
	}
	for _, k := range keys(keyTexts, drawn) {
		if k.Text == "" {
			t.Errorf("%s has no text in the legend", k.Class)
		}
	}
}
