package tape

import (
	"slices"

	"govern/internal/lane"
)

// Adjoint returns the program of p's reverse sweep. Its inputs are those of p
// followed by an adjoint ȳ for each output of p; its outputs are
//
//	x̄_i = Σ_o ȳ_o·∂y_o/∂x_i   for the inputs i in wrt.
//
// A machine that runs it adds to the gradient by the weights of the neural forms,
// Σ_lanes Σ_o ȳ_o·∂y_o/∂w, see AddGradient.
//
// Cost: at most about four times p's plain instructions; a neural form costs
// three times its value, or twice when its memo was recorded (Record, Recall).
func (p *Program) Adjoint(wrt []int) *Program {
	g := p.graph.clone()
	r := reverse{g: g, adjoint: make([]id, len(g.nodes))}
	for k := range r.adjoint {
		r.adjoint[k] = none
	}
	for o, root := range p.roots {
		r.add(root, g.input(p.numInputs+o))
	}
	for i := len(r.adjoint) - 1; i >= 0; i-- {
		r.visit(id(i))
	}
	q := &Program{numInputs: p.numInputs + len(p.roots), forms: p.forms, graph: g}
	place := map[int]id{} // of inputs
	for i := range r.adjoint {
		if n := g.nodes[i]; n.op == opInput {
			place[int(n.value)] = id(i)
		}
	}
	for _, i := range wrt {
		bar := none
		if n, ok := place[i]; ok {
			bar = r.adjoint[n]
		}
		if bar == none {
			bar = g.constant(0)
		}
		q.roots = append(q.roots, bar)
	}
	q.assemble(r.effects)
	return q
}

const none = id(-1)

// reverse is a sweep from the last node to the first.
type reverse struct {
	g       *graph
	adjoint []id // of the nodes before the sweep began
	effects []id // reverse sweeps of neural forms: they leave gradients
	outputs map[id][]id
}

func (r *reverse) add(i, bar id) {
	if r.g.is(bar, 0) {
		return
	}
	if r.adjoint[i] == none {
		r.adjoint[i] = bar
	} else {
		r.adjoint[i] = r.g.add(r.adjoint[i], bar)
	}
}

// visit hands the adjoint of node i, complete by then, to its operands.
func (r *reverse) visit(i id) {
	g, n, bar := r.g, r.g.nodes[i], r.adjoint[i]
	if n.op == opNeural {
		r.form(i)
		return
	}
	if bar == none {
		return
	}
	switch n.op {
	case opInput, opConst, opLess, opLessEqual, opEqual, opSign, opHeaviside, opFloor:
	case opPart:
		_, o := g.partOf(n)
		if r.outputs == nil {
			r.outputs = map[id][]id{}
		}
		if r.outputs[n.a] == nil {
			r.outputs[n.a] = slices.Repeat([]id{g.constant(0)}, len(g.group(n.a).form.names))
		}
		r.outputs[n.a][o] = bar
	case opAdd:
		r.add(n.a, bar)
		r.add(n.b, bar)
	case opSub:
		r.add(n.a, bar)
		r.add(n.b, g.neg(bar))
	case opSelect:
		zero := g.constant(0)
		r.add(n.b, g.choose(n.a, bar, zero))
		r.add(n.c, g.choose(n.a, zero, bar))
	default:
		da, db := g.rule(i, n)
		r.add(n.a, g.mul(da, bar))
		if n.op < opNeg {
			r.add(n.b, g.mul(db, bar))
		}
	}
}

// form sweeps back over a neural form whose parts have all been visited.
func (r *reverse) form(i id) {
	outputs := r.outputs[i]
	if outputs == nil {
		return
	}
	back := r.g.neuralBack(i, outputs)
	r.effects = append(r.effects, back)
	for k, u := range r.g.group(i).operands {
		r.add(u, r.g.part(back, k))
	}
}

// Memo is the number of values a lane that the neural forms remember from
// their forward evaluation for the reverse sweep; it is the same for a program
// and its Adjoint.
func (p *Program) Memo() int { return p.memo }

// Record lets Run keep what the reverse sweep needs in memo, of Memo()·lanes
// values, for a machine of the Adjoint to Recall. nil ends recording.
func (m *Machine) Record(memo []float64) {
	if s := m.neural; s != nil {
		s.memo, s.record = memo, true
		if memo == nil {
			s.memo, s.record = s.own, s.gradient != nil
		}
	}
}

// Recall lets Run take the forward evaluation of the neural forms from a recorded
// memo, with the inputs and weights of then, instead of repeating it. nil
// ends it.
func (m *Machine) Recall(memo []float64) {
	if s := m.neural; s != nil {
		s.memo, s.recall = memo, memo != nil
		if memo == nil {
			s.memo = s.own
		}
	}
}

// ClearGradient begins a new gradient by the weights.
func (m *Machine) ClearGradient() {
	if m.neural != nil {
		clear(m.neural.gradient)
	}
}

// AddGradient adds to dst, of Program.Weights(), the gradient by the weights since
// ClearGradient: a sum over lanes and runs in a fixed order.
func (m *Machine) AddGradient(dst []float64) {
	if m.neural != nil && m.neural.gradient != nil {
		lane.Reduce(dst[:len(m.neural.weights)], m.neural.gradient)
	}
}
