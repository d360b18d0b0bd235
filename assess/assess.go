// Package assess proves a closed model against data it has not seen: free runs
// from held-out starts, valid time, Lyapunov spectrum, and distances between
// the attractor of the model and that of the data beside their floors. Nothing
// here helps the model: after its start a free run sees no data.
package assess

import (
	"context"
	"errors"
	"math"
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/model"
	"govern/note"
	"govern/ode"
	"govern/record"
	"govern/series"
	"govern/tape"
)

// Input is a model and what it is judged on.
type Input struct {
	// Model is closed and was fitted without the held-out entries; Final, the
	// model after its last refit on everything, is what dynamics are computed of.
	Model, Final *model.Model
	Train, Test  []record.Entry
	Before       []record.Entry // what else is known before tests that continue it; not trained on
	Sigma        []float64      // noise per channel of the data
	Scale        []float64      // standard deviation per state
	Omega        float64        // defect weight of process noise, with Scale; 0: the equations hold
	Path         [][][]float64  // smoothed states of the training entries: entry, state, sample
	Workers      int
	Journal      journal.Journal
	Substeps     int // Runge–Kutta steps a sample where starts are located; 0: chosen by step doubling
}

// Proof is what was found. Numbers that could not be computed are NaN.
type Proof struct {
	Lyapunov, LyapunovError []float64 // descending, per time unit; standard errors
	Chaotic                 bool
	Horizon                 float64 // of the free errors: one Lyapunov time, or three cycles
	Cycle                   float64 // mean time of a cycle of the data; NaN without cycles
	ModelCycle              float64
	Starts                  int
	Free                    []float64 // per channel of the training data: rms over the horizon / std, median over starts
	FreeColumn              []float64 // the same over the starts in entries of any level of the channel's noise
	Relative                float64   // rms of all trusted channels over the horizon, median over starts
	ValidTime               float64   // median, in Lyapunov times (cycles where there is no chaos)
	Censored                bool      // more than half of the free runs were still valid when the data ended

	AttractorDistance, AttractorFloor float64
	SpectrumDistance, SpectrumFloor   float64

	Bounded bool // the long free run stayed within reach of the data
	Escape  string
	Rest    string // that the long free run comes to rest where the data go on; empty if it does not
	Runs    []FreeRun
	Longest int           // the training entry that Long is compared with
	Long    *ode.Solution // free run of Final on its times
	Notes   []note.Note
}

// Credible says that the long free run stays within reach of the data and goes on
// where they do.
func (p *Proof) Credible() bool { return p.Bounded && p.Rest == "" }

// FreeRun is one run from a held-out start.
type FreeRun struct {
	Entry int          // of the test entries
	From  int          // sample of the start
	Data  record.Entry // the record from the start on
	Value [][]float64  // the model's prediction: channel of Data, sample; NaN beyond an early end
	Error error        // why it ended early
	Valid float64      // how long it stayed within validLevel, in time units
	Open  bool         // it was still valid when the data ended: Valid is a lower bound
}

// Run assesses. It fails only if the context does, or if nothing can be
// compiled; what the data are too short for is NaN with a warning.
func Run(ctx context.Context, in Input) (*Proof, error) {
	p := &Proof{
		ValidTime: math.NaN(), Horizon: math.NaN(), Cycle: math.NaN(), ModelCycle: math.NaN(), Relative: math.NaN(),
		AttractorDistance: math.NaN(), AttractorFloor: math.NaN(), SpectrumDistance: math.NaN(), SpectrumFloor: math.NaN(),
	}
	data, err := fit.Prepare(in.Model, in.Train)
	if err != nil {
		return nil, err
	}
	p.Longest = in.longest(data)
	final, err := ode.NewSystem(in.Final.WithParameters(in.Train[p.Longest].Set))
	if err != nil {
		return nil, err
	}
	p.Free = slices.Repeat([]float64{math.NaN()}, len(data.Channels))
	p.FreeColumn = slices.Clone(p.Free)
	p.Cycle = 4 * data.Time
	if err := p.attractor(ctx, in, final); err != nil {
		return nil, err
	}
	if err := p.freeRuns(ctx, in, data); err != nil {
		return nil, err
	}
	return p, nil
}

