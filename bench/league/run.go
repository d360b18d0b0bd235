package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"govern"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/internal/truth"
	"govern/journal"
	"govern/model"
	"govern/problem"
	"govern/record"
	"govern/run"
	"govern/series"
	"govern/series/csv"
)

// outcome is one run as the cache keeps it.
type outcome struct {
	Board  string     `json:"board"`
	Case   string     `json:"case"`
	Seed   uint64     `json:"seed"`
	Status string     `json:"status"`
	Found  string     `json:"found"`
	Exact  bool       `json:"exact"` // the terms are those of the truth and every coefficient within a tenth
	Terms  bool       `json:"terms"` // the terms are those of the truth
	Tied   bool       `json:"tied"`  // not exact, but the truth is among the alternatives
	Error  run.Number `json:"error"` // largest relative error of a coefficient; undefined unless Terms
	// Inside of Intervals 95 % intervals hold the truth.
	Inside    int `json:"inside"`
	Intervals int `json:"intervals"`
	// Width is half an interval relative to the truth, the geometric mean over all
	// of them: what the data can say, where Error is what chance made of it.
	Width run.Number `json:"width"`
	// Bound is the same for the smallest intervals that the data allow, and Chi the
	// mean square of the errors in their standard deviations (see experiment.bound).
	Bound run.Number `json:"bound"`
	Chi   run.Number `json:"chi"`
	// Free is result.json's free-running error, the mean over the channels.
	Free run.Number `json:"free"`

	Lyapunov run.Number            `json:"lyapunov"` // largest exponent
	Noise    map[string]run.Number `json:"noise"`    // estimated over true, by channel
	Defect   run.Number            `json:"defect"`   // final omega
	// Rival is what the truth scores above the answer; a negative number is a
	// failure of the search. Undefined where the run is exact.
	Rival   run.Number `json:"rival"`
	Given   run.Number `json:"given"` // the same, fitted from the exact states
	Advice  string     `json:"advice"`
	Lack    run.Number `json:"lack"` // the chance that what the equations seem to lack is chance; undefined where not tested
	Seconds float64    `json:"seconds"`
	Memory  float64    `json:"memory"` // GB taken from the system

	Regimes int       `json:"regimes,omitempty"` // as many as were reported
	Places  []float64 `json:"places,omitempty"`  // of their changes, from the true ones, in cycles

	// Code is the revision that ran, where it is not the one that the table stands
	// beside.
	Code string `json:"code,omitempty"`
}

// solve makes the data of a case, solves the problem through its files with the
// default settings, and judges the answer.
func (c experiment) solve(ctx context.Context, seed uint64, workers int) (outcome, error) {
	o := outcome{Case: c.name, Seed: seed, Error: run.Undefined(), Width: run.Undefined(), Bound: run.Undefined(), Chi: run.Undefined(), Free: run.Undefined(), Rival: run.Undefined(), Given: run.Undefined(), Defect: run.Undefined(),
		Lyapunov: run.Undefined(), Lack: run.Undefined(), Noise: map[string]run.Number{}}
	dir, err := os.MkdirTemp("", "league")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	simulated, err := c.simulation(seed)
	if err != nil {
		return o, err
	}
	if len(c.regimes) > 0 || c.drift[0] != nil {
		err := c.solveChanging(ctx, seed, &o, dir, simulated, workers)
		return o, err
	}
	entries, states, err := simulated.Observed()
	if err != nil {
		return o, err
	}
	p, err := c.problem(dir, seed, entries, nil)
	if err != nil {
		return o, err
	}
	journal := &memory{steps: map[string]reflect.Value{}}
	settings := govern.Settings{Seed: seed, Workers: workers}
	if !c.slow {
		settings.Journal = journal
	}
	out := o.answer(ctx, p, settings)
	if out == nil {
		return o, nil
	}
	if err := c.judge(&o, out); err != nil {
		return o, err
	}
	if o.Terms {
		bound, err := c.bound(ctx, seed, entries, states, simulated)
		if err != nil {
			return o, err
		}
		c.against(&o, bound, out)
	}
	if o.Regimes = len(out.Regimes); o.Regimes > 0 {
		o.Exact = false
	}
	c.noises(&o, out, entries, states, simulated)
	if !o.Exact && len(c.formulas) > 0 && !c.slow {
		if err := c.rival(ctx, &o, p, journal, entries, states, workers); err != nil {
			o.Advice += " [rival: " + err.Error() + "]"
		}
	}
	return o, nil
}

