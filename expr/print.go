package expr

import (
	"math"
	"strconv"
	"strings"
)

// String returns the expression in the language that Parse reads, with the
// least parentheses that keep its structure and numbers in the fewest digits
// that read back the same. A negative right operand of + - * / has
// parentheses, for the reader's sake.
func (e *Expr) String() string {
	var b strings.Builder
	write(&b, e)
	return b.String()
}

// strength says how strongly the parts of e hold together when printed.
func (e *Expr) strength() int {
	switch e.Kind {
	case Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual:
		return comparing
	case Add, Sub:
		return adding
	case Mul, Div, Neg:
		return multiplying
	case Pow:
		return raising
	case Number:
		if isNegative(e) {
			return multiplying
		}
	}
	return raising + 1
}

func write(b *strings.Builder, e *Expr) {
	switch e.Kind {
	case Number:
		b.WriteString(FormatNumber(e.Value))
	case Name:
		b.WriteString(e.Ident)
	case Neg:
		b.WriteByte('-')
		operand := e.Args[0]
		wrap(b, operand, operand.strength() < multiplying || operand.Kind == Neg || leadsWithNumber(operand))
	case Call:
		b.WriteString(e.Ident)
		b.WriteByte('(')
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, a)
		}
		b.WriteByte(')')
	default:
		printBinary(b, e)
	}
}

func printBinary(b *strings.Builder, e *Expr) {
	left, right, own := e.Args[0], e.Args[1], e.strength()
	negativeRight := right.Kind == Neg || isNegative(right)
	if e.Kind == Pow {
		wrap(b, left, left.strength() <= own)
		b.WriteByte('^')
		wrap(b, right, right.strength() < own && !bareExponent(right))
		return
	}
	wrap(b, left, left.strength() < own || left.Kind == Neg && own == multiplying || own == comparing && left.strength() == comparing)
	b.WriteString(symbol(e.Kind))
	wrap(b, right, right.strength() <= own || negativeRight)
}

// bareExponent reports whether e is a signed exponent as in x^-2.
func bareExponent(e *Expr) bool {
	return isNegative(e) || e.Kind == Neg && e.Args[0].strength() >= raising && e.Args[0].Kind != Number
}

// leadsWithNumber reports whether a sign before e would be read as part of a
// number: -(2*x) is not (-2)*x.
func leadsWithNumber(e *Expr) bool {
	for e.Kind == Mul || e.Kind == Div {
		e = e.Args[0]
	}
	return e.Kind == Number
}

func wrap(b *strings.Builder, e *Expr, parentheses bool) {
	if parentheses {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	write(b, e)
}

func symbol(k Kind) string {
	switch k {
	case Add:
		return " + "
	case Sub:
		return " - "
	case Mul:
		return "*"
	case Div:
		return "/"
	case Pow:
		return "^"
	case Less:
		return " < "
	case LessEqual:
		return " <= "
	case Greater:
		return " > "
	case GreaterEqual:
		return " >= "
	case Equal:
		return " == "
	case NotEqual:
		return " != "
	}
	panic("expr: not an operator")
}

// FormatNumber returns v in the fewest digits that read back as v, plain
// between 1e-5 and 1e15 and with an exponent (1e-6, 2.5e20) outside.
func FormatNumber(v float64) string {
	if a := math.Abs(v); v == 0 || 1e-5 <= a && a < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	mantissa, exponent, found := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	if !found { // infinite or not a number
		return mantissa
	}
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	return mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0")
}

// isNegative reports whether e is a number that prints with a sign.
func isNegative(e *Expr) bool { return e.Kind == Number && math.Signbit(e.Value) }
