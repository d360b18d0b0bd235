package fit

import (
	"slices"
	"testing"

	"govern/model"
	"govern/record"
)

// individualsOf a model with a the same in all entries, b of its own in each of two, c
// fitted and known in entry two, and d known wherever it is set.
func individualsOf(t *testing.T) (individuals, []record.Entry) {
	t.Helper()
	m, err := model.Read("model", []byte(`
states: {x: 1}
parameters: {a: {value: 2, fit: true}, b: {value: 3, fit: true, each: entry}, c: {value: 5, fit: true}, d: 7}
equations: x' = -a*b*c*d*x
`))
	if err != nil {
		t.Fatal(err)
	}
	m = m.PerEntry([]string{"one", "two"}, func(string, string) bool { return true })
	entries := []record.Entry{
		{Name: "one", Set: map[string]float64{"d": 8}},
		{Name: "two", Set: map[string]float64{"c": 6, "d": 9}},
	}
	return newIndividuals(m, map[string]bool{"c": true, "d": true}), entries
}

func TestAnEntryHasItsOwnColumnOrAKnownValue(t *testing.T) {
	d, entries := individualsOf(t)
	if d.local("a") >= 0 || d.local("d") >= 0 || d.local("b") < 0 || d.local("c") < 0 {
		t.Fatalf("parameters that differ are %v, want b and c", d.locals)
	}
	if got := d.Differing(); !slices.Equal(got, []string{"b"}) {
		t.Errorf("values of entries are fitted of %v, want b", got)
	}
	for _, c := range []struct {
		name   string
		entry  int
		column string  // empty: known
		value  float64 // that is known
	}{
		{"b", 0, model.OfEntry("b", "one"), 0},
		{"b", 1, model.OfEntry("b", "two"), 0},
		{"c", 0, "c", 0},
		{"c", 1, "", 6},
	} {
		k, v := d.columnIn(c.name, &entries[c.entry])
		if column := ""; k >= 0 {
			if column = d.columns[k]; column != c.column {
				t.Errorf("%s in entry %d is column %q, want %q", c.name, c.entry, column, c.column)
			}
		} else if c.column != "" || v != c.value {
			t.Errorf("%s in entry %d is known, %v", c.name, c.entry, v)
		}
		if d.Fits(c.name, &entries[c.entry]) != (c.column != "") {
			t.Errorf("%s in entry %d: fitted or not", c.name, c.entry)
		}
	}
	if v := d.initial("c", &entries[0]); v != 5 {
		t.Errorf("c begins at %v, want 5", v)
	}
}

func TestWhatEntriesKnowIsACondition(t *testing.T) {
	d, _ := individualsOf(t)
	if got := d.known(map[string]bool{"c": true, "d": true}); !slices.Equal(got, []string{"d"}) {
		t.Errorf("conditions are %v, want d: c is fitted in an entry", got)
	}
}
