package model

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"govern/expr"
)

var rewriteGolden = flag.Bool("rewrite", false, "write what the tests find into testdata")

// Lines of errors.txt that begin with "> " are a model file; those below, up to
// a blank line, what Read says about it.
func TestEveryMistakeIsReportedAtItsPlace(t *testing.T) {
	const path = "testdata/errors.txt"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var result strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		var input, want strings.Builder
		for line := range strings.Lines(block + "\n") {
			if in, ok := strings.CutPrefix(line, ">"); ok {
				input.WriteString(strings.TrimPrefix(in, " "))
			} else {
				want.WriteString(line)
			}
		}
		got := complaints(input.String())
		if got != want.String() && !*rewriteGolden {
			t.Errorf("%s\n got:\n%s\nwant:\n%s", input.String(), got, want.String())
		}
		for line := range strings.Lines(input.String()) {
			fmt.Fprintf(&result, "> %s", line)
		}
		fmt.Fprintf(&result, "%s\n", got)
	}
	if *rewriteGolden {
		if err := os.WriteFile(path, []byte(result.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func complaints(text string) string {
	m, err := Read("model.yaml", []byte(text))
	switch err := err.(type) {
	case nil:
		return "warnings:\n" + expr.DiagnosticList(m.Warnings).Render()
	case *expr.Diagnostic:
		return err.Render()
	case expr.DiagnosticList:
		return err.Render()
	default:
		return "an error of another type: " + err.Error() + "\n"
	}
}
