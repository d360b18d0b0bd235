package lane

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// fast returns the levels beside the reference.
func fast(t testing.TB) []*Table {
	all := tables()
	if len(all) == 1 {
		t.Skip("this machine runs the reference alone")
	}
	return all[1:]
}

// kernel is an elementwise kernel under its name: results from sources, which it may not
// change.
type kernel struct {
	name             string
	results, sources int
	ulps             float64 // allowed distance from the reference, of want
	absolute         float64 // and of 1, for functions whose reference loses digits near a zero
	run              func(k *Table, y, x [][]float64)
	// size bounds what rounding is in proportion to, where it is not the result: a fused
	// product and sum round once, the reference twice.
	size func(x []float64) float64
}

const scalarS, scalarC = -1.7, 0.3

func kernels() []kernel {
	unary := func(name string, ulps, absolute float64, f func(*Table) Unary) kernel {
		return kernel{name, 1, 1, ulps, absolute, func(k *Table, y, x [][]float64) { f(k)(y[0], x[0]) }, nil}
	}
	binary := func(name string, f func(*Table) Binary) kernel {
		return kernel{name, 1, 2, 0, 0, func(k *Table, y, x [][]float64) { f(k)(y[0], x[0], x[1]) }, nil}
	}
	slope := func(name string, ulps, absolute float64, f func(*Table) ActivationSlope) kernel {
		return kernel{name, 2, 1, ulps, absolute, func(k *Table, y, x [][]float64) { f(k)(y[0], y[1], x[0]) }, nil}
	}
	sum := func(a, b, c float64) float64 { return math.Abs(a*b) + math.Abs(c) }
	return []kernel{
		binary("Add", func(k *Table) Binary { return k.Add }), binary("Sub", func(k *Table) Binary { return k.Sub }),
		binary("Mul", func(k *Table) Binary { return k.Mul }), binary("Div", func(k *Table) Binary { return k.Div }),
		binary("Min", func(k *Table) Binary { return k.Min }), binary("Max", func(k *Table) Binary { return k.Max }),
		binary("Less", func(k *Table) Binary { return k.Less }), binary("Equal", func(k *Table) Binary { return k.Equal }),
		binary("LessEqual", func(k *Table) Binary { return k.LessEqual }),
		{"Select", 1, 3, 0, 0, func(k *Table, y, x [][]float64) { k.Select(y[0], x[0], x[1], x[2]) }, nil},
		{"MulAdd", 1, 3, 2, 0, func(k *Table, y, x [][]float64) { k.MulAdd(y[0], x[0], x[1], x[2]) },
			func(x []float64) float64 { return sum(x[0], x[1], x[2]) }},
		{"Accumulate", 1, 3, 2, 0, func(k *Table, y, x [][]float64) {
			copy(y[0], x[2])
			k.Accumulate(y[0], x[0], x[1])
		}, func(x []float64) float64 { return sum(x[0], x[1], x[2]) }},
		{"Combine", 1, 3, 3, 0, func(k *Table, y, x [][]float64) { k.Combine(y[0], x[0], x[1], x[2], scalarC) },
			func(x []float64) float64 { return sum(scalarC*x[1], x[2], x[0]) }},
		{"Axpy", 1, 2, 2, 0, func(k *Table, y, x [][]float64) {
			copy(y[0], x[1])
			k.Axpy(y[0], scalarS, x[0])
		}, func(x []float64) float64 { return sum(scalarS, x[0], x[1]) }},
		{"Linear", 1, 1, 2, 0, func(k *Table, y, x [][]float64) { k.Linear(y[0], scalarS, x[0], scalarC) },
			func(x []float64) float64 { return sum(scalarS, x[0], scalarC) }},
		{"Scale", 1, 1, 0, 0, func(k *Table, y, x [][]float64) {
			copy(y[0], x[0])
			k.Scale(y[0], scalarS)
		}, nil},
		{"TanhBack", 1, 2, 2, 0, func(k *Table, y, x [][]float64) {
			copy(y[0], x[0])
			k.TanhBack(y[0], x[1])
		}, func(x []float64) float64 { return math.Abs(x[0]) * (1 + x[1]*x[1]) }},
		{"Cubic", 1, 2, 6, 0, func(k *Table, y, x [][]float64) { k.Cubic(y[0], x[0], x[1], x[1], x[0], x[1], x[0]) },
			func(x []float64) float64 {
				a, tau := math.Abs(x[0])+math.Abs(x[1]), math.Abs(x[0])+math.Abs(x[1])
				return a + tau*(a+tau*(a+tau*a))
			}},
		unary("Neg", 0, 0, func(k *Table) Unary { return k.Neg }), unary("Abs", 0, 0, func(k *Table) Unary { return k.Abs }),
		unary("Sqrt", 0, 0, func(k *Table) Unary { return k.Sqrt }), unary("Floor", 0, 0, func(k *Table) Unary { return k.Floor }),
		unary("Exp", 3, 0, func(k *Table) Unary { return k.Exp }), unary("Log", 3, 0, func(k *Table) Unary { return k.Log }),
		unary("Tanh", 6, 0, func(k *Table) Unary { return k.Tanh }),
		unary("Logistic", 5, 0, func(k *Table) Unary { return k.Logistic }),
		unary("Softplus", 4, 0, func(k *Table) Unary { return k.Softplus }),
		unary("Rbf", 3, 0, func(k *Table) Unary { return k.Rbf }),
		unary("Sin", 3, 3, func(k *Table) Unary { return k.Sin }), unary("Cos", 3, 3, func(k *Table) Unary { return k.Cos }),
		slope("SoftplusSlope", 5, 0, func(k *Table) ActivationSlope { return k.SoftplusSlope }),
		slope("RbfSlope", 5, 0, func(k *Table) ActivationSlope { return k.RbfSlope }),
		slope("SinSlope", 3, 3, func(k *Table) ActivationSlope { return k.SinSlope }),
	}
}

