package report

import (
	"html"
	"strings"

	"govern/expr"
)

// Binding strengths, weakest first: what stands inside a place of strength p
// needs parentheses when it is weaker.
const (
	looseComparison = iota
	looseSum
	looseProduct
	loosePower
	tight
)

// formula typesets an expression as one <math> element.
func formula(e *expr.Expr) string { return mathElement(typeset(e, looseComparison)) }

func mathElement(inside string) string { return "<math>" + inside + "</math>" }

// sum typesets an expression as a list of <math> elements, one for each term
// of the outermost sum with its sign, so that a browser can break lines between
// them.
func sum(e *expr.Expr) []string {
	var parts []string
	for i, t := range flatten(e, false, nil) {
		parts = append(parts, mathElement(signed(t, i == 0)))
	}
	return parts
}

// signedTerm is a term of a sum without its sign.
type signedTerm struct {
	minus bool
	e     *expr.Expr
}

// flatten appends the terms of a sum, each without its sign.
func flatten(e *expr.Expr, minus bool, terms []signedTerm) []signedTerm {
	switch e.Kind {
	case expr.Add:
		return flatten(e.Args[1], minus, flatten(e.Args[0], minus, terms))
	case expr.Sub:
		return flatten(e.Args[1], !minus, flatten(e.Args[0], minus, terms))
	}
	negative, e := unsigned(e)
	return append(terms, signedTerm{minus != negative, e})
}

// unsigned takes the sign off a term that prints with a leading minus.
func unsigned(e *expr.Expr) (negative bool, _ *expr.Expr) {
	switch e.Kind {
	case expr.Number:
		if e.Value < 0 {
			return true, expr.Num(-e.Value)
		}
	case expr.Neg:
		n, inner := unsigned(e.Args[0])
		return !n, inner
	case expr.Mul, expr.Div:
		if n, first := unsigned(e.Args[0]); n {
			if e.Kind == expr.Mul && first.Kind == expr.Number && first.Value == 1 {
				return true, e.Args[1]
			}
			return true, expr.Binary(e.Kind, first, e.Args[1])
		}
	}
	return false, e
}

func signed(t signedTerm, first bool) string {
	inside := typeset(t.e, looseProduct)
	switch {
	case first && t.minus:
		return `<mrow><mo form="prefix">−</mo>` + inside + `</mrow>`
	case first:
		return inside
	case t.minus:
		return `<mrow><mo form="infix">−</mo>` + inside + `</mrow>`
	}
	return `<mrow><mo form="infix">+</mo>` + inside + `</mrow>`
}

// typeset returns presentation MathML of an expression that stands in a place
// of the given strength.
func typeset(e *expr.Expr, place int) string {
	inside, strength := bare(e)
	if strength < place {
		return `<mrow><mo stretchy="true">(</mo>` + inside + `<mo stretchy="true">)</mo></mrow>`
	}
	return inside
}

// bare typesets without parentheses and says how strongly the result binds.
func bare(e *expr.Expr) (string, int) {
	switch e.Kind {
	case expr.Number:
		if e.Value < 0 {
			return `<mrow><mo form="prefix">−</mo>` + mathNumber(-e.Value) + `</mrow>`, looseSum
		}
		if strings.Contains(mathNumber(e.Value), "<msup>") {
			return mathNumber(e.Value), looseProduct
		}
		return mathNumber(e.Value), tight
	case expr.Name:
		return mathName(e.Ident), tight
	case expr.Neg, expr.Add, expr.Sub:
		var b strings.Builder
		b.WriteString("<mrow>")
		for i, t := range flatten(e, false, nil) {
			b.WriteString(signed(t, i == 0))
		}
		b.WriteString("</mrow>")
		return b.String(), looseSum
	case expr.Mul:
		if negative, rest := unsigned(e); negative {
			return `<mrow><mo form="prefix">−</mo>` + typeset(rest, looseProduct) + `</mrow>`, looseSum
		}
		return product(e), looseProduct
	case expr.Div:
		if negative, rest := unsigned(e); negative {
			return `<mrow><mo form="prefix">−</mo>` + typeset(rest, looseProduct) + `</mrow>`, looseSum
		}
		return `<mfrac>` + typeset(e.Args[0], looseComparison) + typeset(e.Args[1], looseComparison) + `</mfrac>`, looseProduct
	case expr.Pow:
		return `<msup>` + typeset(e.Args[0], tight) + typeset(e.Args[1], looseComparison) + `</msup>`, loosePower
	case expr.Call:
		return call(e), tight
	}
	if sign := relation(e.Kind); sign != "" {
		return `<mrow>` + typeset(e.Args[0], looseSum) + `<mo>` + sign + `</mo>` + typeset(e.Args[1], looseSum) + `</mrow>`, looseComparison
	}
	return `<mtext>` + html.EscapeString(e.String()) + `</mtext>`, tight
}

