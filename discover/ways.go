package discover

import (
	"context"
	"fmt"
	"slices"

	"govern/discover/changes"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
)

// way is one way of searching. Each has a file of its own, which defines it by a
// function without arguments; where it stands is decided here.
type way struct {
	name string
	cost Cost
	when string // it is tried, in words

	// excluded says why the way cannot be tried on a problem, whatever is found; nil and
	// an empty text: it can.
	excluded func(e *fit.Engine, o Options) string
	// due says why the way need not be tried now, with what has been found; nil and an
	// empty text: it must.
	due func(f *finder) string
	// run puts candidates into the pool. A result, which ends the search, is the answer
	// of a search of its own, on other data or another model.
	run func(ctx context.Context, f *finder) (*Result, error)
}

// Cost is the class of what a way costs.
type Cost string

// The classes.
const (
	Cheap     Cost = "cheap"     // no fit
	Moderate  Cost = "moderate"  // some to some dozens of fits
	Expensive Cost = "expensive" // a search of its own, or training
)

// Reasons that several ways share.
const (
	noFormulaPasses    = "no formula passes the checks"
	noFormulaConverges = "no fit of a formula has converged"
	aFormulaPasses     = "a formula passes the checks"
	longSegments       = "segments are longer than a sample"
	defectGiven        = "the defect weight is given"
)

// untilOnePasses is due as long as no formula passes.
func untilOnePasses(f *finder) string {
	if f.passes() {
		return aFormulaPasses
	}
	return ""
}

// place is a way at its place in a list. Where a way is best tried earlier on some data
// and later on others it has two places, each on data of its own.
type place struct {
	way
	on func(d *fit.Data) bool // nil: all data
}

// waysFor is the list of a search: the order of all ways. With every state observed
// annealing does not end too soon, while a fit that is forced to the smallest defect
// over several regimes takes minutes: there process noise and regimes come before it.
func waysFor(m *model.Model) []place {
	if asksForNetwork(m) {
		return []place{{way: networks()}, {way: extraState()}}
	}
	return []place{
		{way: librariesOrRegimes()},
		{way: noise()},
		{way: driven(), on: observesAll},
		{way: functions()},
		{way: regimes(), on: observesAll},
		{way: again()},
		{way: driven(), on: hidesAny},
		{way: regimes(), on: hidesAny},
		{way: coloured()},
		{way: mixtures()},
		{way: approximations()},
		{way: networks()},
		{way: extraState()},
	}
}

// waysInRegimes is the list where it is known in which regime every entry lies.
func waysInRegimes() []place {
	return []place{{way: libraries()}, {way: functions()}, {way: again()}, {way: absent()}, {way: coloured()}}
}

// waysOnNetworks is the list on what neural forms say.
func waysOnNetworks() []place {
	return []place{{way: libraries()}, {way: functions()}, {way: mixtures()}}
}

// withoutWay leaves a way out.
func withoutWay(list []place, name string) []place {
	return slices.DeleteFunc(slices.Clone(list), func(p place) bool { return p.name == name })
}

// observesAll says that every state is measured alone by a channel.
func observesAll(d *fit.Data) bool {
	for _, s := range d.Model.States {
		if !slices.ContainsFunc(d.Channels, func(c record.ChannelInfo) bool { return c.Observe.Kind == expr.Name && c.Observe.Ident == s.Name }) {
			return false
		}
	}
	return true
}

// hidesAny says that some state is not.
func hidesAny(d *fit.Data) bool { return !observesAll(d) }

// Way describes one way of a search before it starts.
type Way struct {
	Name     string
	Cost     Cost
	When     string // it is tried, in words
	Excluded string // why it cannot be tried on this problem; empty: it can
}

