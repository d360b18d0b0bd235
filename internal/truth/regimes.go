package truth

import (
	"context"
	"math/rand/v2"
	"slices"

	"govern/expr"
	"govern/model"
	"govern/ode"
	"govern/record"
)

// Regimes observes one motion during which parameters change: c.Samples samples
// of each regime, the state going on where the last one ends. It returns the times
// of the changes too. Noise is a fraction of the whole record's deviation; Ways
// are ignored.
func (c Case) Regimes(regimes []map[string]float64) (record.Entry, []float64, error) {
	first := c
	first.Model = c.Model.WithParameters(regimes[0])
	times, states, err := first.Trajectory()
	if err != nil {
		return record.Entry{}, nil, err
	}
	var changes []float64
	for _, values := range regimes[1:] {
		sys, err := ode.NewSystem(c.Model.WithParameters(values))
		if err != nil {
			return record.Entry{}, nil, err
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
			return record.Entry{}, nil, err
		}
		changes = append(changes, times[last])
		times = append(times, next[1:]...)
		for i := range states {
			states[i] = append(states[i], sol.Values[i][1:]...)
		}
	}
	return c.noisy(times, states), changes, nil
}

// Drift observes one motion during which parameters go linearly from their first
// values to their last. Noise is as that of Regimes.
func (c Case) Drift(first, last map[string]float64) (record.Entry, error) {
	start := c
	start.Model, start.Samples = c.Model.WithParameters(first), 1
	times, states, err := start.Trajectory()
	if err != nil {
		return record.Entry{}, err
	}
	sys, err := ode.NewSystem(drifting(c.Model, first, last, float64(c.Samples-1)*c.Step))
	if err != nil {
		return record.Entry{}, err
	}
	x0 := make([]float64, len(states))
	for i := range x0 {
		x0[i] = states[i][0]
	}
	for k := 1; k < c.Samples; k++ {
		times = append(times, float64(k)*c.Step)
	}
	sol, err := ode.Solve(context.Background(), sys, x0, times, ode.Options{Relative: 1e-11})
	if err != nil {
		return record.Entry{}, err
	}
	return c.noisy(times, sol.Values), nil
}

// drifting is the model with parameters that go linearly over a duration.
func drifting(m *model.Model, first, last map[string]float64, duration float64) *model.Model {
	values := map[string]*expr.Expr{}
	for name, v := range first {
		slope := expr.Binary(expr.Mul, expr.Num((last[name]-v)/duration), expr.Var("t"))
		values[name] = expr.Binary(expr.Add, expr.Num(v), slope)
	}
	next := *m
	next.Equations, next.Definitions = slices.Clone(m.Equations), slices.Clone(m.Definitions)
	for i := range next.Equations {
		next.Equations[i].Right = expr.Substitute(next.Equations[i].Right, values)
	}
	for i := range next.Definitions {
		next.Definitions[i].Right = expr.Substitute(next.Definitions[i].Right, values)
	}
	return &next
}

// noisy observes the states that have a noise level.
func (c Case) noisy(times []float64, states [][]float64) record.Entry {
	e := record.Entry{Name: c.Model.Name, Times: times}
	rng := rand.New(rand.NewPCG(c.Seed, 2))
	for i, s := range c.Model.States {
		values := slices.Clone(states[i])
		sigma := c.Noise[s.Name] * deviation(states[i])
		for k := range values {
			values[k] += sigma * rng.NormFloat64()
		}
		if sigma > 0 {
			e.Channels = append(e.Channels, record.Channel{Column: s.Name, Observe: expr.Var(s.Name), Values: values})
		}
	}
	return e
}
