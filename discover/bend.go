package discover

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
)

// bend is a family on one argument of an unknown, at given numbers.
type bend struct {
	unknown, argument int
	alone             bool // its parts are not tried times the other arguments
	kind              string
	sibling           *family // the other way to write a sigmoid
	family            *family
	axis              axis
	values            []float64
	fixed             []bool // numbers that stand at their canonical value
	first, parts, end int    // its terms in the library of a ranking: parts, then slopes
	seed              *seed
	bent              []fit.Term // its terms in a fit
	names             []string   // of its numbers there
	round             int
	loss              float64
}

// seed is where the fit of a bend starts: another fit, and what stands in the
// place of its terms.
type seed struct {
	model *model.Model
	fit   *fit.Fitted
	terms []fit.Term
	part  []int // of the bend; negative: a term of the library
	theta []float64
}

// add appends a term of the start.
func (s *seed) add(t fit.Term, part int, theta float64) {
	s.terms, s.part, s.theta = append(s.terms, t), append(s.part, part), append(s.theta, theta)
}

// start is the fit that the seed says, in the library of s and with the parts bent.
func (d *seed) start(s *terms.Selection, bent []fit.Term, parameters []float64) *fit.Fitted {
	g := *d.fit
	g.Terms, g.Coefficients, g.Parameters = nil, nil, parameters
	for i, t := range d.terms {
		if d.part[i] >= 0 {
			t = bent[d.part[i]]
		} else if _, ok := s.Index[t.Key()]; !ok {
			continue
		}
		g.Terms, g.Coefficients = append(g.Terms, t), append(g.Coefficients, d.theta[i])
	}
	return &g
}

// partsIn are the parts of a bend, alone and times each other argument.
func (b *bend) partsIn(m *model.Model, numbers []*expr.Expr) []fit.Term {
	unknown := m.Unknowns[b.unknown]
	knots := 0
	for _, fixed := range b.fixed {
		if !fixed {
			knots++
		}
	}
	var out []fit.Term
	for _, part := range b.family.parts(expr.Var(unknown.Arguments[b.argument]), numbers) {
		out = append(out, fit.Term{Unknown: b.unknown, Factor: part, Degree: 5, Knots: knots})
		for k, name := range unknown.Arguments {
			if k != b.argument && !b.alone {
				out = append(out, fit.Term{Unknown: b.unknown, Factor: expr.Binary(expr.Mul, expr.Var(name), part), Degree: 5, Knots: knots})
			}
		}
	}
	return out
}

// slopes are the derivatives of a bend of one part by its numbers: columns that
// move it between the places of a coarse grid, to first order.
func (b *bend) slopes(m *model.Model) []fit.Term {
	var names []string
	var numbers []*expr.Expr
	at := map[string]*expr.Expr{}
	for k, v := range b.values {
		names = append(names, fmt.Sprintf("number#%d", k))
		numbers = append(numbers, expr.Var(names[k]))
		at[names[k]] = expr.Num(v)
	}
	parts := b.partsIn(m, numbers)
	if len(parts) > 1 {
		return nil
	}
	var out []fit.Term
	for _, name := range names {
		t := parts[0]
		t.Factor = expr.Substitute(expr.Diff(t.Factor, name), at)
		out = append(out, t)
	}
	return out
}

// movedNumbers are the numbers that the slopes' coefficients ask for, half or twice of
// what they were at most; a centre moves by a sixth of the axis at most.
func (b *bend) movedNumbers(theta []float64) []float64 {
	out := slices.Clone(b.values)
	if b.end == b.first+b.parts || theta[b.first] == 0 {
		return out
	}
	for k, n := range b.family.numbers {
		most := math.Abs(out[k]) / 2
		if n.name == "centre" {
			most = b.axis.span() / 6
		}
		step := theta[b.first+b.parts+k] / theta[b.first]
		out[k] += math.Max(-most, math.Min(most, step))
	}
	return out
}

