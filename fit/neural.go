package fit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"govern/expr"
	"govern/fit/prior"
	"govern/optim"
	"govern/record"
	"govern/series"
	"govern/tape"
)

// Form is a neural form in the place of an unknown. Its Start are its weights.
type Form struct {
	Unknown   int // in the model's Unknowns
	Arguments []string
	Neural    tape.Neural
}

// columns are the weights as columns of a stage.
func (f *Form) columns() []Column {
	out := make([]Column, f.Neural.Weights())
	for i := range out {
		out[i] = Column{fmt.Sprintf("%s#%d", f.Neural.Names[0], i), math.Inf(-1), math.Inf(1)}
	}
	return out
}

func formOf(forms []Form, u int) *Form {
	for i := range forms {
		if forms[i].Unknown == u {
			return &forms[i]
		}
	}
	return nil
}

// weightsOf are the weights of all forms, one after another.
func weightsOf(forms []Form) []float64 {
	var out []float64
	for _, f := range forms {
		out = append(out, f.Neural.Start...)
	}
	return out
}

// withWeights returns the forms with other weights.
func withWeights(forms []Form, weights []float64) []Form {
	out := slices.Clone(forms)
	for i := range out {
		n := out[i].Neural.Weights()
		out[i].Neural.Start = slices.Clone(weights[:n])
		weights = weights[n:]
	}
	return out
}

// weightSlopes is the program with the derivatives of its outputs by all
// weights.
func weightSlopes(p *tape.Program) *tape.Program {
	wrt := make([]int, p.Weights())
	for j := range wrt {
		wrt[j] = p.Inputs() + j
	}
	out, _ := p.Jacobian(wrt)
	return out
}

// The shapes of a network that are tried, smallest first, when none is given, the
// random starts of each, and the steps of a start. Of a long path only
// every n-th pair is used. Networks with more than largeNetwork weights start by
// gradients.
var shapes = [][]int{{6}, {10}, {10, 10}}

const (
	draws          = 3
	warmIterations = 60
	mostPairs      = 1000

	largeNetwork = 300
	largeSteps   = 400
	largePairs   = 10_000
)

// Neural fits a network in the place of every unknown. Arguments are
// standardised by the smoothed path, outputs scaled by the smoothed calls; the
// weights start from the regression of the smoothed calls on their arguments,
// which also chooses the shape by its evidence where the model gives none. What
// follows is a trajectory fit like that of a library.
func (e *Engine) Neural(ctx context.Context, name string, sm *Smoothed) (*Fitted, error) {
	return e.networks(ctx, name, sm, sm.Parameters, 0, e.draw)
}

// Retrain is Neural for networks that are known already, one for every unknown of
// the model in its order, and fitted parameters: the fit starts from them, at the
// defect weight omega; 0: it is annealed anew.
func (e *Engine) Retrain(ctx context.Context, name string, sm *Smoothed, networks []Form, parameters []float64, omega float64) (*Fitted, error) {
	return e.networks(ctx, name, sm, parameters, omega, func(_ context.Context, c *calls) (Form, error) { return networks[c.unknown], nil })
}

