// Package tape turns expressions into straight-line programs over lanes. A
// program is compiled once (constants folded, common subexpressions shared,
// dead code dropped, registers reused) and run many times by a plain switch
// whose every instruction is one kernel over all lanes.
package tape

import (
	"fmt"
	"sort"

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

	graph *graph // kept for differentiation
	roots []id
}

// instruction is one kernel call on registers.
type instruction struct {
	op           op
	dst, a, b, c int32
}

// Partial says that output Output of a differentiated program depends on the
// input Input (its position in wrt).
type Partial struct{ Output, Input int }

// Compile returns the program that computes the outputs from inputs with the
// given names. Every free name must be an input, and every call a function of
// the language: an unknown is not, and is an error.
func Compile(outputs []*expr.Expr, inputs []string) (*Program, error) {
	c := compiler{graph: newGraph(), inputs: map[string]int{}, done: map[*expr.Expr]id{}}
	for i, name := range inputs {
		c.inputs[name] = i
	}
	roots := make([]id, len(outputs))
	for k, e := range outputs {
		root, err := c.compile(e)
		if err != nil {
			return nil, fmt.Errorf("tape: output %d: %w", k, err)
		}
		roots[k] = root
	}
	return assemble(c.graph, roots, len(inputs)), nil
}

// Inputs and Outputs are the numbers of values that go in and come out.
func (p *Program) Inputs() int  { return p.numInputs }
func (p *Program) Outputs() int { return len(p.outputs) }

// Instructions is the length of the straight line: its cost in kernel calls.
func (p *Program) Instructions() int { return len(p.code) }

// Jacobian returns a program that computes the outputs of p followed by their
// structurally nonzero partial derivatives by the inputs wrt: Partial k is
// output p.Outputs()+k, ordered by output, then input.
func (p *Program) Jacobian(wrt []int) (*Program, []Partial) {
	g := &graph{nodes: append([]node(nil), p.graph.nodes...), known: make(map[key]id, len(p.graph.known))}
	for k, v := range p.graph.known {
		g.known[k] = v
	}
	roots := append([]id(nil), p.roots...)
	var partials []Partial
	for out, slopes := range g.derive(p.roots, wrt) {
		for _, s := range slopes {
			partials = append(partials, Partial{out, s.input})
			roots = append(roots, s.value)
		}
	}
	return assemble(g, roots, p.numInputs), partials
}

// assemble orders the live nodes and gives them registers by linear scan.
func assemble(g *graph, roots []id, numInputs int) *Program {
	p := &Program{numInputs: numInputs, graph: g, roots: roots}
	last := make([]id, len(g.nodes)) // last user; 0 = dead, nodes never use later ones
	const forever = id(1<<31 - 1)
	for _, r := range roots {
		last[r] = forever
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		if last[i] == 0 {
			continue
		}
		for _, a := range g.nodes[i].operands() {
			last[a] = max(last[a], id(i))
		}
	}
	register := make([]int32, len(g.nodes))
	next := int32(numInputs)
	for i, n := range g.nodes {
		switch {
		case n.op == opInput:
			register[i] = int32(n.value)
		case n.op == opConst && last[i] != 0:
			register[i] = next
			p.constants = append(p.constants, n.value)
			next++
		}
	}
	var free []int32
	expiring := map[id][]int32{} // registers to release after a node
	for i, n := range g.nodes {
		if last[i] == 0 || n.op == opInput || n.op == opConst {
			continue
		}
		// Operands that die here may lend their register to the result: every
		// kernel allows dst to be an operand.
		free = append(free, expiring[id(i)]...)
		delete(expiring, id(i))
		var r int32
		if len(free) > 0 {
			sort.Slice(free, func(x, y int) bool { return free[x] > free[y] })
			r, free = free[len(free)-1], free[:len(free)-1]
		} else {
			r = next
			next++
		}
		register[i] = r
		if last[i] != forever {
			expiring[last[i]] = append(expiring[last[i]], r)
		}
		p.code = append(p.code, instruction{n.op, r, register[n.a], register[n.b], register[n.c]})
	}
	p.registers = int(next)
	for _, r := range roots {
		p.outputs = append(p.outputs, register[r])
	}
	return p
}

// operands returns the nodes that n reads.
func (n node) operands() []id {
	switch {
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
	memory  [][]float64
}

// NewMachine allocates a machine of the given number of lanes.
func (p *Program) NewMachine(lanes int) *Machine {
	m := &Machine{program: p, kernels: lane.Best(), lanes: lanes, memory: make([][]float64, p.registers)}
	arena := make([]float64, lanes*p.registers)
	for i := range m.memory {
		m.memory[i] = arena[i*lanes : (i+1)*lanes : (i+1)*lanes]
	}
	for k, v := range p.constants {
		r := m.memory[p.numInputs+k]
		for i := range r {
			r[i] = v
		}
	}
	return m
}

// Lanes is the number of lanes.
func (m *Machine) Lanes() int { return m.lanes }

// Input returns the lanes of input i, to be filled before Run. They keep their
// values from one Run to the next.
func (m *Machine) Input(i int) []float64 { return m.memory[i] }

// Output returns the lanes of output i as of the last Run. It may be the memory
// of an input or a constant, so it is only to be read.
func (m *Machine) Output(i int) []float64 { return m.memory[m.program.outputs[i]] }
