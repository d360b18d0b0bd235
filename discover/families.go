package discover

import (
	"fmt"
	"math"
	"slices"

	"govern/expr"
)

// family is a function that bends, of one argument x and fitted numbers: what
// polynomials only approximate. Its parts share the numbers.
type family struct {
	name    string
	numbers []number
	parts   func(x *expr.Expr, n []*expr.Expr) []*expr.Expr
	allowed func(a axis) bool // nil: on every axis
	kind    string            // the function of a combination of arguments; empty: of one argument
}

// families lists the bends: sigmoids (logistic and tanh differ by a constant, and
// so in what they cost), saturating responses after Holling, Michaelis, Menten
// and Hill (with a power that is fitted where the argument is positive), exponentials, a bump, and an oscillation.
func families() []family {
	return []family{
		freeHill(),
		sigmoid("tanh"), sigmoid("logistic"), sigmoid("atan"), hill(1), hill(2), hill(3), hill(4),
		{name: "inhibited", numbers: []number{half()}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Binary(expr.Div, x, expr.Binary(expr.Add, expr.Binary(expr.Pow, n[0], expr.Num(2)), expr.Binary(expr.Pow, x, expr.Num(2))))}
		}},
		{name: "exp", numbers: []number{rate()}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("exp", product(n[0], x))}
		}},
		{name: "sinh", allowed: axis.straddles, numbers: []number{growth()}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("sinh", product(n[0], x))}
		}},
		{name: "bump", numbers: []number{steepness(), centre()}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("exp", expr.Negative(expr.Binary(expr.Pow, product(n[0], difference(x, n[1])), expr.Num(2))))}
		}},
		{name: "wave", numbers: []number{wave()}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("sin", product(n[0], x)), expr.Apply("cos", product(n[0], x))}
		}},
	}
}

// sigmoid is s(k·(x − c)) for a named function s.
func sigmoid(name string) family {
	return family{name: name, numbers: []number{steepness(), centre()}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
		return []*expr.Expr{expr.Apply(name, product(n[0], difference(x, n[1])))}
	}}
}

// hill is xᵖ/(hᵖ + xᵖ) for a given power.
func hill(power float64) family {
	f := family{name: fmt.Sprintf("hill-%g", power), numbers: []number{half()}, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
		raised := func(e *expr.Expr) *expr.Expr {
			if power == 1 {
				return e
			}
			return expr.Binary(expr.Pow, e, expr.Num(power))
		}
		return []*expr.Expr{expr.Binary(expr.Div, raised(x), expr.Binary(expr.Add, raised(n[0]), raised(x)))}
	}}
	if int(power)%2 == 1 {
		f.allowed = axis.positive
	}
	return f
}

// freeHill is xᵖ/(hᵖ + xᵖ) with a power that is fitted.
func freeHill() family {
	raised := func(base, power *expr.Expr) *expr.Expr { return expr.Binary(expr.Pow, base, power) }
	return family{name: "hill", numbers: []number{half(), power()}, allowed: axis.strictlyPositive, parts: func(x *expr.Expr, n []*expr.Expr) []*expr.Expr {
		return []*expr.Expr{expr.Binary(expr.Div, raised(x, n[1]), expr.Binary(expr.Add, raised(n[0], n[1]), raised(x, n[1])))}
	}}
}

func product(a, b *expr.Expr) *expr.Expr    { return expr.Binary(expr.Mul, a, b) }
func difference(a, b *expr.Expr) *expr.Expr { return expr.Binary(expr.Sub, a, b) }

// numberless are the functions without numbers of their own: turbulent drag x·|x|,
// outflow √x, Gompertz' growth x·log x. They cost as little as a monomial.
func numberless() []family {
	return []family{
		{name: "drag", allowed: axis.straddles, parts: func(x *expr.Expr, _ []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Binary(expr.Mul, x, expr.Apply("abs", x))}
		}},
		{name: "root", allowed: axis.strictlyPositive, parts: func(x *expr.Expr, _ []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("sqrt", x)}
		}},
		{name: "log", allowed: axis.strictlyPositive, parts: func(x *expr.Expr, _ []*expr.Expr) []*expr.Expr {
			return []*expr.Expr{expr.Apply("log", x), expr.Binary(expr.Mul, x, expr.Apply("log", x))}
		}},
	}
}

// number is a fitted number inside a family.
type number struct {
	name       string
	starts     func(a axis) []float64
	min, max   func(a axis) float64
	canonical  float64 // the value at which it need not be written; NaN: none
	mayReverse bool    // the canonical value may have either sign
}

