package discover

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/series"
)

// beyondPolynomial is the first round of bends in unknowns of several arguments whose best
// polynomial passes: only those are fitted that the profile does not exclude.
const beyondPolynomial = 2

// tryShape tries functions that bend in unknown u, in the second round beside what the
// best candidate has. Beside a polynomial of two terms that passes the first round asks only
// for functions that cost no more, and that its profile does not exclude.
func (f *finder) tryShape(ctx context.Context, u, round int) (better bool, err error) {
	most := math.MaxInt
	if least := []int{leastBend, leastBends, leastBend, leastBend}[round]; !f.doubtful(u, least) {
		if most = int(f.best.numbersOf(u)); round > 0 || most == 0 {
			return false, nil
		}
	}
	found, err := f.fitBends(ctx, u, round, most)
	if err != nil {
		return false, err
	}
	return f.consider(found), nil
}

// fitBends fits the most promising bends of unknown u, of at most so many numbers in
// all, then tries the best of them with numbers at their canonical values.
func (f *finder) fitBends(ctx context.Context, u, round, most int) ([]*candidate, error) {
	found, err := f.rankBends(ctx, u, round, most)
	if err != nil {
		return nil, err
	}
	t := bendTrial{finder: f}
	for _, b := range found {
		if _, err := t.try(ctx, b); err != nil {
			return nil, err
		}
	}
	for t.leads() {
		if improved, err := t.fixNumber(ctx); err != nil {
			return nil, err
		} else if !improved {
			break
		}
	}
	if t.leads() {
		if b, ok := t.best.otherSigmoid(t.chosen); ok {
			if _, err := t.try(ctx, b); err != nil {
				return nil, err
			}
		}
	}
	return t.found, nil
}

// bendTrial is what has been fitted of bends, and the best of it.
type bendTrial struct {
	*finder
	found  []*candidate
	best   *candidate
	chosen bend // the best's
}

// try fits a bend; better says that it is the best so far.
func (t *bendTrial) try(ctx context.Context, b bend) (isBetter bool, err error) {
	c, err := t.fitBend(ctx, &b)
	if err != nil || c == nil {
		return false, err
	}
	t.found = append(t.found, c)
	if series.Finite(c.score()) && (t.best == nil || better(c, t.best)) {
		t.best, t.chosen = c, b
		return true, nil
	}
	return false, nil
}

// leads says that the best bend is better than everything before.
func (t *bendTrial) leads() bool {
	return t.best != nil && (t.finder.best == nil || better(t.best, t.finder.best))
}

// fixNumber tries the chosen bend with one more number at its canonical value, until
// one improves: numbers within four standard deviations of it are asked.
func (t *bendTrial) fixNumber(ctx context.Context) (improved bool, err error) {
	best, chosen := t.best, t.chosen
	for k, n := range chosen.family.numbers {
		if chosen.fixed[k] || math.IsNaN(n.canonical) {
			continue
		}
		value, sd := best.numberOf(chosen, k)
		at := n.canonical
		if n.mayReverse && value < 0 {
			at = -at
		}
		if !(math.Abs(value-at) < 4*sd) {
			continue
		}
		b := chosen
		b.values, b.fixed = slices.Clone(b.values), slices.Clone(b.fixed)
		for j := range b.values {
			if !b.fixed[j] {
				b.values[j], _ = best.numberOf(chosen, j)
			}
		}
		b.values[k], b.fixed[k] = at, true
		b.seed = best.seedFor(chosen)
		if improved, err = t.try(ctx, b); err != nil || improved {
			return improved, err
		}
	}
	return false, nil
}

