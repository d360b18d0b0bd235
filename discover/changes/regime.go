package changes

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"govern/expr"
	"govern/model"
	"govern/record"
)

// Regime is a stretch of the record in which coefficients stay what they are.
type Regime struct {
	Number   int    // from 1, in the order of the record
	Entry    string // that holds it
	From, To float64
	// Low and High hold, with 95 %, when it started; both are From where that is not an
	// estimate: of the first regime, of one that is given, and where a record starts.
	Low, High float64
	Name      string // of the parameter that is 1 in it and 0 elsewhere; empty for the first, where all are 0
}

// Guard is the share of a cycle, on both sides of a change that was found, that
// belongs to neither regime.
const Guard = 0.1

// Count is the number of regimes that entries are said to lie in.
func Count(entries []record.Entry) int {
	count := 1
	for _, e := range entries {
		count = max(count, e.Regime)
	}
	return count
}

// InRegime adds to conditions the indicators of a regime, counted from 1; names
// are those of the second and later ones.
func InRegime(set map[string]float64, names []string, regime int) map[string]float64 {
	out := maps.Clone(set)
	if out == nil {
		out = map[string]float64{}
	}
	for k, name := range names {
		if out[name] = 0; k+2 == regime {
			out[name] = 1
		}
	}
	return out
}

// Stretches lists the regimes of every record, in the order of the entries.
func Stretches(entries []record.Entry, names []string) []Regime {
	var out []Regime
	for _, e := range entries {
		number := max(e.Regime, 1)
		k := slices.IndexFunc(out, func(r Regime) bool { return r.Entry == e.Name && r.Number == number })
		if k < 0 {
			r := Regime{Number: number, Entry: e.Name, From: math.Inf(1), To: math.Inf(-1)}
			if number > 1 {
				r.Name = names[number-2]
			}
			k, out = len(out), append(out, r)
		}
		out[k].From, out[k].To = math.Min(out[k].From, e.Times[0]), math.Max(out[k].To, e.Times[len(e.Times)-1])
	}
	return out
}

// namesOf lists the indicators of regimes, in order.
func namesOf(regimes []Regime) []string {
	var names []string
	for _, g := range regimes {
		if g.Name != "" && !slices.Contains(names, g.Name) {
			names = append(names, g.Name)
		}
	}
	return names
}

// Difference is the name of what a fitted parameter has more in a regime than
// in the first.
func Difference(parameter, regime string) string { return parameter + "_in_" + regime }

// IsDifference says that a parameter is the difference of another in a regime.
func IsDifference(name string) bool { return strings.Contains(name, "_in_regime_") }

// WithRegimes is the model with an indicator for every regime but the first, and
// with differences between regimes of every fitted parameter that is not held.
func WithRegimes(m *model.Model, count int, held []string) (*model.Model, []string) {
	next := *m
	next.Parameters = slices.Clone(m.Parameters)
	prefix := "regime_"
	for slices.ContainsFunc(m.Parameters, func(q model.Parameter) bool { return len(q.Name) >= len(prefix) && q.Name[:len(prefix)] == prefix }) {
		prefix += "_"
	}
	var names []string
	for k := 2; k <= count; k++ {
		names = append(names, fmt.Sprintf("%s%d", prefix, k))
		next.Parameters = append(next.Parameters, model.Parameter{Name: names[k-2], Min: math.Inf(-1), Max: math.Inf(1)})
	}
	values := map[string]*expr.Expr{}
	for _, q := range m.Parameters {
		if !q.Fit || slices.Contains(held, q.Name) {
			continue
		}
		sum := expr.Var(q.Name)
		for _, name := range names {
			next.Parameters = append(next.Parameters, model.Parameter{Name: Difference(q.Name, name), Fit: true, Min: math.Inf(-1), Max: math.Inf(1)})
			sum = expr.Binary(expr.Add, sum, expr.Binary(expr.Mul, expr.Var(name), expr.Var(Difference(q.Name, name))))
		}
		values[q.Name] = sum
	}
	next.Equations = slices.Clone(m.Equations)
	for i := range next.Equations {
		next.Equations[i].Right = expr.Substitute(next.Equations[i].Right, values)
	}
	next.Definitions = slices.Clone(m.Definitions)
	for i := range next.Definitions {
		next.Definitions[i].Right = expr.Substitute(next.Definitions[i].Right, values)
	}
	return &next, names
}

// inRegime says that an entry has the indicator of a regime and no other; the first
// has none.
func inRegime(e record.Entry, names []string, name string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return e.Set[n] != 0 != (n == name) })
}