// special are the values at which kernels break.
var special = []float64{
	0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, math.NaN(), math.Inf(1), math.Inf(-1),
	math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1022, -0x1p-1022, 0x1p-1030, 0x1.fffffffffffffp-1023,
	math.MaxFloat64, -math.MaxFloat64, 1e-300, 1e-17, -1e-17, 1e-8, 0.3465, 0.3467, -0.3466,
	math.Sqrt2, math.Sqrt2 / 2, 0.7071, 0.41421356, 0.881373587, -0.881373587,
	709.78, 709.79, 710, -708.4, -709, -744.4, -745.13, -745.14, -746, -750, 26.6, 27.3, -27.3, 19.06, 20, -20, 21, 40, 1e4,
	math.Pi, -math.Pi, math.Pi / 2, 3 * math.Pi / 4, 1e5, -1e6, 1 << 20, -(1 << 20), 1<<20 + 1, 1e9, 1e15, 1e22, 1e300,
}

// inputs returns sources with every pair of special values in it, and random ones of all sizes.
func inputs(rng *rand.Rand, sources int) [][]float64 {
	x := make([][]float64, sources)
	for _, a := range special {
		for _, b := range special {
			x[0] = append(x[0], a)
			for s := 1; s < sources; s++ {
				x[s] = append(x[s], b)
			}
		}
	}
	for range 3000 {
		for s := range x {
			v := rng.NormFloat64()
			switch rng.IntN(4) {
			case 0:
				v *= 30
			case 1:
				v = math.Ldexp(v, rng.IntN(2100)-1050)
			case 2:
				v *= 700
			}
			x[s] = append(x[s], v)
		}
	}
	return x
}

func rows(n, length int) [][]float64 {
	y := make([][]float64, n)
	for i := range y {
		y[i] = make([]float64, length)
	}
	return y
}

