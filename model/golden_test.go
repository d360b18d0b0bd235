package model

import (
	"testing"

	"govern/expr"
	"govern/internal/golden"
)

// Lines of errors.txt that begin with "> " are a model file; those below, up to
// a blank line, what Read says about it.
func TestEveryMistakeIsReportedAtItsPlace(t *testing.T) {
	golden.Run(t, "testdata/errors.txt", func(input string) string { return complaints(input + "\n") })
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
