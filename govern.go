// Package govern discovers the governing equations of chaotic and neural
// dynamics from time series. It is the front door of the library: a problem
// goes in, a proved formula comes out.
//
//	p, err := problem.Load("problem.yaml")
//	…
//	out, err := govern.Discover(ctx, p, govern.Settings{})
//	…
//	fmt.Println(out.Result.Unknowns["f"])
package govern

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"govern/discover"
	"govern/fit"
	"govern/journal"
	"govern/model"
	"govern/problem"
	"govern/record"
	"govern/report"
	"govern/run"
)

// Settings of a run; the zero value is the default.
type Settings struct {
	Seed    uint64          // of everything random: the starts of networks
	Workers int             // 0: all cores; the result does not depend on it
	Journal journal.Journal // nil: nothing is remembered
	Monitor journal.Monitor // nil: nobody watches
}

// engine of a fit that goes on from another, where the seed plays no part.
func (s Settings) engine(data *fit.Data, o fit.Options) *fit.Engine {
	return &fit.Engine{Data: data, Options: o, Workers: s.Workers, Journal: s.Journal, Monitor: s.Monitor}
}

// stage tells whoever watches what has begun, and which share of the whole is done.
func (s Settings) stage(name string, done float64) {
	if s.Monitor != nil {
		s.Monitor.Stage(name, done)
	}
}

// Outcome is what a run leaves.
type Outcome struct {
	Result       *run.Result
	Model        *model.Model // closed and ready to simulate, a network written out where it is the answer; nil without either
	UDE          *run.UDE     // the networks, where the search led through them
	Page         *report.Page
	Trajectories *run.Trajectories
	Unknowns     *run.Unknowns // the unknowns along their arguments; nil without any, or without an answer
}

// Discover finds the unknowns of a problem as formulas, refits them on all
// data, and proves them by free runs from held-out starts.
func Discover(ctx context.Context, p *problem.Problem, s Settings) (*Outcome, error) {
	return learn(ctx, p, s, func(ctx context.Context, e *fit.Engine) (*discover.Result, error) {
		return discover.Run(ctx, e, p.Discover)
	})
}

// Fit trains what a problem leaves open without searching a formula: fitted
// parameters, networks, or whole libraries (discover.Fit). Refit and proof are
// those of Discover. The error is a *discover.MixedError when some unknowns have
// a library and others a network.
func Fit(ctx context.Context, p *problem.Problem, s Settings) (*Outcome, error) {
	if _, err := discover.TrainsNetworks(p.Model); err != nil {
		return nil, err
	}
	return learn(ctx, onTrajectories(p), s, func(ctx context.Context, e *fit.Engine) (*discover.Result, error) {
		return discover.Fit(ctx, e, p.Discover)
	})
}

// Extract searches formulas on the networks of an earlier run of the problem, as
// Discover does on those that it trains itself: from what they were before they
// saw the held-out entries, brought to rest on the training entries. The error
// is a *MismatchError when the networks are not those of the problem's unknowns.
func Extract(ctx context.Context, p *problem.Problem, networks *run.UDE, s Settings) (*Outcome, error) {
	from, err := startOf(networks, p.PerEntry())
	if err != nil {
		return nil, err
	}
	return learn(ctx, onTrajectories(p), s, func(ctx context.Context, e *fit.Engine) (*discover.Result, error) {
		return discover.Extract(ctx, e, p.Discover, from.forms, from.parameters, from.omega)
	})
}

// onTrajectories is the problem without the baseline method, which trains
// nothing.
func onTrajectories(p *problem.Problem) *problem.Problem {
	q := *p
	q.Discover.Method = discover.MethodLibrary
	return &q
}

// search finds what is unknown on the training entries.
type search func(context.Context, *fit.Engine) (*discover.Result, error)

// learn searches on the training entries, refits on all, and proves.
func learn(ctx context.Context, p *problem.Problem, s Settings, by search) (*Outcome, error) {
	return solve(ctx, p, s, by, nil)
}

// solve is learn; on records, where there are any, the begins of the regimes that
// the problem names are found again.
func solve(ctx context.Context, p *problem.Problem, s Settings, by search, records []record.Entry) (*Outcome, error) {
	asked := p
	if p.Fit.Segment > 1 { // long segments come last: from anywhere else they have many minima
		q := *p
		q.Fit.Segment = 1
		p = &q
	}
	entries, err := p.Open()
	if err != nil {
		return nil, err
	}
	train, test := record.Split(entries)
	clock := time.Now()
	data, err := fit.Prepare(p.Model, train)
	if err != nil {
		return nil, err
	}
	doubts, held, once := undetermined(data)
	for i := range data.Channels {
		if text := data.FarFromZero(i); text != "" {
			doubts = append(doubts, text)
		}
	}
	for _, text := range doubts {
		if s.Monitor != nil {
			s.Monitor.Warn(text)
		}
	}
	if held != p.Model || held.HasEach() {
		q := *p
		q.Model = held
		q.Model = holdOnce(q.PerEntry(), once, train)
		p = &q
		if err := checkSpreads(p.Model, p.Fit); err != nil {
			return nil, err
		}
		if data, err = fit.Prepare(p.Model, train); err != nil {
			return nil, err
		}
	}
	engine, err := searcher(p, s, data)
	if err != nil {
		return nil, err
	}
	found, err := find(ctx, p, engine, by)
	if err != nil {
		return nil, err
	}
	if found.Extra != nil { // from here on the problem is that of the model with the extra state
		q := *p
		q.Model = found.Data.Model
		p = &q
		if data, err = fit.Prepare(p.Model, train); err != nil {
			return nil, err
		}
	}
	if len(found.Regimes) == 0 && slices.ContainsFunc(p.Data, func(d problem.Data) bool { return len(d.Regimes) > 0 }) {
		doubts = append(doubts, "regimes are named, but only the libraries of discover know them: what was found is the same in all")
	}
	w := &work{problem: p, asked: asked, settings: s, train: train, test: test, data: data, doubts: doubts, found: found, sought: engine.Data}
	if err := w.level(); err != nil {
		return nil, err
	}
	if out, err := w.again(ctx, by); err != nil || out != nil {
		return out, err
	}
	if len(records) > 0 {
		if found.Regimes, err = discover.Places(ctx, w.engine(), found, records); err != nil {
			return nil, err
		}
	}
	w.adoptRegimes()
	adopted, err := w.adopt(ctx)
	if err != nil {
		return nil, err
	}
	if adopted {
		engine.Data, data = w.data, w.data
	}
	if err := w.conclude(ctx, clock); err != nil {
		return nil, err
	}
	if w.proof != nil && !w.proof.Credible() && !found.Nothing() && len(w.final.Forms) == 0 && found.Extra == nil && len(found.Regimes) == 0 && p.Discover.Method != discover.MethodDerivatives {
		if w, err = w.orNetwork(ctx, engine, data, clock); err != nil {
			return nil, err
		}
	}
	return w.outcome(ctx)
}

