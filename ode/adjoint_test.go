package ode

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/expr"
	"govern/tape"
)

// rosslerGain is Rössler's system whose second and third equations are a network,
// with the prediction-error gain on x and z.
func rosslerGain(tb testing.TB, activation string, hidden ...int) *Field {
	tb.Helper()
	list, err := expr.ParseEquations("", 1, 1, "x' = -y - z + K*(xd - x); y' = f(x, y, z) + a*y; z' = g(x, y, z) + K*(zd - z)")
	if len(list) != 3 {
		tb.Fatal(err)
	}
	net := tape.Neural{
		Names: []string{"f", "g"}, Inputs: 3, Hidden: hidden, Activation: activation,
		Shift: []float64{0, 0, 1}, Scale: []float64{5, 5, 3}, Offset: []float64{0, 0.2}, Gain: []float64{2, 3},
	}
	net.Start = net.Draw(rand.New(rand.NewPCG(21, 22)))
	right := []*expr.Expr{list[0].Right, list[1].Right, list[2].Right}
	f, fieldErr := NewField(right, []string{"x", "y", "z"}, []string{"xd", "zd"}, []string{"K"}, []string{"a"}, net)
	if fieldErr != nil {
		tb.Fatal(fieldErr)
	}
	return f
}

// segments drives lanes through samples: lane l has its own start, gain, step
// (lane 1 waits at the third sample) and data.
type segments struct {
	samples, substeps int
	data              []float64
}

func (s segments) start(b *Batch, condition func(k, lane int, v float64)) {
	for l := range b.Lanes {
		b.Time[l] = 0.3 * float64(l)
		b.State[0][l], b.State[1][l], b.State[2][l] = 1+0.3*float64(l), 2-0.5*float64(l), 0.5
		condition(0, l, 0.2*float64(l)) // lane 0 runs free
	}
}

func (s segments) aim(b *Batch, k int) {
	at := func(l, k, c int) float64 { return s.data[(l*(s.samples+1)+k)*2+c] }
	for l := range b.Lanes {
		b.Step[l] = 0.02 + 0.003*float64(l)
		if l == 1 && k == 2 {
			b.Step[l] = 0
		}
		b.Origin[l] = b.Time[l]
		dt := float64(s.substeps) * (0.02 + 0.003*float64(l))
		for c := range b.Base {
			b.Base[c][l] = at(l, k, c)
			b.Slope[c][l] = (at(l, k+1, c) - at(l, k, c)) / dt
			b.Curve[c][l], b.Jerk[c][l] = 0.4*at(l, k, 1-c), -0.7*at(l, k, c)
		}
	}
}

// A cubic drives x' = u: its integral by RK4, which is Simpson's rule, is exact.
func TestSignalsAreCubics(t *testing.T) {
	f := system(t, "x' = u", "", "u").field
	s, a := f.NewStepper(1), f.NewAdjoint(RK4, 1)
	for _, b := range []*Batch{&s.Batch, &a.Batch} {
		b.Time[0], b.Origin[0], b.Step[0] = 2, 1, 0.5
		b.Base[0][0], b.Slope[0][0], b.Curve[0][0], b.Jerk[0][0] = 1, 2, 3, 4
	}
	s.Advance(2)
	a.Advance(2)
	for _, x := range []float64{s.State[0][0], a.State[0][0]} { // ∫ from τ = 1 to 2
		if math.Abs(x-(1+3+7+15)) > 1e-13 {
			t.Errorf("∫u = %.16g, want 26", x)
		}
	}
}

func near(t *testing.T, what string, got, want, size float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-10*size) {
		t.Errorf("%s: adjoint %.15g, forward sensitivity %.15g", what, got, want)
	}
}

