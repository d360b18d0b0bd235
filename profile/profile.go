// Package profile follows the likelihood along one number of an answer: the profile of
// a fitted one, and the landscape of the loss over a parameter.
//
// # Profiles
//
// Of rebuilds a finished run's fit from result.json alone (terms, coefficients, parameters; states are located),
// and walks to both sides with one column held between equal bounds (fit.Schedule.Held), each refit from the one
// before and a journal step of its own.
package profile

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"govern/conclude"
	"govern/expr"
	"govern/fit"
	"govern/fit/prior"
	"govern/model"
	"govern/optim"
	"govern/problem"
	"govern/record"
	"govern/run"
	"govern/series"
)

// Level is the rise of −2 log L that bounds a 95 % interval of one number
// (the quantile of χ² with one degree of freedom).
const Level = 3.841458820694124

// Options say what is profiled; the zero values of numbers are defaults.
type Options struct {
	// Parameter is a fitted parameter, or a coefficient by its term: "x*y", or
	// "f: x*y" where several unknowns have it.
	Parameter string
	Points    int // refits at most, half of them on each side; 0: 24
}

// Profile is the profile likelihood of one fitted number: −2 log L where it is held
// and everything else, the states included, is fitted again.
type Profile struct {
	Parameter string
	Value     float64   // the best
	Sigma     float64   // the standard deviation that the curvature at the best promises; +Inf where there is none
	Values    []float64 // rising
	Rise      []float64 // −2 log L above the lowest
	Low, High End
}

// End is one side of a profile.
type End struct {
	At   float64 // where the profile crosses Level; NaN where it does not
	Open bool    // it does not, as far as it was followed
	Why  string  // of an open side: a sentence
}

// Error says that something cannot be profiled.
type Error struct {
	Parameter string
	Why       string
	Known     []string // what can be
}

func (e *Error) Error() string {
	return fmt.Sprintf("govern: no profile of %q: %s", e.Parameter, e.Why)
}

// Names lists what of a result can be profiled.
func Names(r *run.Result) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		e := r.Parameters[name]
		if len(e.Entries) == 0 || e.Spread != nil {
			out = append(out, name)
		}
		for _, entry := range slices.Sorted(maps.Keys(e.Entries)) {
			if !e.Entries[entry].Held {
				out = append(out, model.OfEntry(name, entry))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Unknowns)) {
		for _, t := range r.Unknowns[name].Terms {
			out = append(out, name+": "+t.Term)
		}
	}
	return out
}

// Of follows the profile likelihood of a number of a finished run's formula:
// the value is held at steps away from the best, and coefficients, fitted parameters
// and states are refitted from the step before, at the noise and defect weight of
// the best fit, on all data. Steps are a quarter of the promised standard deviation and double
// where the profile rises slower than promised; a side ends two levels up, at the
// parameter's bound, or when its points are used. Journal steps: profile/… one a
// refit. The error is a *Error where the result has no such number.
func Of(ctx context.Context, p *problem.Problem, r *run.Result, o Options, s conclude.Settings) (*Profile, error) {
	if o.Points == 0 {
		o.Points = 24
	}
	w := &profiling{settings: s, points: max(o.Points/2, 1)}
	if err := w.formula(p, r, o.Parameter); err != nil {
		return nil, err
	}
	if err := w.best(ctx, p, r); err != nil {
		return nil, err
	}
	return w.follow(ctx, o.Parameter, w.held)
}

// profiling is a profile on its way.
type profiling struct {
	settings conclude.Settings
	points   int // of a side
	start    fit.Fitted
	column   int     // of the profiled number
	lower    float64 // its bounds
	upper    float64
	engine   *fit.Engine
	at       *fit.Fitted // the best
}

