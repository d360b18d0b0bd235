package tape

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"govern/expr"
)

func parsed(tb testing.TB, src ...string) []*expr.Expr {
	tb.Helper()
	var out []*expr.Expr
	for _, s := range src {
		e, err := expr.Parse(s)
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// A network of two outputs called in two places, and another of one.
func networksProgram(tb testing.TB, activation string, hidden ...int) *Program {
	p, err := Compile(parsed(tb, "sin(f1(x, y)) + x*g(f2(x, y))", "y*f2(x, y) - exp(0.3*f1(y, x*y))*z"), []string{"x", "y", "z"},
		Neural{
			Names: []string{"f1", "f2"}, Inputs: 2, Hidden: hidden, Activation: activation,
			Shift: []float64{0.1, -0.2}, Scale: []float64{2, 0.7}, Offset: []float64{0.5, -1}, Gain: []float64{1.5, 0.8},
		},
		Neural{Names: []string{"g"}, Inputs: 1, Hidden: []int{5}, Activation: activation})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// randomised fills inputs and returns random weights.
func randomised(p *Program, rng *rand.Rand, machines ...*Machine) []float64 {
	w := make([]float64, p.Weights())
	for j := range w {
		w[j] = 0.7 * rng.NormFloat64()
	}
	for i := range p.Inputs() {
		for l := range machines[0].Lanes() {
			v := rng.NormFloat64()
			for _, m := range machines {
				m.Input(i)[l] = v
			}
		}
	}
	for _, m := range machines {
		m.SetWeights(w)
	}
	return w
}

func byHand(w []float64, hidden []int, sigma func(float64) float64, outputs int, u []float64) []float64 {
	y := u
	widths := append(append([]int(nil), hidden...), outputs)
	for k, n := range widths {
		next := make([]float64, n)
		for o := range next {
			next[o] = w[n*len(y)+o]
			for i, v := range y {
				next[o] += w[o*len(y)+i] * v
			}
			if k < len(hidden) {
				next[o] = sigma(next[o])
			}
		}
		w = w[n*(len(y)+1):]
		y = next
	}
	return y
}

// Tolerance: rounding of a few dozen terms of size one.
func TestNeuralFormsAreTheNetworkTheyDeclare(t *testing.T) {
	sigmas := map[string]func(float64) float64{
		"tanh": math.Tanh, "sin": math.Sin,
		"rbf":      func(v float64) float64 { return math.Exp(-v * v) },
		"softplus": func(v float64) float64 { return math.Log1p(math.Exp(v)) },
		"gelu":     func(v float64) float64 { return 0.5 * v * (1 + math.Erf(v/math.Sqrt2)) },
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range Activations() {
		for _, hidden := range [][]int{nil, {1}, {7}, {10, 10}, {3, 4, 9}} {
			n := Neural{
				Names: []string{"f", "h", "k"}, Inputs: 2, Hidden: hidden, Activation: name,
				Shift: []float64{1, 2}, Scale: []float64{3, 4}, Offset: []float64{5, 6, 0}, Gain: []float64{7, 8, 1},
			}
			p, err := Compile(parsed(t, "h(x, y)", "f(x, y)"), []string{"x", "y"}, n)
			if err != nil {
				t.Fatal(err)
			}
			if p.Instructions() != 1 || p.Weights() != n.Weights() {
				t.Errorf("%s %v: %d instructions, %d weights of %d", name, hidden, p.Instructions(), p.Weights(), n.Weights())
			}
			m := p.NewMachine(7)
			w := randomised(p, rng, m)
			m.Run()
			for l := range m.Lanes() {
				raw := byHand(w, hidden, sigmas[name], 3, []float64{(m.Input(0)[l] - 1) / 3, (m.Input(1)[l] - 2) / 4})
				for k, want := range []float64{6 + 8*raw[1], 5 + 7*raw[0]} {
					if got := m.Output(k)[l]; math.Abs(got-want) > 1e-13*(1+math.Abs(want)) {
						t.Errorf("%s %v lane %d: %.16g, by hand %.16g", name, hidden, l, got, want)
					}
				}
			}
		}
	}
}

// Central differences of step 1e-5 of functions of size ten are right to about 1e-8.
func TestNeuralJacobiansMatchCentralDifferences(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, name := range Activations() {
		for _, hidden := range [][]int{nil, {6}, {5, 4}} {
			p := networksProgram(t, name, hidden...)
			var wrt []int
			for i := range p.Inputs() + p.Weights() {
				wrt = append(wrt, i)
			}
			j, partials := p.Jacobian(wrt)
			m, plain := j.NewMachine(3), p.NewMachine(3)
			w := randomised(p, rng, m, plain)
			m.Run()
			got := map[Partial][]float64{}
			for k, q := range partials {
				got[q] = m.Output(p.Outputs() + k)
			}
			for _, i := range wrt {
				const h = 1e-5
				at := func(d float64, lane int) [2]float64 {
					if i < p.Inputs() {
						v := plain.Input(i)[lane]
						plain.Input(i)[lane] = v + d
						defer func() { plain.Input(i)[lane] = v }()
					} else {
						plain.SetWeight(i-p.Inputs(), w[i-p.Inputs()]+d)
						defer plain.SetWeight(i-p.Inputs(), w[i-p.Inputs()])
					}
					plain.Run()
					return [2]float64{plain.Output(0)[lane], plain.Output(1)[lane]}
				}
				for lane := range 3 {
					up, down := at(h, lane), at(-h, lane)
					for o := range up {
						want, g := (up[o]-down[o])/(2*h), 0.0
						if q, ok := got[Partial{o, i}]; ok {
							g = q[lane]
						}
						if math.Abs(g-want) > 1e-6*(1+math.Abs(want)) {
							t.Errorf("%s %v: ∂%d/∂%d = %.9g, central difference %.9g", name, hidden, o, i, g, want)
						}
					}
				}
			}
		}
	}
}

func TestNeuralFormsShareWhatIsEqual(t *testing.T) {
	p := networksProgram(t, "tanh", 4)
	calls := 0
	for _, in := range p.code {
		if in.op == opNeural {
			calls++
		}
	}
	if calls != 3 { // f at (x, y), f at (y, xy), g
		t.Errorf("%d neural instructions", calls)
	}
}

func TestMalformedNeuralFormsAreErrors(t *testing.T) {
	good := Neural{Names: []string{"f"}, Inputs: 1, Hidden: []int{3}}
	for what, change := range map[string]func(*Neural){
		"activation \"relu6\"": func(n *Neural) { n.Activation = "relu6" },
		"2 shifts where 1":     func(n *Neural) { n.Shift = []float64{1, 2} },
		"scale of 0":           func(n *Neural) { n.Scale = []float64{0} },
		"1 weights where 10":   func(n *Neural) { n.Start = []float64{1} },
		"width 0":              func(n *Neural) { n.Hidden = []int{0} },
		"takes 2 arguments":    func(n *Neural) { n.Inputs = 2 },
		"0 outputs":            func(n *Neural) { n.Names = nil },
	} {
		n := good
		change(&n)
		if _, err := Compile(parsed(t, "f(x)"), []string{"x"}, n); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q expected, got %v", what, err)
		}
	}
}

func TestStartAndDrawnWeightsAreUsed(t *testing.T) {
	n := Neural{Names: []string{"f"}, Inputs: 2, Hidden: []int{3}}
	n.Start = n.Draw(rand.New(rand.NewPCG(1, 1)))
	p, err := Compile(parsed(t, "f(x, 1)"), []string{"x"}, n)
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.NewMachine(1), p.NewMachine(1)
	b.SetWeights(n.Start)
	a.Run()
	b.Run()
	if a.Output(0)[0] != b.Output(0)[0] || a.Output(0)[0] == 0 {
		t.Errorf("start %g, set %g", a.Output(0)[0], b.Output(0)[0])
	}
}
