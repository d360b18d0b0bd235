package fit

import (
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/model"
	"govern/note"
	"govern/tape"
)

// Column is a fitted number: a parameter of the model or a coefficient.
type Column struct {
	Name         string
	Lower, Upper float64
}

// widest is how many times its start, or the size that the data give it, a
// parameter without bounds may become: one that runs further away, because a loose
// equation can be switched off by it, has no slope left to return by.
const widest = 1e6

// fittedColumns lists the parameters that the user wants fitted. One that something is
// divided by keeps the sign of its start: beyond zero lies a pole.
func fittedColumns(m *model.Model) []Column { return boundedColumns(m, nil) }

// fittedColumns is the same with the limits that the data allow.
func (d *Data) fittedColumns() []Column { return boundedColumns(d.Model, d.sizes) }

// boundedColumns limits the fitted parameters by their starts and sizes.
func boundedColumns(m *model.Model, sizes map[string]float64) []Column {
	var out []Column
	divides := map[string]bool{}
	for _, r := range m.Rhs() {
		divisors(r, divides)
	}
	for _, p := range m.Parameters {
		if !p.Fit {
			continue
		}
		c := Column{p.Name, p.Min, p.Max}
		if start := math.Abs(p.Value); start > 0 {
			size := start
			if v := sizes[p.Name]; v > 0 {
				size = v
			}
			most, least := widest*math.Max(start, size), math.Min(start, size)/widest
			c.Lower, c.Upper = math.Max(c.Lower, -most), math.Min(c.Upper, most)
			divides := divides[p.Name] || divides[p.Of]
			if divides && p.Value > 0 && p.Min < least {
				c.Lower = least
			}
			if divides && p.Value < 0 && p.Max > -least {
				c.Upper = -least
			}
		}
		out = append(out, c)
	}
	return out
}

// smoothedColumns lists the fitted parameters that a smoother can determine: those of
// channels, and of equations without unknown calls.
func (d *Data) smoothedColumns() []Column {
	used := map[string]bool{}
	for _, right := range d.Model.Rhs() {
		open := false
		for _, c := range d.Calls {
			for _, in := range expr.Calls(right) {
				open = open || in.String() == c.Call.String()
			}
		}
		for _, name := range expr.Names(right) {
			used[name] = used[name] || !open
		}
	}
	for _, c := range d.Channels {
		for _, name := range expr.Names(c.Observe) {
			used[name] = true
		}
	}
	return slices.DeleteFunc(d.fittedColumns(), func(c Column) bool {
		return !used[c.Name] && !used[d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Of]
	})
}

// AtBounds says which fitted parameters of a model of the data, in its order, rest
// at a bound, and what to do; of those that the user's model has, too.
func (d *Data) AtBounds(m *model.Model, values []float64, user *model.Model) []note.Note {
	var out []note.Note
	for i, c := range boundedColumns(m, d.sizes) {
		if user.ParameterIndex(c.Name) < 0 {
			continue // a number that the search has added
		}
		for _, bound := range []float64{c.Lower, c.Upper} {
			if math.IsInf(bound, 0) || math.Abs(values[i]-bound) > 1e-6*math.Abs(bound) {
				continue
			}
			hint := "Give a `value` of the size expected (in the unit of time of the data, or with a `time_unit` in which it is near one)"
			if bound == m.Parameters[m.ParameterIndex(c.Name)].Min || bound == m.Parameters[m.ParameterIndex(c.Name)].Max {
				hint = "If it may go farther, give wider `min` and `max`"
			}
			n := note.Of(note.AtBound, c.Name, "%s rests at its bound %.4g", c.Name, bound)
			n.Hint = hint
			out = append(out, n)
		}
	}
	return out
}

// divisors collects the names that are factors of what something is divided by.
func divisors(e *expr.Expr, into map[string]bool) {
	var factors func(e *expr.Expr)
	factors = func(e *expr.Expr) {
		switch e.Kind {
		case expr.Name:
			into[e.Ident] = true
		case expr.Mul, expr.Div:
			factors(e.Args[0])
			factors(e.Args[1])
		case expr.Neg, expr.Pow:
			factors(e.Args[0])
		}
	}
	if e.Kind == expr.Div {
		factors(e.Args[1])
	}
	for _, a := range e.Args {
		divisors(a, into)
	}
}

// weightColumns are the weights of a neural form as columns of a stage.
func weightColumns(n tape.Neural) []Column {
	out := make([]Column, n.Weights())
	for i := range out {
		out[i] = Column{fmt.Sprintf("%s#%d", n.Names[0], i), math.Inf(-1), math.Inf(1)}
	}
	return out
}
