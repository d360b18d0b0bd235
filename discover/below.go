package discover

import (
	"govern/discover/terms"
	"govern/fit"
	"govern/model"
)

// Library returns the candidate terms of an unknown: terms.Library.
func Library(m *model.Model, unknown, degree int) []fit.Term {
	return terms.Library(m, unknown, degree)
}

// Regression fits a library on a smoothed path without selection:
// terms.MatchGradients.
func Regression(d *fit.Data, sm *fit.Smoothed, library []fit.Term) (sizes, coefficients, parameters []float64, err error) {
	return terms.MatchGradients(d, sm, library)
}
