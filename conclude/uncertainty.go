package conclude

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/fit"
	"govern/record"
)

// Confidence is the half-width of a 95 % interval in standard deviations.
const Confidence = 1.959963984540054

// Blocks is the number of parts of the record that intervals are taken from where
// the model is not exact.
const Blocks = 4

// uncertainty returns the standard deviations of the final coefficients and
// parameters: those of their covariance, or, where the evidence asked for
// defects larger than the floor, at least those between refits of parts of the
// record.
func (s Searched) uncertainty(ctx context.Context, r Refit) ([]float64, error) {
	f := r.Final
	sd := make([]float64, len(f.Terms)+len(f.Parameters))
	for i := range sd {
		sd[i] = math.Sqrt(f.Variance(i))
	}
	if f.Driven || !f.LeavesDefect() || len(sd) == 0 {
		return sd, nil
	}
	between, err := s.blockRefits(ctx, r)
	if err != nil {
		return nil, err
	}
	for i := range sd {
		sd[i] = math.Max(sd[i], between[i])
	}
	return sd, nil
}

// blockRefits fits the final formula on consecutive parts of the record and
// returns the standard error of the mean of each coefficient and parameter.
// A part that does not converge is left out.
func (s Searched) blockRefits(ctx context.Context, r Refit) ([]float64, error) {
	var values [][]float64
	for b := range Blocks {
		entries, nodes := block(r.All, r.Final.Nodes, b, len(s.Problem.Model.States))
		if len(entries) == 0 {
			continue
		}
		data, err := fit.Prepare(s.Found.Model, entries)
		if err != nil {
			return nil, err
		}
		start := *r.Final
		start.Nodes = nodes
		start.Sigma = carry(data, r.Whole, r.Final.Sigma)
		engine := s.Settings.Engine(data, s.Problem.Fit)
		engine.Monitor = nil // the history is of the whole record
		f, err := engine.Trajectory(ctx, fmt.Sprintf("final/block-%d", b), &start, fit.Schedule{To: r.Final.Omega})
		if err != nil {
			return nil, err
		}
		if !math.IsInf(f.Objective, 0) {
			values = append(values, slices.Concat(f.Coefficients, f.Parameters))
		}
	}
	return standardErrors(values, len(r.Final.Terms)+len(r.Final.Parameters)), nil
}

// block is the b-th of Blocks parts of every entry that is long enough, with its n
// states a node.
func block(all []record.Entry, nodes [][]float64, b, n int) (entries []record.Entry, parts [][]float64) {
	const least = 8 // samples
	for e, entry := range all {
		samples := len(entry.Times)
		i, j := samples*b/Blocks, min(samples*(b+1)/Blocks+1, samples)
		if j-i < least {
			continue
		}
		entries, parts = append(entries, entry.Slice(i, j)), append(parts, nodes[e][i*n:j*n])
	}
	return entries, parts
}

// standardErrors of the means of n numbers over several fits; zero of fewer than two.
func standardErrors(values [][]float64, n int) []float64 {
	out := make([]float64, n)
	if len(values) < 2 {
		return out
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
	return out
}

// Interval is a fitted number, coefficients before parameters, with its 95 % interval.
func (a *Answer) Interval(column int) (value, low, high float64) {
	if terms := len(a.Final.Terms); column < terms {
		value = a.Final.Coefficients[column]
	} else {
		value = a.Final.Parameters[column-terms]
	}
	half := Confidence * a.Spread[column]
	return value, value - half, value + half
}

// Inflation is by how much intervals are wider than the covariance says,
// because parts of the record differ by more.
func (a *Answer) Inflation() []float64 {
	out := make([]float64, len(a.Spread))
	for i, s := range a.Spread {
		out[i] = 1
		if sd := math.Sqrt(a.Final.Variance(i)); s > sd && sd > 0 {
			out[i] = s / sd
		}
	}
	return out
}

// Combined is a sum of fitted numbers and half the width of its 95 % interval.
func (a *Answer) Combined(columns []int) (sum, half float64) {
	theta := append(slices.Clone(a.Final.Coefficients), a.Final.Parameters...)
	inflation := a.Inflation()
	variance := 0.0
	for _, i := range columns {
		sum += theta[i]
		for _, j := range columns {
			variance += a.Final.Covariance[i*a.Final.Columns()+j] * inflation[i] * inflation[j]
		}
	}
	return sum, Confidence * math.Sqrt(variance)
}
