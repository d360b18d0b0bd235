package fit

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"

	"govern/expr"
	"govern/fit/prior"
	"govern/journal"
	"govern/optim"
	"govern/record"
)

// Records longer than streamSamples are refitted in windows of streamWindow
// samples, or of a segment that is longer, one after another: the rows and the factor of a window are a few
// megabytes, those of a record of a million samples gigabytes.
const (
	streamSamples = 50_000
	streamWindow  = 10_000
)

// streams says that a fit is one refit of a long record that windows can do.
func (e *Engine) streams(start *Fitted, schedule Schedule) bool {
	return (e.segment() == 1 || schedule.Longer) && len(start.Forms) == 0 && schedule.Gain == nil && schedule.From <= schedule.To*1.01 && e.Data.Samples() > streamSamples
}

// stretch is a part of an entry: samples from … to−1.
type stretch struct{ entry, from, to int }

// cutWindows cuts all entries into parts of about length samples, whole segments all
// but the last.
func (d *Data) cutWindows(length, segment int) []stretch {
	var out []stretch
	for e := range d.Entries {
		n := len(d.Entries[e].Times)
		parts := max(min((n+length/2)/length, n/segment), 1)
		for k := range parts {
			to := (k + 1) * n / parts / segment * segment
			if k == parts-1 {
				to = n
			}
			out = append(out, stretch{e, k * n / parts / segment * segment, to})
		}
	}
	return out
}

// continues says that more of the entry follows the window.
func (d *Data) continues(w stretch) bool { return w.to < len(d.Entries[w.entry].Times) }

// nodesIn are those of a window among the nodes of all entries, n numbers each.
func (d *Data) nodesIn(w stretch, nodes [][]float64, n, segment int) []float64 {
	all := nodes[w.entry]
	if d.continues(w) {
		all = all[:w.to/segment*n]
	}
	return all[w.from/segment*n:]
}

// window is the data of a window, with the channels, noise and scales of all.
func (d *Data) window(w stretch) *Data {
	p := *d
	p.Table = d.Table.Window(w.entry, w.from, w.to)
	return &p
}

// streamed is what the windows add up to at one θ, their nodes being at their
// best.
type streamed struct {
	posterior
	rows           []float64 // reduced rows on θ of all windows, each P+1 long
	motion, defect []float64 // Σ, see supplied
	duration       float64
	failed         bool
}

// stream refits a formula on a long record, window after window. Nodes are a
// function of θ (variable projection: Golub and Pereyra 1973): at a given θ every
// window brings its own to their best and leaves the triangle of what it says about
// θ; the triangles of all windows together give the next Gauss–Newton step. What is
// given up is one defect a window, that between its last node and the next
// window's first. Cost: about three factorisations a window and step; memory: the
// nodes, and one window a worker.
func (e *Engine) stream(ctx context.Context, name string, start *Fitted, schedule Schedule) (*Fitted, error) {
	s, err := e.newStreaming(name, start, schedule)
	if err != nil {
		return nil, err
	}
	sum, err := s.visitAll(ctx)
	if err != nil {
		return nil, err
	}
	status := optim.Failed
	for range noiseRounds {
		if sum.failed {
			break
		}
		if sum, status, err = s.minimise(ctx, sum); err != nil {
			return nil, err
		}
		if !schedule.Noise || !s.updateNoise(sum) {
			break
		}
		if sum, err = s.visitAll(ctx); err != nil {
			return nil, err
		}
	}
	return s.result(sum, status), nil
}

// streamTolerance is the decrease of −2 log posterior below which a streamed fit
// has converged; windows are brought to rest a thousand times closer.
const streamTolerance = 1e-2

// streaming is a refit of a long record on its way.
type streaming struct {
	engine       *Engine
	name         string
	schedule     Schedule
	at           *Fitted   // its nodes follow θ
	theta        []float64 // coefficients, then parameters
	lower, upper []float64
	windows      []stretch
	priors       prior.Set // its spreads are those of at
	factor       optim.Factor
	iterations   int
}

