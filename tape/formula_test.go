package tape_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"govern/expr"
	"govern/tape"
)

func TestANetworkWrittenOutHasTheNetworksValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, activation := range append(tape.Activations(), "") {
		n := tape.Neural{
			Names: []string{"f"}, Inputs: 2, Hidden: []int{4, 3}, Activation: activation,
			Shift: []float64{1, -2}, Scale: []float64{3, 0.5}, Offset: []float64{0.7}, Gain: []float64{5},
		}
		n.Start = n.Draw(rng)
		formula := n.Formula([]string{"x", "y"})
		p, err := tape.Compile([]*expr.Expr{expr.Apply("f", expr.Var("x"), expr.Var("y"))}, []string{"x", "y"}, n)
		if err != nil {
			t.Fatal(err)
		}
		m := p.NewMachine(1)
		for range 20 {
			x, y := 3*rng.NormFloat64(), 3*rng.NormFloat64()
			m.Input(0)[0], m.Input(1)[0] = x, y
			m.Run()
			got, err := expr.Eval(formula, func(name string) (float64, bool) {
				return map[string]float64{"x": x, "y": y}[name], true
			})
			if want := m.Output(0)[0]; err != nil || math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
				t.Errorf("%q at (%g, %g): %g, want %g (%v)", activation, x, y, got, want, err)
			}
		}
	}
}
