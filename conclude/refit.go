package conclude

import (
	"context"
	"math"
	"slices"

	"govern/fit"
	"govern/model"
	"govern/optim"
	"govern/record"
)

// expand brings a formula that was found on condensed data or excerpts back to all samples:
// states are located along them, then everything is fitted again.
func (w Searched) expand(ctx context.Context) (Searched, error) {
	if w.Found.Chosen == nil || w.baseline() || !w.Sparse() {
		return w, nil
	}
	if w.Data.Condensing() == 1 && w.Found.Data != nil { // correlation is that of the samples as they are
		w.Train, w.Test = withCorrelation(w.Train, w.Found.Data), withCorrelation(w.Test, w.Found.Data)
	}
	closed, err := w.Answering().Close(w.Found.Chosen)
	if err != nil {
		return w, err
	}
	full, err := fit.Prepare(closed, w.known(w.Train, w.Found.Chosen))
	if err != nil {
		return w, err
	}
	if w.Data, err = fit.Prepare(w.Found.Model, w.Train); err != nil {
		return w, err
	}
	located, err := w.Settings.Engine(full, w.Found.Chosen.Noise()).Locate(ctx, "full/locate", full.Sigmas(), w.Found.Chosen.Scale)
	if err != nil {
		return w, err
	}
	if w.Data.Condensing() == 1 {
		if w, err = w.cleanTrain(full, located); err != nil {
			return w, err
		}
	}
	start := *w.Found.Chosen
	start.Sigma, start.Nodes = w.Data.Sigmas(), located.Path
	start.Substeps = 0
	fitted, err := w.Settings.Engine(w.Data, w.Problem.Fit).Trajectory(ctx, "full/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	if err != nil {
		return w, err
	}
	w.Adrift = w.Found.Trusted() && adrift(fitted, w.Data, 1)
	return w.choose(fitted), nil
}

// adriftLoss is the loss per observation, over that of the fit before it and one at
// least, above which a refit has not come near the data. The checks let no more than two pass.
const adriftLoss = 100

// adrift says that a refit has failed, or has ended in a place from which no step led
// towards the data.
func adrift(f *fit.Fitted, d *fit.Data, before float64) bool {
	return f.Status == optim.Failed || !(f.Objective <= adriftLoss*math.Max(before, 1)*float64(d.Observations()))
}

// refit fits the chosen formula on all entries, the held-out ones too. What it learns
// of the material (outliers in held-out entries) is in the search that it returns.
func (w Searched) refit(ctx context.Context) (Searched, Refit, error) {
	var r Refit
	loose := w.Found.Chosen.Omega // the defect weight of the search's fit
	w, err := w.tighten(ctx)
	if err != nil {
		return w, r, err
	}
	chosen := w.Found.Chosen
	if r.Trained, err = w.Answering().Close(chosen); err != nil {
		return w, r, err
	}
	r.Final, r.All, r.Whole = chosen, w.Train, w.Data
	if r.Informed, r.Calibrated, err = w.calibrate(ctx, chosen, loose); err != nil {
		return w, r, err
	}
	if len(w.Test) > 0 && !w.Foreign && !w.baseline() {
		if w, r, err = w.extend(ctx, r, loose); err != nil {
			return w, r, err
		}
	}
	if r, err = w.lengthen(ctx, r); err != nil {
		return w, r, err
	}
	if r.Spread, err = w.uncertainty(ctx, r); err != nil {
		return w, r, err
	}
	if r.Closed, err = w.Answering().Close(r.Final); err != nil {
		return w, r, err
	}
	r.All = w.known(r.All, r.Final)
	r.Closed = startingAt(r.Closed, r.Final.Nodes[0])
	return w, r, nil
}

// startingAt is a closed model whose states start where the data start.
func startingAt(m *model.Model, nodes []float64) *model.Model {
	next := *m
	next.States = slices.Clone(m.States)
	for i := range next.States {
		if !next.States[i].Fixed {
			next.States[i].Value = nodes[i%len(next.States)]
		}
	}
	return &next
}

