package fit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"govern/expr"
	"govern/journal"
	"govern/model"
	"govern/ode"
	"govern/optim"
	"govern/record"
)

var gradientCases = []struct {
	segment int
	gain    float64
}{{1, 0}, {3, 0}, {100, 0}, {1, 2}, {3, 2}, {100, 2}}

// Both are the derivative of the same discrete map, so they differ by rounding.
func TestTheAdjointsGradientIsThatOfForwardSensitivities(t *testing.T) {
	for _, c := range gradientCases {
		forward, backward := stageUnderTest(t, c.segment, c.gain), stageOfKind(t, c.segment, c.gain, true)
		p := somewhere(forward)
		var l optim.Linear
		want := forward.Linearise(p, &l)
		node, border := gradient(&l)
		g := backward.point()
		if got := newReduced(backward).Gradient(p, g); math.Abs(got-want) > 1e-12*want {
			t.Errorf("segment %d, gain %g: objective %v, forward %v", c.segment, c.gain, got, want)
		}
		check := func(what string, got, want []float64) {
			size := 0.0
			for _, v := range want {
				size = math.Max(size, math.Abs(v))
			}
			for i := range want {
				if !(math.Abs(got[i]-want[i]) <= 1e-10*size) {
					t.Errorf("segment %d, gain %g, %s %d: %v, forward %v", c.segment, c.gain, what, i, got[i], want[i])
				}
			}
		}
		for c := range node {
			check(fmt.Sprint("chain ", c), g.Nodes[c], node[c])
		}
		check("column", g.Border, border)
	}
}

// Held columns leave rows on the nodes alone: those of the whole stage.
func TestAReducedStageHasTheRowsOfTheNodes(t *testing.T) {
	whole, nodes := stageUnderTest(t, 3, 2), stageOfKind(t, 3, 2, true)
	p := somewhere(whole)
	copy(nodes.held, p.Border)
	var a, b optim.Linear
	want := whole.Linearise(p, &a) - whole.priors.Objective(p.Border)
	held := &optim.Point{Nodes: p.Nodes}
	if got := nodes.Linearise(held, &b); math.Abs(got-want) > 1e-12*want {
		t.Errorf("objective %v, of the whole stage %v", got, want)
	}
	if got := nodes.Objective(held); math.Abs(got-want) > 1e-12*want {
		t.Errorf("objective alone %v, of the whole stage %v", got, want)
	}
	if b.P != 0 {
		t.Fatalf("%d columns are free", b.P)
	}
	want1, _ := gradient(&a)
	got1, _ := gradient(&b)
	for c := range want1 {
		for i := range want1[c] {
			if math.Abs(got1[c][i]-want1[c][i]) > 1e-9*(1+math.Abs(want1[c][i])) {
				t.Errorf("chain %d, %d: %v, of the whole stage %v", c, i, got1[c][i], want1[c][i])
			}
		}
	}
}

// Blocks of eight lanes make several groups of the twenty nodes.
func TestTheGradientHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	s := stageOfKind(t, 1, 2, true)
	var all []interval
	for _, b := range s.blocks {
		all = append(all, b.lanes...)
	}
	s.blocks = nil
	for len(all) > 0 {
		n := min(8, len(all))
		s.blocks = append(s.blocks, block{all[:n]})
		all = all[n:]
	}
	w := s.workers[0]
	s.workers = []*worker{w, {stepper: s.field.WithoutColumns().NewStepper(w.stepper.Lanes), observe: s.observe.jacobian.NewMachine(w.stepper.Lanes), row: make([]float64, len(w.row))}}
	r := newReduced(s)
	p := somewhere(s)
	g, one := s.point(), s.point()
	want := r.Gradient(p, g)
	if len(r.groups) < 3 {
		t.Fatalf("%d groups", len(r.groups))
	}
	s.workers = s.workers[:1]
	if got := r.Gradient(p, one); got != want {
		t.Errorf("one worker gives %v, two give %v", got, want)
	}
	if allocs := testing.AllocsPerRun(5, func() { r.Gradient(p, one) }); allocs != 0 {
		t.Errorf("a gradient allocates %v times", allocs)
	}
	for c := range g.Nodes {
		for i, v := range g.Nodes[c] {
			if v != one.Nodes[c][i] {
				t.Errorf("chain %d, %d: %v and %v", c, i, v, one.Nodes[c][i])
			}
		}
	}
	for k, v := range g.Border {
		if v != one.Border[k] {
			t.Errorf("column %d: %v and %v", k, v, one.Border[k])
		}
	}
}