// fitBend fits a bend on trajectories, its free numbers as parameters. It is nil
// when the search drops the bend: what is left is a polynomial.
func (f *finder) fitBend(ctx context.Context, b *bend) (*candidate, error) {
	others, own := f.companions(f.engine.Data.Model, b.unknown)
	m, path := f.carryNumbers(f.engine.Data.Model, f.path, append(slices.Clone(others), own...))
	name := fmt.Sprintf("%sshape-%s-%d-%d-%s", f.prefix, m.Unknowns[b.unknown].Name, b.round, b.argument, b.family.name)
	given := len(path.Parameters)
	name += b.declare(m, &path)
	e, err := onModel(f.engine, m)
	if err != nil {
		return nil, err
	}
	c := &candidate{search: terms.NewSelection(e, append(append(others, own...), b.bent...), f.options.Penalty), road: b.family.name, degree: 1}
	report(e, "functions that bend, in "+m.Unknowns[b.unknown].Name, 0.6)
	if b.seed != nil {
		err = f.fitFromSeed(ctx, name, c, b, m.FittedNames()[:given], &path)
	} else {
		o := f.options
		o.Roads = "grown"
		var found []*candidate
		if found, err = roads(ctx, c.search, name, 1, o, &path); err == nil {
			c.fit, c.checks = found[0].fit, found[0].checks
		}
	}
	if err != nil || c.fit == nil || !slices.ContainsFunc(c.fit.Terms, func(t fit.Term) bool {
		return slices.ContainsFunc(b.bent, func(k fit.Term) bool { return k.Key() == t.Key() })
	}) {
		return nil, err
	}
	return trim(ctx, f.engine, f.options.Penalty, name+"/trim", c)
}

// declare adds a bend's free numbers to a model and to a path's parameters, and
// writes its terms with them. It returns what the name of its steps gets for the
// numbers that are fixed.
func (b *bend) declare(m *model.Model, path *fit.Smoothed) (suffix string) {
	var numbers []*expr.Expr
	b.names = make([]string, len(b.values))
	for k, n := range b.family.numbers {
		if b.fixed[k] {
			numbers = append(numbers, expr.Num(b.values[k]))
			suffix += "-" + n.name
			continue
		}
		b.names[k] = m.Unknowns[b.unknown].Name + "_" + n.name
		for i := 2; m.ParameterIndex(b.names[k]) >= 0; i++ {
			b.names[k] = fmt.Sprintf("%s_%s%d", m.Unknowns[b.unknown].Name, n.name, i)
		}
		p := model.Parameter{Name: b.names[k], Value: b.values[k], Fit: true, Min: n.min(b.axis), Max: n.max(b.axis)}
		m.Parameters = append(m.Parameters, p)
		path.Parameters = append(path.Parameters, p.Value)
		numbers = append(numbers, expr.Var(p.Name))
	}
	b.bent = b.partsIn(m, numbers)
	for i := range b.bent {
		b.bent[i].Factor = expr.Tidy(b.bent[i].Factor)
	}
	return suffix
}

// fitFromSeed fits a bend that starts from another fit; the candidate stays without a
// fit where that is hopeless. Given are the names of the path's first parameters.
func (f *finder) fitFromSeed(ctx context.Context, name string, c *candidate, b *bend, given []string, path *fit.Smoothed) (err error) {
	e := c.search.Engine
	for i, p := range b.seed.model.FittedNames() {
		if at := slices.Index(given, p); at >= 0 {
			path.Parameters[at] = b.seed.fit.Parameters[i]
		}
	}
	start := b.seed.start(c.search, b.bent, path.Parameters)
	first, err := e.Trajectory(ctx, name+"/first", start, fit.Schedule{From: bendOmega, To: math.Max(e.Options.Omega, fit.OmegaEnd), Noise: true})
	if err != nil || f.hopeless(first) {
		return err
	}
	c.fit = first
	if series.Finite(c.fit.Evidence) {
		if c.fit, err = c.search.Settle(ctx, name, c.fit); err != nil {
			return err
		}
	}
	c.checks = checkFit(e.Data, c.fit)
	return nil
}

// polynomialBeside is the polynomial beside a bend of unknown u.
func polynomialBeside(m *model.Model, u int) []fit.Term {
	degree := 1
	switch len(m.Unknowns[u].Arguments) {
	case 1:
		degree = 3
	case 2:
		degree = 2
	}
	return terms.Library(m, u, degree)
}

// bendOmega is the defect weight from which a bend is fitted that starts from the
// best candidate: its numbers are those of a coarse grid.
const bendOmega = 0.1

// hopeless says that a first fit is so much worse than the best candidate that
// dropping terms and tuning cannot make up for it.
func (p *pool) hopeless(first *fit.Fitted) bool {
	const margin = 50
	return p.best != nil && p.best.passed() && first.Evidence > p.best.score()+margin
}

