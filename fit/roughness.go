package fit

import (
	"context"
	"fmt"
	"math"

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
	d := e.Data
	sp, scale := e.smootherSpec(c, out.Sigma)
	st, err := newStage(sp, e.Workers)
	if err != nil {
		return err
	}
	p := st.point()
	for k, col := range sp.columns {
		p.Border[k] = d.Model.Parameters[d.Model.ParameterIndex(col.Name)].Value
	}
	st.startPath(c, p)
	var l optim.Linear
	var f optim.Factor
	lm := optim.LevenbergMarquardt{Iterations: 25, Tolerance: 1e-2}
	n := len(c.states)
	weights := func(known, rough float64) {
		for i := range n {
			st.weight[i] = known * scale[i] / math.Sqrt(d.Time)
		}
		for j, k := range c.calls {
			target := 0
			for i, s := range c.states {
				if s == d.Calls[k].State {
					target = i
				}
			}
			w := rough * scale[target] / (d.Time * d.Time * math.Sqrt(d.Time))
			st.weight[n+2*j], st.weight[n+2*j+1] = w, w
		}
	}
	run := func() (posterior, error) {
		var post posterior
		for range emRounds {
			if _, err := lm.Minimise(ctx, st, p, &l, &f); err != nil {
				return post, err
			}
			post = st.posteriorAt(p, &l, &f, true)
			before := append([]float64(nil), st.sigma...)
			st.updateSigma(post)
			if settled(before, st.sigma) {
				break
			}
		}
		return post, nil
	}
	// The known equations begin loose and tighten.
	if n > 1 || len(c.calls) == 0 {
		for known := 1.0; known > 1.5*knownWeight; known *= math.Sqrt(0.1) {
			weights(known, math.Pow(10, roughStart))
			st.substeps = st.chooseSubsteps(p, st.weight)
			if _, err := lm.Minimise(ctx, st, p, &l, &f); err != nil {
				return err
			}
		}
	}
	best := math.Inf(1)
	keep := p.Clone()
	keepSigma := append([]float64(nil), st.sigma...)
	keepScale := append([]float64(nil), scale...)
	keepRough := 0.0
	back := func() {
		p.Copy(keep)
		copy(st.sigma, keepSigma)
		copy(scale, keepScale)
	}
	// Up until the evidence has worsened twice; then down, unless the best is far
	// above the first.
	iteration := 0
	try := func(exponent float64) (better bool, err error) {
		rough := math.Pow(10, exponent)
		weights(knownWeight, rough)
		post, err := run()
		if err != nil {
			return false, err
		}
		iteration++
		if e.Monitor != nil {
			e.Monitor.Row(journal.Row{Stage: "smooth", Iteration: iteration, Objective: post.evidence, Omega: rough, Segment: 1, Noise: d.RelativeNoise(st.sigma)})
		}
		if better = post.evidence < best; better {
			best, keepRough = post.evidence, rough
			keep.Copy(p)
			copy(keepSigma, st.sigma)
			copy(keepScale, scale)
		}
		rescale(st, p, c, d, scale)
		return better, nil
	}
	walk := func(from, to, by float64) error {
		for exponent, worse := from, 0; (to-exponent)*by >= 0 && worse < 2; exponent += by {
			better, err := try(exponent)
			if err != nil {
				return err
			}
			if worse++; better {
				worse = 0
			}
			if len(c.calls) == 0 {
				break
			}
		}
		return nil
	}
	if err := walk(roughStart, roughHigh, 0.5); err != nil {
		return err
	}
	if keepRough < math.Pow(10, roughStart+0.75) && len(c.calls) > 0 {
		back()
		// The first once more: its noise was not settled.
		if err := walk(roughStart, roughLow, -0.5); err != nil {
			return err
		}
	}
	back()
	weights(knownWeight, keepRough)
	st.posteriorAt(p, &l, &f, false)
	e.export(st, c, p, &f, out, keepRough)
	return nil
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
func rescale(st *stage, p *optim.Point, c component, d *Data, scale []float64) {
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
	sp := spec{data: d, channels: c.channels, columns: d.smoothed(), segment: 1, substeps: 1, sigma: sigma}
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
	sp.given, sp.drawn = d.beliefs(sp.columns)
	sp.spreads = d.startSpreads()
	sp.weight = make([]float64, len(sp.states))
	for i := range sp.weight {
		sp.weight[i] = 1
	}
	return sp, scale
}

// startPath begins with the data where a channel is a state, gaps filled, and
// with zero elsewhere.
func (s *stage) startPath(c component, p *optim.Point) {
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
			return fill(ch.entry.Times, ch.values[k])
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
	for i, col := range fitted(e.Data.Model) {
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
		if around := out.around(e.Data.Entries, s); around < secular*out.Scale[s] {
			out.Scale[s] = around
		}
	}
}

// secular is the share of a state's deviation that is left around a straight line
// below which the state is said to run away, as the angle of a rotor does: then its
// scale is what is left, since its deviation is only a matter of the record's length.
const secular = 0.3

// around is the deviation of a smoothed state around a straight line of the time in every entry.
func (s *Smoothed) around(entries []record.Entry, state int) float64 {
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
