package ode

import "math"

// integrator is the one loop of all methods: it takes accepted steps along y'
// and interpolates within the last one. It belongs to one goroutine and
// allocates nothing after its construction.
type integrator struct {
	method  *tableau
	slope   func(t float64, y, dy []float64)
	control controller
	names   []string // of the states, which come first in y; the bound is for them only
	bound   float64
	budget  int // steps left

	t, before float64   // ends of the last step
	y, from   []float64 // there
	trial     []float64
	k         [][]float64 // slopes of the stages; after a step the last belongs to y
	e         []float64   // error estimate of the components under control, which come first in y
	statistics
}

// statistics counts the work of a solve.
type statistics struct{ Steps, Rejected, Evaluations int }

// newIntegrator starts at (t, y), of which it takes a copy. The step control
// looks at the first controlled components.
func newIntegrator(slope func(t float64, y, dy []float64), names []string, controlled int, t float64, y []float64, opt Options) *integrator {
	m := opt.Method.tableau()
	width := len(y)
	g := &integrator{
		method: m, slope: slope, names: names, bound: opt.Bound, budget: opt.MaxSteps,
		t: t, before: t, y: append([]float64(nil), y...), from: make([]float64, width), trial: make([]float64, width),
		k: make([][]float64, len(m.stage)), e: make([]float64, controlled),
		control: controller{
			fixed: m.defect == nil, order: float64(m.order), step: opt.Step, previous: 1e-4,
			relative: opt.Relative, absolute: opt.Absolute, largest: make([]float64, controlled), states: len(names),
		},
	}
	for i := range g.k {
		g.k[i] = make([]float64, width)
	}
	if g.bound == 0 {
		g.bound = 1e12
		for _, v := range y[:len(names)] {
			g.bound = math.Max(g.bound, 1e12*math.Abs(v))
		}
	}
	g.control.begin(g.y)
	g.restart()
	if opt.Step == 0 {
		g.control.step = g.firstStep()
	}
	return g
}

// restart evaluates the slope anew after y was changed from outside.
func (g *integrator) restart() {
	g.evaluate(len(g.k)-1, g.t, g.y)
}

func (g *integrator) evaluate(stage int, t float64, y []float64) {
	g.slope(t, y, g.k[stage])
	g.Evaluations++
}

// firstStep guesses a step from the sizes of x, x' and x” (Hairer, Nørsett,
// Wanner I, II.4, "starting step size").
func (g *integrator) firstStep() float64 {
	n, last := len(g.e), len(g.k)-1
	slope := g.k[last]
	size := func(v []float64) float64 { return g.control.norm(v[:n], g.y, g.y) }
	d0, d1 := size(g.y), size(slope)
	h := 1e-6
	if d0 > 1e-5 && d1 > 0 {
		h = 0.01 * d0 / d1
	}
	for i := range g.trial {
		g.trial[i] = g.y[i] + h*slope[i]
	}
	g.evaluate(0, g.t+h, g.trial)
	for i := range n {
		g.e[i] = (g.k[0][i] - slope[i]) / h
	}
	curvature := max(d1, size(g.e))
	if curvature <= 1e-15 || math.IsNaN(curvature) || math.IsInf(curvature, 0) {
		return h
	}
	return min(100*h, math.Pow(0.01/curvature, 1/g.control.order))
}

// advance takes one accepted step that does not pass limit; a step that almost
// reaches it lands there exactly. On error time and state stay where they were.
func (g *integrator) advance(limit float64) error {
	last := len(g.k) - 1
	g.from, g.y = g.y, g.from
	g.k[0], g.k[last] = g.k[last], g.k[0]
	for wanted := g.control.step; ; wanted = 0 {
		h, landing := g.control.step, false
		if g.t+h*(1+1e-9) >= limit {
			h, landing = limit-g.t, true
		}
		if g.budget == 0 || !landing && h < 16*ulp(g.t) {
			return g.giveUp(h)
		}
		g.budget--
		g.attempt(h)
		if !g.control.judge(h, g.estimate(h)) {
			g.Rejected++
			continue
		}
		if i := g.escaped(); i >= 0 {
			return g.blowUp(i)
		}
		g.Steps++
		g.before, g.t = g.t, g.t+h
		if landing { // a step cut short says nothing against the one that was wanted
			g.t = limit
			g.control.step = max(g.control.step, wanted)
		}
		g.y, g.trial = g.trial, g.y
		g.control.accept(g.y)
		return nil
	}
}

