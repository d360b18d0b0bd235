package tape

import "slices"

// group is an operation with several results: a neural form at arguments, or its
// reverse sweep. Its node (opNeural, opNeuralBack) holds the group's number; opPart
// nodes pick results.
type group struct {
	form     *form
	operands []id // opNeural: the arguments. opNeuralBack: adjoints of the outputs
	forward  id   // opNeuralBack: the opNeural node whose memo it reads
	memo     int  // first row of the memo of the forward group
}

// Results of an opNeural group with m inputs and n outputs are numbered
//
//	f_o                 o
//	∂f_o/∂u_i           n + o·m + i
//	∂f_o/∂weight_j      n + n·m + o·weights + j
//
// and those of an opNeuralBack group are the adjoints of u_i.
func (f *form) slopeResult(o, i int) int  { return len(f.names) + o*f.inputs + i }
func (f *form) weightResult(o, j int) int { return len(f.names)*(1+f.inputs) + o*f.weights + j }

// neural returns output o of a form at the arguments.
func (g *graph) neural(f *form, o int, args []id) id {
	for i, n := range g.nodes {
		if n.op == opNeural && g.groups[int(n.value)].form == f && slices.Equal(g.groups[int(n.value)].operands, args) {
			return g.part(id(i), o)
		}
	}
	g.groups = append(g.groups, group{form: f, operands: slices.Clone(args), memo: g.memo})
	g.memo += f.rows
	return g.part(g.intern(node{op: opNeural, value: float64(len(g.groups) - 1)}), o)
}

// neuralBack returns the reverse sweep over the forward node for given adjoints of
// its outputs. Every one adds its weights' gradient when it runs.
func (g *graph) neuralBack(forward id, adjoints []id) id {
	of := g.group(forward)
	g.groups = append(g.groups, group{form: of.form, operands: adjoints, forward: forward, memo: of.memo})
	return g.intern(node{op: opNeuralBack, value: float64(len(g.groups) - 1)})
}

func (g *graph) part(i id, result int) id {
	return g.intern(node{op: opPart, a: i, value: float64(result)})
}

func (g *graph) group(i id) *group { return &g.groups[int(g.nodes[i].value)] }

// partOf returns the group of a part and the output it is. Slopes of a neural form
// have no derivatives here.
func (g *graph) partOf(n node) (*group, int) {
	of, result := g.group(n.a), int(n.value)
	if g.nodes[n.a].op != opNeural || result >= len(of.form.names) {
		panic("tape: second derivatives of a neural form are not available")
	}
	return of, result
}

// groupSlopes is the sparse gradient of output o of the neural node i: the chain
// rule through its arguments, then its own weights, where asked for.
func (g *graph) groupSlopes(i id, o int, slopes [][]slope, position map[int]int, inputs int) []slope {
	of := g.group(i)
	f := of.form
	var sum []slope
	for k, u := range of.operands {
		if len(slopes[u]) > 0 {
			sum = g.combine(g.constant(1), sum, g.part(i, f.slopeResult(o, k)), slopes[u])
		}
	}
	var own []slope
	for j := range f.weights {
		if k, ok := position[inputs+f.first+j]; ok && f.reaches(o, j) {
			own = append(own, slope{k, g.part(i, f.weightResult(o, j))})
		}
	}
	slices.SortFunc(own, func(a, b slope) int { return a.input - b.input })
	return g.combine(g.constant(1), sum, g.constant(1), own)
}

// reaches reports whether output o depends on weight j: the last layer's rows
// belong to one output each.
func (f *form) reaches(o, j int) bool {
	last := f.layers[len(f.layers)-1]
	switch {
	case j < last.weight:
		return true
	case j < last.bias:
		return (j-last.weight)/last.in == o
	}
	return j-last.bias == o
}
