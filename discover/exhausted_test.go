package discover

import (
	"testing"

	"govern/discover/terms"
	"govern/fit"
	"govern/optim"
)

// A fit of every term that leaves a defect follows the data; what its profile says of a
// larger library is no reason to stop.
func TestWholeLibrariesWithADefectAreExhausted(t *testing.T) {
	library := make([]fit.Term, 4)
	at := func(kept int, omega float64, status optim.Status) bool {
		f := &fit.Fitted{Terms: library[:kept], Omega: omega, Status: status}
		return (&candidate{search: &terms.Selection{Library: library}, fit: f}).exhausted()
	}
	if !at(4, 0.004, optim.Converged) || !at(3, fit.OmegaEnd, optim.IterationLimit) {
		t.Error("a formula of most of its library is not exhausted")
	}
	if at(2, 0.004, optim.Converged) || at(4, fit.OmegaEnd, optim.Converged) {
		t.Error("a formula that is short, or has come to rest without a defect, is exhausted")
	}
}