// newStreaming begins with a fit's nodes and numbers.
func (e *Engine) newStreaming(name string, start *Fitted, schedule Schedule) (*streaming, error) {
	at := *start
	at.Omega = schedule.To
	at.Sigma = slices.Clone(start.Sigma)
	at.Nodes = (&optim.Point{Nodes: start.Nodes}).Clone().Nodes
	s := &streaming{
		engine: e, name: name, schedule: schedule, at: &at, theta: slices.Concat(start.Coefficients, start.Parameters),
		windows: e.Data.cutWindows(streamWindow, e.segment()),
	}
	s.lower, s.upper = s.bounds()
	s.priors = e.Data.priors(append(make([]Column, len(at.Terms)), fittedColumns(e.Data.Model)...), start.Spreads)
	s.priors.Named, at.Spreads = len(s.theta), s.priors.Spreads
	if at.Substeps == 0 {
		return s, s.chooseSubsteps()
	}
	return s, nil
}

// minimise takes Gauss–Newton steps from what the windows say.
func (s *streaming) minimise(ctx context.Context, sum *streamed) (*streamed, optim.Status, error) {
	for range s.schedule.limit(s.engine.Options) {
		delta := make([]float64, len(s.theta))
		s.factorise(sum)
		promised := sum.objective - s.factor.BoundedStep(s.theta, s.lower, s.upper, delta)
		if promised <= streamTolerance {
			return sum, optim.Converged, nil
		}
		next, err := s.descend(ctx, delta, sum.objective)
		if err != nil {
			return nil, 0, err
		}
		if next == nil {
			return sum, optim.Stalled, nil
		}
		gained := sum.objective - next.objective
		sum = next
		s.report(sum)
		if gained <= streamTolerance {
			return sum, optim.Converged, nil
		}
	}
	return sum, optim.IterationLimit, nil
}

func (s *streaming) report(sum *streamed) {
	s.iterations++
	if e := s.engine; e.Monitor != nil {
		e.Monitor.Row(journal.Row{Stage: s.name, Iteration: s.iterations, Objective: sum.objective, Omega: s.at.Omega, Terms: len(s.at.Terms),
			Observations: e.Data.Observations(), Segment: e.segment(), Noise: e.Data.RelativeNoise(s.at.Sigma)})
	}
}

// updateNoise re-estimates noise and spreads, and says whether they moved. Noise that
// rests stays as it was.
func (s *streaming) updateNoise(sum *streamed) (moved bool) {
	before := slices.Clone(s.at.Sigma)
	s.engine.Data.updateSigma(s.at.Sigma, sum.posterior)
	still := settled(before, s.at.Sigma)
	if len(s.priors.Drawn) > 0 {
		was := s.at.Spreads[0].Value
		s.factorise(sum)
		s.priors.UpdateSpreads(&s.factor, s.theta)
		still = still && settled([]float64{was}, []float64{s.at.Spreads[0].Value})
	}
	if still {
		s.at.Sigma = before
	}
	return !still
}

// result packs what the windows say at the end.
func (s *streaming) result(sum *streamed, status optim.Status) *Fitted {
	at, k := s.at, len(s.at.Terms)
	at.Coefficients, at.Parameters = s.theta[:k:k], s.theta[k:]
	at.Status, at.Iterations, at.Tried = status, s.iterations, s.iterations
	if sum.failed {
		at.Status, at.Objective, at.Evidence = optim.Failed, math.Inf(1), math.Inf(1)
		return at
	}
	s.factorise(sum)
	_, at.LogBorder = s.factor.LogDet()
	at.Objective, at.Evidence, at.Covariance = sum.objective, sum.evidence, s.factor.BorderCovariance()
	s.priors.Widen(at.Covariance, &s.factor, s.theta)
	at.Residual, at.Motion, at.Defect = nil, sum.motion, sum.defect
	for c, n := range sum.count {
		at.Residual = append(at.Residual, math.Sqrt(sum.residual[c]/math.Max(float64(n), 1)))
	}
	for i := range at.Motion {
		at.Motion[i], at.Defect[i] = math.Sqrt(at.Motion[i]/sum.duration), math.Sqrt(at.Defect[i]/sum.duration)
	}
	return at
}

