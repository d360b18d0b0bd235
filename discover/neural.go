package discover

import (
	"context"
	"errors"
	"math"

	"govern/expr"
	"govern/fit"
	"govern/fit/neural"
	"govern/model"
	"govern/series"
)

// asksForNetwork says that a model wants the road through networks first.
func asksForNetwork(m *model.Model) bool {
	for _, u := range m.Unknowns {
		if u.Neural != nil {
			return true
		}
	}
	return false
}

// allowsNetwork says that there are unknowns and none is confined to a library.
func allowsNetwork(m *model.Model) bool {
	for _, u := range m.Unknowns {
		if u.Library != nil && u.Neural == nil {
			return false
		}
	}
	return len(m.Unknowns) > 0
}

// throughNetwork fits a network for every unknown and searches formulas again on
// what the networks say: their values in place of the smoothed calls, uncertain
// where the weights are. What is found is refitted on trajectories like any
// formula. An unknown with a library of its own and no word of a network stays
// without one, and so do the others beside it.
func (f *formulas) throughNetwork(ctx context.Context) error {
	asked := asksForNetwork(f.engine.Data.Model)
	if !allowsNetwork(f.engine.Data.Model) || !asked && f.options.Roads != "both" {
		return nil
	}
	net, err := f.train(ctx)
	var none *neural.NoStartError
	if errors.As(err, &none) {
		return nil
	}
	if err != nil || !series.Finite(net.Evidence) {
		return err
	}
	if err := f.listen(net); err != nil {
		return err
	}
	if asked {
		return f.everything(ctx)
	}
	if !passed(checks(f.engine.Data, net)) {
		return nil // what explains nothing teaches nothing
	}
	f.options.Roads = "grown" // whole libraries have failed already
	return f.everything(ctx)
}

// train fits a network for every unknown, at the defect weight that is best for
// them; once, whoever asks.
func (f *formulas) train(ctx context.Context) (*fit.Fitted, error) {
	if f.result.trained != nil {
		return f.result.trained, nil
	}
	report(f.engine, "neural", 0.3)
	net, err := f.engine.Neural(ctx, "neural", f.path)
	if err != nil {
		return nil, err
	}
	report(f.engine, "neural/tune", 0.5)
	if net, err = tune(ctx, f.engine, "neural/tune", net); err != nil {
		return nil, err
	}
	f.result.trained = net
	return net, nil
}

// listen puts what networks say in the place of the smoothed path.
func (f *formulas) listen(net *fit.Fitted) (err error) {
	f.result.Neural, f.prefix = net, "neural/"
	f.path, err = f.engine.Learned(f.path, net)
	return err
}

// everything tries libraries, then functions that bend.
func (f *formulas) everything(ctx context.Context) error {
	if err := f.libraries(ctx); err != nil {
		return err
	}
	if err := f.functions(ctx); err != nil {
		return err
	}
	return f.mixtures(ctx)
}

// Networks makes networks the answer of a search whose formula turned out not to
// move like the data; nil where the model does not allow them or they fail the
// checks.
func Networks(ctx context.Context, e *fit.Engine, before *Result) (*Result, error) {
	if !allowsNetwork(e.Data.Model) {
		return nil, nil
	}
	out := *before
	if out.Neural == nil {
		net, err := (&formulas{engine: e, path: out.Smoothed, result: &out}).train(ctx)
		if err != nil || !series.Finite(net.Evidence) {
			return nil, err
		}
		out.Neural = net
	}
	checked := checks(e.Data, out.Neural)
	if !passed(checked) || nothing(e.Data, e.Data.Model, out.Neural) != "" {
		return nil, nil
	}
	out.Ties, out.Apart = nil, nil
	out.neuralOnly(e.Data.Model, checked)
	out.Instead = DoesNotMove
	return &out, nil
}

// neuralOnly makes the networks the answer.
func (r *Result) neuralOnly(m *model.Model, checked []Check) {
	r.Ending, r.Chosen, r.Model, r.Checks = NeuralOnly, r.Neural, m, checked
}

// apart compares formulas with networks along the path that the networks have
// learned of the data.
func (c *candidate) apart(d *fit.Data, path *fit.Smoothed) ([]float64, error) {
	values := c.numbers()
	var out []float64
	for u, unknown := range d.Model.Unknowns {
		arguments, err := d.Arguments(path, u)
		if err != nil {
			return nil, err
		}
		var learned []float64
		for k, call := range d.Calls {
			if call.Unknown == u {
				for n := range d.Entries {
					learned = append(learned, path.Calls[n][k]...)
				}
			}
		}
		right := c.fit.Formula(u)
		square, size := 0.0, 0.0
		for i, v := range learned {
			for a, name := range unknown.Arguments {
				values[name] = arguments[a][i]
			}
			got, err := expr.Eval(right, func(name string) (float64, bool) { x, ok := values[name]; return x, ok })
			if err != nil {
				return nil, err
			}
			square += (got - v) * (got - v)
			size += v * v
		}
		out = append(out, math.Sqrt(square/size))
	}
	return out, nil
}
