// Command doubt measures whether answers are honest: simulated problems whose
// truth lies outside the libraries, or whose given part is wrong, must be solved
// or doubted, and right models must not be doubted.
//
//	go run ./bench/doubt -seeds 1,2
//	go run ./bench/doubt -table -page docs/doubt.md   # only writes the page again
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"govern"
	"govern/bench/internal/cache"
	"govern/expr"
	"govern/internal/truth"
	"govern/model"
	"govern/problem"
	"govern/run"
	"govern/series"
	"govern/series/csv"
)

func main() {
	var o options
	flag.StringVar(&o.only, "case", "", "only cases whose name contains this")
	flag.StringVar(&o.seeds, "seeds", "1", "seeds, by comma")
	flag.StringVar(&o.cache, "cache", "bench/doubt/results.jsonl", "file of results")
	flag.StringVar(&o.page, "page", "", "where the table goes; nowhere when empty")
	flag.StringVar(&o.code, "code", "", "what the runs are of, as a column of the table")
	flag.BoolVar(&o.table, "table", false, "run nothing, write the table")
	flag.DurationVar(&o.limit, "limit", 5*time.Minute, "longest time of a run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "doubt:", err)
		os.Exit(1)
	}
}

type options struct {
	only, seeds, cache, page, code string
	table                          bool
	limit                          time.Duration
}

// outcome is one run as the cache keeps it.
type outcome struct {
	Code     string     `json:"code"`
	Case     string     `json:"case"`
	Seed     uint64     `json:"seed"`
	Status   string     `json:"status"`
	Error    run.Number `json:"error"` // rms of the formula less the truth over the attractor, over the truth's deviation
	Tied     run.Number `json:"tied"`  // the least of the alternatives
	Lack     run.Number `json:"lack"`
	Found    string     `json:"found"`
	Advice   string     `json:"advice"`
	Warnings []string   `json:"warnings"`
	Seconds  float64    `json:"seconds"`
}

func (o options) run(ctx context.Context) error {
	results, err := cache.Read(o.cache, outcome{})
	if err != nil {
		return err
	}
	for _, c := range experiments() {
		for _, text := range strings.Split(o.seeds, ",") {
			seed, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				return err
			}
			if o.table || !strings.Contains(c.name, o.only) || slices.ContainsFunc(results, func(r outcome) bool { return r.Case == c.name && r.Seed == seed && r.Code == o.code }) {
				continue
			}
			limited, cancel := context.WithTimeout(ctx, o.limit)
			r, err := c.solve(limited, seed)
			cancel()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", c.name, seed, err)
			}
			r.Code = o.code
			results = append(results, r)
			if err := cache.Add(o.cache, r); err != nil {
				return err
			}
			fmt.Printf("%s, seed %d: %s, off %.2g %%, tie %.2g %%, lack %.2g, %.1f s: %s\n    %s\n", r.Case, r.Seed, r.Status, 100*float64(r.Error), 100*float64(r.Tied), float64(r.Lack), r.Seconds, r.Found, r.Advice)
			for _, w := range r.Warnings {
				fmt.Printf("    ! %s\n", w)
			}
		}
	}
	if o.page == "" {
		return nil
	}
	alarms, err := league("bench/doubt/league.jsonl")
	if err != nil {
		return err
	}
	return os.WriteFile(o.page, []byte(page(results, alarms)), 0o644)
}

// solve makes the data of a case and solves it through its files by the defaults.
func (c experiment) solve(ctx context.Context, seed uint64) (outcome, error) {
	out := outcome{Case: c.name, Seed: seed, Error: run.Undefined(), Tied: run.Undefined(), Lack: run.Undefined()}
	m, err := model.Read(c.name, []byte(c.truth))
	if err != nil {
		return out, err
	}
	levels := map[string]float64{}
	for _, s := range m.States {
		if !slices.Contains(c.hidden, s.Name) {
			levels[s.Name] = c.noise
		}
	}
	made := truth.Case{Model: m, Step: c.step, Samples: c.samples, Noise: levels, Seed: 1000 + seed, Transient: c.settle}
	entry, err := made.Entry()
	if err != nil {
		return out, err
	}
	_, states, err := made.Trajectory()
	if err != nil {
		return out, err
	}
	dir, err := os.MkdirTemp("", "doubt")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(dir)
	s := &series.Series{TimeName: "t", Time: entry.Times}
	for _, ch := range entry.Channels {
		s.Columns = append(s.Columns, series.Column{Name: ch.Column, Values: ch.Values})
	}
	file, err := os.Create(filepath.Join(dir, "data.csv"))
	if err != nil {
		return out, err
	}
	if err := csv.Write(file, s); err != nil {
		return out, err
	}
	if err := file.Close(); err != nil {
		return out, err
	}
	p, err := problem.Read(filepath.Join(dir, "problem.yaml"), []byte("model:\n"+c.learn+"data: {file: data.csv, time: t}\n"))
	if err != nil {
		return out, err
	}
	clock := time.Now()
	solved, err := govern.Discover(ctx, p, govern.Settings{Seed: seed})
	out.Seconds = time.Since(clock).Seconds()
	if err != nil {
		out.Status, out.Advice = "error", err.Error()
		return out, nil
	}
	r := solved.Result
	out.Status, out.Advice, out.Warnings = string(r.Status), r.Advice, r.Warnings
	if r.Lack != nil {
		out.Lack = r.Lack.Chance
	}
	formulas := map[string]string{}
	for name, u := range r.Unknowns {
		if u.Expression != nil {
			formulas[name] = *u.Expression
			out.Found += name + " = " + *u.Expression + "; "
		}
	}
	out.Error = c.off(m, states, formulas)
	for _, a := range r.Alternatives {
		if off := c.off(m, states, a.Expressions); !(off >= out.Tied) {
			out.Tied = off
		}
	}
	return out, nil
}

// off is the error of formulas over the motion, of the unknown that is worst;
// undefined where one is not there. Arguments have the names of states.
func (c experiment) off(m *model.Model, states [][]float64, formulas map[string]string) run.Number {
	worst := 0.0
	for name, text := range c.unknown {
		want, err := expr.Parse(text)
		if err != nil {
			return run.Undefined()
		}
		have, err := expr.Parse(formulas[name])
		if err != nil {
			return run.Undefined()
		}
		var wanted []float64
		square := 0.0
		for k := range states[0] {
			at := func(s string) (float64, bool) {
				if i := m.StateIndex(s); i >= 0 {
					return states[i][k], true
				}
				return 0, false
			}
			w, err := expr.Eval(want, at)
			if err != nil {
				return run.Undefined()
			}
			h, err := expr.Eval(have, at)
			if err != nil {
				return run.Undefined()
			}
			wanted = append(wanted, w)
			square += (h - w) * (h - w)
		}
		worst = math.Max(worst, math.Sqrt(square/float64(len(wanted)))/series.Std(wanted))
	}
	return run.Number(worst)
}
