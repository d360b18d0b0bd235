package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/fit/divergence"
	"govern/fit/neural"
	"govern/optim"
)

// Bounds of growing segments.
const (
	// rounding is the share of the noise that a rounding error at a segment's start
	// may have become at its end.
	rounding = 0.01
	// basin is how far, in scales, a segment's end may move when the defect before it
	// is closed: within it flows are close to linear, and Gauss–Newton steps converge.
	basin = 0.1
	// tightening is the factor on the defect weight that brings the defects down where
	// they lead out of the basin.
	tightening = 0.1
	// tightest is the least defect weight on single samples: what defects remain goes
	// with its square, and is rounding there.
	tightest = 1e-8
	// worse is how much larger the objective and the residuals of any channel may become
	// when segments are joined; equations that are right leave them as they are.
	worse = 1.1
	// roundings are the rounding errors, as they are at a segment's end, that a defect is
	// at least allowed.
	roundings = 10
	// growSteps are the steps of every fit; one or two do where flows are linear.
	growSteps = 8
)

// Grown is a fit on longer segments than it began with.
type Grown struct {
	Fit     *Fitted // its nodes are the path, one a sample
	Segment int     // samples a segment; the longest entry's less one: single shooting
	Rate    float64 // of divergence along the data, per unit of time
	Growth  float64 // of a perturbation, over the segment where it grows most
	Short   *ShortError
}

// Cause says why segments did not grow further.
type Cause string

const (
	Diverges Cause = "diverges" // neighbouring trajectories part too far
	Misfits  Cause = "misfits"  // the residuals rise: equations hold that long only with defects
	Noisy    Cause = "noisy"    // the defects are process noise, part of the model
)

// ShortError says why segments are shorter than asked for.
type ShortError struct {
	Asked, Reached int     // samples
	Time           float64 // of a segment of Reached samples
	Rate           float64 // of divergence, per unit of time
	Growth, Bound  float64 // of a perturbation over the segments refused, and what is borne
	Cause          Cause
}

func (e *ShortError) Error() string {
	text := fmt.Sprintf("segments of %d samples were asked for, those of the fit have %d", e.Asked, e.Reached)
	if e.Rate*e.Time >= 0.1 {
		text += fmt.Sprintf(" (%.2g Lyapunov times)", e.Rate*e.Time)
	}
	switch e.Cause {
	case Diverges:
		return text + fmt.Sprintf(": over longer ones neighbouring trajectories part by a factor of %.1g, and at this noise float64 bears %.1g", e.Growth, e.Bound)
	case Noisy:
		return text + ": the motion is driven by noise, which defects between samples stand for"
	}
	return text + ": over longer ones the equations leave the data, so they hold that long only with defects"
}

// Grow makes the segments of a fit longer, up to asked samples (from the longest
// entry on: single shooting), by doubling: each length starts at the path and the
// columns of the one before, where its defects are small, instead of somewhere, where
// long segments have many minima. A length is not tried where the divergence measured
// over it is more than rounding and noise allow; where closing the defects would
// lead out of the basin, they are first brought down by the defect weight; where the
// residuals rise, the length before is kept. The nodes of start are one a sample.
// Cost: a few steps of a fit for every doubling.
func (e *Engine) Grow(ctx context.Context, name string, start *Fitted, asked int) (*Grown, error) {
	first := *start
	out := &Grown{Fit: &first, Segment: 1}
	if start.Driven {
		out.Short = &ShortError{Asked: asked, Reached: 1, Cause: Noisy}
		return out, nil
	}
	g := &growing{engine: e, name: name, asked: asked, most: e.Data.Longest() - 1, out: out}
	target := min(asked, g.most)
	if err := g.measure(ctx); err != nil {
		return nil, err
	}
	if err := g.refineSteps(ctx, target); err != nil {
		return nil, err
	}
	if err := g.tighten(ctx, target); err != nil {
		return nil, err
	}
	for g.out.Segment < target {
		next := min(2*g.out.Segment, target)
		growth := g.growth(min(2*g.out.Segment, g.most))
		if g.growth(next) > g.bound() {
			if next = g.longestBearable(); next <= g.out.Segment*11/10 {
				return g.finish(Diverges, growth), nil
			}
		}
		cause, err := g.step(ctx, next)
		if err != nil {
			return nil, err
		}
		if cause != "" {
			return g.finish(cause, growth), nil
		}
	}
	return g.finish("", 0), nil
}

// growing is a fit on its way to longer segments.
type growing struct {
	engine      *Engine
	name        string
	asked, most int
	out         *Grown
	transitions *divergence.Transitions // of out
}

// growth is that of a perturbation over segments of a length up to that of two, its
// logarithm linear between those measured.
func (g *growing) growth(length int) float64 {
	one, two := g.transitions.Growth(1), g.transitions.Growth(2)
	return one * math.Pow(two/one, g.share(length))
}

