package assess

import (
	"context"
	"fmt"

	"govern/dynamics"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/ode"
)

// Conditional returns the largest conditional Lyapunov exponent of a closed
// model that is nudged by its own channels with gain k (per unit of time, shared
// out by trust): negative means that the nudged model forgets its start. It is
// the growth of a perturbation of a copy that follows the model, computed on a
// system of both (Pecora & Carroll 1990).
func Conditional(ctx context.Context, m *model.Model, data *fit.Data, sigma []float64, k float64, x0 []float64) (float64, error) {
	if len(m.Inputs) > 0 {
		return 0, fmt.Errorf("assess: conditional exponents need a model without inputs")
	}
	gains := make([]float64, len(data.Channels))
	for c := range gains {
		gains[c] = k * data.Trust(c, sigma[c])
	}
	follow := map[string]*expr.Expr{}
	for _, s := range m.States {
		follow[s.Name] = expr.Var("follower_" + s.Name)
	}
	master := m.Rhs()
	slave := make([]*expr.Expr, len(master))
	for i, right := range master {
		slave[i] = expr.Substitute(right, follow)
	}
	d, err := fit.Prepare(m, data.Entries)
	if err != nil {
		return 0, err
	}
	// Nudge writes the innovation in the master's states; seen from the follower
	// these are its own, and what drives it is the master.
	nudged, err := d.Nudge(zeros(len(master)), gains, x0, func(c int) *expr.Expr {
		return expr.Binary(expr.Sub, expr.Substitute(d.Channels[c].Observe, hideMaster(m)), d.Channels[c].Observe)
	})
	if err != nil {
		return 0, err
	}
	both := &model.Model{Name: m.Name, Parameters: m.Parameters}
	for i, s := range m.States {
		both.States = append(both.States, model.State{Name: "follower_" + s.Name, Value: x0[i]})
		correction := expr.Substitute(expr.Substitute(nudged[i], follow), showMaster(m))
		both.Equations = append(both.Equations, model.Equation{State: "follower_" + s.Name, Right: expr.Binary(expr.Add, slave[i], correction)})
	}
	for i, s := range m.States {
		both.States = append(both.States, model.State{Name: s.Name, Value: x0[i]})
		both.Equations = append(both.Equations, model.Equation{State: s.Name, Right: master[i]})
	}
	sys, err := ode.NewSystem(both)
	if err != nil {
		return 0, err
	}
	// Tangents begin along the first states, the follower's, and stay there: the
	// master does not see its follower.
	s, err := dynamics.Lyapunov(ctx, sys, sys.Start, dynamics.Options{Count: 1, Solver: ode.Options{Relative: 1e-8, Absolute: 1e-8, MaxSteps: 1_500_000}})
	if err != nil {
		return 0, err
	}
	return s.Exponents[0], nil
}

func zeros(n int) []*expr.Expr {
	out := make([]*expr.Expr, n)
	for i := range out {
		out[i] = expr.Num(0)
	}
	return out
}

// hideMaster hides the master's states from a renaming of the follower's; back
// undoes it.
func hideMaster(m *model.Model) map[string]*expr.Expr {
	names := map[string]*expr.Expr{}
	for _, s := range m.States {
		names[s.Name] = expr.Var("master_" + s.Name)
	}
	return names
}

func showMaster(m *model.Model) map[string]*expr.Expr {
	names := map[string]*expr.Expr{}
	for _, s := range m.States {
		names["master_"+s.Name] = expr.Var(s.Name)
	}
	return names
}
