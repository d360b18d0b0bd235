package discover

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
	"govern/series"
)

// Lack is what the data say that the equation of a state lacks.
type Lack struct {
	Equation string  // the state
	Along    string  // the state that the lacking part depends on; empty: several
	Fall     float64 // of −2 log L with the lacking part
	Degrees  float64 // of freedom of that part: the fall that is expected of a right model
	Chance   float64 // that a right model shows such a fall anywhere
	Size     float64 // rms of the lacking part, over that of the equation; NaN where Chance is large
	Term     string  // the single term that makes up most of the fall, with its coefficient; empty where none does
}

// Sure says that the lack is no chance.
func (l Lack) Sure() bool { return l.Chance < sure && l.Size > least }

// A lack counts where a right model shows it in one of a hundred thousand records,
// which leaves room for noise that is not quite white or normal, and where it is
// larger than what integration and rounding leave.
const (
	sure  = 1e-5
	least = 1e-4
)

// String says what is lacking.
func (l Lack) String() string {
	what := "the states"
	if l.Along != "" {
		what = l.Along
	}
	text := fmt.Sprintf("the equation of %s lacks something that depends on %s, about %.1g of its size (with it −2 log L falls by %.4g where %g are expected of a right model)",
		l.Equation, what, l.Size, l.Fall, l.Degrees)
	if l.Term != "" {
		text += fmt.Sprintf("; most of it is like %s", l.Term)
	}
	return text
}

// probe is the score test of what a model's equations lack: to every equation a
// function of every state is added, as kinks between straight lines, at zero, and
// the quadratic profile says how far −2 log L would fall with it. Under the right
// model and white noise the fall of a group of columns is χ² with as many degrees
// of freedom (Rao 1948); nodes, coefficients and parameters are at their best for
// every trial, so what they can make up for does not count.
type probe struct {
	fit    *fit.Fitted
	states [][]float64 // along the nodes
	terms  []fit.Term  // the fit's, changes of hidden scales, monomials, then the probes
	known  int         // the fit's and the changes of scales
	first  int         // of the probes
	along  []int       // state of a probe; −1: a product of two
	q      *terms.Quadratic
	engine *fit.Engine
}

// The probes of an equation: kinks at these quantiles of every state where the
// system is small, a parabola and a cubic elsewhere.
var kinkQuantiles = []float64{0.05, 0.2, 0.4, 0.6, 0.8, 0.95}

// Systems with more states are probed by polynomials, and larger ones not at all.
const (
	kinkedStates = 4
	mostStates   = 8
)

// nearlyCollinear is the relative length below which a probe counts as something that
// the coefficients can do.
const nearlyCollinear = 1e-3

// newProbe linearises a fit with the probes; nil where the system is too large.
func newProbe(ctx context.Context, e *fit.Engine, f *fit.Fitted) (*probe, error) {
	n := len(e.Data.Model.States)
	if n > mostStates || len(f.Forms) > 0 || !series.Finite(f.Evidence) {
		return nil, nil
	}
	p := &probe{fit: f, states: make([][]float64, n)}
	for _, nodes := range f.Nodes {
		for k, v := range nodes {
			p.states[k%n] = append(p.states[k%n], v)
		}
	}
	open, err := p.open(e.Data)
	if err != nil {
		return nil, err
	}
	if p.engine, err = onModel(e, open); err != nil {
		return nil, err
	}
	fine := *f
	fine.Substeps *= 2 // a search may be coarse: the test would see its error of integration
	prof, err := p.engine.Profile(ctx, "doubt/profile", &fine, p.terms)
	if err != nil {
		return nil, err
	}
	p.q = terms.NewQuadratic(prof, make([]float64, len(p.terms)))
	p.q.Coarse = nearlyCollinear
	return p, nil
}

