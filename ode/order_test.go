package ode

import (
	"context"
	"math"
	"testing"
)

// slopeOf returns the slope of log(error) over log(step) by least squares.
func slopeOf(steps, errors []float64) float64 {
	var sx, sy, sxx, sxy float64
	n := float64(len(steps))
	for i := range steps {
		x, y := math.Log(steps[i]), math.Log(errors[i])
		sx, sy, sxx, sxy = sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// fixed takes equal steps with any method: the controller is told to accept all.
func fixed(s *System, m Method, h float64) *integrator {
	opt := Options{Method: m, Step: h}.Filled()
	g := newIntegrator(newSlopes(s, s.field, s.Values, 0).at, s.States, len(s.States), 0, s.Start, opt)
	g.control.fixed = true
	return g
}

// An oscillator that stiffens with time is smooth and not autonomous. Measured
// slopes exceed the order by up to 0.35, because Tsit5's error coefficient of
// h⁶ is small beside that of h⁷.
func TestOrdersOfMethodsAndOfTheirDenseOutput(t *testing.T) {
	s := system(t, "x' = y; y' = -x*(1 + 0.2*t)", "")
	s.Start = []float64{2, 1.5}
	times := []float64{0, 0.1, 5}
	truth, err := Solve(context.Background(), s, s.Start, times, Options{Relative: 1e-13, Absolute: 1e-14})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method       Method
		order, dense float64 // dense: local order of the error within one step
	}{{RK4, 4, 4}, {Tsit5, 5, 5}} {
		var steps, global, local []float64
		for _, n := range []float64{10, 14, 20, 28, 40} {
			g := fixed(s, c.method, 2/n)
			for g.t < 5 {
				if err := g.advance(5); err != nil {
					t.Fatal(err)
				}
			}
			steps = append(steps, 2/n)
			global = append(global, math.Hypot(g.y[0]-truth.Values[0][2], g.y[1]-truth.Values[1][2]))

			// One step of 2/n that starts so that 0.1 lies at 0.4 of it.
			h := 2 / n
			from := 0.1 - 0.4*h
			start, err := Solve(context.Background(), s, s.Start, []float64{0, from}, Options{Relative: 1e-13, Absolute: 1e-14})
			if err != nil {
				t.Fatal(err)
			}
			one := fixed(s, c.method, h)
			one.t = from
			copy(one.y, start.Last())
			one.restart()
			if err := one.advance(inf); err != nil {
				t.Fatal(err)
			}
			at := make([]float64, 2)
			one.interpolate(0.1, at)
			local = append(local, math.Hypot(at[0]-truth.Values[0][1], at[1]-truth.Values[1][1]))
		}
		if p := slopeOf(steps, global); math.Abs(p-c.order) > 0.4 {
			t.Errorf("%v: order %.2f, want %g (errors %.3g)", c.method, p, c.order, global)
		}
		if p := slopeOf(steps, local); math.Abs(p-c.dense) > 0.4 {
			t.Errorf("%v: dense output of local order %.2f, want %g (errors %.3g)", c.method, p, c.dense, local)
		}
	}
}

// The rounding of sixteen printed digits.
func TestTableausAreConsistent(t *testing.T) {
	for _, m := range []Method{Tsit5, RK4} {
		b := m.tableau()
		last := b.stage[len(b.stage)-1]
		for i, row := range b.stage {
			sum := 0.0
			for _, a := range row {
				sum += a
			}
			if math.Abs(sum-b.node[i]) > 1e-14 {
				t.Errorf("%v: stage %d: Σa = %.17g, c = %g", m, i, sum, b.node[i])
			}
		}
		for i, c := range b.dense {
			sum, weight := 0.0, 0.0
			for _, v := range c {
				sum += v
			}
			if i < len(last) {
				weight = last[i]
			}
			if math.Abs(sum-weight) > 1e-13 {
				t.Errorf("%v: dense weight %d at θ=1 is %.17g, want %.17g", m, i, sum, weight)
			}
		}
	}
}