// share is the part that a segment of the given length takes of the second of two.
func (g *growing) share(length int) float64 {
	second := min(2*g.out.Segment, g.most) - g.out.Segment
	return float64(length-g.out.Segment) / float64(second)
}

// longestBearable is the length at which the growth reaches its bound.
func (g *growing) longestBearable() int {
	one, two := g.transitions.Growth(1), g.transitions.Growth(2)
	if one >= g.bound() {
		return g.out.Segment
	}
	second := min(2*g.out.Segment, g.most) - g.out.Segment
	return g.out.Segment + int(float64(second)*math.Log(g.bound()/one)/math.Log(two/one))
}

// bound is the growth of a perturbation over a segment that is borne: rounding
// errors of states stay a small share of the noise, and below what defects are
// allowed.
func (g *growing) bound() float64 {
	return math.Min(rounding*g.noise(), OmegaEnd/roundings) / epsilon
}

// noise is that of the cleanest channel, in its standard deviations.
func (g *growing) noise() float64 {
	least := math.Inf(1)
	for c, info := range g.engine.Data.Channels {
		least = math.Min(least, g.out.Fit.Sigma[c]/info.Std)
	}
	return least
}

const epsilon = 0x1p-52

// tighten brings the defects down, where segments are short and fits quick, until
// over the target they would lead nowhere or the equations do not bear it.
func (g *growing) tighten(ctx context.Context, target int) error {
	for g.transitions.Reach(target) > basin && g.out.Fit.Omega*tightening > tightest && g.engine.Options.Omega == 0 {
		cause, err := g.refit(ctx, g.out.Segment, g.out.Fit.Omega*tightening)
		if cause != "" || err != nil {
			return err
		}
	}
	return nil
}

// step brings the fit to segments of the given length, or says why not.
func (g *growing) step(ctx context.Context, length int) (Cause, error) {
	for g.transitions.Jump(g.share(length)) > basin {
		omega := g.out.Fit.Omega * tightening
		switch {
		case g.engine.Options.Omega > 0: // it is given
			return Misfits, nil
		case omega < roundings*epsilon*g.transitions.Growth(1):
			return Diverges, nil
		}
		if cause, err := g.refit(ctx, g.out.Segment, omega); cause != "" || err != nil {
			return cause, err
		}
	}
	// Defects below the rounding errors at a segment's end could not be closed.
	return g.refit(ctx, length, math.Max(g.out.Fit.Omega, roundings*epsilon*g.growth(length)))
}

// refit fits on segments of the given length, from the path so far.
func (g *growing) refit(ctx context.Context, length int, omega float64) (Cause, error) {
	one, start := *g.engine, *g.out.Fit
	one.Options.Segment = length
	start.Nodes = one.thin(start.Nodes)
	f, err := one.Trajectory(ctx, fmt.Sprintf("%s/segment-%d-%.0e", g.name, length, omega), &start, Schedule{To: omega, Iterations: growSteps, Trials: 2 * growSteps, Longer: true})
	if err != nil {
		return "", err
	}
	if !(f.Objective <= worse*math.Max(g.out.Fit.Objective, float64(g.engine.Data.Observations()))) {
		return Misfits, nil
	}
	for c, r := range f.Residual {
		if !(r <= worse*math.Max(g.out.Fit.Residual[c], g.out.Fit.Sigma[c])) {
			return Misfits, nil
		}
	}
	g.out.Fit, g.out.Segment = f, length
	return "", g.measure(ctx)
}

// measure looks along the fit, whose nodes begin segments: how trajectories part,
// and the path in place of the nodes.
func (g *growing) measure(ctx context.Context) error {
	f := g.out.Fit
	windows := g.windows()
	parts, paths := make([]*divergence.Transitions, len(windows)), make([][][]float64, len(windows))
	scratch := make([]optim.Linear, len(windows))
	err := eachWindow(ctx, g.engine.Workers, len(windows), func(worker, i int) error {
		st, p, err := g.stage(windows[i])
		if err != nil {
			return err
		}
		l := &scratch[worker]
		st.Linearise(p, l)
		parts[i], paths[i] = st.transitions(l, f.Scale), st.path(p)
		return nil
	})
	if err != nil {
		return err
	}
	g.transitions = &divergence.Transitions{States: len(f.Scale)}
	f.Nodes = make([][]float64, len(g.engine.Data.Entries))
	for i, w := range windows {
		g.transitions.Chains = append(g.transitions.Chains, parts[i].Chains...)
		f.Nodes[w.entry] = append(f.Nodes[w.entry], paths[i][0]...)
	}
	return nil
}

