package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"govern"
	"govern/expr"
	"govern/internal/truth"
	"govern/record"
	"govern/run"
)

const (
	rosslerOpenY = `
  states: {x: 0, y: 0, z: 0}
  parameters: {b: 0.2, c: {value: 8, fit: true, min: 0, max: 50}}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = f(x, y)
    z' = b + z*(x - c)
`
	lorenzOpenY = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {g: {}}
  equations: |
    x' = 10*(y - x)
    y' = g(x, y, z)
    z' = x*y - 8/3*z
`
	hindmarshOpenX = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = y - z + f(x)
    y' = 1 - 5*x^2 - y
    z' = 0.006*(4*(x + 1.6) - z)
`
	hindmarshCurrent = `
  states: {x: 0, y: 0, z: 0}
  parameters: {I: {value: 3, fit: true, min: 0, max: 10}}
  unknowns: {f: {}}
  equations: |
    x' = y - x^3 + 3*x^2 - z + I
    y' = 1 - 5*x^2 - y
    z' = f(x, z)
`
	fitzhughOpenV = `
  states: {v: 0, w: 0}
  unknowns: {f: {}}
  equations: |
    v' = f(v, w)
    w' = 0.08*(v + 0.7 - 0.8*w)
`
	lorenzOpenZ = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {h: {}}
  equations: |
    x' = 10*(y - x)
    y' = x*(28 - z) - y
    z' = h(x, y, z)
`
	hindmarshOpenZ = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = y - x^3 + 3*x^2 - z + 3.25
    y' = 1 - 5*x^2 - y
    z' = f(x, z)
`
)

// rosslerRegimes are c = 5.7, 9 and 14, the values of Rössler's equations being
// known but for what stands in formulas, with %g for c.
func rosslerRegimes(formulas map[string]string, fitted bool) []regime {
	var out []regime
	for _, c := range []float64{5.7, 9, 14} {
		r := regime{set: map[string]float64{"a": 0.2, "b": 0.2, "c": c}, formulas: map[string]string{}}
		for name, text := range formulas {
			if strings.Contains(text, "%g") {
				text = fmt.Sprintf(text, c)
			}
			r.formulas[name] = text
		}
		if fitted {
			r.parameters = map[string]float64{"c": c}
		}
		out = append(out, r)
	}
	return out
}

// driven are regimes in which one parameter takes the given values, which %g in
// the formula of an unknown stands for, or which is fitted.
func driven(parameter, unknown, formula string, fitted bool, values ...float64) []regime {
	var out []regime
	for _, v := range values {
		r := regime{set: map[string]float64{parameter: v}, formulas: map[string]string{unknown: formula}}
		if strings.Contains(formula, "%g") {
			r.formulas[unknown] = fmt.Sprintf(formula, v)
		}
		if fitted {
			r.parameters = map[string]float64{parameter: v}
		}
		out = append(out, r)
	}
	return out
}

// Cycles, in units of time.
const (
	rosslerCycle   = 6.2
	lorenzCycle    = 0.75
	hindmarshCycle = 10 // between spikes
	fitzhughCycle  = 37
)

func regimesBoard() board {
	b := board{name: "regimes", title: "Regimes that nobody has announced", changes: true,
		goal: "the right number of regimes, every change within one cycle, formulas and parameters of each exact"}
	for _, level := range []float64{0.01, 0.05} {
		add := func(c experiment) {
			c.name, c.seeds = fmt.Sprintf("%s, %g %%", c.name, 100*level), 3
			for s := range c.noise {
				c.noise[s] = level
			}
			b.cases = append(b.cases, c)
		}
		z, y := map[string]string{"f": "0.2 + x*z - %g*z"}, map[string]string{"f": "x + 0.2*y"}
		rossler := experiment{system: "rossler", step: 0.15, samples: 800, cycle: rosslerCycle}
		with := func(name, learn string, regimes []regime, observed ...string) {
			c := rossler
			c.name, c.learn, c.regimes, c.noise = "Rössler, "+name, learn, regimes, every(level, observed...)
			add(c)
		}
		with("z' unknown, all observed", rosslerZ, rosslerRegimes(z, false), "x", "y", "z")
		with("y' unknown, c fitted, all observed", rosslerOpenY, rosslerRegimes(y, true), "x", "y", "z")
		with("everything unknown, all observed", truth.ThreeStates, rosslerRegimes(map[string]string{"f": "-y - z", "g": "x + 0.2*y", "h": "0.2 + x*z - %g*z"}, false), "x", "y", "z")
		with("z' unknown, z hidden", rosslerZ, rosslerRegimes(z, false), "x", "y")
		with("y' unknown, c fitted, y hidden", rosslerOpenY, rosslerRegimes(y, true), "x", "z")
		add(experiment{name: "Lorenz, ρ = 28, 35, 28, y' unknown, all observed", system: "lorenz", step: 0.02, samples: 800, cycle: lorenzCycle, noise: every(level, "x", "y", "z"),
			learn: lorenzOpenY, regimes: driven("rho", "g", "%g*x - y - x*z", false, 28, 35, 28)})
		add(experiment{name: "Hindmarsh–Rose, I = 3.25, 2.6, 3.25, x' unknown, all observed", system: "hindmarsh-rose", step: 0.2, samples: 1500, cycle: hindmarshCycle, settle: 600,
			noise: every(level, "x", "y", "z"), learn: hindmarshOpenX, regimes: driven("I", "f", "%g + 3*x^2 - x^3", false, 3.25, 2.6, 3.25)})
		add(experiment{name: "FitzHugh–Nagumo, I = 0.4, 0.7, 0.5, v' unknown, all observed", system: "fitzhugh-nagumo", step: 0.5, samples: 800, cycle: fitzhughCycle,
			noise: every(level, "v", "w"), learn: fitzhughOpenV, regimes: driven("I", "f", "v - 0.3333333333333333*v^3 - w + %g", false, 0.4, 0.7, 0.5)})
	}
	return b
}

