// Package changes knows that coefficients may change with time: at a few times of a
// record, which then has regimes, or gradually, as a drift.
//
// What a fit says of every stretch of a record (Linearisation) is cut into stretches
// of their own coefficients by dynamic programming, or explained by polynomials of
// the time (Segment). For a formula that was fitted with regimes (Formula) the package
// says which change points are needed and where they lie, from motions that go on
// through them.
//
// It searches no formulas. The search calls it with a fit and gets cuts, cuts the
// record, searches again with indicators of the regimes, and asks it of what was
// found: two functions with what they need as arguments in place of an interface, so
// that nothing here has to know how a search looks.
package changes