// relation is the sign of a comparison; "" for other kinds.
func relation(k expr.Kind) string {
	switch k {
	case expr.Less:
		return "&lt;"
	case expr.LessEqual:
		return "≤"
	case expr.Greater:
		return "&gt;"
	case expr.GreaterEqual:
		return "≥"
	case expr.Equal:
		return "="
	case expr.NotEqual:
		return "≠"
	}
	return ""
}

// product typesets factors side by side, with a dot where two numbers meet and a
// thin space between names.
func product(e *expr.Expr) string {
	var factors []*expr.Expr
	var collect func(*expr.Expr)
	collect = func(e *expr.Expr) {
		if e.Kind == expr.Mul {
			collect(e.Args[0])
			collect(e.Args[1])
			return
		}
		factors = append(factors, e)
	}
	collect(e)
	if len(factors) > 1 && factors[0].Kind == expr.Number && factors[0].Value == 1 {
		factors = factors[1:]
	}
	var b strings.Builder
	b.WriteString("<mrow>")
	for i, f := range factors {
		inside, strength := bare(f)
		parenthesised := strength < looseProduct
		if i > 0 {
			previous := factors[i-1]
			switch {
			case f.Kind == expr.Number, f.Kind == expr.Pow && f.Args[0].Kind == expr.Number:
				b.WriteString(`<mo>·</mo>`)
			case parenthesised && previous.Kind == expr.Name:
				b.WriteString(`<mspace width="0.1em"/>`)
			default:
				b.WriteString(`<mspace width="0.17em"/>`)
			}
		}
		if parenthesised {
			inside = `<mrow><mo>(</mo>` + inside + `<mo>)</mo></mrow>`
		}
		b.WriteString(inside)
	}
	b.WriteString("</mrow>")
	return b.String()
}

// upright is the name under which a function prints.
func upright(name string) string {
	switch name {
	case "log":
		return "ln"
	case "asin", "acos", "atan":
		return "arc" + name[1:]
	case "sign":
		return "sgn"
	case "heaviside":
		return "Θ"
	case "logistic":
		return "σ"
	}
	return html.EscapeString(name)
}

func call(e *expr.Expr) string {
	arguments := func(opening, closing string) string {
		var b strings.Builder
		b.WriteString(`<mrow><mo>` + opening + `</mo>`)
		for i, a := range e.Args {
			if i > 0 {
				b.WriteString(`<mo separator="true">,</mo>`)
			}
			b.WriteString(typeset(a, looseComparison))
		}
		b.WriteString(`<mo>` + closing + `</mo></mrow>`)
		return b.String()
	}
	switch {
	case e.Ident == "sqrt" && len(e.Args) == 1:
		return `<msqrt>` + typeset(e.Args[0], looseComparison) + `</msqrt>`
	case e.Ident == "abs" && len(e.Args) == 1:
		return arguments("|", "|")
	case e.Ident == "floor" && len(e.Args) == 1:
		return arguments("⌊", "⌋")
	case e.Ident == "log10":
		return `<mrow><msub><mi>log</mi><mn>10</mn></msub>` + arguments("(", ")") + `</mrow>`
	case e.Ident == "pow" && len(e.Args) == 2:
		return `<msup>` + typeset(e.Args[0], tight) + typeset(e.Args[1], looseComparison) + `</msup>`
	case e.Ident == "if" && len(e.Args) == 3:
		row := func(value *expr.Expr, condition string) string {
			return `<mtr><mtd style="text-align:left">` + typeset(value, looseComparison) + `</mtd><mtd style="text-align:left">` + condition + `</mtd></mtr>`
		}
		return `<mrow><mo stretchy="true">{</mo><mtable>` + row(e.Args[1], `<mrow><mtext>if </mtext>`+typeset(e.Args[0], looseComparison)+`</mrow>`) +
			row(e.Args[2], `<mtext>otherwise</mtext>`) + `</mtable></mrow>`
	}
	name := `<mi mathvariant="normal">` + upright(e.Ident) + `</mi>`
	if _, known := expr.Arity(e.Ident); !known {
		name = mathName(e.Ident) // an unknown
	}
	return `<mrow>` + name + arguments("(", ")") + `</mrow>`
}

