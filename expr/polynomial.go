package expr

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// polynomial is a sum of monomials in its fixed order, with no two alike and
// none zero. The zero polynomial is empty.
type polynomial []monomial

// monomial is coefficient·∏ base^exponent.
type monomial struct {
	coefficient float64
	factors     factors
}

// factors is a product in its fixed order, with no base twice and no exponent
// zero. The empty product is 1.
type factors []factor

type factor struct {
	base     *Expr // a name, a call, or what cannot be taken apart
	key      string
	exponent float64
}

const (
	// maxTerms and maxPower bound the terms of a product that is multiplied out
	// and the power of a sum: beyond, rounding spoils the sum.
	maxTerms = 500
	maxPower = 10
	// cancelled is the share of the terms' sizes below which a sum of like
	// terms is rounding and counts as zero.
	cancelled = 8 * 0x1p-52
)

func constant(v float64) polynomial {
	if v == 0 {
		return nil
	}
	return polynomial{{coefficient: v}}
}

func atom(e *Expr) polynomial {
	return polynomial{{1, factors{{e, e.String(), 1}}}}
}

// number returns the value of a constant polynomial.
func (p polynomial) number() (float64, bool) {
	switch {
	case len(p) == 0:
		return 0, true
	case len(p) == 1 && len(p[0].factors) == 0:
		return p[0].coefficient, true
	}
	return 0, false
}

// representable reports whether no coefficient overflowed or vanished.
func (p polynomial) representable() bool {
	return !slices.ContainsFunc(p, func(m monomial) bool { return !isFinite(m.coefficient) })
}

func (p polynomial) scale(c float64) polynomial {
	q := slices.Clone(p)
	for i := range q {
		q[i].coefficient = times(q[i].coefficient, c)
	}
	return q
}

// times is a·b, not finite also where the product vanishes by underflow.
func times(a, b float64) float64 {
	c := a * b
	if c == 0 && a != 0 && b != 0 {
		return math.NaN()
	}
	return c
}

func add(p, q polynomial) polynomial { return collectLike(slices.Concat(p, q)) }

// multiply returns p·q, multiplied out.
func multiply(p, q polynomial) polynomial {
	terms := make(polynomial, 0, len(p)*len(q))
	for _, a := range p {
		for _, b := range q {
			terms = append(terms, multiplyMonomials(a, b))
		}
	}
	return collectLike(terms)
}

func multiplyMonomials(a, b monomial) monomial {
	product := monomial{coefficient: times(a.coefficient, b.coefficient), factors: slices.Clone(a.factors)}
	for _, f := range b.factors {
		i, found := slices.BinarySearchFunc(product.factors, f, compareBases)
		if !found {
			product.factors = slices.Insert(product.factors, i, f)
			continue
		}
		if product.factors[i].exponent += f.exponent; product.factors[i].exponent == 0 {
			product.factors = slices.Delete(product.factors, i, i+1)
		}
	}
	return product
}

// power returns the n-th power of m, for an integer n.
func (m monomial) power(n float64) polynomial {
	r := monomial{coefficient: raise(m.coefficient, n), factors: slices.Clone(m.factors)}
	for i := range r.factors {
		r.factors[i].exponent *= n
	}
	return polynomial{r}
}

// isPlain reports whether m is a base alone.
func (m monomial) isPlain() bool {
	return m.coefficient == 1 && len(m.factors) == 1 && m.factors[0].exponent == 1
}

// isLoose reports whether m holds an integer power of a sum, product or power,
// which might be taken apart.
func (m monomial) isLoose() bool {
	return slices.ContainsFunc(m.factors, func(f factor) bool {
		return f.base.Kind != Name && f.base.Kind != Call && isInteger(f.exponent)
	})
}

// collectLike sorts the terms and adds those that are alike.
func collectLike(terms polynomial) polynomial {
	slices.SortStableFunc(terms, compareMonomials)
	p := terms[:0]
	for len(terms) > 0 {
		m, size, n := terms[0], 0.0, 0
		m.coefficient = 0
		for n < len(terms) && compareMonomials(terms[0], terms[n]) == 0 {
			m.coefficient += terms[n].coefficient
			size += math.Abs(terms[n].coefficient)
			n++
		}
		terms = terms[n:]
		if math.Abs(m.coefficient) > cancelled*size || !isFinite(size) {
			p = append(p, m)
		}
	}
	return p
}

// compareMonomials orders terms: polynomials in names first, by degree, then by
// the powers of the first name and so on; then terms with functions.
func compareMonomials(a, b monomial) int {
	ranked := cmp.Or(
		cmp.Compare(a.factors.rank(), b.factors.rank()),
		cmp.Compare(a.factors.degree(), b.factors.degree()),
	)
	if ranked != 0 {
		return ranked
	}
	for i := range min(len(a.factors), len(b.factors)) {
		f, g := a.factors[i], b.factors[i]
		if c := cmp.Or(compareBases(f, g), cmp.Compare(g.exponent, f.exponent)); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a.factors), len(b.factors))
}

// rank counts the factors that are no names.
func (f factors) rank() int {
	n := 0
	for _, g := range f {
		if g.base.Kind != Name {
			n++
		}
	}
	return n
}

func (f factors) degree() float64 {
	d := 0.0
	for _, g := range f {
		d += math.Abs(g.exponent)
	}
	return d
}

func compareBases(f, g factor) int {
	return cmp.Or(cmp.Compare(rankBase(f.base), rankBase(g.base)), strings.Compare(f.key, g.key))
}

// rankBase puts unfolded numbers before pi, names, calls and parentheses.
func rankBase(e *Expr) int {
	switch {
	case e.Kind == Number:
		return 0
	case e.Kind == Name && e.Ident == "pi":
		return 1
	case e.Kind == Name:
		return 2
	case e.Kind == Call:
		return 3
	}
	return 4
}

func (p polynomial) expr() *Expr {
	if len(p) == 0 {
		return Num(0)
	}
	total := p[0].factors.expr(p[0].coefficient)
	for _, m := range p[1:] {
		if m.coefficient < 0 {
			total = Binary(Sub, total, m.factors.expr(-m.coefficient))
		} else {
			total = Binary(Add, total, m.factors.expr(m.coefficient))
		}
	}
	return total
}

// expr returns coefficient·f, with negative powers below a fraction line.
func (f factors) expr(coefficient float64) *Expr {
	var above, below *Expr
	for _, g := range f {
		if g.exponent > 0 {
			above = join(above, g.expr(g.exponent))
		} else {
			below = join(below, g.expr(-g.exponent))
		}
	}
	sign := coefficient == -1 && above != nil
	if above == nil || coefficient != 1 && !sign {
		above = join(Num(coefficient), above)
	}
	if below != nil {
		above = Binary(Div, above, below)
	}
	if sign {
		above = Negative(above)
	}
	return above
}

// join returns a·b, where nil is the empty product. A product within b joins
// the chain, so that the result leans left.
func join(a, b *Expr) *Expr {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case b.Kind == Mul || b.Kind == Div:
		return Binary(b.Kind, join(a, b.Args[0]), b.Args[1])
	}
	return Binary(Mul, a, b)
}

func (g factor) expr(exponent float64) *Expr {
	switch exponent {
	case 1:
		return g.base
	case 0.5:
		return Apply("sqrt", g.base)
	}
	return Binary(Pow, g.base, Num(exponent))
}
