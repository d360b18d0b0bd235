package golden

import "testing"

func TestTheFirstLineThatDiffersIsNamed(t *testing.T) {
	for _, c := range []struct {
		got, want, have, kept string
		line                  int
	}{
		{"a\nb\n", "a\nb\n", "", "", 0},
		{"a\nb\nc\n", "a\nd\ne\n", "b", "d", 2},
		{"a\n", "a\nb\n", "", "b", 2},
		{"a\nb", "a", "b", "(the text has ended)", 2},
	} {
		if line, have, kept := difference(c.got, c.want); line != c.line || have != c.have || kept != c.kept {
			t.Errorf("%q and %q: line %d, %q and %q", c.got, c.want, line, have, kept)
		}
	}
}
