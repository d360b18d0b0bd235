package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"govern/internal/truth"
)

// board is a league: cases of one kind with the goal they are measured by.
type board struct {
	name, title, goal string
	cases             []experiment
	changes           bool // its records change, or must not be said to: the table is another
}

// experiment is a simulated problem: a system, how it is measured, what is
// known of it, and what must come back.
type experiment struct {
	name    string
	system  string // of the catalogue
	step    float64
	samples int
	noise   map[string]float64 // of the observed states, in their standard deviations
	ways    truth.Ways
	settle  float64 // time before the first sample; 0: 200
	start   map[string]float64
	// learn is the model with its holes, as in a problem file. Text in braces
	// «name:low:high» is a number drawn for the seed.
	learn      string
	formulas   map[string]string  // the truth of every unknown
	parameters map[string]float64 // the truth of every fitted parameter
	lyapunov   float64            // the true largest exponent; 0: not compared
	seeds      int                // how many the full league has
	regular    string             // the case that it is compared with
	slow       bool               // only on request, by name

	regimes []regime              // one after another, samples each; the motion goes on
	drift   [2]map[string]float64 // parameters go linearly from the first values to the second
	cycle   float64               // with regimes: of the motion, in units of time
	given   bool                  // the problem says when regimes change
	open    string                // with drift: the state whose equation is unknown
	drifts  string                // and what it is, the time in it
}

// regime is a stretch of a record, and what must come back of it.
type regime struct {
	set        map[string]float64
	formulas   map[string]string
	parameters map[string]float64
}