// A sum of three terms and a fitted parameter have one minimum near the start.
// Tolerances leave a hundredth of the objective over five steps, so that
// coefficients are right to a fraction of their standard deviations.
func TestGradientsEndWhereLevenbergMarquardtEnds(t *testing.T) {
	d, sm, e := lotkaUnderTest(t)
	var terms []Term
	for _, text := range []string{"x*y", "x^2*y", "x"} {
		factor, err := expr.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		terms = append(terms, Term{Unknown: 0, Factor: factor, Degree: 2})
	}
	start := e.Start(sm, terms, []float64{0.8, 0, 0.1}, []float64{0.7})
	results := map[string]*Fitted{}
	for _, with := range []string{LM, LBFGS, Adam} {
		engine := *e
		engine.Options.Optimiser = with
		rows := 0
		engine.Monitor = &counter{rows: &rows}
		f, err := engine.Trajectory(context.Background(), "again", start, Schedule{From: 0.02, To: 0.02, Iterations: 100, Noise: true})
		if err != nil {
			t.Fatal(err)
		}
		if rows != f.Iterations || rows < 2 || f.Status != optim.Converged {
			t.Errorf("%s: %d rows of %d iterations, %v", with, rows, f.Iterations, f.Status)
		}
		results[with] = f
	}
	want := results[LM]
	for _, with := range []string{LBFGS, Adam} {
		f := results[with]
		if math.Abs(f.Objective-want.Objective) > 0.1 || math.Abs(f.Evidence-want.Evidence) > 0.1 {
			t.Errorf("%s: objective %g, evidence %g; Levenberg–Marquardt's %g and %g", with, f.Objective, f.Evidence, want.Objective, want.Evidence)
		}
		for i, v := range append(append([]float64(nil), f.Coefficients...), f.Parameters...) {
			w := append(append([]float64(nil), want.Coefficients...), want.Parameters...)[i]
			if math.Abs(v-w) > 0.1*math.Sqrt(want.Variance(i)) {
				t.Errorf("%s: column %d is %g, Levenberg–Marquardt's %g ± %g", with, i, v, w, math.Sqrt(want.Variance(i)))
			}
			if math.Abs(f.Variance(i)/want.Variance(i)-1) > 0.02 {
				t.Errorf("%s: variance %d is %g, Levenberg–Marquardt's %g", with, i, f.Variance(i), want.Variance(i))
			}
		}
		if len(f.Motion) != len(d.Model.States) || math.Abs(f.Motion[0]/want.Motion[0]-1) > 1e-3 || math.Abs(f.Defect[1]/want.Defect[1]-1) > 0.05 {
			t.Errorf("%s: motion %v, defect %v; Levenberg–Marquardt's %v and %v", with, f.Motion, f.Defect, want.Motion, want.Defect)
		}
	}
}

type counter struct{ rows *int }

func (c *counter) Row(journal.Row)       { *c.rows++ }
func (c *counter) Stage(string, float64) {}
func (c *counter) Warn(string)           {}

