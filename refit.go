package govern

import (
	"context"

	"govern/discover"
	"govern/fit"
	"govern/model"
	"govern/optim"
)

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

// refit fits the chosen formula on all entries, the held-out ones too.
func (w *work) refit(ctx context.Context) error {
	chosen := w.found.Chosen
	var err error
	if w.trained, err = w.close(chosen); err != nil {
		return err
	}
	w.final, w.all, w.whole = chosen, w.train, w.data
	if len(w.test) > 0 && w.problem.Discover.Method != discover.MethodDerivatives {
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
