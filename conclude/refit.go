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
func (s Searched) expand(ctx context.Context) (Searched, error) {
	if s.Found.Chosen == nil || s.baseline() || !s.Sparse() {
		return s, nil
	}
	if s.Data.CondenseFactor() == 1 && s.Found.Data != nil { // correlation is that of the samples as they are
		s.Train, s.Test = withCorrelation(s.Train, s.Found.Data), withCorrelation(s.Test, s.Found.Data)
	}
	closed, err := s.Answering().Close(s.Found.Chosen)
	if err != nil {
		return s, err
	}
	full, err := fit.Prepare(closed, s.known(s.Train, s.Found.Chosen))
	if err != nil {
		return s, err
	}
	if s.Data, err = fit.Prepare(s.Found.Model, s.Train); err != nil {
		return s, err
	}
	located, err := s.Settings.Engine(full, s.Found.Chosen.Noise()).Locate(ctx, "full/locate", full.Sigmas(), s.Found.Chosen.Scale)
	if err != nil {
		return s, err
	}
	if s.Data.CondenseFactor() == 1 {
		if s, err = s.cleanTrain(full, located); err != nil {
			return s, err
		}
	}
	start := *s.Found.Chosen
	start.Sigma, start.Nodes = s.Data.Sigmas(), located.Path
	start.Substeps = 0
	fitted, err := s.Settings.Engine(s.Data, s.Problem.Fit).Trajectory(ctx, "full/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	if err != nil {
		return s, err
	}
	s.Adrift = s.Found.Trusted() && adrift(fitted, s.Data, 1)
	return s.choose(fitted), nil
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
func (s Searched) refit(ctx context.Context) (Searched, Refit, error) {
	var r Refit
	loose := s.Found.Chosen.Omega // the defect weight of the search's fit
	s, err := s.tighten(ctx)
	if err != nil {
		return s, r, err
	}
	chosen := s.Found.Chosen
	if r.Trained, err = s.Answering().Close(chosen); err != nil {
		return s, r, err
	}
	r.Final, r.All, r.Whole = chosen, s.Train, s.Data
	if r.Informed, r.Calibrated, err = s.calibrate(ctx, chosen, loose); err != nil {
		return s, r, err
	}
	if len(s.Test) > 0 && !s.Foreign && !s.baseline() {
		if s, r, err = s.extend(ctx, r, loose); err != nil {
			return s, r, err
		}
	}
	if r, err = s.lengthen(ctx, r); err != nil {
		return s, r, err
	}
	if r.Spread, err = s.uncertainty(ctx, r); err != nil {
		return s, r, err
	}
	if r.Closed, err = s.Answering().Close(r.Final); err != nil {
		return s, r, err
	}
	r.All = s.known(r.All, r.Final)
	r.Closed = startingAt(r.Closed, r.Final.Nodes[0])
	return s, r, nil
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
func (s Searched) tighten(ctx context.Context) (Searched, error) {
	given := slices.ContainsFunc(s.Train, func(e record.Entry) bool { return e.Regime > 0 })
	if s.baseline() || given {
		return s, nil
	}
	data, err := s.dataFor(s.Found.Model) // the search may have added knots to the problem's model
	if err != nil {
		return s, err
	}
	tight, err := s.Settings.Engine(data, s.Problem.Fit).Tighten(ctx, "tighten", s.Found.Chosen)
	if err != nil {
		return s, err
	}
	return s.choose(tight), nil
}

// dataFor are the training entries prepared for another model.
func (s Searched) dataFor(m *model.Model) (*fit.Data, error) {
	if len(s.Train) == len(s.Data.Entries) && &s.Train[0] == &s.Data.Entries[0] {
		return s.Data.For(m)
	}
	return fit.Prepare(m, s.Train)
}

// lengthen joins what was cut and goes over to the long segments that the user asks
// for, as far as data and equations bear.
func (s Searched) lengthen(ctx context.Context, r Refit) (Refit, error) {
	whole := &Union{Engine: s.Settings.Engine(r.Whole, s.Problem.Fit), Fit: r.Final}
	if !s.Foreign {
		closed, err := s.Answering().Close(r.Final)
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
	asked := s.Asked.Fit.Segment
	if asked < 2 || s.baseline() {
		return r, nil
	}
	s.Settings.Stage("longer segments", 0.88)
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
func (s Searched) extend(ctx context.Context, r Refit, loose float64) (Searched, Refit, error) {
	chosen := r.Informed
	tested, err := fit.Prepare(r.Trained, s.known(s.Test, chosen))
	if err != nil {
		return s, r, err
	}
	located, err := s.Settings.Engine(tested, chosen.Noise()).Locate(ctx, "final/locate", carry(tested, s.Data, chosen.Sigma), chosen.Scale)
	if err != nil {
		return s, r, err
	}
	if s, err = s.cleanTest(tested, located); err != nil {
		return s, r, err
	}
	r.All = slices.Concat(s.Train, s.Test)
	if r.Whole, err = fit.Prepare(s.Found.Model, r.All); err != nil {
		return s, r, err
	}
	start := *chosen
	if s.Problem.Fit.Substeps == 0 {
		start.Substeps *= 2 // a search may be coarse: an error of a tenth of a defect is a bias that intervals do not know
	}
	start.Sigma = carry(r.Whole, s.Data, chosen.Sigma)
	start.Nodes = append(slices.Clone(chosen.Nodes), located.Path...)
	s.Settings.Stage("final refit", 0.85)
	engine := s.Settings.Engine(r.Whole, s.Problem.Fit)
	if chosen.Driven {
		r.Final, err = engine.FitProcessNoise(ctx, "final/refit", &start)
	} else {
		r.Final, err = engine.Trajectory(ctx, "final/refit", &start, fit.Schedule{To: loose, Noise: true})
	}
	if err != nil {
		return s, r, err
	}
	if chosen.Omega < loose { // vanishing defects hold located states where they are, so they come last
		if r.Final, err = engine.Tighten(ctx, "final/tighten", r.Final); err != nil {
			return s, r, err
		}
	}
	if adrift(r.Final, r.Whole, chosen.Objective/float64(s.Data.Observations())) { // the formula is not defined, or runs away, along the held-out data
		r.Final, r.All, r.Whole, r.TrainingOnly = chosen, s.Train, s.Data, true
	}
	return s, r, nil
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
