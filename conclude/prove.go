package conclude

import (
	"context"
	"slices"

	"govern/assess"
	"govern/fit"
)

// prove assesses the formula: free runs with the one that never saw the
// held-out entries, dynamics with the final one.
func (a *Answer) prove(ctx context.Context) error {
	a.Settings.Stage("proof by free runs", 0.92)
	path := fit.SplitStates(a.Found.Chosen.Nodes[:len(a.Train)], len(a.Closed.States))
	first, rest := a.halves()
	in := assess.Input{
		Model: a.Trained, Final: a.Closed, Train: a.known(a.Train, a.Informed), Test: a.known(rest, a.Informed), Before: a.known(first, a.Informed),
		Sigma: NoiseOfSamples(a.Data, a.Found.Chosen.Sigma), Scale: a.Found.Chosen.Scale, Omega: a.Found.Chosen.Noise().Omega, Path: path,
		Workers: a.Settings.Workers, Journal: a.Settings.Journal,
	}
	var err error
	if a.Proof, err = assess.Run(ctx, in); err != nil || len(a.Found.Regimes) == 0 {
		return err
	}
	a.Regimes, err = a.proveRegimes(ctx, in)
	return err
}

// NoiseOfSamples is the noise of single samples, where fits use more because it is
// correlated.
func NoiseOfSamples(d *fit.Data, sigma []float64) []float64 {
	out := slices.Clone(sigma)
	for i, c := range d.Channels {
		out[i] /= c.Inflation()
	}
	return out
}