// lotkaUnderTest is two species, the interaction of which is unknown.
func lotkaUnderTest(t *testing.T) (*Data, *Smoothed, *Engine) {
	t.Helper()
	m, err := model.Read("test.yaml", []byte("states: {x: 1, y: 1}\nparameters: {k: {value: 0.8, fit: true, min: 0, max: 2}}\nunknowns: {f: {neural: {hidden: [3]}}}\nequations: |\n  x' = x - f(x, y)\n  y' = f(x, y) - k*y\n"))
	if err != nil {
		t.Fatal(err)
	}
	closed, err := model.Read("truth.yaml", []byte("states: {x: 1, y: 0.5}\nequations: |\n  x' = x - x*y/(1 + 0.1*x)\n  y' = x*y/(1 + 0.1*x) - 0.9*y\n"))
	if err != nil {
		t.Fatal(err)
	}
	system, err := ode.NewSystem(closed)
	if err != nil {
		t.Fatal(err)
	}
	e := record.Entry{Name: "e"}
	for i := range 120 {
		e.Times = append(e.Times, 0.2*float64(i))
	}
	sol, err := ode.Solve(context.Background(), system, []float64{1, 0.5}, e.Times, ode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i, name := range []string{"x", "y"} {
		var values []float64
		for _, v := range sol.Values[i] {
			values = append(values, v+0.01*rng.NormFloat64())
		}
		e.Channels = append(e.Channels, record.Channel{Column: name, Observe: expr.Var(name), Values: values})
	}
	d, err := Prepare(m, []record.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	engine := &Engine{Data: d, Seed: 1, Workers: 2}
	sm, err := engine.Smooth(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return d, sm, engine
}

func TestAFitByGradientsHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	_, sm, e := lotkaUnderTest(t)
	for _, with := range []string{LBFGS, Adam} {
		var all []*Fitted
		for _, workers := range []int{1, 3} {
			engine := *e
			engine.Workers, engine.Options = workers, Options{Optimiser: with, Iterations: 1, Omega: 0.3}
			f, err := engine.Neural(context.Background(), "neural", sm)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f)
		}
		if !reflect.DeepEqual(all[0], all[1]) {
			t.Errorf("%s: three workers give other bits than one", with)
		}
	}
}

func TestAFitByGradientsStopsWhenAsked(t *testing.T) {
	_, sm, e := lotkaUnderTest(t)
	for _, with := range []string{LBFGS, Adam} {
		ctx, cancel := context.WithCancel(context.Background())
		engine := *e
		engine.Options.Optimiser = with
		rows := 0
		engine.Monitor = &stopper{counter{&rows}, cancel}
		if _, err := engine.Neural(ctx, "neural", sm); !errors.Is(err, context.Canceled) || rows != 3 {
			t.Errorf("%s: %v after %d rows", with, err, rows)
		}
	}
}

type stopper struct {
	counter
	cancel func()
}

func (s *stopper) Row(r journal.Row) {
	if s.counter.Row(r); *s.rows == 3 {
		s.cancel()
	}
}

func TestTheOptimiserIsChosenBySize(t *testing.T) {
	for _, c := range []struct {
		options        string
		nodes, n, m, p int
		want           string
	}{
		{"", 2000, 3, 3, 41, LM}, {"auto", 2000, 3, 3, 1185, LBFGS}, {"", 100_000, 3, 3, 151, LBFGS},
		{"lm", 100_000, 3, 3, 151, LM}, {"adam", 10, 3, 3, 5, Adam}, {"lbfgs", 10, 3, 3, 0, LM},
	} {
		if got := (Options{Optimiser: c.options}).optimiser(c.nodes, c.n, c.m, c.p); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestWindowsAreSpreadEvenlyOverAllChains(t *testing.T) {
	for _, nodes := range [][]int{{1000}, {500, 40, 1, 700}, {60, 60, 60, 60, 60, 60, 60}, {100_000}} {
		total := 0
		for _, n := range nodes {
			total += n
		}
		for _, want := range []int{100, 256, total} {
			list, times := spreadWindows(nodes, want, 0)
			used, before := 0, window{-1, 0, 0}
			for _, w := range list {
				used += w.to - w.from
				if w.from < 0 || w.to > nodes[w.entry] || w.entry < before.entry || w.entry == before.entry && w.from < before.to {
					t.Errorf("%v, %d wanted: window %v after %v", nodes, want, w, before)
				}
				before = w
			}
			if float64(used) < 0.6*float64(min(want, total)) || used > want || math.Abs(times*float64(used)-float64(total)) > 1e-6 {
				t.Errorf("%v, %d wanted: %d nodes in windows that are %g times in the whole", nodes, want, used, times)
			}
			if want == total && times != 1 {
				t.Errorf("%v: the whole counts %g times", nodes, times)
			}
		}
	}
}

// With too many weights for a covariance the spread stays the smoother's.
func TestALearnedPathHasASpreadWithoutCovariance(t *testing.T) {
	_, sm, e := lotkaUnderTest(t)
	e.Options = Options{Iterations: 2, Omega: 0.1}
	f, err := e.Neural(context.Background(), "neural", sm)
	if err != nil {
		t.Fatal(err)
	}
	f.Covariance = nil
	path, err := e.LearnedPath(sm, f)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(path.Spread, sm.Spread) || reflect.DeepEqual(path.Calls, sm.Calls) {
		t.Error("the spread is not the smoother's, or the calls are")
	}
	if !math.IsNaN(f.Variance(0)) {
		t.Errorf("a variance of %g without covariance", f.Variance(0))
	}
}

func TestAnInterruptedFitByGradientsResumesWithTheSameBits(t *testing.T) {
	_, sm, e := lotkaUnderTest(t)
	e.Options = Options{Optimiser: Adam, Iterations: 1, Omega: 0.3}
	want, err := e.Neural(context.Background(), "neural", sm)
	if err != nil {
		t.Fatal(err)
	}
	kept := &journal.Memory{}
	ctx, cancel := context.WithCancel(context.Background())
	interrupted := *e
	rows := 0
	interrupted.Journal, interrupted.Monitor = kept, &stopper{counter{&rows}, cancel}
	if _, err := interrupted.Neural(ctx, "neural", sm); !errors.Is(err, context.Canceled) || kept.Steps() != 1 {
		t.Fatalf("%v with %d steps remembered", err, kept.Steps())
	}
	for range 2 { // the second time all from the journal
		resumed := *e
		resumed.Journal = kept
		got, err := resumed.Neural(context.Background(), "neural", sm)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Error("a resumed fit has other bits")
		}
	}
}

// Half of the nodes, in windows of their own, know less than the whole, scaled as
// they are; the minimum is the whole's all the same.
func TestWindowsStandForTheWhole(t *testing.T) {
	_, sm, e := lotkaUnderTest(t)
	var terms []Term
	for _, text := range []string{"x*y", "x"} {
		factor, err := expr.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		terms = append(terms, Term{Unknown: 0, Factor: factor, Degree: 2})
	}
	e.Options.Optimiser = LBFGS
	start := e.Start(sm, terms, []float64{0.8, 0.1}, []float64{0.7})
	start.Omega, start.Substeps = 0.02, 1
	sp, err := e.librarySpec(terms, start, nil)
	if err != nil {
		t.Fatal(err)
	}
	fitted := func(nodes int) (optim.Outcome, posterior, []float64) {
		_, _, train, err := e.newTrainer(sp, start, start, 0)
		if err != nil {
			t.Fatal(err)
		}
		r := train.(*reducedSpace)
		if nodes > 0 {
			if err := r.chooseWindows(nodes, 1); err != nil {
				t.Fatal(err)
			}
		}
		if whole := r.windows.scale == 1; whole != (nodes == 0) {
			t.Fatalf("windows scaled by %g", r.windows.scale)
		}
		out, err := train.minimise(context.Background(), 40, func(int, float64, float64) {})
		if err != nil {
			t.Fatal(err)
		}
		post := train.posterior(true)
		return out, post, train.covariance()
	}
	want, exact, covariance := fitted(0)
	got, near, wide := fitted(64)
	if math.Abs(got.Objective-want.Objective) > 0.1 || got.Status != optim.Converged {
		t.Errorf("%v at %g, with all nodes at %g", got.Status, got.Objective, want.Objective)
	}
	if math.Abs(near.evidence-exact.evidence) > 10 {
		t.Errorf("evidence %g, with all nodes %g", near.evidence, exact.evidence)
	}
	for c, m := range near.moment {
		if !(m <= exact.moment[c]*1.001 && m > 0.9*exact.moment[c]) { // without the columns' share
			t.Errorf("channel %d: moment %g, with all nodes %g", c, m, exact.moment[c])
		}
	}
	for i := range 3 {
		if r := wide[i*4] / covariance[i*4]; !(r > 0.5 && r < 30) {
			t.Errorf("variance %d is %g times what all nodes say", i, r)
		}
	}
}
