package expr

import (
	"math"
	"slices"
)

// function is one function of the language.
type function struct {
	name  string
	arity int
	value func(a []float64) float64 // nil for if, whose condition is not a number
}

// functions is the language's table, sorted by name. It is never changed.
var functions = [...]function{
	{"abs", 1, one(math.Abs)},
	{"acos", 1, one(math.Acos)},
	{"asin", 1, one(math.Asin)},
	{"atan", 1, one(math.Atan)},
	{"atan2", 2, two(math.Atan2)},
	{"cos", 1, one(math.Cos)},
	{"cosh", 1, one(math.Cosh)},
	{"erf", 1, one(math.Erf)},
	{"exp", 1, one(math.Exp)},
	{"floor", 1, one(math.Floor)},
	{"heaviside", 1, one(heaviside)},
	{"if", 3, nil},
	{"log", 1, one(math.Log)},
	{"log10", 1, one(math.Log10)},
	{"logistic", 1, one(logistic)},
	{"max", 2, two(math.Max)},
	{"min", 2, two(math.Min)},
	{"mod", 2, two(mod)},
	{"pow", 2, two(math.Pow)},
	{"relu", 1, one(relu)},
	{"sign", 1, one(sign)},
	{"sin", 1, one(math.Sin)},
	{"sinh", 1, one(math.Sinh)},
	{"softplus", 1, one(softplus)},
	{"sqrt", 1, one(math.Sqrt)},
	{"tan", 1, one(math.Tan)},
	{"tanh", 1, one(math.Tanh)},
}

// Functions returns the names of the language's functions, sorted.
func Functions() []string {
	names := make([]string, len(functions))
	for i, f := range functions {
		names[i] = f.name
	}
	return names
}

// Arity returns the number of arguments of a function of the language; false
// when there is no such function.
func Arity(name string) (int, bool) {
	f, ok := lookup(name)
	return f.arity, ok
}

func lookup(name string) (function, bool) {
	i, ok := slices.BinarySearchFunc(functions[:], name, func(f function, name string) int {
		switch {
		case f.name < name:
			return -1
		case f.name > name:
			return 1
		}
		return 0
	})
	if !ok {
		return function{}, false
	}
	return functions[i], true
}

func one(f func(float64) float64) func([]float64) float64 {
	return func(a []float64) float64 { return f(a[0]) }
}

func two(f func(a, b float64) float64) func([]float64) float64 {
	return func(a []float64) float64 { return f(a[0], a[1]) }
}

// heaviside is 0 below zero, 1 above, and 1/2 at zero, so that it is
// (1 + sign)/2.
func heaviside(x float64) float64 { return 0.5 + 0.5*sign(x) }

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // zero and NaN
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// mod is the floored remainder: it has the sign of b, so that mod(θ, 2*pi) is a
// phase in [0, 2π).
func mod(a, b float64) float64 { return a - b*math.Floor(a/b) }

func relu(x float64) float64 { return math.Max(x, 0) }

// softplus is log(1 + exp(x)) without overflow.
func softplus(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
