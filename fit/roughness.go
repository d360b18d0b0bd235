package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/journal"
	"govern/optim"
	"govern/record"
	"govern/series"
)

// The grid of roughness q, in half decades. It begins at the natural size, where
// an unknown changes about once in a characteristic time: from a rough unknown,
// noise that is divided by a small state (z = (28·x − y − y')/x in Lorenz's second
// equation) throws hidden states far off, to minima that no falling q leaves.
const (
	roughStart = 0.5 // log10 of the first q
	roughLow   = -6.0
	roughHigh  = 8.0
	emRounds   = 4
)

// knownWeight is the final relative weight of the known equations in a smoother:
// the defect's standard deviation is knownWeight·std·√(dt/t_c).
const knownWeight = 1e-3

// smoothComponent fills the component's part of out.
func (e *Engine) smoothComponent(ctx context.Context, c component, out *Smoothed) error {
	s, err := e.newSmoothing(c, out.Sigma)
	if err != nil {
		return err
	}
	if err := s.tightenKnown(ctx); err != nil {
		return err
	}
	// Up until the evidence has worsened twice; then down, unless the best is far
	// above the first.
	if err := s.walk(ctx, roughStart, roughHigh, 0.5); err != nil {
		return err
	}
	if s.rough < math.Pow(10, roughStart+0.75) && len(c.calls) > 0 {
		s.restore()
		// The first once more: its noise was not settled.
		if err := s.walk(ctx, roughStart, roughLow, -0.5); err != nil {
			return err
		}
	}
	s.restore()
	s.setWeights(knownWeight, s.rough)
	s.st.posteriorAt(s.p, &s.l, &s.f, false)
	e.export(s.st, c, s.p, &s.f, out, s.rough)
	return nil
}

// smoothing is a component on its way to the roughness q that the evidence prefers.
type smoothing struct {
	engine *Engine
	part   component
	scale  []float64 // of the component's states

	st *stage
	p  *optim.Point
	l  optim.Linear
	f  optim.Factor
	lm optim.LevenbergMarquardt

	tried    int
	best     snapshot
	evidence float64   // of the best
	rough    float64   // q of the best
	sizes    []float64 // scale of the best
}

// newSmoothing begins with the data and the model's parameters.
func (e *Engine) newSmoothing(c component, sigma []float64) (*smoothing, error) {
	sp, scale := e.smootherSpec(c, sigma)
	st, err := newStage(sp, e.Workers)
	if err != nil {
		return nil, err
	}
	p := st.point()
	for k, col := range sp.columns {
		p.Border[k] = e.Data.Model.Parameters[e.Data.Model.ParameterIndex(col.Name)].Value
	}
	st.initialPath(c, p)
	return &smoothing{
		engine: e, part: c, scale: scale, st: st, p: p, lm: optim.LevenbergMarquardt{Iterations: 25, Tolerance: 1e-2},
		best: st.snapshot(p), evidence: math.Inf(1), sizes: slices.Clone(scale),
	}, nil
}

// setWeights sets the defects: known·scale·√(dt/t_c) of states, and of unknowns what
// makes them change by rough times the scale of their equation's state over t_c, in t_c.
func (s *smoothing) setWeights(known, rough float64) {
	d, n := s.engine.Data, len(s.part.states)
	for i := range n {
		s.st.weight[i] = known * s.scale[i] / math.Sqrt(d.Time)
	}
	for j, k := range s.part.calls {
		target := max(slices.Index(s.part.states, d.Calls[k].State), 0)
		w := rough * s.scale[target] / (d.Time * d.Time * math.Sqrt(d.Time))
		s.st.weight[n+2*j], s.st.weight[n+2*j+1] = w, w
	}
}

// tightenKnown anneals the known equations, which begin loose.
func (s *smoothing) tightenKnown(ctx context.Context) error {
	if len(s.part.states) <= 1 && len(s.part.calls) > 0 {
		return nil // there are none
	}
	for known := 1.0; known > 1.5*knownWeight; known *= math.Sqrt(0.1) {
		s.setWeights(known, math.Pow(10, roughStart))
		s.st.substeps = s.st.chooseSubsteps(s.p, s.st.weight)
		if _, err := s.lm.Minimise(ctx, s.st, s.p, &s.l, &s.f); err != nil {
			return err
		}
	}
	return nil
}

// walk tries exponents of q in steps until the evidence has worsened twice in a row.
// Without unknown calls there is nothing to choose.
func (s *smoothing) walk(ctx context.Context, from, to, by float64) error {
	for exponent, worse := from, 0; (to-exponent)*by >= 0 && worse < 2; exponent += by {
		better, err := s.try(ctx, math.Pow(10, exponent))
		if err != nil {
			return err
		}
		if worse++; better {
			worse = 0
		}
		if len(s.part.calls) == 0 {
			break
		}
	}
	return nil
}

// try fits at a roughness, from where the last fit ended, and keeps the best.
func (s *smoothing) try(ctx context.Context, rough float64) (better bool, err error) {
	s.setWeights(knownWeight, rough)
	post, err := s.settle(ctx)
	if err != nil {
		return false, err
	}
	s.tried++
	if m := s.engine.Monitor; m != nil {
		m.Row(journal.Row{Stage: "smooth", Iteration: s.tried, Objective: post.evidence, Omega: rough, Segment: 1, Noise: s.engine.Data.RelativeNoise(s.st.sigma)})
	}
	if better = post.evidence < s.evidence; better {
		s.evidence, s.rough = post.evidence, rough
		s.st.keep(&s.best, s.p)
		copy(s.sizes, s.scale)
	}
	rescale(s.st, s.p, s.part, s.scale)
	return better, nil
}

