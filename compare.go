package govern

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/problem"
)

// Comparison is how training methods do on one problem, each from several seeds
// with the same budget. All of them are settings of the one engine.
type Comparison struct {
	Lyapunov float64 // largest exponent of the reference formula, per time unit
	Horizon  float64 // of the forecast errors: one Lyapunov time
	Gain     float64 // the smallest of a grid with a conditional exponent ≤ −Lyapunov
	Segment  int     // samples in two Lyapunov times
	Budget   int     // Levenberg–Marquardt steps, accepted or not
	Methods  []Method
}

// Method is a way to train: how long segments are, whether the prediction error
// is fed back, and where the fit starts.
type Method struct {
	Name    string
	Segment int // samples; 0: the whole record
	Gain    float64
	Warm    bool // start from the smoothed path and a regression on it; else from nothing
	Trials  []Trial
}

// Trial is one seed of a method.
type Trial struct {
	Seed   uint64
	Points []Progress
	Model  *model.Model // as it ended
}

// Progress is a trial after some of its budget.
type Progress struct {
	Steps   int
	Seconds float64
	Nudged  float64 // rms residual of training / std, with all help
	Free    float64 // free-running forecast error over the horizon, from held-out starts, in standard deviations; +Inf where the model escapes
}

// Final is a trial's last forecast error.
func (t Trial) Final() float64 {
	if len(t.Points) == 0 {
		return math.Inf(1)
	}
	return t.Points[len(t.Points)-1].Free
}

