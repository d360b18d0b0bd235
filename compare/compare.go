package compare

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"govern/assess"
	"govern/conclude"
	"govern/discover"
	"govern/fit"
	"govern/fit/neural"
	"govern/model"
	"govern/problem"
	"govern/record"
	"govern/series"
)

// SuccessLevel is the forecast error over one Lyapunov time, in standard
// deviations, below which a trial of a comparison counts as a success.
const SuccessLevel = 0.1

// Comparison is how training methods do on one problem, each from several seeds
// with the same budget. All of them are settings of the one engine.
type Comparison struct {
	Lyapunov float64   // largest exponent of the reference formula, per time unit; 0 without one
	Horizon  float64   // of the forecast errors: one Lyapunov time
	Gains    []float64 // what a method with gain goes through, per time unit; the last is 0
	Segment  int       // samples in two Lyapunov times
	Budget   int       // Levenberg–Marquardt steps of a trial, accepted or not
	Methods  []Method
}

// Method is a way to train: what stands for the unknown, how long segments are,
// whether the prediction error is fed back, and where the fit starts.
type Method struct {
	Name    string
	Form    Form
	Segment int     // samples; 0: the whole record
	Gain    float64 // the first, per time unit; 0: trained on free runs
	Warm    bool    // start from the smoothed path and a regression on it; else from random numbers
	Trials  []Trial
}

// Form is what stands in the place of the unknowns.
type Form string

// The forms of a comparison.
const (
	LibraryForm Form = "library" // the whole library
	NeuralForm  Form = "neural"  // a network
)

// Trial is one seed of a method.
type Trial struct {
	Seed   uint64
	Points []Progress
	Gain   float64      // that the last kept fit was trained with, per time unit
	Model  *model.Model // as it ended, without gain; nil where it cannot be written
}

