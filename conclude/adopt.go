package conclude

import (
	"context"
	"maps"
	"slices"

	"govern/fit"
	"govern/optim"
	"govern/record"
)

// adopt goes on with the data as the search has left them: freed of outliers, and
// with what it has found of the noise's correlation. A search that has not seen every
// sample leaves them as they are, and then it says no.
func (w Searched) adopt(ctx context.Context) (out Searched, adopted bool, err error) {
	if w.Found.Data == nil || w.Sparse() {
		return w, false, nil
	}
	if w, err = w.relevel(ctx); err != nil {
		return w, false, err
	}
	cleaned, err := w.reconsider()
	if err != nil {
		return w, false, err
	}
	w.Left = leftOut(w.Data, cleaned)
	if len(w.Found.Regimes) > 0 {
		w.Left = nil // what lies around changes is no outlier
	}
	w.Data, w.Train = cleaned, cleaned.Entries
	w.Test = withCorrelation(w.Test, w.Data)
	return w, true, nil
}

// level tells the files apart that the search has told apart by their noise.
func (w Searched) level() (Searched, error) {
	if w.Found.Data == nil || !slices.ContainsFunc(w.Found.Data.Channels, func(c record.ChannelInfo) bool { return w.Data.IndexOf(c) < 0 }) {
		return w, nil
	}
	w.Train, w.Test = record.AtLevels(w.Train, w.Found.Data.Entries), record.AtLevels(w.Test, w.Found.Data.Entries)
	var err error
	w.Data, err = fit.Prepare(w.Problem.Model, w.Train)
	return w, err
}

// relevel asks around the path of the formula whether files differ in their noise that differences
// have not told apart; where they do the formula is fitted again.
func (w Searched) relevel(ctx context.Context) (Searched, error) {
	chosen := w.Found.Chosen
	if !w.holdsThroughout() || len(chosen.Forms) > 0 || chosen.Driven || w.baseline() {
		return w, nil
	}
	data, err := w.Found.Data.Relevelled(fit.ByState(chosen.Nodes, len(w.Found.Model.States)), chosen.Parameters)
	if err != nil || data == w.Found.Data {
		return w, err
	}
	start := *chosen
	start.Sigma = data.Sigmas()
	fitted, err := w.Settings.Engine(data, w.Problem.Fit).Trajectory(ctx, "levels/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	if err != nil || fitted.Status == optim.Failed {
		return w, err
	}
	w = w.choose(fitted)
	w.Found.Data = data
	return w.level()
}

// holdsThroughout says that a trusted formula was found that has a node a sample and
// no regimes.
func (w Searched) holdsThroughout() bool {
	return w.Found.Chosen != nil && len(w.Found.Regimes) == 0 && w.Found.Trusted()
}

// reconsider looks for outliers again, around the path of the formula that was found:
// a smoother cuts the tips of sharp spikes, and what they tell must not be lost.
func (w Searched) reconsider() (*fit.Data, error) {
	found, chosen := w.Found.Data, w.Found.Chosen
	if len(leftOut(w.Data, found)) == 0 || !w.holdsThroughout() {
		return found, nil
	}
	all, err := fit.Prepare(w.Found.Model, withCorrelation(w.Train, found))
	if err != nil {
		return nil, err
	}
	cleaned, _, err := all.WithoutOutliers(fit.ByState(chosen.Nodes, len(w.Found.Model.States)), chosen.Parameters)
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
func (w Searched) cleanTrain(full *fit.Data, located *fit.Located) (Searched, error) {
	if len(leftOut(w.Sought, w.Found.Data)) == 0 {
		return w, nil
	}
	cleaned, _, err := full.WithoutOutliers(fit.ByState(located.Path, len(full.Model.States)), nil)
	if err != nil {
		return w, err
	}
	w.Left = leftOut(full, cleaned)
	w.Train = withConditions(cleaned.Entries, w.Train)
	w.Data, err = fit.Prepare(w.Found.Model, w.Train)
	return w, err
}

// cleanTest takes the outliers out of the held-out entries where the training
// entries had some.
func (w Searched) cleanTest(tested *fit.Data, located *fit.Located) (Searched, error) {
	if len(w.Left) == 0 {
		return w, nil
	}
	cleaned, _, err := tested.WithoutOutliers(fit.ByState(located.Path, len(tested.Model.States)), nil)
	if err != nil {
		return w, err
	}
	w.Left = maps.Clone(w.Left)
	for column, count := range leftOut(tested, cleaned) {
		w.Left[column] += count
	}
	w.Test = withConditions(cleaned.Entries, w.Test)
	return w, nil
}

// withConditions returns entries with the conditions of others, entry by entry.
func withConditions(entries, from []record.Entry) []record.Entry {
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Set = from[i].Set
	}
	return entries
}
