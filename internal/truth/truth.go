// Package truth makes the data that govern is tested on: trajectories of known
// systems, with noise of a known size and seed.
package truth

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"govern/expr"
	"govern/model"
	"govern/ode"
	"govern/record"
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
	// Driven is what process noise does to every state in a unit of time, as a
	// standard deviation in its unit; a state without a value has none.
	Driven map[string]float64
	Ways   Ways

	sizes []float64 // what noise is a fraction of; nil: every state's own deviation
}

// Ways are the ways in which measured data differ from regular sampling with
// white noise. The zero value has none of them.
type Ways struct {
	Correlation float64 // of the noise, from sample to sample: AR(1) of the same standard deviation
	Outliers    float64 // share of the samples of every channel that are off by ten standard deviations of the noise
	Bits        int     // of a converter that spans each channel's range; 0: none
	Missing     float64 // share of the times that are left out at random
	Gap         float64 // a stretch of this length is left out in the middle
	Trials      int     // this many records of Samples/Trials each, from starts of their own; 0: one
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
	if len(c.Driven) > 0 {
		states, err = c.driven(sys, x0)
		return times, states, err
	}
	sol, err := ode.Solve(context.Background(), sys, x0, times, ode.Options{Relative: 1e-11})
	if err != nil {
		return nil, nil, err
	}
	return times, sol.Values, nil
}

// kicks is how many times process noise moves the states between samples.
const kicks = 20

// driven is the motion under process noise: exact flow and a kick in turn.
func (c Case) driven(sys *ode.System, x []float64) ([][]float64, error) {
	rng := rand.New(rand.NewPCG(c.Seed, 5))
	states := make([][]float64, len(x))
	h := c.Step / kicks
	for k := range c.Samples {
		for i, v := range x {
			states[i] = append(states[i], v)
		}
		for j := range kicks {
			t := float64(k)*c.Step + float64(j)*h
			sol, err := ode.Solve(context.Background(), sys, x, []float64{t, t + h}, ode.Options{Relative: 1e-8})
			if err != nil {
				return nil, err
			}
			x = sol.Last()
			for i, s := range c.Model.States {
				x[i] += c.Driven[s.Name] * math.Sqrt(h) * rng.NormFloat64()
			}
		}
	}
	return states, nil
}

// Entry observes the motion: one channel a state that has a noise level. Of
// several trials it is the first.
func (c Case) Entry() (record.Entry, error) {
	entries, err := c.Entries()
	if err != nil {
		return record.Entry{}, err
	}
	return entries[0], nil
}

// Entries observes the motion, one entry a trial.
func (c Case) Entries() ([]record.Entry, error) {
	entries, _, err := c.Observed()
	return entries, err
}

// Observed is the entries and the exact states at their times: by entry, state
// and sample.
func (c Case) Observed() (entries []record.Entry, states [][][]float64, err error) {
	trials := max(c.Ways.Trials, 1)
	trial := func(k int) Case {
		part := c
		part.Samples = c.Samples / trials
		part.Seed += uint64(k) * 1000003
		return part
	}
	var sizes []float64 // of every state over all trials: one instrument measures them
	if trials > 1 {
		all := make([][]float64, len(c.Model.States))
		for k := range trials {
			_, x, err := trial(k).Trajectory()
			if err != nil {
				return nil, nil, err
			}
			for i := range x {
				all[i] = append(all[i], x[i]...)
			}
		}
		for _, x := range all {
			sizes = append(sizes, deviation(x))
		}
	}
	for k := range trials {
		part := trial(k)
		part.sizes = sizes
		e, x, err := part.observe()
		if err != nil {
			return nil, nil, err
		}
		entries, states = append(entries, e), append(states, x)
	}
	return entries, states, nil
}

func (c Case) observe() (record.Entry, [][]float64, error) {
	times, states, err := c.Trajectory()
	if err != nil {
		return record.Entry{}, nil, err
	}
	e := record.Entry{Name: c.Model.Name, Times: times}
	rng := rand.New(rand.NewPCG(c.Seed, 2))
	ways := rand.New(rand.NewPCG(c.Seed, 3))
	for i, s := range c.Model.States {
		level, observed := c.Noise[s.Name]
		size := deviation(states[i])
		if c.sizes != nil {
			size = c.sizes[i]
		}
		sigma := level * size
		values := slices.Clone(states[i])
		noise := 0.0
		for k := range values {
			fresh := rng.NormFloat64()
			if rho := c.Ways.Correlation; rho > 0 && k > 0 {
				fresh = rho*noise + math.Sqrt(1-rho*rho)*fresh
			}
			noise = fresh
			values[k] += sigma * noise
			if c.Ways.Outliers > 0 && ways.Float64() < c.Ways.Outliers {
				values[k] += 10 * sigma * float64(2*ways.IntN(2)-1)
			}
		}
		if c.Ways.Bits > 0 {
			low, high := slices.Min(values), slices.Max(values)
			step := (high - low) / float64(int(1)<<c.Ways.Bits-1)
			for k, v := range values {
				values[k] = low + step*math.Round((v-low)/step)
			}
		}
		if observed {
			e.Channels = append(e.Channels, record.Channel{Column: s.Name, Observe: expr.Var(s.Name), Values: values})
		}
	}
	e, states = c.Ways.leaveOut(e, states, ways)
	return e, states, nil
}

// leaveOut drops times at random, and those of a gap in the middle.
func (w Ways) leaveOut(e record.Entry, states [][]float64, rng *rand.Rand) (record.Entry, [][]float64) {
	if w.Missing == 0 && w.Gap == 0 {
		return e, states
	}
	last := len(e.Times) - 1
	middle := (e.Times[0] + e.Times[last]) / 2
	keep := make([]bool, len(e.Times))
	for k, t := range e.Times {
		keep[k] = math.Abs(t-middle) >= w.Gap/2 && (w.Missing == 0 || rng.Float64() >= w.Missing)
	}
	kept := func(x []float64) []float64 {
		var out []float64
		for k, v := range x {
			if keep[k] {
				out = append(out, v)
			}
		}
		return out
	}
	e.Times = kept(e.Times)
	for i := range e.Channels {
		e.Channels[i].Values = kept(e.Channels[i].Values)
	}
	out := make([][]float64, len(states))
	for i := range states {
		out[i] = kept(states[i])
	}
	return e, out
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
