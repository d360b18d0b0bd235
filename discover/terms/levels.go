package terms

import (
	"slices"

	"govern/expr"
	"govern/fit"
)

// MostLevels is the number of distinct values up to which an argument has levels: an
// input that is on or off, a condition of a few files.
const MostLevels = 5

// Levels counts the distinct values of each argument of an unknown along the data; 0 of
// one with more than MostLevels. Values are by argument, as fit.Data.Arguments gives them.
func Levels(arguments [][]float64) []int {
	out := make([]int, len(arguments))
	for a, values := range arguments {
		seen := map[float64]bool{}
		for _, v := range values {
			if seen[v] = true; len(seen) > MostLevels {
				break
			}
		}
		if len(seen) <= MostLevels {
			out[a] = len(seen)
		}
	}
	return out
}

// Determined leaves out the terms of an unknown that others replace on the data: of an
// argument with n levels every function is a polynomial of degree n − 1.
func Determined(library []fit.Term, unknown int, arguments []string, levels []int) []fit.Term {
	return slices.DeleteFunc(slices.Clone(library), func(t fit.Term) bool {
		if t.Unknown != unknown {
			return false
		}
		for a, n := range levels {
			if n > 0 && power(t.Factor, arguments[a]) >= n {
				return true
			}
		}
		return false
	})
}

// power is to which a product holds a name; of another function of it more than
// any level allows.
func power(e *expr.Expr, name string) int {
	switch {
	case !slices.Contains(expr.Names(e), name):
		return 0
	case e.Kind == expr.Name:
		return 1
	case e.Kind == expr.Mul:
		return power(e.Args[0], name) + power(e.Args[1], name)
	case e.Kind == expr.Pow && e.Args[0].Kind == expr.Name && e.Args[1].Kind == expr.Number:
		return int(e.Args[1].Value)
	}
	return MostLevels
}
