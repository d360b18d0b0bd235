package tell

import (
	"math"
	"slices"
	"strings"
	"testing"

	"govern/expr"
	"govern/record"
	"govern/report"
)

func TestTheSpectrumOfASwingIsALineAtItsFrequency(t *testing.T) {
	e := swing("a.csv", 0, 4000)
	s, ok := spectrumOf(e.Times, e.Channels[0], e.Channels[1].Values, 2*math.Pi)
	if !ok || s.Name != "x" || s.Unit != "mV" || len(s.Data) != len(s.Frequency) || len(s.Model) != len(s.Frequency) {
		t.Fatalf("%+v", s)
	}
	// Eight cycles are 503 samples: stretches of 512 resolve 0.02 of the frequency 1/2π = 0.159.
	if f := s.Frequency[0]; !near(f, 1/(512*step)) {
		t.Errorf("stretches resolve %g", f)
	}
	for name, power := range map[string][]float64{"data": s.Data, "model": s.Model} {
		if f := s.Frequency[slices.Index(power, slices.Max(power))]; math.Abs(f-1/(2*math.Pi)) > 0.01 {
			t.Errorf("%s: the line is at %g", name, f)
		}
	}
	// In a short record stretches are half of it at most.
	if s, ok := spectrumOf(e.Times[:300], e.Slice(0, 300).Channels[0], e.Channels[1].Values[:300], 2*math.Pi); !ok || !near(s.Frequency[0], 1/(128*step)) {
		t.Errorf("of 300 samples: from %g on", s.Frequency[0])
	}
}

func TestThereIsNoSpectrumOfGapsAndUnevenSamples(t *testing.T) {
	e := swing("a.csv", 0, 400)
	gap := slices.Clone(e.Channels[0].Values)
	gap[100] = math.NaN()
	uneven := slices.Clone(e.Times)
	uneven[200] += step / 2
	early := slices.Clone(e.Channels[1].Values)
	early[399] = math.NaN()
	with := func(values []float64) record.Channel { return record.Channel{Column: "x", Values: values} }
	for name, got := range map[string]func() (report.Spectrum, bool){
		"a gap":          func() (report.Spectrum, bool) { return spectrumOf(e.Times, with(gap), e.Channels[1].Values, 6.3) },
		"uneven samples": func() (report.Spectrum, bool) { return spectrumOf(uneven, e.Channels[0], e.Channels[1].Values, 6.3) },
		"an early end":   func() (report.Spectrum, bool) { return spectrumOf(e.Times, e.Channels[0], early, 6.3) },
	} {
		if _, ok := got(); ok {
			t.Errorf("a spectrum with %s", name)
		}
	}
}

// long are the channels of an entry as its free run.
func long(e record.Entry) [][]float64 { return [][]float64{e.Channels[0].Values, e.Channels[1].Values} }

func TestPortraitsAreOfCleanChannels(t *testing.T) {
	w := answered(t)
	page := &report.Page{}
	w.measuredPortrait(page, w.Train[0], long(w.Train[0]))
	if p := page.Portraits; len(p) != 1 || len(p[0].Axes) != 2 || p[0].Axes[0].Name != "x" || p[0].Axes[0].Unit != "mV" || p[0].Axes[1].Name != "v" {
		t.Fatalf("%+v", p)
	}

	// With one clean channel it is set against itself a little before.
	w.Found.Chosen.Sigma = []float64{0.01, 0.9}
	page = &report.Page{}
	w.measuredPortrait(page, w.Train[0], long(w.Train[0]))
	p := page.Portraits
	if len(p) != 1 || len(p[0].Axes) != 2 || !strings.HasPrefix(p[0].Axes[0].Name, "x(t − ") || p[0].Axes[1].Name != "x(t)" {
		t.Fatalf("%+v", p)
	}
	// cos t correlates by 1/e with itself after 1.19; a quarter of a cycle, 1.57, is the most.
	before, now := p[0].Axes[0], p[0].Axes[1]
	lag := 200 - len(now.Data)
	if lag < 11 || lag > 13 || len(before.Data) != len(now.Data) || before.Data[lag] != now.Data[0] || len(now.Model) != len(now.Data) {
		t.Errorf("a lag of %d samples", lag)
	}

	w.Found.Chosen.Sigma = []float64{0.9, 0.9}
	page = &report.Page{}
	if w.measuredPortrait(page, w.Train[0], long(w.Train[0])); page.Portraits != nil {
		t.Errorf("a portrait of noise: %+v", page.Portraits)
	}
}

