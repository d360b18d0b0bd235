package conclude

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"govern/expr"
	"govern/model"
	"govern/note"
	"govern/problem"
	"govern/record"
)

// kinds of notes, in their order.
func kinds(notes []note.Note) []note.Kind {
	var out []note.Kind
	for _, n := range notes {
		out = append(out, n.Kind)
	}
	return out
}

// sampled is a swing of which every n-th sample is kept.
func sampled(e record.Entry, n int) record.Entry {
	e.Times = record.Thin(e.Times, n)
	for c := range e.Channels {
		e.Channels[c].Values = record.Thin(e.Channels[c].Values, n)
	}
	return e
}

// shaken is an entry with white noise on its second channel.
func shaken(e record.Entry, sigma float64) record.Entry {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range e.Channels[1].Values {
		e.Channels[1].Values[i] += sigma * rng.NormFloat64()
	}
	return e
}

func TestWhatMayGoWrongIsForeseen(t *testing.T) {
	given := func(e record.Entry, sigma float64) record.Entry {
		e.Channels[1].Sigma = sigma
		return e
	}
	far := swing("a", 0, 500)
	for i := range far.Channels[0].Values {
		far.Channels[0].Values[i] -= 1000
	}
	const closed = "states: {x: 1, y: 0}\nequations: |\n  x' = y\n  y' = -x\n"
	for name, c := range map[string]struct {
		model string
		entry record.Entry
		want  []note.Kind
	}{
		"nothing":              {oscillator, swing("a", 0, 500), nil}, // 8 cycles of 63 samples
		"nine samples a cycle": {oscillator, sampled(swing("a", 0, 500), 7), []note.Kind{note.CoarseSampling}},
		"thirteen":             {oscillator, sampled(swing("a", 0, 500), 5), nil},
		"four cycles":          {oscillator, swing("a", 0, 250), []note.Kind{note.FewCycles}},
		"noise":                {oscillator, shaken(swing("a", 0, 500), 1), []note.Kind{note.NoisyChannel}},
		"a given noise":        {oscillator, given(shaken(swing("a", 0, 500), 0.1), 0.1), nil},
		"far too much":         {oscillator, given(shaken(swing("a", 0, 500), 0.02), 0.2), []note.Kind{note.GivenNoise}},
		"nothing is unknown":   {closed, swing("a", 0, 500), []note.Kind{note.NothingUnknown}},
		"an unused parameter":  {strings.Replace(oscillator, "w: {", "v: {value: 1, fit: true}, w: {", 1), swing("a", 0, 500), []note.Kind{note.Model}},
		"an offset":            {oscillator, far, []note.Kind{note.FarFromZero}},
	} {
		m := read(t, c.model)
		p := &problem.Problem{Model: m}
		if got := kinds(Foresee(p, prepare(t, m, c.entry))); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestNotesOfTheProblemComeLast(t *testing.T) {
	m := read(t, oscillator)
	m.Warnings = []*expr.Diagnostic{{File: "m.yaml", Text: "q is not used"}}
	p := &problem.Problem{Model: m, Notes: []note.Note{note.Of(note.Gaps, "a", "gaps")}}
	got := Foresee(p, prepare(t, m, swing("a", 0, 250)))
	if !slices.Equal(kinds(got), []note.Kind{note.FewCycles, note.Model, note.Gaps}) || !strings.Contains(got[1].Text, "q is not used") || got[1].Text != strings.TrimSpace(got[1].Text) {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(got[0].Text, "hold 4 cycles") {
		t.Errorf("250 samples of 63 a cycle: %q", got[0].Text)
	}
}

func TestNotesSayWhichColumnTheyAreOf(t *testing.T) {
	m := read(t, oscillator)
	e := shaken(swing("a", 0, 500), 0.02)
	e.Channels[1].Sigma = 0.2
	for i := range e.Channels[0].Values {
		e.Channels[0].Values[i] += 3000
	}
	d := prepare(t, m, e)
	if n := MisgivenNoise(d); len(n) != 1 || n[0].About != "y" || !strings.Contains(n[0].Hint, "no variance") {
		t.Errorf("%+v", n)
	}
	if n := farFromZero(d); len(n) != 1 || n[0].About != "x" || !strings.Contains(n[0].Hint, "observe: {x: x + 3000}") {
		t.Errorf("%+v", n)
	}
}

// In w·v·x the factors cannot be told apart, in half a system a state is not seen: both
// are foreseen, and one factor is held.
func TestWhatNoDataDetermineIsForeseen(t *testing.T) {
	product := read(t, "states: {x: 1, y: 0}\nparameters: {w: {value: 1, fit: true}, v: {value: 2, fit: true}}\nequations: |\n  x' = y\n  y' = -w*v*x\n")
	d := prepare(t, product, swing("a", 0, 500))
	notes, held, once := undetermined(d)
	if len(notes) != 1 || notes[0].Kind != note.Held || len(once) > 0 {
		t.Fatalf("%+v, once %q", notes, once)
	}
	at := held.ParameterIndex(notes[0].About)
	if names := held.FittedNames(); len(names) != 1 || held.Parameters[at].Fit || held.Parameters[at].Value != product.Parameters[at].Value {
		t.Errorf("%s is held; fitted are %q", notes[0].About, names)
	}
	if len(product.FittedNames()) != 2 {
		t.Error("the model itself was changed")
	}
	if got := kinds(Foresee(&problem.Problem{Model: product}, d)); !slices.Equal(got, []note.Kind{note.Held}) {
		t.Errorf("foreseen: %q", got)
	}

	dangling := read(t, "states: {x: 1, y: 0, z: 0}\nparameters: {w: {value: 1, fit: true}}\nequations: |\n  x' = y\n  y' = -w*x\n  z' = x\n")
	notes, _, _ = undetermined(prepare(t, dangling, swing("a", 0, 500)))
	if len(notes) == 0 || notes[0].Kind != note.UnseenState || notes[0].About != "z" {
		t.Errorf("%+v", notes)
	}
}

// A prior of one factor decides, and nothing is held.
func TestAPriorMayDecide(t *testing.T) {
	m := read(t, "states: {x: 1, y: 0}\nparameters: {w: {value: 1, fit: true, sd: 0.1}, v: {value: 2, fit: true}}\nequations: |\n  x' = y\n  y' = -w*v*x\n")
	notes, held, _ := undetermined(prepare(t, m, swing("a", 0, 500)))
	if len(notes) != 1 || notes[0].Kind != note.PriorDecides || notes[0].About != "w" || held != m {
		t.Errorf("%+v", notes)
	}
}

func TestAHeldParameterIsANumber(t *testing.T) {
	m := &model.Model{Parameters: []model.Parameter{{Name: "a", Fit: true}, {Name: "b", Value: 3, Fit: true, Each: true, Spread: true, SD: 2, Min: 1, Max: 5}}}
	got := hold(m, "b")
	if want := (model.Parameter{Name: "b", Value: 3, Min: 1, Max: 5}); got.Parameters[1] != want || !got.Parameters[0].Fit || !m.Parameters[1].Fit {
		t.Errorf("%+v", got.Parameters)
	}
}

func TestAValueIsHeldInTheFirstEntryAlone(t *testing.T) {
	m := &model.Model{Parameters: []model.Parameter{{Name: "c", Value: 3, Fit: true, Each: true, SD: 2}, {Name: "d", Value: 1, Fit: true}}}
	m = m.PerEntry([]string{"a", "b"}, func(string, string) bool { return true })
	got := holdOnce(m, []string{"c", "nowhere"}, []record.Entry{{Name: "a"}, {Name: "b"}})
	if names := got.FittedNames(); !slices.Equal(names, []string{"d", "c of b"}) {
		t.Errorf("fitted are %q", names)
	}
	a := got.Parameters[got.ParameterIndex("c of a")]
	if a.SD != 0 || a.Value != 3 || m.Parameters[m.ParameterIndex("c of a")].SD != 2 {
		t.Errorf("%+v", a)
	}
	if same := holdOnce(m, nil, []record.Entry{{Name: "a"}}); same != m {
		t.Error("a new model though nothing is held")
	}
}
