package discover

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/series"
)

// family is a function that bends, of one argument x and fitted numbers: what
// polynomials only approximate. Its parts share the numbers.
type family struct {
	name    string
	numbers []number
	parts   func(x *expr.Expr, n []*expr.Expr) []*expr.Expr
	allowed func(a axis) bool // nil: on every axis
	kind    string            // the function of a combination of arguments; empty: of one argument
}

// number is a fitted number inside a family.
type number struct {
	name       string
	starts     func(a axis) []float64
	min, max   func(a axis) float64
	canonical  float64 // the value at which it need not be written; NaN: none
	mayReverse bool    // the canonical value may have either sign
}

// startsOn is where the number starts: along the axis, and where a textbook has it.
// A rotor's angle runs over many turns, an exponential of a voltage over many
// decades: there no multiple of the spread is near the canonical value.
func (n number) startsOn(a axis) []float64 {
	out := n.starts(a)
	if n.name == "rate" { // where an exponential's square is still a number
		const largest = 300
		out = slices.DeleteFunc(out, func(v float64) bool { return math.Abs(v)*a.size() > largest })
	}
	if n.name != "wave" && n.name != "rate" {
		return out
	}
	textbook := []float64{n.canonical, -n.canonical}
	if n.name == "wave" {
		textbook = append(textbook, math.Pi/180) // an angle in degrees
	}
	for _, at := range textbook {
		if n.min(a) <= at && at <= n.max(a) && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out
}

// axis is where an argument lies along the data.
type axis struct {
	low, high, sd float64
	quantiles     []float64
}

func newAxis(values []float64) axis {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	mean, square, n := 0.0, 0.0, float64(len(sorted))
	for _, v := range sorted {
		mean += v / n
	}
	for _, v := range sorted {
		square += (v - mean) * (v - mean) / n
	}
	a := axis{low: sorted[0], high: sorted[len(sorted)-1], sd: math.Max(math.Sqrt(square), 1e-12*math.Abs(mean)+1e-300)}
	for _, q := range []float64{0.05, 0.3, 0.5, 0.7, 0.95} {
		a.quantiles = append(a.quantiles, sorted[int(q*(n-1))])
	}
	return a
}

func (a axis) span() float64 { return a.high - a.low }

// size is how far from zero the axis reaches.
func (a axis) size() float64 { return math.Max(math.Abs(a.low), math.Abs(a.high)) }

// positive allows for a little noise below zero.
func (a axis) positive() bool { return a.low > -0.05*a.high }

// strictlyPositive allows for powers that are no integers.
func (a axis) strictlyPositive() bool { return a.low > 0 }

// waveStep, over the spread of the axis, is how far apart the wave numbers of the grid
// may be: sines that differ by more are no help for one another on an axis of some
// three and a half deviations.
const waveStep = 0.8

// straddles says that both signs are common: x·|x| is no x² there.
func (a axis) straddles() bool { return math.Min(-a.low, a.high) > 0.05*a.size() }

// families lists the bends: sigmoids (logistic and tanh differ by a constant, and
// so in what they cost), saturating responses after Holling, Michaelis, Menten
// and Hill (with a power that is fitted where the argument is positive), exponentials, a bump, and an oscillation.
func families() []family {
	scaledBy := func(factors ...float64) func(axis) []float64 {
		return func(a axis) []float64 {
			out := slices.Clone(factors)
			for i := range out {
				out[i] /= a.sd
			}
			return out
		}
	}
	steep := number{"steepness", scaledBy(0.5, 1.3, 3.4),
		func(a axis) float64 { return 0.02 / a.sd }, func(a axis) float64 { return 200 / a.sd }, 1, false}
	centre := number{"centre", func(a axis) []float64 { return a.quantiles },
		func(a axis) float64 { return a.low - 2*a.span() }, func(a axis) float64 { return a.high + 2*a.span() }, 0, false}
	half := number{"half", func(a axis) []float64 {
		var out []float64
		for _, f := range []float64{0.02, 0.06, 0.18, 0.54, 1.6} {
			out = append(out, f*a.size())
		}
		return out
	}, func(a axis) float64 { return math.Max(1e-3*a.size(), -1.2*a.low) }, func(a axis) float64 { return 100 * a.size() }, 1, false}
	rate := number{"rate", scaledBy(-1.6, -0.4, 0.4, 1.6),
		func(a axis) float64 { return -20 / a.sd }, func(a axis) float64 { return 20 / a.sd }, 1, true}
	growth := number{"rate", scaledBy(0.4, 1, 2.5),
		func(a axis) float64 { return 0.02 / a.sd }, func(a axis) float64 { return 20 / a.sd }, 1, false}
	waves := []float64{0.3, 0.6, 1, 1.5, 2.2}
	for k := 3.0; k < 15; k += waveStep {
		waves = append(waves, k)
	}
	wave := number{"wave", scaledBy(waves...),
		func(a axis) float64 { return 0.01 / a.sd }, func(a axis) float64 { return 100 / a.sd }, 1, false}
	times := func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Mul, a, b) }
	minus := func(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Sub, a, b) }
	sigmoid := func(name string) family {
		return family{name: name, numbers: []number{steep, centre}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply(name, times(n[0], minus(x, n[1])))}
		}}
	}
	hill := func(power float64) family {
		f := family{name: fmt.Sprintf("hill-%g", power), numbers: []number{half}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			raised := func(e *expr.Expr) *expr.Expr {
				if power == 1 {
					return e
				}
				return expr.Binary(expr.Pow, e, expr.Num(power))
			}
			return []*expr.Expr{expr.Binary(expr.Div, raised(x), expr.Binary(expr.Add, raised(n[0]), raised(x)))}
		}}
		if int(power)%2 == 1 {
			f.allowed = axis.positive
		}
		return f
	}
	raised := func(base, power *expr.Expr) *expr.Expr { return expr.Binary(expr.Pow, base, power) }
	power := number{"power", func(axis) []float64 { return []float64{1.5, 2.7, 6, 12} },
		func(axis) float64 { return 0.3 }, func(axis) float64 { return 30 }, math.NaN(), false}
	return []family{
		{name: "hill", numbers: []number{half, power}, allowed: axis.strictlyPositive, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Binary(expr.Div, raised(x, n[1]), expr.Binary(expr.Add, raised(n[0], n[1]), raised(x, n[1])))}
		}},
		sigmoid("tanh"), sigmoid("logistic"), sigmoid("atan"), hill(1), hill(2), hill(3), hill(4),
		{name: "inhibited", numbers: []number{half}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Binary(expr.Div, x, expr.Binary(expr.Add, expr.Binary(expr.Pow, n[0], expr.Num(2)), expr.Binary(expr.Pow, x, expr.Num(2))))}
		}},
		{name: "exp", numbers: []number{rate}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("exp", times(n[0], x))}
		}},
		{name: "sinh", allowed: axis.straddles, numbers: []number{growth}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("sinh", times(n[0], x))}
		}},
		{name: "bump", numbers: []number{steep, centre}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("exp", expr.Negative(expr.Binary(expr.Pow, times(n[0], minus(x, n[1])), expr.Num(2))))}
		}},
		{name: "wave", numbers: []number{wave}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("sin", times(n[0], x)), expr.Apply("cos", times(n[0], x))}
		}},
	}
}