// open is the model with an unknown more in every equation, and lists the terms: the
// fit's, changes of hidden scales, monomials, then the probes.
func (p *probe) open(d *fit.Data) (*model.Model, error) {
	m, n := d.Model, len(d.Model.States)
	open, names := *m, make([]string, n)
	open.Equations, open.Unknowns = slices.Clone(m.Equations), slices.Clone(m.Unknowns)
	var arguments []*expr.Expr
	for i, s := range m.States {
		names[i], arguments = s.Name, append(arguments, expr.Var(s.Name))
	}
	p.terms = slices.Clone(p.fit.Terms)
	if err := p.rescale(&open, d); err != nil {
		return nil, err
	}
	p.known = len(p.terms)
	first := len(open.Unknowns)
	for i := range m.States {
		name := "probe#" + names[i]
		open.Unknowns = append(open.Unknowns, model.Unknown{Name: name, Arguments: names})
		open.Equations[i].Right = expr.Binary(expr.Add, open.Equations[i].Right, expr.Apply(name, arguments...))
	}
	degree := 3
	if n > 3 {
		degree = 2
	}
	for i := range m.States {
		p.terms = append(p.terms, terms.Library(&open, first+i, degree)...)
	}
	p.first = len(p.terms)
	for i := range m.States {
		p.addProbes(first+i, names)
	}
	return &open, nil
}

// rescale lets every hidden state change its scale, in all equations at once: no
// channel objects, but its defects do, so that a state that shrinks would look like
// one whose equation has gained something.
func (p *probe) rescale(open *model.Model, d *fit.Data) error {
	m := d.Model
	closed, err := withFormulas(m, p.fit)
	if err != nil {
		return err
	}
	right := closed.Rhs()
	for h, s := range m.States {
		if slices.ContainsFunc(d.Channels, func(c record.ChannelInfo) bool { return slices.Contains(expr.Names(m.Expand(c.Observe)), s.Name) }) {
			continue
		}
		name := "scale#" + s.Name
		for i := range m.States { // x_h → (1+ε)·x_h
			change := expr.Simplify(expr.Negative(expr.Binary(expr.Mul, expr.Var(s.Name), expr.Diff(right[i], s.Name))))
			if i == h {
				change = expr.Simplify(expr.Binary(expr.Add, right[i], change))
			}
			open.Equations[i].Right = expr.Binary(expr.Add, open.Equations[i].Right, expr.Apply(name, change))
		}
		p.terms = append(p.terms, fit.Term{Unknown: len(open.Unknowns), Factor: expr.Var("change")})
		open.Unknowns = append(open.Unknowns, model.Unknown{Name: name, Arguments: []string{"change"}})
	}
	return nil
}

// addProbes appends the probes of one equation.
func (p *probe) addProbes(u int, names []string) {
	put := func(state int, factor *expr.Expr) {
		p.terms, p.along = append(p.terms, fit.Term{Unknown: u, Factor: factor}), append(p.along, state)
	}
	put(-1, expr.Num(1))
	var unit []*expr.Expr // states between about −2 and 2
	for i, name := range names {
		a := newAxis(p.states[i])
		mean := 0.0
		for _, v := range p.states[i] {
			mean += v / float64(len(p.states[i]))
		}
		x := expr.Binary(expr.Div, expr.Binary(expr.Sub, expr.Var(name), expr.Num(mean)), expr.Num(a.sd))
		unit = append(unit, x)
		put(i, x)
		if len(names) > kinkedStates {
			put(i, expr.Binary(expr.Pow, x, expr.Num(2)))
			put(i, expr.Binary(expr.Pow, x, expr.Num(3)))
			continue
		}
		sorted := slices.Clone(p.states[i])
		slices.Sort(sorted)
		for _, quantile := range kinkQuantiles {
			at := sorted[int(quantile*float64(len(sorted)-1))]
			put(i, expr.Apply("abs", expr.Binary(expr.Sub, x, expr.Num((at-mean)/a.sd))))
		}
	}
	if len(names) <= kinkedStates {
		for i := range unit {
			for j := range i {
				put(-1, expr.Binary(expr.Mul, unit[i], unit[j]))
			}
		}
	}
}