// factorise puts together what all windows and the priors say about θ.
func (s *streaming) factorise(sum *streamed) {
	s.factor.Eliminate(&optim.Linear{
		N: 1, P: len(s.theta), Prior: s.priors.AppendRows(slices.Clone(sum.rows), s.theta), Late: s.priors.AppendDrawnRows(nil, s.theta),
	}, optim.Damping{})
}

// bounds of θ: coefficients have none.
func (s *streaming) bounds() (lower, upper []float64) {
	for range s.at.Terms {
		lower, upper = append(lower, math.Inf(-1)), append(upper, math.Inf(1))
	}
	for _, c := range s.engine.Data.fittedColumns() {
		lower, upper = append(lower, c.Lower), append(upper, c.Upper)
	}
	return lower, upper
}

// descend moves θ along delta, halving it until the objective falls; nil where it
// never does.
func (s *streaming) descend(ctx context.Context, delta []float64, objective float64) (*streamed, error) {
	const halvings = 8
	from := slices.Clone(s.theta)
	for share := 1.0; share > math.Pow(2, -halvings); share /= 2 {
		for j := range s.theta {
			s.theta[j] = from[j] + share*delta[j]
		}
		next, err := s.visitAll(ctx)
		if err != nil || !next.failed && next.objective < objective {
			return next, err
		}
	}
	copy(s.theta, from)
	return nil, nil
}

// chooseSubsteps takes the largest number that any of a few windows needs.
func (s *streaming) chooseSubsteps() error {
	const probes = 8
	s.at.Substeps = 1
	most := 1
	for k := range min(probes, len(s.windows)) {
		w := s.windows[k*len(s.windows)/min(probes, len(s.windows))]
		st, err := s.stage(w, s.at.Terms)
		if err != nil {
			return err
		}
		p := st.point()
		copy(p.Nodes[0], s.nodes(w))
		copy(p.Border, s.at.Coefficients)
		copy(p.Border[len(s.at.Terms):], s.at.Parameters)
		st.setWeights(s.at.Scale, OmegaEnd)
		most = max(most, st.chooseSubsteps(p, st.weight))
	}
	s.at.Substeps = most
	return nil
}

func (s *streaming) nodes(w stretch) []float64 {
	d := s.engine.Data
	return d.nodesIn(w, s.at.Nodes, len(d.Model.States), s.engine.segment())
}

// stage of one window, by one worker.
func (s *streaming) stage(w stretch, terms []Term) (*stage, error) {
	e := *s.engine
	e.Data, e.Workers = s.engine.Data.window(w), 1
	sp, err := e.librarySpec(terms, s.at, nil)
	if err != nil {
		return nil, err
	}
	sp.open = s.engine.Data.continues(w)
	sp.priors = prior.Set{} // they count once, not in every window
	return e.stageOf(sp, s.at)
}

// visitAll brings the nodes of every window to their best at θ and adds up what the
// windows say, in their order.
func (s *streaming) visitAll(ctx context.Context) (*streamed, error) {
	parts := make([]*streamed, len(s.windows))
	scratch := make([]streamScratch, len(s.windows))
	err := eachWindow(ctx, s.engine.Workers, len(s.windows), func(worker, i int) (err error) {
		parts[i], err = s.visit(ctx, s.windows[i], &scratch[worker])
		return err
	})
	if err != nil {
		return nil, err
	}
	n, channels := len(s.engine.Data.Model.States), len(s.engine.Data.Channels)
	sum := &streamed{motion: make([]float64, n), defect: make([]float64, n)}
	sum.moment, sum.residual, sum.count = make([]float64, channels), make([]float64, channels), make([]int, channels)
	for _, part := range parts {
		if part.failed {
			return part, nil
		}
		sum.add(part)
	}
	own := s.priors.Objective(s.theta)
	sum.objective += own
	sum.evidence += own
	return sum, nil
}