// logistic says that the bend is a logistic function.
func (b *bend) logistic() bool { return strings.HasSuffix(b.family.name, "logistic") }

// otherSigmoid writes a logistic function as tanh, or the other way round, where that
// makes the constant beside it superfluous: logistic(x) = (1 + tanh(x/2))/2.
func (c *candidate) otherSigmoid(b bend) (bend, bool) {
	constant, part, ok := c.besideConstant(b)
	if b.sibling == nil || !ok || c.fit.Terms[part].Key() != b.bent[0].Key() {
		return b, false
	}
	const left = 0.05 // of the function's height may be left of the constant
	height, steeper := c.fit.Coefficients[part]/2, 0.5
	rest := c.fit.Coefficients[constant] + height
	if !b.logistic() {
		height, steeper = 2*c.fit.Coefficients[part], 2
		rest = c.fit.Coefficients[constant] - height/2
	}
	if math.Abs(rest) > left*math.Abs(height) {
		return b, false
	}
	out := b
	out.values, out.fixed = slices.Clone(b.values), slices.Clone(b.fixed)
	for k, n := range b.family.numbers {
		if !b.fixed[k] {
			out.values[k], _ = c.numberOf(b, k)
		}
		if n.name == "steepness" { // a canonical steepness is one no more
			out.values[k] *= steeper
			out.fixed[k] = false
		}
	}
	out.family, out.sibling = b.sibling, b.family
	out.seed = &seed{model: c.search.Engine.Data.Model, fit: c.fit}
	for i, t := range c.fit.Terms {
		switch i {
		case constant:
		case part:
			out.seed.add(t, 0, height)
		default:
			out.seed.add(t, -1, c.fit.Coefficients[i])
		}
	}
	return out, true
}

// besideConstant finds the constant of a bend's unknown and the only part of the bend
// among the candidate's terms; false where there is none, or are several parts.
func (c *candidate) besideConstant(b bend) (constant, part int, ok bool) {
	constant, part = -1, -1
	for i, t := range c.fit.Terms {
		switch {
		case t.Unknown != b.unknown:
		case t.Factor.Kind == expr.Number:
			constant = i
		case slices.ContainsFunc(b.bent, func(k fit.Term) bool { return k.Key() == t.Key() }):
			if part >= 0 {
				return constant, part, false
			}
			part = i
		}
	}
	return constant, part, constant >= 0 && part >= 0
}

// numberOf is the fitted value of number k and its standard deviation.
func (c *candidate) numberOf(b bend, k int) (value, sd float64) {
	at := slices.Index(c.search.Engine.Data.Model.FittedNames(), b.names[k])
	if at < 0 {
		return math.NaN(), math.NaN()
	}
	i := len(c.fit.Terms) + at
	return c.fit.Parameters[at], math.Sqrt(c.fit.Variance(i))
}

// seedFor starts a variant of the bend that the candidate holds.
func (c *candidate) seedFor(b bend) *seed {
	out := &seed{model: c.search.Engine.Data.Model, fit: c.fit}
	for i, t := range c.fit.Terms {
		part := slices.IndexFunc(b.bent, func(k fit.Term) bool { return k.Key() == t.Key() })
		out.add(t, part, c.fit.Coefficients[i])
	}
	return out
}

// numbersOf counts the coefficients of unknown u and the numbers inside its terms.
func (c *candidate) numbersOf(u int) float64 {
	n := 0
	for _, t := range c.fit.Terms {
		if t.Unknown == u {
			n += 1 + t.Knots
		}
	}
	return float64(n)
}

// marksIn marks a candidate's terms in a library.
func (c *candidate) marksIn(library []fit.Term) []bool {
	active := make([]bool, len(library))
	for i, t := range library {
		active[i] = slices.ContainsFunc(c.fit.Terms, func(o fit.Term) bool { return o.Key() == t.Key() })
	}
	return active
}
