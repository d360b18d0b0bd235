package discover

import (
	"fmt"
	"slices"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/optim"
	"govern/series"
)

// pool is what a search has considered, in order, and the best of it.
type pool struct {
	best *candidate
	all  []*candidate
}

// add says whether a candidate is the best so far.
func (p *pool) add(c *candidate) bool {
	p.all = append(p.all, c)
	if series.Finite(c.score()) && (p.best == nil || better(c, p.best)) {
		p.best = c
		return true
	}
	return false
}

// passes says that a formula passes the checks.
func (p *pool) passes() bool { return p.best != nil && p.best.passed() }

// bestPlain is the best formula without fitted numbers inside; nil without one.
func (p *pool) bestPlain() *candidate {
	var best *candidate
	for _, c := range p.all {
		if !c.bends() && c.fit.Status != optim.Failed && series.Finite(c.score()) && (best == nil || better(c, best)) {
			best = c
		}
	}
	return best
}

// doubtful says that a function of the given cost could be better than what the
// best candidate has for unknown u.
func (p *pool) doubtful(u, cost int) bool {
	if p.best == nil || !p.best.passed() || p.best.fit.LeavesDefect() {
		return true
	}
	have := 0
	for _, t := range p.best.fit.Terms {
		if t.Unknown == u {
			have += 1 + t.Knots
		}
	}
	return have > cost
}

// candidate is a formula with the selection that it comes from.
type candidate struct {
	search *terms.Selection
	fit    *fit.Fitted
	road   string
	degree int
	checks []Check
}

// score is the penalised −2 log evidence.
func (c *candidate) score() float64 { return c.search.Score(c.fit) }

func (c *candidate) passed() bool { return passed(c.checks) }

// better prefers a lower score; a fit that passes the checks goes before one
// that does not.
func better(a, b *candidate) bool {
	if a.passed() != b.passed() {
		return a.passed()
	}
	return a.score() < b.score()-1e-3
}

// bends says that a term holds fitted numbers.
func (c *candidate) bends() bool {
	return slices.ContainsFunc(c.fit.Terms, func(t fit.Term) bool { return t.Knots > 0 })
}

// curved says that the formula for unknown u is no polynomial.
func (c *candidate) curved(u int) bool {
	return slices.ContainsFunc(c.fit.Terms, func(t fit.Term) bool { return t.Unknown == u && kindOf(t.Factor) != "" })
}

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

// exhausted says that a formula needs most of its library for some unknown and still
// leaves a defect, or has not come to rest: it follows the data with what it has, and a profile at such a fit says
// nothing of a larger library.
func (c *candidate) exhausted() bool {
	if !c.fit.LeavesDefect() && c.fit.Status == optim.Converged {
		return false
	}
	const most = 0.75
	of, kept := map[int]float64{}, map[int]float64{}
	for _, t := range c.search.Library {
		of[t.Unknown]++
	}
	for _, t := range c.fit.Terms {
		kept[t.Unknown]++
	}
	for u, n := range kept {
		if n >= most*of[u] {
			return true
		}
	}
	return false
}

// coefficients are those of a candidate in a library, 0 where it has none, then the
// parameters; nil where it has functions that bend.
func (c *candidate) coefficients(library []fit.Term) []float64 {
	theta := make([]float64, len(library))
	index := map[string]int{}
	for i, t := range library {
		index[t.Key()] = i
	}
	for i, t := range c.fit.Terms {
		if k, ok := index[t.Key()]; ok {
			theta[k] = c.fit.Coefficients[i]
		} else if t.Knots > 0 {
			return nil
		}
	}
	return append(theta, c.fit.Parameters...)
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
