// Package lane holds the kernels that work on lanes: one operation over many
// trajectories, in slices of equal length. All arithmetic of the engine passes
// through one Table, chosen once by whoever builds a machine; the pure Go table
// is the reference that faster ones are compared with.
//
// # Kernels
//
// internal/lane/asm, a module of its own, writes the assembly with avo (go generate ./internal/lane); govern
// builds without it. What comes out for an element depends on the element and the level alone: the tail of a
// slice goes through the same operations as its body, by masked loads and stores, and affine maps are one chain
// of fused multiply-adds an element whatever the tile. So lanes may be cut into blocks freely. Weight gradients
// keep eight partial sums a weight until the end of a gradient. Householder reflections of the elimination, a
// third of a discovery's time, are a kernel too. go run ./bench/gradient on one core of a Zen 4 server (which
// splits AVX-512 in two) gives 1.2–1.3 ms for the gradient of a network in an equation at AVX-512 and 1.45 at
// AVX2, 7 in portable Go; C++ for this one system takes 1.2–1.3 times as long with libm's tanh, 0.84–0.89 times
// with one that loses the digits of small arguments, PyTorch about 60 times. Levels differ in rounding (fused
// multiply-adds), so the level stands in a run's manifest, and resume refuses another one, with the setting that
// continues the run.
package lane

// Partials is the number of partial sums that a weight's gradient is kept in: the
// elements of the widest vector.
const Partials = 8

// Reduce adds the partial sums of WeightGradient to dst, one number a weight.
func Reduce(dst, sums []float64) {
	for j := range dst {
		s := (*[Partials]float64)(sums[Partials*j:])
		dst[j] += ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]))
	}
}

// Unary sets dst[i] = f(a[i]).
type Unary func(dst, a []float64)

// Binary sets dst[i] = f(a[i], b[i]).
type Binary func(dst, a, b []float64)

// Ternary sets dst[i] = f(a[i], b[i], c[i]).
type Ternary func(dst, a, b, c []float64)

// ActivationSlope sets y[i] = f(a[i]) and slope[i] = f'(a[i]); y may be a.
type ActivationSlope func(y, slope, a []float64)

// Table is one implementation of every kernel. Slices of a call have equal
// length; dst may be one of the operands but may not overlap it otherwise.
// NaN and ±Inf propagate as IEEE 754 says; the sign of a zero may differ between
// levels.
//
// What comes out for an element depends on the element and the level alone, not
// on where it stands in its slice: lanes may be cut into blocks as one likes.
type Table struct {
	Level string // "go", "avx2" or "avx512"; part of a run's manifest

	Add, Sub, Mul, Div, Min, Max, Pow, Atan2, Mod Binary
	Less, LessEqual, Equal                        Binary  // 1 where true, else 0
	MulAdd                                        Ternary // a·b + c
	Select                                        Ternary // b where a ≠ 0, else c

	Neg, Abs, Sign, Heaviside, Floor, Sqrt Unary
	Exp, Log, Sin, Cos, Asin, Acos, Atan   Unary
	Sinh, Cosh, Tanh, Logistic, Softplus   Unary
	Erf                                    Unary
	Accumulate                             Binary                                      // dst += a·b
	Scale                                  func(dst []float64, s float64)              // dst *= s
	Axpy                                   func(dst []float64, s float64, a []float64) // dst += s·a
	Combine                                func(dst, x, h, k []float64, c float64)     // dst = x + c·h·k: a Runge–Kutta stage

	Linear func(dst []float64, s float64, a []float64, c float64) // dst = s·a + c

	// Networks. A matrix of lanes is stored row after row, each row the lanes of one
	// value: element (i, l) at i·lanes + l.
	//
	// Affine sets dst = W·x + b: w is row-major, one row an output; x has inputs rows,
	// dst as many as there are outputs; b is nil for zeros. dst may not overlap x.
	Affine func(dst, w, b, x []float64, inputs, lanes int)
	// WeightGradient adds delta·xᵀ, sums over lanes in a fixed order, to the Partials
	// numbers that every weight of a row-major outputs × inputs matrix has in sums, for
	// Reduce to add up in the end.
	WeightGradient func(sums, delta, x []float64, inputs, lanes int)

	// Cubic sets dst = base + τ·(slope + τ·(curve + τ·jerk)) with τ = t − origin.
	Cubic func(dst, t, origin, base, slope, curve, jerk []float64)

	// Activations beside Tanh, Softplus and Sin, and those with their slopes in one
	// pass; tanh's slope comes from its value.
	Gelu, Rbf                                    Unary // a·Φ(a), exp(−a²)
	GeluSlope, RbfSlope, SinSlope, SoftplusSlope ActivationSlope
	TanhBack                                     func(d, y []float64) // d *= 1 − y²

	// The Rows kernels repeat the lanes of a over the rows of dst, x and b: element
	// i of these meets element i mod len(a).
	AccumulateRows func(dst, a, b []float64)               // dst += a·b
	CombineRows    func(dst, x, a, b []float64, c float64) // dst = x + c·a·b

	// Reflect applies a Householder reflection (head, v) to columns of a row-major
	// matrix with rows stride apart: top is the part of the pivot's row, and v the
	// matrix from the first factor on, v_r = v[r·stride], row_r = v[r·stride+1:] as
	// long as top. With w = beta·(head·top + Σ_r v_r·row_r), in the order of the rows,
	//
	//	top −= head·w,   row_r −= v_r·w.
	//
	// Rows with v_r = 0 are passed over. scratch is as long as top.
	Reflect func(top, v []float64, rows, stride int, head, beta float64, scratch []float64)
}
