package expr

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var rewriteGolden = flag.Bool("rewrite", false, "write what the tests find into testdata")

// golden runs a file of cases: lines that begin with "> " are the input, the
// lines after them, up to a blank one, the output.
func golden(t *testing.T, file string, run func(input string) string) {
	t.Helper()
	path := "testdata/" + file
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var result strings.Builder
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		var input, want []string
		for _, line := range strings.Split(block, "\n") {
			if in, ok := strings.CutPrefix(line, ">"); ok {
				input = append(input, strings.TrimPrefix(in, " "))
			} else {
				want = append(want, line)
			}
		}
		got := strings.TrimRight(run(strings.Join(input, "\n")), "\n")
		if got != strings.Join(want, "\n") && !*rewriteGolden {
			t.Errorf("%s\n got: %s\nwant: %s", strings.Join(input, "\n"), got, strings.Join(want, "\n"))
		}
		fmt.Fprintf(&result, "> %s\n%s\n\n", strings.Join(input, "\n> "), got)
	}
	if *rewriteGolden {
		if err := os.WriteFile(path, []byte(result.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDiagnosticsShowPlaceAndAdvice(t *testing.T) {
	golden(t, "diagnostics.txt", func(input string) string {
		_, err := Parse(input)
		var d *Diagnostic
		if !errors.As(err, &d) {
			return "no error"
		}
		return d.Render()
	})
}

func TestEquationsAndTheirDiagnostics(t *testing.T) {
	golden(t, "equations.txt", func(input string) string {
		equations, list := ParseEquations("model.yaml", 5, 3, input)
		var b strings.Builder
		for _, q := range equations {
			prime := ""
			if q.Prime {
				prime = "'"
			}
			fmt.Fprintf(&b, "%d:%d %s%s = %s\n", q.Pos.Line, q.Pos.Column, q.Left, prime, q.Right)
		}
		return b.String() + list.Render()
	})
}

func TestPrintedWithLeastParentheses(t *testing.T) {
	golden(t, "print.txt", func(input string) string { return mustParse(t, input).String() })
}

func TestCanonicalForms(t *testing.T) {
	golden(t, "simplify.txt", func(input string) string { return Simplify(mustParse(t, input)).String() })
}

func TestDerivatives(t *testing.T) {
	golden(t, "diff.txt", func(input string) string { return Diff(mustParse(t, input), "x").String() })
}

func TestLaTeX(t *testing.T) {
	golden(t, "latex.txt", func(input string) string { return mustParse(t, input).LaTeX() })
}

func mustParse(t testing.TB, src string) *Expr {
	t.Helper()
	e, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return e
}
