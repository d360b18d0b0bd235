// Package tape turns expressions into straight-line programs over lanes. A
// program is compiled once (constants folded, common subexpressions shared,
// dead code dropped, registers reused) and run many times by a plain switch
// whose every instruction is one kernel over all lanes. A neural form is one
// instruction, whose weights belong to the machine. Jacobian and Adjoint turn a
// program into those of its derivatives, forward and reverse.
package tape

import (
	"fmt"
	"slices"

	"govern/expr"
	"govern/internal/lane"
)

// Program is compiled code. It is immutable and may be shared; the memory it
// runs in is a Machine.
type Program struct {
	numInputs int
	registers int       // inputs first, then constants, then temporaries
	constants []float64 // of registers numInputs, numInputs+1, …
	outputs   []int32   // registers
	code      []instruction
	forms     []*form
	calls     []call // of neural instructions
	memo      int    // rows of lanes that they remember

	graph *graph // kept for differentiation
	roots []id
}

// instruction is one kernel call on registers; of a neural form dst is the
// number of a call.
type instruction struct {
	op           op
	dst, a, b, c int32
}

// Partial says that output Output of a differentiated program depends on the
// input Input (its position in wrt).
type Partial struct{ Output, Input int }

// Compile returns the program that computes the outputs from inputs with the
// given names. Every free name must be an input, and every call a function of
// the language or of one of the neural forms: an unknown is not, and is an error.
func Compile(outputs []*expr.Expr, inputs []string, forms ...Neural) (*Program, error) {
	c := compiler{graph: newGraph(), inputs: map[string]int{}, done: map[*expr.Expr]id{}}
	for i, name := range inputs {
		c.inputs[name] = i
	}
	first := 0
	for _, n := range forms {
		f, err := newForm(n, first)
		if err != nil {
			return nil, fmt.Errorf("tape: %w", err)
		}
		c.forms = append(c.forms, f)
		first += f.weights
	}
	roots := make([]id, len(outputs))
	for k, e := range outputs {
		root, err := c.compile(e)
		if err != nil {
			return nil, fmt.Errorf("tape: output %d: %w", k, err)
		}
		roots[k] = root
	}
	p := &Program{numInputs: len(inputs), forms: c.forms, graph: c.graph, roots: roots}
	p.assemble(nil)
	return p, nil
}

// Inputs is the number of values that go in.
func (p *Program) Inputs() int { return p.numInputs }

// Outputs is the number of values that come out.
func (p *Program) Outputs() int { return len(p.outputs) }

// Weights is the number of weights of all neural forms.
func (p *Program) Weights() int {
	n := 0
	for _, f := range p.forms {
		n += f.weights
	}
	return n
}

// Instructions is the length of the straight line: its cost in kernel calls.
func (p *Program) Instructions() int { return len(p.code) }

// Jacobian returns a program that computes the outputs of p followed by their
// structurally nonzero partial derivatives by the inputs wrt: Partial k is
// output p.Outputs()+k, ordered by output, then input. In wrt the weight j of the
// neural forms has the number p.Inputs()+j. A neural instruction then costs one
// reverse sweep an output more, and one product for each weight asked for.
// Jacobians of neural forms have no Jacobian.
func (p *Program) Jacobian(wrt []int) (*Program, []Partial) {
	q := &Program{numInputs: p.numInputs, forms: p.forms, graph: p.graph.clone(), roots: slices.Clone(p.roots)}
	var partials []Partial
	for out, slopes := range q.graph.derive(p.roots, wrt, p.numInputs) {
		for _, s := range slopes {
			partials = append(partials, Partial{out, s.input})
			q.roots = append(q.roots, s.value)
		}
	}
	q.assemble(nil)
	return q, partials
}

// assemble orders the live nodes and gives them registers by linear scan (Poletto and
// Sarkar, ACM Transactions on Programming Languages and Systems 21 (1999) 895–913).
// Effects are nodes that run although no output needs them.
func (p *Program) assemble(effects []id) {
	g := p.graph
	p.memo = g.memo
	last := g.lastUses(slices.Concat(p.roots, effects))
	a := newAllocation(last, p.numInputs)
	parts := map[id][]id{} // live results of groups
	for i, n := range g.nodes {
		switch {
		case n.op == opInput:
			a.register[i] = int32(n.value)
		case n.op == opConst && last[i] != 0:
			a.register[i] = a.fresh()
			p.constants = append(p.constants, n.value)
		case n.op == opPart && last[i] != 0:
			parts[n.a] = append(parts[n.a], id(i))
		}
	}
	for i, n := range g.nodes {
		if last[i] == 0 || n.op == opInput || n.op == opConst {
			continue
		}
		// Operands that die here may lend their register to the result: every
		// kernel allows dst to be an operand, and groups read before they write.
		a.release(id(i))
		switch n.op {
		case opPart:
		case opNeural, opNeuralBack:
			for _, r := range parts[id(i)] {
				a.place(r)
			}
			p.code = append(p.code, instruction{op: n.op, dst: int32(len(p.calls))})
			p.calls = append(p.calls, g.call(id(i), parts[id(i)], a.register))
		default:
			a.place(id(i))
			p.code = append(p.code, instruction{n.op, a.register[i], a.register[n.a], a.register[n.b], a.register[n.c]})
		}
	}
	p.registers = int(a.next)
	for _, r := range p.roots {
		p.outputs = append(p.outputs, a.register[r])
	}
}

