package fit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/expr"
	"govern/model"
	"govern/record"
)

// recording is a file of x = sin t + 0.3 sin 2.3 t, per samples a cycle, with noise.
func recording(name string, samples int, per, noise float64, seed uint64) record.Entry {
	rng := rand.New(rand.NewPCG(seed, 17))
	e := record.Entry{Name: name, Channels: []record.Channel{{Column: "x", Observe: expr.Var("x")}}}
	for i := range samples {
		t := 2 * math.Pi * float64(i) / per
		e.Times = append(e.Times, t)
		e.Channels[0].Values = append(e.Channels[0].Values, math.Sin(t)+0.3*math.Sin(2.3*t)+noise*rng.NormFloat64())
	}
	return e
}

func levelsIn(entries []record.Entry) []int {
	var out []int
	for _, e := range record.Levels(entries) {
		out = append(out, e.Channels[0].Level)
	}
	return out
}

func TestFilesOfOneNoiseShareALevel(t *testing.T) {
	for seed := range uint64(300) {
		var entries []record.Entry
		for k, n := range []int{60, 200, 400, 1000, 150} {
			entries = append(entries, recording(string(rune('a'+k)), n, 40+20*float64(k), 0.05, 10*seed+uint64(k)))
		}
		if got := levelsIn(entries); slices.Max(got) > 0 {
			t.Errorf("seed %d: levels %v", seed, got)
		}
	}
}

func TestLevelsOfFiles(t *testing.T) {
	file := func(name string, noise float64) record.Entry { return recording(name, 400, 60, noise, uint64(name[0])) }
	given := func(e record.Entry, sigma float64) record.Entry {
		e.Channels[0].Sigma = sigma
		return e
	}
	held := func(e record.Entry) record.Entry {
		e.Test = true
		return e
	}
	spiky := file("s", 0.02)
	for i := 7; i < 400; i += 40 {
		spiky.Channels[0].Values[i] += 3
	}
	whole := file("w", 0.3)
	for _, c := range []struct {
		name    string
		entries []record.Entry
		want    []int
	}{
		{"one of two is noisy", []record.Entry{file("a", 0.2), file("b", 0.01)}, []int{1, 0}},
		{"one of five is noisy", []record.Entry{file("a", 0.01), file("b", 0.01), file("c", 0.5), file("d", 0.01), file("e", 0.01)}, []int{0, 0, 1, 0, 0}},
		{"three levels", []record.Entry{file("a", 0.03), file("b", 0.3), file("c", 0.003), file("d", 0.3)}, []int{1, 2, 0, 2}},
		{"less than levelRatio apart", []record.Entry{file("a", 0.1), file("b", 0.125)}, []int{0, 0}},
		{"outliers are no level", []record.Entry{file("a", 0.02), spiky}, []int{0, 0}},
		{"sixteen samples say too little", []record.Entry{file("a", 0.02), recording("b", 16, 60, 0.04, 1)}, []int{0, 0}},
		{"coarse sampling looks like noise", []record.Entry{file("a", 0.01), recording("b", 400, 9, 0.01, 1)}, []int{0, 0}},
		{"parts of a file share its level", []record.Entry{file("a", 0.01), whole.Slice(0, 200), whole.Slice(200, 400)}, []int{0, 1, 1}},
		{"a held-out part does not count", []record.Entry{file("a", 0.01), file("b", 0.01), held(file("b", 0.5))}, []int{0, 0, 0}},
		{"a held-out file has its own", []record.Entry{file("a", 0.01), held(file("b", 0.5))}, []int{0, 1}},
		{"noise as given", []record.Entry{given(file("a", 0.1), 0.1), given(file("b", 0.1), 0.11), given(file("c", 0.1), 0.1)}, []int{0, 1, 0}},
		{"a given noise serves files like it", []record.Entry{given(file("a", 0.1), 0.1), file("b", 0.1), file("c", 0.01)}, []int{1, 1, 0}},
	} {
		if got := levelsIn(c.entries); !slices.Equal(got, c.want) {
			t.Errorf("%s: levels %v, want %v", c.name, got, c.want)
		}
	}
}

