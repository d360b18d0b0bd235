package ode

import "testing"

func lorenzIntegrator(tb testing.TB, opt Options, tangents int) *integrator {
	s := lorenz(tb)
	y := make([]float64, 3*(1+tangents))
	copy(y, []float64{1, 1, 1})
	return newIntegrator(newSlopes(s, s.field, s.Values, tangents).at, s.States, 3, 0, y, opt.Filled())
}

func TestStepsDoNotAllocate(t *testing.T) {
	at := make([]float64, 3)
	for _, opt := range []Options{{}, {Method: RK4, Step: 0.01}} {
		for _, tangents := range []int{0, 3} {
			g := lorenzIntegrator(t, opt, tangents)
			n := testing.AllocsPerRun(100, func() {
				if err := g.advance(inf); err != nil {
					t.Fatal(err)
				}
				g.interpolate((g.before+g.t)/2, at)
			})
			if n != 0 {
				t.Errorf("%v with %d tangents: %v allocations a step", opt.Method, tangents, n)
			}
		}
	}
}

func benchmarkSteps(b *testing.B, opt Options, tangents int) {
	opt.MaxSteps = 1 << 40
	g := lorenzIntegrator(b, opt, tangents)
	b.ReportAllocs()
	for b.Loop() {
		if err := g.advance(inf); err != nil {
			b.Fatal(err)
		}
	}
}

// One step of Lorenz's three equations; a step of Tsit5 is accepted by its
// error estimate.
func BenchmarkLorenzStep(b *testing.B) {
	b.Run("rk4", func(b *testing.B) { benchmarkSteps(b, Options{Method: RK4, Step: 0.01}, 0) })
	b.Run("tsit5", func(b *testing.B) { benchmarkSteps(b, Options{}, 0) })
	b.Run("tsit5 with 3 tangents", func(b *testing.B) { benchmarkSteps(b, Options{}, 3) })
}
