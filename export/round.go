package export

import (
	"math"
	"slices"
	"strconv"

	"govern/expr"
	"govern/model"
)

// Interval is a fitted number with its 95 % interval.
type Interval struct{ Value, Low, High float64 }

// fewDigits is how many significant digits of a number without an interval are
// read, and mostDigits how many a person types: a number with more was computed.
const (
	fewDigits  = 6
	mostDigits = 9
)

// Rounded returns a model for reading: numbers that are known with an interval
// have as many digits as three significant ones of its half width need, which moves
// them by a hundredth of a standard error or less: enough where numbers nearly
// cancel. Of others that have more than nine digits (initial states, places of
// kinks) six are left. Numbers that were
// typed stay. Cost: O(numbers·intervals).
func Rounded(m *model.Model, intervals []Interval) *model.Model {
	out := *m
	of := func(v float64) float64 { return rounded(v, intervals) }
	in := func(e *expr.Expr) *expr.Expr { return roundedIn(e, of) }
	out.Parameters, out.States = slices.Clone(m.Parameters), slices.Clone(m.States)
	for i := range out.Parameters {
		out.Parameters[i].Value = of(out.Parameters[i].Value)
	}
	for i := range out.States {
		out.States[i].Value = of(out.States[i].Value)
	}
	out.Equations, out.Definitions = slices.Clone(m.Equations), slices.Clone(m.Definitions)
	for i := range out.Equations {
		out.Equations[i].Right = in(out.Equations[i].Right)
	}
	for i := range out.Definitions {
		out.Definitions[i].Right = in(out.Definitions[i].Right)
	}
	return &out
}

func roundedIn(e *expr.Expr, of func(float64) float64) *expr.Expr {
	if e.Kind == expr.Number {
		if v := of(e.Value); v != e.Value {
			return expr.Num(v)
		}
		return e
	}
	out := *e
	out.Args = slices.Clone(e.Args)
	for i := range out.Args {
		out.Args[i] = roundedIn(out.Args[i], of)
	}
	return &out
}

func rounded(v float64, intervals []Interval) float64 {
	if digits(v) <= fewDigits {
		return v
	}
	for _, q := range intervals {
		half := (q.High - q.Low) / 2
		if math.Abs(q.Value) != math.Abs(v) || !(half > 0) || math.IsInf(half, 0) {
			continue
		}
		return shortened(v, max(decade(v)-decade(half)+3, 1))
	}
	if digits(v) > mostDigits {
		return shortened(v, fewDigits)
	}
	return v
}

// shortened is v with n significant digits.
func shortened(v float64, n int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', min(n, 17)-1, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// digits counts the significant digits that v is written in.
func digits(v float64) int {
	n := 0
	for _, c := range strconv.FormatFloat(v, 'e', -1, 64) {
		if c == 'e' {
			break
		}
		if '0' <= c && c <= '9' {
			n++
		}
	}
	return n
}

// decade is floor(log10 |v|).
func decade(v float64) int { return int(math.Floor(math.Log10(math.Abs(v)))) }