// prepared are recordings of a model of which nothing is known.
func prepared(t *testing.T, entries ...record.Entry) *Data {
	t.Helper()
	m, err := model.Read("m.yaml", []byte("states: {x: 0}\nunknowns: {f: {}}\nequations: x' = f(x)\n"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Prepare(m, record.Levels(entries))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Of a file with a hundred times the noise of another each has its own noise, and
// both the deviation of one motion.
func TestLevelsAreChannels(t *testing.T) {
	d := prepared(t, recording("a", 1000, 60, 2, 1), recording("b", 1000, 60, 0.02, 2), recording("c", 1000, 60, 0.02, 3))
	if len(d.Channels) != 2 || d.Cleanest(0) != 1 || d.Cleanest(1) != 1 {
		t.Fatalf("channels %+v", d.Channels)
	}
	for i, noise := range []float64{2, 0.02} {
		c := d.Channels[i]
		if math.Abs(c.Sigma0/noise-1) > 0.1 {
			t.Errorf("%s: noise %g, want %g", c.Label(), c.Sigma0, noise)
		}
		if want := math.Hypot(math.Sqrt(0.5*1.09), noise); math.Abs(c.Std/want-1) > 0.1 {
			t.Errorf("%s: deviation %g, want %g", c.Label(), c.Std, want)
		}
	}
	if a, b := d.Channels[0].Label(), d.Channels[1].Label(); a != "x of a" || b != "x of b and c" {
		t.Errorf("labels %q, %q", a, b)
	}
}

// Sampling too coarse for differences to see the noise: the residuals do.
func TestResidualsTellLevelsApart(t *testing.T) {
	const per = 9
	path := func(entries []record.Entry) (states [][][]float64) {
		for _, e := range entries {
			states = append(states, [][]float64{recording(e.Name, len(e.Times), per, 0, 1).Channels[0].Values})
		}
		return states
	}
	for _, c := range []struct{ noise, channels int }{{0, 1}, {1, 1}, {8, 2}} { // of the third file, hundredths
		d := prepared(t, recording("a", 300, per, 0.01, 1), recording("b", 300, per, 0.01, 2), recording("c", 300, per, 0.01*float64(c.noise), 3))
		if c.noise == 0 { // nor is what integration leaves of noise-free data noise
			for e := range d.Entries {
				for i := range d.Entries[e].Channels[0].Values {
					d.Entries[e].Channels[0].Values[i] = path(d.Entries)[e][0][i] + 1e-9*float64(e)
				}
			}
		}
		if len(d.Channels) != 1 {
			t.Fatalf("noise %d: differences tell %d levels apart", c.noise, len(d.Channels))
		}
		got, err := d.SplitLevels(path(d.Entries), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Channels) != c.channels || c.channels == 1 && got != d {
			t.Errorf("noise %d: %d levels, want %d", c.noise, len(got.Channels), c.channels)
		}
		if c.channels == 2 && got.Entries[2].Channels[0].Level == 0 {
			t.Errorf("the noisy file has level 0")
		}
		held := record.WithLevelsOf([]record.Entry{d.Entries[1], d.Entries[2]}, got.Entries)
		if held[0].Channels[0].Level != 0 || held[1].Channels[0].Level != c.channels-1 {
			t.Errorf("noise %d: levels of other parts are %d and %d", c.noise, held[0].Channels[0].Level, held[1].Channels[0].Level)
		}
	}
}

// A gain trusts a file by its own noise.
func TestTheGainIsThatOfTheFile(t *testing.T) {
	d := prepared(t, recording("a", 500, 60, 1, 1), recording("b", 500, 60, 0.02, 2))
	path := &Smoothed{}
	for _, e := range d.Entries {
		path.States = append(path.States, [][]float64{e.Channels[0].Values})
	}
	drive, err := d.Drive(path)
	if err != nil {
		t.Fatal(err)
	}
	gains := []float64{3 * d.Trust(0, 1), 3 * d.Trust(1, 0.02)}
	signals := d.trustedDrive(drive, gains)
	right, err := d.Nudge([]*expr.Expr{expr.Num(0)}, gains, []float64{0}, d.innovationOf)
	if err != nil {
		t.Fatal(err)
	}
	for e, want := range gains { // entry e has level e
		v, err := expr.Eval(right[0], func(name string) (float64, bool) {
			for c := range d.Channels {
				if name == driveName(c) {
					return signals[e][c][7], true
				}
			}
			return 0.25, name == "x"
		})
		if y := d.Entries[e].Channels[0].Values[7]; err != nil || math.Abs(v-want*(y-0.25)) > 1e-12 {
			t.Errorf("entry %d: correction %g, want %g (%v)", e, v, want*(y-0.25), err)
		}
	}
	if gains[0] > 0.05 || gains[1] < 2.9 {
		t.Errorf("gains %v", gains)
	}
}
