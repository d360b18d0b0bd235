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
	for k, q := range fittedNames(w.problem.Model) {
		out.Parameters[q] = run.Number(f.Parameters[k])
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
// parameter. The error is a *MismatchError.
func CheckNetworks(networks *run.UDE, m *model.Model) error {
	_, _, err := formsOf(networks, m)
	return err
}

// formsOf unpacks networks for the unknowns of a model, in their order, and the
// values of its fitted parameters. The error is a *MismatchError.
func formsOf(u *run.UDE, m *model.Model) ([]fit.Form, []float64, error) {
	mismatch := func(format string, args ...any) ([]fit.Form, []float64, error) {
		return nil, nil, &MismatchError{fmt.Sprintf(format, args...)}
	}
	if len(m.Unknowns) == 0 {
		return mismatch("nothing is unknown in its model")
	}
	for _, n := range u.Forms {
		if m.Unknown(n.Unknown) == nil {
			return mismatch("its model has no unknown %s", n.Unknown)
		}
	}
	var forms []fit.Form
	for k, unknown := range m.Unknowns {
		i := slices.IndexFunc(u.Forms, func(n run.Network) bool { return n.Unknown == unknown.Name })
		if i < 0 {
			return mismatch("there is none for the unknown %s", unknown.Name)
		}
		n := u.Forms[i]
		if !slices.Equal(n.Arguments, unknown.Arguments) {
			return mismatch("%s has the arguments %v there and %v here", unknown.Name, n.Arguments, unknown.Arguments)
		}
		forms = append(forms, fit.Form{Unknown: k, Arguments: n.Arguments, Neural: n.Neural()})
	}
	var parameters []float64
	for _, q := range fittedNames(m) {
		v, ok := u.Parameters[q]
		if !ok {
			return mismatch("there is no value of the fitted parameter %s", q)
		}
		parameters = append(parameters, float64(v))
	}
	if len(u.Parameters) > len(parameters) {
		return mismatch("they come with %d fitted parameters, its model has %d", len(u.Parameters), len(parameters))
	}
	return forms, parameters, nil
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
