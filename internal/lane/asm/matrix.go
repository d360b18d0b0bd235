package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tiles lists how many vectors of lanes a tile spans, widest first; 0 is one
// masked vector.
func (l *level) tiles(outputs int) []int {
	if outputs == 4 && !l.wide() {
		return []int{2, 1, 0}
	}
	return []int{4, 1, 0}
}

func pointer(name string) Register { return Load(Param(name), GP64()) }

func copyOf(r Register) GPVirtual {
	c := GP64()
	MOVQ(r, c)
	return c
}

// address is where a scalar parameter lies.
func address(name string) Mem {
	a, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return a.Addr
}

// sweep emits a loop over count elements for each of the widths in vectors, widest
// first; 0 is what is left, one masked vector. body does one block, of at least one
// vector, at the pointers, which move on behind it.
func (l *level) sweep(name string, count Register, widths []int, pointers []Register, body func(label string, wide int, by access)) {
	for _, wide := range widths {
		label := name + string(rune('0'+wide))
		Label(label)
		if wide == 0 {
			TESTQ(count, count)
			JE(LabelRef(label + "Done"))
			body(label, 1, l.masked(l.tailMask(count)))
		} else {
			span := wide * l.width
			CMPQ(count, U32(span))
			JL(LabelRef(label + "Done"))
			body(label, wide, l.whole())
			for _, p := range pointers {
				ADDQ(U32(8*span), p)
			}
			SUBQ(U32(span), count)
			JMP(LabelRef(label))
		}
		Label(label + "Done")
	}
}

// affine writes dst = W·x + b. A tile of outputs × vectors of lanes stays in
// registers while the inputs pass, so that every element is the same chain of fused
// multiply-adds, first b, then the inputs in order, in whatever tile it lies.
func affine(l *level) {
	l.begin("affine", "func(dst, w, b, x *float64, outputs, inputs, lanes int)", "dst = W·x + b; b may be nil")
	dst, w, b, x := pointer("dst"), pointer("w"), pointer("b"), pointer("x")
	outputs := Load(Param("outputs"), GP64())
	stride := Load(Param("lanes"), GP64()) // of rows in bytes
	SHLQ(U8(3), stride)
	for _, tall := range []int{4, 2, 1} {
		band := "band" + string(rune('0'+tall))
		Label(band)
		CMPQ(outputs, U32(tall))
		JL(LabelRef(band + "Done"))
		lanes, d, column := Load(Param("lanes"), GP64()), copyOf(dst), copyOf(x)
		l.sweep(band+"Lanes", lanes, l.tiles(tall), []Register{d, column}, func(label string, wide int, by access) {
			affineTile(l, label, tall, wide, d, w, b, column, stride, by)
		})
		inputs := Load(Param("inputs"), GP64())
		for range tall {
			ADDQ(stride, dst)
			LEAQ(Mem{Base: w, Index: inputs, Scale: 8}, w)
		}
		TESTQ(b, b)
		JE(LabelRef(band + "Next"))
		ADDQ(U32(8*tall), b)
		Label(band + "Next")
		SUBQ(U32(tall), outputs)
		JMP(LabelRef(band))
		Label(band + "Done")
	}
	VZEROUPPER()
	RET()
}

func affineTile(l *level, label string, tall, wide int, d, w, b, x, stride Register, by access) {
	row := GP64() // bytes of a row of W
	MOVQ(Load(Param("inputs"), GP64()), row)
	SHLQ(U8(3), row)
	sums := make([][]VecVirtual, tall)
	for o := range sums {
		for range wide {
			sums[o] = append(sums[o], l.register())
		}
	}
	TESTQ(b, b)
	JE(LabelRef(label + "Plain"))
	for o := range sums {
		for v := range wide {
			if v == 0 {
				VBROADCASTSD(Mem{Base: b, Disp: 8 * o}, sums[o][0])
			} else {
				VMOVAPD(sums[o][0], sums[o][v])
			}
		}
	}
	JMP(LabelRef(label + "Begin"))
	Label(label + "Plain")
	for o := range sums {
		for v := range wide {
			VXORPD(sums[o][v], sums[o][v], sums[o][v])
		}
	}
	Label(label + "Begin")
	left := Load(Param("inputs"), GP64())
	p, q, r := copyOf(w), copyOf(x), GP64() // r: three rows further
	if tall > 1 {
		LEAQ(Mem{Base: row, Index: row, Scale: 2}, r)
	}
	TESTQ(left, left)
	JE(LabelRef(label + "Store"))
	Label(label + "Input")
	var in []VecVirtual
	for v := range wide {
		in = append(in, by.load(Mem{Base: q, Disp: v * l.bytes()}))
	}
	for o := range tall {
		f := l.broadcast(rowAt(p, row, r, o))
		for v := range wide {
			VFMADD231PD(in[v], f, sums[o][v])
		}
	}
	ADDQ(Imm(8), p)
	ADDQ(stride, q)
	DECQ(left)
	JNE(LabelRef(label + "Input"))
	Label(label + "Store")
	to := copyOf(d)
	for o := range tall {
		for v := range wide {
			by.store(sums[o][v], Mem{Base: to, Disp: v * l.bytes()})
		}
		if o+1 < tall {
			ADDQ(stride, to)
		}
	}
}

