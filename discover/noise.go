package discover

import (
	"context"
	"fmt"
	"math"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/series"
)

// noise ends a search whose formula passes the checks and explains no motion.
func noise() way {
	return way{
		name: "noise",
		cost: Cheap,
		when: "a formula passes and explains no more than noise: the search ends",
		due: func(f *finder) string {
			switch {
			case !f.passes():
				return noFormulaPasses
			case noiseReason(f.engine.Data, f.best.search.Engine.Data.Model, f.best.fit) == "":
				return "the formula explains more than noise"
			}
			return ""
		},
		run: func(ctx context.Context, f *finder) (*Result, error) { return f.conclude(ctx) },
	}
}

// unexplained is the share of every channel's standard deviation that a formula's
// residuals must have to explain nothing: what of 10 % of the variance follows the data is
// the path's freedom.
const unexplained = 0.95

// noiseReason says in words that a formula that passes the checks explains no motion: its
// residuals are as large as the signal, or its right-hand sides are constants and
// noise does the rest. Both are right models of noise, and no answer. Empty where the formula
// explains something.
func noiseReason(d *fit.Data, m *model.Model, f *fit.Fitted) string {
	if f == nil || len(d.Model.Unknowns) == 0 {
		return ""
	}
	all := len(f.Residual) == len(d.Channels)
	var shares []string
	for i, c := range d.Channels {
		all = all && f.Residual[i] > unexplained*c.Std
		shares = append(shares, fmt.Sprintf("%s at %.0f %%", c.Column, 100*turningShare(d, i)))
	}
	text := ""
	switch {
	case all:
		text = "The samples are as far from the path of the best formula as from their mean: for an equation that is continuous in time they are noise. Of all samples, " +
			strings.Join(shares, ", ") + " are turning points; two thirds or more are those of white noise, of a map, or of a motion that is sampled twice a cycle. "
		if mapped := findMaps(d); len(mapped) > 0 {
			text += "A sample is a function of the one before: a quadratic polynomial explains " + strings.Join(mapped, ", ") + " of the variance. That is a map, not a flow, and govern learns flows. "
		}
	case f.Driven && isConstant(m, f):
		text = "The best formula moves nothing: the steps from sample to sample are noise, independent of the states and of each other, as those of a random walk. "
	default:
		return ""
	}
	return strings.TrimSuffix(text, ". ")
}

// suspectNoise notes of an answer that it explains nothing.
func (r *Result) suspectNoise(d *fit.Data) {
	if r.Trusted() || r.Ending == NeuralOnly {
		r.Noise = noiseReason(d, r.Model, r.Chosen)
	}
}

// isConstant says that no right-hand side depends on states, time or inputs.
func isConstant(m *model.Model, f *fit.Fitted) bool {
	if len(f.Forms) > 0 {
		return false
	}
	closed, err := withFormulas(m, f)
	if err != nil {
		return false
	}
	for _, right := range closed.Rhs() {
		for _, name := range expr.Names(expr.Simplify(right)) {
			if m.ParameterIndex(name) < 0 {
				return false
			}
		}
	}
	return true
}

// turningShare is the share of a channel's samples that are higher or lower than both
// their neighbours: two thirds of white noise, half of a random walk's, two of all samples
// of a smooth cycle.
func turningShare(d *fit.Data, channel int) float64 {
	turns, count := 0.0, 0.0
	for _, entry := range d.Entries {
		for _, c := range entry.Channels {
			if d.Channel(c) != channel {
				continue
			}
			for i := 1; i < len(c.Values)-1; i++ {
				before, after := c.Values[i]-c.Values[i-1], c.Values[i+1]-c.Values[i]
				if math.IsNaN(before) || math.IsNaN(after) {
					continue
				}
				if count++; before*after < 0 {
					turns++
				}
			}
		}
	}
	return turns / math.Max(count, 1)
}

// findMaps lists the channels of which a quadratic polynomial of all channels explains
// the next sample by more than half.
func findMaps(d *fit.Data) []string {
	const much = 0.5
	mean := make([]float64, len(d.Channels))
	for _, entry := range d.Entries {
		for a, c := range entry.Channels {
			if len(entry.Channels) != len(d.Channels) || d.Channel(c) != a {
				return nil
			}
			mean[a] += series.Mean(c.Values) / float64(len(d.Entries))
		}
	}
	var out []string
	for target, info := range d.Channels {
		rows := terms.LeastSquares{Columns: 1 + len(d.Channels) + len(d.Channels)*(len(d.Channels)+1)/2}
		sum, square := 0.0, 0.0
		for _, entry := range d.Entries {
			for i := range len(entry.Times) - 1 {
				row, whole := []float64{1}, true
				for a, c := range entry.Channels {
					x := (c.Values[i] - mean[a]) / d.Channels[a].Std
					row, whole = append(row, x), whole && !math.IsNaN(x)
				}
				for a := range d.Channels {
					for b := range a + 1 {
						row = append(row, row[1+a]*row[1+b])
					}
				}
				if next := entry.Channels[target].Values[i+1]; whole && !math.IsNaN(next) {
					rows.Rows, rows.Target, rows.Weight = append(rows.Rows, row), append(rows.Target, next), append(rows.Weight, 1)
					sum, square = sum+next, square+next*next
				}
			}
		}
		n := float64(len(rows.Rows))
		if n < 4*float64(rows.Columns) {
			continue
		}
		left := rows.Triangle().Solve(terms.All(rows.Columns)).Loss
		if share := 1 - left/(square-sum*sum/n); share > much {
			out = append(out, fmt.Sprintf("%.0f %% of %s", 100*share, info.Column))
		}
	}
	return out
}
