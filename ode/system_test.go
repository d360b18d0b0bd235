package ode

import (
	"strings"
	"testing"

	"govern/expr"
)

// system compiles equations such as "x' = v; v' = -w^2*x". Names given values
// by parameters ("w 2") are parameters, inputs are the names in inputs.
func system(tb testing.TB, equations, parameters string, inputs ...string) *System {
	tb.Helper()
	list, err := expr.ParseEquations("", 1, 1, equations)
	if len(list) == 0 {
		tb.Fatal(err)
	}
	s := &System{Inputs: inputs, signals: make([]Signal, len(inputs))}
	for _, e := range list {
		s.States = append(s.States, e.Left)
		s.right = append(s.right, e.Right)
	}
	for _, p := range strings.Split(parameters, ";") {
		if name, value, ok := strings.Cut(strings.TrimSpace(p), " "); ok {
			e, err := expr.Parse(value)
			if err != nil {
				tb.Fatal(err)
			}
			v, evalErr := expr.Eval(e, nil)
			if evalErr != nil {
				tb.Fatal(evalErr)
			}
			s.Parameters = append(s.Parameters, name)
			s.Values = append(s.Values, v)
		}
	}
	f, fieldErr := NewField(s.right, s.States, s.Inputs, s.Parameters, nil)
	if fieldErr != nil {
		tb.Fatal(fieldErr)
	}
	s.field = f
	return s
}

func lorenz(tb testing.TB) *System {
	return system(tb, "x' = s*(y - x); y' = x*(r - z) - y; z' = x*y - b*z", "s 10; r 28; b 8/3")
}
