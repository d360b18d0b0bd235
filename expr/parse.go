package expr

import "fmt"

// maxDepth bounds the nesting of parentheses, calls, signs and powers, and
// maxNodes the size of one expression: the functions of this package are
// recursive.
const (
	maxDepth = 1000
	maxNodes = 100_000
)

// Parse reads one expression. Its error is a *Diagnostic.
func Parse(src string) (*Expr, error) { return ParseAt("", 1, 1, src) }

// ParseAt reads one expression that stands in a file: its first character is at
// the given line and column, and so does every further line begin at that
// column. Its error is a *Diagnostic.
func ParseAt(file string, line, column int, src string) (*Expr, error) {
	s := newSource(file, line, column, src)
	var tokens []token
	for _, t := range s.scan() {
		if t.kind != newlineToken || t.text == ";" {
			tokens = append(tokens, t)
		}
	}
	p := parser{source: s, tokens: tokens}
	e, d := p.whole()
	if d != nil {
		return nil, d
	}
	return e, nil
}

// parser is a Pratt parser (Pratt 1973) over the tokens of one expression or
// equation. Its methods return the first diagnostic.
type parser struct {
	*source
	tokens []token
	next   int
	depth  int
	nodes  int
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != endToken {
		p.next++
	}
	return t
}

// whole parses the remaining tokens as one expression.
func (p *parser) whole() (*Expr, *Diagnostic) {
	if t := p.peek(); t.kind == endToken {
		return nil, p.diagnostic(t, "an expression is missing", "")
	}
	e, d := p.expression(0)
	if d != nil {
		return nil, d
	}
	switch t := p.peek(); {
	case t.kind == endToken:
	case t.is(")"):
		return nil, p.diagnostic(t, "this parenthesis closes nothing", "remove it, or open one before it")
	default:
		return nil, p.stray(t)
	}
	if e.Kind.isComparison() {
		return nil, p.misplaced(e)
	}
	return e, nil
}

// Binding powers of the infix operators. A sign binds like a product:
// -x*y is -(x*y), and -x^2 is -(x^2).
const (
	comparing   = 10
	adding      = 20
	multiplying = 30
	raising     = 40
)

func infix(t token) (Kind, int) {
	if t.kind != operatorToken {
		return 0, -1
	}
	switch t.text {
	case "<":
		return Less, comparing
	case "<=":
		return LessEqual, comparing
	case ">":
		return Greater, comparing
	case ">=":
		return GreaterEqual, comparing
	case "==":
		return Equal, comparing
	case "!=":
		return NotEqual, comparing
	case "+":
		return Add, adding
	case "-":
		return Sub, adding
	case "*":
		return Mul, multiplying
	case "/":
		return Div, multiplying
	case "^":
		return Pow, raising
	}
	return 0, -1
}

// expression parses operators that bind at least as strongly as power.
func (p *parser) expression(power int) (*Expr, *Diagnostic) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.diagnostic(p.peek(), fmt.Sprintf("nested deeper than %d levels", maxDepth), "split it with definitions: b = ...")
	}
	defer func() { p.depth-- }()

	left, d := p.operand(power)
	for d == nil {
		operator := p.peek()
		kind, strength := infix(operator)
		if strength < power {
			return left, nil
		}
		p.take()
		needed := strength + 1
		if kind == Pow { // 2^3^2 is 2^(3^2)
			needed = strength
		}
		var right *Expr
		if right, d = p.expression(needed); d == nil {
			left, d = p.node(Expr{Kind: kind, Args: []*Expr{left, right}, Pos: operator.pos})
		}
	}
	return nil, d
}

// node adds a node to the expression.
func (p *parser) node(e Expr) (*Expr, *Diagnostic) {
	for i, a := range e.Args {
		if a.Kind.isComparison() && !(e.Kind == Call && e.Ident == "if" && i == 0) {
			return nil, p.misplaced(a)
		}
	}
	if p.nodes++; p.nodes > maxNodes {
		return nil, p.diagnostic(token{pos: e.Pos}, fmt.Sprintf("an expression of more than %d parts", maxNodes), "split it with definitions: b = ...")
	}
	return &e, nil
}

