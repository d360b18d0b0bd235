package fit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"govern/expr"
	"govern/fit/neural"
	"govern/model"
	"govern/optim"
	"govern/record"
	"govern/tape"
)

// stageUnderTest has everything that a stage can have: several entries,
// conditions, inputs, missing samples, irregular times, a nonlinear channel, a
// fitted parameter with a prior in equation and channel, one that differs between
// entries and is known in one of them, a neural form, segments of three samples.
func stageUnderTest(t *testing.T, segment int, k float64) *stage {
	t.Helper()
	return stageOfKind(t, segment, k, false)
}

func stageOfKind(t *testing.T, segment int, k float64, nodes bool) *stage {
	t.Helper()
	m, err := model.Read("test.yaml", []byte(`
states: {x: 0, y: {value: 0.3, fixed: true}}
parameters: {k: {value: 0.7, fit: true, sd: 0.2}, p: 1, c: {value: 0.4, fit: true, each: entry, spread: true}}
inputs: [I]
unknowns: {f: {}, g: {}}
equations: |
  x' = k*y - c*x^3 + I*p + g(x, y*p)
  y' = f(x, y) + sin(t)
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
	rng := rand.New(rand.NewPCG(7, 8))
	var entries []record.Entry
	for _, n := range []int{12, 8, 5} {
		e := record.Entry{Name: fmt.Sprintf("e%d", n), Set: map[string]float64{"p": 0.5 + float64(n)/10}}
		if n == 5 {
			e.Set["c"] = 0.6
		}
		var a, b, in []float64
		clock := 0.0
		for i := range n {
			clock += 0.05 + 0.1*rng.Float64()
			e.Times = append(e.Times, clock)
			a, b, in = append(a, rng.NormFloat64()), append(b, rng.NormFloat64()), append(in, rng.NormFloat64())
			if i%4 == 2 {
				a[i] = math.NaN()
			}
		}
		e.Channels = []record.Channel{
			{Column: "a", Observe: parse("x*y*c + k"), Values: a, Sigma: 0.5},
			{Column: "b", Observe: parse("y"), Values: b, Sigma: 0.7},
		}
		e.Inputs = [][]float64{in}
		entries = append(entries, e)
	}
	m = m.PerEntry([]string{"e12", "e8"}, func(string, string) bool { return true })
	d, err := Prepare(m, entries)
	if err != nil {
		t.Fatal(err)
	}
	terms := []Term{{Unknown: 0, Factor: parse("x"), Degree: 1}, {Unknown: 0, Factor: parse("y^2"), Degree: 2}}
	engine := &Engine{Data: d, Options: Options{Segment: segment}, Workers: 2}
	gain := &Gain{K: k}
	for _, e := range entries {
		gain.Drive = append(gain.Drive, [][]float64{fillGaps(e.Times, e.Channels[0].Values), e.Channels[1].Values})
	}
	forms := []neural.Form{{Unknown: 1, Arguments: d.Model.Unknowns[1].Arguments, Neural: tape.Neural{Names: []string{"g"}, Inputs: 2, Hidden: []int{3}}}}
	from := &Fitted{Sigma: d.Sigmas(), Scale: []float64{1, 2}, Omega: 0.3, Substeps: 2, Forms: forms}
	sp, err := engine.librarySpec(terms, from, gain)
	if err != nil {
		t.Fatal(err)
	}
	sp.nodes = nodes
	st, err := engine.stageOf(sp, from)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// somewhere is a point of the stage under test.
func somewhere(s *stage) *optim.Point {
	p := s.point()
	rng := rand.New(rand.NewPCG(1, 1))
	for c := range p.Nodes {
		for i := range p.Nodes[c] {
			p.Nodes[c][i] = 0.5 * rng.NormFloat64()
		}
	}
	for i := range p.Nodes {
		p.Nodes[i][1] = 0.3 // the fixed start, whose prior would drown the rest
	}
	copy(p.Border, []float64{0.4, -0.3, 0.7, 0.5, 0.3, 0.9})
	for k := s.named; k < len(p.Border); k++ {
		p.Border[k] = 0.5 * rng.NormFloat64()
	}
	return p
}

// The gradient of the objective is 2·Σ row·r; central differences of step 1e-6
// are right to about 1e-8 of the objective's curvature.
func TestRowsAreTheDerivativesOfTheObjective(t *testing.T) {
	for _, c := range []struct {
		segment int
		gain    float64
	}{{1, 0}, {3, 0}, {100, 0}, {1, 2}, {3, 2}, {100, 2}} {
		segment := c.segment
		s := stageUnderTest(t, segment, c.gain)
		p := somewhere(s)
		var l optim.Linear
		objective := s.Linearise(p, &l)
		if direct := s.Objective(p); math.Abs(direct-objective) > 1e-9*objective {
			t.Fatalf("segment %d: objective %g, linearised %g", segment, direct, objective)
		}
		node, border := gradient(&l)
		check := func(what string, x *float64, want float64) {
			const h = 1e-6
			keep := *x
			*x = keep + h
			up := s.Objective(p)
			*x = keep - h
			down := s.Objective(p)
			*x = keep
			got := (up - down) / (2 * h)
			if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
				t.Errorf("segment %d: ∂/∂%s: rows say %g, differences %g", segment, what, want, got)
			}
		}
		for c := range p.Nodes {
			for i := range p.Nodes[c] {
				if i != 1 {
					check("node", &p.Nodes[c][i], node[c][i])
				}
			}
		}
		for k := range p.Border {
			check(s.columns[k].Name, &p.Border[k], border[k])
		}
	}
}

// gradient sums 2·row·r over all rows.
func gradient(l *optim.Linear) (node [][]float64, border []float64) {
	n, p, whole := l.N, l.P, l.Width()
	border = make([]float64, whole)
	for c := range l.Chains {
		ch := &l.Chains[c]
		column := func(j int) int {
			if ch.Columns == nil {
				return j
			}
			return ch.Columns[j]
		}
		g := make([]float64, ch.Nodes*n)
		for b := range ch.Nodes {
			for r := ch.First[b]; r < ch.First[b+1]; r++ {
				row := ch.Local[r*(n+p+1) : (r+1)*(n+p+1)]
				for j := range n {
					g[b*n+j] += 2 * row[j] * row[n+p]
				}
				for j := range p {
					border[column(j)] += 2 * row[n+j] * row[n+p]
				}
			}
		}
		wide := 2*n + p + 1
		for r := range len(ch.Defect) / wide {
			row := ch.Defect[r*wide : (r+1)*wide]
			for j := range 2 * n {
				g[r/n*n+j] += 2 * row[j] * row[2*n+p]
			}
			for j := range p {
				border[column(j)] += 2 * row[2*n+j] * row[2*n+p]
			}
		}
		node = append(node, g)
	}
	for _, rows := range [][]float64{l.Prior, l.Late} {
		for r := 0; r < len(rows); r += whole + 1 {
			for j := range whole {
				border[j] += 2 * rows[r+j] * rows[r+whole]
			}
		}
	}
	return node, border
}

func TestTheObjectiveHasTheSameBitsForAnyNumberOfWorkers(t *testing.T) {
	s := stageUnderTest(t, 1, 0.5)
	p := s.point()
	var l optim.Linear
	want := s.Linearise(p, &l)
	s.workers = s.workers[:1]
	if got := s.Linearise(p, &l); got != want {
		t.Errorf("one worker gives %v, two give %v", got, want)
	}
}

func BenchmarkLineariseRossler1000Nodes(b *testing.B) {
	m, err := model.Read("b.yaml", []byte("states: {x: 1, y: 1, z: 0}\nunknowns: {f: {}}\nequations: |\n  x' = -y - z\n  y' = f(x, y)\n  z' = 0.2 + z*(x - 5.7)\n"))
	if err != nil {
		b.Fatal(err)
	}
	var e record.Entry
	var values []float64
	for i := range 1001 {
		e.Times, values = append(e.Times, 0.1*float64(i)), append(values, math.Sin(0.1*float64(i)))
	}
	for _, name := range []string{"x", "y", "z"} {
		e.Channels = append(e.Channels, record.Channel{Column: name, Observe: expr.Var(name), Values: values, Sigma: 0.1})
	}
	d, err := Prepare(m, []record.Entry{e})
	if err != nil {
		b.Fatal(err)
	}
	var terms []Term
	for _, s := range []string{"1", "x", "y", "x^2", "x*y", "y^2"} {
		f, _ := expr.Parse(s)
		terms = append(terms, Term{Unknown: 0, Factor: f, Degree: 1})
	}
	engine := &Engine{Data: d, Workers: 1}
	st, err := engine.libraryStage(terms, &Fitted{Sigma: d.Sigmas(), Scale: []float64{1, 1, 1}, Omega: 0.1, Substeps: 1}, nil)
	if err != nil {
		b.Fatal(err)
	}
	p := st.point()
	var l optim.Linear
	st.Linearise(p, &l)
	b.ReportAllocs()
	for b.Loop() {
		st.Linearise(p, &l)
	}
}
