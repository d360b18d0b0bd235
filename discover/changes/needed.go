package changes

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/fit"
)

// side is what the samples of one regime, or of some that were merged, say of the
// coefficients that hold in it.
type side struct {
	theta []float64 // of every term that some regime has, then the fitted parameters
	parts []part
}

// part is a stretch of a side: its triangle (fit.Engine.Triangles) at coefficients.
type part struct{ triangle, at []float64 }

// cost is the side's −2 log posterior with some coefficients.
func (s side) cost(theta []float64) float64 {
	sum := 0.0
	delta := make([]float64, len(theta))
	for _, p := range s.parts {
		for i := range delta {
			delta[i] = theta[i] - p.at[i]
		}
		sum += squaresAt(p.triangle, delta)
	}
	return sum
}

// Needed leaves out the change points that evidence does not ask for: the best fit
// that the segmentation was made from is wrong where regimes differ, and may vary
// within one. Where the samples on one side of a change bear the coefficients of the
// other at less than the price of their own and of the place, both are one regime; the
// cheapest go first. Coefficients alone do not tell: a stretch that says little of
// them may have got very different ones. The engine is that of the whole record.
func (f Formula) Needed(ctx context.Context, e *fit.Engine, cuts []Cut) ([]Cut, error) {
	sides, err := f.sides(ctx, e)
	if err != nil || len(sides) != len(cuts)+1 {
		return cuts, err
	}
	log := math.Log(float64(e.Data.Observations()))
	out := slices.Clone(cuts)
	for len(out) > 0 {
		at, lowest := 0, math.Inf(1)
		var theta []float64
		for k := range out {
			a, b := sides[k], sides[k+1]
			changed := 0
			for i := range a.theta {
				if a.theta[i] != b.theta[i] {
					changed++
				}
			}
			price := float64(changed+2) * log
			for _, way := range [][2]side{{a, b}, {b, a}} {
				if excess := way[1].cost(way[0].theta) - way[1].cost(way[1].theta) - price; excess < lowest {
					at, lowest, theta = k, excess, way[0].theta
				}
			}
		}
		if !(lowest < 0) {
			break
		}
		sides[at] = side{theta, slices.Concat(sides[at].parts, sides[at+1].parts)}
		sides = slices.Delete(sides, at+1, at+2)
		out = slices.Delete(out, at, at+1)
	}
	return out, nil
}

// sides are the regimes of a formula.
func (f Formula) sides(ctx context.Context, e *fit.Engine) ([]side, error) {
	names := append([]string{""}, namesOf(f.Regimes)...)
	library, values := f.termsIn(names)
	engine := *e
	engine.Data = f.Data
	var out []side
	for k, name := range names {
		theta := slices.Concat(values[k], f.parametersIn(name))
		at := slices.Concat(values[k], f.Fit.Parameters)
		var blocks []fit.Block
		for i, entry := range f.Data.Entries {
			if inRegime(entry, names[1:], name) {
				blocks = append(blocks, fit.Block{Entry: i, From: 0, To: len(entry.Times)})
			}
		}
		triangles, err := engine.Triangles(ctx, f.Fit, library, at, blocks)
		if err != nil {
			return nil, fmt.Errorf("discover: regime %d: %w", k+1, err)
		}
		s := side{theta: theta}
		for _, t := range triangles {
			s.parts = append(s.parts, part{t, theta})
		}
		out = append(out, s)
	}
	return out, nil
}

// termsIn are the terms that some regime has, with the indicators put in, and their
// coefficients in every regime; names are those of all indicators, the first empty.
func (f Formula) termsIn(names []string) (library []fit.Term, values [][]float64) {
	column := map[string]int{}
	of := make([]map[string]float64, len(names)) // regimes: coefficients by key
	for k, name := range names {
		of[k] = map[string]float64{}
		in := map[string]*expr.Expr{}
		for _, n := range names[1:] {
			if in[n] = expr.Num(0); n == name {
				in[n] = expr.Num(1)
			}
		}
		for i, t := range f.Fit.Terms {
			t.Factor = expr.Simplify(expr.Substitute(t.Factor, in))
			if t.Factor.Kind == expr.Number && t.Factor.Value == 0 {
				continue
			}
			key := t.Key()
			if _, known := column[key]; !known {
				column[key] = len(library)
				library = append(library, t)
			}
			of[k][key] += f.Fit.Coefficients[i]
		}
	}
	for k := range names {
		row := make([]float64, len(library))
		for key, v := range of[k] {
			row[column[key]] = v
		}
		values = append(values, row)
	}
	return library, values
}

// parametersIn are the fitted parameters in a regime, differences added; 0 in the place
// of the differences.
func (f Formula) parametersIn(regime string) []float64 {
	fitted := f.Model.FittedNames()
	out := make([]float64, len(fitted))
	for i, q := range fitted {
		if IsDifference(q) {
			continue
		}
		out[i] = f.Fit.Parameters[i]
		if j := slices.Index(fitted, Difference(q, regime)); j >= 0 && regime != "" {
			out[i] += f.Fit.Parameters[j]
		}
	}
	return out
}
