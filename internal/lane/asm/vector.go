package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// level is an instruction set. Its methods emit one operation on vectors of
// float64 each; results are new virtual registers unless a method's name says
// that it changes its first operand.
type level struct {
	suffix string
	width  int  // float64s a vector
	free   int  // registers that constants may still occupy in this function
	narrow bool // work on element 0 of an XMM, as its wide kin would
}

var levels = []*level{{suffix: "AVX2", width: 4}, {suffix: "AVX512", width: 8}}

func (l *level) wide() bool { return l.width == 8 }
func (l *level) bytes() int { return 8 * l.width }

func (l *level) register() VecVirtual {
	switch {
	case l.narrow:
		return XMM()
	case l.wide():
		return ZMM()
	}
	return YMM()
}

// full is a register of the level's own width.
func (l *level) full() VecVirtual {
	if l.wide() {
		return ZMM()
	}
	return YMM()
}

// fit makes an operand as wide as the operation.
func (l *level) fit(o Op) Op {
	if r, ok := o.(VecVirtual); ok && l.narrow {
		return r.AsX()
	}
	return o
}

// pool holds the constants of both levels, each repeated to the width of AVX2; at
// AVX-512 they are broadcast.
var pool = struct {
	symbol Mem
	index  map[uint64]int
	bits   []uint64
}{symbol: NewDataAddr(Symbol{Name: "constants", Static: true}, 0), index: map[uint64]int{}}

func poolAddress(bits uint64) Mem {
	i, ok := pool.index[bits]
	if !ok {
		i = len(pool.index)
		pool.index[bits] = i
		pool.bits = append(pool.bits, bits)
	}
	return pool.symbol.Offset(32 * i)
}

// writePool emits the constants after the functions that use them.
func writePool() {
	GLOBL("constants", attr.RODATA|attr.NOPTR)
	for i, bits := range pool.bits {
		for k := range 4 {
			// As an integer: avo writes F64(40) as 40, not as the bits of 40.0.
			DATA(32*i+8*k, U64(bits))
		}
	}
}

// constant is a value in every element of a vector.
type constant struct {
	l        *level
	address  Mem
	register VecVirtual
}

// constant is to be called before a loop, so that what it loads stays.
func (l *level) constant(v float64) constant { return l.bits(math.Float64bits(v)) }

func (l *level) bits(v uint64) constant {
	c := constant{l: l, address: poolAddress(v)}
	if l.free > 0 {
		l.free--
		c.register = l.register()
		VBROADCASTSD(c.address, c.register)
	}
	return c
}

func (l *level) constants(v []float64) []constant {
	list := make([]constant, len(v))
	for i, x := range v {
		list[i] = l.constant(x)
	}
	return list
}

// operand is what may stand as the last source of an instruction.
func (c constant) operand() Op {
	switch {
	case c.register != nil:
		return c.register
	case c.l.wide():
		return c.load()
	}
	return c.address
}

// load returns the constant in a register that may not be changed.
func (c constant) load() VecVirtual {
	if c.register != nil {
		return c.register
	}
	r := c.l.full()
	VBROADCASTSD(c.address, r)
	return r
}

// copy returns the constant in a register that may be changed.
func (c constant) copy() VecVirtual {
	r := c.l.full()
	if c.register != nil {
		VMOVAPD(c.register, r)
	} else {
		VBROADCASTSD(c.address, r)
	}
	return r
}

// source turns a register, address or constant into a last source.
func (l *level) source(x any) Op {
	switch x := x.(type) {
	case constant:
		return l.fit(x.operand())
	case Op:
		return l.fit(x)
	}
	panic(fmt.Sprintf("asm: %T is no operand", x))
}

// in turns it into a register that may not be changed.
func (l *level) in(x any) Op {
	if c, ok := x.(constant); ok {
		return l.fit(c.load())
	}
	return l.fit(x.(Op))
}

func (l *level) binary(f func(...Op), a, b any) VecVirtual {
	d := l.register()
	f(l.source(b), l.in(a), d)
	return d
}

