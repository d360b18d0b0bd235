package truth

import (
	"context"
	"math/rand/v2"
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/ode"
)

// Regimes observes one motion during which parameters change: c.Samples samples
// of each regime, the state going on where the last one ends. It returns the times
// of the changes too. Noise is a fraction of the whole record's deviation; Ways
// are ignored.
func (c Case) Regimes(regimes []map[string]float64) (fit.Entry, []float64, error) {
	first := c
	first.Model = c.Model.WithParameters(regimes[0])
	times, states, err := first.Trajectory()
	if err != nil {
		return fit.Entry{}, nil, err
	}
	var changes []float64
	for _, values := range regimes[1:] {
		sys, err := ode.NewSystem(c.Model.WithParameters(values))
		if err != nil {
			return fit.Entry{}, nil, err
		}
		last := len(times) - 1
		x0 := make([]float64, len(states))
		for i := range x0 {
			x0[i] = states[i][last]
		}
		next := []float64{times[last]}
		for range c.Samples {
			next = append(next, float64(last+len(next))*c.Step)
		}
		sol, err := ode.Solve(context.Background(), sys, x0, next, ode.Options{Relative: 1e-11})
		if err != nil {
			return fit.Entry{}, nil, err
		}
		changes = append(changes, times[last])
		times = append(times, next[1:]...)
		for i := range states {
			states[i] = append(states[i], sol.Values[i][1:]...)
		}
	}
	e := fit.Entry{Name: c.Model.Name, Times: times}
	rng := rand.New(rand.NewPCG(c.Seed, 2))
	for i, s := range c.Model.States {
		values := slices.Clone(states[i])
		sigma := c.Noise[s.Name] * deviation(states[i])
		for k := range values {
			values[k] += sigma * rng.NormFloat64()
		}
		if sigma > 0 {
			e.Channels = append(e.Channels, fit.Channel{Column: s.Name, Observe: expr.Var(s.Name), Values: values})
		}
	}
	return e, changes, nil
}