// differs compares results of kernel c from x.
func (c kernel) differs(got, want float64, x []float64) bool {
	if c.size != nil && math.IsInf(c.size(x), 0) {
		return false // the product overflows by itself, but not within a fused operation
	}
	if math.IsNaN(got) || math.IsNaN(want) {
		return math.IsNaN(got) != math.IsNaN(want)
	}
	if got == want {
		return false
	}
	scale := math.Abs(want)
	if c.size != nil {
		scale = max(scale, c.size(x))
	}
	if math.IsInf(scale, 0) { // by rounding
		return !(math.Abs(got) > math.MaxFloat64*(1-1e-15))
	}
	const unit = 0x1p-52
	// A denormal result is off by a few of the smallest numbers.
	return !(math.Abs(got-want) <= c.ulps*unit*scale+c.absolute*unit+4*math.SmallestNonzeroFloat64)
}

// check runs all kernels on x and compares them with the reference.
func checkLevels(t testing.TB, levels []*Table, sources func(n int) [][]float64) {
	pure := Pure()
	for _, c := range kernels() {
		x := sources(c.sources)
		n := len(x[0])
		want := rows(c.results, n)
		c.run(pure, want, x)
		for _, k := range levels {
			got := rows(c.results, n)
			c.run(k, got, x)
			failed := 0
			for r := range got {
				for i := range n {
					var at []float64
					for _, s := range x {
						at = append(at, s[i])
					}
					if failed < 5 && c.differs(got[r][i], want[r][i], at) {
						t.Errorf("%s, %s of %v: result %d is %.17g, want %.17g", k.Level, c.name, at, r, got[r][i], want[r][i])
						failed++
					}
				}
			}
		}
	}
}

func TestLevelsAgreeWithTheReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	checkLevels(t, fast(t), func(n int) [][]float64 { return inputs(rng, n) })
}

func FuzzLevels(f *testing.F) {
	f.Add(0.5, -1e300, math.NaN())
	f.Add(709.9, 1e-310, math.Inf(-1))
	levels := fast(f)
	f.Fuzz(func(t *testing.T, a, b, c float64) {
		checkLevels(t, levels, func(n int) [][]float64 { return [][]float64{{a, b, c}, {b, c, a}, {c, a, b}}[:n] })
	})
}

func sameBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// Blocks of lanes are cut differently for different loads, and no cut may show.
func TestResultsDoNotDependOnThePositionInTheSlice(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, c := range kernels() {
		x := inputs(rng, c.sources)
		n := len(x[0])
		for _, k := range tables() {
			whole := rows(c.results, n)
			c.run(k, whole, x)
			for at, step := 0, 0; at < n; at, step = at+step, step%37+1 { // cuts of 1 to 37
				to := min(at+step, n)
				part, y := make([][]float64, len(x)), rows(c.results, to-at)
				for s := range x {
					part[s] = x[s][at:to]
				}
				c.run(k, y, part)
				for r := range y {
					for i, v := range y[r] {
						if !sameBits(v, whole[r][at+i]) {
							t.Fatalf("%s, %s: element %d of %d is %x, of the whole %x", k.Level, c.name, i, to-at, v, whole[r][at+i])
						}
					}
				}
			}
		}
	}
}

// What lies beyond a slice must stay, whatever its length and alignment.
func TestKernelsWriteNothingBeyondTheirSlices(t *testing.T) {
	const guard = 1234.5
	rng := rand.New(rand.NewPCG(7, 8))
	for _, c := range kernels() {
		all := inputs(rng, c.sources)
		for _, k := range tables() {
			for n := range 70 {
				x, y, room := make([][]float64, c.sources), make([][]float64, c.results), make([][]float64, c.results)
				for s := range x {
					x[s] = all[s][s+3 : s+3+n]
				}
				for r := range y {
					room[r] = slices.Repeat([]float64{guard}, n+2)
					y[r] = room[r][1 : n+1]
				}
				c.run(k, y, x)
				for r := range room {
					if room[r][0] != guard || room[r][n+1] != guard {
						t.Fatalf("%s, %s of %d elements wrote beyond its slice", k.Level, c.name, n)
					}
				}
			}
		}
	}
}