// eachWindow runs work for windows 0 … count−1 on the workers, 0 for all cores,
// and returns the first error.
func eachWindow(ctx context.Context, workers, count int, work func(worker, window int) error) error {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	errs := make([]error, count)
	var wg sync.WaitGroup
	for k := range min(workers, count) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := k; i < count && ctx.Err() == nil; i += workers {
				errs[i] = work(k, i)
			}
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *streamed) add(o *streamed) {
	s.objective += o.objective
	s.logNodes += o.logNodes
	s.evidence += o.evidence
	s.rows = append(s.rows, o.rows...)
	s.duration += o.duration
	for c := range o.count {
		s.moment[c] += o.moment[c]
		s.residual[c] += o.residual[c]
		s.count[c] += o.count[c]
	}
	for i := range o.motion {
		s.motion[i] += o.motion[i]
		s.defect[i] += o.defect[i]
	}
}

// streamScratch is a worker's memory, reused from window to window.
type streamScratch struct {
	linear, wide optim.Linear
	factor, full optim.Factor
}

// visit is the part of one window in a pass.
func (s *streaming) visit(ctx context.Context, w stretch, scratch *streamScratch) (*streamed, error) {
	held, err := s.heldStage(w)
	if err != nil {
		return nil, err
	}
	p := held.point()
	nodes := s.nodes(w)
	copy(p.Nodes[0], nodes)
	outcome, err := optim.LevenbergMarquardt{Tolerance: streamTolerance / 1000}.Minimise(ctx, held, p, &scratch.linear, &scratch.factor)
	if err != nil {
		return nil, err
	}
	if outcome.Status == optim.Failed {
		return &streamed{failed: true}, nil
	}
	copy(nodes, p.Nodes[0])
	st, err := s.stage(w, s.at.Terms)
	if err != nil {
		return nil, err
	}
	p.Border = s.theta
	out := &streamed{posterior: st.posteriorAt(p, &scratch.wide, &scratch.full, true)}
	r, z := scratch.full.Information()
	columns := len(s.theta)
	for i := range columns {
		out.rows = append(append(out.rows, r[i*columns:(i+1)*columns]...), z[i])
	}
	out.rows = append(append(out.rows, make([]float64, columns)...), math.Sqrt(scratch.full.Residual()))
	out.motion, out.defect, out.duration = st.suppliedSums(p, &scratch.wide)
	return out, nil
}

// heldStage is the stage of a window whose θ is held: nodes are all that moves.
func (s *streaming) heldStage(w stretch) (*stage, error) {
	d := s.engine.Data.window(w)
	values := map[string]*expr.Expr{}
	for i := range s.at.Terms {
		values[coefficientName(i)] = expr.Num(s.theta[i])
	}
	for i, c := range fittedColumns(d.Model) {
		values[c.Name] = expr.Num(s.theta[len(s.at.Terms)+i])
	}
	for _, l := range d.locals {
		values[l.name] = expr.Num(d.ValueIn(l.name, &d.Entries[0], s.theta[len(s.at.Terms):]))
	}
	right := d.withTerms(s.at.Terms, nil)
	for i := range right {
		right[i] = expr.Substitute(right[i], values)
	}
	if len(fittedColumns(d.Model)) > 0 {
		d.Channels = append([]record.ChannelInfo(nil), d.Channels...)
		for c := range d.Channels {
			d.Channels[c].Observe = expr.Substitute(d.Channels[c].Observe, values)
		}
	}
	sp := spec{data: d, right: right, segment: s.engine.segment(), open: s.engine.Data.continues(w), substeps: s.at.Substeps, sigma: s.at.Sigma, processNoise: processNoise{weight: make([]float64, len(d.Model.States))}}
	for _, state := range d.Model.States {
		sp.states = append(sp.states, state.Name)
	}
	for c := range d.Channels {
		sp.channels = append(sp.channels, c)
	}
	st, err := newStage(sp, 1)
	if err == nil {
		st.setWeights(s.at.Scale, s.at.Omega)
	}
	return st, err
}