// answer is that of a run, measured; nil where it ended with an error.
func (o *outcome) answer(ctx context.Context, p *problem.Problem, s govern.Settings) *run.Result {
	clock := time.Now()
	out, err := govern.Discover(ctx, p, s)
	o.Seconds = time.Since(clock).Seconds()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	o.Memory = float64(stats.Sys) / 1e9
	if err != nil {
		o.Status, o.Advice = "error", err.Error()
		return nil
	}
	return out.Result
}

func (c experiment) simulation(seed uint64) (truth.Case, error) {
	m, err := model.Lookup(c.system)
	if err != nil {
		return truth.Case{}, err
	}
	for s, v := range c.start {
		m.States[m.StateIndex(s)].Value = v
	}
	settle := c.settle
	if settle == 0 {
		settle = 200
	}
	return truth.Case{Model: m, Step: c.step, Samples: c.samples, Noise: c.noise, Seed: seed, Transient: settle, Ways: c.ways}, nil
}

// problem writes the data and reads the problem that a user would have written.
// Changes, where there are any, are said.
func (c experiment) problem(dir string, seed uint64, entries []record.Entry, changes []float64) (*problem.Problem, error) {
	text := "model:" + c.model(seed) + "data:\n"
	for i, e := range entries {
		s := &series.Series{TimeName: "t", Time: e.Times}
		for _, ch := range e.Channels {
			s.Columns = append(s.Columns, series.Column{Name: ch.Column, Values: ch.Values})
		}
		name := fmt.Sprintf("trial-%02d.csv", i)
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if err := csv.Write(file, s); err != nil {
			return nil, err
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
		text += "  - {file: " + name + ", time: t"
		if len(changes) > 0 {
			text += regimesText(changes)
		}
		text += "}\n"
	}
	return problem.Read(filepath.Join(dir, "problem.yaml"), []byte(text))
}

// judge compares an answer with the truth.
func (c experiment) judge(o *outcome, r *run.Result) error {
	o.Status, o.Advice = string(r.Status), r.Advice
	if len(r.Dynamics.Lyapunov) > 0 {
		o.Lyapunov = r.Dynamics.Lyapunov[0]
	}
	o.Free = run.Number(freeOf(r))
	if o.Lack = run.Undefined(); r.Lack != nil {
		o.Lack = r.Lack.Chance
	}
	o.Terms = true
	worst, widths := 0.0, 0.0
	count := func(value, low, high, want float64) {
		widths += math.Log((high - low) / 2 / math.Abs(want))
		worst = math.Max(worst, math.Abs(value-want)/math.Abs(want))
		o.Intervals++
		if low <= want && want <= high {
			o.Inside++
		}
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(c.formulas)) {
		want, err := terms(c.formulas[name])
		if err != nil {
			return err
		}
		u := r.Unknowns[name]
		if u.Expression != nil {
			found = append(found, name+" = "+*u.Expression)
		}
		o.Terms = o.Terms && len(u.Terms) == len(want)
		for _, t := range u.Terms {
			factor, err := expr.Parse(t.Term)
			if err != nil {
				return err
			}
			if v, ok := want[expr.Simplify(factor).String()]; ok {
				count(float64(t.Coefficient), float64(t.Low), float64(t.High), v)
			} else {
				o.Terms = false
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.parameters)) {
		e, ok := r.Parameters[name]
		if !ok {
			o.Terms = false
			continue
		}
		found = append(found, fmt.Sprintf("%s = %g", name, float64(e.Value)))
		count(float64(e.Value), float64(e.Low), float64(e.High), c.parameters[name])
	}
	o.Found = strings.Join(found, "; ")
	if o.Terms {
		o.Error, o.Width = run.Number(worst), run.Number(math.Exp(widths/float64(o.Intervals)))
	} else {
		o.Inside, o.Intervals = 0, 0
	}
	o.Exact = o.Terms && worst < 0.1
	for _, a := range r.Alternatives {
		same, err := c.isTruth(a.Expressions)
		if err != nil {
			return err
		}
		o.Tied = o.Tied || same && !o.Exact
	}
	return nil
}

// isTruth says that formulas have the terms of the truth and every coefficient
// within a tenth.
func (c experiment) isTruth(formulas map[string]string) (bool, error) {
	for name, text := range c.formulas {
		want, err := terms(text)
		if err != nil {
			return false, err
		}
		have, err := terms(formulas[name])
		if err != nil {
			return false, err
		}
		if len(have) != len(want) {
			return false, nil
		}
		for t, v := range want {
			if h, ok := have[t]; !ok || !(math.Abs(h-v) < 0.1*math.Abs(v)) {
				return false, nil
			}
		}
	}
	return len(c.formulas) > 0, nil
}

func terms(text string) (map[string]float64, error) {
	e, err := expr.Parse(text)
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, t := range expr.Terms(e) {
		out[t.Factor.String()] = t.Coefficient
	}
	return out, nil
}

// noises compares the estimated noise with the true one.
func (c experiment) noises(o *outcome, r *run.Result, entries []record.Entry, states [][][]float64, simulated truth.Case) {
	for _, ch := range entries[0].Channels {
		i := simulated.Model.StateIndex(ch.Column)
		sum, n := 0.0, 0.0
		for e := range entries {
			for _, mine := range entries[e].Channels {
				if mine.Column != ch.Column {
					continue
				}
				for k, v := range mine.Values {
					sum += (v - states[e][i][k]) * (v - states[e][i][k])
					n++
				}
			}
		}
		if v, ok := r.Noise[ch.Column]; ok && sum > 0 {
			o.Noise[ch.Column] = v / run.Number(math.Sqrt(sum/n))
		}
	}
}

// rival asks how the truth would have scored. The steps of the search come from
// the journal, so only the truth is fitted.
func (c experiment) rival(ctx context.Context, o *outcome, p *problem.Problem, journal journal.Journal, observed []record.Entry, states [][][]float64, workers int) error {
	opened, err := p.Open()
	if err != nil {
		return err
	}
	train := slices.DeleteFunc(opened, func(e record.Entry) bool { return e.Test })
	data, err := fit.Prepare(p.Model, train)
	if err != nil {
		return err
	}
	if k := data.CondenseFactor(); k > 1 {
		for i := range train {
			train[i] = train[i].Condense(k)
		}
		if data, err = fit.Prepare(p.Model, train); err != nil {
			return err
		}
	}
	engine := &fit.Engine{Data: data, Options: p.Fit, Workers: workers, Seed: o.Seed, Journal: journal}
	found, err := discover.Run(ctx, engine, p.Discover)
	if err != nil {
		return err
	}
	if found.Chosen != nil {
		o.Defect = run.Number(found.Chosen.Omega)
	}
	formulas := map[string]*expr.Expr{}
	for name, text := range c.formulas {
		if formulas[name], err = expr.Parse(text); err != nil {
			return err
		}
	}
	exact := make([][][]float64, len(train))
	for i, e := range train {
		source := min(i, len(observed)-1)
		for _, x := range states[source] {
			exact[i] = append(exact[i], interpolate(observed[source].Times, x, e.Times))
		}
	}
	if len(observed) > 1 && len(train) != len(observed) {
		exact = nil
	}
	r, err := discover.Rival(ctx, engine, p.Discover, found, formulas, exact)
	if err != nil {
		return err
	}
	o.Rival, o.Given = run.Number(math.Min(r.Smoothed, r.Near)), run.Number(r.Given)
	return nil
}

// interpolate is x, given at times t, at the times at within them.
func interpolate(t, x, at []float64) []float64 {
	out := make([]float64, len(at))
	for i, s := range at {
		k, _ := slices.BinarySearch(t, s)
		k = min(max(k, 1), len(t)-1)
		w := (s - t[k-1]) / (t[k] - t[k-1])
		out[i] = (1-w)*x[k-1] + w*x[k]
	}
	return out
}

// memory is a journal that lives as long as a run.
type memory struct {
	mu    sync.Mutex
	steps map[string]reflect.Value
	once  bool // no step may be asked for again, as in a run directory
}

// Do implements journal.Journal.
func (m *memory) Do(name string, out any, compute func() error) error {
	m.mu.Lock()
	have, ok := m.steps[name]
	m.mu.Unlock()
	if ok && m.once {
		return fmt.Errorf("two steps are named %q", name)
	}
	if ok {
		reflect.ValueOf(out).Elem().Set(have)
		return nil
	}
	if err := compute(); err != nil {
		return err
	}
	kept := reflect.New(reflect.TypeOf(out).Elem()).Elem()
	kept.Set(reflect.ValueOf(out).Elem())
	m.mu.Lock()
	m.steps[name] = kept
	m.mu.Unlock()
	return nil
}
