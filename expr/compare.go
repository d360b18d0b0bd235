package expr

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
)

// Identical reports whether a and b are the same tree, wherever they stood.
func Identical(a, b *Expr) bool {
	type pair struct{ a, b *Expr }
	same := map[pair]bool{}
	var visit func(a, b *Expr) bool
	visit = func(a, b *Expr) bool {
		if a == b || same[pair{a, b}] {
			return true
		}
		if a.Kind != b.Kind || a.Ident != b.Ident || a.Value != b.Value || len(a.Args) != len(b.Args) {
			return false
		}
		for i := range a.Args {
			if !visit(a.Args[i], b.Args[i]) {
				return false
			}
		}
		same[pair{a, b}] = true
		return true
	}
	return visit(a, b)
}

// Equivalent reports whether a and b are the same formula: their canonical
// forms agree, or else their values do to 1e-9 of the size of their terms, at
// random places (always the same ones) of several sizes and signs. Unknowns are
// compared as functions about which nothing is known.
func Equivalent(a, b *Expr) bool {
	x, y := Simplify(a), Simplify(b)
	return Identical(x, y) || agree(concrete(x), concrete(y))
}

const (
	probes    = 200 // places tried
	enough    = 8   // places where both must have a value
	agreement = 1e-9
)

func agree(a, b *Expr) bool {
	left, right := Terms(a), Terms(b)
	names := Names(Binary(Sub, a, b))
	random := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for probe := range probes {
		place := map[string]float64{}
		for _, name := range names {
			place[name] = probeValue(random, probe)
		}
		x, sizeX := total(left, place)
		y, sizeY := total(right, place)
		if math.IsNaN(x) != math.IsNaN(y) {
			return false
		}
		if size := sizeX + sizeY; !math.IsNaN(size) && !math.IsInf(size, 0) {
			if math.Abs(x-y) > agreement*size {
				return false
			}
			compared++
		}
	}
	return compared >= enough
}

// probeValue draws values near 1 of both signs, then positive ones over four
// decades, then small ones, so that logarithms and inverse sines have a value
// somewhere.
func probeValue(random *rand.Rand, probe int) float64 {
	switch probe % 3 {
	case 0:
		return 2 * random.NormFloat64()
	case 1:
		return math.Pow(10, 4*random.Float64()-2)
	}
	return 0.9 * random.Float64()
}

// total returns the value of the sum and the sum of its terms' sizes, which is
// what rounding is relative to.
func total(terms []Term, place map[string]float64) (value, size float64) {
	lookup := func(name string) (float64, bool) { v, ok := place[name]; return v, ok }
	for _, t := range terms {
		v, err := Eval(t.Factor, lookup)
		if err != nil {
			panic(err) // every name has a value and every call is concrete
		}
		value += t.Coefficient * v
		size += math.Abs(t.Coefficient * v)
	}
	return value, size
}

// concrete puts a fixed smooth function in the place of every unknown: for f(u,
// v), sin(w0 + w1 u + w2 v) with weights from the name f.
func concrete(e *Expr) *Expr {
	return ReplaceCalls(e, func(call *Expr) *Expr {
		if _, known := lookup(call.Ident); known {
			return nil
		}
		hash := fnv.New64a()
		hash.Write([]byte(call.Ident))
		weights := rand.New(rand.NewPCG(hash.Sum64(), uint64(len(call.Args))))
		phase := Num(weights.Float64())
		for _, a := range call.Args {
			phase = sum(phase, product(Num(0.5+weights.Float64()), a))
		}
		return Apply("sin", phase)
	})
}