// startsOn is where the number starts: along the axis, and where a textbook has it.
// A rotor's angle runs over many turns, an exponential of a voltage over many
// decades: there no multiple of the spread is near the canonical value.
func (n number) startsOn(a axis) []float64 {
	out := n.starts(a)
	if n.name == "rate" { // where an exponential's square is still a number
		const largest = 300
		out = slices.DeleteFunc(out, func(v float64) bool { return math.Abs(v)*a.size() > largest })
	}
	if n.name != "wave" && n.name != "rate" {
		return out
	}
	textbook := []float64{n.canonical, -n.canonical}
	if n.name == "wave" {
		textbook = append(textbook, math.Pi/180) // an angle in degrees
	}
	for _, at := range textbook {
		if n.min(a) <= at && at <= n.max(a) && !slices.Contains(out, at) {
			out = append(out, at)
		}
	}
	return out
}

// perDeviation are numbers over the spread of an axis.
func perDeviation(factors ...float64) func(axis) []float64 {
	return func(a axis) []float64 {
		out := slices.Clone(factors)
		for i := range out {
			out[i] /= a.sd
		}
		return out
	}
}

// steepness of a sigmoid or a bump, over the argument.
func steepness() number {
	return number{"steepness", perDeviation(0.5, 1.3, 3.4),
		func(a axis) float64 { return 0.02 / a.sd }, func(a axis) float64 { return 200 / a.sd }, 1, false}
}

// centre of a sigmoid or a bump.
func centre() number {
	return number{"centre", func(a axis) []float64 { return a.quantiles },
		func(a axis) float64 { return a.low - 2*a.span() }, func(a axis) float64 { return a.high + 2*a.span() }, 0, false}
}

// half is where a saturating response reaches half of its height.
func half() number {
	return number{"half", func(a axis) []float64 {
		var out []float64
		for _, f := range []float64{0.02, 0.06, 0.18, 0.54, 1.6} {
			out = append(out, f*a.size())
		}
		return out
	}, func(a axis) float64 { return math.Max(1e-3*a.size(), -1.2*a.low) }, func(a axis) float64 { return 100 * a.size() }, 1, false}
}

// rate of an exponential, of either sign.
func rate() number {
	return number{"rate", perDeviation(-1.6, -0.4, 0.4, 1.6),
		func(a axis) float64 { return -20 / a.sd }, func(a axis) float64 { return 20 / a.sd }, 1, true}
}

// growth is the rate of a hyperbolic sine, which is odd: a positive one.
func growth() number {
	return number{"rate", perDeviation(0.4, 1, 2.5),
		func(a axis) float64 { return 0.02 / a.sd }, func(a axis) float64 { return 20 / a.sd }, 1, false}
}

// wave is a wave number; see waveStep.
func wave() number {
	waves := []float64{0.3, 0.6, 1, 1.5, 2.2}
	for k := 3.0; k < 15; k += waveStep {
		waves = append(waves, k)
	}
	return number{"wave", perDeviation(waves...),
		func(a axis) float64 { return 0.01 / a.sd }, func(a axis) float64 { return 100 / a.sd }, 1, false}
}

// power of a Hill function that is no integer.
func power() number {
	return number{"power", func(axis) []float64 { return []float64{1.5, 2.7, 6, 12} },
		func(axis) float64 { return 0.3 }, func(axis) float64 { return 30 }, math.NaN(), false}
}

// combineStarts lists all combinations of the numbers' starts.
func combineStarts(numbers []number, a axis) [][]float64 {
	out := [][]float64{nil}
	for _, n := range numbers {
		var next [][]float64
		for _, head := range out {
			for _, v := range n.startsOn(a) {
				next = append(next, append(slices.Clone(head), v))
			}
		}
		out = next
	}
	return out
}

// axis is where an argument lies along the data.
type axis struct {
	low, high, sd float64
	quantiles     []float64
}

// newAxis is the axis of an argument's values.
func newAxis(values []float64) axis {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	mean, square, n := 0.0, 0.0, float64(len(sorted))
	for _, v := range sorted {
		mean += v / n
	}
	for _, v := range sorted {
		square += (v - mean) * (v - mean) / n
	}
	a := axis{low: sorted[0], high: sorted[len(sorted)-1], sd: math.Max(math.Sqrt(square), 1e-12*math.Abs(mean)+1e-300)}
	for _, q := range []float64{0.05, 0.3, 0.5, 0.7, 0.95} {
		a.quantiles = append(a.quantiles, sorted[int(q*(n-1))])
	}
	return a
}

// span is the length of the axis.
func (a axis) span() float64 { return a.high - a.low }

// size is how far from zero the axis reaches.
func (a axis) size() float64 { return math.Max(math.Abs(a.low), math.Abs(a.high)) }

// positive allows for a little noise below zero.
func (a axis) positive() bool { return a.low > -0.05*a.high }

// strictlyPositive allows for powers that are no integers.
func (a axis) strictlyPositive() bool { return a.low > 0 }

// straddles says that both signs are common: x·|x| is no x² there.
func (a axis) straddles() bool { return math.Min(-a.low, a.high) > 0.05*a.size() }

// waveStep, over the spread of the axis, is how far apart the wave numbers of the grid
// may be: sines that differ by more are no help for one another on an axis of some
// three and a half deviations.
const waveStep = 0.8