// stationaryBoard has records in which nothing changes but what a careless eye
// takes for change, and some in which coefficients drift.
func stationaryBoard() board {
	b := board{name: "stationary", title: "Records without regimes", changes: true,
		goal: "no change point reported where nothing changes at once; drifts are called drifts"}
	add := func(c experiment) {
		for _, w := range []struct {
			name string
			ways truth.Ways
		}{
			{"AR(1) noise, ρ = 0.8", truth.Ways{Correlation: 0.8}},
			{"2 % outliers at 10 σ", truth.Ways{Outliers: 0.02}},
			{"a gap of 5 cycles", truth.Ways{Gap: 5 * c.cycle}},
		} {
			each := c
			each.name, each.ways, each.seeds = c.name+", "+w.name, w.ways, 10
			b.cases = append(b.cases, each)
		}
	}
	const level = 0.02
	add(experiment{name: "Lorenz, z' unknown", system: "lorenz", step: 0.02, samples: 1000, cycle: lorenzCycle, noise: every(level, "x", "y", "z"), learn: lorenzOpenZ,
		formulas: map[string]string{"h": lorenzTruth["h"]}})
	add(experiment{name: "Rössler, z' unknown", system: "rossler", step: 0.15, samples: 1000, cycle: rosslerCycle, noise: every(level, "x", "y", "z"), learn: rosslerZ,
		formulas: map[string]string{"f": rosslerTruth["h"]}})
	add(experiment{name: "Hindmarsh–Rose, bursting, z' unknown", system: "hindmarsh-rose", step: 0.2, samples: 3000, cycle: hindmarshCycle, settle: 600, noise: every(level, "x", "y", "z"), learn: hindmarshOpenZ,
		formulas: map[string]string{"f": "0.024*x - 0.006*z + 0.0384"}})
	add(experiment{name: "Chua, lobes, diode unknown", system: "chua-cubic", step: 0.05, samples: 1500, cycle: 2.4, noise: every(level, "x", "y", "z"), learn: chua,
		formulas: map[string]string{"f": "x^3 - 0.143*x"}})
	for _, to := range []float64{10, 14} {
		b.cases = append(b.cases, experiment{name: fmt.Sprintf("Rössler, c drifts from 9 to %g, z' unknown, 1 %%", to), system: "rossler", step: 0.15, samples: 2400, cycle: rosslerCycle, seeds: 3,
			noise: every(0.01, "x", "y", "z"), learn: rosslerZ, drift: [2]map[string]float64{{"a": 0.2, "b": 0.2, "c": 9}, {"a": 0.2, "b": 0.2, "c": to}},
			open: "z", drifts: fmt.Sprintf("0.2 + x*z - 9*z - %g*t*z", (to-9)/(0.15*2399))})
	}
	return b
}

// changing are the entries of a case whose parameters change, and when they do.
func (c experiment) changing(simulated truth.Case) ([]record.Entry, []float64, error) {
	if c.drift[0] != nil {
		e, err := simulated.Drift(c.drift[0], c.drift[1])
		return []record.Entry{e}, nil, err
	}
	var sets []map[string]float64
	for _, r := range c.regimes {
		sets = append(sets, r.set)
	}
	e, changes, err := simulated.Regimes(sets)
	return []record.Entry{e}, changes, err
}

