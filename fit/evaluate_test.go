package fit

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/expr"
	"govern/fit/neural"
	"govern/model"
	"govern/optim"
	"govern/record"
	"govern/tape"
)

// hand is a fit made by hand: f a sum with a fitted knot, g a network, and a full
// covariance.
func hand(t *testing.T) (*Data, *Fitted) {
	t.Helper()
	m, err := model.Read("test.yaml", []byte(`
states: {x: 0, y: 0}
parameters: {p: 1, knot: {value: 0.4, fit: true}}
unknowns: {f: {arguments: [a, b]}, g: {arguments: [a]}}
equations: |
  x' = f(x, y)
  y' = g(x)
`))
	if err != nil {
		t.Fatal(err)
	}
	parse := func(s string) *expr.Expr {
		e, err := expr.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	d, err := Prepare(m, []record.Entry{{Times: []float64{0, 1, 2}, Channels: []record.Channel{{Column: "x", Observe: parse("x"), Values: []float64{1, 2, 1.5}, Sigma: 1}}}})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	net := tape.Neural{Names: []string{"g"}, Inputs: 1, Hidden: []int{3}, Shift: []float64{0.1}, Scale: []float64{2}, Gain: []float64{1.5}}
	net.Start = net.Draw(rng)
	f := &Fitted{
		Terms:        []Term{{Unknown: 0, Factor: expr.Num(1)}, {Unknown: 0, Factor: parse("a*b")}, {Unknown: 0, Factor: parse("abs(a - knot)"), Knots: 1}},
		Coefficients: []float64{0.5, -1.2, 2}, Parameters: []float64{0.3}, Forms: []neural.Form{{Unknown: 1, Arguments: []string{"a"}, Neural: net}},
	}
	n := f.Columns()
	root := make([]float64, n*n)
	for i := range root {
		root[i] = 0.1 * rng.NormFloat64()
	}
	f.Covariance = make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k := range n {
				f.Covariance[i*n+j] += root[i*n+k] * root[j*n+k]
			}
		}
	}
	return d, f
}

// moved is the fit with column k changed by h.
func moved(f *Fitted, k int, h float64) *Fitted {
	g := *f
	g.Coefficients, g.Parameters = slices.Clone(f.Coefficients), slices.Clone(f.Parameters)
	weights := neural.Weights(f.Forms)
	switch at := k - len(f.Coefficients); {
	case at < 0:
		g.Coefficients[k] += h
	case at < len(f.Parameters):
		g.Parameters[at] += h
	default:
		weights[at-len(f.Parameters)] += h
	}
	g.Forms = neural.WithWeights(f.Forms, weights)
	return &g
}

func TestTheBandOfALearnedFunctionFollowsFromItsCovariance(t *testing.T) {
	d, f := hand(t)
	n := f.Columns()
	inflate := []float64{1, 3, 1, 0.5} // coefficients, then the knot
	for u, arguments := range [][][]float64{{{-1, 0.9, 2.5}, {0.7, -2, 1}}, {{-1, 0.2, 3}}} {
		value, spread, err := d.Evaluate(f, u, arguments, inflate)
		if err != nil {
			t.Fatal(err)
		}
		slope := make([][]float64, n)
		const h = 1e-5
		for k := range slope {
			up, _, err := d.Evaluate(moved(f, k, h), u, arguments, nil)
			if err != nil {
				t.Fatal(err)
			}
			down, _, err := d.Evaluate(moved(f, k, -h), u, arguments, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range up {
				slope[k] = append(slope[k], (up[i]-down[i])/(2*h))
			}
		}
		for i := range value {
			formula := f.Formula(u)
			want, err := expr.Eval(formula, func(name string) (float64, bool) {
				switch name {
				case "a":
					return arguments[0][i], true
				case "b":
					return arguments[1][i], true
				}
				return f.Parameters[0], name == "knot"
			})
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(value[i]-want) > 1e-12*math.Max(1, math.Abs(want)) {
				t.Errorf("unknown %d at sample %d: %g, want %g", u, i, value[i], want)
			}
			variance := 0.0
			scale := func(k int) float64 {
				if k < len(inflate) {
					return inflate[k]
				}
				return 1
			}
			for j := range n {
				for k := range n {
					variance += slope[j][i] * slope[k][i] * f.Covariance[j*n+k] * scale(j) * scale(k)
				}
			}
			if math.Abs(spread[i]-math.Sqrt(variance)) > 1e-7*math.Sqrt(variance) { // central differences
				t.Errorf("unknown %d at sample %d: spread %g, want %g", u, i, spread[i], math.Sqrt(variance))
			}
		}
	}
}

// Nodes on the unit circle under y' = −2·x: the equations do twice what they
// should, the defects take it back.
func TestDefectsAreComparedWithWhatTheEquationsDo(t *testing.T) {
	m, err := model.Read("test.yaml", []byte("states: {x: 0, y: 1}\nequations: |\n  x' = y\n  y' = -2*x\n"))
	if err != nil {
		t.Fatal(err)
	}
	entry := record.Entry{}
	for i := range 629 {
		entry.Times = append(entry.Times, 0.01*float64(i))
	}
	entry.Channels = []record.Channel{{Column: "x", Observe: expr.Var("x"), Values: make([]float64, 629), Sigma: 1}}
	d, err := Prepare(m, []record.Entry{entry})
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{Data: d}
	st, err := e.libraryStage(nil, &Fitted{Sigma: []float64{1}, Scale: []float64{1, 1}, Omega: 0.1, Substeps: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := st.point()
	for i, v := range entry.Times {
		p.Nodes[0][2*i], p.Nodes[0][2*i+1] = math.Sin(v), math.Cos(v)
	}
	var l optim.Linear
	st.Linearise(p, &l)
	motion, defect := st.supplied(p, &l)
	half := math.Sqrt(0.5)
	for i, want := range []float64{half, 2 * half} {
		if math.Abs(motion[i]-want) > 0.005*want {
			t.Errorf("state %d moves by %g, want %g", i, motion[i], want)
		}
	}
	// x follows y rightly but for dt/2 of the wrong change of y.
	for i, want := range []float64{0.005 * half, half} {
		if math.Abs(defect[i]-want) > 0.01*want {
			t.Errorf("state %d has defects of %g, want %g", i, defect[i], want)
		}
	}
}
