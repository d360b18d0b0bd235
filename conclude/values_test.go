package conclude

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"govern/fit"
	"govern/model"
	"govern/record"
)

const eachSpring = `
states: {x: 1, y: 0}
parameters: {w: {value: 1, fit: true, each: entry, spread: true}}
equations: |
  x' = y
  y' = -w*x
`

func TestASpreadNeedsEntriesAndAnOptimiserThatLearnsIt(t *testing.T) {
	m := read(t, eachSpring)
	in := func(entries ...string) *model.Model {
		return m.PerEntry(entries, func(string, string) bool { return true })
	}
	var few *FewEntriesError
	if err := checkSpreads(in("a", "b"), fit.Options{}); !errors.As(err, &few) || few.Parameter != "w" || few.Entries != 2 {
		t.Errorf("two entries: %v", err)
	}
	for _, optimiser := range []string{fit.LBFGS, fit.Adam} {
		var cannot *fit.SpreadError
		if err := checkSpreads(in("a", "b", "c"), fit.Options{Optimiser: optimiser}); !errors.As(err, &cannot) || cannot.Parameter != "w" {
			t.Errorf("%s: %v", optimiser, err)
		}
	}
	if err := checkSpreads(in("a", "b", "c"), fit.Options{Optimiser: fit.Auto}); err != nil {
		t.Errorf("three entries: %v", err)
	}
	held := hold(in("a", "b"), "w") // no spread is asked for any more
	if err := checkSpreads(held, fit.Options{Optimiser: fit.Adam}); err != nil {
		t.Errorf("a held mean: %v", err)
	}
	if err := checkSpreads(read(t, oscillator), fit.Options{Optimiser: fit.Adam}); err != nil {
		t.Errorf("no spread: %v", err)
	}
}

func TestEntriesSetWhatAFitSaysOfThem(t *testing.T) {
	m := read(t, eachSpring).PerEntry([]string{"a", "b"}, func(string, string) bool { return true })
	a, b := swing("a", 0, 50), swing("b", 0, 50)
	a.Set = map[string]float64{"p": 3}
	d := prepare(t, m, a, b)
	parameters := make([]float64, len(m.FittedNames()))
	for k, name := range m.FittedNames() {
		parameters[k] = map[string]float64{"w": 5, "w of a": 6, "w of b": 7}[name]
	}
	got := Known(d, []record.Entry{a, b}, parameters)
	if !maps.Equal(got[0].Set, map[string]float64{"p": 3, "w": 6}) || !maps.Equal(got[1].Set, map[string]float64{"w": 7}) {
		t.Errorf("%v, %v", got[0].Set, got[1].Set)
	}
	if len(a.Set) != 1 || b.Set != nil {
		t.Error("the entries themselves were changed")
	}
	s := Searched{Material: Material{Data: d}}
	if other := s.known([]record.Entry{b}, &fit.Fitted{Parameters: parameters}); !maps.Equal(other[0].Set, got[1].Set) {
		t.Errorf("%v", other[0].Set)
	}
	shared := prepare(t, read(t, oscillator), swing("a", 0, 50))
	entries := []record.Entry{a}
	if same := Known(shared, entries, []float64{1}); &same[0] != &entries[0] {
		t.Error("entries were copied though nothing differs between them")
	}
}

// Of a test as a whole whose own spring no training entry tells, the first half calibrates
// and the rest is predicted, however it is cut by gaps.
func TestTestsAreHalvedWhereTheirOwnParametersAreUnknown(t *testing.T) {
	m := read(t, eachSpring).PerEntry([]string{"a", "b", "c", "d"}, func(_, entry string) bool { return entry != "d" })
	s := Searched{}
	s.Train = []record.Entry{swing("a", 0, 80)}
	known := swing("d", 0, 50)
	known.Set = map[string]float64{"w": 1}
	s.Data = prepare(t, m, append(slices.Clone(s.Train), swing("b", 0, 50), swing("c", 0, 50), known)...)
	for name, c := range map[string]struct {
		tests       []record.Entry
		first, rest []int // samples
	}{
		"the end of a training entry": {[]record.Entry{swing("a", 80, 20)}, nil, []int{20}},
		"one whose value is set":      {[]record.Entry{known}, nil, []int{50}},
		"another":                     {[]record.Entry{swing("b", 0, 100)}, []int{50}, []int{50}},
		"one in parts":                {[]record.Entry{swing("b", 0, 30), swing("b", 40, 70)}, []int{30, 20}, []int{50}},
		"one in equal parts":          {[]record.Entry{swing("b", 0, 50), swing("b", 60, 50)}, []int{50}, []int{50}},
		"two":                         {[]record.Entry{swing("b", 0, 40), swing("c", 0, 60)}, []int{20, 30}, []int{20, 30}},
		"too short for a half":        {[]record.Entry{swing("b", 0, 19)}, nil, []int{19}},
		"just long enough":            {[]record.Entry{swing("b", 0, 20)}, []int{10}, []int{10}},
		// 35 of the 70 are to calibrate: 30 in the first part, and 5 are too few.
		"a second part of which little is asked": {[]record.Entry{swing("b", 0, 30), swing("b", 40, 40)}, []int{30}, []int{40}},
		// 23 of the 46: what would be left of the first part is too short to predict.
		"a first part of which little is left": {[]record.Entry{swing("b", 0, 28), swing("b", 40, 18)}, []int{28}, []int{18}},
	} {
		s.Test = c.tests
		first, rest := s.halves()
		if !slices.Equal(lengths(first), c.first) || !slices.Equal(lengths(rest), c.rest) {
			t.Errorf("%s: %v to calibrate, %v to predict; want %v and %v", name, lengths(first), lengths(rest), c.first, c.rest)
		}
	}
	s.Test = []record.Entry{swing("b", 0, 100)}
	if first, rest := s.halves(); first[0].Times[0] != 0 || rest[0].Times[0] != s.Test[0].Times[50] || !rest[0].Later {
		t.Errorf("the rest begins at %g, later: %t", rest[0].Times[0], rest[0].Later)
	}
}

func lengths(entries []record.Entry) []int {
	var out []int
	for _, e := range entries {
		out = append(out, len(e.Times))
	}
	return out
}