const (
	rosslerZ = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = -y - z
    y' = x + 0.2*y
    z' = f(x, z)
`
	chua = `
  states: {x: 0, y: 0, z: 0}
  unknowns: {f: {}}
  equations: |
    x' = 10*(y - f(x))
    y' = x - y + z
    z' = -16*y
`
	fitzhugh = `
  states: {v: 0, w: 0}
  unknowns: {f: {}}
  equations: |
    v' = v - v^3/3 - w + 0.5
    w' = f(v, w)
`
	lorenz96One = `
  states: {x1: 0, x2: 0, x3: 0, x4: 0, x5: 0, x6: 0, x7: 0, x8: 0}
  unknowns: {f: {}}
  equations: |
    x1' = f(x8, x2, x7) - x1 + 8
    x2' = x1*(x3 - x8) - x2 + 8
    x3' = x2*(x4 - x1) - x3 + 8
    x4' = x3*(x5 - x2) - x4 + 8
    x5' = x4*(x6 - x3) - x5 + 8
    x6' = x5*(x7 - x4) - x6 + 8
    x7' = x6*(x8 - x5) - x7 + 8
    x8' = x7*(x1 - x6) - x8 + 8
`
	pendulum = `
  states: {theta: 0, omega: 0}
  parameters: {L: {value: %g, fit: true, min: 0.01, max: 100}}
  equations: |
    theta' = omega
    omega' = -9.82/L*sin(theta)
`
	vanderpol = `
  states: {x: 0, y: 0}
  parameters: {w: {value: %g, fit: true, min: 0.01, max: 100}, mu: {value: 1, fit: true, min: 0, max: 10}}
  equations: |
    x' = w*y
    y' = w*(mu*(1 - x^2)*y - x)
`
	lorenzParameters = `
  states: {x: 0, y: 0, z: 0}
  parameters:
    sigma: {value: «0:22», fit: true, min: 0, max: 22}
    rho: {value: «0:60», fit: true, min: 0, max: 60}
    beta: {value: «0:6», fit: true, min: 0, max: 6}
  equations: |
    x' = sigma*(y - x)
    y' = x*(rho - z) - y
    z' = x*y - beta*z
`
)

var (
	lorenzTruth  = map[string]string{"f": "10*y - 10*x", "g": "28*x - y - x*z", "h": "x*y - 2.6666666666666665*z"}
	rosslerTruth = map[string]string{"f": "-y - z", "g": "x + 0.2*y", "h": "0.2 + x*z - 5.7*z"}
)

// every gives all states one noise.
func every(level float64, states ...string) map[string]float64 {
	out := map[string]float64{}
	for _, s := range states {
		out[s] = level
	}
	return out
}

func boards() []board {
	return []board{noiseBoard(), unknownBoard(), hiddenBoard(), waysBoard(), startsBoard(), longBoard(), regimesBoard(), stationaryBoard(), coverageBoard()}
}

func noiseBoard() board {
	b := board{name: "noise", title: "Everything unknown, under noise", goal: "at least 33 of 36 exact, no search failures"}
	add := func(system string, samples int, step float64, formulas map[string]string, lyapunov float64, levels ...float64) {
		for _, level := range levels {
			b.cases = append(b.cases, experiment{
				name: fmt.Sprintf("%s, %d × %g, %g %%", title(system), samples, step, 100*level), system: system, step: step, samples: samples,
				noise: every(level, "x", "y", "z"), learn: truth.ThreeStates, formulas: formulas, lyapunov: lyapunov, seeds: 3,
			})
		}
	}
	add("lorenz", 10000, 0.002, lorenzTruth, 0.9056, 0.05, 0.1, 0.2, 0.4)
	add("rossler", 10000, 0.02, rosslerTruth, 0.0722, 0.1, 0.2)
	add("lorenz", 1000, 0.02, lorenzTruth, 0.9056, 0.1, 0.2)
	add("lorenz", 400, 0.05, lorenzTruth, 0.9056, 0.05, 0.1)
	add("lorenz", 250, 0.02, lorenzTruth, 0.9056, 0.1)
	b.cases = append(b.cases, experiment{
		name: "Lorenz, z 5×, only z' unknown", system: "lorenz", step: 0.02, samples: 1000, noise: map[string]float64{"x": 0, "y": 0, "z": 5},
		learn: truth.LorenzZ, formulas: map[string]string{"h": lorenzTruth["h"]}, lyapunov: 0.9056, seeds: 3,
	})
	return b
}

func title(system string) string {
	if system == "rossler" {
		return "Rössler"
	}
	return strings.ToUpper(system[:1]) + system[1:]
}

func unknownBoard() board {
	b := board{name: "unknown", title: "One equation unknown", goal: "at 0–20 %: at least 95 % exact or tied with the truth, 88 % exact; at 40 %: 60 %"}
	for _, level := range []float64{0, 0.01, 0.05, 0.1, 0.2, 0.4} {
		add := func(name, system string, step float64, samples int, learn string, formulas map[string]string, lyapunov float64, noise map[string]float64) {
			b.cases = append(b.cases, experiment{name: fmt.Sprintf("%s, %g %%", name, 100*level), system: system, step: step, samples: samples,
				noise: noise, learn: learn, formulas: formulas, lyapunov: lyapunov, seeds: 5})
		}
		h := map[string]string{"h": lorenzTruth["h"]}
		add("Rössler, y hidden", "rossler-14", 0.1, 2000, truth.RosslerY, map[string]string{"f": "x + 0.2*y"}, 0.111, every(level, "x", "z"))
		add("Rössler, z hidden", "rossler-14", 0.1, 2000, rosslerZ, map[string]string{"f": "0.22 + x*z - 14*z"}, 0.111, every(level, "x", "y"))
		add("Lorenz, z 5×", "lorenz", 0.02, 2000, truth.LorenzZ, h, 0.9056, map[string]float64{"x": level, "y": level, "z": 5})
		add("Lorenz, z hidden", "lorenz", 0.02, 2000, truth.LorenzZ, h, 0.9056, every(level, "x", "y"))
		add("Petržela–Polák, x 5×", "petrzela-polak", 0.05, 4000, truth.PetrzelaY, map[string]string{"f": "1.25*x^2 - z - 1"}, 0.126,
			map[string]float64{"x": 5, "y": level, "z": level})
	}
	return b
}

func hiddenBoard() board {
	b := board{name: "hidden", title: "Larger and neural systems, mostly hidden", goal: "exact, or a tie list that contains the truth; exponents within 10 % or 0.01"}
	for _, level := range []float64{0.01, 0.05, 0.1} {
		b.cases = append(b.cases, experiment{name: fmt.Sprintf("Hindmarsh–Rose from voltage, %g %%", 100*level), system: "hindmarsh-rose", step: 0.1, samples: 10000,
			noise: every(level, "x"), learn: truth.HindmarshRoseZ, formulas: map[string]string{"f": "0.024*x - 0.006*z + 0.0384"}, lyapunov: 0.0136, seeds: 3})
	}
	for _, level := range []float64{0, 0.01, 0.05} {
		b.cases = append(b.cases, experiment{name: fmt.Sprintf("Lorenz-96, half observed, coupling unknown, %g %%", 100*level), system: "lorenz96", step: 0.02, samples: 1500, settle: 50,
			noise: every(level, "x1", "x3", "x5", "x7"), learn: truth.Lorenz96Ring, formulas: map[string]string{"f": "p*q - p*r"}, lyapunov: 1.6, seeds: 3})
	}
	for _, level := range []float64{0.01, 0.05} {
		b.cases = append(b.cases,
			experiment{name: fmt.Sprintf("Lorenz-96, half observed, coupling of one place unknown, %g %%", 100*level), system: "lorenz96", step: 0.02, samples: 1500, settle: 50,
				noise: every(level, "x1", "x3", "x5", "x7"), learn: lorenz96One, formulas: map[string]string{"f": "x2*x8 - x7*x8"}, seeds: 3},
			experiment{name: fmt.Sprintf("Chua from one voltage, diode unknown, %g %%", 100*level), system: "chua-cubic", step: 0.03, samples: 4000,
				noise: every(level, "x"), learn: chua, formulas: map[string]string{"f": "x^3 - 0.143*x"}, seeds: 3},
			experiment{name: fmt.Sprintf("FitzHugh–Nagumo, recovery unknown and hidden, %g %%", 100*level), system: "fitzhugh-nagumo", step: 0.2, samples: 2000,
				noise: every(level, "v"), learn: fitzhugh, formulas: map[string]string{"f": "0.08*v + 0.056 - 0.064*w"}, seeds: 3})
	}
	return b
}

func waysBoard() board {
	b := board{name: "ways", title: "Real data's ways, at 5 %", goal: "free-running errors at most 1.5 times those of the regular case"}
	add := func(base experiment, cycle float64) {
		base.seeds = 3
		for _, w := range []struct {
			name string
			ways truth.Ways
		}{
			{"regular", truth.Ways{}},
			{"a third of the samples missing", truth.Ways{Missing: 1. / 3}},
			{"a gap of 5 cycles", truth.Ways{Gap: 5 * cycle}},
			{"20 short trials", truth.Ways{Trials: 20}},
			{"2 % outliers at 10 σ", truth.Ways{Outliers: 0.02}},
			{"8 bits", truth.Ways{Bits: 8}},
			{"AR(1) noise, ρ = 0.8", truth.Ways{Correlation: 0.8}},
		} {
			c := base
			c.name, c.ways = base.name+", "+w.name, w.ways
			if w.name != "regular" {
				c.regular = base.name + ", regular"
			}
			b.cases = append(b.cases, c)
		}
	}
	add(experiment{name: "Rössler, y' unknown, y hidden", system: "rossler-14", step: 0.1, samples: 2000, noise: every(0.05, "x", "z"), learn: truth.RosslerY,
		formulas: map[string]string{"f": "x + 0.2*y"}, lyapunov: 0.111}, 6.5)
	add(experiment{name: "Lorenz, z' unknown, z 5×", system: "lorenz", step: 0.02, samples: 2000, noise: map[string]float64{"x": 0.05, "y": 0.05, "z": 5}, learn: truth.LorenzZ,
		formulas: map[string]string{"h": lorenzTruth["h"]}, lyapunov: 0.9056}, 0.75)
	return b
}

func startsBoard() board {
	b := board{name: "starts", title: "Wrong starts", goal: "all converge"}
	for _, period := range []float64{0.5, 1.5} {
		b.cases = append(b.cases,
			experiment{name: fmt.Sprintf("pendulum, period × %g, angle only", period), system: "pendulum", step: 0.02, samples: 1000, settle: -1, noise: every(0.05, "theta"),
				learn: fmt.Sprintf(pendulum, period*period), parameters: map[string]float64{"L": 1}, seeds: 5},
			experiment{name: fmt.Sprintf("van der Pol, period × %g, x only", period), system: "vanderpol", step: 0.05, samples: 1000, settle: -1, noise: every(0.05, "x"),
				learn: fmt.Sprintf(vanderpol, 1/period), parameters: map[string]float64{"w": 1, "mu": 1}, seeds: 5})
	}
	for _, level := range []float64{0, 0.05} {
		b.cases = append(b.cases, experiment{name: fmt.Sprintf("Lorenz parameters from anywhere in the box, 3000 points, %g %%", 100*level), system: "lorenz", step: 0.01, samples: 3000, settle: -1,
			start: map[string]float64{"x": -11.8, "y": -5.1, "z": 37.5}, noise: every(level, "x", "y", "z"), learn: lorenzParameters,
			parameters: map[string]float64{"sigma": 10, "rho": 28, "beta": 8. / 3}, lyapunov: 0.9056, seeds: 5})
	}
	return b
}

func longBoard() board {
	b := board{name: "long", title: "Long records", goal: "a million samples within 1 GB"}
	for _, n := range []int{10000, 100000, 1000000} {
		b.cases = append(b.cases, experiment{name: fmt.Sprintf("Rössler, y' unknown, all observed, %d samples, 5 %%", n), system: "rossler-14", step: 0.05, samples: n,
			noise: every(0.05, "x", "y", "z"), learn: truth.RosslerY, formulas: map[string]string{"f": "x + 0.2*y"}, lyapunov: 0.111, seeds: 1, slow: n > 100000})
	}
	return b
}

func coverageBoard() board {
	return board{name: "coverage", title: "Coverage of 95 % intervals", goal: "90–98 %", cases: []experiment{
		{name: "Rössler, y' unknown, all observed, 500 × 0.1, 5 %", system: "rossler-14", step: 0.1, samples: 500, noise: every(0.05, "x", "y", "z"), learn: truth.RosslerY,
			formulas: map[string]string{"f": "x + 0.2*y"}, seeds: 100},
	}}
}

// model is the text of the model, with the seed's numbers.
func (c experiment) model(seed uint64) string {
	rng := rand.New(rand.NewPCG(seed, 4))
	var out strings.Builder
	rest := c.learn
	for {
		before, after, found := strings.Cut(rest, "«")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		inside, tail, _ := strings.Cut(after, "»")
		var low, high float64
		if _, err := fmt.Sscanf(strings.Replace(inside, ":", " ", 1), "%g %g", &low, &high); err != nil {
			panic("league: «" + inside + "» is not low:high")
		}
		fmt.Fprintf(&out, "%g", low+(high-low)*rng.Float64())
		rest = tail
	}
}
