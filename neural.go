package govern

import (
	"fmt"
	"slices"

	"govern/fit/neural"
	"govern/model"
	"govern/run"
)

// MismatchError says that networks do not fit a problem's model.
type MismatchError struct{ Text string }

func (e *MismatchError) Error() string {
	return "govern: the networks are not those of the problem: " + e.Text
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
	forms      []neural.Form // of the unknowns, in their order
	parameters []float64     // the fitted ones
	omega      float64       // defect weight; 0: not known
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
		out.forms = append(out.forms, neural.Form{Unknown: k, Arguments: n.Arguments, Neural: n.Neural()})
	}
	for _, q := range m.FittedNames() {
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
