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
	"math"
	"slices"
	"time"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/optim"
	"govern/problem"
	"govern/report"
	"govern/run"
)

// Settings of a run; the zero value is the default.
type Settings struct {
	Seed    uint64      // of everything random: the starts of networks
	Workers int         // 0: all cores; the result does not depend on it
	Journal fit.Journal // nil: nothing is remembered
	Monitor fit.Monitor // nil: nobody watches
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
	from, err := startOf(networks, p.Model)
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
func solve(ctx context.Context, p *problem.Problem, s Settings, by search, records []fit.Entry) (*Outcome, error) {
	asked := p
	entries, err := p.Open()
	if err != nil {
		return nil, err
	}
	train, test := split(entries)
	clock := time.Now()
	data, err := fit.Prepare(p.Model, train)
	if err != nil {
		return nil, err
	}
	doubts, held := undetermined(data)
	for _, text := range doubts {
		if s.Monitor != nil {
			s.Monitor.Warn(text)
		}
	}
	if held != p.Model {
		q := *p
		q.Model = held
		p = &q
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
	w := &work{problem: p, asked: asked, settings: s, train: train, test: test, data: data, doubts: doubts, found: found, sought: engine.Data}
	if out, err := w.again(ctx, by); err != nil || out != nil {
		return out, err
	}
	if len(records) > 0 {
		if found.Regimes, err = discover.Places(ctx, w.engine(), found, records); err != nil {
			return nil, err
		}
	}
	w.adoptRegimes()
	if w.adopt() {
		engine.Data, data = w.data, w.data
	}
	if err := w.conclude(ctx, clock); err != nil {
		return nil, err
	}
	if w.proof != nil && !w.proof.Credible() && len(w.final.Forms) == 0 && found.Extra == nil && p.Discover.Method != discover.MethodDerivatives {
		if w, err = w.orNetwork(ctx, engine, data, clock); err != nil {
			return nil, err
		}
	}
	return w.outcome(ctx)
}

// undetermined says what no data of these channels can determine, and returns the
// model with a parameter held for every such direction that one takes part in.
func undetermined(d *fit.Data) (doubts []string, m *model.Model) {
	m = d.Model
	for _, name := range d.Dangling() {
		doubts = append(doubts, fmt.Sprintf("no channel sees the state %s, neither directly nor through another equation: where it starts, and what stands in its equation alone, is arbitrary", name))
	}
	for {
		gauges := d.Gauges()
		k := slices.IndexFunc(gauges, func(g fit.Gauge) bool { return g.Hold != "" })
		if k < 0 {
			for _, g := range gauges {
				doubts = append(doubts, g.String())
			}
			return doubts, m
		}
		next := *m
		next.Parameters = slices.Clone(m.Parameters)
		at := m.ParameterIndex(gauges[k].Hold)
		next.Parameters[at].Fit = false
		m = &next
		doubts = append(doubts, fmt.Sprintf("%s. So %s is held at %v: only such combinations with it mean something", gauges[k], gauges[k].Hold, next.Parameters[at].Value))
		trial := *d
		trial.Model = m
		d = &trial
	}
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
	other := &work{problem: w.problem, settings: w.settings, train: w.train, test: w.test, left: maps.Clone(w.left), data: data, doubts: w.doubts, found: found, sought: w.sought}
	if other.settings.Journal != nil {
		other.settings.Journal = fit.Under("network", other.settings.Journal)
	}
	if err := other.conclude(ctx, clock); err != nil || other.proof == nil || !other.proof.Credible() {
		return w, err
	}
	return other, nil
}

// searcher is the engine of a search: on condensed data where they are dense, on
// excerpts where they are long.
func searcher(p *problem.Problem, s Settings, data *fit.Data) (*fit.Engine, error) {
	if p.Discover.Method != discover.MethodDerivatives {
		entries := data.Entries
		if k := data.Condensing(); k > 1 {
			entries = condense(entries, k)
		}
		if entries = fit.Excerpts(entries); count(entries) < data.Samples() {
			var err error
			if data, err = fit.Prepare(p.Model, entries); err != nil {
				return nil, err
			}
		}
	}
	return &fit.Engine{Data: data, Options: p.Fit, Workers: s.Workers, Seed: s.Seed, Journal: s.Journal, Monitor: s.Monitor}, nil
}

// find runs a search, or the baseline where the problem asks for it.
func find(ctx context.Context, p *problem.Problem, e *fit.Engine, by search) (*discover.Result, error) {
	if p.Discover.Method == discover.MethodDerivatives {
		return discover.Derivatives(e.Data, p.Discover)
	}
	return by(ctx, e)
}

// adopt goes on with the data as the search has left them: freed of outliers, and
// with what it has found of the noise's correlation. A search that has not seen every
// sample leaves them as they are, and then it says no.
func (w *work) adopt() bool {
	if w.found.Data == nil || w.sparse() {
		return false
	}
	w.left = leftOut(w.data, w.found.Data)
	if len(w.found.Regimes) > 0 {
		w.left = nil // what lies around changes is no outlier
	}
	w.data, w.train = w.found.Data, w.found.Data.Entries
	w.test = withCorrelation(w.test, w.data)
	return true
}

// withCorrelation says of entries what data know of their noise's correlation.
func withCorrelation(entries []fit.Entry, data *fit.Data) []fit.Entry {
	entries = slices.Clone(entries)
	for e := range entries {
		entries[e].Channels = slices.Clone(entries[e].Channels)
		for i := range entries[e].Channels {
			c := &entries[e].Channels[i]
			if k := data.Channel(*c); k >= 0 && data.Channels[k].Correlation > 0 {
				c.Sigma, c.Correlation = data.Channels[k].Sigma0, data.Channels[k].Correlation
			}
		}
	}
	return entries
}

// sparse says that the search has seen the data condensed or in excerpts.
func (w *work) sparse() bool { return w.sought != nil && w.sought.Samples() < w.data.Samples() }

// sampled is the noise of single samples, where fits use more because it is
// correlated.
func sampled(d *fit.Data, sigma []float64) []float64 {
	out := slices.Clone(sigma)
	for i, c := range d.Channels {
		out[i] /= c.Inflation()
	}
	return out
}

// leftOut counts, by column, the samples that cleaned data lack.
func leftOut(from, to *fit.Data) map[string]int {
	out := map[string]int{}
	for i, c := range from.Channels {
		if k := to.IndexOf(c); k >= 0 && to.Channels[k].Count < from.Channels[i].Count {
			out[c.Column] += from.Channels[i].Count - to.Channels[k].Count
		}
	}
	return out
}

// count is the number of samples of entries.
func count(entries []fit.Entry) int {
	n := 0
	for _, e := range entries {
		n += len(e.Times)
	}
	return n
}

func condense(entries []fit.Entry, k int) []fit.Entry {
	out := make([]fit.Entry, len(entries))
	for i, e := range entries {
		out[i] = e.Condense(k)
	}
	return out
}

// expand brings a formula that was found on condensed data or excerpts back to all samples:
// states are located along them, then everything is fitted again.
func (w *work) expand(ctx context.Context) error {
	if w.found.Chosen == nil || w.problem.Discover.Method == discover.MethodDerivatives || !w.sparse() {
		return nil
	}
	if w.data.Condensing() == 1 && w.found.Data != nil { // correlation is that of the samples as they are
		w.train, w.test = withCorrelation(w.train, w.found.Data), withCorrelation(w.test, w.found.Data)
	}
	closed, err := w.close(w.found.Chosen)
	if err != nil {
		return err
	}
	full, err := fit.Prepare(closed, w.train)
	if err != nil {
		return err
	}
	if w.data, err = fit.Prepare(w.found.Model, w.train); err != nil {
		return err
	}
	located, err := (&fit.Engine{Data: full, Workers: w.settings.Workers, Journal: w.settings.Journal}).
		Locate(ctx, "full/locate", full.Sigmas(), w.found.Chosen.Scale)
	if err != nil {
		return err
	}
	if w.data.Condensing() == 1 {
		if err := w.cleanTrain(full, located); err != nil {
			return err
		}
	}
	start := *w.found.Chosen
	start.Sigma, start.Nodes = w.data.Sigmas(), nil
	start.Substeps = 0
	for _, path := range located.Path {
		start.Nodes = append(start.Nodes, everyNode(path, len(closed.States), max(w.problem.Fit.Segment, 1)))
	}
	engine := &fit.Engine{Data: w.data, Options: w.problem.Fit, Workers: w.settings.Workers, Journal: w.settings.Journal, Monitor: w.settings.Monitor}
	w.found.Chosen, err = engine.Trajectory(ctx, "full/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	return err
}

func split(entries []fit.Entry) (train, test []fit.Entry) {
	for _, e := range entries {
		if e.Test {
			test = append(test, e)
		} else {
			train = append(train, e)
		}
	}
	return train, test
}

// work is a discovery on its way from the chosen formula to its proof.
type work struct {
	problem     *problem.Problem
	asked       *problem.Problem // as it came
	settings    Settings
	train, test []fit.Entry
	data        *fit.Data // of the training entries
	sought      *fit.Data // what the search began with: data, condensed or in excerpts
	doubts      []string  // what no data can determine
	found       *discover.Result

	trained *model.Model   // closed by the formula fitted on the training entries
	left    map[string]int // samples left out as outliers, by column
	all     []fit.Entry
	whole   *fit.Data
	final   *fit.Fitted  // refitted on all entries
	foreign bool         // coefficients change in the held-out data: final is of the training entries
	apart   bool         // no refit on all entries was possible: final is of the training entries
	closed  *model.Model // closed by final, starting where the data start
	spread  []float64    // standard deviation of final's coefficients, then parameters; weights have none
	proof   *assess.Proof
	proofs  map[int]*assess.Proof // of every regime, by its number
	seconds run.Seconds
}

// close puts a fit's formulas and parameters into the model.
func (w *work) close(f *fit.Fitted) (*model.Model, error) {
	m := w.problem.Model
	formulas := map[string]*expr.Expr{}
	for u := range m.Unknowns {
		formulas[m.Unknowns[u].Name] = w.formula(f, u)
	}
	closed, err := m.WithFormulas(formulas)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for k, q := range w.fittedParameters() {
		if m.ParameterIndex(q) >= 0 {
			values[q] = f.Parameters[k]
		}
	}
	return closed.WithParameters(values), nil
}

// formula is a fit's formula for unknown u, the knots of hinges put in as
// numbers.
func (w *work) formula(f *fit.Fitted, u int) *expr.Expr {
	g := *f
	g.Terms = slices.Clone(f.Terms)
	for i := range g.Terms {
		g.Terms[i].Factor = w.factor(f, i)
	}
	return g.Formula(u)
}

// factor is what the i-th coefficient of a fit multiplies, with the knots of
// hinges as numbers.
func (w *work) factor(f *fit.Fitted, i int) *expr.Expr {
	t := f.Terms[i]
	if t.Knots == 0 {
		return t.Factor
	}
	return expr.Tidy(expr.Substitute(t.Factor, w.knots(f)))
}

// knots are the fitted parameters that the search has added to the problem's.
func (w *work) knots(f *fit.Fitted) map[string]*expr.Expr {
	values := map[string]*expr.Expr{}
	for k, q := range w.fittedParameters() {
		if w.problem.Model.ParameterIndex(q) < 0 {
			values[q] = expr.Num(f.Parameters[k])
		}
	}
	return values
}

// refit fits the chosen formula on all entries, the held-out ones too.
func (w *work) refit(ctx context.Context) error {
	chosen := w.found.Chosen
	var err error
	if w.trained, err = w.close(chosen); err != nil {
		return err
	}
	w.final, w.all, w.whole = chosen, w.train, w.data
	if len(w.test) > 0 && !w.foreign && w.problem.Discover.Method != discover.MethodDerivatives {
		if err := w.extend(ctx); err != nil {
			return err
		}
	}
	if w.spread, err = w.uncertainty(ctx); err != nil {
		return err
	}
	if w.closed, err = w.close(w.final); err != nil {
		return err
	}
	n := len(w.closed.States)
	states := append([]model.State(nil), w.closed.States...)
	for i := range states {
		if !states[i].Fixed {
			states[i].Value = w.final.Nodes[0][i%n]
		}
	}
	w.closed.States = states
	return nil
}

// extend adds the held-out entries to the fit: their states are located under
// the formula, then everything is fitted together.
func (w *work) extend(ctx context.Context) error {
	chosen := w.found.Chosen
	tested, err := fit.Prepare(w.trained, w.test)
	if err != nil {
		return err
	}
	located, err := (&fit.Engine{Data: tested, Workers: w.settings.Workers, Journal: w.settings.Journal}).
		Locate(ctx, "final/locate", carry(tested, w.data, chosen.Sigma), chosen.Scale)
	if err != nil {
		return err
	}
	if err := w.cleanTest(tested, located); err != nil {
		return err
	}
	w.all = append(append([]fit.Entry(nil), w.train...), w.test...)
	if w.whole, err = fit.Prepare(w.found.Model, w.all); err != nil {
		return err
	}
	start := *chosen
	if w.problem.Fit.Substeps == 0 {
		start.Substeps *= 2 // a search may be coarse: an error of a tenth of a defect is a bias that intervals do not know
	}
	start.Sigma = carry(w.whole, w.data, chosen.Sigma)
	start.Nodes = append([][]float64(nil), chosen.Nodes...)
	n, segment := len(w.trained.States), max(w.problem.Fit.Segment, 1)
	for _, path := range located.Path {
		start.Nodes = append(start.Nodes, everyNode(path, n, segment))
	}
	engine := &fit.Engine{Data: w.whole, Options: w.problem.Fit, Workers: w.settings.Workers, Journal: w.settings.Journal, Monitor: w.settings.Monitor}
	if w.settings.Monitor != nil {
		w.settings.Monitor.Stage("final refit", 0.85)
	}
	if w.final, err = engine.Trajectory(ctx, "final/refit", &start, fit.Schedule{To: chosen.Omega, Noise: true}); err != nil {
		return err
	}
	if w.final.Status == optim.Failed { // the formula is not defined, or runs away, along the held-out data
		w.final, w.all, w.whole, w.apart = chosen, w.train, w.data, true
	}
	return nil
}

// cleanTest takes the outliers out of the held-out entries where the training
// entries had some.
func (w *work) cleanTest(tested *fit.Data, located *fit.Located) error {
	if len(w.left) == 0 {
		return nil
	}
	cleaned, _, err := tested.WithoutOutliers(byState(located, len(w.trained.States)), nil)
	if err != nil {
		return err
	}
	for column, count := range leftOut(tested, cleaned) {
		w.left[column] += count
	}
	w.test = cleaned.Entries
	return nil
}

// cleanTrain takes the outliers out of the training entries, around the path that
// the formula gives them, where its search in excerpts has met some.
func (w *work) cleanTrain(full *fit.Data, located *fit.Located) error {
	if len(leftOut(w.sought, w.found.Data)) == 0 {
		return nil
	}
	cleaned, _, err := full.WithoutOutliers(byState(located, len(full.Model.States)), nil)
	if err != nil {
		return err
	}
	w.left = leftOut(full, cleaned)
	w.train = cleaned.Entries
	w.data, err = fit.Prepare(w.found.Model, w.train)
	return err
}

// byState is a located path by entry, state and sample.
func byState(located *fit.Located, n int) [][][]float64 {
	states := make([][][]float64, len(located.Path))
	for e, path := range located.Path {
		states[e] = make([][]float64, n)
		for k, v := range path {
			states[e][k%n] = append(states[e][k%n], v)
		}
	}
	return states
}

// everyNode picks a path's samples where segments of the given length begin,
// and the last.
func everyNode(path []float64, n, segment int) []float64 {
	var out []float64
	samples := len(path) / n
	for i := 0; i < samples-1; i += segment {
		out = append(out, path[i*n:(i+1)*n]...)
	}
	return append(out, path[(samples-1)*n:]...)
}

// carry takes values per channel from one set of data to another.
func carry(to, from *fit.Data, values []float64) []float64 {
	out := to.Sigmas()
	for i, c := range to.Channels {
		if k := from.IndexOf(c); k >= 0 {
			out[i] = values[k]
		}
	}
	return out
}

// prove assesses the formula: free runs with the one that never saw the
// held-out entries, dynamics with the final one.
func (w *work) prove(ctx context.Context) error {
	if w.settings.Monitor != nil {
		w.settings.Monitor.Stage("assess", 0.92)
	}
	n := len(w.closed.States)
	var path [][][]float64
	for e := range w.train {
		rows := make([][]float64, n)
		for k, v := range w.found.Chosen.Nodes[e] {
			rows[k%n] = append(rows[k%n], v)
		}
		path = append(path, rows)
	}
	in := assess.Input{
		Model: w.trained, Final: w.closed, Train: w.train, Test: w.test,
		Sigma: sampled(w.data, w.found.Chosen.Sigma), Scale: w.found.Chosen.Scale, Path: path,
		Workers: w.settings.Workers, Journal: w.settings.Journal,
	}
	var err error
	if w.proof, err = assess.Run(ctx, in); err != nil || len(w.found.Regimes) == 0 {
		return err
	}
	return w.proveRegimes(ctx, in)
}

// blocks is the number of parts that intervals are taken from where the model
// is not exact.
const blocks = 4

// uncertainty returns the standard deviations of the final coefficients and
// parameters: those of their covariance, or, where the evidence asked for
// defects larger than the floor, at least those between refits of parts of the
// record.
func (w *work) uncertainty(ctx context.Context) ([]float64, error) {
	f := w.final
	sd := make([]float64, len(f.Terms)+len(f.Parameters))
	for i := range sd {
		sd[i] = math.Sqrt(f.Variance(i))
	}
	if f.Omega <= 2*fit.OmegaEnd || len(sd) == 0 {
		return sd, nil
	}
	between, err := w.blockRefits(ctx)
	if err != nil {
		return nil, err
	}
	for i := range sd {
		sd[i] = math.Max(sd[i], between[i])
	}
	return sd, nil
}