// attempt computes the stages of a step h from (t, from) and its end in trial.
func (g *integrator) attempt(h float64) {
	for s := 1; s < len(g.k); s++ {
		g.combine(g.trial, g.method.stage[s], h)
		g.evaluate(s, g.t+g.method.node[s]*h, g.trial)
	}
}

// combine sets dst = from + h Σ a_j·k_j.
func (g *integrator) combine(dst, a []float64, h float64) {
	copy(dst, g.from)
	for j, w := range a {
		if w == 0 {
			continue
		}
		w *= h
		for i, v := range g.k[j] {
			dst[i] += w * v
		}
	}
}

// estimate returns the error norm of an attempted step.
func (g *integrator) estimate(h float64) float64 {
	if g.method.defect == nil {
		return 0
	}
	clear(g.e)
	for j, w := range g.method.defect {
		w *= h
		for i, v := range g.k[j][:len(g.e)] {
			g.e[i] += w * v
		}
	}
	return g.control.norm(g.e, g.from, g.trial)
}

// interpolate sets dst to the leading components at a time within the last step.
func (g *integrator) interpolate(t float64, dst []float64) {
	h := g.t - g.before
	theta := (t - g.before) / h
	copy(dst, g.from)
	for i, c := range g.method.dense {
		b := 0.0
		for j := len(c) - 1; j >= 0; j-- {
			b = (b + c[j]) * theta
		}
		b *= h
		for l, v := range g.k[i][:len(dst)] {
			dst[l] += b * v
		}
	}
}

// escaped returns the first state of trial that is beyond the bound or no
// number, −1 when there is none. One whose slope is already no number at the start
// of the step comes before those that it infects.
func (g *integrator) escaped() int {
	first := -1
	for i := range g.names {
		if math.Abs(g.trial[i]) <= g.bound {
			continue
		}
		if math.IsNaN(g.k[0][i]) {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// giveUp explains why no step h can be taken from here.
func (g *integrator) giveUp(h float64) error {
	g.attempt(h)
	g.estimate(h)
	if i := g.escaped(); i >= 0 {
		return g.blowUp(i)
	}
	worst, largest := 0, 0.0
	for i, v := range g.e {
		if r := math.Abs(v) / max(math.Abs(g.from[i]), g.control.largest[i]); r > largest {
			worst, largest = i, r
		}
	}
	stiff := g.stiff(h)
	g.undoAdvance()
	return &StepError{
		Place: g.place(), State: g.names[worst%len(g.names)], Step: h, Steps: g.Steps,
		Stiff: stiff, TooFew: g.budget == 0,
	}
}

// stiff reports whether h times the dominant eigenvalue of the Jacobian is near
// the border of stability (3.5 on the real axis for Tsit5). The eigenvalue is
// estimated from the two last stages, which are at the same time (Hairer,
// Wanner II, IV.2).
func (g *integrator) stiff(h float64) bool {
	last := len(g.k) - 1
	var slope, distance float64
	for i := range g.names {
		d := 0.0
		for j, w := range g.method.stage[last] {
			if j < last-1 {
				w -= g.method.stage[last-1][j]
			}
			d += w * g.k[j][i]
		}
		size := g.control.sizeOf(i)
		distance = math.Hypot(distance, h*d/size)
		slope = math.Hypot(slope, (g.k[last][i]-g.k[last-1][i])/size)
	}
	return distance > 0 && h*slope > 2*distance
}

func (g *integrator) blowUp(i int) error {
	v := g.trial[i]
	g.undoAdvance()
	return &BlowUpError{Place: g.place(), State: g.names[i], Value: v, Bound: g.bound}
}

// undoAdvance undoes the exchange at the start of advance.
func (g *integrator) undoAdvance() {
	last := len(g.k) - 1
	g.from, g.y = g.y, g.from
	g.k[0], g.k[last] = g.k[last], g.k[0]
}

func (g *integrator) place() Place {
	return Place{Time: g.t, States: g.names, Values: append([]float64(nil), g.y[:len(g.names)]...)}
}

// ulp is the distance from |t| to the next number.
func ulp(t float64) float64 {
	t = math.Abs(t)
	return math.Nextafter(t, inf) - t
}
