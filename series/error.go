package series

import (
	"fmt"
	"strings"
)

// DataError says what is wrong with data, where, and what to do about it.
type DataError struct {
	File       string // as the user named it
	Line       int    // counted from 1; 0: the whole file
	Column     int    // character in the line, counted from 1; 0: the whole line
	ColumnName string // of the table; "" when the error is not about one column
	Text       string // what was found
	Hint       string // what it means and what to try; may be empty
	Cause      error  // error of the operating system, or nil
}

// Error is one line: place: column: text.
func (e *DataError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	b.WriteString(": ")
	if e.ColumnName != "" {
		fmt.Fprintf(&b, "column %q: ", e.ColumnName)
	}
	b.WriteString(e.Text)
	return b.String()
}

// Render is the message for people: the line of Error, then the hint.
func (e *DataError) Render() string {
	if e.Hint == "" {
		return e.Error() + "\n"
	}
	return e.Error() + "\n     = " + e.Hint + "\n"
}

// Unwrap returns the cause.
func (e *DataError) Unwrap() error { return e.Cause }
