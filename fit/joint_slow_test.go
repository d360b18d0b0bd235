//go:build slow

package fit

import (
	"context"
	"fmt"
	"math"
	"testing"

	"govern/optim"
)

// joint is the objective of nodes and columns together, each in units of its own
// curvature: what gradients would minimise if the nodes were not eliminated.
type joint struct {
	st         *reduced
	p, g       *optim.Point
	unit       []float64
	evaluation int
}

func (j *joint) Evaluate(x, gradient []float64) float64 {
	j.evaluation++
	at := 0
	for _, part := range append(j.p.Nodes, j.p.Border) {
		for i := range part {
			part[i] = x[at+i] * j.unit[at+i]
		}
		at += len(part)
	}
	value := j.st.Gradient(j.p, j.g)
	at = 0
	for _, part := range append(j.g.Nodes, j.g.Border) {
		for i, v := range part {
			gradient[at+i] = v * j.unit[at+i]
		}
		at += len(part)
	}
	return value
}

func (j *joint) Accept() {}

func (j *joint) Bounds() (lower, upper []float64) {
	for range j.unit {
		lower, upper = append(lower, math.Inf(-1)), append(upper, math.Inf(1))
	}
	return lower, upper
}

// From eight starts whose objectives are thousands above the minimum, L-BFGS on
// nodes and columns together, scaled by the curvature of each, and L-BFGS on the
// columns alone, each step several passes: which is ahead depends on the start, and
// what the best start reaches is the same. Prints all.
func TestJointGradientsReachNoMoreFromTheBestStart(t *testing.T) {
	alone, together := math.Inf(1), math.Inf(1)
	for seed := range uint64(8) {
		a, j := both(t, seed)
		alone, together = math.Min(alone, a), math.Min(together, j)
	}
	if !(alone < 1.05*together) {
		t.Errorf("from the best start: columns alone %.2f, nodes and columns %.2f", alone, together)
	}
}

// both minimises from the start of a seed, columns alone and all together.
func both(t *testing.T, seed uint64) (alone, together float64) {
	_, sm, e := lotkaUnderTest(t)
	e.Options, e.Seed = Options{Optimiser: LBFGS, Omega: 0.02}, seed
	forms, err := e.Forms(context.Background(), "forms", sm)
	if err != nil {
		t.Fatal(err)
	}
	start := e.Start(sm, nil, nil, sm.Parameters)
	start.Forms, start.Substeps, start.Omega = forms, 1, 0.02
	sp, err := e.librarySpec(nil, start, nil)
	if err != nil {
		t.Fatal(err)
	}
	st, p, train, err := e.newTrainer(sp, start, start, 0)
	if err != nil {
		t.Fatal(err)
	}
	apart := train.(*reducedSpace)
	j := &joint{st: newReduced(st), p: p.Clone(), g: st.point()}
	for c := range p.Nodes {
		dt := st.chains[c].entry.Times[1] - st.chains[c].entry.Times[0]
		for i := range p.Nodes[c] {
			j.unit = append(j.unit, st.weight[i%len(st.states)]*math.Sqrt(dt))
		}
	}
	apart.windows.refresh(p)
	n := len(p.Border)
	for i := range n {
		size := 0.0
		for k := 0; k <= i; k++ {
			size = math.Hypot(size, apart.windows.information[k*n+i])
		}
		j.unit = append(j.unit, 1/size)
	}
	var x []float64
	for _, part := range append(p.Clone().Nodes, p.Border) {
		x = append(x, part...)
	}
	for i := range x {
		x[i] /= j.unit[i]
	}
	all, err := optim.LBFGS{Iterations: 1000, Tolerance: 1e-9}.Minimise(context.Background(), j, x)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := train.minimise(context.Background(), 40, func(int, float64, float64) {})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("start %d: nodes and columns %.2f after %d steps, %d evaluations; columns alone %.2f after %d steps\n", seed, all.Objective, all.Iterations, j.evaluation, columns.Objective, columns.Iterations)
	return columns.Objective, all.Objective
}
