package conclude

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/record"
)

// intoRegimes goes on with the model and the entries of the regimes that a search has
// found, or was given; with what was searched itself where there are none.
func (s Searched) intoRegimes() Searched {
	regimes := s.Found.Regimes
	if len(regimes) == 0 {
		return s
	}
	p := *s.Problem
	p.Model = s.Found.Base
	s.Problem = &p
	if s.Sparse() {
		s.Train = s.withIndicators(s.Train)
	}
	s.Test = s.withIndicators(s.Test)
	found := *s.Found
	found.Regimes = s.complete(regimes)
	s.Found = &found
	return s
}

// complete lets regimes end where the next starts, or where what is held out of them
// ends.
func (s Searched) complete(regimes []discover.Regime) []discover.Regime {
	regimes = slices.Clone(regimes)
	for k := range regimes {
		r := &regimes[k]
		for _, e := range s.Test {
			if e.Name == r.Entry && s.liesIn(e, *r) {
				r.To = math.Max(r.To, e.Times[len(e.Times)-1])
			}
		}
		if k+1 < len(regimes) && regimes[k+1].Entry == r.Entry {
			r.To = regimes[k+1].From
		}
	}
	return regimes
}

// withIndicators sets the indicators of entries that say in which regime they lie, or
// else in the last one of their record: held-out ones, after it was sought.
func (s Searched) withIndicators(entries []record.Entry) []record.Entry {
	entries = slices.Clone(entries)
	for e := range entries {
		for _, r := range slices.Backward(s.Found.Regimes) {
			if r.Entry == entries[e].Name && (entries[e].Regime == 0 || entries[e].Regime == r.Number) {
				entries[e].Set = indicated(entries[e].Set, s.Found.Regimes, r)
				break
			}
		}
	}
	return entries
}

// indicated adds to conditions those of a regime.
func indicated(set map[string]float64, all []discover.Regime, in discover.Regime) map[string]float64 {
	out := maps.Clone(set)
	if out == nil {
		out = map[string]float64{}
	}
	for _, r := range all {
		if r.Name != "" {
			out[r.Name] = 0
		}
	}
	if in.Name != "" {
		out[in.Name] = 1
	}
	return out
}

// liesIn says that an entry has the indicators of a regime.
func (s Searched) liesIn(entry record.Entry, in discover.Regime) bool {
	for _, r := range s.Found.Regimes {
		if r.Name != "" && entry.Set[r.Name] != 0 != (r.Name == in.Name) {
			return false
		}
	}
	return true
}

// InRegime is the answer inside one regime, with the indicators put in.
type InRegime struct {
	discover.Regime
	Equations  []*expr.Expr // by state; nil for one that holds a neural form
	Unknowns   []RegimeFormula
	Parameters []Estimate
}

// RegimeFormula is an unknown inside a regime.
type RegimeFormula struct {
	Formula *expr.Expr
	Terms   []TermEstimate
}

// TermEstimate is a factor with its coefficient.
type TermEstimate struct {
	Factor      *expr.Expr
	Coefficient float64
	Half        float64 // half the width of the 95 % interval
}

// Estimate is a fitted number with its name.
type Estimate struct {
	Name  string
	Value float64
	Half  float64 // half the width of the 95 % interval
}

// InRegimes are the formulas and parameters of each regime.
func (a *Answer) InRegimes() []InRegime {
	var out []InRegime
	for _, r := range a.Found.Regimes {
		values := map[string]*expr.Expr{}
		for name, v := range indicated(nil, a.Found.Regimes, r) {
			values[name] = expr.Num(v)
		}
		in := InRegime{Regime: r}
		for _, right := range a.RightHandSides() {
			if right != nil {
				right = expr.Tidy(expr.Simplify(expr.Substitute(right, values)))
			}
			in.Equations = append(in.Equations, right)
		}
		for u := range a.Problem.Model.Unknowns {
			in.Unknowns = append(in.Unknowns, a.unknownIn(u, values))
		}
		in.Parameters = a.parametersIn(r)
		out = append(out, in)
	}
	return out
}

// parametersIn are the problem's fitted parameters inside a regime, each with its
// difference there.
func (a *Answer) parametersIn(r discover.Regime) []Estimate {
	var out []Estimate
	fitted := a.FittedParameters()
	for i, q := range fitted {
		if a.Problem.Model.ParameterIndex(q) < 0 || discover.IsDifference(q) {
			continue
		}
		columns := []int{len(a.Final.Terms) + i}
		for k, other := range fitted {
			if r.Name != "" && other == discover.Difference(q, r.Name) {
				columns = append(columns, len(a.Final.Terms)+k)
			}
		}
		v, half := a.Combined(columns)
		out = append(out, Estimate{q, v, half})
	}
	return out
}

// unknownIn is unknown u with the indicators put in.
func (a *Answer) unknownIn(u int, values map[string]*expr.Expr) RegimeFormula {
	var keys []string
	columns, factors := map[string][]int{}, map[string]*expr.Expr{}
	for i, t := range a.Final.Terms {
		if t.Unknown != u {
			continue
		}
		factor := expr.Simplify(expr.Substitute(a.Factor(i), values))
		if factor.Kind == expr.Number && factor.Value == 0 {
			continue
		}
		key := factor.String()
		if factors[key] == nil {
			keys, factors[key] = append(keys, key), factor
		}
		columns[key] = append(columns[key], i)
	}
	var out RegimeFormula
	f := &fit.Fitted{}
	for _, key := range keys {
		c, half := a.Combined(columns[key])
		out.Terms = append(out.Terms, TermEstimate{factors[key], c, half})
		f.Terms, f.Coefficients = append(f.Terms, fit.Term{Factor: factors[key]}), append(f.Coefficients, c)
	}
	out.Formula = f.Formula(0)
	return out
}

// differ says that some regime has another formula or parameter than the first.
func differ(regimes []InRegime) bool {
	first := regimes[0]
	return slices.ContainsFunc(regimes[1:], func(r InRegime) bool {
		for u := range r.Unknowns {
			if r.Unknowns[u].Formula.String() != first.Unknowns[u].Formula.String() {
				return true
			}
		}
		for k := range r.Parameters {
			if r.Parameters[k].Value != first.Parameters[k].Value {
				return true
			}
		}
		return false
	})
}

// proveRegimes assesses every regime by itself: its exponents, its attractor, and
// free runs where some of it is held out.
func (a *Answer) proveRegimes(ctx context.Context, in assess.Input) (map[int]*assess.Proof, error) {
	proofs := map[int]*assess.Proof{}
	for _, r := range a.Found.Regimes {
		if proofs[r.Number] != nil {
			continue
		}
		part := in
		part.Train, part.Path, part.Test = nil, nil, nil
		for e, entry := range in.Train {
			if a.liesIn(entry, r) {
				part.Train, part.Path = append(part.Train, entry), append(part.Path, in.Path[e])
			}
		}
		for _, entry := range in.Test {
			if a.liesIn(entry, r) {
				part.Test = append(part.Test, entry)
			}
		}
		if len(part.Train) == 0 {
			continue
		}
		set := indicated(nil, a.Found.Regimes, r)
		part.Model, part.Final = in.Model.WithParameters(set), in.Final.WithParameters(set)
		if in.Journal != nil {
			part.Journal = journal.Under(fmt.Sprintf("regime-%d", r.Number), in.Journal)
		}
		proof, err := assess.Run(ctx, part)
		if err != nil {
			return nil, err
		}
		proofs[r.Number] = proof
	}
	return proofs, nil
}