// operand parses what can stand between operators that bind as strongly as
// power.
func (p *parser) operand(power int) (*Expr, *Diagnostic) {
	t := p.take()
	switch {
	case t.kind == badToken:
		return nil, t.bad
	case t.kind == numberToken:
		if following := p.peek(); following.kind == nameToken {
			return nil, p.stray(following)
		}
		return p.node(Expr{Kind: Number, Value: t.value, Pos: t.pos})
	case t.kind == nameToken && p.peek().is("("):
		return p.call(t)
	case t.kind == nameToken:
		return p.name(t)
	case t.is("("):
		return p.parenthesis(t)
	case t.is("-"):
		return p.minus(t, power)
	case t.is("+"):
		return p.expression(max(power, multiplying))
	}
	return nil, p.missing(t)
}

func (p *parser) minus(sign token, power int) (*Expr, *Diagnostic) {
	if t := p.peek(); t.kind == numberToken && !p.tokens[p.next+1].is("^") {
		e, d := p.operand(power)
		if d == nil {
			e.Value, e.Pos = -e.Value, sign.pos
		}
		return e, d
	}
	e, d := p.expression(max(power, multiplying))
	if d != nil {
		return nil, d
	}
	return p.node(Expr{Kind: Neg, Args: []*Expr{e}, Pos: sign.pos})
}

func (p *parser) name(t token) (*Expr, *Diagnostic) {
	if _, ok := lookup(t.text); ok {
		return nil, p.diagnostic(t, t.text+" is a function without its arguments", fmt.Sprintf("write %s(...)", t.text))
	}
	return p.node(Expr{Kind: Name, Ident: t.text, Pos: t.pos})
}

func (p *parser) parenthesis(open token) (*Expr, *Diagnostic) {
	if t := p.peek(); t.is(")") {
		return nil, p.diagnostic(t, "an expression is missing between the parentheses", "")
	}
	e, d := p.expression(0)
	if d != nil {
		return nil, d
	}
	return e, p.close(open)
}

func (p *parser) close(open token) *Diagnostic {
	switch t := p.peek(); {
	case t.is(")"):
		p.take()
		return nil
	case t.kind == endToken:
		return p.diagnostic(open, "this parenthesis is never closed", "close it with )")
	default:
		return p.stray(t)
	}
}

func (p *parser) call(name token) (*Expr, *Diagnostic) {
	open := p.take()
	var args []*Expr
	for !p.peek().is(")") {
		if t := p.peek(); t.kind == endToken {
			return nil, p.diagnostic(open, "this parenthesis is never closed", "close it with )")
		}
		e, d := p.expression(0)
		if d != nil {
			return nil, d
		}
		args = append(args, e)
		if comma := p.peek(); !comma.is(",") {
			break
		}
		if comma := p.take(); p.peek().is(")") {
			return nil, p.diagnostic(comma, "an argument is missing after the comma", "")
		}
	}
	if d := p.close(open); d != nil {
		return nil, d
	}
	if d := p.checkCall(name, args); d != nil {
		return nil, d
	}
	return p.node(Expr{Kind: Call, Ident: name.text, Args: args, Pos: name.pos})
}

func (p *parser) checkCall(name token, args []*Expr) *Diagnostic {
	arity, known := Arity(name.text)
	switch {
	case !known && len(args) == 0:
		return p.diagnostic(name, name.text+"() has no arguments", "name what it depends on, as in "+name.text+"(x)")
	case known && len(args) != arity:
		return p.diagnostic(name, fmt.Sprintf("%s takes %s, not %d", name.text, plural(arity, "argument"), len(args)), signature(name.text, arity))
	case name.text == "if" && !args[0].Kind.isComparison():
		return p.diagnostic(token{pos: args[0].Pos}, "the condition of if is not a comparison", "compare, as in if(x > 0, a, b)")
	}
	return nil
}