func TestResultsMayReplaceTheirSources(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, k := range tables() {
		for name, f := range map[string]Unary{"Exp": k.Exp, "Sin": k.Sin, "Tanh": k.Tanh, "Log": k.Log} {
			x := inputs(rng, 1)[0]
			want := make([]float64, len(x))
			f(want, x)
			f(x, x)
			if !slices.EqualFunc(x, want, sameBits) {
				t.Errorf("%s: %s in place differs", k.Level, name)
			}
		}
		for name, f := range map[string]ActivationSlope{"RbfSlope": k.RbfSlope, "SinSlope": k.SinSlope, "SoftplusSlope": k.SoftplusSlope} {
			x := inputs(rng, 1)[0]
			y, s, again := make([]float64, len(x)), make([]float64, len(x)), make([]float64, len(x))
			f(y, s, x)
			f(x, again, x)
			if !slices.EqualFunc(x, y, sameBits) || !slices.EqualFunc(s, again, sameBits) {
				t.Errorf("%s: %s in place differs", k.Level, name)
			}
		}
	}
}

// The relative error of tanh and exp, against what Go's library computes from the same
// argument in two halves, is bounded where networks work; 3e-16 is 1.35 ulp.
func TestTanhIsRightToThreeUnits(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	a := make([]float64, 20000)
	for i := range a {
		a[i] = rng.NormFloat64() * math.Exp(rng.NormFloat64()*3)
	}
	for _, k := range fast(t) {
		y := make([]float64, len(a))
		k.Tanh(y, a)
		for i, v := range a {
			m := math.Expm1(2 * math.Abs(v))
			want := math.Copysign(m/(m+2), v)
			if math.Abs(v) > 20 {
				want = math.Copysign(1, v)
			}
			if !(math.Abs(y[i]-want) <= 6e-16*math.Abs(want)) {
				t.Fatalf("%s: tanh(%g) = %.17g, want %.17g", k.Level, v, y[i], want)
			}
		}
	}
}

func TestMatrixKernelsDoNotDependOnTheCutOfLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	const outputs, inputs, lanes = 7, 5, 75
	w, b, x := random(rng, outputs*inputs), random(rng, outputs), random(rng, inputs*lanes)
	for _, k := range tables() {
		whole := make([]float64, outputs*lanes)
		k.Affine(whole, w, b, x, inputs, lanes)
		for width := 1; width < lanes; width++ {
			for at := 0; at < lanes; at += width {
				n := min(width, lanes-at)
				part, y := make([]float64, inputs*n), make([]float64, outputs*n)
				for i := range inputs {
					copy(part[i*n:(i+1)*n], x[i*lanes+at:])
				}
				k.Affine(y, w, b, part, inputs, n)
				for o := range outputs {
					if !slices.Equal(y[o*n:(o+1)*n], whole[o*lanes+at:][:n]) {
						t.Fatalf("%s: lanes %d to %d of output %d differ", k.Level, at, at+n, o)
					}
				}
			}
		}
	}
}

func TestRowsKernelsRepeatTheirLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, k := range tables() {
		for _, lanes := range []int{1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 33, 40, 64} {
			for _, n := range []int{0, 1, 2, 5} {
				a, b, x := random(rng, lanes), random(rng, n*lanes), random(rng, n*lanes)
				sum, combined := slices.Clone(x), make([]float64, n*lanes)
				k.AccumulateRows(sum, a, b)
				k.CombineRows(combined, x, a, b, 0.5)
				for i := range x {
					for what, pair := range map[string][2]float64{
						"accumulated": {sum[i], x[i] + a[i%lanes]*b[i]}, "combined": {combined[i], x[i] + 0.5*a[i%lanes]*b[i]},
					} {
						if math.Abs(pair[0]-pair[1]) > 1e-14 {
							t.Fatalf("%s, %d rows of %d lanes: %s[%d] = %g, want %g", k.Level, n, lanes, what, i, pair[0], pair[1])
						}
					}
				}
			}
		}
	}
}

