package discover

import (
	"context"
	"fmt"

	"govern/fit"
	"govern/fit/neural"
	"govern/model"
	"govern/series"
)

// roadWhole is the road of a fit without selection; a problem file cannot name
// it.
const roadWhole = "whole"

// MixedError refuses to train a library and a network together.
type MixedError struct{ Library, Neural string } // an unknown of each kind

func (e *MixedError) Error() string {
	return fmt.Sprintf("discover: the unknown %s has a library and %s a network: one fit trains either libraries or networks", e.Library, e.Neural)
}

// TrainsNetworks says what Fit puts in the place of a model's unknowns: their
// libraries where they have one and nothing asks for a network, else networks;
// false without unknowns. The error is a MixedError.
func TrainsNetworks(m *model.Model) (bool, error) {
	library, neural := "", ""
	for _, u := range m.Unknowns {
		if u.Library != nil && u.Neural == nil {
			library = u.Name
		} else {
			neural = u.Name
		}
	}
	if library != "" && neural != "" {
		return false, &MixedError{library, neural}
	}
	return neural != "", nil
}

// Fit trains what a model leaves open and searches no formula: fitted parameters
// alone, as Run does; whole libraries, of which nothing is left out; or networks
// (see TrainsNetworks). An open degree is chosen by the evidence of the whole
// libraries. Networks that pass the checks are OK: they are what was asked for.
func Fit(ctx context.Context, e *fit.Engine, o Options) (*Result, error) {
	networks, err := TrainsNetworks(e.Data.Model)
	if err != nil {
		return nil, err
	}
	if len(e.Data.Model.Unknowns) == 0 {
		return Run(ctx, e, o)
	}
	f, err := beginSearch(ctx, e, o)
	if err != nil {
		return nil, err
	}
	if f.result.Ending != Searching {
		return f.result, nil
	}
	if networks {
		return f.fitNetworks(ctx)
	}
	f.options.Roads = roadWhole
	if _, err := f.walk(ctx, []place{{way: libraries()}}, ""); err != nil {
		return nil, err
	}
	if f.best == nil {
		f.result.Ending = NotStarted
		return f.result, nil
	}
	f.result.choose(f.best)
	return f.result, nil
}

// fitNetworks trains a network for every unknown and judges them.
func (f *finder) fitNetworks(ctx context.Context) (*Result, error) {
	r := f.result
	net, err := f.trainNetworks(ctx)
	if err != nil {
		return nil, err
	}
	if !series.Finite(net.Evidence) {
		r.Ending = NotTrained
		return r, nil
	}
	r.Ending, r.Neural, r.Chosen, r.Model = NeuralForms, net, net, f.engine.Data.Model
	r.Checks = checkFit(f.engine.Data, net)
	return r, nil
}

// Extract searches formulas on networks that were trained before, through the
// same road as Run takes with `neural:`. The networks, one for every unknown of
// the model in its order, the fitted parameters and the defect weight (0: annealed
// anew) are where their fit on the engine's data starts: what they say counts as
// far as these data determine it.
func Extract(ctx context.Context, e *fit.Engine, o Options, networks []neural.Form, parameters []float64, omega float64) (*Result, error) {
	f, err := beginSearch(ctx, e, o)
	if err != nil {
		return nil, err
	}
	if f.result.Ending != Searching {
		return f.result, nil
	}
	report(e, "neural networks", 0.1)
	net, err := e.Retrain(ctx, "neural", f.path, networks, parameters, omega)
	if err != nil {
		return nil, err
	}
	if !series.Finite(net.Evidence) {
		f.result.Ending = NotRetrained
		return f.result, nil
	}
	if err := f.adoptNetworks(net); err != nil {
		return nil, err
	}
	if err := f.searchOnNetworks(ctx); err != nil {
		return nil, err
	}
	return f.conclude(ctx)
}