// test tests columns together: the fall of −2 log L, how many columns took part,
// and the fit with them.
func (p *probe) test(base terms.Subset, equation int, member func(k int) bool) (fall, degrees float64, with terms.Subset) {
	active := slices.Clone(base.Active)
	u := p.equation(equation)
	for j := p.first; j < len(p.terms); j++ {
		active[j] = p.terms[j].Unknown == u && member(j-p.first)
	}
	with = p.q.Solve(active)
	return base.Loss - with.Loss, float64(with.Rank() - base.Rank()), with
}

// size is the rms, along the data, of what the probes add to an equation.
func (p *probe) size(with terms.Subset, equation int) (float64, error) {
	u := p.equation(equation)
	square := 0.0
	for k := range p.states[0] {
		sum := 0.0
		for j := p.first; j < len(p.terms); j++ {
			if !with.Active[j] || p.terms[j].Unknown != u {
				continue
			}
			v, err := expr.Eval(p.terms[j].Factor, func(name string) (float64, bool) {
				return p.states[p.engine.Data.Model.StateIndex(name)][k], true
			})
			if err != nil {
				return 0, err
			}
			sum += with.Theta[j] * v
		}
		square += sum * sum / float64(len(p.states[0]))
	}
	return math.Sqrt(square), nil
}

// findLacks tests every equation of a fit, alone and along every state, the surest
// lack first; none of networks and large systems.
func findLacks(ctx context.Context, e *fit.Engine, f *fit.Fitted) ([]Lack, error) {
	p, err := newProbe(ctx, e, f)
	if err != nil || p == nil {
		return nil, err
	}
	active := make([]bool, len(p.terms))
	for i := range p.known {
		active[i] = true
	}
	base := p.q.Solve(active)
	n := len(p.states)
	groups := float64(n * (n + 1))
	var out []Lack
	for i, s := range e.Data.Model.States {
		for a := -1; a < n; a++ {
			l := Lack{Equation: s.Name, Size: math.NaN()}
			member := func(int) bool { return true }
			if a >= 0 {
				l.Along = e.Data.Model.States[a].Name
				member = func(k int) bool { return p.along[k] == a || p.terms[p.first+k].Factor.Kind == expr.Number }
			}
			var with terms.Subset
			if l.Fall, l.Degrees, with = p.test(base, i, member); l.Degrees < 1 || !series.Finite(l.Fall) {
				continue
			}
			l.Chance = math.Min(1, groups*distuv.ChiSquared{K: l.Degrees}.Survival(math.Max(l.Fall, 0)))
			if l.Chance < sure {
				size, err := p.size(with, i)
				if err != nil {
					return nil, err
				}
				l.Size, l.Term = size/math.Max(f.Motion[i], 1e-300), p.simplestTerm(base, i, l.Fall)
			}
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b Lack) int {
		return cmp.Or(cmp.Compare(a.Chance, b.Chance), cmp.Compare(b.Fall-b.Degrees, a.Fall-a.Degrees))
	})
	return out, nil
}

// Sure are the lacks that are no chance, the surest of every equation.
func (r *Result) Sure() []Lack {
	var out []Lack
	for _, l := range r.Lacks {
		if l.Sure() && !slices.ContainsFunc(out, func(o Lack) bool { return o.Equation == l.Equation }) {
			out = append(out, l)
		}
	}
	return out
}

// simplestTerm is the single monomial of the states that makes up at least half of a
// fall in an equation; empty where none does.
func (p *probe) simplestTerm(base terms.Subset, equation int, fall float64) string {
	u := p.equation(equation)
	best, at := fall/2, -1
	for j := p.known; j < p.first; j++ {
		if p.terms[j].Unknown == u {
			if g := p.q.Gain(&base, j); g > best {
				best, at = g, j
			}
		}
	}
	if at < 0 {
		return ""
	}
	active := slices.Clone(base.Active)
	active[at] = true
	text := fmt.Sprintf("%.2g", p.q.Solve(active).Theta[at])
	if p.terms[at].Factor.Kind != expr.Number {
		text += "*" + p.terms[at].Factor.String()
	}
	return text
}

// equation is the probe's unknown in an equation.
func (p *probe) equation(i int) int {
	return len(p.engine.Data.Model.Unknowns) - len(p.states) + i
}
