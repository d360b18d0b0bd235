package discover

import (
	"math"
	"slices"
	"strings"
	"testing"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/optim"
)

func evaluate(t *testing.T, e *expr.Expr, values map[string]float64) float64 {
	t.Helper()
	v, err := expr.Eval(e, func(name string) (float64, bool) { v, ok := values[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// line is an axis of evenly spaced values.
func line(low, high float64) axis {
	var values []float64
	for i := range 101 {
		values = append(values, low+(high-low)*float64(i)/100)
	}
	return newAxis(values)
}

func TestAnAxisKnowsItsPlace(t *testing.T) {
	a := line(-1, 3)
	if a.span() != 4 || a.size() != 3 || math.Abs(a.sd-4/math.Sqrt(12)) > 0.02 {
		t.Errorf("span %g, size %g, deviation %g", a.span(), a.size(), a.sd)
	}
	if got := a.quantiles; math.Abs(got[2]-1) > 1e-12 || math.Abs(got[0]+0.8) > 1e-9 {
		t.Errorf("quantiles %v", got)
	}
	for _, c := range []struct {
		axis                          axis
		positive, strictly, straddles bool
	}{{line(0.1, 3), true, true, false}, {line(-0.01, 3), true, false, false}, {line(-1, 3), false, false, true}, {line(-3, -1), false, false, false}} {
		if c.axis.positive() != c.positive || c.axis.strictlyPositive() != c.strictly || c.axis.straddles() != c.straddles {
			t.Errorf("axis from %g to %g: %v %v %v", c.axis.low, c.axis.high, c.axis.positive(), c.axis.strictlyPositive(), c.axis.straddles())
		}
	}
}

// Every family at x = 0.7 with numbers 1.3 and 0.4, against its formula.
func TestFamiliesAreTheFunctionsThatTheyAreNamedAfter(t *testing.T) {
	const x, a, b = 0.7, 1.3, 0.4
	hillOf := func(p float64) float64 { return math.Pow(x, p) / (math.Pow(a, p) + math.Pow(x, p)) }
	want := map[string][]float64{
		"hill": {math.Pow(x, b) / (math.Pow(a, b) + math.Pow(x, b))}, "hill-1": {hillOf(1)}, "hill-2": {hillOf(2)}, "hill-3": {hillOf(3)}, "hill-4": {hillOf(4)},
		"tanh": {math.Tanh(a * (x - b))}, "logistic": {1 / (1 + math.Exp(-a*(x-b)))}, "atan": {math.Atan(a * (x - b))},
		"inhibited": {x / (a*a + x*x)}, "exp": {math.Exp(a * x)}, "sinh": {math.Sinh(a * x)}, "bump": {math.Exp(-a * a * (x - b) * (x - b))},
		"wave": {math.Sin(a * x), math.Cos(a * x)}, "drag": {x * x}, "root": {math.Sqrt(x)}, "log": {math.Log(x), x * math.Log(x)},
	}
	all := slices.Concat(families(), numberless())
	if len(all) != len(want) {
		t.Errorf("%d families, want %d", len(all), len(want))
	}
	for _, f := range all {
		var numbers []*expr.Expr
		for k := range f.numbers {
			numbers = append(numbers, expr.Num([]float64{a, b}[k]))
		}
		for i, part := range f.parts(expr.Var("x"), numbers) {
			if got := evaluate(t, part, map[string]float64{"x": x}); math.Abs(got-want[f.name][i]) > 1e-14 {
				t.Errorf("%s: part %d is %g, want %g", f.name, i, got, want[f.name][i])
			}
		}
	}
}

func TestNumbersStartWithinTheirBounds(t *testing.T) {
	for _, x := range []axis{line(0.1, 3), line(-1, 3), line(-400, 900)} {
		for _, f := range families() {
			if f.allowed != nil && !f.allowed(x) {
				continue
			}
			starts := combineStarts(f.numbers, x)
			want := 1
			for k, n := range f.numbers {
				on := n.startsOn(x)
				want *= len(on)
				for _, v := range on {
					if n.name == "half" && x.low < 0 {
						continue // its bound keeps the pole of an odd power away from the data
					}
					if v < n.min(x) || v > n.max(x) {
						t.Errorf("%s on %g … %g: %s starts at %g, outside of %g … %g", f.name, x.low, x.high, n.name, v, n.min(x), n.max(x))
					}
					if n.name == "rate" && math.Abs(v)*x.size() > 300 {
						t.Errorf("%s: the square of exp(%g) is no number", f.name, v*x.size())
					}
				}
				if len(starts[0]) <= k {
					t.Fatalf("%s starts at %v", f.name, starts[0])
				}
			}
			if len(starts) != want {
				t.Errorf("%s has %d starts, want every combination of %d", f.name, len(starts), want)
			}
		}
	}
	if got := wave().startsOn(line(-50, 50)); !slices.Contains(got, 1) || !slices.Contains(got, math.Pi/180) {
		t.Errorf("wave numbers %v lack those of textbooks", got)
	}
	if steepness().min(line(0, 1)) <= 0 || centre().min(line(0, 1)) >= 0 || growth().min(line(0, 1)) <= 0 || !math.IsNaN(power().canonical) || !rate().mayReverse || half().max(line(0, 1)) != 100 {
		t.Error("bounds and canonical values of numbers")
	}
}

// bendOn is tanh of one of two arguments at steepness 2 and centre 0.5.
func bendOn(t *testing.T) (*bend, *model.Model) {
	t.Helper()
	m := readModel(t, `
states: {x: 0, y: 0}
unknowns: {f: {}}
equations: |
  x' = f(x, y)
  y' = -x
`)
	f := sigmoid("tanh")
	return &bend{family: &f, axis: line(-1, 2), values: []float64{2, 0.5}, fixed: []bool{false, true}}, m
}

// Slopes are derivatives: compared with differences of a thousandth.
func TestSlopesMoveABendToFirstOrder(t *testing.T) {
	b, m := bendOn(t)
	b.alone = true
	at := func(steep, centre float64) float64 {
		return evaluate(t, b.partsIn(m, []*expr.Expr{expr.Num(steep), expr.Num(centre)})[0].Factor, map[string]float64{"x": 0.8})
	}
	const h = 1e-3
	slopes := b.slopes(m)
	for k, want := range []float64{(at(2+h, 0.5) - at(2-h, 0.5)) / (2 * h), (at(2, 0.5+h) - at(2, 0.5-h)) / (2 * h)} {
		if got := evaluate(t, slopes[k].Factor, map[string]float64{"x": 0.8}); math.Abs(got-want) > 1e-5 {
			t.Errorf("slope %d is %g, want %g", k, got, want)
		}
	}
	b.alone = false
	if parts := b.partsIn(m, []*expr.Expr{expr.Num(2), expr.Num(0.5)}); len(parts) != 2 || parts[0].Knots != 1 || !strings.HasPrefix(parts[1].Factor.String(), "y*") || b.slopes(m) != nil {
		t.Errorf("parts %+v, slopes %v", parts, b.slopes(m))
	}
	b.first, b.parts, b.end = 1, 1, 4
	if got := b.movedNumbers([]float64{9, 2, 0.4, 0.1}); math.Abs(got[0]-2.2) > 1e-12 || math.Abs(got[1]-0.55) > 1e-12 {
		t.Errorf("moved to %v, want 2 + 0.4/2 and 0.5 + 0.1/2", got)
	}
	if got := b.movedNumbers([]float64{9, 2, 40, -40}); got[0] != 3 || got[1] != 0 { // by half, and by a sixth of the axis
		t.Errorf("moved to %v at most, want 3 and 0", got)
	}
	if got := b.movedNumbers([]float64{9, 0, 1, 1}); !slices.Equal(got, b.values) {
		t.Errorf("a part that vanishes moves to %v", got)
	}
}

func TestABendDeclaresItsFreeNumbers(t *testing.T) {
	b, m := bendOn(t)
	b.fixed = []bool{false, false}
	m.Parameters = append(m.Parameters, model.Parameter{Name: "f_centre"})
	path := &fit.Smoothed{}
	if suffix := b.declare(m, path); suffix != "" || !slices.Equal(b.names, []string{"f_steepness", "f_centre2"}) {
		t.Errorf("names %v, suffix %q", b.names, suffix)
	}
	if !slices.Equal(m.FittedNames(), b.names) || !slices.Equal(path.Parameters, []float64{2, 0.5}) || len(b.bent) != 2 || b.bent[0].Knots != 2 {
		t.Errorf("fitted %v, path %v, terms %+v", m.FittedNames(), path.Parameters, b.bent)
	}
	other, m := bendOn(t)
	if suffix := other.declare(m, &fit.Smoothed{}); suffix != "-centre" || len(m.FittedNames()) != 1 {
		t.Errorf("suffix %q with a fixed centre, fitted %v", suffix, m.FittedNames())
	}
}

// 3·logistic(2·x) − 1.5 is 1.5·tanh(x), without the constant.
func TestASigmoidIsWrittenWithoutItsConstant(t *testing.T) {
	all := families()
	at := func(name string) *family {
		return &all[slices.IndexFunc(all, func(f family) bool { return f.name == name })]
	}
	m := readModel(t, `
states: {x: 0}
parameters: {f_steepness: {value: 2, fit: true}, f_centre: {value: 0, fit: true}}
unknowns: {f: {}}
equations: |
  x' = f(x)
`)
	d := sampled(t, m, 80, math.Sin)
	b := bend{family: at("logistic"), sibling: at("tanh"), values: []float64{2, 0}, fixed: []bool{false, false}, names: []string{"f_steepness", "f_centre"}}
	part := fit.Term{Factor: parse(t, "logistic(f_steepness*(x - f_centre))"), Knots: 2}
	b.bent = []fit.Term{part}
	c := &candidate{search: terms.NewSelection(&fit.Engine{Data: d}, nil, 1), fit: &fit.Fitted{
		Terms: []fit.Term{{Factor: expr.Num(1)}, part}, Coefficients: []float64{-1.5, 3}, Parameters: []float64{2, 0}, Covariance: make([]float64, 16)}}
	if !b.logistic() {
		t.Fatal("a logistic function is none")
	}
	out, ok := c.otherSigmoid(b)
	if !ok || out.family.name != "tanh" || !slices.Equal(out.values, []float64{1, 0}) || len(out.seed.theta) != 1 || out.seed.theta[0] != 1.5 {
		t.Errorf("written as %+v (%v), want 1.5·tanh(x)", out, ok)
	}
	c.fit.Coefficients[0] = -1 // a third of the height is left
	if _, ok := c.otherSigmoid(b); ok {
		t.Error("a constant that stays is lost")
	}
	if v, sd := c.numberOf(b, 0); v != 2 || sd != 0 {
		t.Errorf("number %g ± %g", v, sd)
	}
	s := c.seedFor(b)
	if !slices.Equal(s.part, []int{-1, 0}) {
		t.Errorf("parts %v of the seed", s.part)
	}
	selection := terms.NewSelection(&fit.Engine{Data: d}, nil, 1) // without a constant
	if g := s.start(selection, []fit.Term{{Factor: expr.Var("x")}}, []float64{7}); len(g.Terms) != 1 || g.Coefficients[0] != 3 || g.Parameters[0] != 7 {
		t.Errorf("start %+v", g)
	}
}

func TestViewsHoldEveryStart(t *testing.T) {
	m := readModel(t, oneUnknown)
	l := look{name: "0", axis: line(-1, 2), families: families()}
	base := polynomialBeside(m, 0)
	v := newView(l, m, nil, base, 0, 0, math.MaxInt)
	if len(base) != 4 || v.base != 4 || v.others != 0 || len(v.starts) == 0 {
		t.Fatalf("view of %d starts beside %d terms", len(v.starts), len(base))
	}
	end := 4
	for _, b := range v.starts {
		if b.first != end || b.end < b.first+b.parts || b.family.allowed != nil && !b.family.allowed(l.axis) {
			t.Fatalf("%s at %v lies at %d to %d after %d", b.family.name, b.values, b.first, b.end, end)
		}
		end = b.end
	}
	if end != len(v.library) {
		t.Errorf("%d terms, the starts have %d", len(v.library), end)
	}
	for _, b := range newView(l, m, nil, base, 0, 0, 2).starts {
		if len(b.family.numbers) > 1 {
			t.Errorf("%s has more than two numbers in all", b.family.name)
		}
	}
	for k := range l.families {
		want := map[string]string{"tanh": "logistic", "logistic": "tanh"}[l.families[k].name]
		if s := l.sibling(&l.families[k]); (s == nil) != (want == "") || s != nil && s.name != want {
			t.Errorf("%s has the sibling %v", l.families[k].name, s)
		}
	}
}

// The exact sine is what remains of all families on a path of its slopes.
func TestTheBestOfAViewIsTheFunctionItself(t *testing.T) {
	d := sampled(t, readModel(t, `
states: {x: 0}
unknowns: {f: {}}
equations: |
  x' = f(x)
`), 200, func(at float64) float64 { return 6 * math.Sin(0.9*at) })
	x := d.Entries[0].Channels[0].Values
	slopes, zero := make([]float64, len(x)), make([]float64, len(x))
	for i, v := range x {
		slopes[i] = 3 + 2*math.Sin(v) // wave number 1 is among the starts
	}
	path := &fit.Smoothed{States: [][][]float64{{x}}, Slopes: [][][]float64{{slopes}}, Calls: [][][]float64{{zero}}, Spread: [][][]float64{{zero}}, Scale: []float64{1}}
	l := look{name: "0", axis: newAxis(x), families: families()}
	views := []view{newView(l, d.Model, nil, polynomialBeside(d.Model, 0), 0, 0, math.MaxInt)}
	q, err := regressViews(d, path, views)
	if err != nil {
		t.Fatal(err)
	}
	ranked := mostPromising(views[0].best(q[0], math.Log(200), math.Inf(1), nil), 0)
	if len(ranked) != bends || ranked[0].family.name != "wave" {
		t.Errorf("%d bends, the best is %s", len(ranked), ranked[0].family.name)
	}
	kept := views[0].prune(q[0], &ranked[0], math.Log(200))
	if !kept.Active[0] || kept.Active[1] || kept.Active[2] || kept.Active[3] || math.Abs(kept.Theta[0]-3) > 1e-6 {
		t.Errorf("beside the wave stay %v with %v, want the constant 3 alone", kept.Active[:4], kept.Theta[:4])
	}
	if none := views[0].best(q[0], math.Log(200), math.Inf(-1), nil); len(none) != 0 {
		t.Errorf("%d bends cost less than nothing", len(none))
	}
}

func TestTheMostPromisingBendsAreFitted(t *testing.T) {
	var found []bend
	for k := range 10 {
		found = append(found, bend{loss: float64(-k), values: []float64{1}, kind: []string{"tanh", "exp"}[k%2]}, bend{loss: float64(-k)})
	}
	got := mostPromising(slices.Clone(found), 0)
	if len(got) != bends+numberlessBends || got[0].loss != -9 || got[bends].values != nil {
		t.Errorf("%d bends, %+v", len(got), got)
	}
	if got := mostPromising(slices.Clone(found), beyondPolynomial); len(got) != 2+numberlessBends || got[0].kind == got[1].kind {
		t.Errorf("beyond polynomials %d bends: those of one kind are tried once", len(got))
	}
}

// A search has dropped a knot: the model loses it, the problem's parameter stays.
func TestNumbersThatNoTermUsesGo(t *testing.T) {
	problem := readModel(t, oneUnknown)
	m := *problem
	m.Parameters = append(slices.Clone(m.Parameters), model.Parameter{Name: "f_knot1", Fit: true}, model.Parameter{Name: "f_knot2", Fit: true})
	d := sampled(t, &m, 80, math.Sin, math.Cos)
	c := &candidate{search: terms.NewSelection(&fit.Engine{Data: d}, nil, 1), fit: &fit.Fitted{Status: optim.Converged,
		Terms: []fit.Term{{Factor: parse(t, "abs(x - f_knot2)"), Knots: 1}}, Coefficients: []float64{1}, Parameters: []float64{2, 0.5, 0.7}}}
	got, values, gone := c.unused(problem)
	if !slices.Equal(got.FittedNames(), []string{"c", "f_knot2"}) || !slices.Equal(values, []float64{2, 0.7}) || !gone["f_knot1"] || gone["c"] {
		t.Errorf("fitted %v at %v, gone %v", got.FittedNames(), values, gone)
	}
	f := &finder{engine: &fit.Engine{Data: sampled(t, problem, 80, math.Sin, math.Cos)}, path: &fit.Smoothed{Parameters: []float64{1.9}}}
	f.best = c
	with, path := f.carryNumbers(f.engine.Data.Model, f.path, c.fit.Terms)
	if !slices.Equal(with.FittedNames(), []string{"c", "f_knot2"}) || !slices.Equal(path.Parameters, []float64{1.9, 0.7}) || len(problem.Parameters) != 1 {
		t.Errorf("carried are %v at %v", with.FittedNames(), path.Parameters)
	}
	c.search.Library = []fit.Term{{Unknown: 1, Factor: expr.Var("z")}, {Factor: expr.Var("x")}}
	others, own := f.companions(problem, 0)
	if len(others) != 1 || len(own) != 5 || own[4].Key() != c.fit.Terms[0].Key() {
		t.Errorf("companions %v and %v", others, own)
	}
	if e, err := onModel(f.engine, with); err != nil || e.Data.Model != with || f.engine.Data.Model == with {
		t.Errorf("the engine on another model: %v", err)
	}
}

func TestKnotsAreDeclaredAroundTheirPlaces(t *testing.T) {
	m := readModel(t, oneUnknown)
	path := &fit.Smoothed{Parameters: []float64{2}}
	library := declareKnots(m, path, 0, []float64{-1, 1}, line(-5, 5))
	if len(library) != 4 || library[3].Factor.String() != "abs(x - f_knot2)" || library[3].Knots != 1 || !slices.Equal(path.Parameters, []float64{2, -1, 1}) {
		t.Errorf("library %v, path %v", library, path.Parameters)
	}
	if q := m.Parameters[len(m.Parameters)-1]; q.Value != 1 || q.Min != -5 || q.Max != 5 { // two spans of 2 beyond the places
		t.Errorf("knot %+v", q)
	}
}

// f = |x − 0.5| − 0.3·|x + 0.8| has its kinks at −0.8 and 0.5.
func TestKinksAreLookedForAmongQuantiles(t *testing.T) {
	d := sampled(t, readModel(t, `
states: {x: 0}
unknowns: {f: {}}
equations: |
  x' = f(x)
`), 400, func(at float64) float64 { return 2 * math.Sin(0.9*at) })
	x := d.Entries[0].Channels[0].Values
	slopes, zero := make([]float64, len(x)), make([]float64, len(x))
	for i, v := range x {
		slopes[i] = math.Abs(v-0.5) - 0.3*math.Abs(v+0.8)
	}
	path := &fit.Smoothed{States: [][][]float64{{x}}, Slopes: [][][]float64{{slopes}}, Calls: [][][]float64{{zero}}, Spread: [][][]float64{{zero}}, Scale: []float64{1}}
	places, err := argumentQuantiles(d, path, 0)
	if err != nil || len(places) != quantiles || !slices.IsSorted(places) {
		t.Fatalf("quantiles %v (%v)", places, err)
	}
	gap := 0.0
	for i := 1; i < len(places); i++ {
		gap = math.Max(gap, places[i]-places[i-1])
	}
	got, err := placeKinks(d, path, 0, 2, nil)
	if err != nil || len(got) != 2 || math.Abs(got[0]+0.8) > gap || math.Abs(got[1]-0.5) > gap {
		t.Errorf("kinks at %v (%v), want −0.8 and 0.5 within %g", got, err, gap)
	}
}
