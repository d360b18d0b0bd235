package compare

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
)

// strongGain is the first gain of a training, in characteristic times. A strong
// gain makes the innovations nearly the errors of the equations themselves, filtered
// over 1/K: the objective is then close to quadratic in the coefficients and a cold
// start finds its way: on Rössler, Lorenz and Petržela–Polák with noise 0 to 5 % 60 of
// 60 did, with half as much 58, without gain none. gainLadder is how it is lowered.
const strongGain = 8

var gainLadder = [...]float64{1, 0.316, 0.1, 0.0316, 0.01, 0}

// How far a seed moves a start: cold coefficients, as a share of what each term
// alone would need to make the motion, and warm ones, relative to the regression's.
// A tenth of the regression's is another basin for segments of two Lyapunov times
// without gain.
const (
	coldSpread = 0.1
	warmSpread = 0.01
)

// lost is the factor on the objective by which a weaker gain may raise it above
// one a sample; beyond, the fit has lost the data.
const lost = 3

// compareStage is a part of the budget: a share of the gain and a defect weight.
type compareStage struct {
	rung    int // of gainLadder
	omega   float64
	steps   int
	measure bool // the forecast is measured after it
}

// stages spends half of a budget on annealing the defect weight under the strong
// gain, from a standard deviation a characteristic time to the floor, and the rest
// on lowering the gain. Half of the annealing goes to the first stage, which has the
// longest way from a cold start. A method without segments or without gain takes the
// same steps.
func stages(budget int) []compareStage {
	var out []compareStage
	for omega := 1.0; omega > fit.OmegaEnd*0.99; omega /= 10 {
		out = append(out, compareStage{omega: omega})
	}
	for i := range out {
		share := 4
		if i > 0 {
			share *= len(out) - 1
		}
		out[i].steps = max(budget/share, 1)
		out[i].measure = i == 1 || i == len(out)-1
	}
	rungs := len(gainLadder) - 1
	for k := range rungs {
		out = append(out, compareStage{rung: k + 1, omega: fit.OmegaEnd, steps: max(budget/2/rungs, 1), measure: k == 1 || k == rungs-1})
	}
	return out
}

// storedTrial is a trial as the journal keeps it.
type storedTrial struct {
	Points []Progress
	Gain   float64
	Model  []byte
}