// longest is the training entry with most samples: what dynamics are compared
// with, under its conditions. Entries whose noise is that of a higher level and hides
// the motion come last.
func (in *Input) longest(data *fit.Data) int {
	hidden := func(e int) bool {
		return slices.ContainsFunc(in.Train[e].Channels, func(c record.Channel) bool {
			i := data.Channel(c)
			return data.Cleanest(i) != i && in.Sigma[i] > trusted*signal(data.Channels[i], in.Sigma[i])
		})
	}
	longest, buried := 0, hidden(0)
	for e := range in.Train {
		more := len(in.Train[e].Times) > len(in.Train[longest].Times)
		if h := hidden(e); h == buried && more || buried && !h {
			longest, buried = e, h
		}
	}
	return longest
}

// Forecast runs the model freely from held-out starts over a given horizon, and
// no more: the proof's Free, Relative and ValidTime (in horizons) are filled.
func Forecast(ctx context.Context, in Input, horizon, cycle float64) (*Proof, error) {
	data, err := fit.Prepare(in.Model, in.Train)
	if err != nil {
		return nil, err
	}
	p := &Proof{Horizon: horizon, Cycle: cycle, Lyapunov: []float64{1 / horizon}, Chaotic: true,
		Free: make([]float64, len(data.Channels)), FreeColumn: make([]float64, len(data.Channels))}
	return p, p.freeRuns(ctx, in, data)
}

// The relative weight of noise above which a channel says nothing about a
// single prediction.
const trusted = 0.3

// validLevel is the rms error, in standard deviations of the signal, at which a
// prediction ends.
const validLevel = 0.4

// freeRuns starts the model at held-out samples and lets it go.
func (p *Proof) freeRuns(ctx context.Context, in Input, data *fit.Data) error {
	starts := p.starts(in)
	if len(starts) == 0 {
		p.Notes = append(p.Notes, note.Of(note.NoFreeRun, "", "no held-out stretch is long enough for a free run: errors.free and valid_time are undefined"))
		return nil
	}
	var windows []record.Entry
	for _, s := range starts {
		windows = append(windows, s.window(windowCycles*p.Cycle))
	}
	d, err := fit.Prepare(in.Model, windows)
	if err != nil {
		return err
	}
	engine := &fit.Engine{Data: d, Options: fit.Options{Substeps: in.Substeps, Omega: in.Omega}, Workers: in.Workers, Journal: in.Journal}
	sigma := d.Sigmas() // of levels that only held-out entries have
	for i := range sigma {
		if k := data.IndexOf(d.Channels[i]); k >= 0 {
			sigma[i] = in.Sigma[k]
		}
	}
	at, err := engine.Locate(ctx, "assess/starts", sigma, in.Scale)
	if err != nil {
		return err
	}
	p.Starts = len(starts)
	perChannel := make([][]float64, len(data.Channels))
	var verdicts []verdict
	for k, s := range starts {
		run, err := p.freeRun(ctx, in.Model, s, at.Last[k])
		if err != nil {
			return err
		}
		v := p.compare(in, data, run, func(c record.Channel) float64 { return sigma[d.Channel(c)] })
		run.Valid, run.Open = v.until, v.censored
		p.Runs = append(p.Runs, run)
		verdicts = append(verdicts, v)
		for c, v := range v.channels {
			if !math.IsNaN(v) {
				perChannel[c] = append(perChannel[c], v)
			}
		}
	}
	if slices.ContainsFunc(verdicts, func(v verdict) bool { return v.sure }) {
		verdicts = slices.DeleteFunc(verdicts, func(v verdict) bool { return !v.sure })
	}
	var valid, relative []float64
	censored := 0
	for _, v := range verdicts {
		relative = append(relative, v.total)
		valid = append(valid, v.until)
		if v.censored {
			censored++
		}
	}
	for c, v := range perChannel {
		p.Free[c] = series.Median(v)
		var all []float64
		for _, k := range data.LevelsOf(c) {
			all = append(all, perChannel[k]...)
		}
		p.FreeColumn[c] = series.Median(all)
	}
	p.Relative = series.Median(relative)
	p.ValidTime = series.Median(valid) / p.unit()
	if p.Censored = 2*censored > len(verdicts); p.Censored && p.Chaotic { // without chaos valid_time is undefined
		p.Notes = append(p.Notes, note.Of(note.ValidTimeBound, "", "most free runs were still valid when the held-out data ended: valid_time is a lower bound"))
	}
	return nil
}

