// Package conclude makes an answer of what a search finds: it goes on with the data as
// the search has left them, looks for changes where the search has not looked, brings
// the formula back to all samples, refits it with vanishing defects, joins what was cut,
// gives intervals, and lets assess prove it.
//
// Every stage takes the stage before it as a value and returns the next:
//
//	Question ─► Searched ─► Refit ─► Answer
//
// Nothing writes to a stage that has been returned; an Answer is immutable.
package conclude
