package expr

import (
	"strings"
	"unicode/utf8"
)

// LaTeX returns the expression in LaTeX's mathematics (amsmath): quotients as
// fractions, Greek names as letters, x_1 with a subscript, if as cases.
func (e *Expr) LaTeX() string {
	switch e.Kind {
	case Number:
		return latexNumber(e.Value)
	case Name:
		return LatexName(e.Ident)
	case Neg:
		operand := e.Args[0]
		return "-" + latexGroup(operand, operand.strength() < multiplying || operand.Kind == Neg || isNegative(operand))
	case Call:
		return latexCall(e)
	}
	a, b := e.Args[0], e.Args[1]
	switch e.Kind {
	case Div:
		return `\frac{` + a.LaTeX() + `}{` + b.LaTeX() + `}`
	case Pow:
		base := latexGroup(a, a.strength() <= raising || a.Kind == Call)
		if a.Kind == Number && strings.Contains(base, "^") {
			base = `\left(` + base + `\right)`
		}
		return base + `^{` + b.LaTeX() + `}`
	case Mul:
		left, right := latexFactor(a), latexFactor(b)
		if a.Kind == Neg || isNegative(a) { // a sign in front needs no parentheses
			left = a.LaTeX()
		}
		if startsWithDigit(right) {
			return left + ` \cdot ` + right
		}
		return left + ` \, ` + right
	case Add, Sub:
		parentheses := b.Kind == Neg || isNegative(b) || b.strength() == adding
		return a.LaTeX() + symbol(e.Kind) + latexGroup(b, parentheses)
	}
	return a.LaTeX() + latexComparison(e.Kind) + b.LaTeX()
}

func latexGroup(e *Expr, parentheses bool) string {
	if parentheses {
		return `\left(` + e.LaTeX() + `\right)`
	}
	return e.LaTeX()
}

func latexFactor(e *Expr) string {
	return latexGroup(e, e.strength() < multiplying || e.Kind == Neg || isNegative(e))
}

func latexNumber(v float64) string {
	mantissa, exponent, scientific := strings.Cut(FormatNumber(v), "e")
	switch {
	case !scientific:
		return mantissa
	case mantissa == "1":
		return `10^{` + exponent + `}`
	case mantissa == "-1":
		return `-10^{` + exponent + `}`
	}
	return mantissa + ` \cdot 10^{` + exponent + `}`
}

func startsWithDigit(s string) bool { return '0' <= s[0] && s[0] <= '9' }

// LatexName returns a name in LaTeX: what follows the first underscore is its
// subscript, and letters of more than one character stand upright.
func LatexName(name string) string {
	stem, subscript, found := strings.Cut(name, "_")
	if !found || stem == "" || subscript == "" {
		return latexWord(name)
	}
	letter := latexWord(stem)
	if strings.Contains(letter, "_") { // x1_a
		letter = "{" + letter + "}"
	}
	return letter + `_{` + latexWord(subscript) + `}`
}

func latexWord(word string) string {
	if isGreek(word) {
		return `\` + word
	}
	letters := strings.TrimRight(word, "0123456789")
	digits := word[len(letters):]
	word = strings.ReplaceAll(letters, "_", `\_`)
	switch {
	case utf8.RuneCountInString(letters) > 1 && isGreek(letters):
		word = `\` + letters
	case utf8.RuneCountInString(letters) > 1:
		word = `\mathrm{` + word + `}`
	}
	if letters != "" && digits != "" {
		return word + `_{` + digits + `}`
	}
	return word + digits
}

func isGreek(word string) bool {
	switch strings.ToLower(word[:1]) + word[1:] {
	case "gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "phi", "psi", "omega":
		return true
	}
	switch word {
	case "alpha", "beta", "epsilon", "zeta", "eta", "iota", "kappa", "mu", "nu", "rho", "tau", "chi":
		return true
	}
	return false
}

func latexComparison(k Kind) string {
	switch k {
	case LessEqual:
		return ` \le `
	case GreaterEqual:
		return ` \ge `
	case Equal:
		return ` = `
	case NotEqual:
		return ` \ne `
	}
	return symbol(k)
}

func latexCall(e *Expr) string {
	args := make([]string, len(e.Args))
	for i, a := range e.Args {
		args[i] = a.LaTeX()
	}
	switch e.Ident {
	case "sqrt":
		return `\sqrt{` + args[0] + `}`
	case "abs":
		return `\left|` + args[0] + `\right|`
	case "floor":
		return `\left\lfloor ` + args[0] + ` \right\rfloor`
	case "pow":
		return Binary(Pow, e.Args[0], e.Args[1]).LaTeX()
	case "if":
		return `\begin{cases} ` + args[1] + ` & \text{if } ` + args[0] + ` \\ ` + args[2] + ` & \text{otherwise} \end{cases}`
	}
	return latexFunction(e.Ident) + `\left(` + strings.Join(args, ", ") + `\right)`
}

func latexFunction(name string) string {
	switch name {
	case "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max":
		return `\` + name
	case "log10":
		return `\log_{10}`
	case "asin", "acos", "atan":
		return `\arc` + name[1:]
	}
	if _, known := lookup(name); known {
		return `\operatorname{` + name + `}`
	}
	return LatexName(name)
}
