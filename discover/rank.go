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

// view is a look with the library of all that it offers: what stands beside a bend,
// then every family at every combination of its starts.
type view struct {
	look
	library []fit.Term
	others  int // terms of the other unknowns, the first of the library
	base    int // terms of the polynomial, which follow
	starts  []bend
}

// rankBends returns every family at the numbers of its grid that promise most, the
// most promising first: by the quadratic profile of the best candidate where it
// passes the checks and is near the truth (networks leave no smaller defect), else
// by regression on the smoothed path, or on what the networks say. Families of more than
// so many numbers in all are left out.
func (f *finder) rankBends(ctx context.Context, u, round, most int) ([]bend, error) {
	others, base := f.companions(f.engine.Data.Model, u)
	m, path := f.carryNumbers(f.engine.Data.Model, f.path, append(slices.Clone(others), base...))
	e, err := onModel(f.engine, m)
	if err != nil {
		return nil, err
	}
	looks, err := findLooks(f.best, e.Data, &path, u, round, others)
	if err != nil {
		return nil, err
	}
	var views []view
	for _, l := range looks {
		views = append(views, newView(l, e.Data.Model, others, base, u, round, most))
	}
	near := f.nearTheTruth()
	var quadratics []*terms.Quadratic
	if near {
		quadratics, err = profileViews(ctx, f.best, fmt.Sprintf("%sshape-%s-%d", f.prefix, e.Data.Model.Unknowns[u].Name, round), views)
	} else {
		quadratics, err = regressViews(e.Data, &path, views)
	}
	if err != nil {
		return nil, err
	}
	price := math.Log(float64(e.Data.Observations()))
	var out []bend
	for n, v := range views {
		ceiling := math.Inf(1)
		if near && (round >= beyondPolynomial || most < math.MaxInt) {
			ceiling = excluded + price*f.best.numbersOf(u) + quadratics[n].Solve(f.best.marksIn(v.library)).Loss
		}
		var from *candidate
		if near {
			from = f.best
		}
		out = append(out, v.best(quadratics[n], price, ceiling, from)...)
	}
	return mostPromising(out, round), nil
}

// nearTheTruth says that the profile of the best candidate can be trusted.
func (f *finder) nearTheTruth() bool {
	return f.passes() && !(f.result.Neural != nil && f.best.fit.Omega > 2*f.result.Neural.Omega)
}

// newView makes the library of a look.
func newView(l look, m *model.Model, others, base []fit.Term, u, round, most int) view {
	v := view{look: l, library: append(slices.Clone(others), base...), others: len(others), base: len(base)}
	for i := range l.families {
		family := &l.families[i]
		if family.allowed != nil && !family.allowed(l.axis) || 1+len(family.numbers) > most {
			continue
		}
		for _, values := range combineStarts(family.numbers, l.axis) {
			b := bend{unknown: u, argument: l.argument, alone: l.alone, kind: family.kind, family: family, sibling: l.sibling(family),
				axis: l.axis, values: values, fixed: make([]bool, len(values)), round: round}
			var numbers []*expr.Expr
			for _, v := range values {
				numbers = append(numbers, expr.Num(v))
			}
			b.first = len(v.library)
			v.library = append(v.library, b.partsIn(m, numbers)...)
			b.parts = len(v.library) - b.first
			v.library = append(v.library, b.slopes(m)...)
			b.end = len(v.library)
			v.starts = append(v.starts, b)
		}
	}
	return v
}

// sibling is the family that writes the same sigmoid the other way, as logistic does
// tanh; nil of others.
func (l *look) sibling(of *family) *family {
	stem := func(name string) string {
		return strings.TrimSuffix(strings.TrimSuffix(name, "tanh"), "logistic")
	}
	var out *family
	for j := range l.families {
		if name := l.families[j].name; name != of.name && stem(name) == stem(of.name) {
			out = &l.families[j]
		}
	}
	return out
}