// networks fits networks on trajectories from those that begin gives.
func (e *Engine) networks(ctx context.Context, name string, sm *Smoothed, parameters []float64, omega float64, begin func(context.Context, *calls) (Form, error)) (*Fitted, error) {
	w, err := e.begun(ctx, name, sm, begin)
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
func (e *Engine) Forms(ctx context.Context, name string, sm *Smoothed) ([]Form, error) {
	w, err := e.begun(ctx, name, sm, e.draw)
	return w.Forms, err
}

// begun is where fits of networks begin.
func (e *Engine) begun(ctx context.Context, name string, sm *Smoothed, begin func(context.Context, *calls) (Form, error)) (*warm, error) {
	w := &warm{}
	err := e.do(name+"/warm", w, func() error {
		for u := range e.Data.Model.Unknowns {
			c, err := e.calls(sm, u)
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

// warm is what regression on a smoothed path gives a trajectory fit to start
// from: forms, and what they leave of the calls as defects of one sample.
type warm struct {
	Forms         []Form
	Square, Count float64
}

// calls are the pairs of arguments and values of an unknown along a smoothed
// path, all its calls and entries one after another.
type calls struct {
	unknown   int
	arguments [][]float64 // argument, sample
	target    []float64
	spread    []float64 // standard deviation of target
	toDefect  []float64 // what an error of target is as a defect of one sample
}

// calls collects those of unknown u.
func (e *Engine) calls(sm *Smoothed, u int) (*calls, error) {
	d := e.Data
	arguments, err := d.Arguments(sm, u)
	if err != nil {
		return nil, err
	}
	c := &calls{unknown: u, arguments: arguments}
	for k, call := range d.Calls {
		if call.Unknown != u {
			continue
		}
		for n := range d.Entries {
			c.target = append(c.target, sm.Calls[n][k]...)
			c.spread = append(c.spread, sm.Spread[n][k]...)
			for i := range d.Entries[n].Times {
				c.toDefect = append(c.toDefect, math.Sqrt(d.Entries[n].Step(i)*d.Time)/math.Max(sm.Scale[call.State], 1e-300))
			}
		}
	}
	// Neighbouring samples of a smoothed path repeat each other, so each counts an
	// eighth.
	size := unitWithout(series.RMS(c.target))
	for i, s := range c.spread {
		c.spread[i] = math.Sqrt(8) * math.Max(s, 1e-3*size)
	}
	return c, nil
}

// unitWithout is a scale, 1 where there is none.
func unitWithout(scale float64) float64 {
	if scale > 0 {
		return scale
	}
	return 1
}

// draw regresses networks of several shapes and random starts on the calls of
// an unknown and returns the best.
func (e *Engine) draw(ctx context.Context, c *calls) (Form, error) {
	unknown := e.Data.Model.Unknowns[c.unknown]
	form := Form{Unknown: c.unknown, Arguments: unknown.Arguments, Neural: tape.Neural{
		Names: []string{unknown.Name}, Inputs: len(unknown.Arguments), Gain: []float64{unitWithout(series.RMS(c.target))},
	}}
	for _, x := range c.arguments {
		form.Neural.Shift, form.Neural.Scale = append(form.Neural.Shift, mean(x)), append(form.Neural.Scale, unitWithout(series.Std(x)))
	}
	tried := shapes
	if n := unknown.Neural; n != nil {
		form.Neural.Activation = n.Activation
		if n.Hidden != nil {
			tried = [][]int{n.Hidden}
		}
	}
	best := math.Inf(1)
	rng := rand.New(rand.NewPCG(e.Seed, uint64(c.unknown)))
	for _, hidden := range tried {
		candidate := form
		candidate.Neural.Hidden, candidate.Neural.Start = hidden, nil
		most := mostPairs
		if candidate.Neural.Weights() > largeNetwork {
			most = largePairs
		}
		stride := (len(c.target) + most - 1) / most
		thin := make([][]float64, len(c.arguments))
		for a := range thin {
			thin[a] = record.Every(c.arguments[a], stride)
		}
		r, err := newPairs(candidate.Neural, thin, record.Every(c.target, stride), record.Every(c.spread, stride))
		if err != nil {
			return form, err
		}
		evidence := math.Inf(1)
		for range draws {
			weights := candidate.Neural.Draw(rng)
			v, err := r.learn(ctx, weights)
			if err != nil {
				return form, err
			}
			if v < evidence {
				evidence, candidate.Neural.Start = v, weights
			}
		}
		if !(evidence < best) {
			break
		}
		best, form = evidence, candidate
	}
	if form.Neural.Start == nil {
		return form, &NoStartError{unknown.Name}
	}
	return form, nil
}

// NoStartError says that no network learns what the smoother says of an unknown:
// its path is no motion that the known equations can have made.
type NoStartError struct{ Unknown string }

func (e *NoStartError) Error() string {
	return fmt.Sprintf("fit: no network for %s could be started on the smoothed path; likely a known equation contradicts the data", e.Unknown)
}

// add appends a form and counts what it leaves of the calls.
func (w *warm) add(form Form, c *calls) error {
	all, err := newPairs(form.Neural, c.arguments, c.target, c.spread)
	if err != nil {
		return err
	}
	all.each(form.Neural.Start, func(i int, left float64, _ func(int) float64) {
		left *= c.spread[i] * c.toDefect[i]
		w.Square += left * left
		w.Count++
	})
	w.Forms = append(w.Forms, form)
	return nil
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}

// pairs is the regression of a network on pairs of arguments and values: an
// optim.Problem without nodes, its rows on the border alone.
type pairs struct {
	arguments    [][]float64 // argument, sample
	target, sd   []float64
	weights      int
	value, slope *tape.Machine
	back         *tape.Machine // of the reverse sweep
}

// pairLanes is how many pairs are evaluated together.
const pairLanes = 64

func newPairs(n tape.Neural, arguments [][]float64, target, sd []float64) (*pairs, error) {
	var names []string
	var args []*expr.Expr
	for i := range arguments {
		names = append(names, fmt.Sprintf("u%d", i+1))
		args = append(args, expr.Var(names[i]))
	}
	program, err := tape.Compile([]*expr.Expr{expr.Apply(n.Names[0], args...)}, names, n)
	if err != nil {
		return nil, err
	}
	return &pairs{
		arguments: arguments, target: target, sd: sd, weights: n.Weights(),
		value: program.NewMachine(pairLanes), slope: weightSlopes(program).NewMachine(pairLanes), back: program.Adjoint(nil).NewMachine(pairLanes),
	}, nil
}

// learn improves the weights in place and returns −2 log evidence, the weights
// integrated out; for a large network, whose information is not computed, with
// log(pairs) for each weight (Schwarz 1978).
func (r *pairs) learn(ctx context.Context, weights []float64) (float64, error) {
	if r.weights > largeNetwork {
		out, err := optim.LBFGS{Iterations: largeSteps, Tolerance: 1e-4 * float64(len(r.target))}.Minimise(ctx, r, weights)
		if err != nil || out.Status == optim.Failed {
			return math.Inf(1), err
		}
		return out.Objective + float64(r.weights)*math.Log(float64(len(r.target))), nil
	}
	p := &optim.Point{Border: weights}
	var l optim.Linear
	var f optim.Factor
	out, err := optim.LevenbergMarquardt{Iterations: warmIterations, Tolerance: 1e-2}.Minimise(ctx, r, p, &l, &f)
	if err != nil || out.Status == optim.Failed {
		return math.Inf(1), err
	}
	f.Eliminate(&l, optim.Damping{})
	_, logDet := f.LogDet()
	return out.Objective + logDet - float64(r.weights)*math.Log(prior.Ridge), nil
}

// each visits the whitened residual of every pair; slope(j) is its derivative by
// weight j.
func (r *pairs) each(weights []float64, visit func(i int, left float64, slope func(j int) float64)) {
	r.run(r.slope, weights, func(i, lane int) {
		visit(i, (r.slope.Output(0)[lane]-r.target[i])/r.sd[i], func(j int) float64 { return r.slope.Output(1 + j)[lane] / r.sd[i] })
	})
}

// run evaluates all pairs on a machine.
func (r *pairs) run(m *tape.Machine, weights []float64, visit func(i, lane int)) {
	m.SetWeights(weights)
	for at := 0; at < len(r.target); at += pairLanes {
		for a, x := range r.arguments {
			copy(m.Input(a), x[at:min(at+pairLanes, len(x))])
		}
		m.Run()
		for i := at; i < min(at+pairLanes, len(r.target)); i++ {
			visit(i, i-at)
		}
	}
}

// Evaluate is the objective, with its gradient by a reverse sweep.
func (r *pairs) Evaluate(weights, gradient []float64) float64 {
	sum := prior.WeightsObjective(weights)
	r.value.SetWeights(weights)
	r.back.SetWeights(weights)
	r.back.ClearGradient()
	bar := r.back.Input(len(r.arguments))
	for at := 0; at < len(r.target); at += pairLanes {
		for a, x := range r.arguments {
			copy(r.value.Input(a), x[at:min(at+pairLanes, len(x))])
			copy(r.back.Input(a), r.value.Input(a))
		}
		r.value.Run()
		clear(bar)
		for i := at; i < min(at+pairLanes, len(r.target)); i++ {
			left := (r.value.Output(0)[i-at] - r.target[i]) / r.sd[i]
			sum += left * left
			bar[i-at] = 2 * left / r.sd[i]
		}
		r.back.Run()
	}
	for j, w := range weights {
		gradient[j] = 2 * prior.Ridge * w
	}
	r.back.AddGradient(gradient)
	return sum
}

// Accept does nothing: there are no nodes.
func (r *pairs) Accept() {}

// Objective is Σ residual² and the prior.
func (r *pairs) Objective(p *optim.Point) float64 {
	sum := prior.WeightsObjective(p.Border)
	r.run(r.value, p.Border, func(i, lane int) {
		left := (r.value.Output(0)[lane] - r.target[i]) / r.sd[i]
		sum += left * left
	})
	return sum
}

// Linearise fills the rows of the pairs, then the prior's.
func (r *pairs) Linearise(p *optim.Point, l *optim.Linear) float64 {
	l.P = r.weights
	sum := prior.WeightsObjective(p.Border)
	rows := l.Prior[:0]
	r.each(p.Border, func(_ int, left float64, slope func(int) float64) {
		for j := range r.weights {
			rows = append(rows, slope(j))
		}
		rows = append(rows, left)
		sum += left * left
	})
	l.Prior = prior.AppendWeightRows(rows, 0, p.Border)
	return sum
}

// Bounds of the weights: none.
func (r *pairs) Bounds() (lower, upper []float64) {
	for range r.weights {
		lower, upper = append(lower, math.Inf(-1)), append(upper, math.Inf(1))
	}
	return lower, upper
}

// spreadWork bounds the multiply-adds for the spread of a learned path.
const spreadWork = 2_000_000_000

// Learned is the smoothed path of a neural fit: its nodes in place of the states
// where every sample is a node, its networks' values in place of the calls, and
// as their spread what the weights' covariance allows. Where these are too
// many for a covariance the spread stays the smoother's, from which the network
// has learned and which is rather too large. For many weights and samples the
// spread is computed at some samples and holds until the next.
func (e *Engine) Learned(sm *Smoothed, f *Fitted) (*Smoothed, error) {
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
			err := d.along(&out, []*expr.Expr{call.Call}, []tape.Neural{form.Neural}, func(k, i int, m *tape.Machine) {
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