// unit is the Lyapunov time, or a cycle without chaos.
func (p *Proof) unit() float64 {
	if p.Chaotic {
		return 1 / p.Lyapunov[0]
	}
	return p.Cycle
}

// LyapunovTimes is the valid time in Lyapunov times; NaN where there is no chaos.
func (p *Proof) LyapunovTimes() float64 {
	if !p.Chaotic {
		return math.NaN()
	}
	return p.ValidTime
}

// start is a held-out sample: sample at of a record whose earlier part is known
// before it.
type start struct {
	entry, from int // of Test
	record      record.Entry
	at          int
}

// windowCycles is how much earlier record a start is estimated from.
const windowCycles = 3

// starts spreads starts over the held-out entries, so that each has a record
// before it and a horizon after it. Where the data are short the horizon is
// halved, and halved again.
func (p *Proof) starts(in Input) []start {
	const want, enough = 20, 10
	var out []start
	for _, share := range []float64{1, 0.5, 0.25} {
		out = out[:0]
		for e := range in.Test {
			out = append(out, p.startsIn(in, e, share*p.Horizon, max(want/len(in.Test), 1))...)
		}
		if len(out) < min(enough, want/max(len(in.Test), 1)) {
			continue
		}
		if share < 1 {
			p.Notes = append(p.Notes, note.Of(note.ShortTest, "", "the held-out record is short: free errors are over %.3g, not %.3g time units", share*p.Horizon, p.Horizon))
			p.Horizon *= share
		}
		return out
	}
	return out
}

// startsIn spreads at most count starts over held-out entry e.
func (p *Proof) startsIn(in Input, e int, horizon float64, count int) []start {
	whole, offset := record.JoinPredecessor(slices.Concat(in.Train, in.Before), in.Test[e])
	n := len(whole.Times)
	last := n - 1
	for last > offset && whole.Times[n-1]-whole.Times[last] < horizon {
		last--
	}
	first := offset
	for first < last && whole.Times[first]-whole.Times[0] < windowCycles*p.Cycle {
		first++
	}
	var out []start
	for k := range count {
		at := first
		if count > 1 {
			at += (last - first) * k / (count - 1)
		}
		if at >= n-1 || at < 8 || len(out) > 0 && out[len(out)-1].at == at {
			continue
		}
		out = append(out, start{e, at - offset, whole, at})
	}
	return out
}

// window is the record up to and with the start, windowCycles cycles long.
func (s start) window(length float64) record.Entry {
	const least, most = 12, 2000
	first, e := s.at, s.record
	for first > 0 && s.at-first < most && (e.Times[s.at]-e.Times[first] < length || s.at-first < least) {
		first--
	}
	return e.Slice(first, s.at+1)
}

