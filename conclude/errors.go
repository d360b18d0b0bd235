package conclude

import (
	"fmt"

	"govern/model"
)

// FewEntriesError says that a spread cannot be learned from the values of so few
// entries.
type FewEntriesError struct {
	Parameter string
	Entries   int
}

func (e *FewEntriesError) Error() string {
	return fmt.Sprintf("govern: the spread of %s over entries cannot be learned from %d: give at least %d files, or leave `spread` out", e.Parameter, e.Entries, model.LeastSpread)
}

// EachError says that something has no way to deal with parameters that have a
// value in every entry.
type EachError struct{ What, Parameter string }

func (e *EachError) Error() string {
	return fmt.Sprintf("govern: %s does not know parameters that differ between entries, as %s does: leave `each` of %s out, or give it a value of every entry under `set`",
		e.What, e.Parameter, e.Parameter)
}

// OpenModelError says that a model with unknowns cannot be proved.
type OpenModelError struct{ Unknown string }

func (e *OpenModelError) Error() string {
	return fmt.Sprintf("govern: the model still holds the unknown %s; only a closed model can be assessed: discover it first, "+
		"or put a formula in its place", e.Unknown)
}