// trial trains one method from one seed and measures its forecasts on the way.
func (c *comparison) trial(ctx context.Context, m Method, name string, seed uint64) (*Trial, error) {
	var r storedTrial
	if err := c.remember("compare/"+name, &r, func() error { return c.teach(ctx, m, seed, &r) }); err != nil {
		return nil, err
	}
	t := &Trial{Seed: seed, Points: r.Points, Gain: r.Gain}
	if r.Model != nil {
		var err error
		if t.Model, err = model.Read(name, r.Model); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// teach fills the record of a trial. An attempt that loses the data when the gain
// is lowered sits in a wrong valley and does not come back: what it leaves of the
// budget goes to another draw, as long as that is at least a third. The attempt that
// came farthest is kept.
func (c *comparison) teach(ctx context.Context, m Method, seed uint64, out *storedTrial) error {
	segment := m.Segment
	for _, e := range c.train {
		if m.Segment == 0 {
			segment = max(segment, len(e.Times))
		}
	}
	engine := &fit.Engine{Data: c.data, Options: fit.Options{Segment: segment}, Workers: 1}
	rng := rand.New(rand.NewPCG(seed, 77))
	spent, rung := Progress{}, -1
	for budget := c.options.Budget; 3*(budget-spent.Tried) >= budget; {
		a, err := c.attempt(ctx, engine, m, rng, spent)
		if err != nil {
			return err
		}
		if a.rung > rung {
			rung, out.Gain, out.Model = a.rung, a.Gain, a.Model
			out.Points = append(out.Points, a.Points...)
		}
		if !a.lost {
			break
		}
		spent = Progress{Steps: a.spent.Tried, Tried: a.spent.Tried, Seconds: a.spent.Seconds}
	}
	return nil
}

// attempt is a trial from one draw.
type attempt struct {
	storedTrial
	rung  int      // of gainLadder, that the kept fit was trained at
	lost  bool     // the data, under a weaker gain
	spent Progress // by this attempt and those before it
}

// attempt trains from one draw with what the attempts before it left of the budget.
func (c *comparison) attempt(ctx context.Context, engine *fit.Engine, m Method, rng *rand.Rand, spent Progress) (*attempt, error) {
	f, err := c.start(engine, m, rng)
	if err != nil {
		return nil, err
	}
	out := &attempt{spent: spent}
	for k, s := range stages(c.options.Budget - spent.Tried) {
		clock := time.Now()
		gain := gainLadder[s.rung] * m.Gain
		schedule := fit.Schedule{To: s.omega, Iterations: s.steps, Trials: s.steps}
		if gain > 0 {
			schedule.Gain = &fit.Gain{K: gain, Drive: c.drive}
		}
		g, err := c.step(ctx, engine, f, schedule, k == 0)
		if err != nil {
			return nil, err
		}
		out.spent.Steps += s.steps
		out.spent.Tried += g.Tried
		observations := float64(c.data.Observations())
		out.lost = s.rung > 0 && m.Gain > 0 && !(g.Objective <= lost*math.Max(f.Objective, observations))
		if !out.lost && !math.IsInf(g.Objective, 0) {
			f, out.rung, out.Gain = g, s.rung, gain
		}
		out.spent.Seconds += time.Since(clock).Seconds()
		if !s.measure && !out.lost {
			continue
		}
		if err := c.measure(ctx, f, out); err != nil || out.lost {
			return out, err
		}
	}
	return out, nil
}

// measure adds what fit f forecasts to an attempt.
func (c *comparison) measure(ctx context.Context, f *fit.Fitted, a *attempt) error {
	point := a.spent
	point.Gain, point.Free, point.Nudged = a.Gain, math.Inf(1), math.NaN()
	for i, v := range f.Residual {
		if v /= c.data.Channels[i].Std; i == 0 || v > point.Nudged {
			point.Nudged = v
		}
	}
	var err error
	point.Free, a.Model, err = c.forecast(ctx, f)
	a.Points = append(a.Points, point)
	return err
}

// step is one stage of a trial. A random start that escapes within a segment is
// halved until it does not.
func (c *comparison) step(ctx context.Context, engine *fit.Engine, from *fit.Fitted, schedule fit.Schedule, first bool) (*fit.Fitted, error) {
	for range 40 {
		f, err := engine.Trajectory(ctx, "compare", from, schedule)
		if err != nil || !first || !math.IsInf(f.Objective, 0) {
			return f, err
		}
		for i := range from.Coefficients {
			from.Coefficients[i] /= 2
		}
		for k := range from.Forms {
			for i := range from.Forms[k].Neural.Start {
				from.Forms[k].Neural.Start[i] /= 2
			}
		}
	}
	return engine.Trajectory(ctx, "compare", from, schedule)
}

// start is where a trial begins: warm from the smoothed path and a regression on
// it; cold from data where a state is measured, zero elsewhere, and random
// coefficients or weights. Of the smoothed path a cold start takes only scales.
func (c *comparison) start(engine *fit.Engine, m Method, rng *rand.Rand) (*fit.Fitted, error) {
	path, parameters := c.smoothed, c.smoothed.Parameters
	if !m.Warm {
		path, parameters = c.unseen(), c.given()
	}
	if m.Form == NeuralForm {
		f := engine.Start(path, nil, nil, parameters)
		for _, form := range c.forms {
			weights := slices.Clone(form.Neural.Start)
			if !m.Warm {
				weights = form.Neural.Draw(rng)
			} else {
				for i := range weights {
					weights[i] *= 1 + warmSpread*rng.NormFloat64()
				}
			}
			form.Neural.Start = weights
			f.Forms = append(f.Forms, form)
		}
		f.Substeps = c.substeps
		return f, nil
	}
	sizes, coefficients, regressed, err := discover.Regression(c.data, c.smoothed, c.library)
	if err != nil {
		return nil, err
	}
	if m.Warm {
		parameters = regressed
	}
	for i := range coefficients {
		if m.Warm {
			coefficients[i] *= 1 + warmSpread*rng.NormFloat64()
		} else {
			coefficients[i] = coldSpread * rng.NormFloat64() / sizes[i]
		}
	}
	f := engine.Start(path, c.library, coefficients, parameters)
	f.Substeps = c.substeps
	return f, nil
}

// unseen is the path of a cold start.
func (c *comparison) unseen() *fit.Smoothed {
	cold := *c.smoothed
	cold.States = nil
	for _, entry := range c.data.Entries {
		rows := make([][]float64, len(c.problem.Model.States))
		for s, state := range c.problem.Model.States {
			rows[s] = make([]float64, len(entry.Times))
			for _, ch := range entry.Channels {
				if ch.Observe.Kind == expr.Name && ch.Observe.Ident == state.Name {
					rows[s] = present(ch.Values)
				}
			}
		}
		cold.States = append(cold.States, rows)
	}
	return &cold
}

// given are the fitted parameters as the model file has them.
func (c *comparison) given() []float64 {
	out := slices.Clone(c.smoothed.Parameters)
	for k, name := range c.problem.Model.FittedNames() {
		if i := c.problem.Model.ParameterIndex(name); i >= 0 && k < len(out) {
			out[k] = c.problem.Model.Parameters[i].Value
		}
	}
	return out
}

// present carries the last value over missing samples.
func present(x []float64) []float64 {
	out := slices.Clone(x)
	last := 0.0
	for i, v := range out {
		if math.IsNaN(v) {
			out[i] = last
			continue
		}
		last = v
	}
	return out
}

// forecast is the free-running error of a fit over the horizon, and its model.
func (c *comparison) forecast(ctx context.Context, f *fit.Fitted) (float64, []byte, error) {
	closed, err := fit.Answering{User: c.problem.Model, Of: c.problem.Model}.Close(f)
	if err != nil {
		return math.Inf(1), nil, nil // numbers that no formula holds: as good as escaped
	}
	proof, err := assess.Forecast(ctx, assess.Input{
		Model: closed, Train: c.train, Test: c.test, Sigma: f.Sigma, Scale: f.Scale, Workers: 1, Substeps: f.Substeps,
	}, c.out.Horizon, 4*c.data.Time)
	if err != nil {
		if ctx.Err() != nil {
			return 0, nil, err
		}
		return math.Inf(1), closed.Encode(), nil
	}
	if e := proof.Relative; !math.IsNaN(e) {
		return e, closed.Encode(), nil
	}
	return math.Inf(1), closed.Encode(), nil
}
