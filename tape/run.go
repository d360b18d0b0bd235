package tape

// Run computes the outputs from the inputs, in every lane. It does not
// allocate.
func (m *Machine) Run() {
	if m.neural != nil && m.neural.stale {
		m.neural.transpose(m.program)
	}
	r, k := m.memory, m.kernels
	for _, in := range m.program.code {
		dst, a, b := r[in.dst], r[in.a], r[in.b]
		switch in.op {
		case opAdd:
			k.Add(dst, a, b)
		case opSub:
			k.Sub(dst, a, b)
		case opMul:
			k.Mul(dst, a, b)
		case opDiv:
			k.Div(dst, a, b)
		case opPow:
			k.Pow(dst, a, b)
		case opMin:
			k.Min(dst, a, b)
		case opMax:
			k.Max(dst, a, b)
		case opAtan2:
			k.Atan2(dst, a, b)
		case opMod:
			k.Mod(dst, a, b)
		case opLess:
			k.Less(dst, a, b)
		case opLessEqual:
			k.LessEqual(dst, a, b)
		case opEqual:
			k.Equal(dst, a, b)
		case opSelect:
			k.Select(dst, a, b, r[in.c])
		case opNeg:
			k.Neg(dst, a)
		case opAbs:
			k.Abs(dst, a)
		case opSign:
			k.Sign(dst, a)
		case opHeaviside:
			k.Heaviside(dst, a)
		case opFloor:
			k.Floor(dst, a)
		case opSqrt:
			k.Sqrt(dst, a)
		case opExp:
			k.Exp(dst, a)
		case opLog:
			k.Log(dst, a)
		case opSin:
			k.Sin(dst, a)
		case opCos:
			k.Cos(dst, a)
		case opAsin:
			k.Asin(dst, a)
		case opAcos:
			k.Acos(dst, a)
		case opAtan:
			k.Atan(dst, a)
		case opSinh:
			k.Sinh(dst, a)
		case opCosh:
			k.Cosh(dst, a)
		case opTanh:
			k.Tanh(dst, a)
		case opLogistic:
			k.Logistic(dst, a)
		case opSoftplus:
			k.Softplus(dst, a)
		case opErf:
			k.Erf(dst, a)
		case opNeural:
			m.forward(&m.program.calls[in.dst])
		case opNeuralBack:
			m.back(&m.program.calls[in.dst])
		default:
			panic("tape: instruction without a kernel")
		}
	}
}
