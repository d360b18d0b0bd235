package fit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/record"
)

// A sample is an outlier when it lies outlierLimit robust standard deviations of
// the residuals off the smoothed path (one Gaussian sample in two million does)
// and alone: where a model is wrong, or a spike is sharper than the smoother
// allows, neighbours are off together. A channel with more than outlierShare of
// them, or with runs longer than outlierRun in the mean, has another trouble.
const (
	outlierLimit = 5
	outlierShare = 0.1
	outlierRun   = 1.5
	cleanRounds  = 3 // outliers hide others by drawing the path to them
)

// Outliers counts the samples of a channel that were left out.
type Outliers struct {
	Channel int // of the data
	Count   int
}

// WithoutOutliers returns the data with the outliers around a path as missing
// samples, and how many each channel had; the data themselves when there are
// none. States is by entry, state and sample; parameters are the model's fitted
// ones, nil for those that stand in the model. Noise is estimated again from what is left. Cost: O(samples).
func (d *Data) WithoutOutliers(states [][][]float64, parameters []float64) (*Data, []Outliers, error) {
	if parameters == nil {
		for _, c := range fittedColumns(d.Model) {
			parameters = append(parameters, d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Value)
		}
	}
	residual, err := d.pathResiduals(&Smoothed{States: states, Parameters: parameters})
	if err != nil {
		return nil, nil, err
	}
	var found []Outliers
	entries := d.Entries
	for c, info := range d.Channels {
		off := make([][]float64, len(d.Entries)) // |residual| by entry and sample
		var all []float64
		for e := range d.Entries {
			for _, r := range residual[e][c] {
				r = math.Abs(r)
				if off[e] = append(off[e], r); !math.IsNaN(r) {
					all = append(all, r)
				}
			}
		}
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		limit := outlierLimit * math.Max(all[len(all)/2]/record.NormalMedian, info.Floor)
		count, runs := 0, 0
		for e := range off {
			for i, r := range off[e] {
				if r > limit {
					count++
					if i == 0 || !(off[e][i-1] > limit) {
						runs++
					}
				}
			}
		}
		if count == 0 || float64(count) > outlierShare*float64(len(all)) || float64(count) > outlierRun*float64(runs) {
			continue
		}
		if len(found) == 0 {
			entries = slices.Clone(d.Entries)
		}
		found = append(found, Outliers{c, count})
		for e := range entries {
			entries[e] = d.DropOutliers(entries[e], e, c, off[e], limit)
		}
	}
	if len(found) == 0 {
		return d, nil, nil
	}
	cleaned, err := Prepare(d.Model, entries)
	return cleaned, found, err
}

// SplitLevels returns the data with levels apart that are one as far as differences
// show, but not around a path (see WithoutOutliers); the data themselves when there are none.
func (d *Data) SplitLevels(states [][][]float64, parameters []float64) (*Data, error) {
	residual, err := d.pathResiduals(&Smoothed{States: states, Parameters: parameters})
	if err != nil {
		return nil, err
	}
	entries, changed := d.Relevel(residual)
	if !changed {
		return d, nil
	}
	return Prepare(d.Model, entries)
}

// Clean smooths like Smooth; where the path leaves outliers it takes them out of
// the data and smooths again. The engine that is returned has the cleaned
// data; without outliers it is e.
func (e *Engine) Clean(ctx context.Context) (*Engine, *Smoothed, error) {
	sm, err := e.Smooth(ctx)
	for round := 1; err == nil && round <= cleanRounds; round++ {
		cleaned, found, problem := e.Data.WithoutOutliers(sm.States, sm.Parameters)
		if problem != nil {
			return nil, nil, problem
		}
		if len(found) == 0 {
			break
		}
		next := *e
		if round == 1 { // samples of a noisy file are no outliers of the others
			if next.Data, err = e.Data.SplitLevels(sm.States, sm.Parameters); err != nil {
				return nil, nil, err
			}
			if next.Data != e.Data {
				e = &next
				sm, err = e.smoothAs(ctx, "smooth-levels")
				continue
			}
		}
		next.Data = cleaned
		e = &next
		sm, err = e.smoothAs(ctx, fmt.Sprintf("smooth-cleaned-%d", round))
	}
	return e, sm, err
}
