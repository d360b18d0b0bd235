package expr

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Diagnostic says what is wrong in a text that a person wrote, where, and what
// to write instead. It is data; Render shows it.
type Diagnostic struct {
	File   string // empty: not from a file
	Pos    Pos    // first character concerned; zero: the file as a whole
	Width  int    // number of characters concerned, at least 1
	Source string // the line of the file that Pos is on
	Text   string // what is wrong
	Hint   string // what to do about it; may be empty
}

// Error returns file:line:column: text on one line.
func (d *Diagnostic) Error() string { return d.place() + d.Text }

// Render returns the diagnostic as lines for a person: the place and text, the
// source line with a caret under the culprit, and the hint.
func (d *Diagnostic) Render() string {
	var b strings.Builder
	fmt.Fprintln(&b, d.Error())
	margin := "    "
	if d.Pos.Line > 0 && d.Source != "" {
		number := fmt.Sprintf("%4d", d.Pos.Line)
		margin = strings.Repeat(" ", len(number))
		line, column := excerpt(d.Source, d.Pos.Column)
		fmt.Fprintf(&b, "%s | %s\n", number, line)
		fmt.Fprintf(&b, "%s | %s%s\n", margin, indentTo(line, column), strings.Repeat("^", min(max(1, d.Width), widest)))
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "%s = %s\n", margin, d.Hint)
	}
	return b.String()
}

// Quote sets Source to the line of the whole file's text that d points at. A
// parser that was given a piece of the file knows only that piece.
func (d *Diagnostic) Quote(text string) {
	for range d.Pos.Line - 1 {
		_, text, _ = strings.Cut(text, "\n")
	}
	line, _, _ := strings.Cut(text, "\n")
	d.Source = strings.TrimSuffix(line, "\r")
}

func (d *Diagnostic) place() string {
	switch {
	case d.Pos == Pos{} && d.File == "":
		return ""
	case d.Pos == Pos{}:
		return d.File + ": "
	case d.File == "":
		return fmt.Sprintf("%d:%d: ", d.Pos.Line, d.Pos.Column)
	}
	return fmt.Sprintf("%s:%d:%d: ", d.File, d.Pos.Line, d.Pos.Column)
}

// widest is how much of a line Render shows, in characters.
const widest = 160

// excerpt returns the part of a line around a column, and where in it the column
// is.
func excerpt(line string, column int) (string, int) {
	text := []rune(strings.TrimRight(line, " \t\r"))
	if len(text) <= widest {
		return string(text), column
	}
	begin := min(max(0, column-widest/2), len(text)-widest)
	end := begin + widest
	head, tail := "", ""
	if begin > 0 {
		head = "…"
	}
	if end < len(text) {
		tail = "…"
	}
	return head + string(text[begin:end]) + tail, column - begin + len([]rune(head))
}

// indentTo returns white space as wide as line before the column; tabs stay
// tabs, so that a caret after it stands right under any tab width.
func indentTo(line string, column int) string {
	var b strings.Builder
	for _, r := range line {
		if column--; column < 1 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String() + strings.Repeat(" ", max(0, column-1))
}

// DiagnosticList is a sorted list of diagnostics; as an error it has one line
// for each.
type DiagnosticList []*Diagnostic

// Error returns the diagnostics, one a line.
func (l DiagnosticList) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Render returns the diagnostics as lines for a person.
func (l DiagnosticList) Render() string {
	var b strings.Builder
	for _, d := range l {
		b.WriteString(d.Render())
	}
	return b.String()
}

// Sort orders the list by place; diagnostics of one place keep their order.
func (l DiagnosticList) Sort() {
	slices.SortStableFunc(l, func(a, b *Diagnostic) int {
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Column - b.Pos.Column
	})
}

// Suggest returns the candidate that word is most likely a misspelling of, or
// "" when none is near: at most a third of its letters missing, added, wrong or
// swapped with a neighbour, in a word of two or three letters one. Of equally
// near ones those as long as the word are preferred, then the first.
func Suggest(word string, candidates []string) string {
	length := utf8.RuneCountInString(word)
	limit := max(min(1, length-1), length/3)
	best, nearest := "", math.MaxInt
	for _, c := range candidates {
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if d > limit || d >= utf8.RuneCountInString(c) {
			continue
		}
		rank := 2 * d
		if utf8.RuneCountInString(c) != length {
			rank++
		}
		if rank < nearest {
			best, nearest = c, rank
		}
	}
	return best
}

// distance is the optimal string alignment distance (Damerau 1964, Levenshtein
// 1966): insertions, deletions, substitutions and swaps of neighbours.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before := make([]int, len(t)+1)
	last := make([]int, len(t)+1)
	row := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}
