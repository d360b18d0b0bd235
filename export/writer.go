package export

import (
	"math"
	"strconv"
	"strings"

	"govern/expr"
)

// dialect is how a language writes expressions.
type dialect struct {
	pi     string
	name   func(name string) string
	power  func(d *dialect, base, exponent *expr.Expr) term
	call   func(function string, args []string) string
	choose func(condition, yes, no string) string
}

// term is a piece of a program and how strongly its parts hold together.
type term struct {
	text     string
	strength int
}

const (
	comparing = iota
	adding
	multiplying
	raising
	atomic
)

// within returns the text with parentheses unless its parts hold together at
// least as strongly as asked.
func (t term) within(strength int) string {
	if t.strength < strength {
		return "(" + t.text + ")"
	}
	return t.text
}

// right is within for a right operand: a sign in front gets parentheses too.
func (t term) right(strength int) string {
	if strings.HasPrefix(t.text, "-") {
		return "(" + t.text + ")"
	}
	return t.within(strength)
}

func (d *dialect) text(e *expr.Expr) string { return d.term(e).text }

// term writes an expression. The order of operations is kept, so a program
// rounds as the model does.
func (d *dialect) term(e *expr.Expr) term {
	switch e.Kind {
	case expr.Number:
		if math.Signbit(e.Value) {
			return term{number(e.Value), multiplying}
		}
		return term{number(e.Value), atomic}
	case expr.Name:
		if e.Ident == "pi" {
			return term{d.pi, atomic}
		}
		return term{d.name(e.Ident), atomic}
	case expr.Neg:
		return term{"-" + d.term(e.Args[0]).right(multiplying), multiplying}
	case expr.Pow:
		return d.power(d, e.Args[0], e.Args[1])
	case expr.Call:
		return d.apply(e)
	}
	own := strength(e.Kind)
	return term{d.term(e.Args[0]).within(own) + operator(e.Kind) + d.term(e.Args[1]).right(own+1), own}
}

func (d *dialect) apply(e *expr.Expr) term {
	if e.Ident == "pow" {
		return d.power(d, e.Args[0], e.Args[1])
	}
	args := make([]string, len(e.Args))
	for i, a := range e.Args {
		args[i] = d.text(a)
	}
	if e.Ident == "if" {
		return term{d.choose(args[0], args[1], args[2]), atomic}
	}
	return term{d.call(e.Ident, args), atomic}
}

func strength(k expr.Kind) int {
	switch k {
	case expr.Add, expr.Sub:
		return adding
	case expr.Mul, expr.Div:
		return multiplying
	}
	return comparing
}

func operator(k expr.Kind) string {
	switch k {
	case expr.Add:
		return " + "
	case expr.Sub:
		return " - "
	case expr.Mul:
		return "*"
	case expr.Div:
		return "/"
	case expr.Less:
		return " < "
	case expr.LessEqual:
		return " <= "
	case expr.Greater:
		return " > "
	case expr.GreaterEqual:
		return " >= "
	case expr.Equal:
		return " == "
	case expr.NotEqual:
		return " != "
	}
	panic("export: not an operator")
}

// number writes v as floating point, in the fewest digits that read back as v:
// a quotient of whole numbers must not become a whole number.
func number(v float64) string {
	s := expr.FormatNumber(v)
	if strings.ContainsAny(s, ".e") {
		return s
	}
	return s + ".0"
}

// wholeExponent returns a whole number of moderate size as a literal.
func wholeExponent(e *expr.Expr) (string, bool) {
	v := e.Value
	if e.Kind == expr.Neg && e.Args[0].Kind == expr.Number {
		v = -e.Args[0].Value
	} else if e.Kind != expr.Number {
		return "", false
	}
	if v != math.Trunc(v) || math.Abs(v) > 1000 {
		return "", false
	}
	return strconv.Itoa(int(v)), true
}

// lineWidth is where wrapped lines end, if possible.
const lineWidth = 100

// wrap breaks a long line after operators of sums and commas; the lines after
// the first are indented.
func wrap(line, indent string) string {
	if len(line) <= lineWidth {
		return line
	}
	var b strings.Builder
	length := 0
	for _, piece := range pieces(line) {
		if length > 0 && length+len(piece) > lineWidth {
			b.WriteString("\n" + indent)
			length = len(indent)
			piece = strings.TrimPrefix(piece, " ")
		}
		b.WriteString(piece)
		length += len(piece)
	}
	return b.String()
}

// pieces cuts a line where it may be broken; all but the first begin with the
// blank at which they were cut.
func pieces(line string) []string {
	var cut []string
	start := 0
	for i := 1; i < len(line); i++ {
		if line[i] != ' ' {
			continue
		}
		before := line[start:i]
		if strings.HasSuffix(before, " +") || strings.HasSuffix(before, " -") || strings.HasSuffix(before, ",") {
			cut = append(cut, before)
			start = i
		}
	}
	return append(cut, line[start:])
}

// unwrapped drops the parentheses around a right-hand side, "a = (…)", that
// stayed on one line: Python needs them in broken lines only.
func unwrapped(line string) string {
	if strings.Contains(line, "\n") {
		return line
	}
	left, right, _ := strings.Cut(line, " = (")
	return left + " = " + strings.TrimSuffix(right, ")")
}
