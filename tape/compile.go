package tape

import (
	"fmt"
	"math"

	"govern/expr"
)

// compiler walks expressions into a graph. Shared sub-expressions are visited
// once.
type compiler struct {
	graph  *graph
	inputs map[string]int
	forms  []*form
	done   map[*expr.Expr]id
}

func (c *compiler) compile(e *expr.Expr) (id, error) {
	if i, ok := c.done[e]; ok {
		return i, nil
	}
	i, err := c.build(e)
	if err == nil {
		c.done[e] = i
	}
	return i, err
}

func (c *compiler) build(e *expr.Expr) (id, error) {
	g := c.graph
	switch e.Kind {
	case expr.Number:
		return g.constant(e.Value), nil
	case expr.Name:
		if i, ok := c.inputs[e.Ident]; ok {
			return g.input(i), nil
		}
		if e.Ident == "pi" {
			return g.constant(math.Pi), nil
		}
		return 0, fmt.Errorf("nothing gives the name %q a value", e.Ident)
	}
	args := make([]id, len(e.Args))
	for k, a := range e.Args {
		i, err := c.compile(a)
		if err != nil {
			return 0, err
		}
		args[k] = i
	}
	switch e.Kind {
	case expr.Neg:
		return g.neg(args[0]), nil
	case expr.Add:
		return g.add(args[0], args[1]), nil
	case expr.Sub:
		return g.sub(args[0], args[1]), nil
	case expr.Mul:
		return g.mul(args[0], args[1]), nil
	case expr.Div:
		return g.div(args[0], args[1]), nil
	case expr.Pow:
		return g.pow(args[0], args[1]), nil
	case expr.Less:
		return g.binary(opLess, args[0], args[1]), nil
	case expr.LessEqual:
		return g.binary(opLessEqual, args[0], args[1]), nil
	case expr.Greater:
		return g.binary(opLess, args[1], args[0]), nil
	case expr.GreaterEqual:
		return g.binary(opLessEqual, args[1], args[0]), nil
	case expr.Equal:
		return g.binary(opEqual, args[0], args[1]), nil
	case expr.NotEqual:
		return g.sub(g.constant(1), g.binary(opEqual, args[0], args[1])), nil
	case expr.Call:
		return c.call(e, args)
	}
	return 0, fmt.Errorf("expression of unknown kind %d", e.Kind)
}

var unaries = map[string]op{
	"exp": opExp, "log": opLog, "sqrt": opSqrt, "abs": opAbs, "sign": opSign,
	"sin": opSin, "cos": opCos, "asin": opAsin, "acos": opAcos, "atan": opAtan,
	"sinh": opSinh, "cosh": opCosh, "tanh": opTanh, "heaviside": opHeaviside,
	"floor": opFloor, "logistic": opLogistic, "softplus": opSoftplus, "erf": opErf,
}

var binaries = map[string]op{"min": opMin, "max": opMax, "atan2": opAtan2, "mod": opMod}

func (c *compiler) call(e *expr.Expr, args []id) (id, error) {
	g := c.graph
	if o, ok := unaries[e.Ident]; ok && len(args) == 1 {
		return g.unary(o, args[0]), nil
	}
	if o, ok := binaries[e.Ident]; ok && len(args) == 2 {
		return g.binary(o, args[0], args[1]), nil
	}
	switch {
	case e.Ident == "tan" && len(args) == 1:
		return g.div(g.unary(opSin, args[0]), g.unary(opCos, args[0])), nil
	case e.Ident == "log10" && len(args) == 1:
		return g.mul(g.constant(1/math.Ln10), g.unary(opLog, args[0])), nil
	case e.Ident == "relu" && len(args) == 1:
		return g.binary(opMax, args[0], g.constant(0)), nil
	case e.Ident == "pow" && len(args) == 2:
		return g.pow(args[0], args[1]), nil
	case e.Ident == "if" && len(args) == 3:
		return g.choose(args[0], args[1], args[2]), nil
	}
	for _, f := range c.forms {
		if o := f.output(e.Ident); o >= 0 && len(args) == f.inputs {
			return g.neural(f, o, args), nil
		} else if o >= 0 {
			return 0, fmt.Errorf("the neural form %s takes %d arguments, not %d", e.Ident, f.inputs, len(args))
		}
	}
	return 0, fmt.Errorf("%s with %d arguments is no function of the language (an unknown needs a formula before it can run)", e.Ident, len(args))
}
