package discover

import (
	"context"

	"govern/discover/changes"
	"govern/discover/terms"
	"govern/fit"
	"govern/model"
	"govern/record"
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

// Regime is a stretch of the record in which coefficients stay what they are.
type Regime = changes.Regime

// Guard is the share of a cycle, on both sides of a change that was found, that
// belongs to neither regime.
const Guard = changes.Guard

// Difference is the name of what a fitted parameter has more in a regime than in the
// first.
func Difference(parameter, regime string) string { return changes.Difference(parameter, regime) }

// IsDifference says that a parameter is the difference of another in a regime.
func IsDifference(name string) bool { return changes.IsDifference(name) }

// Places finds on whole records when the regimes of a result start that was found on
// part of the samples, such as excerpts: changes.Formula.Places.
func Places(ctx context.Context, e *fit.Engine, r *Result, records []record.Entry) ([]Regime, error) {
	return r.inRegimes().Places(ctx, e, records)
}