// weightGradient adds delta·xᵀ to partial sums, 64 bytes a weight, of which a level
// uses one vector. A tile of four weights by four (two by four at AVX2) stays in
// registers while the lanes pass.
func weightGradient(l *level) {
	l.begin("weightGradient", "func(sums, delta, x *float64, outputs, inputs, lanes int)", "sums += delta·xᵀ, eight partial sums a weight")
	sums, delta := pointer("sums"), pointer("delta")
	outputs := Load(Param("outputs"), GP64())
	stride := Load(Param("lanes"), GP64())
	SHLQ(U8(3), stride)
	row := GP64()
	MOVQ(Load(Param("inputs"), GP64()), row)
	SHLQ(U8(6), row)
	heights := []int{4, 2, 1}
	if !l.wide() {
		heights = heights[1:]
	}
	for _, tall := range heights {
		band := "band" + string(rune('0'+tall))
		Label(band)
		CMPQ(outputs, U32(tall))
		JL(LabelRef(band + "Done"))
		left, x, g := Load(Param("inputs"), GP64()), pointer("x"), copyOf(sums)
		for _, wide := range []int{4, 3, 1} {
			label := band + "Inputs" + string(rune('0'+wide))
			Label(label)
			CMPQ(left, U32(wide))
			JL(LabelRef(label + "Done"))
			weightTile(l, label, tall, wide, g, row, delta, x, stride)
			ADDQ(U32(64*wide), g)
			for range wide {
				ADDQ(stride, x)
			}
			SUBQ(U32(wide), left)
			JMP(LabelRef(label))
			Label(label + "Done")
		}
		for range tall {
			ADDQ(stride, delta)
			ADDQ(row, sums)
		}
		SUBQ(U32(tall), outputs)
		JMP(LabelRef(band))
		Label(band + "Done")
	}
	VZEROUPPER()
	RET()
}

// rowAt addresses up to four rows at base, base + stride, …; triple is 3·stride.
func rowAt(base, stride, triple Register, i int) Mem {
	switch i {
	case 0:
		return Mem{Base: base}
	case 3:
		return Mem{Base: base, Index: triple, Scale: 1}
	}
	return Mem{Base: base, Index: stride, Scale: uint8(i)}
}

func weightTile(l *level, label string, tall, wide int, g, row, delta, x, stride Register) {
	sums := make([][]VecVirtual, tall)
	each := func(visit func(o, i int, m Mem)) {
		at := copyOf(g)
		for o := range tall {
			for i := range wide {
				visit(o, i, Mem{Base: at, Disp: 64 * i})
			}
			if o+1 < tall {
				ADDQ(row, at)
			}
		}
	}
	each(func(o, _ int, m Mem) { sums[o] = append(sums[o], l.load(m)) })
	d, p, lanes, triple := copyOf(delta), copyOf(x), Load(Param("lanes"), GP64()), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, triple)
	add := func(by access) {
		var ds []VecVirtual
		for o := range tall {
			ds = append(ds, by.load(rowAt(d, stride, triple, o)))
		}
		for i := range wide {
			v := by.load(rowAt(p, stride, triple, i))
			for o := range tall {
				VFMADD231PD(v, ds[o], sums[o][i])
			}
		}
	}
	Label(label + "Lanes")
	CMPQ(lanes, U32(l.width))
	JL(LabelRef(label + "Tail"))
	add(l.whole())
	ADDQ(U32(l.bytes()), d)
	ADDQ(U32(l.bytes()), p)
	SUBQ(U32(l.width), lanes)
	JMP(LabelRef(label + "Lanes"))
	Label(label + "Tail")
	TESTQ(lanes, lanes)
	JE(LabelRef(label + "Sum"))
	add(l.masked(l.tailMask(lanes)))
	Label(label + "Sum")
	each(func(o, i int, m Mem) { VMOVUPD(sums[o][i], m) })
}

