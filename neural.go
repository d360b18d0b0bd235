package govern

import (
	"fmt"
	"slices"

	"govern/fit"
	"govern/model"
	"govern/run"
	"govern/tape"
)

// MismatchError says that networks do not fit a problem's model.
type MismatchError struct{ Text string }

func (e *MismatchError) Error() string {
	return "govern: the networks are not those of the problem: " + e.Text
}

// ude packs the networks: the final ones where they are the answer, else those
// that the formula was found through.
func (w *work) ude() *run.UDE {
	f := w.found.Neural
	if f == nil {
		return nil
	}
	if w.final != nil && len(w.final.Forms) > 0 {
		f = w.final
	}
	out := &run.UDE{Forms: []run.Network{}, Parameters: map[string]run.Number{}}
	for _, form := range f.Forms {
		n := form.Neural
		out.Forms = append(out.Forms, run.Network{
			Unknown: n.Names[0], Arguments: form.Arguments, Hidden: n.Hidden, Activation: activation(n),
			Shift: run.Numbers(n.Shift), Scale: run.Numbers(n.Scale), Gain: run.Number(n.Gain[0]), Weights: run.Numbers(n.Start),
		})
	}
	trained := w.found.Neural
	out.Training = &run.Training{Weights: map[string][]run.Number{}, Parameters: map[string]run.Number{}, Omega: run.Number(trained.Omega)}
	for _, form := range trained.Forms {
		out.Training.Weights[form.Neural.Names[0]] = run.Numbers(form.Neural.Start)
	}
	for k, q := range fittedNames(w.problem.Model) {
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

// CheckNetworks says whether Extract can start from networks: one for every
// unknown of the model, with its arguments, and a value for every fitted
// parameter; of a problem the model is that of its PerEntry. The error is a
// *MismatchError.
func CheckNetworks(networks *run.UDE, m *model.Model) error {
	_, err := startOf(networks, m)
	return err
}

// start is where an extraction begins.
type start struct {
	forms      []fit.Form // of the unknowns, in their order
	parameters []float64  // the fitted ones
	omega      float64    // defect weight; 0: not known
}

// startOf unpacks networks for the unknowns of a model: as they were before they saw
// the held-out entries, where that is known. The error is a *MismatchError.
func startOf(u *run.UDE, m *model.Model) (*start, error) {
	mismatch := func(format string, args ...any) (*start, error) {
		return nil, &MismatchError{fmt.Sprintf(format, args...)}
	}
	if len(m.Unknowns) == 0 {
		return mismatch("nothing is unknown in its model")
	}
	for _, n := range u.Forms {
		if m.Unknown(n.Unknown) == nil {
			return mismatch("its model has no unknown %s", n.Unknown)
		}
	}
	out, parameters := &start{}, u.Parameters
	if u.Training != nil {
		parameters, out.omega = u.Training.Parameters, float64(u.Training.Omega)
	}
	for k, unknown := range m.Unknowns {
		i := slices.IndexFunc(u.Forms, func(n run.Network) bool { return n.Unknown == unknown.Name })
		if i < 0 {
			return mismatch("there is none for the unknown %s", unknown.Name)
		}
		n := u.Forms[i]
		if !slices.Equal(n.Arguments, unknown.Arguments) {
			return mismatch("%s has the arguments %v there and %v here", unknown.Name, n.Arguments, unknown.Arguments)
		}
		if u.Training != nil {
			n.Weights = u.Training.Weights[n.Unknown]
		}
		out.forms = append(out.forms, fit.Form{Unknown: k, Arguments: n.Arguments, Neural: n.Neural()})
	}
	for _, q := range fittedNames(m) {
		v, ok := parameters[q]
		if !ok {
			return mismatch("there is no value of the fitted parameter %s", q)
		}
		out.parameters = append(out.parameters, float64(v))
	}
	if len(parameters) > len(out.parameters) {
		return mismatch("they come with %d fitted parameters, its model has %d", len(parameters), len(out.parameters))
	}
	return out, nil
}

func fittedNames(m *model.Model) []string {
	var out []string
	for _, q := range m.Parameters {
		if q.Fit {
			out = append(out, q.Name)
		}
	}
	return out
}
