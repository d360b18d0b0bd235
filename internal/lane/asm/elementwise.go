package main

import (
	"math"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// body computes the results of one vector from its sources, which it may change,
// and the scalars, which it may not.
type body func(sources, scalars []VecVirtual) []VecVirtual

// elementwise is a kernel that treats all elements alike.
type elementwise struct {
	name    string
	outputs []string
	sources []string // slices; one may be an output
	scalars []string
	doc     string
	unroll  int
	prepare func(l *level) body

	signature string // where it is not slices, then scalars
}

func unary(name, doc string, unroll int, prepare func(l *level) body) elementwise {
	return elementwise{name, []string{"dst"}, []string{"a"}, nil, doc, unroll, prepare, ""}
}

func binary(name, doc string, f func(l *level, a, b VecVirtual) VecVirtual) elementwise {
	return elementwise{name, []string{"dst"}, []string{"a", "b"}, nil, doc, 4, func(l *level) body {
		return func(x, _ []VecVirtual) []VecVirtual { return []VecVirtual{f(l, x[0], x[1])} }
	}, ""}
}

func slope(name, doc string, prepare func(l *level) body) elementwise {
	return elementwise{name, []string{"y", "slope"}, []string{"a"}, nil, doc, 1, prepare, ""}
}

func truth(name, doc string, predicate uint8) elementwise {
	return elementwise{name, []string{"dst"}, []string{"a", "b"}, nil, doc, 4, func(l *level) body {
		one := l.constant(1)
		return func(x, _ []VecVirtual) []VecVirtual {
			return []VecVirtual{l.only(l.compare(x[0], predicate, x[1]), one)}
		}
	}, ""}
}

var negativeZero = math.Copysign(0, -1)

// minimum is NaN where one of both is, and −0 where one of two zeros is: an or of
// both orders of VMINPD, which returns its second source in these cases.
func minimum(l *level, a, b VecVirtual) VecVirtual { return l.or(l.min(a, b), l.min(b, a)) }

func elementwiseKernels() []elementwise {
	return []elementwise{
		binary("add", "dst = a + b", func(l *level, a, b VecVirtual) VecVirtual { return l.add(a, b) }),
		binary("sub", "dst = a − b", func(l *level, a, b VecVirtual) VecVirtual { return l.sub(a, b) }),
		binary("mul", "dst = a·b", func(l *level, a, b VecVirtual) VecVirtual { return l.mul(a, b) }),
		binary("div", "dst = a/b", func(l *level, a, b VecVirtual) VecVirtual { return l.div(a, b) }),
		binary("min", "dst = min(a, b)", minimum),
		{"max", []string{"dst"}, []string{"a", "b"}, nil, "dst = max(a, b)", 4, func(l *level) body {
			sign := l.constant(negativeZero)
			return func(x, _ []VecVirtual) []VecVirtual {
				return []VecVirtual{l.xor(minimum(l, l.xor(x[0], sign), l.xor(x[1], sign)), sign)}
			}
		}, ""},
		truth("less", "dst = 1 where a < b, else 0", isLess),
		truth("lessEqual", "dst = 1 where a ≤ b, else 0", isLessEqual),
		truth("equal", "dst = 1 where a = b, else 0", isEqual),
		{"choose", []string{"dst"}, []string{"a", "b", "c"}, nil, "dst = b where a ≠ 0, else c", 4, func(l *level) body {
			zero := l.constant(0)
			return func(x, _ []VecVirtual) []VecVirtual {
				return []VecVirtual{l.choose(l.compare(x[0], isNotEqual, zero), x[1], x[2])}
			}
		}, ""},
		{"mulAdd", []string{"dst"}, []string{"a", "b", "c"}, nil, "dst = a·b + c", 4, func(l *level) body {
			return func(x, _ []VecVirtual) []VecVirtual {
				l.accumulate(x[2], x[0], x[1])
				return x[2:]
			}
		}, ""},
		unary("neg", "dst = −a", 4, func(l *level) body {
			sign := l.constant(negativeZero)
			return func(x, _ []VecVirtual) []VecVirtual { return []VecVirtual{l.xor(x[0], sign)} }
		}),
		unary("abs", "dst = |a|", 4, func(l *level) body {
			sign := l.constant(negativeZero)
			return func(x, _ []VecVirtual) []VecVirtual { return []VecVirtual{l.andNot(x[0], sign)} }
		}),
		unary("sqrt", "dst = √a", 4, func(l *level) body {
			return func(x, _ []VecVirtual) []VecVirtual { return []VecVirtual{l.sqrt(x[0])} }
		}),
		unary("floor", "dst = ⌊a⌋", 4, func(l *level) body {
			return func(x, _ []VecVirtual) []VecVirtual { return []VecVirtual{l.floor(x[0])} }
		}),
		{"accumulate", []string{"dst"}, []string{"dst", "a", "b"}, nil, "dst += a·b", 4, func(l *level) body {
			return func(x, _ []VecVirtual) []VecVirtual {
				l.accumulate(x[0], x[1], x[2])
				return x[:1]
			}
		}, ""},
		{"scale", []string{"dst"}, []string{"dst"}, []string{"s"}, "dst *= s", 4, func(l *level) body {
			return func(x, s []VecVirtual) []VecVirtual { return []VecVirtual{l.mul(x[0], s[0])} }
		}, ""},
		{"axpy", []string{"dst"}, []string{"dst", "a"}, []string{"s"}, "dst += s·a", 4, func(l *level) body {
			return func(x, s []VecVirtual) []VecVirtual {
				l.accumulate(x[0], x[1], s[0])
				return x[:1]
			}
		}, "func(dst []float64, s float64, a []float64)"},
		{"linear", []string{"dst"}, []string{"a"}, []string{"s", "c"}, "dst = s·a + c", 4, func(l *level) body {
			return func(x, s []VecVirtual) []VecVirtual {
				l.step(x[0], s[0], s[1])
				return x
			}
		}, "func(dst []float64, s float64, a []float64, c float64)"},
		{"combine", []string{"dst"}, []string{"x", "h", "k"}, []string{"c"}, "dst = x + c·h·k", 4, func(l *level) body {
			return func(x, s []VecVirtual) []VecVirtual {
				l.accumulate(x[0], l.mul(x[1], s[0]), x[2])
				return x[:1]
			}
		}, ""},
		{"cubic", []string{"dst"}, []string{"t", "origin", "base", "slope", "curve", "jerk"}, nil,
			"dst = base + τ·(slope + τ·(curve + τ·jerk)), τ = t − origin", 2, func(l *level) body {
				return func(x, _ []VecVirtual) []VecVirtual {
					tau, p := l.sub(x[0], x[1]), x[5]
					l.step(p, tau, x[4])
					l.step(p, tau, x[3])
					l.step(p, tau, x[2])
					return []VecVirtual{p}
				}
			}, ""},
		{"tanhBack", []string{"d"}, []string{"d", "y"}, nil, "d *= 1 − y²", 4, tanhBackKernel, ""},
		unary("exp", "dst = eᵃ", 1, expKernel),
		unary("log", "dst = log a", 1, logKernel),
		unary("tanh", "dst = tanh a", 1, tanhKernel),
		unary("logistic", "dst = 1/(1 + e⁻ᵃ)", 1, logisticKernel),
		unary("softplus", "dst = log(1 + eᵃ)", 1, softplusKernel),
		unary("rbf", "dst = e^−a²", 1, rbfKernel),
		unary("sinNear", "dst = sin a for |a| ≤ 2²⁰", 1, sinKernel),
		unary("cosNear", "dst = cos a for |a| ≤ 2²⁰", 1, cosKernel),
		slope("softplusSlope", "y = log(1 + eᵃ) and its slope", softplusSlopeKernel),
		slope("rbfSlope", "y = e^−a² and its slope", rbfSlopeKernel),
		slope("sinSlopeNear", "y = sin a and its slope for |a| ≤ 2²⁰", sinSlopeKernel),
	}
}

// begin opens a function of a level.
func (l *level) begin(name, signature, doc string) {
	TEXT(name+l.suffix, attr.NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + l.suffix + ": " + doc + ".")
	if l.free = 0; l.wide() {
		l.free = 22 // of 32, the rest for what comes and goes
	}
}

// emit writes the kernel for a level. Every element goes through the same
// operations wherever it stands: full vectors and the tail share the body.
func (k elementwise) emit(l *level) {
	names := append([]string(nil), k.outputs...)
	for _, s := range k.sources {
		if s != k.outputs[0] {
			names = append(names, s)
		}
	}
	parts := []string{strings.Join(names, ", ") + " []float64"}
	if len(k.scalars) > 0 {
		parts = append(parts, strings.Join(k.scalars, ", ")+" float64")
	}
	signature := "func(" + strings.Join(parts, ", ") + ")"
	if k.signature != "" {
		signature = k.signature
	}
	l.begin(k.name, signature, k.doc)
	n := Load(Param(names[0]).Len(), GP64())
	base := map[string]Register{}
	for i, s := range names {
		base[s] = Load(Param(s).Base(), GP64())
		if i > 0 { // the shortest slice counts
			other := Load(Param(s).Len(), GP64())
			CMPQ(other, n)
			CMOVQLT(other, n)
		}
	}
	var scalars []VecVirtual
	for _, s := range k.scalars {
		scalars = append(scalars, l.broadcast(address(s)))
	}
	f := k.prepare(l)
	i := GP64()
	XORQ(i, i)
	vector := func(by access, disp int) {
		at := func(s string) Mem { return Mem{Base: base[s], Index: i, Scale: 8, Disp: disp} }
		var x []VecVirtual
		for _, s := range k.sources {
			x = append(x, by.load(at(s)))
		}
		for o, y := range f(x, scalars) {
			by.store(y, at(k.outputs[o]))
		}
	}
	loop := func(label string, vectors int) {
		next := label + "Done"
		Label(label)
		CMPQ(n, U32(vectors*l.width))
		JL(LabelRef(next))
		for v := range vectors {
			vector(l.whole(), v*l.bytes())
		}
		ADDQ(U32(vectors*l.width), i)
		SUBQ(U32(vectors*l.width), n)
		JMP(LabelRef(label))
		Label(next)
	}
	if k.unroll > 1 {
		loop("blocks", k.unroll)
	}
	loop("vectors", 1)
	if k.unroll > 1 {
		l.elements(n, i, vector)
	} else {
		l.rest(n, vector)
	}
	VZEROUPPER()
	RET()
}

// rest treats the n elements that do not fill a vector as one.
func (l *level) rest(n Register, vector func(by access, disp int)) {
	TESTQ(n, n)
	JE(LabelRef("end"))
	vector(l.masked(l.tailMask(n)), 0)
	Label("end")
}

// elements treats them one after another: where a kernel is short, as with the single
// lane of one trajectory, masked stores cost more than they save, because processors do
// not forward them to the next load.
func (l *level) elements(n, i Register, vector func(by access, disp int)) {
	l.narrow = true
	Label("element")
	TESTQ(n, n)
	JE(LabelRef("end"))
	vector(l.whole(), 0)
	INCQ(i)
	DECQ(n)
	JMP(LabelRef("element"))
	Label("end")
	l.narrow = false
}
