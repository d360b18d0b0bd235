package tape

import (
	"maps"
	"math"
	"slices"
)

// op is an operation of a tape.
type op uint8

const (
	opInput op = iota
	opConst
	opAdd
	opSub
	opMul
	opDiv
	opPow
	opMin
	opMax
	opAtan2
	opMod
	opLess
	opLessEqual
	opEqual
	opSelect
	opNeg
	opAbs
	opSign
	opHeaviside
	opFloor
	opSqrt
	opExp
	opLog
	opSin
	opCos
	opAsin
	opAcos
	opAtan
	opSinh
	opCosh
	opTanh
	opLogistic
	opSoftplus
	opErf
	opPart       // a: a node of several results, value: which
	opNeural     // value: number of a group
	opNeuralBack // value: number of a group
)

// id names a node of a graph. Nodes are numbered in the order in which they
// were built, so operands always have smaller numbers.
type id int32

// node is one operation on earlier nodes. Equal nodes are built once, which is
// the elimination of common subexpressions.
type node struct {
	op      op
	a, b, c id
	value   float64 // opConst; a number: opInput the input's, opPart the result's, opNeural… the group's
}

// graph builds nodes; it folds constants and drops what does nothing.
type graph struct {
	nodes  []node
	known  map[key]id
	groups []group
	memo   int // rows of lanes that the forward groups remember
}

// key is a node that can be compared: NaN constants too.
type key struct {
	op      op
	a, b, c id
	bits    uint64
}

func newGraph() *graph { return &graph{known: map[key]id{}} }

func (g *graph) clone() *graph {
	return &graph{slices.Clone(g.nodes), maps.Clone(g.known), slices.Clone(g.groups), g.memo}
}

func (g *graph) intern(n node) id {
	k := key{n.op, n.a, n.b, n.c, math.Float64bits(n.value)}
	if i, ok := g.known[k]; ok {
		return i
	}
	i := id(len(g.nodes))
	g.nodes = append(g.nodes, n)
	g.known[k] = i
	return i
}

func (g *graph) input(i int) id        { return g.intern(node{op: opInput, value: float64(i)}) }
func (g *graph) constant(v float64) id { return g.intern(node{op: opConst, value: v}) }

func (g *graph) isConst(i id) (float64, bool) {
	n := g.nodes[i]
	return n.value, n.op == opConst
}

func (g *graph) is(i id, v float64) bool {
	c, ok := g.isConst(i)
	return ok && c == v
}

func (g *graph) add(a, b id) id {
	switch {
	case g.is(a, 0):
		return b
	case g.is(b, 0):
		return a
	}
	if g.nodes[b].op == opNeg {
		return g.sub(a, g.nodes[b].a)
	}
	if a > b {
		a, b = b, a
	}
	return g.binary(opAdd, a, b)
}

func (g *graph) sub(a, b id) id {
	switch {
	case g.is(b, 0):
		return a
	case g.is(a, 0):
		return g.neg(b)
	case a == b:
		return g.constant(0)
	}
	return g.binary(opSub, a, b)
}

func (g *graph) mul(a, b id) id {
	switch {
	case g.is(a, 0) || g.is(b, 0):
		return g.constant(0)
	case g.is(a, 1):
		return b
	case g.is(b, 1):
		return a
	case g.is(a, -1):
		return g.neg(b)
	case g.is(b, -1):
		return g.neg(a)
	}
	if a > b {
		a, b = b, a
	}
	return g.binary(opMul, a, b)
}

func (g *graph) div(a, b id) id {
	switch {
	case g.is(b, 1):
		return a
	case g.is(a, 0):
		return a
	}
	if c, ok := g.isConst(b); ok && c != 0 && isPowerOfTwo(c) {
		return g.mul(a, g.constant(1/c)) // exact
	}
	return g.binary(opDiv, a, b)
}

func (g *graph) neg(a id) id {
	if g.nodes[a].op == opNeg {
		return g.nodes[a].a
	}
	return g.unary(opNeg, a)
}

// pow builds a^b; small whole exponents become products, which share factors.
func (g *graph) pow(a, b id) id {
	if c, ok := g.isConst(b); ok {
		switch {
		case c == 0.5:
			return g.unary(opSqrt, a)
		case c == math.Trunc(c) && math.Abs(c) <= 16:
			p := g.power(a, int(math.Abs(c)))
			if c < 0 {
				return g.div(g.constant(1), p)
			}
			return p
		}
	}
	return g.binary(opPow, a, b)
}

func (g *graph) power(a id, n int) id {
	switch {
	case n == 0:
		return g.constant(1)
	case n == 1:
		return a
	case n%2 == 1:
		return g.mul(a, g.power(a, n-1))
	}
	h := g.power(a, n/2)
	return g.mul(h, h)
}

func (g *graph) choose(cond, a, b id) id {
	if c, ok := g.isConst(cond); ok {
		if c != 0 {
			return a
		}
		return b
	}
	if a == b {
		return a
	}
	return g.intern(node{op: opSelect, a: cond, b: a, c: b})
}

func (g *graph) unary(o op, a id) id {
	if v, ok := g.isConst(a); ok {
		return g.constant(apply(o, v, 0))
	}
	return g.intern(node{op: o, a: a})
}

func (g *graph) binary(o op, a, b id) id {
	va, oka := g.isConst(a)
	vb, okb := g.isConst(b)
	if oka && okb {
		return g.constant(apply(o, va, vb))
	}
	return g.intern(node{op: o, a: a, b: b})
}

// apply folds one operation on numbers with the same kernels that run it.
func apply(o op, a, b float64) float64 {
	p := &Program{
		numInputs: 2, registers: 3, outputs: []int32{2},
		code: []instruction{{op: o, dst: 2, a: 0, b: 1}},
	}
	m := p.NewMachine(1)
	m.Input(0)[0], m.Input(1)[0] = a, b
	m.Run()
	return m.Output(0)[0]
}

func isPowerOfTwo(c float64) bool {
	f, _ := math.Frexp(c)
	return math.Abs(f) == 0.5
}