func (l *level) add(a, b any) VecVirtual { return l.binary(func(o ...Op) { VADDPD(o...) }, a, b) }
func (l *level) sub(a, b any) VecVirtual { return l.binary(func(o ...Op) { VSUBPD(o...) }, a, b) }
func (l *level) mul(a, b any) VecVirtual { return l.binary(func(o ...Op) { VMULPD(o...) }, a, b) }
func (l *level) div(a, b any) VecVirtual { return l.binary(func(o ...Op) { VDIVPD(o...) }, a, b) }

// min and max return b where one of both is NaN or both are zeros.
func (l *level) min(a, b any) VecVirtual { return l.binary(func(o ...Op) { VMINPD(o...) }, a, b) }
func (l *level) max(a, b any) VecVirtual { return l.binary(func(o ...Op) { VMAXPD(o...) }, a, b) }

func (l *level) and(a, b any) VecVirtual { return l.binary(func(o ...Op) { VANDPD(o...) }, a, b) }
func (l *level) or(a, b any) VecVirtual  { return l.binary(func(o ...Op) { VORPD(o...) }, a, b) }
func (l *level) xor(a, b any) VecVirtual { return l.binary(func(o ...Op) { VXORPD(o...) }, a, b) }

// andNot is a without the bits of mask.
func (l *level) andNot(a any, mask any) VecVirtual {
	return l.binary(func(o ...Op) { VANDNPD(o...) }, mask, a)
}

func (l *level) addInt(a, b any) VecVirtual { return l.binary(func(o ...Op) { VPADDQ(o...) }, a, b) }
func (l *level) subInt(a, b any) VecVirtual { return l.binary(func(o ...Op) { VPSUBQ(o...) }, a, b) }

func (l *level) shiftLeft(a any, n uint8) VecVirtual {
	d := l.register()
	VPSLLQ(U8(n), l.in(a), d)
	return d
}

func (l *level) shiftRight(a any, n uint8) VecVirtual {
	d := l.register()
	VPSRLQ(U8(n), l.in(a), d)
	return d
}

func (l *level) sqrt(a any) VecVirtual {
	d := l.register()
	VSQRTPD(l.in(a), d)
	return d
}

// round and floor do not raise the inexact flag.
func (l *level) round(a any) VecVirtual { return l.rounded(a, 8) }
func (l *level) floor(a any) VecVirtual { return l.rounded(a, 9) }

func (l *level) rounded(a any, mode uint8) VecVirtual {
	d := l.register()
	if l.wide() {
		VRNDSCALEPD(U8(mode), l.in(a), d)
	} else {
		VROUNDPD(U8(mode), l.in(a), d)
	}
	return d
}

// accumulate changes c to a·b + c, subtract to c − a·b, step to c·a + b: one
// rounding each.
func (l *level) accumulate(c VecVirtual, a, b any) { VFMADD231PD(l.source(b), l.in(a), l.fit(c)) }
func (l *level) subtract(c VecVirtual, a, b any)   { VFNMADD231PD(l.source(b), l.in(a), l.fit(c)) }
func (l *level) step(c VecVirtual, a, b any)       { VFMADD213PD(l.source(b), l.in(a), l.fit(c)) }

// horner evaluates Σ c_i·xⁱ.
func (l *level) horner(x any, c []constant) VecVirtual {
	p := c[len(c)-1].copy()
	for i := len(c) - 2; i >= 0; i-- {
		l.step(p, x, c[i])
	}
	return p
}

// polynomial evaluates Σ c_i·xⁱ as two chains in x², even and odd powers, half as long
// as one: what a processor can overlap is bounded by how many operations wait.
func (l *level) polynomial(x, square any, c []constant) VecVirtual {
	var even, odd []constant
	for i, v := range c {
		if i%2 == 0 {
			even = append(even, v)
		} else {
			odd = append(odd, v)
		}
	}
	p, q := l.horner(square, odd), l.horner(square, even)
	l.step(p, x, q)
	return p
}