// numberless are the functions without numbers of their own: turbulent drag x·|x|,
// outflow √x, Gompertz' growth x·log x. They cost as little as a monomial.
func numberless() []family {
	return []family{
		{name: "drag", allowed: axis.straddles, parts: func(x *expr.Expr, _ []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Binary(expr.Mul, x, expr.Apply("abs", x))}
		}},
		{name: "root", allowed: axis.strictlyPositive, parts: func(x *expr.Expr, _ []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("sqrt", x)}
		}},
		{name: "log", allowed: axis.strictlyPositive, parts: func(x *expr.Expr, _ []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("log", x), expr.Binary(expr.Mul, x, expr.Apply("log", x))}
		}},
	}
}

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

// beyondPolynomial is the first round of bends in unknowns of several arguments whose best
// polynomial passes: only those are fitted that the profile does not exclude.
const beyondPolynomial = 2

// excluded is how much worse than the best candidate a bend may be, by the profile at
// numbers of a coarse grid, and still be fitted in that round.
const excluded = 40

// bends is how many of the shapes that explain the smoothed path best are fitted
// on trajectories, numberlessBends of how many without numbers: they would take the
// place of one that fits better once its numbers are.
const (
	bends           = 3
	numberlessBends = 2
)

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
	var out []*candidate
	var best *candidate
	var chosen bend
	try := func(b bend) (bool, error) {
		c, err := f.fitBend(ctx, &b)
		if err != nil || c == nil {
			return false, err
		}
		out = append(out, c)
		if series.Finite(c.score()) && (best == nil || better(c, best)) {
			best, chosen = c, b
			return true, nil
		}
		return false, nil
	}
	for _, b := range found {
		if _, err := try(b); err != nil {
			return nil, err
		}
	}
	for best != nil && (f.best == nil || better(best, f.best)) {
		improved := false
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
			if improved, err = try(b); err != nil {
				return nil, err
			}
			if improved {
				break
			}
		}
		if !improved {
			break
		}
	}
	if best != nil && (f.best == nil || better(best, f.best)) {
		if b, ok := best.otherSigmoid(chosen); ok {
			if _, err := try(b); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// otherSigmoid writes a logistic function as tanh, or the other way round, where that
// makes the constant beside it superfluous.
func (c *candidate) otherSigmoid(b bend) (bend, bool) {
	constant, part := -1, -1
	for i, t := range c.fit.Terms {
		switch {
		case t.Unknown != b.unknown:
		case t.Factor.Kind == expr.Number:
			constant = i
		case slices.ContainsFunc(b.bent, func(k fit.Term) bool { return k.Key() == t.Key() }):
			if part >= 0 {
				return b, false
			}
			part = i
		}
	}
	if b.sibling == nil || constant < 0 || part < 0 || c.fit.Terms[part].Key() != b.bent[0].Key() {
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
	out.values = slices.Clone(b.values)
	for k, n := range b.family.numbers {
		if !b.fixed[k] {
			out.values[k], _ = c.numberOf(b, k)
		}
		if n.name == "steepness" {
			out.values[k] *= steeper
		}
	}
	out.fixed = slices.Clone(b.fixed)
	for k, n := range b.family.numbers { // a canonical steepness is one no more
		out.fixed[k] = out.fixed[k] && n.name != "steepness"
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

// logistic says that the bend is a logistic function.
func (b *bend) logistic() bool { return strings.HasSuffix(b.family.name, "logistic") }

// numberOf is the fitted value of number k and its standard deviation.
func (c *candidate) numberOf(b bend, k int) (value, sd float64) {
	at := slices.Index(c.search.Engine.Data.Model.FittedNames(), b.names[k])
	if at < 0 {
		return math.NaN(), math.NaN()
	}
	i := len(c.fit.Terms) + at
	return c.fit.Parameters[at], math.Sqrt(c.fit.Variance(i))
}

// hopeless says that a first fit is so much worse than the best candidate that
// dropping terms and tuning cannot make up for it.
func (f *finder) hopeless(c *candidate) bool {
	const margin = 50
	return f.best != nil && f.best.passed() && c.fit.Evidence > f.best.score()+margin
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

// companions are the terms that stand beside a new function of unknown u: those of the
// other unknowns in the best candidate, then for u a polynomial and what else the
// best candidate has.
func (f *finder) companions(u int) (others, own []fit.Term) {
	own = f.polynomialBeside(u)
	if f.best == nil {
		return nil, own
	}
	for _, t := range f.best.search.Library {
		if t.Unknown != u {
			others = append(others, t)
		}
	}
	for _, t := range f.best.fit.Terms {
		if t.Unknown == u && !slices.ContainsFunc(own, func(b fit.Term) bool { return b.Key() == t.Key() }) {
			own = append(own, t)
		}
	}
	return others, own
}

// modelWith is the problem's model with the fitted numbers that stand in the terms,
// and the path with their values in the best candidate.
func (f *finder) modelWith(terms []fit.Term) (*model.Model, fit.Smoothed) {
	m, path := *f.engine.Data.Model, *f.path
	m.Parameters, path.Parameters = slices.Clone(m.Parameters), slices.Clone(path.Parameters)
	if f.best == nil {
		return &m, path
	}
	used := map[string]bool{}
	for _, t := range terms {
		for _, name := range expr.Names(t.Factor) {
			used[name] = t.Knots > 0
		}
	}
	at := 0
	for _, p := range f.best.search.Engine.Data.Model.Parameters {
		if !p.Fit {
			continue
		}
		if used[p.Name] && m.ParameterIndex(p.Name) < 0 {
			m.Parameters = append(m.Parameters, p)
			path.Parameters = append(path.Parameters, f.best.fit.Parameters[at])
		}
		at++
	}
	return &m, path
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

// rankBends returns every family at the numbers of its grid that promise most, the
// most promising first: by the quadratic profile of the best candidate where it
// passes the checks and is near the truth (networks leave no smaller defect), else
// by regression on the smoothed path, or on what the networks say. Families of more than
// so many numbers in all are left out.
func (f *finder) rankBends(ctx context.Context, u, round, most int) ([]bend, error) {
	others, base := f.companions(u)
	m, path := f.modelWith(append(slices.Clone(others), base...))
	e, err := onModel(f.engine, m)
	if err != nil {
		return nil, err
	}
	near := f.best != nil && f.best.passed() && !(f.result.Neural != nil && f.best.fit.Omega > 2*f.result.Neural.Omega)
	arguments, err := e.Data.Arguments(&path, u)
	if err != nil {
		return nil, err
	}
	looks, err := f.findLooks(e.Data, &path, u, round, arguments, others)
	if err != nil {
		return nil, err
	}
	type view struct {
		look
		library []fit.Term
		starts  []bend
	}
	var views []view
	var regressions []*terms.Regression
	for _, v := range looks {
		a, x, all := v.argument, v.axis, v.families
		library := append(slices.Clone(others), base...)
		var starts []bend
		for i := range all {
			if all[i].allowed != nil && !all[i].allowed(x) || 1+len(all[i].numbers) > most {
				continue
			}
			for _, values := range combineStarts(all[i].numbers, x) {
				b := bend{unknown: u, argument: a, alone: v.alone, kind: all[i].kind, family: &all[i], axis: x, values: values, fixed: make([]bool, len(values)), round: round}
				var numbers []*expr.Expr
				for _, v := range values {
					numbers = append(numbers, expr.Num(v))
				}
				for j := range all {
					if name := all[j].name; name != b.family.name && strings.TrimSuffix(strings.TrimSuffix(name, "tanh"), "logistic") == strings.TrimSuffix(strings.TrimSuffix(b.family.name, "tanh"), "logistic") {
						b.sibling = &all[j]
					}
				}
				b.first = len(library)
				library = append(library, b.partsIn(e.Data.Model, numbers)...)
				b.parts = len(library) - b.first
				library = append(library, b.slopes(e.Data.Model)...)
				b.end = len(library)
				starts = append(starts, b)
			}
		}
		views = append(views, view{v, library, starts})
		if near {
			continue
		}
		reg, err := terms.Regress(e.Data, &path, library)
		if err != nil {
			return nil, err
		}
		regressions = append(regressions, reg)
	}
	terms.WeighAlike(regressions)
	var out []bend
	for n, v := range views {
		library, starts, all := v.library, v.starts, v.families
		cost := make([]float64, len(library))
		var q *terms.Quadratic
		if near {
			prof, err := f.best.search.Engine.Profile(ctx, fmt.Sprintf("%sshape-%s-%d-%s/profile", f.prefix, e.Data.Model.Unknowns[u].Name, round, v.name), f.best.fit, library)
			if err != nil {
				return nil, err
			}
			q = terms.NewQuadratic(prof, cost)
		} else {
			q = regressions[n].Quadratic(cost)
		}
		price := math.Log(float64(e.Data.Observations()))
		ceiling := math.Inf(1)
		if near && (round >= beyondPolynomial || most < math.MaxInt) {
			ceiling = excluded + price*f.best.numbersOf(u) + q.Solve(f.best.marksIn(library)).Loss
		}
		best := make([]*bend, len(all))
		for i := range starts {
			b := &starts[i]
			active := make([]bool, len(library))
			for j := range active {
				active[j] = j < len(others)+len(base) || b.first <= j && j < b.end
			}
			var kept terms.Subset
			if v.instead {
				for j := len(others); j < len(others)+len(base); j++ {
					active[j] = false
				}
				kept = q.Prune(active, b.first, b.first+b.parts, price)
				b.loss = kept.Loss + price*float64(len(b.values))
			} else {
				kept = q.Prune(active, len(others), len(others)+len(base), price)
				b.loss = kept.Loss + price*float64(b.parts+len(b.values))
			}
			moved := b.movedNumbers(kept.Theta)
			if k := slices.IndexFunc(all, func(fam family) bool { return fam.name == b.family.name }); series.Finite(b.loss) && b.loss < ceiling && (best[k] == nil || b.loss < best[k].loss) {
				best[k] = b
				b.values = moved
				if near {
					b.seed = &seed{model: f.best.search.Engine.Data.Model, fit: f.best.fit}
					for j, on := range kept.Active {
						if on && (j < b.first || j < b.first+b.parts) {
							b.seed.add(library[j], j-b.first, kept.Theta[j])
						}
					}
				}
			}
		}
		for _, b := range best {
			if b != nil {
				out = append(out, *b)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b bend) int { return cmp.Compare(a.loss, b.loss) })
	numbered := slices.DeleteFunc(slices.Clone(out), func(b bend) bool { return len(b.values) == 0 })
	out = slices.DeleteFunc(out, func(b bend) bool { return len(b.values) > 0 })
	out = out[:min(len(out), numberlessBends)]
	if round < beyondPolynomial {
		return append(numbered[:min(len(numbered), bends)], out...), nil
	}
	tried := map[string]bool{} // two combinations that are nearly one would take the place of another function
	numbered = slices.DeleteFunc(numbered, func(b bend) bool {
		known := b.kind != "" && tried[b.kind]
		tried[b.kind] = true
		return known
	})
	return append(numbered[:min(len(numbered), 2*bends)], out...), nil
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

// polynomialBeside is the polynomial beside a bend.
func (f *finder) polynomialBeside(u int) []fit.Term {
	degree := 1
	switch len(f.engine.Data.Model.Unknowns[u].Arguments) {
	case 1:
		degree = 3
	case 2:
		degree = 2
	}
	return terms.Library(f.engine.Data.Model, u, degree)
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

// combineStarts lists all combinations of the numbers' starts.
func combineStarts(numbers []number, a axis) [][]float64 {
	out := [][]float64{nil}
	for _, n := range numbers {
		var next [][]float64
		for _, head := range out {
			for _, v := range n.startsOn(a) {
				next = append(next, append(slices.Clone(head), v))
			}
		}
		out = next
	}
	return out
}

// fitBend fits a bend on trajectories, its free numbers as parameters. It is nil
// when the search drops the bend: what is left is a polynomial.
func (f *finder) fitBend(ctx context.Context, b *bend) (*candidate, error) {
	others, own := f.companions(b.unknown)
	m, path := f.modelWith(append(slices.Clone(others), own...))
	given := len(path.Parameters)
	name := fmt.Sprintf("%sshape-%s-%d-%d-%s", f.prefix, m.Unknowns[b.unknown].Name, b.round, b.argument, b.family.name)
	var numbers []*expr.Expr
	b.names = make([]string, len(b.values))
	for k, n := range b.family.numbers {
		if b.fixed[k] {
			numbers = append(numbers, expr.Num(b.values[k]))
			name += "-" + n.name
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
	bent := b.partsIn(m, numbers)
	for i := range bent {
		bent[i].Factor = expr.Tidy(bent[i].Factor)
	}
	b.bent = bent
	e, err := onModel(f.engine, m)
	if err != nil {
		return nil, err
	}
	c := &candidate{search: terms.NewSelection(e, append(append(others, own...), bent...), f.options.Penalty), road: b.family.name, degree: 1}
	if b.seed != nil {
		for i, p := range b.seed.model.FittedNames() {
			if at := slices.Index(m.FittedNames()[:given], p); at >= 0 {
				path.Parameters[at] = b.seed.fit.Parameters[i]
			}
		}
		start := b.seed.start(c.search, bent, path.Parameters)
		report(e, name, 0.6)
		if c.fit, err = e.Trajectory(ctx, name+"/first", start, fit.Schedule{From: bendOmega, To: math.Max(e.Options.Omega, fit.OmegaEnd), Noise: true}); err != nil {
			return nil, err
		}
		if f.hopeless(c) {
			return nil, nil
		}
		if series.Finite(c.fit.Evidence) {
			if c.fit, err = c.search.Settle(ctx, name, c.fit); err != nil {
				return nil, err
			}
		}
		c.checks = checkFit(e.Data, c.fit)
	} else {
		o := f.options
		o.Roads = "grown"
		found, err := roads(ctx, c.search, name, 1, o, &path)
		if err != nil {
			return nil, err
		}
		c.fit, c.checks = found[0].fit, found[0].checks
	}
	if !slices.ContainsFunc(c.fit.Terms, func(t fit.Term) bool {
		return slices.ContainsFunc(bent, func(k fit.Term) bool { return k.Key() == t.Key() })
	}) {
		return nil, nil
	}
	return f.trim(ctx, name+"/trim", c)
}

// trim takes out of a candidate's model the numbers whose terms the search has
// dropped, and out of its library the terms that they stand in.
func (f *finder) trim(ctx context.Context, name string, c *candidate) (*candidate, error) {
	e := c.search.Engine
	used := map[string]bool{}
	for _, t := range c.fit.Terms {
		for _, n := range expr.Names(t.Factor) {
			used[n] = used[n] || t.Knots > 0
		}
	}
	m := *e.Data.Model
	m.Parameters = nil
	start := *c.fit
	start.Parameters = nil
	gone := map[string]bool{}
	at := 0
	for _, p := range e.Data.Model.Parameters {
		if gone[p.Name] = p.Fit && f.engine.Data.Model.ParameterIndex(p.Name) < 0 && !used[p.Name]; !gone[p.Name] {
			m.Parameters = append(m.Parameters, p)
			if p.Fit {
				start.Parameters = append(start.Parameters, c.fit.Parameters[at])
			}
		}
		if p.Fit {
			at++
		}
	}
	if len(start.Parameters) == len(c.fit.Parameters) {
		return c, nil
	}
	trimmed, err := onModel(f.engine, &m)
	if err != nil {
		return nil, err
	}
	library := slices.DeleteFunc(slices.Clone(c.search.Library), func(t fit.Term) bool {
		return slices.ContainsFunc(expr.Names(t.Factor), func(n string) bool { return gone[n] })
	})
	out := *c
	out.search = terms.NewSelection(trimmed, library, f.options.Penalty)
	if out.fit, err = trimmed.Trajectory(ctx, name, &start, fit.Schedule{To: start.Omega, Noise: true}); err != nil {
		return nil, err
	}
	out.checks = checkFit(trimmed.Data, out.fit)
	return &out, nil
}

// bendOmega is the defect weight from which a bend is fitted that starts from the
// best candidate: its numbers are those of a coarse grid.
const bendOmega = 0.1
