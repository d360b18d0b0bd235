package ode

import (
	"context"
	"fmt"
	"slices"
)

// SolveSensitivity is Solve together with the forward sensitivities of every
// state by the initial states and by the parameters named wrt, from the
// variational equations S' = ∂f/∂x·S + ∂f/∂θ. The columns of the solution are
// the states, standing for their initial values, then wrt. Steps are chosen by
// the states alone, so that their values are those of Solve bit for bit and the
// sensitivities are the derivatives of that map with its steps held fixed.
//
// Cost of an evaluation: the Jacobian program and nnz(∂f/∂x)·(states+len(wrt))
// multiply-adds.
func SolveSensitivity(ctx context.Context, sys *System, x0, times []float64, wrt []string, opt Options) (*Solution, error) {
	var others []string
	var values, chosen []float64
	for k, name := range sys.Parameters {
		if !slices.Contains(wrt, name) {
			others = append(others, name)
			values = append(values, sys.Values[k])
		}
	}
	for _, name := range wrt {
		k := slices.Index(sys.Parameters, name)
		if k < 0 {
			return nil, fmt.Errorf("ode: no parameter %q to take sensitivities by (parameters: %v)", name, sys.Parameters)
		}
		chosen = append(chosen, sys.Values[k])
	}
	f, err := NewField(sys.right, sys.States, sys.Inputs, others, wrt)
	if err != nil {
		return nil, err
	}
	columns := append(slices.Clone(sys.States), wrt...)
	return solve(ctx, sys, f, append(values, chosen...), columns, x0, times, opt)
}
