package expr

import (
	"fmt"
	"math"
)

// Eval returns the value of e, with the values of names given by lookup; pi is
// known. Only the chosen side of an if is evaluated. It is an error when a name
// or a function is not known. It is written for clarity: programs that
// evaluate often compile the expression.
func Eval(e *Expr, lookup func(name string) (float64, bool)) (float64, error) {
	v := evaluator{lookup: lookup, known: map[*Expr]float64{}}
	return v.value(e)
}

type evaluator struct {
	lookup func(name string) (float64, bool)
	known  map[*Expr]float64 // values of nodes, which may be shared
}

func (v *evaluator) value(e *Expr) (float64, error) {
	if len(e.Args) == 0 {
		return v.leaf(e)
	}
	if x, ok := v.known[e]; ok {
		return x, nil
	}
	x, err := v.compute(e)
	if err == nil {
		v.known[e] = x
	}
	return x, err
}

func (v *evaluator) leaf(e *Expr) (float64, error) {
	if e.Kind == Number {
		return e.Value, nil
	}
	if e.Ident == "pi" {
		return math.Pi, nil
	}
	x, ok := v.lookup(e.Ident)
	if !ok {
		return 0, fmt.Errorf("expr: %q has no value", e.Ident)
	}
	return x, nil
}

func (v *evaluator) compute(e *Expr) (float64, error) {
	if e.Kind == Call && e.Ident == "if" {
		return v.choose(e)
	}
	args := make([]float64, len(e.Args))
	for i, a := range e.Args {
		x, err := v.value(a)
		if err != nil {
			return 0, err
		}
		args[i] = x
	}
	switch e.Kind {
	case Neg:
		return -args[0], nil
	case Add:
		return args[0] + args[1], nil
	case Sub:
		return args[0] - args[1], nil
	case Mul:
		return args[0] * args[1], nil
	case Div:
		return args[0] / args[1], nil
	case Pow:
		return math.Pow(args[0], args[1]), nil
	case Call:
		f, ok := lookup(e.Ident)
		if !ok {
			return 0, fmt.Errorf("expr: %q is not a known function", e.Ident)
		}
		if len(args) != f.arity {
			return 0, fmt.Errorf("expr: %s with %d arguments", e.Ident, len(args))
		}
		return f.value(args), nil
	}
	if compare(e.Kind, args[0], args[1]) {
		return 1, nil
	}
	return 0, nil
}

func (v *evaluator) choose(e *Expr) (float64, error) {
	condition, err := v.value(e.Args[0])
	if err != nil {
		return 0, err
	}
	if condition != 0 {
		return v.value(e.Args[1])
	}
	return v.value(e.Args[2])
}

func compare(k Kind, a, b float64) bool {
	switch k {
	case Less:
		return a < b
	case LessEqual:
		return a <= b
	case Greater:
		return a > b
	case GreaterEqual:
		return a >= b
	case Equal:
		return a == b
	case NotEqual:
		return a != b
	}
	panic("expr: not a comparison")
}