// settle alternates between path and noise (expectation and maximisation).
func (s *smoothing) settle(ctx context.Context) (posterior, error) {
	var post posterior
	for range emRounds {
		if _, err := s.lm.Minimise(ctx, s.st, s.p, &s.l, &s.f); err != nil {
			return post, err
		}
		post = s.st.posteriorAt(s.p, &s.l, &s.f, true)
		before := slices.Clone(s.st.sigma)
		s.st.updateSigma(post)
		if settled(before, s.st.sigma) {
			break
		}
	}
	return post, nil
}

// restore goes back to the best.
func (s *smoothing) restore() {
	s.st.restore(s.p, &s.best)
	copy(s.scale, s.sizes)
}

func settled(a, b []float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > 0.01*a[i] {
			return false
		}
	}
	return true
}

// rescale moves the scale of hidden states to what their paths show.
func rescale(st *stage, p *optim.Point, c component, scale []float64) {
	width := len(st.states)
	for i := range c.states {
		var all []float64
		for _, nodes := range p.Nodes {
			for b := i; b < len(nodes); b += width {
				all = append(all, nodes[b])
			}
		}
		if v := series.Std(all); v > 0 {
			scale[i] = v
		}
	}
}

// smootherSpec builds the smoother of a component and the first guess of its
// states' scales.
func (e *Engine) smootherSpec(c component, sigma []float64) (spec, []float64) {
	d := e.Data
	right := d.withoutCalls()
	sp := spec{data: d, channels: c.channels, columns: d.smoothedColumns(), segment: 1, substeps: 1, sigma: sigma}
	for _, s := range c.states {
		sp.right = append(sp.right, right[s])
		sp.states = append(sp.states, d.Model.States[s].Name)
	}
	scale := d.scales(c)
	n := len(c.states)
	for j, k := range c.calls {
		u, v := callName(k), fmt.Sprintf("v#%d", k)
		sp.right = append(sp.right, expr.Var(v), expr.Num(0))
		sp.states = append(sp.states, u, v)
		sp.integrated = append(sp.integrated, [2]int{n + 2*j, n + 2*j + 1})
	}
	sp.priors = d.priors(sp.columns, nil)
	sp.weight = make([]float64, len(sp.states))
	for i := range sp.weight {
		sp.weight[i] = 1
	}
	return sp, scale
}

// initialPath begins with the data where a channel is a state, gaps filled, and
// with zero elsewhere.
func (s *stage) initialPath(c component, p *optim.Point) {
	width := len(s.states)
	for k := range s.chains {
		for i, state := range c.states {
			values := s.measured(k, s.data.Model.States[state].Name)
			for b := range s.chains[k].nodes {
				v := 0.0
				if values != nil {
					v = values[b]
				}
				p.Nodes[k][b*width+i] = v
			}
		}
	}
}

// measured returns the state's own channel, gaps filled linearly; nil for a
// state that no channel measures alone.
func (s *stage) measured(chain int, state string) []float64 {
	ch := &s.chains[chain]
	for k, c := range s.channels {
		o := s.data.Channels[c].Observe
		if o.Kind == expr.Name && o.Ident == state && ch.values[k] != nil {
			return fillGaps(ch.entry.Times, ch.values[k])
		}
	}
	return nil
}

// export copies the fitted component into the whole path.
func (e *Engine) export(st *stage, c component, p *optim.Point, f *optim.Factor, out *Smoothed, rough float64) {
	width := len(st.states)
	n := len(c.states)
	for k := range st.chains {
		for b := range st.chains[k].nodes {
			for i, s := range c.states {
				out.States[k][s][b] = p.Nodes[k][b*width+i]
			}
			for j, call := range c.calls {
				out.Calls[k][call][b] = p.Nodes[k][b*width+n+2*j]
			}
		}
	}
	f.NodeCovariances(func(k, b int, cov []float64) {
		for j, call := range c.calls {
			i := n + 2*j
			out.Spread[k][call][b] = math.Sqrt(math.Max(cov[i*width+i], 0))
		}
	})
	for _, ch := range c.channels {
		out.Sigma[ch] = st.sigma[ch]
	}
	for i, col := range fittedColumns(e.Data.Model) {
		for k, have := range st.columns {
			if have.Name == col.Name {
				out.Parameters[i] = p.Border[k]
			}
		}
	}
	for _, call := range c.calls {
		out.Rough[call] = rough
	}
	for _, s := range c.states {
		var all []float64
		for k := range st.chains {
			all = append(all, out.States[k][s]...)
		}
		out.Scale[s] = series.Std(all)
		if around := out.deviationFromLine(e.Data.Entries, s); around < secularShare*out.Scale[s] {
			out.Scale[s] = around
		}
	}
}

// secularShare is the share of a state's deviation that is left around a straight line
// below which the state is said to run away, as the angle of a rotor does: then its
// scale is what is left, since its deviation is only a matter of the record's length.
const secularShare = 0.3

// deviationFromLine is the deviation of a smoothed state around a straight line of the time in every entry.
func (s *Smoothed) deviationFromLine(entries []record.Entry, state int) float64 {
	sum, count := 0.0, 0.0
	for e, entry := range entries {
		t, x := entry.Times, s.States[e][state]
		mt, mx := series.Mean(t), series.Mean(x)
		xx, xt, tt := 0.0, 0.0, 0.0
		for i := range t {
			xx += (x[i] - mx) * (x[i] - mx)
			xt += (x[i] - mx) * (t[i] - mt)
			tt += (t[i] - mt) * (t[i] - mt)
		}
		sum += math.Max(xx-xt*xt/tt, 0)
		count += float64(len(t))
	}
	return math.Sqrt(sum / count)
}
