package discover

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/series"
)

// tryApproximations asks of formulas of several arguments that pass the checks
// whether something shorter explains the data as well: a function of one
// combination of the arguments, or one that bends along an argument, alone or times
// the others. Only formulas that look like approximations are asked, and only what
// the quadratic profile does not exclude is fitted.
func (f *finder) tryApproximations(ctx context.Context) error {
	for u, unknown := range f.engine.Data.Model.Unknowns {
		if len(unknown.Arguments) < 2 || unknown.Library != nil || f.best == nil || !f.best.passed() || !f.looksApproximate(u) {
			continue
		}
		for round := range 2 {
			if better, err := f.tryShape(ctx, u, beyondPolynomial+round); err != nil {
				return err
			} else if !better || !f.best.passed() || !f.looksApproximate(u) {
				break
			}
		}
	}
	return nil
}

// looksApproximate says that the best candidate's formula for unknown u may stand for
// another that is no polynomial: it leaves a defect, has many terms (a function among them
// counts as one more), or reaches the highest degree that there is.
func (f *finder) looksApproximate(u int) bool {
	const many, manyCurved = 4, 3
	if f.best.fit.Omega > 2*fit.OmegaEnd {
		return true
	}
	count, highest := 0, 0
	for _, t := range f.best.fit.Terms {
		if t.Unknown == u {
			count, highest = count+1+t.Knots, max(highest, t.Degree)
		}
	}
	return count >= many || count >= manyCurved && f.best.curved(u) || highest >= f.options.Degree && f.options.Degree > 3
}

// findOtherForms are the formulas of other kinds that the data cannot tell from the
// best: of every family the best candidate, where it is not the same function.
func (f *finder) findOtherForms(best *candidate) ([]Tie, error) {
	classes := map[string]*candidate{}
	var order []string
	for _, c := range f.all {
		delta := c.score() - best.score()
		if !c.passed() || !series.Finite(delta) || delta >= f.options.Tie || c.class() == best.class() || len(c.fit.Forms) > 0 {
			continue
		}
		if _, ok := best.search.Translate(c.fit); ok {
			continue // ties has refitted it
		}
		have, ok := classes[c.class()]
		if !ok {
			order = append(order, c.class())
		}
		if !ok || c.score() < have.score() {
			classes[c.class()] = c
		}
	}
	var out []Tie
	shown := []*candidate{best}
	for _, name := range order {
		c := classes[name]
		same := false
		for _, other := range shown {
			apart, err := f.difference(c, other)
			if err != nil {
				return nil, err
			}
			same = same || apart < sameFunction
		}
		if !same {
			shown = append(shown, c)
			out = append(out, Tie{Fitted: c.fit, Delta: math.Max(c.score()-best.score(), 0), Model: c.search.Engine.Data.Model})
		}
	}
	return out, nil
}

// sameFunction is the relative difference below which two formulas are two ways to
// write one function, as tanh and logistic are.
const sameFunction = 1e-4

// class is the kind of a candidate's formula: polynomials are one, every family one.
func (c *candidate) class() string {
	var names []string
	for _, t := range c.fit.Terms {
		if t.Knots == 0 && !strings.ContainsAny(t.Factor.String(), "(/") {
			continue
		}
		if name := fmt.Sprint(t.Unknown, kindOf(t.Factor)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// kindOf is the function that stands outermost in a term that bends.
func kindOf(e *expr.Expr) string {
	if e.Kind == expr.Call {
		return e.Ident
	}
	for _, a := range e.Args {
		if k := kindOf(a); k != "" {
			return k
		}
	}
	if e.Kind == expr.Div {
		return "/"
	}
	return ""
}

// difference is the rms difference of two candidates' formulas along the path over
// the deviation of the first, of the unknown in which they differ most.
func (f *finder) difference(a, b *candidate) (float64, error) {
	worst := 0.0
	for u := range f.engine.Data.Model.Unknowns {
		arguments, err := f.engine.Data.Arguments(f.path, u)
		if err != nil {
			return 0, err
		}
		x, err := a.valuesAlong(u, f.engine.Data.Model.Unknowns[u].Arguments, arguments)
		if err != nil {
			return 0, err
		}
		y, err := b.valuesAlong(u, f.engine.Data.Model.Unknowns[u].Arguments, arguments)
		if err != nil {
			return 0, err
		}
		sum, square, apart := 0.0, 0.0, 0.0
		for k := range x {
			sum += x[k] / float64(len(x))
			apart += (x[k] - y[k]) * (x[k] - y[k]) / float64(len(x))
		}
		for k := range x {
			square += (x[k] - sum) * (x[k] - sum) / float64(len(x))
		}
		if apart > 0 {
			worst = math.Max(worst, math.Sqrt(apart/math.Max(square, 1e-300)))
		}
	}
	return worst, nil
}

// valuesAlong are a candidate's values of unknown u where its arguments are as given, by
// argument and sample.
func (c *candidate) valuesAlong(u int, names []string, arguments [][]float64) ([]float64, error) {
	values := c.parameterValues()
	right := c.fit.Formula(u)
	out := make([]float64, len(arguments[0]))
	for k := range out {
		for a, name := range names {
			values[name] = arguments[a][k]
		}
		v, err := expr.Eval(right, func(name string) (float64, bool) { x, ok := values[name]; return x, ok })
		if err != nil {
			return nil, err
		}
		out[k] = v
	}
	return out, nil
}

// parameterValues are the values of a candidate's parameters, those inside its functions
// too.
func (c *candidate) parameterValues() map[string]float64 {
	values := map[string]float64{}
	fitted := 0
	for _, p := range c.search.Engine.Data.Model.Parameters {
		if values[p.Name] = p.Value; p.Fit {
			values[p.Name] = c.fit.Parameters[fitted]
			fitted++
		}
	}
	return values
}

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
func (f *finder) findDense(best *candidate) ([]Dense, error) {
	var out []Dense
	for u, unknown := range f.engine.Data.Model.Unknowns {
		if unknown.Library != nil && unknown.Library.Degree > 0 {
			continue // the reader's choice
		}
		d := Dense{Unknown: unknown.Name, Degree: f.options.Degree}
		d.From = len(terms.Library(f.engine.Data.Model, u, d.Degree))
		highest, powers, bends := 0, 0, false
		for _, t := range best.fit.Terms {
			switch {
			case t.Unknown != u:
			case t.Knots > 0:
				bends = true
			case t.Degree <= f.options.Degree:
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
		arguments, err := f.engine.Data.Arguments(f.path, u)
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
func (f *finder) findSteps(best *candidate) ([]string, error) {
	var out []string
	values := best.parameterValues()
	for _, t := range best.fit.Terms {
		unknown := f.engine.Data.Model.Unknowns[t.Unknown]
		kind := kindOf(t.Factor)
		if t.Knots == 0 || len(unknown.Arguments) != 1 || kind != "tanh" && kind != "logistic" && kind != "atan" {
			continue
		}
		arguments, err := f.engine.Data.Arguments(f.path, t.Unknown)
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
