// Package export writes a model as a program or a text of another language:
// equations as in model files, LaTeX, and complete programs in Python, Julia
// and C that integrate it. What it writes is meant to be read and changed.
package export

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"govern/model"
)

// Target is what a model is written as.
type Target string

const (
	Text   Target = "text"   // equations, as in model files
	LaTeX  Target = "latex"  // align environment (amsmath) and a table of parameters
	Python Target = "python" // a module and script that needs NumPy only
	Julia  Target = "julia"  // a script without packages, usable with DifferentialEquations
	C      Target = "c"      // one file of C99
)

// Targets returns all targets.
func Targets() []Target { return []Target{Text, LaTeX, Python, Julia, C} }

// UnknownError says that a model has no formula for one of its parts.
type UnknownError struct {
	Model   string
	Unknown string
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("export: model %q still has the unknown %s: there is no formula to write", e.Model, e.Unknown)
}

// TargetError says that there is no such target.
type TargetError struct{ Target Target }

func (e *TargetError) Error() string {
	return fmt.Sprintf("export: there is no target %q (there are: %v)", string(e.Target), Targets())
}

// Write writes the model for a target: the right-hand side with its parameters
// and definitions by their names, the initial state, and, for programs, a
// Runge–Kutta integration of fourth order in steps that were measured to be
// small enough (a few milliseconds of computation). Equal models give equal
// bytes. Errors: *UnknownError, *TargetError, or the writer's; nothing is
// written in the first two cases.
//
// Names that the target does not allow are changed: a keyword gets an
// underscore (lambda_), letters beyond ASCII are spelled out (α: alpha).
// Inputs become signals, sampled in time and linear between the samples.
func Write(w io.Writer, m *model.Model, target Target) error {
	if !slices.Contains(Targets(), target) {
		return &TargetError{target}
	}
	if len(m.Unknowns) > 0 {
		return &UnknownError{m.Name, m.Unknowns[0].Name}
	}
	var b bytes.Buffer
	switch target {
	case Text:
		writeText(&b, m)
	case LaTeX:
		writeLatex(&b, m)
	case Python:
		writePython(&b, m)
	case Julia:
		writeJulia(&b, m)
	case C:
		writeC(&b, m)
	}
	_, err := w.Write(b.Bytes())
	return err
}
