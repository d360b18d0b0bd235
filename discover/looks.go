package discover

import (
	"fmt"
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/series"
)

// look is a place at which functions that bend are tried: along an argument, along a
// linear combination of several, or as a fraction of them.
type look struct {
	name     string
	argument int // the first of the combination
	alone    bool
	axis     axis
	families []family
	instead  bool // its parts stand in the place of the polynomial, not beside it
}

// findLooks are the axes of unknown u: its arguments, and where there are several the
// combinations that the best candidate varies along.
// In rounds beyond polynomials they are sought more widely; others are the terms of the
// other unknowns.
func findLooks(best *candidate, d *fit.Data, path *fit.Smoothed, u, round int, others []fit.Term) ([]look, error) {
	arguments, err := d.Arguments(path, u)
	if err != nil {
		return nil, err
	}
	var out []look
	for a, values := range arguments {
		if x := newAxis(values); x.span() > 0 {
			out = append(out, look{name: fmt.Sprint(a), argument: a, axis: x, families: families()}, look{name: fmt.Sprint(a, "-plain"), argument: a, axis: x, families: numberless()})
		}
	}
	names := d.Model.Unknowns[u].Arguments
	out = append(out, jointLooks(names, arguments)...)
	if best == nil || !series.Finite(best.score()) {
		if round < beyondPolynomial {
			return out, nil
		}
		angle, err := findAngle(d, path, u, arguments, others)
		return append(out, angle...), err
	}
	ridges, err := findRidges(best, u, names, arguments)
	if err != nil || round < beyondPolynomial {
		return append(out, ridges...), err
	}
	angle, err := findAngle(d, path, u, arguments, others)
	if err != nil {
		return nil, err
	}
	rationals, err := findRationals(best, d, path, u, arguments, others)
	return slices.Concat(out, ridges, angle, rationals), err
}

// jointLooks is the look along several arguments at once, each in a function without
// numbers of its own: outflows of two tanks are two roots, and one alone explains nothing.
func jointLooks(names []string, arguments [][]float64) []look {
	var out []look
	for _, plain := range numberless() {
		var allowed []int
		for a, values := range arguments {
			if plain.allowed(newAxis(values)) {
				allowed = append(allowed, a)
			}
		}
		if len(allowed) < 2 {
			continue
		}
		parts := func(*expr.Expr, []*expr.Expr) []*expr.Expr {
			var all []*expr.Expr
			for _, a := range allowed {
				all = append(all, plain.parts(expr.Var(names[a]), nil)...)
			}
			return all
		}
		name := "every-" + plain.name
		out = append(out, look{name: name, argument: allowed[0], alone: true, axis: newAxis(arguments[allowed[0]]), families: []family{{name: name, parts: parts}}})
	}
	return out
}