// undetermined says what no data of these channels can determine, and returns the
// model with a parameter held for every such direction that one takes part in. Of a
// parameter that differs between entries, where something that they share takes part
// too, one value is to be held: it is in once.
func undetermined(d *fit.Data) (doubts []string, m *model.Model, once []string) {
	m = d.Model
	first := d.Entries[0].Name
	for _, name := range d.Dangling() {
		doubts = append(doubts, fmt.Sprintf("no channel sees the state %s, neither directly nor through another equation: where it starts, and what stands in its equation alone, is arbitrary", name))
	}
	for _, g := range d.Believed() {
		doubts = append(doubts, fmt.Sprintf("%s; only the prior of %s decides", g, strings.Join(g.Priors, ", ")))
	}
	for {
		gauges := d.Gauges()
		k := slices.IndexFunc(gauges, func(g fit.Gauge) bool { return g.Hold != "" })
		if k < 0 {
			for _, g := range gauges {
				doubts = append(doubts, g.String())
			}
			return doubts, m, once
		}
		name := gauges[k].Hold
		at := m.ParameterIndex(name)
		if gauges[k].Shared && m.Parameters[at].Each {
			once = append(once, name)
			doubts = append(doubts, fmt.Sprintf("%s. So %s is held at %v: the values of other entries mean something only beside it", gauges[k], model.OfEntry(name, first), m.Parameters[at].Value))
			probe := *d
			probe.Model = held(d.Model, name)
			d = &probe
			continue
		}
		m = held(m, name)
		doubts = append(doubts, fmt.Sprintf("%s. So %s is held at %v: only such combinations with it mean something", gauges[k], name, m.Parameters[at].Value))
		trial := *d
		trial.Model = held(d.Model, name)
		d = &trial
	}
}

// held is the model with a parameter that stays as it is.
func held(m *model.Model, name string) *model.Model {
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

// searcher is the engine of a search: on condensed data where they are dense, on
// excerpts where they are long.
func searcher(p *problem.Problem, s Settings, data *fit.Data) (*fit.Engine, error) {
	if p.Discover.Method != discover.MethodDerivatives {
		entries := data.Entries
		if k := data.Condensing(); k > 1 {
			entries = record.CondenseAll(entries, k)
		}
		if entries = record.Excerpts(entries); record.CountSamples(entries) < data.Samples() {
			var err error
			if data, err = fit.Prepare(p.Model, entries); err != nil {
				return nil, err
			}
		}
	}
	engine := s.engine(data, p.Fit)
	engine.Seed = s.Seed
	return engine, nil
}

// find runs a search, or the baseline where the problem asks for it.
func find(ctx context.Context, p *problem.Problem, e *fit.Engine, by search) (*discover.Result, error) {
	if p.Discover.Method == discover.MethodDerivatives {
		return discover.Derivatives(e.Data, p.Discover)
	}
	return by(ctx, e)
}

// conclude refits what the search has found on all data and proves it; clock is
// when the search began.
func (w *work) conclude(ctx context.Context, clock time.Time) error {
	if err := w.expand(ctx); err != nil {
		return err
	}
	w.seconds.Discover = run.Number(time.Since(clock).Seconds())
	if w.found.Chosen == nil {
		return nil
	}
	clock = time.Now()
	if err := w.refit(ctx); err != nil {
		return err
	}
	w.seconds.Fit = run.Number(time.Since(clock).Seconds())
	clock = time.Now()
	if err := w.prove(ctx); err != nil {
		return err
	}
	w.seconds.Assess = run.Number(time.Since(clock).Seconds())
	return nil
}

// orNetwork tries a network where a formula follows the data but does not move
// like them when left to itself, and returns the work on it if it does.
func (w *work) orNetwork(ctx context.Context, engine *fit.Engine, data *fit.Data, clock time.Time) (*work, error) {
	found, err := discover.Networks(ctx, engine, w.found)
	if err != nil || found == nil {
		return w, err
	}
	other := &work{problem: w.problem, asked: w.asked, settings: w.settings, train: w.train, test: w.test, left: maps.Clone(w.left), data: data, doubts: w.doubts, found: found, sought: w.sought}
	if other.settings.Journal != nil {
		other.settings.Journal = journal.Under("network", other.settings.Journal)
	}
	if err := other.conclude(ctx, clock); err != nil || other.proof == nil || !other.proof.Credible() {
		return w, err
	}
	return other, nil
}
