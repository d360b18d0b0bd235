// Package terms holds what is known of candidate terms: the library of an
// unknown, the regression of a smoothed path on it (gradient matching), the
// quadratic profile of a fit, the search for the subset of terms that costs
// least, and the selection of terms by fits on trajectories.
//
// It knows engine and data (package fit) and nothing of the search that uses it.
// The form of a model that regressions need, fit.Data.Balance, stays with the
// data: it runs the compiled right-hand sides along a path, for which fit would
// have to open its inner form of terms and its tape instead of one method.
package terms