// Progress is a trial after some of its budget.
type Progress struct {
	Steps   int     // of the budget
	Tried   int     // steps that were tried; converged stages leave the rest of theirs
	Seconds float64 // of training; differs from run to run
	Gain    float64 // of the training so far, per time unit
	Nudged  float64 // largest rms residual of training / std over channels, with all help
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
	return series.Median(all)
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

// Options of a comparison; zero values are defaults.
type Options struct {
	Seeds  int      `json:"seeds"`  // 5
	Budget int      `json:"budget"` // Levenberg–Marquardt steps a trial: 200
	Degree int      `json:"degree"` // of libraries that the problem leaves open: 2
	Forms  []Form   `json:"forms"`  // the library
	Only   []string `json:"only"`   // names of methods, start included: "both, cold"; all
}

func (o Options) filled() Options {
	if o.Seeds == 0 {
		o.Seeds = 5
	}
	if o.Budget == 0 {
		o.Budget = 200
	}
	if o.Degree == 0 {
		o.Degree = 2
	}
	if len(o.Forms) == 0 {
		o.Forms = []Form{LibraryForm}
	}
	return o
}

// Run trains the unknowns of a problem by eight methods a form: plain (one
// segment, no gain), shooting (segments of two Lyapunov times), prediction error
// (one segment with gain) and both; each from a cold and a warm start. The budget is
// the same number of Levenberg–Marquardt steps for all; half of it anneals the
// defect weight, half the gain, to zero. A reference discovery gives the Lyapunov
// time; its formula is not used otherwise. Every trial is a step of the journal;
// trials run on all workers at once, which changes no bit.
func Run(ctx context.Context, p *problem.Problem, o Options, s conclude.Settings) (*Comparison, error) {
	for _, q := range p.Model.Parameters {
		if q.Each && q.Fit {
			return nil, &conclude.EachError{What: "a comparison", Parameter: q.Name}
		}
	}
	entries, err := p.Open()
	if err != nil {
		return nil, err
	}
	if len(p.Model.Unknowns) == 0 {
		return nil, errors.New("govern: compare needs a model with an unknown to train")
	}
	train, test := record.Split(entries)
	if len(test) == 0 {
		return nil, errors.New("govern: compare needs held-out data: leave `use` out, or mark an entry `use: test`")
	}
	for _, name := range o.Only {
		if !slices.Contains(methodNames, name) {
			return nil, fmt.Errorf("govern: no method is named %q; there are %s", name, strings.Join(methodNames, "; "))
		}
	}
	c := &comparison{problem: p, options: o.filled(), settings: s, train: train, test: test}
	if err := c.reference(ctx); err != nil {
		return nil, err
	}
	return c.run(ctx)
}

var methodNames = []string{"plain, cold", "shooting, cold", "prediction error, cold", "both, cold",
	"plain, warm", "shooting, warm", "prediction error, warm", "both, warm"}

type comparison struct {
	problem     *problem.Problem
	options     Options
	settings    conclude.Settings
	train, test []record.Entry

	data     *fit.Data
	smoothed *fit.Smoothed
	drive    [][][]float64
	library  []fit.Term
	forms    []neural.Form
	substeps int // of the reference fit; 0: chosen for each trial
	out      Comparison
}

// reference finds the Lyapunov time, and what the trials start from.
func (c *comparison) reference(ctx context.Context) error {
	var err error
	if c.data, err = fit.Prepare(c.problem.Model, c.train); err != nil {
		return err
	}
	engine := c.settings.Engine(c.data, fit.Options{})
	engine.Seed = c.settings.Seed
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
	if slices.Contains(c.options.Forms, NeuralForm) {
		if c.forms, err = engine.Forms(ctx, "compare/forms", c.smoothed); err != nil {
			return err
		}
	}
	c.out.Budget = c.options.Budget
	c.out.Horizon = 8 * c.data.Time // two cycles
	if found.Chosen != nil && found.Trusted() {
		c.substeps = found.Chosen.Substeps
		if err := c.scale(ctx, found); err != nil {
			return err
		}
	}
	for _, share := range gainLadder {
		c.out.Gains = append(c.out.Gains, share*strongGain/c.data.Time)
	}
	step := (c.train[0].Times[len(c.train[0].Times)-1] - c.train[0].Times[0]) / float64(len(c.train[0].Times)-1)
	c.out.Segment = max(int(2*c.out.Horizon/step), 2)
	return nil
}

// scale takes the Lyapunov time from the reference model, where it is chaotic.
func (c *comparison) scale(ctx context.Context, found *discover.Result) error {
	closed, err := fit.Answering{User: c.problem.Model, Of: found.Model}.Close(found.Chosen)
	if err != nil {
		return err
	}
	var exponent struct{ Largest float64 }
	err = c.remember("compare/exponent", &exponent, func() error {
		f := found.Chosen
		proof, err := assess.Run(ctx, assess.Input{Model: closed, Final: closed, Train: c.train, Sigma: f.Sigma, Scale: f.Scale, Path: c.smoothed.States, Workers: c.settings.Workers})
		if err == nil && proof.Chaotic {
			exponent.Largest = proof.Lyapunov[0]
		}
		return err
	})
	if exponent.Largest > 0 {
		c.out.Lyapunov, c.out.Horizon = exponent.Largest, 1/exponent.Largest
	}
	return err
}

// remember makes compute a step of the journal, if there is one.
func (c *comparison) remember(name string, out any, compute func() error) error {
	if c.settings.Journal == nil {
		return compute()
	}
	return c.settings.Journal.Do(name, out, compute)
}

// methods are all ways to train that are compared.
func (c *comparison) methods() []Method {
	var out []Method
	for _, form := range c.options.Forms {
		for _, warm := range []bool{false, true} {
			for _, m := range []Method{
				{Name: "plain"},
				{Name: "shooting", Segment: c.out.Segment},
				{Name: "prediction error", Gain: c.out.Gains[0]},
				{Name: "both", Segment: c.out.Segment, Gain: c.out.Gains[0]},
			} {
				m.Form, m.Warm = form, warm
				if warm {
					m.Name += ", warm"
				} else {
					m.Name += ", cold"
				}
				if len(c.options.Only) == 0 || slices.Contains(c.options.Only, m.Name) {
					out = append(out, m)
				}
			}
		}
	}
	return out
}

// run trains every method from every seed, as many trials at once as there are
// workers.
func (c *comparison) run(ctx context.Context) (*Comparison, error) {
	c.out.Methods = c.methods()
	seeds := c.options.Seeds
	count := len(c.out.Methods) * seeds
	trials, errs := make([]*Trial, count), make([]error, count)
	workers := c.settings.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next, done atomic.Int64
	var wg sync.WaitGroup
	for range min(workers, count) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := int(next.Add(1)) - 1; k < count; k = int(next.Add(1)) - 1 {
				m, seed := c.out.Methods[k/seeds], c.settings.Seed+uint64(k%seeds)
				name := fmt.Sprintf("%s, %s, seed %d", m.Form, m.Name, seed)
				c.settings.Stage(name, float64(done.Load())/float64(count))
				if trials[k], errs[k] = c.trial(ctx, m, name, seed); errs[k] != nil {
					cancel()
					return
				}
				done.Add(1)
			}
		}()
	}
	wg.Wait()
	if err := firstCause(errs); err != nil {
		return nil, err
	}
	for k, t := range trials {
		m := &c.out.Methods[k/seeds]
		m.Trials = append(m.Trials, *t)
	}
	return &c.out, nil
}

// firstCause is the first error that is not the cancellation that another one
// caused.
func firstCause(errs []error) error {
	var first error
	for _, err := range errs {
		if err != nil && (first == nil || errors.Is(first, context.Canceled)) {
			first = err
		}
	}
	return first
}
