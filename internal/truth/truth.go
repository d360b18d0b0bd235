// Package truth makes the data that govern is tested on: trajectories of known
// systems, with noise of a known size and seed.
package truth

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/ode"
)

// Case is a simulated experiment.
type Case struct {
	Model   *model.Model // closed
	Step    float64      // sampling interval
	Samples int
	// Noise is the standard deviation of every state's channel as a fraction of
	// the state's own; a state without a value is not observed.
	Noise map[string]float64
	Seed  uint64 // of the noise and of the start on the attractor
	// Transient is the time run before the first sample; the start before it is
	// moved by a tenth of the seed's normal draws.
	Transient float64
}

// Trajectory is the exact motion: times from 0, and state by sample.
func (c Case) Trajectory() (times []float64, states [][]float64, err error) {
	sys, err := ode.NewSystem(c.Model)
	if err != nil {
		return nil, nil, err
	}
	rng := rand.New(rand.NewPCG(c.Seed, 1))
	x0 := slices.Clone(sys.Start)
	for i := range x0 {
		x0[i] += 0.1 * rng.NormFloat64() * math.Max(math.Abs(x0[i]), 0.1)
	}
	if c.Transient > 0 {
		sol, err := ode.Solve(context.Background(), sys, x0, []float64{0, c.Transient}, ode.Options{})
		if err != nil {
			return nil, nil, err
		}
		x0 = sol.Last()
	}
	times = make([]float64, c.Samples)
	for i := range times {
		times[i] = float64(i) * c.Step
	}
	sol, err := ode.Solve(context.Background(), sys, x0, times, ode.Options{Relative: 1e-11})
	if err != nil {
		return nil, nil, err
	}
	return times, sol.Values, nil
}

// Entry observes the motion: one channel a state that has a noise level.
func (c Case) Entry() (fit.Entry, error) {
	times, states, err := c.Trajectory()
	if err != nil {
		return fit.Entry{}, err
	}
	e := fit.Entry{Name: c.Model.Name, Times: times}
	rng := rand.New(rand.NewPCG(c.Seed, 2))
	for i, s := range c.Model.States {
		level, observed := c.Noise[s.Name]
		sigma := level * deviation(states[i])
		values := slices.Clone(states[i])
		for k := range values {
			values[k] += sigma * rng.NormFloat64()
		}
		if observed {
			e.Channels = append(e.Channels, fit.Channel{Column: s.Name, Observe: expr.Var(s.Name), Values: values})
		}
	}
	return e, nil
}

func deviation(x []float64) float64 {
	mean, sum := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)))
}
