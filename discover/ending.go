package discover

import (
	"fmt"
	"strings"

	"govern/optim"
)

// Ending is what a search came to. With the other facts of a Result a verdict
// follows from it (package verdict); the search itself passes none.
type Ending string

// The ways in which a search may end.
const (
	Searching     Ending = ""               // it has not ended
	Formula       Ending = "formula"        // Chosen is the best formula; Checks say whether it explains the data
	Baseline      Ending = "baseline"       // Chosen is a regression on derivatives
	NeuralForms   Ending = "neural forms"   // Chosen are neural forms, which were asked for
	NeuralOnly    Ending = "neural only"    // Chosen are neural forms: they pass the checks and no formula does, or see Instead
	NotStarted    Ending = "not started"    // no fit of a library could be started
	NotTrained    Ending = "not trained"    // the fit of neural forms did not converge
	NotRetrained  Ending = "not retrained"  // given neural forms could not be brought to rest
	UnseenStates  Ending = "unseen states"  // states that no channel sees, and no drawn start explains the data
	RegimesUnsure Ending = "regimes unsure" // coefficients change where the search has not looked, and no formula with regimes passes
)

// Instead is why neural forms are the answer although a formula passes the checks.
type Instead string

// The reasons for one.
const (
	NoFormula    Instead = ""              // none passes
	LeavesDefect Instead = "leaves defect" // neural forms explain the data with half of the formula's defect
	DoesNotMove  Instead = "does not move" // the formula, running free, does not move like the data
)

// Trusted says that a result is an answer: a formula, or what was asked for, that
// passes the checks, has come to rest, and explains more than noise.
func (r *Result) Trusted() bool {
	switch r.Ending {
	case Formula:
		return passed(r.Checks) && !Unfinished(r.Chosen.Status) && !r.Nothing()
	case NeuralForms:
		return passed(r.Checks) && !r.Nothing()
	case Baseline:
		return true
	}
	return false
}

// Nothing says that the data show nothing but noise to an equation that is
// continuous in time.
func (r *Result) Nothing() bool { return r.Noise != "" }

// Failures are the checks that failed.
func (r *Result) Failures() []Check {
	var out []Check
	for _, k := range r.Checks {
		if !k.OK {
			out = append(out, k)
		}
	}
	return out
}

// Unfinished says that a fit stopped while its steps still promised something.
func Unfinished(s optim.Status) bool { return s == optim.IterationLimit || s == optim.Stalled }

// SayChanges says when coefficients change.
func SayChanges(at []float64) string {
	var when []string
	for _, t := range at {
		when = append(when, fmt.Sprintf("%.4g", t))
	}
	return "coefficients change, near t = " + strings.Join(when, ", ")
}
