package fit

import (
	"context"
	"math"

	"govern/expr"
	"govern/fit/neural"
	"govern/series"
	"govern/tape"
)

// Neural fits a network in the place of every unknown. Arguments are
// standardised by the smoothed path, outputs scaled by the smoothed calls; the
// weights start from the regression of the smoothed calls on their arguments,
// which also chooses the shape by its evidence where the model gives none. What
// follows is a trajectory fit like that of a library.
func (e *Engine) Neural(ctx context.Context, name string, sm *Smoothed) (*Fitted, error) {
	return e.trainNetworks(ctx, name, sm, sm.Parameters, 0, e.regress)
}

// Retrain is Neural for networks that are known already, one for every unknown of
// the model in its order, and fitted parameters: the fit starts from them, at the
// defect weight omega; 0: it is annealed anew.
func (e *Engine) Retrain(ctx context.Context, name string, sm *Smoothed, networks []neural.Form, parameters []float64, omega float64) (*Fitted, error) {
	return e.trainNetworks(ctx, name, sm, parameters, omega, func(_ context.Context, c *calls) (neural.Form, error) { return networks[c.unknown], nil })
}

// trainNetworks fits networks on trajectories from those that begin gives.
func (e *Engine) trainNetworks(ctx context.Context, name string, sm *Smoothed, parameters []float64, omega float64, begin starter) (*Fitted, error) {
	w, err := e.warmStart(ctx, name, sm, begin)
	if err != nil {
		return nil, err
	}
	start := e.Start(sm, nil, nil, parameters)
	start.Forms = w.Forms
	schedule := Schedule{To: omega, Noise: true}
	if omega == 0 {
		schedule.To = e.Options.Omega
		if schedule.To == 0 {
			schedule.To = OmegaEnd
		}
		schedule.From = math.Min(math.Max(math.Sqrt(w.Square/math.Max(w.Count, 1)), schedule.To), 1)
	}
	return e.Trajectory(ctx, name+"/trajectory", start, schedule)
}

// Forms are the networks of all unknowns as Neural starts them: shaped, scaled and
// learnt by regression on the smoothed path.
func (e *Engine) Forms(ctx context.Context, name string, sm *Smoothed) ([]neural.Form, error) {
	w, err := e.warmStart(ctx, name, sm, e.regress)
	return w.Forms, err
}

// regress starts a network on the samples of its unknown.
func (e *Engine) regress(ctx context.Context, c *calls) (neural.Form, error) {
	return neural.Start(ctx, e.Seed, c.unknown, e.Data.Model.Unknowns[c.unknown], c.samples)
}

// warmStart is where fits of networks begin.
func (e *Engine) warmStart(ctx context.Context, name string, sm *Smoothed, begin starter) (*warm, error) {
	w := &warm{}
	err := e.do(name+"/warm", w, func() error {
		for u := range e.Data.Model.Unknowns {
			c, err := e.Data.callsOf(sm, u)
			if err != nil {
				return err
			}
			form, err := begin(ctx, c)
			if err != nil {
				return err
			}
			if err := w.add(form, c); err != nil {
				return err
			}
		}
		return nil
	})
	return w, err
}

// starter gives the network that stands for an unknown at first.
type starter func(context.Context, *calls) (neural.Form, error)

// warm is what regression on a smoothed path gives a trajectory fit to start
// from: forms, and what they leave of the calls as defects of one sample.
type warm struct {
	Forms         []neural.Form
	Square, Count float64
}

// calls are the pairs of arguments and values of an unknown along a smoothed
// path, all its calls and entries one after another.
type calls struct {
	unknown  int
	samples  neural.Samples
	toDefect []float64 // what an error of a value is as a defect of one sample
}

