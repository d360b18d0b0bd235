// Package neural holds neural forms in the place of unknowns, and their regression on
// pairs of arguments and values: how a fit of them starts.
package neural

import (
	"slices"

	"govern/tape"
)

// Form is a neural form in the place of an unknown. Its Start are its weights.
type Form struct {
	Unknown   int // in the model's Unknowns
	Arguments []string
	Neural    tape.Neural
}

// Of is the form of unknown u, nil when it has none.
func Of(forms []Form, u int) *Form {
	for i := range forms {
		if forms[i].Unknown == u {
			return &forms[i]
		}
	}
	return nil
}

// Weights are the weights of all forms, one after another.
func Weights(forms []Form) []float64 {
	var out []float64
	for _, f := range forms {
		out = append(out, f.Neural.Start...)
	}
	return out
}

// WithWeights returns the forms with other weights.
func WithWeights(forms []Form, weights []float64) []Form {
	out := slices.Clone(forms)
	for i := range out {
		n := out[i].Neural.Weights()
		out[i].Neural.Start = slices.Clone(weights[:n])
		weights = weights[n:]
	}
	return out
}

// WeightSlopes is the program with the derivatives of its outputs by all
// weights.
func WeightSlopes(p *tape.Program) *tape.Program {
	wrt := make([]int, p.Weights())
	for j := range wrt {
		wrt[j] = p.Inputs() + j
	}
	out, _ := p.Jacobian(wrt)
	return out
}
