package govern

import (
	"context"
	"slices"

	"govern/discover"
	"govern/fit"
	"govern/optim"
	"govern/record"
)

// adopt goes on with the data as the search has left them: freed of outliers, and
// with what it has found of the noise's correlation. A search that has not seen every
// sample leaves them as they are, and then it says no.
func (w *work) adopt(ctx context.Context) (bool, error) {
	if w.found.Data == nil || w.sparse() {
		return false, nil
	}
	if err := w.relevel(ctx); err != nil {
		return false, err
	}
	cleaned, err := w.reconsider()
	if err != nil {
		return false, err
	}
	w.left = leftOut(w.data, cleaned)
	if len(w.found.Regimes) > 0 {
		w.left = nil // what lies around changes is no outlier
	}
	w.data, w.train = cleaned, cleaned.Entries
	w.test = withCorrelation(w.test, w.data)
	return true, nil
}

// level tells the files apart that the search has told apart by their noise.
func (w *work) level() error {
	if w.found.Data == nil || !slices.ContainsFunc(w.found.Data.Channels, func(c record.ChannelInfo) bool { return w.data.IndexOf(c) < 0 }) {
		return nil
	}
	w.train, w.test = record.AtLevels(w.train, w.found.Data.Entries), record.AtLevels(w.test, w.found.Data.Entries)
	var err error
	w.data, err = fit.Prepare(w.problem.Model, w.train)
	return err
}

// relevel asks around the path of the formula whether files differ in their noise that differences
// have not told apart; where they do the formula is fitted again.
func (w *work) relevel(ctx context.Context) error {
	chosen := w.found.Chosen
	if !w.rests() || len(chosen.Forms) > 0 || chosen.Driven || w.problem.Discover.Method == discover.MethodDerivatives {
		return nil
	}
	data, err := w.found.Data.Relevelled(byState(chosen.Nodes, len(w.found.Model.States)), chosen.Parameters)
	if err != nil || data == w.found.Data {
		return err
	}
	start := *chosen
	start.Sigma = data.Sigmas()
	fitted, err := w.settings.engine(data, w.problem.Fit).Trajectory(ctx, "levels/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	if err != nil || fitted.Status == optim.Failed {
		return err
	}
	w.found.Chosen, w.found.Data = fitted, data
	return w.level()
}

// rests says that a formula was found that has a node a sample and holds throughout.
func (w *work) rests() bool {
	return w.found.Chosen != nil && len(w.found.Regimes) == 0 && w.found.Trusted()
}

// reconsider looks for outliers again, around the path of the formula that was found:
// a smoother cuts the tips of sharp spikes, and what they tell must not be lost.
func (w *work) reconsider() (*fit.Data, error) {
	found, chosen := w.found.Data, w.found.Chosen
	if len(leftOut(w.data, found)) == 0 || !w.rests() {
		return found, nil
	}
	all, err := fit.Prepare(w.found.Model, withCorrelation(w.train, found))
	if err != nil {
		return nil, err
	}
	cleaned, _, err := all.WithoutOutliers(byState(chosen.Nodes, len(w.found.Model.States)), chosen.Parameters)
	return cleaned, err
}

// withCorrelation says of entries what data know of their noise's correlation.
func withCorrelation(entries []record.Entry, data *fit.Data) []record.Entry {
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

// cleanTrain takes the outliers out of the training entries, around the path that
// the formula gives them, where its search in excerpts has met some.
func (w *work) cleanTrain(full *fit.Data, located *fit.Located) error {
	if len(leftOut(w.sought, w.found.Data)) == 0 {
		return nil
	}
	cleaned, _, err := full.WithoutOutliers(byState(located.Path, len(full.Model.States)), nil)
	if err != nil {
		return err
	}
	w.left = leftOut(full, cleaned)
	w.train = asSet(cleaned.Entries, w.train)
	w.data, err = fit.Prepare(w.found.Model, w.train)
	return err
}

// cleanTest takes the outliers out of the held-out entries where the training
// entries had some.
func (w *work) cleanTest(tested *fit.Data, located *fit.Located) error {
	if len(w.left) == 0 {
		return nil
	}
	cleaned, _, err := tested.WithoutOutliers(byState(located.Path, len(w.trained.States)), nil)
	if err != nil {
		return err
	}
	for column, count := range leftOut(tested, cleaned) {
		w.left[column] += count
	}
	w.test = asSet(cleaned.Entries, w.test)
	return nil
}
