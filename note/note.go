// Package note holds what a reader of an answer should know beside it: every warning,
// doubt and limit as data, so that a program can act on it.
package note

import "fmt"

// Kind says what a note is about, in a word that stays the same between versions.
type Kind string

// Note is one thing that a reader should know.
type Note struct {
	Kind  Kind   `json:"kind"`
	About string `json:"about,omitempty"` // the file, column, state, parameter or unknown, where it is about one
	Text  string `json:"text"`            // what was found
	Hint  string `json:"hint,omitempty"`  // what can be done
}

// Of makes a note with a formatted text.
func Of(kind Kind, about, format string, args ...any) Note {
	return Note{Kind: kind, About: about, Text: fmt.Sprintf(format, args...)}
}

// WithHint is the note with what can be done.
func (n Note) WithHint(format string, args ...any) Note {
	n.Hint = fmt.Sprintf(format, args...)
	return n
}

// String is the note as people read it: the text, and the hint as a sentence of
// its own.
func (n Note) String() string {
	if n.Hint == "" {
		return n.Text
	}
	return n.Text + ". " + n.Hint + "."
}

// Texts are notes as people read them.
func Texts(notes []Note) []string {
	var out []string
	for _, n := range notes {
		out = append(out, n.String())
	}
	return out
}