func TestStatesAreDrawnWhereChannelsDoNotShowThem(t *testing.T) {
	w := answered(t)
	if !w.seen(w.Train[0]) {
		t.Error("two clean channels do not show two states")
	}
	page := &report.Page{}
	if w.statesPortrait(page, w.Train[0]); page.Portraits != nil {
		t.Errorf("%+v", page.Portraits)
	}
	w.Found.Chosen.Sigma = []float64{0.01, 0.05} // 0.07 of v's deviation
	if w.seen(w.Train[0]) {
		t.Error("a noisy channel shows its state")
	}
	w.statesPortrait(page, w.Train[0])
	if p := page.Portraits; len(p) != 1 || len(p[0].Axes) != 2 || p[0].Axes[1].Name != "y" || p[0].Axes[0].Unit != "mV" {
		t.Fatalf("%+v", p)
	}
	a := page.Portraits[0].Axes[1]
	if len(a.Data) != 201 || !math.IsNaN(a.Data[200]) || a.Data[7] != w.Train[0].Channels[1].Values[7] {
		t.Errorf("the path of y: %d numbers", len(a.Data))
	}
	w.Found.Chosen.Sigma = []float64{0.01, 0.01}
	entry := w.Train[0].Slice(0, 200)
	entry.Channels[1].Observe = expr.Binary(expr.Mul, expr.Num(2), expr.Var("y"))
	if w.seen(entry) {
		t.Error("twice a state is no state")
	}
}

func TestReturnMapsAreOfChaos(t *testing.T) {
	w := answered(t)
	e := swing("a.csv", 0, 1000) // 15 maxima
	page := &report.Page{}
	if w.maxima(page, e, long(e)); page.Portraits != nil {
		t.Error("a return map of a cycle")
	}
	w.Proof.Chaotic = true
	w.maxima(page, e, long(e))
	if p := page.Portraits; len(p) != 1 || !p[0].Dots || p[0].Axes[0].Name != "maximum of x" || len(p[0].Axes[0].Data) != len(p[0].Axes[1].Data) || len(p[0].Axes[0].Data) < 13 {
		t.Fatalf("%+v", p)
	}
	for _, v := range page.Portraits[0].Axes[1].Data {
		if math.Abs(v-1) > 1e-3 {
			t.Errorf("a maximum of cos t is %g", v)
		}
	}
	page = &report.Page{}
	if w.maxima(page, e.Slice(0, 700), long(e.Slice(0, 700))); page.Portraits != nil {
		t.Error("a return map of eleven maxima")
	}
	w.Found.Chosen.Sigma = []float64{0.1, 0.1}
	if w.maxima(page, e, long(e)); page.Portraits != nil {
		t.Error("a return map of noise")
	}
}

func TestWithoutALongRunNothingIsDrawnOfIt(t *testing.T) {
	w := answered(t)
	page := &report.Page{}
	if err := w.longRun(page); err != nil || len(page.Portraits) != 1 || len(page.Spectra) != 2 {
		t.Errorf("%d portraits, %d spectra (%v)", len(page.Portraits), len(page.Spectra), err)
	}
	w.Proof.Long = nil
	page = &report.Page{}
	if err := w.longRun(page); err != nil || page.Portraits != nil || page.Spectra != nil {
		t.Errorf("%+v (%v)", page, err)
	}
}
