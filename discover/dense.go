package discover

import (
	"fmt"
	"slices"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
)

// Stretch is the range of an unknown's argument along the data.
type Stretch struct {
	Argument  string
	Low, High float64
}

// Dense is a formula that is likely an approximation: a polynomial that keeps most of
// the terms up to the highest degree that was tried, or a function that bends with
// powers beside it.
type Dense struct {
	Unknown     string
	Terms, From int // of a polynomial: how many of how many
	Degree      int // of a polynomial; 0: a function that bends, and Terms powers
	Over        []Stretch
}

// String says so.
func (d Dense) String() string {
	text := fmt.Sprintf("%s keeps %d of %d terms up to degree %d, the highest that was tried, so it is likely an approximation", d.Unknown, d.Terms, d.From, d.Degree)
	if d.Degree == 0 {
		text = fmt.Sprintf("%s needs %d powers and products beside a function that bends, so it is likely an approximation", d.Unknown, d.Terms)
	}
	for i, s := range d.Over {
		sep := ", to be trusted only for"
		if i > 0 {
			sep = ","
		}
		text += fmt.Sprintf("%s %s from %.4g to %.4g", sep, s.Argument, s.Low, s.High)
	}
	return text
}

// denseShare of the terms up to the highest degree make a polynomial dense; fewPowers
// beside a function that bends say that it is not the right one.
const (
	denseShare = 0.6
	fewPowers  = 2
)

// findDense lists the unknowns whose polynomials are likely approximations.
func findDense(data *fit.Data, path *fit.Smoothed, best *candidate, highestTried int) ([]Dense, error) {
	var out []Dense
	for u, unknown := range data.Model.Unknowns {
		if unknown.Library != nil && unknown.Library.Degree > 0 {
			continue // the reader's choice
		}
		d := Dense{Unknown: unknown.Name, Degree: highestTried}
		d.From = len(terms.Library(data.Model, u, d.Degree))
		highest, powers, bends := 0, 0, false
		for _, t := range best.fit.Terms {
			switch {
			case t.Unknown != u:
			case t.Knots > 0:
				bends = true
			case t.Degree <= highestTried:
				d.Terms++
				if highest = max(highest, t.Degree); t.Degree > 1 {
					powers++
				}
			}
		}
		switch {
		case bends && powers >= fewPowers:
			d.Degree, d.Terms = 0, powers
		case !bends && d.Degree > 3 && highest == d.Degree && float64(d.Terms) >= denseShare*float64(d.From):
		default:
			continue
		}
		arguments, err := data.Arguments(path, u)
		if err != nil {
			return nil, err
		}
		for a, name := range unknown.Arguments {
			d.Over = append(d.Over, Stretch{name, slices.Min(arguments[a]), slices.Max(arguments[a])})
		}
		out = append(out, d)
	}
	return out, nil
}

// steep is the rise of a sigmoid within a deviation of its argument above which the
// data can hardly tell it from a step.
const steep = 20

// findSteps says which sigmoids of one argument rise so steeply that they may be steps.
func findSteps(d *fit.Data, path *fit.Smoothed, best *candidate) ([]string, error) {
	var out []string
	values := best.parameterValues()
	for _, t := range best.fit.Terms {
		unknown := d.Model.Unknowns[t.Unknown]
		kind := kindOf(t.Factor)
		if t.Knots == 0 || len(unknown.Arguments) != 1 || kind != "tanh" && kind != "logistic" && kind != "atan" {
			continue
		}
		arguments, err := d.Arguments(path, t.Unknown)
		if err != nil {
			return nil, err
		}
		for _, name := range expr.Names(t.Factor) {
			if v := values[name]; strings.HasPrefix(name, unknown.Name+"_steepness") && v*newAxis(arguments[0]).sd > steep {
				out = append(out, fmt.Sprintf("%s rises within %.2g of %s: the data can hardly tell its %s from a step (heaviside)", unknown.Name, 4/v, unknown.Arguments[0], kind))
			}
		}
	}
	return out, nil
}
