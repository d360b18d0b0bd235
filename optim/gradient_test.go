package optim

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// smooth is a test problem for optimisers by gradients.
type smooth struct {
	value        func(x, g []float64) float64
	lower, upper float64
	evaluations  int
	accepted     []float64
	last         []float64
}

func (s *smooth) Evaluate(x, g []float64) float64 {
	s.evaluations++
	s.last = append(s.last[:0], x...)
	return s.value(x, g)
}

func (s *smooth) Accept() { s.accepted = append(s.accepted[:0], s.last...) }

func (s *smooth) Bounds() (lower, upper []float64) {
	for range 100 {
		lower, upper = append(lower, s.lower), append(upper, s.upper)
	}
	return lower, upper
}

func unbounded(value func(x, g []float64) float64) *smooth {
	return &smooth{value: value, lower: math.Inf(-1), upper: math.Inf(1)}
}

// Rosenbrock's valley in the form of Moré, Garbow and Hillstrom (1981), ten
// numbers: minimum 0 at ones.
func valley(x, g []float64) float64 {
	sum := 0.0
	for i := 0; i < len(x); i += 2 {
		a, b := 10*(x[i+1]-x[i]*x[i]), 1-x[i]
		sum += a*a + b*b
		g[i], g[i+1] = -40*a*x[i]-2*b, 20*a
	}
	return sum
}

func start() []float64 { return []float64{-1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1} }

func TestLBFGSFindsTheEndOfRosenbrocksValley(t *testing.T) {
	x, f := start(), unbounded(valley)
	reports := 0
	out, err := LBFGS{Tolerance: 1e-16, Report: func(int, float64, float64) { reports++ }}.Minimise(context.Background(), f, x)
	if err != nil || out.Status != Converged || out.Objective > 1e-12 {
		t.Fatalf("%v after %d iterations at %g: %v", out.Status, out.Iterations, out.Objective, err)
	}
	for i, v := range x {
		if math.Abs(v-1) > 1e-5 || v != f.accepted[i] {
			t.Errorf("x%d is %v, accepted %v", i, v, f.accepted[i])
		}
	}
	if reports != out.Iterations || reports < 5 {
		t.Errorf("%d reports of %d iterations", reports, out.Iterations)
	}
}

// Along the first axis the objective falls towards 3, the bound is at 0.5.
func TestLBFGSKeepsToBounds(t *testing.T) {
	f := unbounded(func(x, g []float64) float64 {
		g[0], g[1] = 2*(x[0]-3)+x[1], 20*x[1]+x[0]
		return (x[0]-3)*(x[0]-3) + 10*x[1]*x[1] + x[0]*x[1]
	})
	f.lower, f.upper = -0.5, 0.5
	x := []float64{-0.5, 0.4}
	if _, err := (LBFGS{Tolerance: 1e-14}).Minimise(context.Background(), f, x); err != nil {
		t.Fatal(err)
	}
	if x[0] != 0.5 || math.Abs(x[1]+0.025) > 1e-6 {
		t.Errorf("ended at %v, the minimum within the bounds is [0.5 -0.025]", x)
	}
}

// With the exact second derivatives one step is enough, whatever the condition:
// two evaluations, and those that see that nothing more is to gain.
func TestAnExactPreconditionerNeedsOneStep(t *testing.T) {
	f := unbounded(func(x, g []float64) float64 {
		sum := 0.0
		for j, v := range x {
			c := math.Pow(10, float64(j))
			sum += c * (v - 1) * (v - 1)
			g[j] = 2 * c * (v - 1)
		}
		return sum
	})
	x := make([]float64, 9)
	first := math.Inf(1)
	_, err := LBFGS{
		Precondition: func(v []float64) {
			for j := range v {
				v[j] /= 2 * math.Pow(10, float64(j))
			}
		},
		Report: func(i int, objective, _ float64) {
			if i == 1 {
				first = objective
			}
		},
	}.Minimise(context.Background(), f, x)
	if err != nil || first > 1e-12 {
		t.Errorf("%g is left after the first step: %v", first, err)
	}
}

func TestLBFGSGoesAroundWhereTheModelHasNoNumber(t *testing.T) {
	x := []float64{0.1}
	out, err := LBFGS{Tolerance: 1e-12}.Minimise(context.Background(), unbounded(func(x, g []float64) float64 {
		g[0] = 1 - 1/x[0]
		return x[0] - math.Log(x[0]) // NaN for x < 0
	}), x)
	if err != nil || math.Abs(x[0]-1) > 1e-4 {
		t.Errorf("%v at %v: %v", out.Status, x, err)
	}
	out, _ = LBFGS{}.Minimise(context.Background(), unbounded(func(x, g []float64) float64 { return math.NaN() }), x)
	if out.Status != Failed {
		t.Errorf("a start without a number ends as %v", out.Status)
	}
}

// quadratics are distances to noisy copies of a point: one batch each.
type quadratics struct {
	*smooth
	targets [][]float64
}

func (q *quadratics) Batches() int { return len(q.targets) }

func (q *quadratics) Part(b int, x, g []float64) float64 {
	sum := 0.0
	for j, v := range x {
		sum += (v - q.targets[b][j]) * (v - q.targets[b][j])
		g[j] = 2 * (v - q.targets[b][j])
	}
	return sum
}

func TestAdamComesToTheMeanOfItsBatches(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	q := &quadratics{smooth: unbounded(nil)}
	mean := make([]float64, 3)
	for range 16 {
		target := make([]float64, 3)
		for j := range target {
			target[j] = float64(j) + rng.NormFloat64()
			mean[j] += target[j] / 16
		}
		q.targets = append(q.targets, target)
	}
	run := func(seed uint64) []float64 {
		x := make([]float64, 3)
		out, err := Adam{Epochs: 200, Rate: 0.1, Seed: seed}.Minimise(context.Background(), q, x)
		if err != nil || out.Iterations != 200 {
			t.Fatal(out, err)
		}
		return x
	}
	x := run(1)
	for j := range x {
		if math.Abs(x[j]-mean[j]) > 0.02 { // 3200 steps, the last of them short
			t.Errorf("x%d is %g, the mean %g", j, x[j], mean[j])
		}
	}
	if again, other := run(1), run(2); again[0] != x[0] || other[0] == x[0] {
		t.Errorf("the same seed gives %v and %v, another %v", x[0], again[0], other[0])
	}
}

func TestGradientOptimisersStopWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	count := 0
	f := unbounded(func(x, g []float64) float64 {
		if count++; count == 5 {
			cancel()
		}
		return valley(x, g)
	})
	if _, err := (LBFGS{}).Minimise(ctx, f, start()); !errors.Is(err, context.Canceled) || count > 5 {
		t.Errorf("L-BFGS: %v after %d evaluations", err, count)
	}
	short := unbounded(func(x, g []float64) float64 { return math.Inf(1) }) // as where an evaluation is cut short
	if _, err := (LBFGS{}).Minimise(ctx, short, start()); !errors.Is(err, context.Canceled) {
		t.Errorf("L-BFGS from a start that was cut short: %v", err)
	}
	q := &quadratics{smooth: f, targets: [][]float64{{1}}}
	if _, err := (Adam{}).Minimise(ctx, q, []float64{0}); !errors.Is(err, context.Canceled) {
		t.Errorf("Adam: %v", err)
	}
}
