package ode

import (
	"math"
	"testing"
)

// A driven pendulum: every kind of partial is there, and it does not grow. Central
// differences of step 1e-5 on solutions good to 1e-12 are right to about 1e-7.
func TestSensitivitiesMatchCentralDifferences(t *testing.T) {
	s := system(t, "x' = v; v' = -w^2*sin(x) - d*v + a*u", "w 1.3; d 0.1; a 0.5", "u")
	if err := s.SetInput("u", Signal{Time: grid(10, 10), Value: []float64{0, 1, -1, 2, 0, 1, 1, -2, 0, 1, 0}}); err != nil {
		t.Fatal(err)
	}
	x0, times := []float64{0.7, -0.2}, grid(10, 7)
	for _, opt := range []Options{{Relative: 1e-12}, {Method: RK4, Step: 0.01}} {
		got, err := SolveSensitivity(background, s, x0, times, []string{"a", "w"}, opt)
		if err != nil {
			t.Fatal(err)
		}
		plain := solved(t, s, x0, times, opt)
		quantity := []*float64{&x0[0], &x0[1], &s.Values[2], &s.Values[0]}
		for c, q := range quantity {
			const h = 1e-5
			v := *q
			*q = v + h
			up := solved(t, s, x0, times, opt)
			*q = v - h
			down := solved(t, s, x0, times, opt)
			*q = v
			for i := range x0 {
				for k := range times {
					want := (up.Values[i][k] - down.Values[i][k]) / (2 * h)
					if d := math.Abs(got.Sensitivity[i][c][k] - want); d > 1e-6 {
						t.Errorf("%v: ∂%s(%.3g)/∂%s = %.9g, central difference %.9g", opt.Method, s.States[i], times[k], got.Columns[c], got.Sensitivity[i][c][k], want)
					}
					if got.Values[i][k] != plain.Values[i][k] {
						t.Fatalf("%v: %s(%g) differs from Solve's", opt.Method, s.States[i], times[k])
					}
				}
			}
		}
	}
}

// Both compute the derivative of the same discrete map; they differ by rounding
// and its growth (e^0.9 over one time unit).
func TestStepperAndRK4SensitivitiesAgree(t *testing.T) {
	s := lorenz(t)
	x0 := []float64{1, 2, 20}
	one, err := SolveSensitivity(background, s, x0, []float64{0, 1}, []string{"s", "r", "b"}, Options{Method: RK4, Step: 1. / 128})
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewField(s.right, s.States, nil, nil, s.Parameters)
	if err != nil {
		t.Fatal(err)
	}
	lanes := f.NewStepper(3)
	for k, v := range s.Values {
		lanes.SetColumn(k, v)
	}
	for l := range 3 {
		lanes.Step[l] = 1. / 128
		for i := range x0 {
			lanes.State[i][l] = x0[i]
		}
	}
	lanes.Identity()
	lanes.AdvanceSensitivity(128)
	for i := range x0 {
		for c := range 6 {
			a, b := one.Sensitivity[i][c][1], lanes.Sensitivity[i][c*3+1]
			if math.Abs(a-b) > 1e-11*(1+math.Abs(a)) {
				t.Errorf("∂%s/∂%s: %.15g, stepper %.15g", s.States[i], one.Columns[c], a, b)
			}
		}
	}
}

// The lanes are the same sums in another order: rounding, grown by e^0.9.
func TestStepperLanesAgreeWithSolve(t *testing.T) {
	s := lorenz(t)
	lanes := s.NewStepper(2)
	starts := [][]float64{{1, 2, 20}, {-3, 1, 15}}
	rho := []float64{28, 35}
	for l, x0 := range starts {
		lanes.Step[l] = 1. / 128
		lanes.SetCondition(1, l, rho[l])
		for i, v := range x0 {
			lanes.State[i][l] = v
		}
	}
	lanes.Advance(128)
	for l, x0 := range starts {
		s.Values[1] = rho[l]
		want := solved(t, s, x0, []float64{0, 1}, Options{Method: RK4, Step: 1. / 128}).Last()
		for i, v := range want {
			if d := math.Abs(lanes.State[i][l] - v); d > 1e-11 {
				t.Errorf("lane %d: %s = %.15g, alone %.15g", l, s.States[i], lanes.State[i][l], v)
			}
		}
	}
}

// Liouville: the volume spanned by the tangents shrinks at the rate of the
// divergence, −(s + 1 + b), whatever the trajectory.
func TestFlowTangentsContractVolumeAtTheDivergence(t *testing.T) {
	s := lorenz(t)
	f, err := s.NewFlow(0, []float64{1, 1, 1}, 3, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for j := range 3 {
		f.Tangent(j)[j] = 1
	}
	for k := range 10 { // in stretches, as Lyapunov exponents use it
		if err := f.Advance(background, 0.1*float64(k+1)); err != nil {
			t.Fatal(err)
		}
	}
	a, b, c := f.Tangent(0), f.Tangent(1), f.Tangent(2)
	det := a[0]*(b[1]*c[2]-b[2]*c[1]) - a[1]*(b[0]*c[2]-b[2]*c[0]) + a[2]*(b[0]*c[1]-b[1]*c[0])
	if want := -(10 + 1 + 8./3); math.Abs(math.Log(det)-want) > 1e-5 {
		t.Errorf("log volume %.9g, want %.9g", math.Log(det), want)
	}
}
