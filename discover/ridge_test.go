package discover

import (
	"math"
	"slices"
	"testing"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
)

// x·y/(1 + 3x + y/20) is a fraction whose denominator the regression finds exactly.
func TestTheImplicitRegressionFindsADenominator(t *testing.T) {
	var x, y, f []float64
	for i := range 200 {
		a, b := 1+math.Sin(float64(i)), 1.5+math.Cos(1.7*float64(i))
		x, y, f = append(x, a), append(y, b), append(f, a*b/(1+3*a+b/20))
	}
	numerator := append(append(terms.Compositions(0, 2), terms.Compositions(1, 2)...), terms.Compositions(2, 2)...)
	c := regressDenominator([][]float64{x, y}, f, numerator, terms.Compositions(1, 2))
	if len(c) != 2 || math.Abs(c[0]-3) > 1e-6 || math.Abs(c[1]-0.05) > 1e-6 {
		t.Errorf("found %v, want 3 and 0.05", c)
	}
}

// The gradient of a function of x + y/2 has one direction, whatever the function.
func TestTheFirstDirectionOfAMatrixLeavesItsRest(t *testing.T) {
	direction, rest := principalDirection([]float64{4, 2, 2, 1}, 2)
	if rest > 1e-12 || math.Abs(direction[1]/direction[0]-0.5) > 1e-12 {
		t.Errorf("direction %v, rest %g", direction, rest)
	}
	if direction, _ := principalDirection(make([]float64, 4), 2); direction != nil {
		t.Errorf("a matrix of zeros has direction %v", direction)
	}
}

// tanh(x + y/2) has its gradient along (1, 1/2) everywhere; arguments are measured in
// deviations of 2 and 3.
func TestGradientsOfACombinationPointOneWay(t *testing.T) {
	var x, y []float64
	for i := range 300 {
		x, y = append(x, math.Sin(float64(i))), append(y, math.Cos(1.7*float64(i)))
	}
	sd := []float64{2, 3}
	moments, means, err := gradientMoments(parse(t, "tanh(x + y/2)"), map[string]float64{}, []string{"x", "y"}, [][]float64{x, y}, sd)
	if err != nil {
		t.Fatal(err)
	}
	if moments[1] != moments[2] || !(means[0] > 0) || math.Abs(means[1]/means[0]-0.5*3/2) > 1e-12 {
		t.Errorf("moments %v, means %v", moments, means)
	}
	direction, rest := principalDirection(moments, 2)
	weights, first, several := weightsAlong(direction, sd)
	if rest > 1e-12 || first != 0 || !several || weights[0] != 1 || math.Abs(weights[1]-0.5) > 1e-9 {
		t.Errorf("weights %v from argument %d", weights, first)
	}
	if weights, _, several := weightsAlong([]float64{0.001, 1}, []float64{1, 1}); several || weights[0] != 0 {
		t.Errorf("weights %v of one argument alone", weights)
	}
}

// x' = tanh(x + y/2) beside y' = −x: ridge and angle agree on the combination.
func ridgeData(t *testing.T) (*fit.Data, *fit.Smoothed, [][]float64) {
	t.Helper()
	d := sampled(t, readModel(t, `
states: {x: 0, y: 0}
unknowns: {f: {}}
equations: |
  x' = f(x, y)
  y' = -x
`), 300,
		func(at float64) float64 { return 2 * math.Sin(at) }, func(at float64) float64 { return 3 * math.Cos(1.7*at) })
	x, y := d.Entries[0].Channels[0].Values, d.Entries[0].Channels[1].Values
	slope, zero := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		slope[i] = math.Tanh(2 * (x[i] + y[i]/2))
	}
	path := &fit.Smoothed{States: [][][]float64{{x, y}}, Slopes: [][][]float64{{slope, zero}}, Calls: [][][]float64{{zero}}, Spread: [][][]float64{{zero}}, Scale: []float64{1, 1}}
	arguments, err := d.Arguments(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	return d, path, arguments
}

func shares(l look) []float64 {
	var out []float64
	for _, n := range l.families[0].numbers {
		if n.name == "share" {
			out = append(out, n.starts(l.axis)...)
		}
	}
	return out
}

func TestCombinationsAreFoundByGradientAndByAngle(t *testing.T) {
	d, path, arguments := ridgeData(t)
	c := formulaOf(t, d, 0, true, 0, "tanh(2*(x + y/2))")
	ridges, err := findRidges(c, 0, []string{"x", "y"}, arguments)
	if err != nil || len(ridges) == 0 {
		t.Fatalf("%d ridges (%v)", len(ridges), err)
	}
	if got := shares(ridges[0]); ridges[0].argument != 0 || len(got) != 1 || math.Abs(got[0]-0.5) > 1e-9 {
		if got = shares(ridges[0]); ridges[0].argument != 1 || math.Abs(got[0]-2) > 1e-9 {
			t.Errorf("along argument %d with shares %v, want x + y/2", ridges[0].argument, got)
		}
	}
	angle, err := findAngle(d, path, 0, arguments, nil)
	if err != nil || len(angle) != 1 {
		t.Fatalf("%d angles (%v)", len(angle), err)
	}
	share := shares(angle[0])[0]
	if angle[0].argument == 1 {
		share = 1 / share
	}
	if math.Abs(share-0.5) > 0.05 { // angles are tried to a hundredth of a right angle
		t.Errorf("x + %g·y by angle, want x + y/2", share)
	}
	p := &pursuit{d, path, 0, arguments, nil, []float64{1, 1}}
	first, half := p.combination(math.Atan(0.5))
	if first != 0 || math.Abs(half-0.5) > 1e-12 || math.Abs(p.values(0, 0.5)[7]-(arguments[0][7]+arguments[1][7]/2)) > 1e-12 {
		t.Errorf("combination from argument %d with %g", first, half)
	}
	if loss, err := p.loss(math.Atan(0.5)); err != nil || !(loss > 0) {
		t.Errorf("loss %g (%v)", loss, err)
	}
	if none, err := findRidges(formulaOf(t, d, 0, true, 0, "x*y", "x^2 - y^2"), 0, []string{"x", "y"}, arguments); err != nil || len(none) > 1 {
		t.Errorf("%d ridges of a saddle (%v)", len(none), err)
	}
}

