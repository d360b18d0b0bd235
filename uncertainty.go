package govern

import (
	"context"
	"fmt"
	"math"

	"govern/fit"
	"govern/record"
)

// confidence is the half-width of a 95 % interval in standard deviations.
const confidence = 1.959963984540054

// blocks is the number of parts that intervals are taken from where the model
// is not exact.
const blocks = 4

// uncertainty returns the standard deviations of the final coefficients and
// parameters: those of their covariance, or, where the evidence asked for
// defects larger than the floor, at least those between refits of parts of the
// record.
func (w *work) uncertainty(ctx context.Context) ([]float64, error) {
	f := w.final
	sd := make([]float64, len(f.Terms)+len(f.Parameters))
	for i := range sd {
		sd[i] = math.Sqrt(f.Variance(i))
	}
	if f.Driven || f.Omega <= 2*fit.OmegaEnd || len(sd) == 0 {
		return sd, nil
	}
	between, err := w.blockRefits(ctx)
	if err != nil {
		return nil, err
	}
	for i := range sd {
		sd[i] = math.Max(sd[i], between[i])
	}
	return sd, nil
}

// interval is a fitted number, coefficients before parameters, with its 95 % interval.
func (w *work) interval(column int) (value, low, high float64) {
	if terms := len(w.final.Terms); column < terms {
		value = w.final.Coefficients[column]
	} else {
		value = w.final.Parameters[column-terms]
	}
	half := confidence * w.spread[column]
	return value, value - half, value + half
}

// blockRefits fits the final formula on consecutive parts of the record and
// returns the standard error of the mean of each coefficient and parameter.
// A part that does not converge is left out; with fewer than two the result is
// zero.
func (w *work) blockRefits(ctx context.Context) ([]float64, error) {
	n := len(w.problem.Model.States)
	var values [][]float64
	for b := range blocks {
		var entries []record.Entry
		start := *w.final
		start.Nodes = nil
		for e, entry := range w.all {
			samples := len(entry.Times)
			i, j := samples*b/blocks, min(samples*(b+1)/blocks+1, samples)
			if j-i < 8 {
				continue
			}
			entries = append(entries, entry.Slice(i, j))
			start.Nodes = append(start.Nodes, w.final.Nodes[e][i*n:j*n])
		}
		if len(entries) == 0 {
			continue
		}
		data, err := fit.Prepare(w.found.Model, entries)
		if err != nil {
			return nil, err
		}
		start.Sigma = carry(data, w.whole, w.final.Sigma)
		engine := w.settings.engine(data, w.problem.Fit)
		engine.Monitor = nil // the history is of the whole record
		f, err := engine.Trajectory(ctx, fmt.Sprintf("final/block-%d", b), &start, fit.Schedule{To: w.final.Omega})
		if err != nil {
			return nil, err
		}
		if !math.IsInf(f.Objective, 0) {
			values = append(values, append(append([]float64(nil), f.Coefficients...), f.Parameters...))
		}
	}
	out := make([]float64, len(w.final.Terms)+len(w.final.Parameters))
	if len(values) < 2 {
		return out, nil
	}
	for i := range out {
		mean, sum, m := 0.0, 0.0, float64(len(values))
		for _, v := range values {
			mean += v[i] / m
		}
		for _, v := range values {
			sum += (v[i] - mean) * (v[i] - mean)
		}
		out[i] = math.Sqrt(sum / (m - 1) / m)
	}
	return out, nil
}

// inflation is by how much intervals are wider than the covariance says,
// because parts of the record differ by more.
func (w *work) inflation() []float64 {
	out := make([]float64, len(w.spread))
	for i, s := range w.spread {
		out[i] = 1
		if sd := math.Sqrt(w.final.Variance(i)); s > sd && sd > 0 {
			out[i] = s / sd
		}
	}
	return out
}
