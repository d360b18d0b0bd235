package conclude

import (
	"context"
	"slices"
	"strings"

	"govern/discover"
	"govern/fit"
	"govern/fit/gauge"
	"govern/model"
	"govern/note"
	"govern/problem"
	"govern/record"
)

// Search finds what is unknown on the training entries.
type Search func(context.Context, *fit.Engine) (*discover.Result, error)

// newQuestion asks a problem with segments of one sample: long ones come last, since
// from anywhere else they have many minima.
func newQuestion(p *problem.Problem, s Settings) Question {
	asked := p
	if p.Fit.Segment > 1 {
		q := *p
		q.Fit.Segment = 1
		p = &q
	}
	return Question{Asked: asked, Problem: p, Settings: s}
}

// opened is a question whose files have been read, with what is to be said of them.
type opened struct {
	Question
	Material
	notes []note.Note
}

// open reads the files, says what no data can determine, and holds a parameter for
// every such direction.
func (q Question) open() (*opened, error) {
	entries, err := q.Problem.Open()
	if err != nil {
		return nil, err
	}
	o := &opened{Question: q}
	o.Train, o.Test = record.Split(entries)
	if o.Data, err = fit.Prepare(q.Problem.Model, o.Train); err != nil {
		return nil, err
	}
	notes, held, once := undetermined(o.Data)
	notes = append(notes, farFromZero(o.Data)...)
	if m := q.Settings.Monitor; m != nil {
		for _, n := range notes {
			m.Warn(n.String())
		}
	}
	o.notes = notes
	if held == q.Problem.Model && !held.HasEach() {
		return o, nil
	}
	p := *q.Problem
	p.Model = held
	p.Model = holdOnce(p.PerEntry(), once, o.Train)
	o.Problem = &p
	if err := checkSpreads(p.Model, p.Fit); err != nil {
		return nil, err
	}
	o.Data, err = fit.Prepare(p.Model, o.Train)
	return o, err
}

// search runs a search on the opened question. The engine is the one that it ran on.
func (o *opened) search(ctx context.Context, by Search) (Searched, *fit.Engine, error) {
	out := Searched{Question: o.Question, Material: o.Material, Notes: o.notes}
	engine, err := o.searcher()
	if err != nil {
		return out, nil, err
	}
	if o.baseline() {
		out.Found, err = discover.Derivatives(engine.Data, o.Problem.Discover)
	} else {
		out.Found, err = by(ctx, engine)
	}
	if err != nil {
		return out, nil, err
	}
	out.Sought = engine.Data
	if out.Found.Extra != nil { // from here on the problem is that of the model with the extra state
		p := *o.Problem
		p.Model = out.Found.Data.Model
		out.Problem = &p
		if out.Data, err = fit.Prepare(p.Model, o.Train); err != nil {
			return out, nil, err
		}
	}
	if len(out.Found.Regimes) == 0 && slices.ContainsFunc(o.Problem.Data, func(d problem.Data) bool { return len(d.Regimes) > 0 }) {
		out.Notes = append(out.Notes, note.Of(note.RegimesUnused, "", "regimes are named, but only the libraries of discover know them: what was found is the same in all"))
	}
	out, err = out.level()
	out.Notes = append(out.Notes, out.heldInputs()...)
	return out, engine, err
}

// searcher is the engine of a search: on condensed data where they are dense, on
// excerpts where they are long.
func (o *opened) searcher() (*fit.Engine, error) {
	data := o.Data
	if !o.baseline() {
		entries := data.Entries
		if k := data.CondenseFactor(); k > 1 {
			entries = record.CondenseAll(entries, k)
		}
		if entries = record.Excerpts(entries); record.CountSamples(entries) < data.Samples() {
			var err error
			if data, err = fit.Prepare(o.Problem.Model, entries); err != nil {
				return nil, err
			}
		}
	}
	engine := o.Settings.Engine(data, o.Problem.Fit)
	engine.Seed = o.Settings.Seed
	return engine, nil
}

// undetermined says what no data of these channels can determine, and returns the
// model with a parameter held for every such direction that one takes part in. Of a
// parameter that differs between entries, where something that they share takes part
// too, one value is to be held: it is in once.
func undetermined(d *fit.Data) (notes []note.Note, m *model.Model, once []string) {
	m = d.Model
	first := d.Entries[0].Name
	for _, name := range gauge.Disconnected(d) {
		notes = append(notes, note.Of(note.UnseenState, name, "no channel sees the state %s, neither directly nor through another equation: where it starts, and what stands in its equation alone, is arbitrary", name).WithHint("Leave it out, or observe it"))
	}
	for _, g := range gauge.DecidedByPriors(d) {
		notes = append(notes, note.Of(note.PriorDecides, strings.Join(g.Priors, ", "), "%s; only the prior of %s decides", g, strings.Join(g.Priors, ", ")))
	}
	for {
		gauges := gauge.Find(d)
		k := slices.IndexFunc(gauges, func(g gauge.Symmetry) bool { return g.Hold != "" })
		if k < 0 {
			for _, g := range gauges {
				notes = append(notes, note.Of(note.Undetermined, "", "%s", g))
			}
			return notes, m, once
		}
		name := gauges[k].Hold
		at := m.ParameterIndex(name)
		if gauges[k].Shared && m.Parameters[at].Each {
			once = append(once, name)
			notes = append(notes, note.Of(note.Held, name, "%s. So %s is held at %v: the values of other entries mean something only beside it", gauges[k], model.OfEntry(name, first), m.Parameters[at].Value))
		} else {
			m = hold(m, name)
			notes = append(notes, note.Of(note.Held, name, "%s. So %s is held at %v: only such combinations with it mean something", gauges[k], name, m.Parameters[at].Value))
		}
		trial := *d
		trial.Model = hold(d.Model, name)
		d = &trial
	}
}

// hold is the model with a parameter that stays as it is.
func hold(m *model.Model, name string) *model.Model {
	next := *m
	next.Parameters = slices.Clone(m.Parameters)
	p := &next.Parameters[m.ParameterIndex(name)]
	p.Fit, p.Each, p.Spread, p.SD = false, false, false, 0
	return &next
}

// holdOnce holds the values of parameters in the first of the entries.
func holdOnce(m *model.Model, parameters []string, entries []record.Entry) *model.Model {
	for _, name := range parameters {
		if i := m.ParameterIndex(model.OfEntry(name, entries[0].Name)); i >= 0 {
			next := *m
			next.Parameters = slices.Clone(m.Parameters)
			next.Parameters[i].Fit, next.Parameters[i].SD = false, 0
			m = &next
		}
	}
	return m
}
