package discover

import (
	"context"
	"errors"
	"math"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/fit/neural"
	"govern/model"
	"govern/series"
)

// networks searches formulas on what neural forms have learned.
func networks() way {
	return way{
		name: "neural forms",
		cost: Expensive,
		when: "no formula passes, or a model asks for them: formulas are sought on what trained neural forms say",
		excluded: func(e *fit.Engine, o Options) string {
			switch {
			case !allowsNetwork(e.Data.Model):
				return "an unknown is confined to its library, or there is none"
			case !asksForNetwork(e.Data.Model) && o.Roads != "both":
				return "the roads are given: " + o.Roads
			}
			return ""
		},
		due: untilOnePasses,
		run: func(ctx context.Context, f *finder) (*Result, error) { return nil, f.searchThroughNetworks(ctx) },
	}
}

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

// searchThroughNetworks fits a network for every unknown and searches formulas again on
// what the networks say: their values in place of the smoothed calls, uncertain
// where the weights are. What is found is refitted on trajectories like any
// formula. An unknown with a library of its own and no word of a network stays
// without one, and so do the others beside it.
func (f *finder) searchThroughNetworks(ctx context.Context) error {
	net, err := f.trainNetworks(ctx)
	var none *neural.NoStartError
	if errors.As(err, &none) {
		return nil
	}
	if err != nil || !series.Finite(net.Evidence) {
		return err
	}
	if err := f.adoptNetworks(net); err != nil {
		return err
	}
	if asksForNetwork(f.engine.Data.Model) {
		return f.searchOnNetworks(ctx)
	}
	if !passed(checkFit(f.engine.Data, net)) {
		return nil // what explains nothing teaches nothing
	}
	f.options.Roads = "grown" // whole libraries have failed already
	return f.searchOnNetworks(ctx)
}

// trainNetworks fits a network for every unknown, at the defect weight that is best for
// them; once, whoever asks.
func (f *finder) trainNetworks(ctx context.Context) (*fit.Fitted, error) {
	if f.result.trained != nil {
		return f.result.trained, nil
	}
	report(f.engine, "neural networks", 0.3)
	net, err := f.engine.Neural(ctx, "neural", f.path)
	if err != nil {
		return nil, err
	}
	report(f.engine, "neural networks, how much defect they are allowed", 0.5)
	if net, err = terms.Tune(ctx, f.engine, "neural/tune", net); err != nil {
		return nil, err
	}
	f.result.trained = net
	return net, nil
}

// adoptNetworks puts what networks say in the place of the smoothed path.
func (f *finder) adoptNetworks(net *fit.Fitted) (err error) {
	f.result.Neural, f.prefix = net, "neural/"
	f.path, err = f.engine.LearnedPath(f.path, net)
	return err
}

// searchOnNetworks tries libraries, then functions that bend, on what networks say.
func (f *finder) searchOnNetworks(ctx context.Context) error {
	_, err := f.walk(ctx, waysOnNetworks(), "on neural forms: ")
	return err
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
		net, err := (&finder{engine: e, path: out.Smoothed, result: &out}).trainNetworks(ctx)
		if err != nil || !series.Finite(net.Evidence) {
			return nil, err
		}
		out.Neural = net
	}
	checked := checkFit(e.Data, out.Neural)
	if !passed(checked) || noiseReason(e.Data, e.Data.Model, out.Neural) != "" {
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

// distancesToNetworks compares formulas with networks along the path that the networks have
// learned of the data.
func (c *candidate) distancesToNetworks(d *fit.Data, path *fit.Smoothed) ([]float64, error) {
	values := c.parameterValues()
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