// A reflection is orthogonal: it keeps the norm of every column, and its definition.
func TestReflectMatchesItsDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for _, k := range tables() {
		for _, columns := range []int{0, 1, 3, 4, 8, 9, 33, 70} {
			for _, count := range []int{0, 1, 2, 9} {
				stride := columns + 3
				v, top := random(rng, count*stride+1), random(rng, columns)
				if count > 1 {
					v[stride] = 0
				}
				head, beta := rng.NormFloat64(), rng.Float64()
				wantTop, want := slices.Clone(top), slices.Clone(v)
				for i := range columns {
					w := head * top[i]
					for r := range count {
						w += v[r*stride] * v[r*stride+1+i]
					}
					wantTop[i] -= head * beta * w
					for r := range count {
						want[r*stride+1+i] -= v[r*stride] * beta * w
					}
				}
				k.Reflect(top, v, count, stride, head, beta, make([]float64, columns))
				for i := range want {
					if math.Abs(v[i]-want[i]) > 1e-13 {
						t.Fatalf("%s, %d×%d: element %d is %g, want %g", k.Level, count, columns, i, v[i], want[i])
					}
				}
				for i := range wantTop {
					if math.Abs(top[i]-wantTop[i]) > 1e-13 {
						t.Fatalf("%s, %d×%d: top %d is %g, want %g", k.Level, count, columns, i, top[i], wantTop[i])
					}
				}
			}
		}
	}
}

// Factors of zero pass a row over, so what stands there cannot spoil others; NaN does not.
func TestReflectPassesOverZerosAlone(t *testing.T) {
	for _, k := range tables() {
		top, v := []float64{1}, []float64{0, math.Inf(1), 2, 3}
		k.Reflect(top, v, 2, 2, 1, 1, make([]float64, 1))
		if want := []float64{0, math.Inf(1), 2, 3 - 2*7}; top[0] != 1-7 || !slices.Equal(v, want) {
			t.Errorf("%s: top %v, rows %v, want %v", k.Level, top, v, want)
		}
		top, v = []float64{1}, []float64{math.NaN(), 3}
		k.Reflect(top, v, 1, 2, 1, 1, make([]float64, 1))
		if !math.IsNaN(top[0]) {
			t.Errorf("%s: a factor of NaN gives %g", k.Level, top[0])
		}
	}
}

func TestShortMatricesPanicInsteadOfReadingBeyond(t *testing.T) {
	for _, k := range tables() {
		for name, f := range map[string]func(){
			"weights": func() { k.Affine(make([]float64, 16), make([]float64, 3), nil, make([]float64, 16), 2, 8) },
			"lanes":   func() { k.WeightGradient(make([]float64, 4*Partials), make([]float64, 16), make([]float64, 15), 2, 8) },
			"rows":    func() { k.AccumulateRows(make([]float64, 16), make([]float64, 8), make([]float64, 8)) },
			"matrix":  func() { k.Reflect(make([]float64, 4), slices.Repeat([]float64{1}, 6), 2, 5, 1, 1, make([]float64, 4)) },
		} {
			t.Run(fmt.Sprint(k.Level, " ", name), func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				f()
			})
		}
	}
}

func TestKernelsDoNotAllocate(t *testing.T) {
	x, y := make([]float64, 67), make([]float64, 67)
	for _, k := range tables() {
		n := testing.AllocsPerRun(10, func() {
			k.Add(y, x, x)
			k.Tanh(y, x)
			k.Sin(y, x)
			k.Affine(y[:16], x[:4], nil, x[:16], 2, 8)
			k.AccumulateRows(y[:64], x[:16], x[:64])
			k.Reflect(x[:3], y[:20], 4, 5, 1, 1, x[10:13])
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", k.Level, n)
		}
	}
}

func TestUnknownLevelsAreRefusedWithAdvice(t *testing.T) {
	_, err := Level("sse9")
	var e *LevelError
	if !errors.As(err, &e) || e.Level != "sse9" || e.Levels[0] != "go" || e.Advice() == "" {
		t.Fatalf("%v", err)
	}
	for _, name := range Levels() {
		if k, err := Level(name); err != nil || k.Level != name {
			t.Errorf("level %s: %v", name, err)
		}
	}
	if k, err := Level(""); err != nil || k.Level != Levels()[len(Levels())-1] {
		t.Errorf("the fastest is not the last: %v", err)
	}
}
