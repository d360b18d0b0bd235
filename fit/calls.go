package fit

import (
	"fmt"
	"slices"

	"govern/expr"
)

// UnknownCall is a distinct call of an unknown in the equations.
type UnknownCall struct {
	Unknown int // in Model.Unknowns
	Call    *expr.Expr
	State   int // first state whose equation holds it
	// Absorbed calls have no series of their own in a smoother: where several are
	// added in one equation only their sum can be seen, and the first stands for it.
	Absorbed bool
}

// findCalls lists the distinct calls of unknowns in the equations.
func (d *Data) findCalls() {
	seen := map[string]bool{}
	for i, right := range d.Model.Rhs() {
		for _, c := range expr.Calls(right) {
			for u := range d.Model.Unknowns {
				if d.Model.Unknowns[u].Name != c.Ident || seen[c.String()] {
					continue
				}
				seen[c.String()] = true
				d.Calls = append(d.Calls, UnknownCall{Unknown: u, Call: c, State: i})
			}
		}
	}
	d.absorb()
}

// absorb marks the calls that a smoother cannot tell from another: those that
// stand in one equation only, added to a call before them.
func (d *Data) absorb() {
	right := d.withoutCalls()
	appears := make([]int, len(d.Calls))
	for _, r := range right {
		for _, name := range expr.Names(r) {
			for k := range d.Calls {
				if name == callName(k) {
					appears[k]++
				}
			}
		}
	}
	for _, r := range right {
		first := -1
		for k := range d.Calls {
			if !slices.Contains(expr.Names(r), callName(k)) {
				continue
			}
			if first < 0 {
				first = k
				continue
			}
			mixed := expr.Simplify(expr.Diff(expr.Diff(r, callName(first)), callName(k)))
			added := mixed.Kind == expr.Number && mixed.Value == 0
			d.Calls[k].Absorbed = added && appears[k] == 1
		}
	}
}

func callName(k int) string { return fmt.Sprintf("u#%d", k) }

// withoutCalls is the model's right-hand side with every unknown call replaced
// by a name.
func (d *Data) withoutCalls() []*expr.Expr {
	return d.ReplaceCalls(func(k int) *expr.Expr {
		if d.Calls[k].Absorbed {
			return expr.Num(0)
		}
		return expr.Var(callName(k))
	})
}

// ReplaceCalls is the model's right-hand side with something in the place of every
// unknown call.
func (d *Data) ReplaceCalls(by func(k int) *expr.Expr) []*expr.Expr {
	stand := map[string]*expr.Expr{}
	for k, c := range d.Calls {
		stand[c.Call.String()] = by(k)
	}
	right := d.Model.Rhs()
	for i, r := range right {
		right[i] = expr.ReplaceCalls(r, func(c *expr.Expr) *expr.Expr { return stand[c.String()] })
	}
	return right
}

// zeroCalls is zero in the place of every call.
func (d *Data) zeroCalls() map[string]*expr.Expr {
	none := map[string]*expr.Expr{}
	for k := range d.Calls {
		none[callName(k)] = expr.Num(0)
	}
	return none
}