// callsOf collects those of unknown u.
func (d *Data) callsOf(sm *Smoothed, u int) (*calls, error) {
	arguments, err := d.Arguments(sm, u)
	if err != nil {
		return nil, err
	}
	c := &calls{unknown: u, samples: neural.Samples{Arguments: arguments}}
	for k, call := range d.Calls {
		if call.Unknown != u {
			continue
		}
		for n := range d.Entries {
			c.samples.Target = append(c.samples.Target, sm.Calls[n][k]...)
			c.samples.Spread = append(c.samples.Spread, sm.Spread[n][k]...)
			for i := range d.Entries[n].Times {
				c.toDefect = append(c.toDefect, math.Sqrt(d.Entries[n].Step(i)*d.Time)/math.Max(sm.Scale[call.State], 1e-300))
			}
		}
	}
	// Neighbouring samples of a smoothed path repeat each other, so each counts an
	// eighth.
	size := series.RMS(c.samples.Target)
	if !(size > 0) {
		size = 1
	}
	for i, s := range c.samples.Spread {
		c.samples.Spread[i] = math.Sqrt(8) * math.Max(s, 1e-3*size)
	}
	return c, nil
}

// add appends a form and counts what it leaves of the calls.
func (w *warm) add(form neural.Form, c *calls) error {
	all, err := neural.NewRegression(form.Neural, c.samples)
	if err != nil {
		return err
	}
	all.Residuals(form.Neural.Start, func(i int, left float64, _ func(int) float64) {
		left *= c.samples.Spread[i] * c.toDefect[i]
		w.Square += left * left
		w.Count++
	})
	w.Forms = append(w.Forms, form)
	return nil
}

// spreadWork bounds the multiply-adds for the spread of a learned path.
const spreadWork = 2_000_000_000

// LearnedPath is the smoothed path of a neural fit: its nodes in place of the states
// where every sample is a node, its networks' values in place of the calls, and
// as their spread what the weights' covariance allows. Where these are too
// many for a covariance the spread stays the smoother's, from which the network
// has learned and which is rather too large. For many weights and samples the
// spread is computed at some samples and holds until the next.
func (e *Engine) LearnedPath(sm *Smoothed, f *Fitted) (*Smoothed, error) {
	d := e.Data
	out := *sm
	out.Parameters, out.Sigma = f.Parameters, f.Sigma
	out.States, out.Calls, out.Spread = nil, nil, nil
	n := len(d.Model.States)
	for k := range d.Entries {
		samples := len(d.Entries[k].Times)
		states := sm.States[k]
		if len(f.Nodes[k]) == n*samples {
			states = make([][]float64, n)
			for i, v := range f.Nodes[k] {
				states[i%n] = append(states[i%n], v)
			}
		}
		out.States = append(out.States, states)
		calls, spread := make([][]float64, len(d.Calls)), make([][]float64, len(d.Calls))
		for c := range d.Calls {
			calls[c], spread[c] = make([]float64, samples), make([]float64, samples)
		}
		out.Calls, out.Spread = append(out.Calls, calls), append(out.Spread, spread)
	}
	total := f.Columns()
	first := len(f.Terms) + len(f.Parameters)
	for _, form := range f.Forms {
		weights := form.Neural.Weights()
		samples := 0
		for k := range d.Entries {
			samples += len(d.Entries[k].Times)
		}
		stride := 1 + samples*weights*weights/spreadWork
		for c, call := range d.Calls {
			if call.Unknown != form.Unknown {
				continue
			}
			err := d.evaluateAlong(&out, []*expr.Expr{call.Call}, []tape.Neural{form.Neural}, func(k, i int, m *tape.Machine) {
				out.Calls[k][c][i] = m.Output(0)[0]
				if f.Covariance == nil {
					out.Spread[k][c][i] = sm.Spread[k][c][i]
					return
				}
				if i%stride != 0 {
					out.Spread[k][c][i] = out.Spread[k][c][i-1]
					return
				}
				variance := 0.0
				for a := range weights {
					row := f.Covariance[(first+a)*total+first:]
					for b := range weights {
						variance += m.Output(1 + a)[0] * row[b] * m.Output(1 + b)[0]
					}
				}
				out.Spread[k][c][i] = math.Sqrt(math.Max(variance, 0))
			})
			if err != nil {
				return nil, err
			}
		}
		first += weights
	}
	return &out, nil
}