// profileViews are the quadratic profiles of a candidate with the libraries of views.
func profileViews(ctx context.Context, c *candidate, name string, views []view) ([]*terms.Quadratic, error) {
	var out []*terms.Quadratic
	for _, v := range views {
		prof, err := c.search.Engine.Profile(ctx, fmt.Sprintf("%s-%s/profile", name, v.name), c.fit, v.library)
		if err != nil {
			return nil, err
		}
		out = append(out, terms.NewQuadratic(prof, make([]float64, len(v.library))))
	}
	return out, nil
}

// regressViews are the regressions of a path on the libraries of views, weighed alike.
func regressViews(d *fit.Data, path *fit.Smoothed, views []view) ([]*terms.Quadratic, error) {
	var regressions []*terms.Regression
	for _, v := range views {
		reg, err := terms.Regress(d, path, v.library)
		if err != nil {
			return nil, err
		}
		regressions = append(regressions, reg)
	}
	terms.WeighAlike(regressions)
	var out []*terms.Quadratic
	for n, v := range views {
		out = append(out, regressions[n].Quadratic(make([]float64, len(v.library))))
	}
	return out, nil
}

// best are the bends of a view, of every family the one that costs least, those that
// cost less than a ceiling, with their numbers moved as their slopes ask for. A
// candidate to start from becomes their seed; nil: none.
func (v *view) best(q *terms.Quadratic, price, ceiling float64, from *candidate) []bend {
	best := make([]*bend, len(v.families))
	for i := range v.starts {
		b := &v.starts[i]
		kept := v.prune(q, b, price)
		k := slices.IndexFunc(v.families, func(f family) bool { return f.name == b.family.name })
		if !series.Finite(b.loss) || !(b.loss < ceiling) || best[k] != nil && !(b.loss < best[k].loss) {
			continue
		}
		best[k] = b
		b.values = b.movedNumbers(kept.Theta)
		if from != nil {
			b.seed = &seed{model: from.search.Engine.Data.Model, fit: from.fit}
			for j, on := range kept.Active {
				if on && (j < b.first || j < b.first+b.parts) {
					b.seed.add(v.library[j], j-b.first, kept.Theta[j])
				}
			}
		}
	}
	var out []bend
	for _, b := range best {
		if b != nil {
			out = append(out, *b)
		}
	}
	return out
}

// prune drops what is superfluous beside a bend, or of a bend that stands in the place
// of the polynomial, and sets the bend's loss: with the price of every part and number.
func (v *view) prune(q *terms.Quadratic, b *bend, price float64) terms.Subset {
	active := make([]bool, len(v.library))
	for j := range active {
		active[j] = j < v.others+v.base || b.first <= j && j < b.end
	}
	if v.instead {
		for j := v.others; j < v.others+v.base; j++ {
			active[j] = false
		}
		kept := q.Prune(active, b.first, b.first+b.parts, price)
		b.loss = kept.Loss + price*float64(len(b.values))
		return kept
	}
	kept := q.Prune(active, v.others, v.others+v.base, price)
	b.loss = kept.Loss + price*float64(b.parts+len(b.values))
	return kept
}

// mostPromising sorts bends by their loss and keeps those that are fitted in a round:
// some with numbers, and some without, which would take the place of one that fits
// better once its numbers are.
func mostPromising(found []bend, round int) []bend {
	slices.SortStableFunc(found, func(a, b bend) int { return cmp.Compare(a.loss, b.loss) })
	numbered := slices.DeleteFunc(slices.Clone(found), func(b bend) bool { return len(b.values) == 0 })
	plain := slices.DeleteFunc(found, func(b bend) bool { return len(b.values) > 0 })
	plain = plain[:min(len(plain), numberlessBends)]
	if round < beyondPolynomial {
		return append(numbered[:min(len(numbered), bends)], plain...)
	}
	tried := map[string]bool{} // two combinations that are nearly one would take the place of another function
	numbered = slices.DeleteFunc(numbered, func(b bend) bool {
		known := b.kind != "" && tried[b.kind]
		tried[b.kind] = true
		return known
	})
	return append(numbered[:min(len(numbered), 2*bends)], plain...)
}

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