// companions are the terms that stand beside a new function of unknown u: those of the
// other unknowns in the best candidate, then for u a polynomial and what else the
// best candidate has.
func (p *pool) companions(m *model.Model, u int) (others, own []fit.Term) {
	own = polynomialBeside(m, u)
	if p.best == nil {
		return nil, own
	}
	for _, t := range p.best.search.Library {
		if t.Unknown != u {
			others = append(others, t)
		}
	}
	for _, t := range p.best.fit.Terms {
		if t.Unknown == u && !slices.ContainsFunc(own, func(b fit.Term) bool { return b.Key() == t.Key() }) {
			own = append(own, t)
		}
	}
	return others, own
}

// carryNumbers is the problem's model with the fitted numbers that stand in the terms,
// and the path with their values in the best candidate.
func (p *pool) carryNumbers(of *model.Model, along *fit.Smoothed, terms []fit.Term) (*model.Model, fit.Smoothed) {
	m, path := *of, *along
	m.Parameters, path.Parameters = slices.Clone(m.Parameters), slices.Clone(path.Parameters)
	if p.best == nil {
		return &m, path
	}
	used := map[string]bool{}
	for _, t := range terms {
		for _, name := range expr.Names(t.Factor) {
			used[name] = t.Knots > 0
		}
	}
	at := 0
	for _, q := range p.best.search.Engine.Data.Model.Parameters {
		if !q.Fit {
			continue
		}
		if used[q.Name] && m.ParameterIndex(q.Name) < 0 {
			m.Parameters = append(m.Parameters, q)
			path.Parameters = append(path.Parameters, p.best.fit.Parameters[at])
		}
		at++
	}
	return &m, path
}

// trim takes out of a candidate's model the numbers whose terms the search has
// dropped, and out of its library the terms that they stand in. The engine is that of
// the problem's model.
func trim(ctx context.Context, e *fit.Engine, penalty float64, name string, c *candidate) (*candidate, error) {
	m, parameters, gone := c.unused(e.Data.Model)
	if len(parameters) == len(c.fit.Parameters) {
		return c, nil
	}
	trimmed, err := onModel(e, m)
	if err != nil {
		return nil, err
	}
	library := slices.DeleteFunc(slices.Clone(c.search.Library), func(t fit.Term) bool {
		return slices.ContainsFunc(expr.Names(t.Factor), func(n string) bool { return gone[n] })
	})
	start := *c.fit
	start.Parameters = parameters
	out := *c
	out.search = terms.NewSelection(trimmed, library, penalty)
	if out.fit, err = trimmed.Trajectory(ctx, name, &start, fit.Schedule{To: start.Omega, Noise: true}); err != nil {
		return nil, err
	}
	out.checks = checkFit(trimmed.Data, out.fit)
	return &out, nil
}

// unused is the candidate's model without the fitted numbers that no term uses and the
// problem's model does not have, the values of those that stay, and the names of those
// that go.
func (c *candidate) unused(problem *model.Model) (*model.Model, []float64, map[string]bool) {
	used := map[string]bool{}
	for _, t := range c.fit.Terms {
		for _, n := range expr.Names(t.Factor) {
			used[n] = used[n] || t.Knots > 0
		}
	}
	m := *c.search.Engine.Data.Model
	m.Parameters = nil
	var parameters []float64
	gone := map[string]bool{}
	at := 0
	for _, p := range c.search.Engine.Data.Model.Parameters {
		if gone[p.Name] = p.Fit && problem.ParameterIndex(p.Name) < 0 && !used[p.Name]; !gone[p.Name] {
			m.Parameters = append(m.Parameters, p)
			if p.Fit {
				parameters = append(parameters, c.fit.Parameters[at])
			}
		}
		if p.Fit {
			at++
		}
	}
	return &m, parameters, gone
}

// onModel is the engine on another model of the same data.
func onModel(e *fit.Engine, m *model.Model) (*fit.Engine, error) {
	d, err := fit.Prepare(m, e.Data.Entries)
	if err != nil {
		return nil, err
	}
	out := *e
	out.Data = d
	return &out, nil
}
