package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/optim"
	"govern/series"
)

// Located is what a closed model says about short records: the state at the end
// of each, and how well the model explains it.
type Located struct {
	Last [][]float64 // entry, state
	Path [][]float64 // entry; nodes × states, a node a sample
	Loss []float64   // residual and defect sum of squares a sample, per entry
}

// Locate estimates the states of a closed model along every entry of the
// engine's data, with the given noise (per channel) and scale (per state): a
// smoother whose equations are all known, its defect weight annealed to the
// floor, or to Options.Omega. Entries do not influence each other. Options.Substeps
// are used where they are set.
func (e *Engine) Locate(ctx context.Context, name string, sigma, scale []float64) (*Located, error) {
	out := &Located{}
	err := e.do(name, out, func() error { return e.locate(ctx, sigma, scale, out) })
	return out, err
}

func (e *Engine) locate(ctx context.Context, sigma, scale []float64, out *Located) error {
	d := e.Data
	if len(d.Calls) > 0 {
		return fmt.Errorf("fit: states can be located only in a closed model; %s is unknown", d.Calls[0].Call)
	}
	if d.Samples() > streamSamples {
		return e.locateWindows(ctx, sigma, scale, out)
	}
	if len(d.Entries) > 1 {
		return e.locateEntries(ctx, sigma, scale, out)
	}
	st, err := newStage(locateSpec(d, sigma), e.Workers)
	if err != nil {
		return err
	}
	p := st.point()
	st.guess(p)
	var l optim.Linear
	var f optim.Factor
	omegas, end := e.locateOmegas()
	for _, omega := range omegas {
		if st.substeps = e.Options.Substeps; st.substeps == 0 {
			st.setWeights(scale, math.Min(OmegaEnd, end))
			st.substeps = st.chooseSubsteps(p, st.weight)
		}
		st.setWeights(scale, omega)
		if _, err := (optim.LevenbergMarquardt{Iterations: 12, Tolerance: 1e-3}).Minimise(ctx, st, p, &l, &f); err != nil {
			return err
		}
	}
	st.Linearise(p, &l)
	for c := range st.chains {
		nodes, n := p.Nodes[c], len(st.states)
		out.Loss = append(out.Loss, st.loss(&l, c))
		out.Path = append(out.Path, slices.Clone(nodes))
		out.Last = append(out.Last, slices.Clone(nodes[len(nodes)-n:]))
	}
	return nil
}

// locateSpec is a stage without columns, a node a sample.
func locateSpec(d *Data, sigma []float64) spec {
	sp := spec{data: d, right: d.Model.Rhs(), segment: 1, substeps: 1, sigma: sigma, processNoise: processNoise{weight: make([]float64, len(d.Model.States))}}
	for _, s := range d.Model.States {
		sp.states = append(sp.states, s.Name)
	}
	for c := range d.Channels {
		sp.channels = append(sp.channels, c)
	}
	return sp
}

// locateOmegas are the defect weights of a location, down to the one that is given or
// to OmegaEnd.
func (e *Engine) locateOmegas() (omegas []float64, end float64) {
	end = OmegaEnd
	if e.Options.Omega > 0 {
		end = e.Options.Omega
	}
	for omega := 1.0; omega > end*0.9; omega *= omegaFactor {
		omegas = append(omegas, omega)
	}
	if e.Options.Omega > 0 {
		omegas = append(omegas, end)
	}
	return omegas, end
}

// loss is the sum of squares of a chain, a sample and channel: residuals and defects,
// without the faint prior that the rows begin with.
func (s *stage) loss(l *optim.Linear, chain int) float64 {
	n, lc := len(s.states), &l.Chains[chain]
	sum := 0.0
	width := n + 1
	for r := width * n; r < len(lc.Local); r += width {
		sum += lc.Local[r+width-1] * lc.Local[r+width-1]
	}
	for r := 2 * n; r < len(lc.Defect); r += 2*n + 1 {
		sum += lc.Defect[r] * lc.Defect[r]
	}
	return sum / float64(len(s.chains[chain].entry.Times)*len(s.channels))
}

// locateEntries locates every entry by itself, by one worker: one that the model
// cannot explain shortens no other's steps.
func (e *Engine) locateEntries(ctx context.Context, sigma, scale []float64, out *Located) error {
	n := len(e.Data.Entries)
	parts := make([]Located, n)
	err := eachWindow(ctx, e.Workers, n, func(_, i int) error {
		one := *e
		one.Data, one.Workers = e.Data.window(stretch{i, 0, len(e.Data.Entries[i].Times)}), 1
		return one.locate(ctx, sigma, scale, &parts[i])
	})
	if err != nil {
		return err
	}
	for _, p := range parts {
		out.Path, out.Last, out.Loss = append(out.Path, p.Path[0]), append(out.Last, p.Last[0]), append(out.Loss, p.Loss[0])
	}
	return nil
}

// locateWindows locates a long record window by window, each by one worker.
func (e *Engine) locateWindows(ctx context.Context, sigma, scale []float64, out *Located) error {
	windows := e.Data.cutWindows(streamWindow, 1)
	parts := make([]Located, len(windows))
	err := eachWindow(ctx, e.Workers, len(windows), func(_, i int) error {
		one := *e
		one.Data, one.Workers = e.Data.window(windows[i]), 1
		return one.locate(ctx, sigma, scale, &parts[i])
	})
	if err != nil {
		return err
	}
	n := len(e.Data.Entries)
	out.Path, out.Last, out.Loss = make([][]float64, n), make([][]float64, n), make([]float64, n)
	for i, w := range windows {
		out.Path[w.entry] = append(out.Path[w.entry], parts[i].Path[0]...)
		out.Last[w.entry] = parts[i].Last[0]
		out.Loss[w.entry] += parts[i].Loss[0] * float64(w.to-w.from) / float64(len(e.Data.Entries[w.entry].Times))
	}
	return nil
}

// guess starts every state that a channel measures alone from the data, drawn
// to their mean as far as they are noise, and the others from the model's
// initial value.
func (s *stage) guess(p *optim.Point) {
	n := len(s.states)
	for c := range s.chains {
		ch := &s.chains[c]
		for i, state := range s.states {
			var values []float64
			trust := 1.0
			for k, channel := range s.channels {
				o := s.data.Channels[channel].Observe
				if o.Kind == expr.Name && o.Ident == state && ch.values[k] != nil {
					values = fillGaps(ch.entry.Times, ch.values[k])
					std := math.Max(series.Std(values), 1e-300)
					trust = math.Max(0, 1-math.Pow(s.sigma[channel]/std, 2))
				}
			}
			start := 0.0
			if k := s.data.Model.StateIndex(state); k >= 0 {
				start = s.data.Model.States[k].Value
			}
			mean := 0.0
			for _, v := range values {
				mean += v / float64(len(values))
			}
			for b, sample := range ch.nodes {
				v := start
				if values != nil {
					v = mean + trust*(values[sample]-mean)
				}
				p.Nodes[c][b*n+i] = v
			}
		}
	}
}