// Predicates of compare, false for NaN but for unordered.
const (
	isEqual     = 0x00
	isLess      = 0x11
	isLessEqual = 0x12
	isNotEqual  = 0x04 // true for NaN
	isGreater   = 0x1e
	notLess     = 0x05 // true for NaN
)

// compare returns a mask: a register of ones and zeros, or a mask register.
func (l *level) compare(a any, predicate uint8, b any) Op {
	if l.wide() {
		k := K()
		VCMPPD(U8(predicate), l.source(b), l.in(a), k)
		return k
	}
	d := l.register()
	VCMPPD(U8(predicate), l.source(b), l.in(a), d)
	return d
}

// choose is yes where the mask is set, else no.
func (l *level) choose(mask Op, yes, no any) VecVirtual {
	d := l.register()
	if l.wide() {
		VBLENDMPD(l.source(yes), l.in(no), mask, d)
	} else {
		VBLENDVPD(mask, l.source(yes), l.in(no), d)
	}
	return d
}

// only is x where the mask is set, else 0.
func (l *level) only(mask Op, x any) VecVirtual {
	d := l.register()
	if l.wide() {
		VMOVAPD_Z(l.in(x), mask, d)
	} else {
		VANDPD(l.source(x), mask, d)
	}
	return d
}

// negative is a mask of the elements whose top bit is set.
func (l *level) negative(x VecVirtual) Op {
	if l.wide() {
		k := K()
		VPMOVQ2M(x, k)
		return k
	}
	return x
}

func (l *level) zero() VecVirtual {
	d := l.register()
	VXORPD(d, d, d)
	return d
}

func (l *level) load(m Mem) VecVirtual {
	d := l.register()
	if l.narrow {
		VMOVSD(m, d)
	} else {
		VMOVUPD(m, d)
	}
	return d
}

func (l *level) store(x VecVirtual, m Mem) {
	if l.narrow {
		VMOVSD(x.AsX(), m)
	} else {
		VMOVUPD(x, m)
	}
}

func (l *level) broadcast(m Mem) VecVirtual {
	d := l.register()
	VBROADCASTSD(m, d)
	return d
}

// tailMask makes the mask of the first n < width elements.
func (l *level) tailMask(n Register) Op {
	if l.wide() {
		k, one, count := K(), GP32(), GP64()
		MOVQ(n, count)
		MOVL(U32(0xff), one)
		BZHIL(count.As32(), one, one)
		KMOVW(one, k)
		return k
	}
	d, at := l.register(), GP64()
	table := GP64()
	LEAQ(masks, table)
	MOVQ(U32(4), at)
	SUBQ(n, at)
	VMOVUPD(Mem{Base: table, Index: at, Scale: 8}, d)
	return d
}

// masks is four times all bits, then four times none.
var masks = NewDataAddr(Symbol{Name: "masks", Static: true}, 0)

func writeMasks() {
	GLOBL("masks", attr.RODATA|attr.NOPTR)
	for i := range 8 {
		v := uint64(0)
		if i < 4 {
			v = math.MaxUint64
		}
		DATA(8*i, U64(v))
	}
}

// loadMasked reads 0 where the mask is not set, and no memory there.
func (l *level) loadMasked(m Mem, mask Op) VecVirtual {
	d := l.register()
	if l.wide() {
		VMOVUPD_Z(m, mask, d)
	} else {
		VMASKMOVPD(m, mask, d)
	}
	return d
}

func (l *level) storeMasked(x VecVirtual, mask Op, m Mem) {
	if l.wide() {
		VMOVUPD(x, mask, m)
	} else {
		VMASKMOVPD(x, mask, m)
	}
}

// access reads and writes vectors in memory.
type access struct {
	load  func(Mem) VecVirtual
	store func(VecVirtual, Mem)
}

// whole touches all elements; of a narrow level its one.
func (l *level) whole() access { return access{l.load, l.store} }

// masked touches the elements of a mask alone.
func (l *level) masked(mask Op) access {
	return access{
		func(m Mem) VecVirtual { return l.loadMasked(m, mask) },
		func(x VecVirtual, m Mem) { l.storeMasked(x, mask, m) },
	}
}