// freeRun integrates the model from a start to the end of its record, or twenty
// horizons.
func (p *Proof) freeRun(ctx context.Context, m *model.Model, s start, x0 []float64) (FreeRun, error) {
	end := s.at + 1
	for end < len(s.record.Times) && s.record.Times[end]-s.record.Times[s.at] <= 20*p.Horizon {
		end++
	}
	part := s.record.Slice(s.at, end)
	run := FreeRun{Entry: s.entry, From: s.from, Data: part}
	sol, err := Solve(ctx, m, part, x0)
	if sol == nil {
		return run, err
	}
	if ctx.Err() != nil { // also where the integration was through already
		return run, ctx.Err()
	}
	run.Error = err
	run.Value, err = Observe(m, part, sol)
	return run, err
}

// A free run may take this many steps before it counts as stiff beyond use: a
// wrong formula often is, and should not hold up the report.
const (
	leastSteps     = 100_000
	stepsPerSample = 100
)

// Solve runs a closed model freely over an entry's times, with its conditions
// and inputs. An integration that fails returns what it had. A model that does not
// know the time is solved from time zero: a record that begins at a clock's large
// number leaves no digits for small steps.
func Solve(ctx context.Context, m *model.Model, e record.Entry, x0 []float64) (*ode.Solution, error) {
	sys, err := ode.NewSystem(m.WithParameters(e.Set))
	if err != nil {
		return nil, err
	}
	times := e.Times
	if !slices.ContainsFunc(m.Rhs(), func(r *expr.Expr) bool { return slices.Contains(expr.Names(r), "t") }) {
		times = slices.Clone(e.Times)
		for i := range times {
			times[i] -= e.Times[0]
		}
	}
	for k, name := range m.Inputs {
		signal := ode.Signal{Time: times, Value: e.Inputs[k]}
		if e.Holds(k) {
			signal = ode.Held(times, e.Inputs[k])
		}
		if err := sys.SetInput(name, signal); err != nil {
			return nil, err
		}
	}
	sol, err := ode.Solve(ctx, sys, x0, times, ode.Options{MaxSteps: leastSteps + stepsPerSample*len(times)})
	if sol != nil {
		sol.Time = e.Times[:len(sol.Time):len(sol.Time)]
	}
	var blow *ode.BlowUpError
	var step *ode.StepError
	if shift := e.Times[0] - times[0]; errors.As(err, &blow) {
		blow.Time += shift
	} else if errors.As(err, &step) {
		step.Time += shift
	}
	return sol, err
}

// Observe evaluates what an entry's channels measure along a solution on its
// times; NaN beyond the solution's end.
func Observe(m *model.Model, e record.Entry, sol *ode.Solution) ([][]float64, error) {
	names := []string{"t"}
	values := []float64{0}
	for _, s := range m.States {
		names, values = append(names, s.Name), append(values, 0)
	}
	names, values = append(names, m.Inputs...), append(values, make([]float64, len(m.Inputs))...)
	for _, q := range m.WithParameters(e.Set).Parameters {
		names, values = append(names, q.Name), append(values, q.Value)
	}
	var outputs []*expr.Expr
	for _, c := range e.Channels {
		outputs = append(outputs, m.Expand(c.Observe))
	}
	program, err := tape.Compile(outputs, names)
	if err != nil {
		return nil, err
	}
	machine := program.NewMachine(1)
	for k, v := range values {
		machine.Input(k)[0] = v
	}
	out := make([][]float64, len(outputs))
	for c := range out {
		out[c] = make([]float64, len(e.Times))
	}
	for i, t := range e.Times {
		if i >= len(sol.Time) {
			for c := range out {
				out[c][i] = math.NaN()
			}
			continue
		}
		machine.Input(0)[0] = t
		for s := range sol.Values {
			machine.Input(1 + s)[0] = sol.Values[s][i]
		}
		for u := range m.Inputs {
			machine.Input(1 + len(m.States) + u)[0] = e.Inputs[u][i]
		}
		machine.Run()
		for c := range out {
			out[c][i] = machine.Output(c)[0]
		}
	}
	return out, nil
}