// reflect applies a Householder reflection to columns of a row-major matrix: with
// w = beta·(head·top + Σ_r v_r·row_r), top −= head·w and row_r −= v_r·w, where v_r
// is the element before row_r. Rows with v_r = 0 are passed over. A column is one
// chain of operations, in the order of the rows, in whatever block it lies.
func reflect(l *level) {
	l.begin("reflect", "func(top, v *float64, columns, rows, stride int, head, beta float64)",
		"one Householder reflection; v is the first of the factors, stride elements apart")
	top, v := pointer("top"), pointer("v")
	columns := Load(Param("columns"), GP64())
	stride := Load(Param("stride"), GP64())
	SHLQ(U8(3), stride)
	head, beta := l.broadcast(address("head")), l.broadcast(address("beta"))
	zero := XMM()
	VXORPD(zero, zero, zero)
	at := GP64() // of the block's columns, in bytes after v
	MOVQ(U32(8), at)
	l.sweep("columns", columns, []int{4, 1, 0}, []Register{top, at}, func(label string, wide int, by access) {
		var w []VecVirtual
		for k := range wide {
			w = append(w, l.mul(by.load(Mem{Base: top, Disp: k * l.bytes()}), head))
		}
		pass := func(name string, row func(f VecVirtual, k int, m Mem)) {
			p, left := copyOf(v), Load(Param("rows"), GP64())
			Label(label + name)
			TESTQ(left, left)
			JE(LabelRef(label + name + "Done"))
			VUCOMISD(Mem{Base: p}, zero)
			JNE(LabelRef(label + name + "Row")) // NaN compares as equal but sets the parity
			JNP(LabelRef(label + name + "Next"))
			Label(label + name + "Row")
			f := l.broadcast(Mem{Base: p})
			for k := range wide {
				row(f, k, Mem{Base: p, Index: at, Scale: 1, Disp: k * l.bytes()})
			}
			Label(label + name + "Next")
			ADDQ(stride, p)
			DECQ(left)
			JMP(LabelRef(label + name))
			Label(label + name + "Done")
		}
		pass("Dot", func(f VecVirtual, k int, m Mem) { VFMADD231PD(by.load(m), f, w[k]) })
		for k := range wide {
			m := Mem{Base: top, Disp: k * l.bytes()}
			VMULPD(beta, w[k], w[k])
			t := by.load(m)
			VFNMADD231PD(w[k], head, t)
			by.store(t, m)
		}
		pass("Apply", func(f VecVirtual, k int, m Mem) {
			t := by.load(m)
			VFNMADD231PD(w[k], f, t)
			by.store(t, m)
		})
	})
	VZEROUPPER()
	RET()
}

// rowsKernel repeats the lanes of a over rows: accumulateRows and combineRows.
func rowsKernel(l *level, name, doc string, pointers []string, combine bool) {
	signature := "func("
	for i, p := range pointers {
		if i > 0 {
			signature += ", "
		}
		signature += p
	}
	signature += " *float64, rows, lanes int"
	if combine {
		signature += ", c float64"
	}
	l.begin(name, signature+")", doc)
	base := map[string]Register{}
	for _, p := range pointers {
		base[p] = pointer(p)
	}
	var c VecVirtual
	if combine {
		c = l.broadcast(address("c"))
	}
	rows, i := Load(Param("rows"), GP64()), GP64()
	lanes := GP64()
	source := pointers[1:]
	work := func(by access, disp int) {
		at := func(p string) Mem { return Mem{Base: base[p], Index: i, Scale: 8, Disp: disp} }
		if combine {
			t := l.mul(by.load(at("a")), c)
			x := by.load(at(source[0]))
			VFMADD231PD(by.load(at("b")), t, x)
			by.store(x, at("dst"))
			return
		}
		d := by.load(at("dst"))
		VFMADD231PD(by.load(at("a")), by.load(at("b")), d)
		by.store(d, at("dst"))
	}
	Label("row")
	TESTQ(rows, rows)
	JE(LabelRef("end"))
	MOVQ(Load(Param("lanes"), GP64()), lanes)
	XORQ(i, i)
	for _, wide := range []int{4, 1} {
		label := "vectors" + string(rune('0'+wide))
		Label(label)
		CMPQ(lanes, U32(wide*l.width))
		JL(LabelRef(label + "Done"))
		for k := range wide {
			work(l.whole(), k*l.bytes())
		}
		ADDQ(U32(wide*l.width), i)
		SUBQ(U32(wide*l.width), lanes)
		JMP(LabelRef(label))
		Label(label + "Done")
	}
	TESTQ(lanes, lanes)
	JE(LabelRef("next"))
	work(l.masked(l.tailMask(lanes)), 0)
	Label("next")
	bytes := Load(Param("lanes"), GP64())
	SHLQ(U8(3), bytes)
	for _, p := range pointers {
		if p != "a" {
			ADDQ(bytes, base[p])
		}
	}
	DECQ(rows)
	JMP(LabelRef("row"))
	Label("end")
	VZEROUPPER()
	RET()
}
