package govern

import (
	"context"
	"math"
	"slices"

	"govern/discover"
	"govern/fit"
	"govern/optim"
	"govern/record"
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
	full, err := fit.Prepare(closed, w.known(w.train, w.found.Chosen))
	if err != nil {
		return err
	}
	if w.data, err = fit.Prepare(w.found.Model, w.train); err != nil {
		return err
	}
	located, err := w.settings.engine(full, w.found.Chosen.Noise()).Locate(ctx, "full/locate", full.Sigmas(), w.found.Chosen.Scale)
	if err != nil {
		return err
	}
	if w.data.Condensing() == 1 {
		if err := w.cleanTrain(full, located); err != nil {
			return err
		}
	}
	start := *w.found.Chosen
	start.Sigma, start.Nodes = w.data.Sigmas(), located.Path
	start.Substeps = 0
	w.found.Chosen, err = w.settings.engine(w.data, w.problem.Fit).Trajectory(ctx, "full/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	w.adrift = err == nil && w.found.Trusted() && adrift(w.found.Chosen, w.data, 1)
	return err
}

// adriftLoss is the loss per observation, over that of the fit before it and one at
// least, above which a refit has not come near the data. The checks let no more than two pass.
const adriftLoss = 100

// adrift says that a refit has failed, or has ended in a place from which no step led
// towards the data.
func adrift(f *fit.Fitted, d *fit.Data, before float64) bool {
	return f.Status == optim.Failed || !(f.Objective <= adriftLoss*math.Max(before, 1)*float64(d.Observations()))
}

// refit fits the chosen formula on all entries, the held-out ones too.
func (w *work) refit(ctx context.Context) error {
	var err error
	w.loose = w.found.Chosen.Omega
	// Regimes that begin where the problem says so may begin somewhat before or after,
	// and defects make up for that; where begins were sought, doubtful samples are left out.
	given := slices.ContainsFunc(w.train, func(e record.Entry) bool { return e.Regime > 0 })
	if w.problem.Discover.Method != discover.MethodDerivatives && !given {
		data, err := fit.Prepare(w.found.Model, w.train) // the search may have added knots to the problem's model
		if err != nil {
			return err
		}
		if w.found.Chosen, err = w.settings.engine(data, w.problem.Fit).Tighten(ctx, "tighten", w.found.Chosen); err != nil {
			return err
		}
	}
	chosen := w.found.Chosen
	if w.trained, err = w.close(chosen); err != nil {
		return err
	}
	w.final, w.all, w.whole = chosen, w.train, w.data
	if w.informed, err = w.calibrate(ctx, chosen); err != nil {
		return err
	}
	if len(w.test) > 0 && !w.foreign && w.problem.Discover.Method != discover.MethodDerivatives {
		if err := w.extend(ctx); err != nil {
			return err
		}
	}
	whole := &union{engine: w.settings.engine(w.whole, w.problem.Fit), fit: w.final}
	if !w.foreign {
		if w.closed, err = w.close(w.final); err != nil {
			return err
		}
		joined, err := join(ctx, whole.engine, w.closed, w.final)
		if err != nil {
			return err
		}
		if joined != nil {
			whole, w.final = joined, joined.apart(w.whole)
		}
	}
	if err := w.lengthen(ctx, whole); err != nil {
		return err
	}
	if w.spread, err = w.uncertainty(ctx); err != nil {
		return err
	}
	if w.closed, err = w.close(w.final); err != nil {
		return err
	}
	w.all = w.known(w.all, w.final)
	n := len(w.closed.States)
	states := slices.Clone(w.closed.States)
	for i := range states {
		if !states[i].Fixed {
			states[i].Value = w.final.Nodes[0][i%n]
		}
	}
	w.closed.States = states
	return nil
}

// lengthen goes over to the long segments that the user asks for, as far as data and
// equations bear.
func (w *work) lengthen(ctx context.Context, whole *union) error {
	asked := w.asked.Fit.Segment
	if asked < 2 || w.problem.Discover.Method == discover.MethodDerivatives {
		return nil
	}
	w.settings.stage("longer segments", 0.88)
	var err error
	if w.grown, err = whole.engine.Grow(ctx, "final/long", whole.fit, asked); err != nil {
		return err
	}
	whole.fit = w.grown.Fit
	w.final = whole.fit
	if len(whole.joints) > 0 {
		w.final = whole.apart(w.whole)
	}
	return nil
}

// extend adds the held-out entries to the fit: their states are located under
// the formula, then everything is fitted together.
func (w *work) extend(ctx context.Context) error {
	chosen := w.informed
	tested, err := fit.Prepare(w.trained, w.known(w.test, chosen))
	if err != nil {
		return err
	}
	located, err := w.settings.engine(tested, chosen.Noise()).Locate(ctx, "final/locate", carry(tested, w.data, chosen.Sigma), chosen.Scale)
	if err != nil {
		return err
	}
	if err := w.cleanTest(tested, located); err != nil {
		return err
	}
	w.all = slices.Concat(w.train, w.test)
	if w.whole, err = fit.Prepare(w.found.Model, w.all); err != nil {
		return err
	}
	start := *chosen
	if w.problem.Fit.Substeps == 0 {
		start.Substeps *= 2 // a search may be coarse: an error of a tenth of a defect is a bias that intervals do not know
	}
	start.Sigma = carry(w.whole, w.data, chosen.Sigma)
	start.Nodes = append(slices.Clone(chosen.Nodes), located.Path...)
	w.settings.stage("final refit", 0.85)
	engine := w.settings.engine(w.whole, w.problem.Fit)
	loose := w.loose
	if w.final, err = engine.Trajectory(ctx, "final/refit", &start, fit.Schedule{To: loose, Noise: true}); err != nil {
		return err
	}
	if chosen.Omega < loose { // vanishing defects hold located states where they are, so they come last
		if w.final, err = engine.Tighten(ctx, "final/tighten", w.final); err != nil {
			return err
		}
	}
	if adrift(w.final, w.whole, chosen.Objective/float64(w.data.Observations())) { // the formula is not defined, or runs away, along the held-out data
		w.final, w.all, w.whole, w.apart = chosen, w.train, w.data, true
	}
	return nil
}

// byState brings the n states of every entry's path, sample after sample, into the
// order entry, state, sample.
func byState(paths [][]float64, n int) [][][]float64 {
	states := make([][][]float64, len(paths))
	for e, path := range paths {
		states[e] = make([][]float64, n)
		for k, v := range path {
			states[e][k%n] = append(states[e][k%n], v)
		}
	}
	return states
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