// tighten lowers the defects of the chosen fit. Regimes that begin where the problem
// says so may begin somewhat before or after, and defects make up for that; where their
// times were sought, doubtful samples are left out.
func (w Searched) tighten(ctx context.Context) (Searched, error) {
	given := slices.ContainsFunc(w.Train, func(e record.Entry) bool { return e.Regime > 0 })
	if w.baseline() || given {
		return w, nil
	}
	data, err := fit.Prepare(w.Found.Model, w.Train) // the search may have added knots to the problem's model
	if err != nil {
		return w, err
	}
	tight, err := w.Settings.Engine(data, w.Problem.Fit).Tighten(ctx, "tighten", w.Found.Chosen)
	if err != nil {
		return w, err
	}
	return w.choose(tight), nil
}

// lengthen joins what was cut and goes over to the long segments that the user asks
// for, as far as data and equations bear.
func (w Searched) lengthen(ctx context.Context, r Refit) (Refit, error) {
	whole := &Union{Engine: w.Settings.Engine(r.Whole, w.Problem.Fit), Fit: r.Final}
	if !w.Foreign {
		closed, err := w.Answering().Close(r.Final)
		if err != nil {
			return r, err
		}
		joined, err := Join(ctx, whole.Engine, closed, r.Final)
		if err != nil {
			return r, err
		}
		if joined != nil {
			whole, r.Final = joined, joined.split(r.Whole)
		}
	}
	asked := w.Asked.Fit.Segment
	if asked < 2 || w.baseline() {
		return r, nil
	}
	w.Settings.Stage("longer segments", 0.88)
	var err error
	if r.Grown, err = whole.Engine.Grow(ctx, "final/long", whole.Fit, asked); err != nil {
		return r, err
	}
	whole.Fit = r.Grown.Fit
	r.Final = whole.Fit
	if len(whole.joints) > 0 {
		r.Final = whole.split(r.Whole)
	}
	return r, nil
}

// extend adds the held-out entries to the fit: their states are located under
// the formula, then everything is fitted together.
func (w Searched) extend(ctx context.Context, r Refit, loose float64) (Searched, Refit, error) {
	chosen := r.Informed
	tested, err := fit.Prepare(r.Trained, w.known(w.Test, chosen))
	if err != nil {
		return w, r, err
	}
	located, err := w.Settings.Engine(tested, chosen.Noise()).Locate(ctx, "final/locate", carry(tested, w.Data, chosen.Sigma), chosen.Scale)
	if err != nil {
		return w, r, err
	}
	if w, err = w.cleanTest(tested, located); err != nil {
		return w, r, err
	}
	r.All = slices.Concat(w.Train, w.Test)
	if r.Whole, err = fit.Prepare(w.Found.Model, r.All); err != nil {
		return w, r, err
	}
	start := *chosen
	if w.Problem.Fit.Substeps == 0 {
		start.Substeps *= 2 // a search may be coarse: an error of a tenth of a defect is a bias that intervals do not know
	}
	start.Sigma = carry(r.Whole, w.Data, chosen.Sigma)
	start.Nodes = append(slices.Clone(chosen.Nodes), located.Path...)
	w.Settings.Stage("final refit", 0.85)
	engine := w.Settings.Engine(r.Whole, w.Problem.Fit)
	if r.Final, err = engine.Trajectory(ctx, "final/refit", &start, fit.Schedule{To: loose, Noise: true}); err != nil {
		return w, r, err
	}
	if chosen.Omega < loose { // vanishing defects hold located states where they are, so they come last
		if r.Final, err = engine.Tighten(ctx, "final/tighten", r.Final); err != nil {
			return w, r, err
		}
	}
	if adrift(r.Final, r.Whole, chosen.Objective/float64(w.Data.Observations())) { // the formula is not defined, or runs away, along the held-out data
		r.Final, r.All, r.Whole, r.TrainingOnly = chosen, w.Train, w.Data, true
	}
	return w, r, nil
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
