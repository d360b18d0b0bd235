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
func (s Searched) adopt(ctx context.Context) (out Searched, adopted bool, err error) {
	if s.Found.Data == nil || s.Sparse() {
		return s, false, nil
	}
	if s, err = s.relevel(ctx); err != nil {
		return s, false, err
	}
	cleaned, err := s.reconsider()
	if err != nil {
		return s, false, err
	}
	s.Left = leftOut(s.Data, cleaned)
	if len(s.Found.Regimes) > 0 {
		s.Left = nil // what lies around changes is no outlier
	}
	s.Data, s.Train = cleaned, cleaned.Entries
	s.Test = withCorrelation(s.Test, s.Data)
	return s, true, nil
}

// level tells the files apart that the search has told apart by their noise.
func (s Searched) level() (Searched, error) {
	if s.Found.Data == nil || !slices.ContainsFunc(s.Found.Data.Channels, func(c record.ChannelInfo) bool { return s.Data.IndexOf(c) < 0 }) {
		return s, nil
	}
	s.Train, s.Test = record.WithLevelsOf(s.Train, s.Found.Data.Entries), record.WithLevelsOf(s.Test, s.Found.Data.Entries)
	var err error
	s.Data, err = fit.Prepare(s.Problem.Model, s.Train)
	return s, err
}

// relevel asks around the path of the formula whether files differ in their noise that differences
// have not told apart; where they do the formula is fitted again.
func (s Searched) relevel(ctx context.Context) (Searched, error) {
	chosen := s.Found.Chosen
	if !s.holdsThroughout() || len(chosen.Forms) > 0 || chosen.Driven || s.baseline() {
		return s, nil
	}
	data, err := s.Found.Data.SplitLevels(fit.SplitStates(chosen.Nodes, len(s.Found.Model.States)), chosen.Parameters)
	if err != nil || data == s.Found.Data {
		return s, err
	}
	start := *chosen
	start.Sigma = data.Sigmas()
	fitted, err := s.Settings.Engine(data, s.Problem.Fit).Trajectory(ctx, "levels/refit", &start, fit.Schedule{To: start.Omega, Noise: true})
	if err != nil || fitted.Status == optim.Failed {
		return s, err
	}
	s = s.choose(fitted)
	s.Found.Data = data
	return s.level()
}

// holdsThroughout says that a trusted formula was found that has a node a sample and
// no regimes.
func (s Searched) holdsThroughout() bool {
	return s.Found.Chosen != nil && len(s.Found.Regimes) == 0 && s.Found.Trusted()
}

// reconsider looks for outliers again, around the path of the formula that was found:
// a smoother cuts the tips of sharp spikes, and what they tell must not be lost.
func (s Searched) reconsider() (*fit.Data, error) {
	found, chosen := s.Found.Data, s.Found.Chosen
	if len(leftOut(s.Data, found)) == 0 || !s.holdsThroughout() {
		return found, nil
	}
	all, err := fit.Prepare(s.Found.Model, withCorrelation(s.Train, found))
	if err != nil {
		return nil, err
	}
	cleaned, _, err := all.WithoutOutliers(fit.SplitStates(chosen.Nodes, len(s.Found.Model.States)), chosen.Parameters)
	return cleaned, err
}

// withCorrelation says of entries what data know of their noise's correlation.
func withCorrelation(entries []record.Entry, data *fit.Data) []record.Entry {
	entries = record.CloneChannels(entries)
	for e := range entries {
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
func (s Searched) cleanTrain(full *fit.Data, located *fit.Located) (Searched, error) {
	if len(leftOut(s.Sought, s.Found.Data)) == 0 {
		return s, nil
	}
	cleaned, _, err := full.WithoutOutliers(fit.SplitStates(located.Path, len(full.Model.States)), nil)
	if err != nil {
		return s, err
	}
	s.Left = leftOut(full, cleaned)
	s.Train = withConditions(cleaned.Entries, s.Train)
	s.Data, err = fit.Prepare(s.Found.Model, s.Train)
	return s, err
}

// cleanTest takes the outliers out of the held-out entries where the training
// entries had some.
func (s Searched) cleanTest(tested *fit.Data, located *fit.Located) (Searched, error) {
	if len(s.Left) == 0 {
		return s, nil
	}
	cleaned, _, err := tested.WithoutOutliers(fit.SplitStates(located.Path, len(tested.Model.States)), nil)
	if err != nil {
		return s, err
	}
	s.Left = maps.Clone(s.Left)
	for column, count := range leftOut(tested, cleaned) {
		s.Left[column] += count
	}
	s.Test = withConditions(cleaned.Entries, s.Test)
	return s, nil
}

// withConditions returns entries with the conditions of others, entry by entry.
func withConditions(entries, from []record.Entry) []record.Entry {
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Set = from[i].Set
	}
	return entries
}
