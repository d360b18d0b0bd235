package tell

import (
	"govern/run"
	"govern/tape"
)

// ude packs the networks: the final ones where they are the answer, else those
// that the formula was found through.
func (w writer) ude() *run.UDE {
	f := w.Found.Neural
	if f == nil {
		return nil
	}
	if w.Final != nil && len(w.Final.Forms) > 0 {
		f = w.Final
	}
	out := &run.UDE{Forms: []run.Network{}, Parameters: map[string]run.Number{}}
	for _, form := range f.Forms {
		n := form.Neural
		out.Forms = append(out.Forms, run.Network{
			Unknown: n.Names[0], Arguments: form.Arguments, Hidden: n.Hidden, Activation: activation(n),
			Shift: run.Numbers(n.Shift), Scale: run.Numbers(n.Scale), Gain: run.Number(n.Gain[0]), Weights: run.Numbers(n.Start),
		})
	}
	trained := w.Found.Neural
	out.Training = &run.Training{Weights: map[string][]run.Number{}, Parameters: map[string]run.Number{}, Omega: run.Number(trained.Omega)}
	for _, form := range trained.Forms {
		out.Training.Weights[form.Neural.Names[0]] = run.Numbers(form.Neural.Start)
	}
	for k, q := range w.Problem.Model.FittedNames() {
		out.Parameters[q], out.Training.Parameters[q] = run.Number(f.Parameters[k]), run.Number(trained.Parameters[k])
	}
	return out
}

// activation is the name of a network's activation, the default's too.
func activation(n tape.Neural) string {
	if n.Activation == "" {
		return tape.Activations()[0]
	}
	return n.Activation
}
