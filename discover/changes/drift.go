package changes

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"govern/expr"
)

// Drift says that coefficients change gradually along the record rather than at some of
// its times.
type Drift struct {
	loss  float64 // penalised −2 log posterior, as that of a segmentation
	moves []moved // what drifts, the strongest first
}

// String says what drifts.
func (d *Drift) String() string {
	var parts []string
	for _, m := range d.moves {
		parts = append(parts, fmt.Sprintf("%s from about %.3g to %.3g", m.name, m.first, m.last))
	}
	text := "coefficients drift along the record"
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text
}

// moved is a coefficient, or a fitted parameter, at both ends of the record.
type moved struct {
	name        string
	first, last float64
}

// compareDrift compares drifts with the segmentation of the same blocks; nil where
// changes at a few times explain as much.
func (r *Linearisation) compareDrift(triangles [][]float64, penalty, segmented float64) *Drift {
	m, library, theta := r.engine.Data.Model, r.library, r.theta
	p := len(theta)
	loss, _ := fitDrifts(triangles, p, penalty)
	if !(loss < segmented) {
		return nil
	}
	out := &Drift{loss: loss}
	columns, step := strongest(triangles, p, 2*math.Log(float64(r.engine.Data.Observations())))
	for k, j := range columns {
		name := ""
		if j < len(library) {
			u := m.Unknowns[library[j].Unknown].Name
			name = fmt.Sprintf("that of %s in %s", library[j].Factor, u)
			if library[j].Factor.Kind == expr.Number {
				name = "the constant of " + u
			}
		} else {
			name = m.FittedNames()[j-len(library)]
		}
		middle, slope := theta[j]+step[j], step[p+k]
		out.moves = append(out.moves, moved{name, middle - slope, middle + slope})
	}
	return out
}

// fitDrifts fits coefficients that are polynomials of the time, of degrees one and
// two, to what blocks of a record say of them, and returns the better. Penalty is
// that of a segment: a line costs as much as one change of everything. Cost:
// O(blocks·p³).
func fitDrifts(triangles [][]float64, p int, penalty float64) (loss float64, degree int) {
	loss = math.Inf(1)
	for n := 1; n <= driftDegree; n++ {
		s := alongTime(triangles, p, n)
		if v := s.residual() + float64(n+1)*penalty; v < loss {
			loss, degree = v, n
		}
	}
	return loss, degree
}

// driftDegree is the highest power of the time.
const driftDegree = 2

// alongTime is the triangle of blocks on the coefficients of polynomials of the
// time, which goes from −1 to 1: first all constants, then all slopes …
func alongTime(triangles [][]float64, p, degree int) *stack {
	columns := (degree + 1) * p
	s := newStack(columns)
	wide := make([]float64, (columns+1)*(columns+1))
	for b, t := range triangles {
		clear(wide)
		for i := range p + 1 {
			row := wide[i*(columns+1) : (i+1)*(columns+1)]
			power := 1.0
			for n := range degree + 1 {
				for j := range p {
					row[n*p+j] = power * t[i*(p+1)+j]
				}
				power *= timeOf(b, len(triangles))
			}
			row[columns] = t[i*(p+1)+p]
		}
		s.push(wide)
	}
	return s
}

// timeOf is the time of block b of so many.
func timeOf(b, blocks int) float64 { return (2*float64(b)+1)/float64(blocks) - 1 }

// strongest picks the slopes that explain most, one after another, while each is
// worth its price: what a reader is told of a drift. The others stay constant.
func strongest(triangles [][]float64, p int, price float64) (columns []int, step []float64) {
	const most = 3
	whole := alongTime(triangles, p, 1)
	have := make([]int, p)
	for j := range have {
		have[j] = j
	}
	now := whole.selected(have)
	for len(columns) < most {
		best, at := now.residual()-price, -1
		var next *stack
		for j := range p {
			if slices.Contains(columns, j) {
				continue
			}
			if s := whole.selected(append(slices.Clone(have), p+j)); s.residual() < best {
				best, at, next = s.residual(), j, s
			}
		}
		if at < 0 {
			break
		}
		columns, have, now = append(columns, at), append(have, p+at), next
	}
	if len(columns) == 0 {
		return nil, nil
	}
	w := len(have) + 1
	return columns, minimiser([][]float64{now.a[:w*w]}, len(have))
}