// refineSteps chooses the steps of the integration for the target: its errors add up over a
// Lyapunov time, and like a random walk from one to the next, to no more than a tenth
// of the noise of a mean of all samples.
func (g *growing) refineSteps(ctx context.Context, target int) error {
	d := g.engine.Data
	if g.engine.Options.Substeps > 0 {
		return nil
	}
	step := g.transitions.Longest() / float64(g.out.Segment)
	coherent := math.Min(1/math.Max(g.transitions.Rate()*step, 1e-300), float64(target))
	adding := math.Sqrt(coherent * float64(target))
	omega := g.noise() / (math.Sqrt(float64(d.Observations())) * adding) * math.Sqrt(d.Time/step)
	f, windows := *g.out.Fit, g.windows()
	least := make([]int, len(windows))
	err := eachWindow(ctx, g.engine.Workers, len(windows), func(_, i int) error {
		st, p, err := g.stage(windows[i])
		if err == nil {
			st.setWeights(f.Scale, omega)
			least[i] = st.chooseSubsteps(p, st.weight)
		}
		return err
	})
	f.Substeps = max(f.Substeps, slices.Max(least))
	g.out.Fit = &f
	return err
}

// windows are entries, or the windows of a stream.
func (g *growing) windows() []stretch {
	length := streamWindow
	if g.engine.Data.Samples() <= streamSamples {
		length = g.engine.Data.Longest()
	}
	return g.engine.Data.cutWindows(length, g.out.Segment)
}

// stage is that of one window, by one worker, columns held, at the nodes of the fit.
func (g *growing) stage(w stretch) (*stage, *optim.Point, error) {
	e, f := *g.engine, g.out.Fit
	e.Options.Segment, e.Workers = g.out.Segment, 1
	e.Data = g.engine.Data.window(w)
	sp, err := e.librarySpec(f.Terms, f, nil)
	if err != nil {
		return nil, nil, err
	}
	sp.nodes, sp.open = true, g.engine.Data.continues(w)
	st, err := e.stageOf(sp, f)
	if err != nil {
		return nil, nil, err
	}
	st.held = slices.Concat(f.Coefficients, f.Parameters, neural.Weights(f.Forms))
	nodes := g.engine.Data.nodesIn(w, f.Nodes, len(f.Scale), g.out.Segment)
	return st, &optim.Point{Nodes: [][]float64{nodes}}, nil
}

// path is the state at every sample of every chain: the flow along its segments.
func (s *stage) path(p *optim.Point) [][]float64 {
	n := len(s.states)
	out := make([][]float64, len(s.chains))
	for c := range out {
		out[c] = make([]float64, len(s.chains[c].entry.Times)*n)
	}
	s.sumBlocks(p, func(w *worker, b block) float64 {
		samples, _ := s.loadLanes(w, b, p)
		for k := range samples {
			for lane, iv := range b.lanes {
				from, to := s.chains[iv.chain].samples(iv.node)
				for i := 0; from+k < to && i < n; i++ {
					out[iv.chain][(from+k)*n+i] = w.stepper.State[i][lane]
				}
			}
			w.stepper.Advance(s.setStep(&w.stepper.Batch, b, k))
		}
		return 0
	})
	return out
}

// transitions reads the rows of the defects at p, which Linearise wrote to l: a row
// holds what the segment's end gains by its start, divided by the defect's standard
// deviation. scale are the states' sizes.
func (s *stage) transitions(l *optim.Linear, scale []float64) *divergence.Transitions {
	n := len(s.states)
	wide := 2*n + s.freeColumns() + 1
	out := &divergence.Transitions{States: n}
	for c := range s.chains {
		ch := &s.chains[c]
		var t divergence.Chain
		for b := range len(ch.nodes) - 1 {
			dt := ch.entry.Times[ch.nodes[b+1]] - ch.entry.Times[ch.nodes[b]]
			t.Span = append(t.Span, dt)
			for i := range n {
				row := l.Chains[c].Defect[(b*n+i)*wide : (b*n+i+1)*wide]
				unit := 1 / (s.precision(i, dt, math.Sqrt(dt)) * scale[i])
				for j := range n {
					t.Matrix = append(t.Matrix, -row[j]*unit*scale[j])
				}
				t.Defect = append(t.Defect, row[wide-1]*unit)
			}
		}
		out.Chains = append(out.Chains, t)
	}
	return out
}

// finish packs what was reached; growth is that over the segments that were refused.
func (g *growing) finish(cause Cause, growth float64) *Grown {
	g.out.Rate, g.out.Growth = g.transitions.Rate(), g.transitions.Growth(1)
	if cause != "" {
		g.out.Short = &ShortError{Asked: g.asked, Reached: g.out.Segment, Time: g.transitions.Longest(), Rate: g.out.Rate, Growth: growth, Bound: g.bound(), Cause: cause}
	}
	return g.out
}

// thin keeps of nodes, one a sample, those that begin segments, and the last.
func (e *Engine) thin(path [][]float64) [][]float64 {
	n := len(e.Data.Model.States)
	out := make([][]float64, len(path))
	for k := range out {
		for _, i := range e.Data.chain(k, nil, e.segment()).nodes {
			out[k] = append(out[k], path[k][i*n:(i+1)*n]...)
		}
	}
	return out
}
