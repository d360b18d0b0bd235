package fit_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"govern/fit"
	"govern/internal/truth"
	"govern/model"
	"govern/record"
)

// grown fits the numbers of a model to a record of the closed one of the catalogue on
// single samples, and goes on to segments of the given length.
func grown(t *testing.T, c truth.Case, catalogue, text string, asked int) (short *fit.Fitted, g *fit.Grown) {
	t.Helper()
	var err error
	if c.Model, err = model.Lookup(catalogue); err != nil {
		t.Fatal(err)
	}
	open, err := model.Read("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	entry, err := c.Entry()
	if err != nil {
		t.Fatal(err)
	}
	data, err := fit.Prepare(open, []record.Entry{entry})
	if err != nil {
		t.Fatal(err)
	}
	e, ctx := &fit.Engine{Data: data, Workers: 2}, context.Background()
	smooth, err := e.Smooth(ctx)
	if err != nil {
		t.Fatal(err)
	}
	short, err = e.Trajectory(ctx, "short", e.Start(smooth, nil, nil, smooth.Parameters), fit.Schedule{From: 0.1, To: fit.OmegaEnd, Noise: true})
	if err != nil {
		t.Fatal(err)
	}
	if g, err = e.Grow(ctx, "long", short, asked); err != nil {
		t.Fatal(err)
	}
	for k, x := range g.Fit.Nodes {
		if want := len(open.States) * len(data.Entries[k].Times); len(x) != want {
			t.Errorf("the path has %d numbers instead of %d", len(x), want)
		}
	}
	return short, g
}

const fittedOscillator = `states: {x: 2, y: 0}
parameters: {mu: {value: 1.2, fit: true}, k: {value: 0.9, fit: true}}
equations: |
  x' = y
  y' = mu*(1 - x^2)*y - k*x
`

// On a limit cycle nothing parts: one segment holds the record, and says of the
// numbers what short ones do.
func TestGrowingEndsInSingleShooting(t *testing.T) {
	short, g := grown(t, truth.Case{Step: 0.1, Samples: 1000, Seed: 21, Transient: 50, Noise: map[string]float64{"x": 0.05}}, "vanderpol", fittedOscillator, 5000)
	if g.Segment != 999 || g.Short != nil {
		t.Fatalf("segments of %d samples: %v", g.Segment, g.Short)
	}
	for i, want := range []float64{1, 1} {
		sd := math.Sqrt(g.Fit.Variance(i))
		if off := math.Abs(g.Fit.Parameters[i]-short.Parameters[i]) / math.Sqrt(short.Variance(i)); off > 0.5 {
			t.Errorf("number %d moved by %.2g standard deviations", i, off)
		}
		if off := math.Abs(g.Fit.Parameters[i]-want) / sd; off > 4 {
			t.Errorf("number %d is %.2g standard deviations off", i, off)
		}
	}
	if g.Growth > 100 {
		t.Errorf("a perturbation of a limit cycle grows by %.2g", g.Growth)
	}
}

const fittedLorenz = `states: {x: 1, y: 1, z: 20}
parameters: {s: {value: 9, fit: true}, r: {value: 30, fit: true}}
equations: |
  x' = s*(y - x)
  y' = x*(r - z) - y
  z' = x*y - 8/3*z
`

// Lorenz's record of 27 Lyapunov times is beyond float64 in one segment; the length
// reached is what its divergence allows, and the reason says so.
func TestGrowingStopsWhereTrajectoriesPart(t *testing.T) {
	_, g := grown(t, truth.Case{Step: 0.02, Samples: 2000, Seed: 22, Transient: 50, Noise: map[string]float64{"x": 0.05, "z": 0.05}}, "lorenz", fittedLorenz, 2000)
	if g.Short == nil || g.Short.Cause != fit.Diverges {
		t.Fatalf("segments of %d samples: %v", g.Segment, g.Short)
	}
	var reason error = g.Short
	var short *fit.ShortError
	if !errors.As(reason, &short) || !strings.Contains(reason.Error(), "Lyapunov times") {
		t.Errorf("the reason is %v", reason)
	}
	// The exponent of these parameters is 0.906 a unit; along 36 times as long it
	// scatters by some per cent.
	if math.Abs(g.Rate-0.906) > 0.15 {
		t.Errorf("rate %.3g", g.Rate)
	}
	// float64 loses the last digit of a trajectory after ln(2⁵²)/0.9 = 40 time units.
	if times := short.Rate * short.Time; times < 15 || times > 36 {
		t.Errorf("%.3g Lyapunov times in a segment", times)
	}
	for i, want := range []float64{10, 28} {
		if off := math.Abs(g.Fit.Parameters[i]-want) / math.Sqrt(g.Fit.Variance(i)); off > 4 {
			t.Errorf("number %d is %.2g standard deviations off", i, off)
		}
	}
}

// Equations that hold only with defects are not made to hold for long.
func TestGrowingStopsWhereEquationsLeaveTheData(t *testing.T) {
	wrong := strings.Replace(fittedOscillator, "x^2", "x^4", 1)
	short, g := grown(t, truth.Case{Step: 0.1, Samples: 600, Seed: 23, Transient: 50, Noise: map[string]float64{"x": 0.02}}, "vanderpol", wrong, 600)
	if g.Short == nil || g.Short.Cause != fit.Misfits {
		t.Fatalf("segments of %d samples: %v", g.Segment, g.Short)
	}
	if g.Fit.Residual[0] > 1.5*short.Residual[0] {
		t.Errorf("residual %.3g, before %.3g", g.Fit.Residual[0], short.Residual[0])
	}
	driven := *short
	driven.Driven = true
	g, err := (&fit.Engine{}).Grow(context.Background(), "long", &driven, 10)
	if err != nil || g.Short == nil || g.Short.Cause != fit.Noisy {
		t.Errorf("process noise: %v, %v", g, err)
	}
}

// The state columns of nodes between segments disappear, and a window of a stream is
// all that is in memory, however long the record.
func TestMemoryIsThatOfTheActiveSegments(t *testing.T) {
	bytes := func(samples int, segments ...int) (out []float64) {
		e, start := long(t, samples)
		path := start.Nodes
		for _, segment := range segments {
			e.Options.Segment = segment
			start.Nodes = fit.Thin(e, path)
			n, err := fit.StageBytes(e, start)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, float64(n))
		}
		return out
	}
	of := bytes(20_000, 1, 10, 1000)
	one, ten, long := of[0], of[1], of[2]
	t.Logf("MB of a window of 10,000 samples: %.3g on single samples, %.3g on segments of 10, %.3g of 1000", one/1e6, ten/1e6, long/1e6)
	if ten > 0.6*one || long > 0.9*ten {
		t.Errorf("%.3g MB on single samples, %.3g on segments of 10, %.3g of 1000", one/1e6, ten/1e6, long/1e6)
	}
	if twice := bytes(40_000, 1000)[0]; math.Abs(twice-long) > 0.01*long {
		t.Errorf("%.3g MB of 20,000 samples, %.3g of 40,000", long/1e6, twice/1e6)
	}
}
