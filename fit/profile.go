package fit

import (
	"context"

	"govern/optim"
)

// Profile is the objective near a fit as a quadratic in the coefficients of a
// whole library, the nodes being at their best: |R·(θ−θ₀) + z|² + Residual.
type Profile struct {
	Terms    []Term
	Theta    []float64 // θ₀: the fit's coefficients, 0 for absent terms; then parameters
	R, Z     []float64
	Residual float64
}

// Profile linearises a fit without neural forms with every term of the library switched on: score
// tests for absent terms, and predictions for every subset.
func (e *Engine) Profile(ctx context.Context, name string, at *Fitted, library []Term) (*Profile, error) {
	out := &Profile{}
	err := e.do(name, out, func() error {
		st, err := e.libraryStage(library, at, nil)
		if err != nil {
			return err
		}
		p := st.point()
		for c := range p.Nodes {
			copy(p.Nodes[c], at.Nodes[c])
		}
		have := map[string]float64{}
		for i, t := range at.Terms {
			have[t.Key()] = at.Coefficients[i]
		}
		for i, t := range library {
			p.Border[i] = have[t.Key()]
		}
		copy(p.Border[len(library):], at.Parameters)
		var l optim.Linear
		var f optim.Factor
		st.Linearise(p, &l)
		f.Eliminate(&l, optim.Damping{})
		out.Terms, out.Theta, out.Residual = library, p.Border, f.Residual()
		out.R, out.Z = f.Information()
		return ctx.Err()
	})
	return out, err
}
