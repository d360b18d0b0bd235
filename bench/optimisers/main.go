// Command optimisers measures the optimisers of trajectory fits against each other:
// Rössler's second equation learned by neural forms of several sizes on records of
// several lengths, from the same start by every optimiser. It writes the table of
// docs/training.md from a cache of results.
//
//	go run ./bench/optimisers                # runs what the cache lacks (all: minutes)
//	go run ./bench/optimisers -only wide/lbfgs -again
//	go run ./bench/optimisers -table         # only writes the table again
//
// Seconds are of the processor, without the smoother. Levenberg–Marquardt on the large
// problems is not run to its end: its seconds are those of a step.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strings"

	"govern/bench/internal/cache"
	"govern/bench/internal/processor"
	"govern/expr"
	"govern/fit"
	"govern/internal/truth"
	"govern/journal"
	"govern/model"
	"govern/run"
)

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "only runs whose name, as in wide/lbfgs, contains this")
	flag.StringVar(&o.cache, "cache", "bench/optimisers/results.jsonl", "file of results")
	flag.StringVar(&o.page, "page", "docs/training.md", "page whose table is written again")
	flag.BoolVar(&o.again, "again", false, "run what the cache has too")
	flag.BoolVar(&o.table, "table", false, "run nothing, write the table")
	flag.BoolVar(&o.rows, "rows", false, "print every iteration")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "optimisers:", err)
		os.Exit(1)
	}
}

type options struct {
	only, cache, page  string
	again, table, rows bool
}

// experiment is a neural form and a record, and the optimisers that are to learn it.
type experiment struct {
	name    string
	hidden  []int
	samples int
	with    []string
	large   bool // too large for Levenberg–Marquardt to be run to its end
}

func experiments() []experiment {
	all := []string{fit.LM, fit.LBFGS, fit.Adam}
	return []experiment{
		{name: "small", hidden: []int{10}, samples: 2000, with: all},
		{name: "middle", hidden: []int{10, 10}, samples: 2000, with: all[:2]},
		{name: "wide", hidden: []int{32, 32}, samples: 2000, with: all, large: true},
		{name: "long", hidden: []int{10, 10}, samples: 100_000, with: all[:2], large: true},
	}
}

// outcome is one run as the cache keeps it.
type outcome struct {
	Case      string     `json:"case"`
	Optimiser string     `json:"optimiser"`
	Seconds   float64    `json:"seconds"` // of the processor; of one step where Steps is 0
	Steps     int        `json:"steps"`   // 0: not run to its end
	Objective run.Number `json:"objective"`
	Evidence  run.Number `json:"evidence"`
	Omega     run.Number `json:"omega"`
	Error     run.Number `json:"error"` // rms of the learned function less the truth along the exact path, over the truth's rms
}

func (o outcome) name() string { return o.Case + "/" + o.Optimiser }

func (o options) run(ctx context.Context) error {
	results, err := read(o.cache)
	if err != nil {
		return err
	}
	for _, c := range experiments() {
		for _, with := range c.with {
			name := outcome{Case: c.name, Optimiser: with}.name()
			if _, done := results[name]; done && !o.again || o.table || !strings.Contains(name, o.only) {
				continue
			}
			r, err := c.solve(ctx, with, o.rows)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			results[name] = r
			if err := cache.Add(o.cache, r); err != nil {
				return err
			}
			fmt.Printf("%-14s %7.1f s, %d steps, objective %.2f, evidence %.1f, omega %.1g, error %.2g\n", name, r.Seconds, r.Steps, r.Objective, r.Evidence, r.Omega, r.Error)
		}
	}
	return rewrite(o.page, results)
}

// read returns the cache; of several lines of one run the last counts.
func read(path string) (map[string]outcome, error) {
	records, err := cache.Read(path, outcome{})
	if err != nil {
		return nil, err
	}
	results := map[string]outcome{}
	for _, r := range records {
		results[r.name()] = r
	}
	return results, nil
}

const learned = `
states: {x: 0, y: 0, z: 0}
unknowns: {f: {neural: {hidden: [%s]}}}
equations: |
  x' = -y - z
  y' = f(x, y)
  z' = 0.22 + z*(x - 14)
`

// solve fits a case with one optimiser, from the smoother's path.
func (c experiment) solve(ctx context.Context, with string, rows bool) (outcome, error) {
	o := outcome{Case: c.name, Optimiser: with, Objective: run.Undefined(), Evidence: run.Undefined(), Omega: run.Undefined(), Error: run.Undefined()}
	m, err := model.Lookup("rossler-14")
	if err != nil {
		return o, err
	}
	simulated := truth.Case{Model: m, Step: 0.05, Samples: c.samples, Seed: 5, Transient: 100, Noise: map[string]float64{"x": 0.01, "y": 0.01, "z": 0.01}}
	data, err := simulated.Data(fmt.Sprintf(learned, c.layers()))
	if err != nil {
		return o, err
	}
	engine := &fit.Engine{Data: data, Seed: 1, Options: fit.Options{Optimiser: with}}
	smooth, err := engine.Smooth(ctx)
	if err != nil {
		return o, err
	}
	limited, stop := context.WithCancel(ctx)
	defer stop()
	w := &watch{print: rows, started: processor.Seconds()}
	if with == fit.LM && c.large {
		w.stop = stop
	}
	engine.Monitor = w
	f, err := engine.Neural(limited, "neural", smooth)
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		o.Seconds = w.step
		return o, nil
	}
	if err != nil {
		return o, err
	}
	o.Seconds, o.Steps = processor.Seconds()-w.started, f.Iterations
	o.Objective, o.Evidence, o.Omega = run.Number(f.Objective), run.Number(f.Evidence), run.Number(f.Omega)
	off, err := off(simulated, f.Formula(0))
	o.Error = run.Number(off)
	return o, err
}

// watch follows a fit, and ends it after its first step where stop is set.
type watch struct {
	print         bool
	started, last float64
	rows          int
	step          float64 // seconds of the first step
	stop          func()
}

func (w *watch) Row(r journal.Row) {
	now := processor.Seconds()
	if w.rows++; w.rows == 2 && w.stop != nil {
		w.step = now - w.last
		w.stop()
	}
	w.last = now
	if w.print {
		fmt.Printf("%8.2f %s %d %.3f step %.3g omega %.2g noise %.4g\n", now-w.started, r.Stage, r.Iteration, r.Objective, r.Damping, r.Omega, r.Noise)
	}
}
func (w *watch) Stage(string, float64) {}
func (w *watch) Warn(text string)      { fmt.Println(text) }

// off is the rms error of a formula for y' along the exact path over the rms of y'.
func off(c truth.Case, formula *expr.Expr) (float64, error) {
	_, states, err := c.Trajectory()
	if err != nil {
		return 0, err
	}
	square, size := 0.0, 0.0
	for i := 0; i < c.Samples; i += max(1, c.Samples/500) {
		have, err := expr.Eval(formula, func(name string) (float64, bool) {
			k := c.Model.StateIndex(name)
			return states[max(k, 0)][i], k >= 0
		})
		if err != nil {
			return 0, err
		}
		want := states[0][i] + 0.2*states[1][i]
		square += (have - want) * (have - want)
		size += want * want
	}
	return math.Sqrt(square / size), nil
}
