// Package gauge finds what no data of a model's channels determine: continuous
// symmetries under which every channel stays as it is, and states that no channel
// can see. Nothing is fitted; the data say only how large things are and which
// conditions occur.
//
// # Gauges
//
// Before anything is fitted, gauge.Find looks for affine changes of states, fitted parameters and unknowns under
// which every channel stays as it is (the infinitesimal symmetry criterion, linear at random points). What it
// finds is said, and a parameter is held for each, so that the fit has no direction to run away in. A parameter
// with a prior does not take part, since the prior holds it; changes that only priors decide are said
// (gauge.DecidedByPriors). A parameter that is the same in all entries is held before one that differs.
package gauge

import (
	"slices"
	"strings"

	"govern/expr"
	"govern/fit"
	"govern/model"
)

// Symmetry is a change of states, fitted parameters and unknowns that alters no
// channel whatever the data are: what no fit can determine. It is one member of
// a continuous family, so to first order it is a direction.
type Symmetry struct {
	Change     string   // in words: what may change together
	Determined []string // combinations of parameters that it leaves alone, where it is a scaling
	Shared     bool     // it changes something that all entries share: an unknown, or a parameter that is the same in all
	Priors     []string // parameters that it changes and that have a prior
	Hold       string   // a fitted parameter that it changes: held, it stops the change; empty without one
}

func (s Symmetry) String() string {
	text := "no data can tell: " + s.Change + " changes no channel"
	if len(s.Determined) > 0 {
		text += "; determined are only " + strings.Join(s.Determined, ", ")
	}
	return text
}

// Find lists the symmetries of the model under which all channels stay as they
// are, among changes that are affine in states and fitted parameters, with any
// affine change of an unknown and of its arguments. That is the infinitesimal
// criterion of Lie (Olver, Applications of Lie Groups to Differential Equations,
// section 2.3; for identifiability Yates, Evans and Chappell 2009) on an ansatz,
// solved numerically: at random states, parameters and values of the unknowns it
// is linear in the change's coefficients, and a change that holds at more random
// points than it has coefficients holds everywhere. Times are those of the data,
// starts that are fixed stay, and what decides where an equation jumps (conditions,
// heaviside, sign) is not moved. Symmetries that are not affine are not seen, nor
// those that a prior of a parameter forbids. Cost: a tenth of a second for ten
// states of which everything is unknown, six for 84.
func Find(d *fit.Data) []Symmetry { return find(newAnsatz(d, keepPriors)) }

// DecidedByPriors lists the changes that no data can tell either and that a prior
// of a parameter decides.
func DecidedByPriors(d *fit.Data) []Symmetry {
	if !slices.ContainsFunc(d.Model.Parameters, func(p model.Parameter) bool { return p.Fit && p.SD > 0 }) {
		return nil
	}
	return slices.DeleteFunc(find(newAnsatz(d, ignorePriors)), func(s Symmetry) bool { return len(s.Priors) == 0 })
}

// find names the solutions of an ansatz, each once; nil has none.
func find(a *ansatz) []Symmetry {
	if a == nil {
		return nil
	}
	var out []Symmetry
	free := map[string]bool{} // names that anything may happen to: once is enough
	for _, v := range a.solutions() {
		names := a.namesIn(v)
		if !slices.ContainsFunc(names, func(name string) bool { return !free[name] }) {
			continue
		}
		if len(names) == 1 {
			free[names[0]] = true
		}
		s := a.symmetry(v)
		if s.Change == "" { // a change of an argument alone says nothing of the model
			continue
		}
		if !slices.ContainsFunc(out, func(o Symmetry) bool { return o.Change == s.Change }) {
			out = append(out, s)
		}
	}
	return out
}

// namesIn are the names that a solution changes, each once.
func (a *ansatz) namesIn(v []float64) []string {
	var out []string
	for i, c := range a.columns {
		if v[i] != 0 && !slices.Contains(out, c.name) {
			out = append(out, c.name)
		}
	}
	return out
}

// CheckStates returns a fit.UnobservedError when a symmetry changes one of the
// given states: then every answer would be one of a family.
func CheckStates(d *fit.Data, states []string) error {
	a := newAnsatz(d, keepPriors)
	if a == nil {
		return nil
	}
	for _, v := range a.solutions() {
		for k, c := range a.columns {
			if v[k] != 0 && c.kind == state && slices.Contains(states, c.name) {
				return &fit.UnobservedError{State: c.name, Why: a.symmetry(v).String()}
			}
		}
	}
	return nil
}

// Disconnected lists the states that drive nothing: no channel sees them, neither
// directly nor through the equation of a state that is seen. Their start, and
// parameters that stand in their equations alone, are free.
func Disconnected(d *fit.Data) []string {
	seen := map[string]bool{}
	var see func(e *expr.Expr)
	right := d.Model.Rhs()
	see = func(e *expr.Expr) {
		for _, name := range expr.Names(e) {
			if i := d.Model.StateIndex(name); i >= 0 && !seen[name] {
				seen[name] = true
				see(right[i])
			}
		}
	}
	for _, c := range d.Channels {
		see(c.Observe)
	}
	var out []string
	for _, s := range d.Model.States {
		if !seen[s.Name] {
			out = append(out, s.Name)
		}
	}
	return out
}