// forever is the last use of what is read after a run.
const forever = id(1<<31 - 1)

// lastUses is the last user of every node, forever of roots; 0 of what none needs,
// since nodes never use later ones.
func (g *graph) lastUses(roots []id) []id {
	last := make([]id, len(g.nodes))
	for _, r := range roots {
		last[r] = forever
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		if last[i] == 0 {
			continue
		}
		for _, a := range g.operands(g.nodes[i]) {
			last[a] = max(last[a], id(i))
		}
	}
	return last
}

// allocation gives registers to nodes and takes them back after their last use.
type allocation struct {
	last     []id
	register []int32
	next     int32 // the first that was never used
	free     []int32
	expiring map[id][]int32 // registers to release after a node
}

func newAllocation(last []id, inputs int) *allocation {
	return &allocation{last: last, register: make([]int32, len(last)), next: int32(inputs), expiring: map[id][]int32{}}
}

func (a *allocation) fresh() int32 {
	a.next++
	return a.next - 1
}

// release frees the registers that node i is the last to read.
func (a *allocation) release(i id) {
	a.free = append(a.free, a.expiring[i]...)
	delete(a.expiring, i)
}

// place gives node i a register: the lowest that is free, so that memory stays small.
func (a *allocation) place(i id) {
	if n := len(a.free); n > 0 {
		low := 0
		for k, f := range a.free {
			if f < a.free[low] {
				low = k
			}
		}
		a.register[i], a.free[low] = a.free[low], a.free[n-1]
		a.free = a.free[:n-1]
	} else {
		a.register[i] = a.fresh()
	}
	if a.last[i] != forever {
		a.expiring[a.last[i]] = append(a.expiring[a.last[i]], a.register[i])
	}
}

// operands returns the nodes that n reads.
func (g *graph) operands(n node) []id {
	switch {
	case n.op == opPart:
		return []id{n.a}
	case n.op == opNeural:
		return g.groups[int(n.value)].operands
	case n.op == opNeuralBack:
		b := g.groups[int(n.value)]
		return append([]id{b.forward}, b.operands...)
	case n.op == opInput || n.op == opConst:
		return nil
	case n.op == opSelect:
		return []id{n.a, n.b, n.c}
	case n.op >= opNeg:
		return []id{n.a}
	}
	return []id{n.a, n.b}
}

// Machine is the memory in which a program runs: one register of lanes for
// each value. It belongs to one goroutine.
type Machine struct {
	program *Program
	kernels *lane.Table
	lanes   int
	arena   []float64 // all registers, one after another
	memory  [][]float64
	neural  *networks // nil without neural forms
}

// NewMachine allocates a machine of the given number of lanes.
func (p *Program) NewMachine(lanes int) *Machine {
	m := &Machine{program: p, kernels: lane.Best(), lanes: lanes, memory: make([][]float64, p.registers)}
	m.arena = make([]float64, lanes*p.registers)
	for i := range m.memory {
		m.memory[i] = m.arena[i*lanes : (i+1)*lanes : (i+1)*lanes]
	}
	for k, v := range p.constants {
		r := m.memory[p.numInputs+k]
		for i := range r {
			r[i] = v
		}
	}
	if len(p.calls) > 0 {
		m.neural = newNetworks(p, lanes)
	}
	return m
}

// Lanes is the number of lanes.
func (m *Machine) Lanes() int { return m.lanes }

// Input returns the lanes of input i, to be filled before Run. They keep their
// values from one Run to the next.
func (m *Machine) Input(i int) []float64 { return m.memory[i] }

// Inputs returns the lanes of n inputs from first on, one after another.
func (m *Machine) Inputs(first, n int) []float64 {
	return m.arena[first*m.lanes : (first+n)*m.lanes : (first+n)*m.lanes]
}

// Output returns the lanes of output i as of the last Run. It may be the memory
// of an input or a constant, so it is only to be read.
func (m *Machine) Output(i int) []float64 { return m.memory[m.program.outputs[i]] }