// Ways lists the ways that Run would go, in order.
func Ways(e *fit.Engine, o Options) []Way {
	list := waysFor(e.Data.Model)
	if changes.Count(e.Data.Entries) > 1 && !asksForNetwork(e.Data.Model) {
		list = waysInRegimes()
	}
	o = o.withDefaults(e.Data.Model)
	var out []Way
	for _, p := range list {
		if p.on == nil || p.on(e.Data) {
			out = append(out, Way{p.name, p.cost, p.when, p.exclusion(e, o)})
		}
	}
	return out
}

// WayReport is what a search made of a way.
type WayReport struct {
	Name  string
	Cost  Cost
	State WayState
	Why   string // it was skipped or not reached
	Found string // in words; of ways that were tried
}

// WayState is whether a way was tried.
type WayState string

// The states.
const (
	Tried      WayState = "tried"
	Skipped    WayState = "skipped"
	NotReached WayState = "not reached"
)

// finish walks a list and concludes, unless a way has concluded already.
func (f *finder) finish(ctx context.Context, list []place) (*Result, error) {
	if r, err := f.walk(ctx, list, ""); err != nil || r != nil {
		return r, err
	}
	return f.conclude(ctx)
}

// walk tries the ways of a list, in order, until one of them has an answer. What was
// tried is reported in the answer, else in the finder's result, under names with a
// label in front.
func (f *finder) walk(ctx context.Context, list []place, label string) (*Result, error) {
	here := slices.DeleteFunc(slices.Clone(list), func(p place) bool { return p.on != nil && !p.on(f.engine.Data) })
	for i, p := range here {
		if why := p.reason(f); why != "" {
			f.result.Ways = append(f.result.Ways, WayReport{Name: label + p.name, Cost: p.cost, State: Skipped, Why: why})
			continue
		}
		at, before := len(f.result.Ways), len(f.all)
		r, err := p.run(ctx, f)
		if err != nil {
			return nil, err
		}
		report := WayReport{Name: label + p.name, Cost: p.cost, State: Tried, Found: f.describe(before, r)}
		f.result.Ways = slices.Insert(f.result.Ways, at, report) // before what it tried itself
		if r == nil {
			continue
		}
		ways := f.result.Ways
		if r != f.result {
			for _, w := range r.Ways {
				w.Name = p.name + ": " + w.Name
				ways = append(ways, w)
			}
		}
		for _, left := range here[i+1:] {
			ways = append(ways, WayReport{Name: label + left.name, Cost: left.cost, State: NotReached, Why: "the search ended with " + p.name})
		}
		r.Ways = ways
		return r, nil
	}
	return nil, nil
}

// exclusion says why a way cannot be tried on a problem.
func (w way) exclusion(e *fit.Engine, o Options) string {
	if w.excluded == nil {
		return ""
	}
	return w.excluded(e, o)
}

// reason says why a way is not tried now.
func (w way) reason(f *finder) string {
	if why := w.exclusion(f.engine, f.options); why != "" || w.due == nil {
		return why
	}
	return w.due(f)
}

// describe says in words what a way has found: the candidates after the first so
// many, or an answer.
func (p *pool) describe(before int, r *Result) string {
	if r != nil {
		switch {
		case r.Nothing():
			return "the data show nothing but noise"
		case r.Drift != "":
			return r.Drift
		case len(r.Regimes) > 0:
			return fmt.Sprintf("a formula with %d regimes", len(r.Regimes))
		case r.Extra != nil:
			return fmt.Sprintf("a formula with the extra state %s", r.Extra.State)
		}
		return "the answer"
	}
	var best *candidate
	for _, c := range p.all[before:] {
		if best == nil || better(c, best) {
			best = c
		}
	}
	if best == nil {
		return "nothing"
	}
	terms := "terms"
	if len(best.fit.Terms) == 1 {
		terms = "term"
	}
	text := fmt.Sprintf("%d %s (%s), penalised −2 log evidence %.6g, ", len(best.fit.Terms), terms, best.road, best.score())
	if best.passed() {
		text += "passes the checks"
	} else {
		text += "fails a check"
	}
	if best == p.best {
		text += "; the best so far"
	}
	return text
}
