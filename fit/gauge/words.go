package gauge

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// symmetry puts a solution into words.
func (a *ansatz) symmetry(v []float64) Symmetry {
	scalings, additions := a.split(v)
	var out Symmetry
	switch {
	case len(additions) == 0:
		out.Change, out.Determined = scalingText(scalings), invariants(a.parameters, scalings)
	default:
		additions = append(additions, scalings...)
		if out.Change = a.commonAmount(additions); out.Change == "" {
			out.Change = additionText(additions)
		}
	}
	for i, c := range a.columns {
		if v[i] == 0 || c.kind == state {
			continue
		}
		out.Shared = out.Shared || c.kind == unknown || each(a.data.Model, c.name) == 0
		if c.kind != parameter {
			continue
		}
		if out.Hold == "" {
			out.Hold = c.name
		}
		if p := a.data.Model.ParameterIndex(c.name); p >= 0 && a.data.Model.Parameters[p].SD > 0 && !slices.Contains(out.Priors, c.name) {
			out.Priors = append(out.Priors, c.name)
		}
	}
	return out
}

// part is one thing that a symmetry changes: what grows by amount times by, "1" for
// a constant.
type part struct {
	what, by string
	amount   float64
}

// split lists what a solution multiplies by itself, and what it adds to things.
// Shifts and scales of arguments are left out: the argument's own change says them
// already.
func (a *ansatz) split(v []float64) (scalings, additions []part) {
	for i, c := range a.columns {
		if v[i] == 0 {
			continue
		}
		switch c.factor {
		case itself:
			scalings = append(scalings, part{c.name, c.name, v[i]})
		case one:
			additions = append(additions, part{c.name, "1", v[i]})
		case product:
			additions = append(additions, part{c.name, c.by, v[i]})
		case argument:
			additions = append(additions, part{c.name, a.data.Model.Unknown(c.name).Arguments[c.at], v[i]})
		}
	}
	return scalings, additions
}

// scalingText says which names are multiplied and which divided.
func scalingText(scalings []part) string {
	var times, over []string
	for _, p := range scalings {
		if text := powerText(p.what, math.Abs(p.amount)); p.amount > 0 {
			times = append(times, text)
		} else {
			over = append(over, text)
		}
	}
	var said []string
	if len(times) > 0 {
		said = append(said, "multiplying "+list(times)+" by a factor")
	}
	if len(over) > 0 {
		said = append(said, "dividing "+list(over)+" by "+map[bool]string{true: "it", false: "a factor"}[len(times) > 0])
	}
	return strings.Join(said, " and ")
}

// powerText is the name of what is multiplied, with how often.
func powerText(name string, exponent float64) string {
	switch {
	case exponent == 1:
		return name
	case exponent == 2:
		return name + " twice"
	case exponent > 1:
		return name + " " + strconv.FormatFloat(exponent, 'g', 3, 64) + " times"
	}
	return name + "^(1/" + strconv.FormatFloat(1/exponent, 'g', 3, 64) + ")"
}

// additionText lists what is added to what.
func additionText(additions []part) string {
	var said []string
	for _, p := range additions {
		amount := strconv.FormatFloat(math.Abs(p.amount), 'g', 4, 64)
		switch {
		case p.by != "1" && amount == "1":
			amount = p.by
		case p.by != "1":
			amount += "·" + p.by
		}
		verb, to := "adding", "to"
		if p.amount < 0 {
			verb, to = "subtracting", "from"
		}
		said = append(said, fmt.Sprintf("%s %s %s %s", verb, amount, to, p.what))
	}
	return list(said) + " (in proportion)"
}

// commonAmount says a change that adds one and the same amount, perhaps a multiple
// of a parameter, in simpler words; empty where it is another change.
func (a *ansatz) commonAmount(additions []part) string {
	by := additions[0].by
	if len(additions) < 2 || by != "1" && !slices.Contains(a.parameters, by) {
		return ""
	}
	var to, from []string
	for _, p := range additions {
		switch {
		case p.by != by || math.Abs(p.amount) != 1:
			return ""
		case p.amount > 0:
			to = append(to, p.what)
		default:
			from = append(from, p.what)
		}
	}
	switch {
	case len(to) > 0 && len(from) > 0:
		return "adding an amount to " + list(to) + " and subtracting it from " + list(from)
	case len(from) > 0:
		to = from
	}
	return "adding one amount to " + list(to)
}

// invariants are products of parameters that a scaling leaves alone: each with
// the first of them.
func invariants(parameters []string, scalings []part) []string {
	exponent := map[string]float64{}
	for _, p := range scalings {
		exponent[p.what] = p.amount
	}
	var moved []string
	for _, p := range parameters {
		if exponent[p] != 0 {
			moved = append(moved, p)
		}
	}
	var out []string
	for _, p := range moved[min(1, len(moved)):] {
		first := moved[0]
		switch ratio := exponent[p] / exponent[first]; ratio {
		case 1:
			out = append(out, p+"/"+first)
		case -1:
			out = append(out, first+"·"+p)
		default:
			out = append(out, p+"·"+first+"^"+strconv.FormatFloat(-ratio, 'g', 4, 64))
		}
	}
	return out
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
