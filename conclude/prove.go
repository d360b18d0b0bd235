package conclude

import (
	"context"
	"slices"

	"govern/assess"
	"govern/fit"
)

// prove assesses the formula: free runs with the one that never saw the
// held-out entries, dynamics with the final one.
func (w *Answer) prove(ctx context.Context) error {
	w.Settings.Stage("assess", 0.92)
	path := fit.ByState(w.Found.Chosen.Nodes[:len(w.Train)], len(w.Closed.States))
	first, rest := w.halves()
	in := assess.Input{
		Model: w.Trained, Final: w.Closed, Train: w.known(w.Train, w.Informed), Test: w.known(rest, w.Informed), Before: w.known(first, w.Informed),
		Sigma: NoiseOfSamples(w.Data, w.Found.Chosen.Sigma), Scale: w.Found.Chosen.Scale, Omega: w.Found.Chosen.Noise().Omega, Path: path,
		Workers: w.Settings.Workers, Journal: w.Settings.Journal,
	}
	var err error
	if w.Proof, err = assess.Run(ctx, in); err != nil || len(w.Found.Regimes) == 0 {
		return err
	}
	w.Regimes, err = w.proveRegimes(ctx, in)
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