// L = Σ_k c_k·x(t_k) over samples with random c, on several segments at once. Both
// are the derivative of the same discrete map.
func TestAdjointMatchesForwardSensitivity(t *testing.T) {
	const lanes = 5
	for _, activation := range tape.Activations() {
		f := rosslerGain(t, activation, 5, 4)
		rng := rand.New(rand.NewPCG(31, 32))
		s := segments{samples: 6, substeps: 4, data: make([]float64, lanes*7*2)}
		for i := range s.data {
			s.data[i] = rng.NormFloat64()
		}
		weight := make([]float64, s.samples*3*lanes)
		for i := range weight {
			weight[i] = rng.NormFloat64()
		}
		c := func(k, i, l int) float64 { return weight[(k*3+i)*lanes+l] }

		forward := f.NewStepper(lanes)
		forward.SetColumn(0, 0.2)
		s.start(&forward.Batch, forward.SetCondition)
		forward.Identity()
		width := 3 + f.Columns
		want, size := make([][]float64, width), make([][]float64, width)
		for j := range want {
			want[j], size[j] = make([]float64, lanes), make([]float64, lanes)
		}
		backward := f.NewAdjoint(RK4, lanes)
		backward.SetColumn(0, 0.2)
		backward.limit = 10 // steps beyond are evaluated again
		backward.Reset()
		s.start(&backward.Batch, backward.SetCondition)
		var path []float64 // at the starts of the intervals
		for k := range s.samples {
			for _, x := range backward.State {
				path = append(path, x...)
			}
			s.aim(&forward.Batch, k)
			s.aim(&backward.Batch, k)
			forward.AdvanceSensitivity(s.substeps)
			backward.Advance(s.substeps)
			for i := range 3 {
				for l := range lanes {
					if forward.State[i][l] != backward.State[i][l] {
						t.Fatalf("sample %d: state %d of lane %d is %.17g, the stepper's %.17g", k, i, l, backward.State[i][l], forward.State[i][l])
					}
					for j := range width {
						v := c(k, i, l) * forward.Sensitivity[i][j*lanes+l]
						want[j][l] += v
						size[j][l] += math.Abs(v)
					}
				}
			}
		}
		for k := s.samples - 1; k >= 0; k-- {
			for i := range 3 {
				for l := range lanes {
					backward.Bar[i][l] += c(k, i, l)
				}
			}
			backward.Backward(s.substeps)
			for i, x := range backward.State {
				if was := path[(k*3+i)*lanes:][:lanes]; !slices.Equal(x, was) {
					t.Fatalf("back at sample %d: state %d is %g, was %g", k, i, x, was)
				}
			}
		}
		gradient := make([]float64, f.Columns)
		backward.AddGradient(gradient)
		for j := range width {
			sum, total := 0.0, 0.0
			for l := range lanes {
				sum += want[j][l]
				total += size[j][l]
				switch {
				case j < 3:
					near(t, "start", backward.Bar[j][l], want[j][l], size[j][l])
				case j == 3:
					near(t, "column of a lane", backward.Column[0][l], want[j][l], size[j][l])
				}
			}
			if j >= 3 {
				near(t, activation+" column", gradient[j-3], sum, total)
			}
		}
		if backward.Steps() != 0 || backward.Time[1] != 0.3 {
			t.Errorf("the way back ended at step %d, t = %g", backward.Steps(), backward.Time[1])
		}
	}
}