// verdict is how far a free run is off the data.
type verdict struct {
	channels []float64 // of the training data: rms error over the horizon, in standard deviations
	total    float64   // the same over the trusted channels without their noise
	until    float64   // time until that exceeds validLevel
	censored bool      // or until the data end
	sure     bool      // the run's entry has a channel that can be trusted; else its cleanest was taken
}

// compare judges a free run by the data. Noise says that of a channel whose level no
// training entry has.
func (p *Proof) compare(in Input, data *fit.Data, r FreeRun, noise func(record.Channel) float64) verdict {
	out := verdict{channels: make([]float64, len(data.Channels))}
	n := len(r.Data.Times)
	square := make([]float64, n) // over trusted channels, noise removed
	counted := make([]float64, n)
	for i := range out.channels {
		out.channels[i] = math.NaN()
	}
	least, own := math.Inf(1), math.Inf(1)
	for i, c := range data.Channels {
		least = math.Min(least, in.Sigma[i]/signal(c, in.Sigma[i]))
	}
	index := make([]int, len(r.Data.Channels))
	sigma, std := make([]float64, len(index)), make([]float64, len(index)) // noise, and the signal without it
	for c, ch := range r.Data.Channels {
		if index[c] = data.ChannelAtAnyLevel(ch); index[c] < 0 {
			continue
		}
		info := data.Channels[index[c]]
		sigma[c] = in.Sigma[index[c]]
		std[c] = signal(info, sigma[c])
		if info.Level != ch.Level {
			sigma[c] = noise(ch)
		}
		own = math.Min(own, sigma[c]/std[c])
	}
	limit := math.Max(trusted, 1.01*least)
	if out.sure = own <= limit; !out.sure {
		limit = 1.01 * own
	}
	for c, ch := range r.Data.Channels {
		i := index[c]
		if i < 0 {
			continue
		}
		whole := data.Channels[i].Std
		if data.Channels[i].Level != ch.Level {
			whole = math.Hypot(std[c], sigma[c])
		}
		trust := sigma[c]/std[c] <= limit
		sum, count := 0.0, 0.0
		for k, v := range ch.Values {
			if math.IsNaN(v) {
				continue
			}
			e := r.Value[c][k] - v
			if math.IsNaN(e) {
				e = math.Inf(1)
			}
			if k > 0 && r.Data.Times[k]-r.Data.Times[0] <= p.Horizon {
				sum += e * e
				count++
			}
			if trust {
				square[k] += (e*e - sigma[c]*sigma[c]) / (std[c] * std[c])
				counted[k]++
			}
		}
		if count > 0 {
			out.channels[i] = math.Sqrt(sum/count) / whole
		}
	}
	// The noise of a channel is removed in the mean only, so the error is averaged
	// over a sixteenth of a cycle.
	out.until, out.censored = r.Data.Times[n-1]-r.Data.Times[0], true
	sum, count := 0.0, 0.0
	for k := range n {
		elapsed := r.Data.Times[k] - r.Data.Times[0]
		if counted[k] > 0 && k > 0 && elapsed <= p.Horizon {
			sum += square[k] / counted[k]
			count++
		}
		mean, samples := 0.0, 0.0
		for j := k; j < n && r.Data.Times[j]-r.Data.Times[k] <= p.Cycle/16; j++ {
			if counted[j] > 0 {
				mean += square[j] / counted[j]
				samples++
			}
		}
		if out.censored && samples > 0 && !(mean/samples <= validLevel*validLevel) {
			out.until, out.censored = elapsed, false
		}
	}
	out.total = math.Sqrt(math.Max(sum, 0) / math.Max(count, 1))
	return out
}

// signal is the standard deviation of a channel without its noise.
func signal(c record.ChannelInfo, sigma float64) float64 {
	return math.Sqrt(math.Max(c.Std*c.Std-sigma*sigma, 1e-4*c.Std*c.Std))
}
