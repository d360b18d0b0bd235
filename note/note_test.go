package note

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestANoteReadsAsTextAndHint(t *testing.T) {
	n := Of(Gaps, "a.csv", "%s: %d gaps", "a.csv", 2)
	if n.String() != "a.csv: 2 gaps" || n.Kind != "gaps" || n.About != "a.csv" {
		t.Errorf("%+v: %s", n, n)
	}
	if got := n.WithHint("Cut it into %d files", 3).String(); got != "a.csv: 2 gaps. Cut it into 3 files." {
		t.Error(got)
	}
	if n.Hint != "" {
		t.Error("WithHint changed the note itself")
	}
	if got := Texts([]Note{n, n}); len(got) != 2 || got[1] != n.Text {
		t.Error(got)
	}
}

func TestKindsAreDistinct(t *testing.T) {
	kinds, says := map[Kind]bool{}, map[string]bool{}
	for _, m := range Meanings() {
		if kinds[m.Kind] || says[m.Says] || m.Says == "" {
			t.Errorf("kind %q, %q stands twice or says nothing", m.Kind, m.Says)
		}
		kinds[m.Kind], says[m.Says] = true, true
	}
}

// TestTheGuideListsAllKinds compares the table of docs/guide.md with Meanings.
func TestTheGuideListsAllKinds(t *testing.T) {
	guide, err := os.ReadFile("../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range Meanings() {
		if row := fmt.Sprintf("| `%s` | %s |", m.Kind, m.Says); !strings.Contains(string(guide), row) {
			t.Errorf("docs/guide.md lacks the row\n%s", row)
		}
	}
}