// The same for steps that an adaptive solve of every segment chose, gain included.
func TestAdjointOfTsit5MatchesSolveSensitivity(t *testing.T) {
	s := system(t, "x' = -y - z + K*(xd - x); y' = x + a*y; z' = b + z*(x - c) + 0.1*K*sin(xd - x)", "K 0.8; a 0.2; b 0.2; c 5.7", "xd")
	knots := grid(3, 6)
	if err := s.SetInput("xd", Signal{Time: knots, Value: []float64{1, 0.4, -0.3, -1.4, -2, -1.9, -1}}); err != nil {
		t.Fatal(err)
	}
	wrt := []string{"a", "b", "c", "K"}
	f, err := NewField(s.right, s.States, s.Inputs, nil, wrt)
	if err != nil {
		t.Fatal(err)
	}
	columns := []float64{0.2, 0.2, 5.7, 0.8}
	starts := [][]float64{{1, 1, 0.1}, {-3, 2, 0.05}, {4, -5, 1}}
	windows := [][2]int{{0, 6}, {1, 5}, {2, 6}} // of knots
	for _, opt := range []Options{{}, {Relative: 1e-5}, {Method: RK4, Step: 0.07}} {
		lanes := len(starts)
		a := f.NewAdjoint(opt.Method, lanes)
		for k, v := range columns {
			a.SetColumn(k, v)
		}
		a.Reset()
		var ends [][]float64
		most := 0
		for l, x0 := range starts {
			times := knots[windows[l][0] : windows[l][1]+1]
			steps, err := StepTimes(background, s, x0, times, opt)
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, steps)
			most = max(most, len(steps)-1)
			a.Time[l] = steps[0]
			for i, v := range x0 {
				a.State[i][l] = v
			}
		}
		u := s.signals[0]
		for k := range most {
			for l := range starts {
				a.Step[l] = 0
				if k+1 >= len(ends[l]) {
					continue
				}
				from, to := ends[l][k], ends[l][k+1]
				a.Step[l] = to - from
				a.Origin[l] = from
				a.Base[0][l] = u.At(from)
				a.Slope[0][l] = (u.value(to, u.locate(from, 0)) - u.At(from)) / (to - from)
			}
			a.Advance(1)
		}
		last := make([][]float64, 3)
		for i := range last {
			last[i] = append([]float64(nil), a.State[i]...)
		}
		// L = Σ over samples of cos(k)·x + y + k·z; samples are knots.
		at := func(l, k int) bool { // whether step end k of lane l is a sample
			for _, v := range knots[windows[l][0]+1 : windows[l][1]+1] {
				if k < len(ends[l]) && ends[l][k] == v {
					return true
				}
			}
			return false
		}
		sample := func(x float64) float64 { return math.Round(2 * x) }
		for k := most; k > 0; k-- {
			for l := range starts {
				if at(l, k) {
					n := sample(ends[l][k])
					a.Bar[0][l] += math.Cos(n)
					a.Bar[1][l]++
					a.Bar[2][l] += n
				}
			}
			a.Backward(1)
		}
		for l, x0 := range starts {
			times := knots[windows[l][0] : windows[l][1]+1]
			sol, err := SolveSensitivity(background, s, x0, times, wrt, opt)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if d := math.Abs(sol.Last()[i] - last[i][l]); !(d < 1e-12*(1+math.Abs(last[i][l]))) {
					t.Errorf("%v: %s ends at %.16g, solved %.16g", opt.Method, s.States[i], last[i][l], sol.Last()[i])
				}
			}
			for j, name := range sol.Columns {
				want, size := 0.0, 0.0
				for k := 1; k < len(times); k++ {
					n := sample(times[k])
					for i, c := range []float64{math.Cos(n), 1, n} {
						v := c * sol.Sensitivity[i][j][k]
						want += v
						size += math.Abs(v)
					}
				}
				if j < 3 {
					near(t, opt.Method.String()+" start "+name, a.Bar[j][l], want, size)
				} else {
					near(t, opt.Method.String()+" "+name, a.Column[j-3][l], want, size)
				}
			}
		}
	}
}

