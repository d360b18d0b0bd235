package discover

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/journal"
)

// drift says that coefficients go along with the time of the record rather than
// change at some of its times.
type drift struct {
	loss  float64 // penalised −2 log posterior, as that of a segmentation
	moves []moved // what drifts, the strongest first
}

// moved is a coefficient, or a fitted parameter, at both ends of the record.
type moved struct {
	name        string
	first, last float64
}

// drifts fits coefficients that are polynomials of the time, of degrees one and
// two, to what blocks of a record say of them, and returns the better. Penalty is
// that of a segment: a line costs as much as one change of everything. Cost:
// O(blocks·p³).
func drifts(triangles [][]float64, p int, penalty float64) (loss float64, degree int) {
	loss = math.Inf(1)
	for n := 1; n <= driftDegree; n++ {
		s := alongTime(triangles, p, n)
		if v := s.residual() + float64(n+1)*penalty; v < loss {
			loss, degree = v, n
		}
	}
	return loss, degree
}

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
	now := whole.among(have)
	for len(columns) < most {
		best, at := now.residual()-price, -1
		var next *stack
		for j := range p {
			if slices.Contains(columns, j) {
				continue
			}
			if s := whole.among(append(slices.Clone(have), p+j)); s.residual() < best {
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

// among is the triangle with only some of the columns.
func (s *stack) among(columns []int) *stack {
	out := newStack(len(columns))
	w, from := len(columns)+1, s.p+1
	a := make([]float64, from*w)
	for i := range from {
		for k, j := range columns {
			a[i*w+k] = s.a[i*from+j]
		}
		a[i*w+w-1] = s.a[i*from+from-1]
	}
	terms.Triangularise(a, from, w)
	copy(out.a, a[:w*w])
	return out
}

// drifting compares drifts with the segmentation of the same blocks; nil where
// changes at a few times explain as much.
func (f *formulas) drifting(triangles [][]float64, library []fit.Term, theta []float64, penalty, segmented float64) *drift {
	p := len(theta)
	loss, _ := drifts(triangles, p, penalty)
	if !(loss < segmented) {
		return nil
	}
	out := &drift{loss: loss}
	columns, step := strongest(triangles, p, 2*math.Log(float64(f.engine.Data.Observations())))
	for k, j := range columns {
		name := ""
		if j < len(library) {
			u := f.engine.Data.Model.Unknowns[library[j].Unknown].Name
			name = fmt.Sprintf("that of %s in %s", library[j].Factor, u)
			if library[j].Factor.Kind == expr.Number {
				name = "the constant of " + u
			}
		} else {
			name = fittedOf(f.engine.Data.Model)[j-len(library)]
		}
		middle, slope := theta[j]+step[j], step[p+k]
		out.moves = append(out.moves, moved{name, middle - slope, middle + slope})
	}
	return out
}

// String says what drifts.
func (d *drift) String() string {
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

// along searches with every term of the libraries joined by its product with the
// time, which goes from −1 to 1 over the record; nil where no formula passes the
// checks without defects, or none in which the time stands.
func (f *formulas) along(ctx context.Context, found *drift, in plan) (*Result, error) {
	d := f.engine.Data
	first, last := math.Inf(1), math.Inf(-1)
	for _, e := range d.Entries {
		first, last = math.Min(first, e.Times[0]), math.Max(last, e.Times[len(e.Times)-1])
	}
	if len(d.Model.Unknowns) == 0 {
		return nil, nil
	}
	e := *f.engine
	if e.Journal != nil {
		e.Journal = journal.Under(in.name, e.Journal)
	}
	g := &formulas{engine: &e, options: f.options, path: f.path, held: f.held, result: &Result{Data: e.Data, Smoothed: f.path}}
	time := expr.Binary(expr.Sub, expr.Var("t"), expr.Num(round((first+last)/2)))
	g.indicators = []*expr.Expr{expr.Binary(expr.Div, time, expr.Num(round((last-first)/2)))}
	g.wary = in.early
	if err := g.through(ctx, in.through, nil); err != nil {
		return nil, err
	}
	if err := g.again(ctx); err != nil {
		return nil, err
	}
	if g.best == nil || !g.best.passed() || g.best.fit.Omega > 2*fit.OmegaEnd || f.best.passed() && g.best.score() > f.best.score() {
		return nil, nil
	}
	r, err := g.conclude(ctx)
	if err != nil || !r.Trusted() {
		return nil, err
	}
	for _, t := range r.Chosen.Terms {
		if slices.Contains(expr.Names(t.Factor), "t") {
			r.Drift = found.String()
			return r, nil
		}
	}
	return nil, nil
}

// round keeps four digits: what a reader can take in.
func round(v float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-3)
	if unit < 1 { // 0.001 is no number of base two, 1000 is
		return math.Round(v*math.Round(1/unit)) / math.Round(1/unit)
	}
	return math.Round(v/unit) * unit
}
