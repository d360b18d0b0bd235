package ode

import (
	"fmt"
	"math"
	"sort"
)

var inf = math.Inf(1)

// Signal is a function of time, linear between its samples and constant
// outside them.
type Signal struct {
	Time, Value []float64 // Time increases strictly
}

// edge is the part of an interval in which a held signal goes from one value to the
// next.
const edge = 1e-9

// Held is the signal that keeps every value until the next time. Steps of a solver end
// at its edges; between them it has no knots.
func Held(times, values []float64) Signal {
	var out Signal
	add := func(t, v float64) { out.Time, out.Value = append(out.Time, t), append(out.Value, v) }
	for k, t := range times {
		switch {
		case k == 0:
			add(t, values[0])
		case values[k] != values[k-1]:
			if before := t - edge*(t-times[k-1]); before > out.Time[len(out.Time)-1] && before < t {
				add(before, values[k-1])
			}
			add(t, values[k])
		}
	}
	return out
}

// At returns the signal's value at t. Cost: a binary search.
func (u Signal) At(t float64) float64 {
	return u.value(t, sort.SearchFloat64s(u.Time, t)-1)
}

// value evaluates the piece after sample k; k = −1 is the constant before the
// first.
func (u Signal) value(t float64, k int) float64 {
	switch {
	case k < 0:
		return u.Value[0]
	case k+1 >= len(u.Time):
		return u.Value[len(u.Value)-1]
	}
	theta := (t - u.Time[k]) / (u.Time[k+1] - u.Time[k])
	return u.Value[k] + theta*(u.Value[k+1]-u.Value[k])
}

// locate returns the last sample at or before t (−1 when none), walking from a
// guess: constant cost when t moves little between calls.
func (u Signal) locate(t float64, guess int) int {
	for guess+1 < len(u.Time) && u.Time[guess+1] <= t {
		guess++
	}
	for guess >= 0 && u.Time[guess] > t {
		guess--
	}
	return guess
}

func (u Signal) check() error {
	if len(u.Time) == 0 || len(u.Time) != len(u.Value) {
		return fmt.Errorf("a signal of %d times and %d values", len(u.Time), len(u.Value))
	}
	for k := range u.Time {
		switch {
		case math.IsNaN(u.Value[k]) || math.IsInf(u.Value[k], 0) || math.IsNaN(u.Time[k]):
			return fmt.Errorf("sample %d is (%g, %g)", k+1, u.Time[k], u.Value[k])
		case k > 0 && u.Time[k] <= u.Time[k-1]:
			return fmt.Errorf("time does not increase at sample %d (%g after %g)", k+1, u.Time[k], u.Time[k-1])
		}
	}
	return nil
}