func TestALookAlongACombinationHoldsItsFunctions(t *testing.T) {
	l := ridgeLook("r", []string{"x", "y"}, []float64{1, 0.5}, 0, line(-1, 1))
	f := l.families[0]
	if f.name != "r-tanh" || f.kind != "tanh" || len(f.numbers) != 3 || !l.alone {
		t.Fatalf("family %+v", f)
	}
	part := f.parts(expr.Var("x"), []*expr.Expr{expr.Num(0.5), expr.Num(2), expr.Num(0.1)})[0]
	if got := evaluate(t, part, map[string]float64{"x": 0.3, "y": 0.8}); math.Abs(got-math.Tanh(2*(0.3+0.4-0.1))) > 1e-12 {
		t.Errorf("%s is %g", part, got)
	}
}

// Both roots together, and drag on the axis with both signs.
func TestFunctionsWithoutNumbersAreTriedTogether(t *testing.T) {
	positive := []float64{1, 2, 3, 4}
	looks := jointLooks([]string{"x", "y"}, [][]float64{positive, positive})
	var names []string
	for _, l := range looks {
		names = append(names, l.name)
	}
	if !slices.Equal(names, []string{"every-root", "every-log"}) || len(looks[0].families[0].parts(nil, nil)) != 2 || len(looks[1].families[0].parts(nil, nil)) != 4 {
		t.Errorf("together: %v", names)
	}
	if got := jointLooks([]string{"x", "y"}, [][]float64{positive, {-2, -1, -1, -3}}); len(got) != 0 {
		t.Errorf("together with an argument that is negative: %+v", got)
	}
}

func TestADenominatorIsEvaluatedAlongTheData(t *testing.T) {
	arguments := [][]float64{{0, 1, 2}, {1, -1, 3}}
	powers := [][]int{{1, 0}, {0, 2}}
	if v := monomialValue(arguments, []int{2, 3}, 2); v != 4*27 {
		t.Errorf("x²·y³ is %g at 2, 3", v)
	}
	if low, high := denominatorRange(arguments, powers, []float64{0.5, 0.1}); low != 1.1 || math.Abs(high-(1+1+0.9)) > 1e-12 {
		t.Errorf("1 + x/2 + y²/10 goes from %g to %g", low, high)
	}
	if largestSize([]float64{1, -3, 2}) != 3 {
		t.Error("the largest size of 1, −3, 2 is 3")
	}
	l := rationalLook("lines", []string{"x", "y"}, [][]int{{0, 0}, {1, 1}}, [][]int{{1, 0}}, []float64{2}, line(0, 1))
	part := l.families[0].parts(nil, []*expr.Expr{expr.Num(2)})[1]
	if got := evaluate(t, part, map[string]float64{"x": 3, "y": 5}); !l.instead || got != 15./7 {
		t.Errorf("%s is %g at 3, 5, want 15/7", part, got)
	}
}

// The path follows x·y/(1 + x²/4): there the numerator is x·y, and from 0.24 a step of
// Gauss and Newton leads to 0.25.
func TestAFractionIsFittedToThePath(t *testing.T) {
	d, path, arguments := ridgeData(t)
	for i := range path.Slopes[0][0] {
		x, y := arguments[0][i], arguments[1][i]
		path.Slopes[0][0][i] = x * y / (1 + 0.25*x*x)
	}
	numerator, denominator := append(terms.Compositions(1, 2), terms.Compositions(2, 2)...), [][]int{{2, 0}}
	q := fraction{d, path, 0, nil, numerator, denominator}
	_, top, err := q.fit([]float64{0.25}, nil)
	if err != nil || len(top) != 5 || math.Abs(top[3]-1) > 1e-9 || math.Abs(top[0])+math.Abs(top[1])+math.Abs(top[2])+math.Abs(top[4]) > 1e-9 {
		t.Errorf("numerator %v (%v), want x·y alone", top, err)
	}
	_, theta, err := q.fit([]float64{0.24}, []float64{0, 0, 0, 1, 0})
	if err != nil || len(theta) != 6 || math.Abs(theta[5]-0.01) > 1e-3 {
		t.Errorf("step %v (%v), want 0.01", theta, err)
	}
	if got, err := refineDenominator(d, path, 0, arguments, nil, numerator, denominator, []float64{0.25}); err != nil || math.Abs(got[0]-0.25) > 1e-6 {
		t.Errorf("an exact denominator is refined to %v (%v)", got, err)
	}
	looks, err := findRationals(formulaOf(t, d, 0, true, 0, "x*y/(1 + 0.25*x^2)"), d, path, 0, arguments, nil)
	if err != nil || !slices.ContainsFunc(looks, func(l look) bool { return l.name == "rational-squares" }) {
		t.Errorf("%d fractions (%v)", len(looks), err)
	}
}