// solveChanging is solve for cases whose parameters change.
func (c experiment) solveChanging(ctx context.Context, seed uint64, o *outcome, dir string, simulated truth.Case, workers int) error {
	entries, changes, err := c.changing(simulated)
	if err != nil {
		return err
	}
	var said []float64
	if c.given {
		said = changes
	}
	p, err := c.problem(dir, seed, entries, said)
	if err != nil {
		return err
	}
	r := o.answer(ctx, p, govern.Settings{Seed: seed, Workers: workers, Journal: &memory{steps: map[string]reflect.Value{}, once: true}})
	if r == nil {
		return nil
	}
	if len(c.regimes) == 0 {
		return c.judgeDrift(o, r)
	}
	return c.judgeRegimes(o, r, changes)
}

// judgeDrift asks that a drift is called one, and that what is claimed of it is
// the truth: a formula with the time in it.
func (c experiment) judgeDrift(o *outcome, r *run.Result) error {
	o.Status, o.Advice, o.Regimes = string(r.Status), r.Advice, len(r.Regimes)
	said := strings.Contains(r.Advice+strings.Join(r.Warnings, " "), "coefficients drift")
	o.Exact = said && o.Regimes == 0 && !r.Status.Trusted()
	o.Found = r.Advice
	e := r.Equations[c.open]
	if !r.Status.Trusted() || e == nil {
		return nil
	}
	o.Found = c.open + "' = " + *e
	have, err := terms(*e)
	if err != nil {
		return err
	}
	want, err := terms(c.drifts)
	if err != nil {
		return err
	}
	o.Terms = len(have) == len(want)
	worst := 0.0
	for t, v := range want {
		worst = math.Max(worst, math.Abs(have[t]-v)/math.Abs(v))
	}
	if o.Terms = o.Terms && worst < 1; o.Terms {
		o.Error = run.Number(worst)
	}
	o.Exact = said && o.Regimes == 0 && o.Terms && worst < 0.1
	return nil
}

// judgeRegimes compares an answer with the truth, regime by regime.
func (c experiment) judgeRegimes(o *outcome, r *run.Result, changes []float64) error {
	o.Status, o.Advice, o.Regimes = string(r.Status), r.Advice, len(r.Regimes)
	if len(r.Regimes) != len(c.regimes) {
		for _, name := range slices.Sorted(maps.Keys(r.Unknowns)) {
			if e := r.Unknowns[name].Expression; e != nil {
				o.Found += name + " = " + *e + "; "
			}
		}
		return nil
	}
	for k, g := range r.Regimes {
		if k > 0 {
			o.Places = append(o.Places, (float64(g.From)-changes[k-1])/c.cycle)
		}
	}
	o.Terms, o.Exact = true, true
	found := []string{}
	worst := 0.0
	inside, intervals := 0, 0
	for k, g := range r.Regimes {
		part := outcome{}
		one := experiment{formulas: c.regimes[k].formulas, parameters: c.regimes[k].parameters}
		if err := one.judge(&part, &run.Result{Status: r.Status, Unknowns: g.Unknowns, Parameters: g.Parameters}); err != nil {
			return err
		}
		o.Terms, o.Exact = o.Terms && part.Terms, o.Exact && part.Exact
		inside, intervals = inside+part.Inside, intervals+part.Intervals
		worst = math.Max(worst, float64(part.Error))
		found = append(found, part.Found)
	}
	o.Found = strings.Join(found, " | ")
	if o.Terms {
		o.Error, o.Inside, o.Intervals = run.Number(worst), inside, intervals
	}
	o.Exact = o.Exact && r.Status.Trusted() && o.worstPlace() <= 1
	return nil
}

// worstPlace is the largest distance of a change from the true one, in cycles;
// NaN where their numbers differ or there are none.
func (r outcome) worstPlace() float64 {
	worst := math.NaN()
	for _, p := range r.Places {
		if !(math.Abs(p) <= worst) {
			worst = math.Abs(p)
		}
	}
	return worst
}

// place is the farthest change of all runs from the true one, in cycles.
func place(runs []outcome) string {
	worst := math.NaN()
	for _, r := range runs {
		if p := r.worstPlace(); !(p <= worst) && !math.IsNaN(p) {
			worst = p
		}
	}
	if math.IsNaN(worst) {
		return "–"
	}
	return fmt.Sprintf("%.2g", worst)
}

// missedChange describes a run on a record that changes, or does not, and was not
// answered right.
func (r outcome) missedChange() string {
	return fmt.Sprintf("%s, seed %d, %s, %d regimes: `%s`", r.Case, r.Seed, r.Status, r.Regimes, shortened(r.Found))
}

// regimesText says in a problem file when regimes change.
func regimesText(changes []float64) string {
	var out []string
	for _, t := range changes {
		out = append(out, expr.FormatNumber(t))
	}
	return ", regimes: [" + strings.Join(out, ", ") + "]"
}
