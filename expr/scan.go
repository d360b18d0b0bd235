package expr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// source is a text and its place in a file: every line of it starts at the
// column of origin, as in a block of a YAML file.
type source struct {
	file   string
	origin Pos
	lines  []string
}

func newSource(file string, line, column int, text string) *source {
	return &source{file, Pos{line, column}, strings.Split(text, "\n")}
}

func (s *source) diagnostic(at token, text, hint string) *Diagnostic {
	line := s.lines[at.pos.Line-s.origin.Line]
	return &Diagnostic{
		File: s.file, Pos: at.pos, Width: max(1, at.width),
		Source: strings.Repeat(" ", s.origin.Column-1) + strings.TrimSuffix(line, "\r"),
		Text:   text, Hint: hint,
	}
}

type tokenKind uint8

const (
	endToken     tokenKind = iota
	newlineToken           // a line's end or a semicolon
	numberToken
	nameToken
	operatorToken // text is one of the operators, brackets, comma, prime
	badToken      // bad says why
)

type token struct {
	kind  tokenKind
	text  string
	value float64 // numberToken
	pos   Pos
	width int
	bad   *Diagnostic
}

func (t token) is(operator string) bool { return t.kind == operatorToken && t.text == operator }

// describe names the token in a message.
func (t token) describe() string {
	switch t.kind {
	case endToken, newlineToken:
		return "the end"
	}
	return strconv.Quote(t.text)
}

// operators, the longer ones first.
var operators = [...]string{"<=", ">=", "==", "!=", "+", "-", "*", "/", "^", "(", ")", ",", "=", "<", ">", "'"}

// foreign are spellings of other languages and what to write here. The longer
// ones come first.
var foreign = [...]struct{ text, hint string }{
	{"**", "write ^ for powers"},
	{"&&", "nest two if(cond, a, b) instead"},
	{"||", "nest two if(cond, a, b) instead"},
	{"−", "write the ASCII minus -"},
	{"–", "write the ASCII minus -"},
	{"·", "write * to multiply"},
	{"×", "write * to multiply"},
	{"²", "write ^2"},
	{"³", "write ^3"},
	{"′", "write the ASCII apostrophe, as in x' = ..."},
	{"’", "write the ASCII apostrophe, as in x' = ..."},
	{"[", "write round parentheses"},
	{"]", "write round parentheses"},
	{"{", "write round parentheses"},
	{"}", "write round parentheses"},
	{"√", "write sqrt(x)"},
	{"≤", "write <="},
	{"≥", "write >="},
	{"≠", "write !="},
	{"!", "write != for not equal"},
}

// scan cuts the text into tokens. What is no token becomes a bad one, so that
// an error spoils only the equation it stands in. The last token is an end.
func (s *source) scan() []token {
	var tokens []token
	for i, line := range s.lines {
		pos := Pos{s.origin.Line + i, s.origin.Column}
		for line != "" {
			t, size := s.next(line, pos)
			if size == 0 { // a comment
				break
			}
			if t.width > 0 {
				tokens = append(tokens, t)
			}
			pos.Column += utf8.RuneCountInString(line[:size])
			line = line[size:]
		}
		kind := newlineToken
		if i == len(s.lines)-1 {
			kind = endToken
		}
		tokens = append(tokens, token{kind: kind, pos: pos})
	}
	return tokens
}

// next returns the token at the start of text and its size in bytes; size 0 is
// a comment, width 0 white space.
func (s *source) next(text string, pos Pos) (token, int) {
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case r == '#':
		return token{}, 0
	case unicode.IsSpace(r) || r == '\ufeff':
		return token{}, size
	case r == ';':
		return token{kind: newlineToken, text: ";", pos: pos, width: 1}, size
	case startsNumber(text):
		return s.number(text, pos)
	case isLetter(r):
		size = len(text) - len(strings.TrimLeftFunc(text, isNamePart))
		return token{kind: nameToken, text: text[:size], pos: pos, width: utf8.RuneCountInString(text[:size])}, size
	}
	for _, f := range foreign {
		if strings.HasPrefix(text, f.text) && !strings.HasPrefix(text, "!=") {
			return s.unexpected(f.text, pos, f.hint), len(f.text)
		}
	}
	for _, op := range operators {
		if strings.HasPrefix(text, op) {
			return token{kind: operatorToken, text: op, pos: pos, width: len(op)}, len(op)
		}
	}
	return s.unexpected(text[:size], pos, ""), size
}

func (s *source) unexpected(text string, pos Pos, hint string) token {
	t := token{kind: badToken, text: text, pos: pos, width: utf8.RuneCountInString(text)}
	t.bad = s.diagnostic(t, fmt.Sprintf("%q is not part of the equation language", text), hint)
	return t
}

// number scans digits [. digits] [e [sign] digits]. A second point belongs to
// the bad number 1.2.3.
func (s *source) number(text string, pos Pos) (token, int) {
	size := countDigits(text)
	points := 0
	for size < len(text) && text[size] == '.' {
		points++
		size++
		size += countDigits(text[size:])
	}
	if exponent := text[size:]; strings.HasPrefix(exponent, "e") || strings.HasPrefix(exponent, "E") {
		skip := 1
		if len(exponent) > 1 && (exponent[1] == '-' || exponent[1] == '+') {
			skip = 2
		}
		if n := countDigits(exponent[skip:]); n > 0 {
			size += skip + n
		}
	}
	t := token{kind: numberToken, text: text[:size], pos: pos, width: size}
	value, err := strconv.ParseFloat(t.text, 64)
	switch {
	case points > 1:
		t.kind, t.bad = badToken, s.diagnostic(t, t.text+" is not a number", "a number has one decimal point")
	case err != nil && math.IsInf(value, 0):
		t.kind, t.bad = badToken, s.diagnostic(t, t.text+" is too large for a number", "the largest is about 1.8e308")
	}
	t.value = value
	return t, size
}

func startsNumber(text string) bool {
	return countDigits(text) > 0 || text[0] == '.' && countDigits(text[1:]) > 0
}

func countDigits(text string) int {
	return len(text) - len(strings.TrimLeft(text, "0123456789"))
}

func isLetter(r rune) bool { return r == '_' || unicode.IsLetter(r) }

// isNamePart allows combining marks, as in η̄.
func isNamePart(r rune) bool {
	return isLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// IsName reports whether s can stand as a name in an expression.
func IsName(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isLetter(r) && strings.TrimLeftFunc(s, isNamePart) == ""
}