// Median is the median of the trials' last forecast errors.
func (m Method) Median() float64 {
	var all []float64
	for _, t := range m.Trials {
		all = append(all, t.Final())
	}
	slices.Sort(all)
	if len(all) == 0 {
		return math.NaN()
	}
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// Success is the number of trials whose forecast error ends below level.
func (m Method) Success(level float64) int {
	n := 0
	for _, t := range m.Trials {
		if t.Final() < level {
			n++
		}
	}
	return n
}

// CompareOptions of Compare; zero values are defaults.
type CompareOptions struct {
	Seeds  int // 5
	Budget int // Levenberg–Marquardt steps a trial: 200
	Degree int // of libraries that the problem leaves open: 2
}

// The gain's grid, in units of the largest exponent, and how it is annealed.
var (
	gainGrid   = []float64{1, 2, 3, 5, 8, 12, 20, 40}
	gainStages = []float64{1, 0.3, 0.1, 0}
)

// Compare trains the whole library of a problem's unknowns by eight methods:
// plain (one segment, no gain), shooting (segments of two Lyapunov times),
// prediction error (one segment with gain) and both; each from a cold and a warm
// start. The budget is the same number of Levenberg–Marquardt steps for all; half
// of it anneals the defect weight, half the gain, to zero. A reference discovery gives
// the Lyapunov time and the gain; its formula is not used otherwise.
func Compare(ctx context.Context, p *problem.Problem, o CompareOptions, s Settings) (*Comparison, error) {
	if o.Seeds == 0 {
		o.Seeds = 5
	}
	if o.Budget == 0 {
		o.Budget = 200
	}
	if o.Degree == 0 {
		o.Degree = 2
	}
	entries, err := p.Open()
	if err != nil {
		return nil, err
	}
	train, test := split(entries)
	if len(test) == 0 {
		return nil, errors.New("govern: compare needs held-out data: leave `use` out, or mark an entry `use: test`")
	}
	c := &comparison{problem: p, options: o, settings: s, train: train, test: test}
	if err := c.reference(ctx); err != nil {
		return nil, err
	}
	return c.run(ctx)
}

type comparison struct {
	problem     *problem.Problem
	options     CompareOptions
	settings    Settings
	train, test []fit.Entry

	data     *fit.Data
	smoothed *fit.Smoothed
	drive    [][][]float64
	library  []fit.Term
	substeps int // of the reference fit; 0: chosen for each trial
	out      Comparison
}

// reference finds the Lyapunov time and the gain.
func (c *comparison) reference(ctx context.Context) error {
	var err error
	if c.data, err = fit.Prepare(c.problem.Model, c.train); err != nil {
		return err
	}
	engine := &fit.Engine{Data: c.data, Workers: c.settings.Workers, Journal: c.settings.Journal, Monitor: c.settings.Monitor}
	found, err := discover.Run(ctx, engine, c.problem.Discover)
	if err != nil {
		return err
	}
	c.smoothed = found.Smoothed
	if c.drive, err = c.data.Drive(c.smoothed); err != nil {
		return err
	}
	for u, unknown := range c.problem.Model.Unknowns {
		degree := c.options.Degree
		if unknown.Library != nil && unknown.Library.Degree > 0 {
			degree = unknown.Library.Degree
		}
		c.library = append(c.library, discover.Library(c.problem.Model, u, degree)...)
	}
	c.out.Budget = c.options.Budget
	c.out.Horizon = 8 * c.data.Time // two cycles
	if found.Chosen != nil && (found.Status == discover.OK || found.Status == discover.Ambiguous) {
		w := &work{problem: c.problem, found: found}
		closed, err := w.close(found.Chosen)
		if err != nil {
			return err
		}
		c.substeps = found.Chosen.Substeps
		if err := c.scale(ctx, closed, found.Chosen); err != nil {
			return err
		}
	}
	step := (c.train[0].Times[len(c.train[0].Times)-1] - c.train[0].Times[0]) / float64(len(c.train[0].Times)-1)
	c.out.Segment = max(int(2*c.out.Horizon/step), 2)
	return nil
}

// scale takes Lyapunov time and gain from the reference model.
func (c *comparison) scale(ctx context.Context, closed *model.Model, f *fit.Fitted) error {
	x0 := f.Nodes[0][:len(closed.States)]
	proof, err := assess.Run(ctx, assess.Input{Model: closed, Final: closed, Train: c.train, Sigma: f.Sigma, Scale: f.Scale, Path: c.smoothed.States, Workers: c.settings.Workers})
	if err != nil {
		return err
	}
	if !proof.Chaotic {
		c.out.Gain = 1 / c.data.Time
		return nil
	}
	c.out.Lyapunov = proof.Lyapunov[0]
	c.out.Horizon = 1 / c.out.Lyapunov
	for _, k := range gainGrid {
		c.out.Gain = k * c.out.Lyapunov
		conditional, err := assess.Conditional(ctx, closed, c.data, f.Sigma, c.out.Gain, x0)
		if err != nil {
			return err
		}
		if conditional <= -c.out.Lyapunov {
			break
		}
	}
	return nil
}

// run trains every method from every seed.
func (c *comparison) run(ctx context.Context) (*Comparison, error) {
	for _, warm := range []bool{false, true} {
		start := "cold"
		if warm {
			start = "warm"
		}
		for _, m := range []Method{
			{Name: "plain", Warm: warm},
			{Name: "shooting", Segment: c.out.Segment, Warm: warm},
			{Name: "prediction error", Gain: c.out.Gain, Warm: warm},
			{Name: "both", Segment: c.out.Segment, Gain: c.out.Gain, Warm: warm},
		} {
			m.Name += ", " + start
			for seed := range c.options.Seeds {
				if c.settings.Monitor != nil {
					done := float64(len(c.out.Methods)*c.options.Seeds+seed) / float64(8*c.options.Seeds)
					c.settings.Monitor.Stage(fmt.Sprintf("%s, seed %d", m.Name, seed+1), done)
				}
				t, err := c.trial(ctx, m, c.settings.Seed+uint64(seed))
				if err != nil {
					return nil, err
				}
				m.Trials = append(m.Trials, *t)
			}
			c.out.Methods = append(c.out.Methods, m)
		}
	}
	return &c.out, nil
}

// trial trains one method from one seed and measures it after every quarter of
// the budget.
func (c *comparison) trial(ctx context.Context, m Method, seed uint64) (*Trial, error) {
	segment := m.Segment
	for _, e := range c.train {
		if m.Segment == 0 {
			segment = max(segment, len(e.Times))
		}
	}
	engine := &fit.Engine{Data: c.data, Options: fit.Options{Segment: segment}, Workers: c.settings.Workers, Journal: nil}
	start, err := c.start(engine, m, seed)
	if err != nil {
		return nil, err
	}
	t := &Trial{Seed: seed}
	clock := time.Now()
	busy := time.Duration(0)
	f, steps := start, 0
	for _, phase := range c.phases() {
		for _, omega := range phase.omegas {
			schedule := fit.Schedule{To: omega, Iterations: phase.steps, Trials: phase.steps}
			if m.Gain > 0 {
				schedule.Gain = &fit.Gain{K: phase.gain * m.Gain, Drive: c.drive}
			}
			g, err := engine.Trajectory(ctx, m.Name, f, schedule)
			if err != nil {
				return nil, err
			}
			if !math.IsInf(g.Objective, 0) {
				f = g
			}
			steps += phase.steps
		}
		busy += time.Since(clock)
		point := Progress{Steps: steps, Seconds: busy.Seconds(), Free: math.Inf(1), Nudged: math.NaN()}
		if len(f.Residual) > 0 {
			point.Nudged = 0
			for i, v := range f.Residual {
				point.Nudged = math.Max(point.Nudged, v/c.data.Channels[i].Std)
			}
		}
		if point.Free, t.Model, err = c.forecast(ctx, f); err != nil {
			return nil, err
		}
		t.Points = append(t.Points, point)
		clock = time.Now()
	}
	return t, nil
}

// phase is a part of the budget at one share of the gain: so many steps at each
// defect weight.
type phase struct {
	gain   float64
	omegas []float64
	steps  int
}

// phases spends half of the budget on annealing the defect weight at full gain,
// from a standard deviation a characteristic time to the floor, and the rest on
// annealing the gain. A method without segments or without gain takes the same
// steps.
func (c *comparison) phases() []phase {
	var omegas []float64
	for omega := 1.0; omega > fit.OmegaEnd*0.99; omega /= math.Sqrt(10) {
		omegas = append(omegas, omega)
	}
	out := []phase{{gainStages[0], omegas, max(c.options.Budget/2/len(omegas), 1)}}
	rest := gainStages[1:]
	for _, share := range rest {
		out = append(out, phase{share, []float64{fit.OmegaEnd}, max(c.options.Budget/2/len(rest), 1)})
	}
	return out
}

// start is where a trial begins: warm from the smoothed path and a regression on
// it; cold from data where a state is measured, zero elsewhere, and no equation.
// The seed moves the coefficients: by a tenth of the regression's, or by a
// thousandth of what each term alone would need to make the motion.
func (c *comparison) start(engine *fit.Engine, m Method, seed uint64) (*fit.Fitted, error) {
	rng := rand.New(rand.NewPCG(seed, 77))
	coefficients := make([]float64, len(c.library))
	sizes, best, parameters, err := discover.Regression(c.data, c.smoothed, c.library)
	if err != nil {
		return nil, err
	}
	if m.Warm {
		for i, v := range best {
			coefficients[i] = v * (1 + 0.1*rng.NormFloat64())
		}
		f := engine.Start(c.smoothed, c.library, coefficients, parameters)
		f.Substeps = c.substeps
		return f, nil
	}
	for i, size := range sizes {
		coefficients[i] = 1e-3 * rng.NormFloat64() / size
	}
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
	f := engine.Start(&cold, c.library, coefficients, parameters)
	f.Substeps = c.substeps
	return f, nil
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

// forecast is the free-running error of a fit over the horizon.
func (c *comparison) forecast(ctx context.Context, f *fit.Fitted) (float64, *model.Model, error) {
	w := &work{problem: c.problem, found: &discover.Result{Model: c.problem.Model}}
	closed, err := w.close(f)
	if err != nil {
		return math.Inf(1), nil, err
	}
	proof, err := assess.Forecast(ctx, assess.Input{
		Model: closed, Train: c.train, Test: c.test, Sigma: f.Sigma, Scale: f.Scale, Workers: c.settings.Workers,
	}, c.out.Horizon, 4*c.data.Time)
	if err != nil {
		return math.Inf(1), closed, err
	}
	if e := proof.Relative; !math.IsNaN(e) {
		return e, closed, nil
	}
	return math.Inf(1), closed, nil
}
