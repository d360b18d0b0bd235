package expr

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"govern/internal/golden"
)

func TestDiagnosticsShowPlaceAndAdvice(t *testing.T) {
	golden.Run(t, "testdata/diagnostics.txt", func(input string) string {
		_, err := Parse(input)
		var d *Diagnostic
		if !errors.As(err, &d) {
			return "no error"
		}
		return d.Render()
	})
}

func TestEquationsAndTheirDiagnostics(t *testing.T) {
	golden.Run(t, "testdata/equations.txt", func(input string) string {
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
	golden.Run(t, "testdata/print.txt", func(input string) string { return mustParse(t, input).String() })
}

func TestCanonicalForms(t *testing.T) {
	golden.Run(t, "testdata/simplify.txt", func(input string) string { return Simplify(mustParse(t, input)).String() })
}

func TestDerivatives(t *testing.T) {
	golden.Run(t, "testdata/diff.txt", func(input string) string { return Diff(mustParse(t, input), "x").String() })
}

func TestLaTeX(t *testing.T) {
	golden.Run(t, "testdata/latex.txt", func(input string) string { return mustParse(t, input).LaTeX() })
}

func mustParse(t testing.TB, src string) *Expr {
	t.Helper()
	e, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return e
}
