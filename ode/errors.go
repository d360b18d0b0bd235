package ode

import (
	"fmt"
	"math"
	"strings"
)

// Place is where a solution ended: a time and the state there.
type Place struct {
	Time   float64
	States []string
	Values []float64
}

func (p Place) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "t = %.6g (", p.Time)
	for i, name := range p.States {
		if i == 8 {
			fmt.Fprintf(&b, ", … %d more", len(p.States)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s = %.6g", name, p.Values[i])
	}
	b.WriteString(")")
	return b.String()
}

// StepError says that the tolerance could not be met with a reasonable number
// of reasonable steps.
type StepError struct {
	Place
	State  string  // the one whose error asks for the smallest step
	Step   float64 // tried last
	Steps  int     // taken so far
	Stiff  bool    // stability, not accuracy, limits the step
	TooFew bool    // Options.MaxSteps ended it, not the step's size
}

func (e *StepError) Error() string {
	what := fmt.Sprintf("the step became too small (%.3g)", e.Step)
	if e.TooFew {
		what = fmt.Sprintf("%d steps were not enough (the last: %.3g)", e.Steps, e.Step)
	}
	advice := fmt.Sprintf("%s probably meets a singularity or a jump here: check the equation of %s, start elsewhere or end earlier", e.State, e.State)
	switch {
	case e.Stiff:
		advice = "the system is probably stiff: remove the fastest time scale from the equations, or end earlier"
	case e.TooFew:
		advice = "end earlier, loosen the tolerance or raise MaxSteps"
	}
	return fmt.Sprintf("ode: at %v %s; %s", e.Place, what, advice)
}

// BlowUpError says that a state left every bound or became no number.
type BlowUpError struct {
	Place
	State string
	Value float64 // of State: beyond ±Bound, infinite or NaN
	Bound float64
}

func (e *BlowUpError) Error() string {
	if math.IsNaN(e.Value) {
		return fmt.Sprintf("ode: the state %s became NaN after %v; its equation leaves the domain of a function there (a root or logarithm of a negative number, 0/0): guard it with max or if, or start elsewhere",
			e.State, e.Place)
	}
	return fmt.Sprintf("ode: the state %s grew to %.3g (bound %.3g) after %v; this model is unstable from this start: check the signs of its terms, take a smaller fixed step or start elsewhere",
		e.State, e.Value, e.Bound, e.Place)
}