// formula reads the terms, coefficients and parameters of a result, and which of
// them is meant.
func (w *profiling) formula(p *problem.Problem, r *run.Result, wanted string) error {
	m := p.PerEntry()
	if r.Extra != nil {
		return &Error{wanted, "the run needed the extra hidden state " + r.Extra.State + ", which the problem's model lacks; put it into the model and discover again", nil}
	}
	wanted = strings.TrimSpace(wanted)
	w.lower, w.upper = math.Inf(-1), math.Inf(1)
	var matches []int
	unknown, term, named := strings.Cut(wanted, ":")
	if !named {
		term = wanted
	}
	want, _ := expr.Parse(strings.TrimSpace(term)) // nil: it is no term
	for u, declared := range m.Unknowns {
		found, ok := r.Unknowns[declared.Name]
		if !ok || found.Expression == nil {
			return &Error{wanted, "the run has no formula for " + declared.Name, nil}
		}
		for _, t := range found.Terms {
			factor, err := expr.Parse(t.Term)
			if err != nil {
				return fmt.Errorf("%s: %w", run.ResultFile, err)
			}
			if want != nil && (!named || strings.TrimSpace(unknown) == declared.Name) && expr.Simplify(factor).String() == expr.Simplify(want).String() {
				matches = append(matches, len(w.start.Terms))
			}
			w.start.Terms = append(w.start.Terms, fit.Term{Unknown: u, Factor: factor})
			w.start.Coefficients = append(w.start.Coefficients, float64(t.Coefficient))
		}
	}
	for _, q := range m.Parameters {
		if !q.Fit {
			continue
		}
		e, ok := estimated(r, &q)
		if q.Name == wanted {
			if !ok {
				return &Error{wanted, "the run held it, because no data determine it apart from others", Names(r)}
			}
			matches = []int{len(w.start.Terms) + len(w.start.Parameters)}
			w.lower, w.upper = q.Min, q.Max
		}
		if ok {
			w.start.Parameters = append(w.start.Parameters, float64(e.Value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Parameters)) {
		if e := r.Parameters[name]; e.Spread != nil {
			w.start.Spreads = append(w.start.Spreads, prior.Spread{Parameter: name, Value: float64(e.Spread.Value), Low: float64(e.Spread.Low), High: float64(e.Spread.High)})
		}
	}
	switch {
	case len(matches) == 0 && len(r.Parameters[wanted].Entries) > 0:
		return &Error{wanted, "it has a value in every entry; say of which, as in \"" + model.OfEntry(wanted, slices.Sorted(maps.Keys(r.Parameters[wanted].Entries))[0]) + "\"", Names(r)}
	case len(matches) == 0:
		return &Error{wanted, "the run has fitted no such parameter, and its formula has no such term", Names(r)}
	case len(matches) > 1:
		return &Error{wanted, "several unknowns have that term; say of which, as in \"f: " + wanted + "\"", Names(r)}
	}
	w.column = matches[0]
	return nil
}

// atNoises returns entries with the levels of noise that the run has told apart: files
// of one share the number.
func atNoises(entries []record.Entry, r *run.Result) []record.Entry {
	entries = record.CloneChannels(entries)
	for e := range entries {
		for i := range entries[e].Channels {
			c := &entries[e].Channels[i]
			levels := slices.Compact(slices.Sorted(maps.Values(r.NoiseEntries[c.Column])))
			if k := slices.Index(levels, r.NoiseEntries[c.Column][entries[e].Name]); k >= 0 {
				c.Level = k
			}
		}
	}
	return entries
}

// best fits the formula on all data, as the run has left it.
func (w *profiling) best(ctx context.Context, p *problem.Problem, r *run.Result) error {
	entries, err := p.Open()
	if err != nil {
		return err
	}
	entries = atNoises(entries, r)
	m := *p.PerEntry()
	m.Parameters = slices.Clone(m.Parameters)
	for i, q := range m.Parameters {
		if _, ok := estimated(r, &q); q.Fit && !ok {
			m.Parameters[i].Fit = false // the run held it
		}
	}
	data, err := fit.Prepare(&m, entries)
	if err != nil {
		return err
	}
	answering := fit.Answering{User: &m, Of: &m}
	closed, err := answering.Close(&w.start)
	if err != nil {
		return err
	}
	for i := range closed.Parameters {
		closed.Parameters[i].Fit = false
	}
	located, err := fit.Prepare(closed, conclude.Known(data, entries, w.start.Parameters))
	if err != nil {
		return err
	}
	scale := make([]float64, len(m.States))
	typical := 0.0
	for k := range data.Channels {
		typical += data.Channels[data.Cleanest(k)].Std / float64(len(data.Channels))
	}
	for i, state := range m.States {
		scale[i] = typical
		for k, c := range data.Channels {
			if c.Observe.Kind == expr.Name && c.Observe.Ident == state.Name && data.Cleanest(k) == k {
				scale[i] = c.Std
			}
		}
	}
	sigma := data.Sigmas()
	for c, info := range data.Channels {
		v := float64(r.Noise[info.Column])
		if len(info.Files) > 0 {
			v = float64(r.NoiseEntries[info.Column][info.Files[0]])
		}
		if v > 0 {
			sigma[c] = math.Max(v, info.Floor)
		}
	}
	paths, err := w.settings.Engine(located, fit.Options{}).Locate(ctx, "profile/locate", sigma, scale)
	if err != nil {
		return err
	}
	n := len(m.States)
	states := fit.SplitStates(paths.Path, n)
	w.start.Nodes = paths.Path
	for i := range scale {
		var all []float64
		for e := range states {
			all = append(all, states[e][i]...)
		}
		scale[i] = series.Std(all)
	}
	if data, _, err = data.WithoutOutliers(states, w.start.Parameters); err != nil {
		return err
	}
	w.start.Sigma, w.start.Scale = sigma, scale
	options := p.Fit
	options.Segment = 1 // every refit of a profile starts anew
	w.engine = w.settings.Engine(data, options)
	end := p.Fit.Omega
	if end == 0 {
		end = fit.OmegaEnd
	}
	w.settings.Stage("best fit", 0)
	if w.at, err = w.engine.Trajectory(ctx, "profile/best", &w.start, fit.Schedule{From: 0.1, To: end, Noise: true}); err != nil {
		return err
	}
	if w.at.Status == optim.Failed {
		return &Error{"", "the formula cannot be evaluated on the data", nil}
	}
	if w.at, err = w.engine.Tighten(ctx, "profile/tighten", w.at); err != nil {
		return err
	}
	if closed, err = answering.Close(w.at); err != nil {
		return err
	}
	whole, err := conclude.Join(ctx, w.engine, closed, w.at)
	if whole != nil {
		w.engine, w.at = whole.Engine, whole.Fit
	}
	return err
}

// estimated is what a result says of a fitted parameter of the problem's PerEntry.
func estimated(r *run.Result, p *model.Parameter) (run.Estimate, bool) {
	if p.Of != "" {
		e, ok := r.Parameters[p.Of].Entries[p.Entry]
		return e, ok && !e.Held
	}
	e, ok := r.Parameters[p.Name]
	return e, ok
}

// value of the profiled number in a fit.
func (w *profiling) value(f *fit.Fitted) float64 {
	if w.column < len(f.Terms) {
		return f.Coefficients[w.column]
	}
	return f.Parameters[w.column-len(f.Terms)]
}

// with is a fit to start from with the profiled number set.
func (w *profiling) with(f *fit.Fitted, v float64) *fit.Fitted {
	g := *f
	g.Coefficients, g.Parameters = slices.Clone(f.Coefficients), slices.Clone(f.Parameters)
	if w.column < len(f.Terms) {
		g.Coefficients[w.column] = v
	} else {
		g.Parameters[w.column-len(f.Terms)] = v
	}
	return &g
}

// The first step of a profile in promised standard deviations; a side is followed to
// profileEnds levels; a step is doubled where the rise is less than slowRise of the promised.
const (
	profileStep = 0.25
	profileEnds = 2
	slowRise    = 0.25
)

// refit fits everything but the profiled number again, from a fit in which it is set.
type refit func(ctx context.Context, step string, from *fit.Fitted) (*fit.Fitted, error)

// held is the refit by the engine, at the defect weight of the best fit.
func (w *profiling) held(ctx context.Context, step string, from *fit.Fitted) (*fit.Fitted, error) {
	return w.engine.Trajectory(ctx, step, from, fit.Schedule{To: w.at.Omega, Held: []int{w.column}})
}

// follow walks to both sides.
func (w *profiling) follow(ctx context.Context, name string, again refit) (*Profile, error) {
	best := w.at
	columns := best.Columns()
	out := &Profile{Parameter: name, Value: w.value(best), Sigma: math.Sqrt(best.Covariance[w.column*columns+w.column])}
	if math.IsNaN(out.Sigma) {
		out.Sigma = math.Inf(1)
	}
	type sample struct{ value, objective float64 }
	samples := []sample{{out.Value, best.Objective}}
	lowest := best.Objective
	why := map[float64]string{}
	for k, side := range []float64{-1, 1} {
		step := profileStep * out.Sigma
		if size := math.Abs(out.Value); size > 0 && step > size || math.IsInf(step, 0) {
			if step = 0.05 * size; size == 0 {
				step = 0.05
			}
		}
		f, before := best, 0.0
		why[side] = fmt.Sprintf("followed over %d refits", w.points)
		for i := range w.points {
			v := w.value(f) + side*step
			bounded := math.Min(math.Max(v, w.lower), w.upper)
			if bounded == w.value(f) {
				why[side] = fmt.Sprintf("up to the parameter's bound %v", bounded)
				break
			}
			label := map[float64]string{-1: "below", 1: "above"}[side]
			w.settings.Stage(fmt.Sprintf("profile, %s", label), (float64(k)+float64(i)/float64(w.points))/2)
			g, err := again(ctx, fmt.Sprintf("profile/%s-%02d", label, i), w.with(f, bounded))
			if err != nil {
				return nil, err
			}
			if g.Status == optim.Failed || math.IsInf(g.Objective, 0) {
				why[side] = fmt.Sprintf("up to %.4g, beyond which the model cannot be evaluated", w.value(f))
				break
			}
			samples = append(samples, sample{bounded, g.Objective})
			lowest = math.Min(lowest, g.Objective)
			f = g
			rise := g.Objective - best.Objective
			if rise > profileEnds*Level {
				break
			}
			distance := math.Abs(bounded-out.Value) / out.Sigma
			last := distance - step/out.Sigma
			if promised := distance*distance - last*last; !(rise-before > slowRise*promised) || math.IsInf(out.Sigma, 0) {
				step *= 2
			}
			before = rise
		}
	}
	slices.SortFunc(samples, func(a, b sample) int {
		if a.value < b.value {
			return -1
		}
		return 1
	})
	at := 0
	for i, q := range samples {
		out.Values, out.Rise = append(out.Values, q.value), append(out.Rise, q.objective-lowest)
		if q.objective == lowest {
			at, out.Value = i, q.value
		}
	}
	out.Low, out.High = out.end(at, -1), out.end(at, 1)
	if out.Low.Open {
		out.Low.Why = fmt.Sprintf("%s, it has risen by %.3g", why[-1], out.Rise[0])
	}
	if out.High.Open {
		out.High.Why = fmt.Sprintf("%s, it has risen by %.3g", why[1], out.Rise[len(out.Rise)-1])
	}
	return out, nil
}

// end finds where the profile crosses the level to one side of its lowest point:
// √rise is nearly linear in the value.
func (p *Profile) end(from, side int) End {
	for i := from; i+side >= 0 && i+side < len(p.Values); i += side {
		a, b := math.Sqrt(math.Max(p.Rise[i], 0)), math.Sqrt(math.Max(p.Rise[i+side], 0))
		if level := math.Sqrt(Level); b >= level {
			return End{At: p.Values[i] + (p.Values[i+side]-p.Values[i])*(level-a)/(b-a)}
		}
	}
	return End{At: math.NaN(), Open: true}
}

// Check says, before anything is fitted, whether Of can profile what is
// asked; the error is a *Error.
func Check(p *problem.Problem, r *run.Result, o Options) error {
	return (&profiling{}).formula(p, r, o.Parameter)
}
