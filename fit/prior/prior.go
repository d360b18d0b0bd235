// Package prior holds what is believed of the columns of a least-squares problem
// before the data: normal priors, given or around a mean that is a column itself with
// a spread that is learned, and that of weights.
package prior

import (
	"math"
)

// Normal is a normal prior of a column: around a value, or around the column that is
// the mean of its like.
type Normal struct {
	Column int
	Mean   int     // column; −1: Value
	Value  float64 // in its place
	SD     float64 // of a prior that is given
	Spread int     // index of the spread, for one that is learned
}

// residual of a prior at a border, with its standard deviation.
func (b *Normal) residual(border []float64, spreads []Spread) (r, sd float64) {
	sd, mean := b.SD, b.Value
	if b.Mean >= 0 {
		sd, mean = spreads[b.Spread].Value, border[b.Mean]
	}
	return (border[b.Column] - mean) / sd, sd
}

// Spread is the standard deviation of a parameter between entries.
type Spread struct {
	Parameter string
	Value     float64
	Low, High float64 // where −2 log of its marginal likelihood has risen by 3.84
}

// Set is the priors of all columns of a problem.
type Set struct {
	Given   []Normal
	Drawn   []Normal // around a mean, with one of Spreads
	Spreads []Spread
	Named   int // columns from here on are weights
}

// Objective is the priors' part of −2 log posterior.
func (s *Set) Objective(border []float64) float64 {
	sum := WeightsObjective(border[s.Named:])
	for _, list := range [][]Normal{s.Given, s.Drawn} {
		for i := range list {
			r, _ := list[i].residual(border, s.Spreads)
			sum += r * r
		}
	}
	return sum
}

// AddGradient adds share times the gradient of Objective.
func (s *Set) AddGradient(border, gradient []float64, share float64) {
	for j := s.Named; j < len(border); j++ {
		gradient[j] += share * 2 * Ridge * border[j]
	}
	for _, list := range [][]Normal{s.Given, s.Drawn} {
		for i := range list {
			b := &list[i]
			r, sd := b.residual(border, s.Spreads)
			gradient[b.Column] += share * 2 * r / sd
			if b.Mean >= 0 {
				gradient[b.Mean] -= share * 2 * r / sd
			}
		}
	}
}

// AppendRows appends the rows of weights and given priors, each as long as the border
// and one more, to rows.
func (s *Set) AppendRows(rows, border []float64) []float64 {
	return appendRows(AppendWeightRows(rows, s.Named, border), s.Given, s.Spreads, border)
}

// AppendDrawnRows appends the rows of priors with a spread.
func (s *Set) AppendDrawnRows(rows, border []float64) []float64 {
	return appendRows(rows, s.Drawn, s.Spreads, border)
}

func appendRows(rows []float64, list []Normal, spreads []Spread, border []float64) []float64 {
	width := len(border) + 1
	for i := range list {
		b := &list[i]
		r, sd := b.residual(border, spreads)
		at := len(rows)
		for range width {
			rows = append(rows, 0)
		}
		rows[at+b.Column], rows[at+width-1] = 1/sd, r
		if b.Mean >= 0 {
			rows[at+b.Mean] = -1 / sd
		}
	}
	return rows
}

// Ridge is the precision of the normal prior of a weight.
const Ridge = 1e-3

// WeightsObjective is the part of weights in an objective.
func WeightsObjective(weights []float64) float64 {
	sum := 0.0
	for _, w := range weights {
		sum += Ridge * w * w
	}
	return sum
}

// AppendWeightRows appends the rows of the weights' prior, for the columns from first on.
func AppendWeightRows(rows []float64, first int, border []float64) []float64 {
	width := len(border) + 1
	for k := first; k < len(border); k++ {
		at := len(rows)
		rows = append(rows, make([]float64, width)...)
		rows[at+k], rows[at+width-1] = math.Sqrt(Ridge), math.Sqrt(Ridge)*border[k]
	}
	return rows
}
