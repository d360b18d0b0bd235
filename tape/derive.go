package tape

import "math"

// slope is one structurally nonzero partial derivative of a node.
type slope struct {
	input int // number among the inputs differentiated by
	value id
}

// derive extends the graph with the partial derivatives of every node by the
// inputs wrt (forward mode, sparse) and returns them for the nodes asked for,
// in the order of wrt; weights are numbered after the inputs. The source of the rules is any calculus text; at kinks
// (abs, min, max, heaviside, floor, if) the derivative is that of the branch
// taken.
func (g *graph) derive(of []id, wrt []int, inputs int) [][]slope {
	position := map[int]int{}
	for k, i := range wrt {
		position[i] = k
	}
	top := id(0)
	for _, o := range of {
		top = max(top, o)
	}
	slopes := make([][]slope, top+1)
	for i := id(0); i <= top; i++ {
		n := g.nodes[i]
		switch n.op {
		case opConst, opLess, opLessEqual, opEqual, opSign, opHeaviside, opFloor, opNeural, opNeuralBack:
		case opPart:
			_, o := g.partOf(n)
			slopes[i] = g.groupSlopes(n.a, o, slopes, position, inputs)
		case opInput:
			if k, ok := position[int(n.value)]; ok {
				slopes[i] = []slope{{k, g.constant(1)}}
			}
		case opAdd:
			slopes[i] = g.combine(g.constant(1), slopes[n.a], g.constant(1), slopes[n.b])
		case opSub:
			slopes[i] = g.combine(g.constant(1), slopes[n.a], g.constant(-1), slopes[n.b])
		case opSelect:
			slopes[i] = g.branch(n.a, slopes[n.b], slopes[n.c])
		default:
			if len(slopes[n.a]) == 0 && len(slopes[n.b]) == 0 {
				continue
			}
			da, db := g.rule(i, n)
			slopes[i] = g.combine(da, slopes[n.a], db, slopes[n.b])
		}
	}
	out := make([][]slope, len(of))
	for k, o := range of {
		out[k] = slopes[o]
	}
	return out
}

// rule returns ∂n/∂a and ∂n/∂b of a smooth operation.
func (g *graph) rule(i id, n node) (da, db id) {
	zero, one := g.constant(0), g.constant(1)
	a, b := n.a, n.b
	square := func(v id) id { return g.mul(v, v) }
	switch n.op {
	case opMul:
		return b, a
	case opDiv:
		return g.div(one, b), g.neg(g.div(i, b))
	case opPow:
		return g.mul(b, g.pow(a, g.sub(b, one))), g.mul(i, g.unary(opLog, a))
	case opMin:
		first := g.binary(opLess, a, b)
		return first, g.sub(one, first)
	case opMax:
		first := g.binary(opLess, b, a)
		return first, g.sub(one, first)
	case opAtan2:
		r := g.add(square(a), square(b))
		return g.div(b, r), g.neg(g.div(a, r))
	case opMod:
		return one, g.neg(g.unary(opFloor, g.div(a, b)))
	case opNeg:
		return g.constant(-1), zero
	case opAbs:
		return g.unary(opSign, a), zero
	case opSqrt:
		return g.div(g.constant(0.5), i), zero
	case opExp:
		return i, zero
	case opLog:
		return g.div(one, a), zero
	case opSin:
		return g.unary(opCos, a), zero
	case opCos:
		return g.neg(g.unary(opSin, a)), zero
	case opAsin:
		return g.div(one, g.unary(opSqrt, g.sub(one, square(a)))), zero
	case opAcos:
		return g.div(g.constant(-1), g.unary(opSqrt, g.sub(one, square(a)))), zero
	case opAtan:
		return g.div(one, g.add(one, square(a))), zero
	case opSinh:
		return g.unary(opCosh, a), zero
	case opCosh:
		return g.unary(opSinh, a), zero
	case opTanh:
		return g.sub(one, square(i)), zero
	case opLogistic:
		return g.mul(i, g.sub(one, i)), zero
	case opSoftplus:
		return g.unary(opLogistic, a), zero
	case opErf:
		return g.mul(g.constant(2/math.SqrtPi), g.unary(opExp, g.neg(square(a)))), zero
	}
	panic("tape: operation without a derivative rule")
}

// combine returns fa·a + fb·b of two sparse gradients, both sorted by input.
func (g *graph) combine(fa id, a []slope, fb id, b []slope) []slope {
	out := make([]slope, 0, len(a)+len(b))
	put := func(input int, v id) {
		if !g.is(v, 0) {
			out = append(out, slope{input, v})
		}
	}
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].input < b[0].input:
			put(a[0].input, g.mul(fa, a[0].value))
			a = a[1:]
		case len(a) == 0 || b[0].input < a[0].input:
			put(b[0].input, g.mul(fb, b[0].value))
			b = b[1:]
		default:
			put(a[0].input, g.add(g.mul(fa, a[0].value), g.mul(fb, b[0].value)))
			a, b = a[1:], b[1:]
		}
	}
	return out
}

// branch is the gradient of if(cond, a, b).
func (g *graph) branch(cond id, a, b []slope) []slope {
	var out []slope
	zero := g.constant(0)
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].input < b[0].input:
			out = append(out, slope{a[0].input, g.choose(cond, a[0].value, zero)})
			a = a[1:]
		case len(a) == 0 || b[0].input < a[0].input:
			out = append(out, slope{b[0].input, g.choose(cond, zero, b[0].value)})
			b = b[1:]
		default:
			out = append(out, slope{a[0].input, g.choose(cond, a[0].value, b[0].value)})
			a, b = a[1:], b[1:]
		}
	}
	return out
}