// greek is the letter of a name; "" for other names.
func greek(name string) string {
	switch name {
	case "alpha":
		return "α"
	case "beta":
		return "β"
	case "gamma":
		return "γ"
	case "delta":
		return "δ"
	case "epsilon":
		return "ε"
	case "zeta":
		return "ζ"
	case "eta":
		return "η"
	case "theta":
		return "θ"
	case "kappa":
		return "κ"
	case "lambda":
		return "λ"
	case "mu":
		return "μ"
	case "nu":
		return "ν"
	case "xi":
		return "ξ"
	case "pi":
		return "π"
	case "rho":
		return "ρ"
	case "sigma":
		return "σ"
	case "tau":
		return "τ"
	case "phi":
		return "φ"
	case "chi":
		return "χ"
	case "psi":
		return "ψ"
	case "omega":
		return "ω"
	case "Gamma":
		return "Γ"
	case "Delta":
		return "Δ"
	case "Theta":
		return "Θ"
	case "Lambda":
		return "Λ"
	case "Xi":
		return "Ξ"
	case "Pi":
		return "Π"
	case "Sigma":
		return "Σ"
	case "Phi":
		return "Φ"
	case "Psi":
		return "Ψ"
	case "Omega":
		return "Ω"
	}
	return ""
}

// mathName typesets a name: Greek letters, digits and what follows an
// underscore as subscripts, words upright.
func mathName(s string) string {
	stem, index, ok := strings.Cut(s, "_")
	if !ok {
		stem = strings.TrimRight(s, "0123456789")
		index = s[len(stem):]
	}
	if stem == "" || index == "" {
		return identifier(s)
	}
	below := make([]string, 0, 2)
	for part := range strings.SplitSeq(index, "_") {
		if part != "" {
			below = append(below, identifier(part))
		}
	}
	if len(below) == 0 {
		return identifier(s)
	}
	return `<msub>` + identifier(stem) + `<mrow>` + strings.Join(below, `<mo separator="true">,</mo>`) + `</mrow></msub>`
}

func identifier(s string) string {
	if g := greek(s); g != "" {
		return `<mi>` + g + `</mi>`
	}
	if strings.Trim(s, "0123456789") == "" {
		return `<mn>` + s + `</mn>`
	}
	return `<mi>` + html.EscapeString(s) + `</mi>` // one letter slanted, a word upright: the rule of MathML
}

// derivative typesets the time derivative of a state.
func derivative(state string) string {
	stem := strings.TrimRight(state, "0123456789")
	if i := strings.IndexByte(state, '_'); i >= 0 {
		stem = state[:i]
	}
	name := mathName(state)
	if greek(stem) != "" || len([]rune(stem)) == 1 {
		dotted := `<mover accent="true">` + identifier(stem) + `<mo>˙</mo></mover>`
		return mathElement(strings.Replace(name, identifier(stem), dotted, 1))
	}
	return mathElement(`<mfrac><mrow><mi mathvariant="normal">d</mi><mspace width="0.1em"/>` + name + `</mrow><mrow><mi mathvariant="normal">d</mi><mi>t</mi></mrow></mfrac>`)
}

// mathNumber typesets a number that is not negative, with at most five
// significant digits, large and small ones with a power of ten.
func mathNumber(v float64) string {
	mantissa, exponent := shortNumber(v)
	if exponent == 0 {
		return `<mn>` + mantissa + `</mn>`
	}
	power := `<msup><mn>10</mn>` + mathInteger(exponent) + `</msup>`
	if mantissa == "1" {
		return power
	}
	return `<mrow><mn>` + mantissa + `</mn><mo>·</mo>` + power + `</mrow>`
}

func mathInteger(n int) string {
	text, minus := integer(n)
	if minus {
		return `<mrow><mo form="prefix">−</mo><mn>` + text + `</mn></mrow>`
	}
	return `<mn>` + text + `</mn>`
}