// A network beside the tangents of the adaptive solver: weights are columns there.
func TestAdjointOfTsit5MatchesTheTangentsOfNeuralForms(t *testing.T) {
	f := rosslerGain(t, "tanh", 6)
	s := &System{States: []string{"x", "y", "z"}, Inputs: []string{"xd", "zd"}, field: f}
	s.signals = []Signal{{Time: []float64{0, 4}, Value: []float64{1, -2}}, {Time: []float64{0, 4}, Value: []float64{0, 1}}}
	names := make([]string, 3+f.Columns)
	x0, end := []float64{1, 2, 0.5}, 3.0
	sol, err := solve(background, s, f, []float64{0.7, 0.2}, names, x0, []float64{0, end}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Values = []float64{0.7, 0.2} // K, a
	plain := *f
	plain.Columns = 0
	s.field = &plain
	ends, err := StepTimes(background, s, x0, []float64{0, end}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := f.NewAdjoint(Tsit5, 1)
	a.SetCondition(0, 0, 0.7)
	a.SetColumn(0, 0.2)
	a.Reset()
	for i, v := range x0 {
		a.State[i][0] = v
	}
	a.Base[0][0], a.Slope[0][0], a.Slope[1][0] = 1, -0.75, 0.25
	for k := 1; k < len(ends); k++ {
		a.Step[0] = ends[k] - ends[k-1]
		a.Advance(1)
	}
	for i := range 3 {
		a.Reset() // and go back over the same steps again
		a.steps = len(ends) - 1
		a.Bar[i][0] = 1
		a.Backward(len(ends) - 1)
		gradient := make([]float64, f.Columns)
		a.AddGradient(gradient)
		for j := range 3 {
			near(t, "start", a.Bar[j][0], sol.Sensitivity[i][j][1], 1)
		}
		for j, g := range gradient {
			near(t, "column", g, sol.Sensitivity[i][3+j][1], 1)
		}
	}
}

func TestRememberedAndRepeatedStepsGiveTheSameBits(t *testing.T) {
	var first []float64
	for _, limit := range []int{100, 7, 0} {
		a, gradient := rosslerAdjoint(t, 8)
		a.limit = limit
		rosslerGradient(a, gradient, 20)
		if first == nil {
			first = gradient
		}
		for k, v := range gradient {
			if v != first[k] || math.IsNaN(v) {
				t.Fatalf("limit %d: column %d is %g, was %g", limit, k, v, first[k])
			}
		}
	}
}

func TestAdjointDoesNotAllocateInSteadyState(t *testing.T) {
	a, gradient := rosslerAdjoint(t, 8)
	a.limit = 12
	rosslerGradient(a, gradient, 20)
	if n := testing.AllocsPerRun(5, func() { rosslerGradient(a, gradient, 20) }); n != 0 {
		t.Errorf("%v allocations a gradient", n)
	}
}

// rosslerAdjoint is the benchmark's system: Rössler with gain and a tanh network
// 3-16-16-2, and memory for its gradient.
func rosslerAdjoint(tb testing.TB, lanes int) (*Adjoint, []float64) {
	f := rosslerGain(tb, "tanh", 16, 16)
	a := f.NewAdjoint(RK4, lanes)
	a.SetColumn(0, 0.2)
	return a, make([]float64, f.Columns)
}

func rosslerGradient(a *Adjoint, gradient []float64, steps int) {
	a.Reset()
	for l := range a.Lanes {
		a.SetCondition(0, l, 0.5)
		a.Time[l], a.Step[l] = 0, 0.02
		a.State[0][l], a.State[1][l], a.State[2][l] = 1+0.01*float64(l), 2, 0.5
	}
	a.SetColumn(1, 0.3) // new weights a gradient
	a.Advance(steps)
	for i := range a.Bar {
		copy(a.Bar[i], a.State[i])
	}
	a.Backward(steps)
	clear(gradient)
	a.AddGradient(gradient)
}

// 64 segments of 50 steps on one goroutine: ns/op are nanoseconds a gradient.
func BenchmarkRosslerGainNetworkGradient(b *testing.B) {
	for _, c := range []struct {
		name  string
		lanes int
	}{{"64 lanes", 64}, {"2 blocks of 32 lanes", 32}} {
		b.Run(c.name, func(b *testing.B) {
			a, gradient := rosslerAdjoint(b, c.lanes)
			rosslerGradient(a, gradient, 50)
			b.ReportAllocs()
			for b.Loop() {
				for range 64 / c.lanes {
					rosslerGradient(a, gradient, 50)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/gradient")
		})
	}
}
