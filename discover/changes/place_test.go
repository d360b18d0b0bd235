package changes

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/record"
)

// The stiffness of a spring goes from 1 to 2 at sample 200, in the middle between two
// samples; 400 samples, noise of one percent.
const changeAt = 200

func stiffened(t *testing.T) *fit.Engine {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 5))
	e := record.Entry{Name: "spring", Channels: []record.Channel{{Column: "x", Observe: expr.Var("x")}, {Column: "v", Observe: expr.Var("v")}}}
	const step = 0.3
	x, v := 1.0, 0.3
	flow := func(omega, time float64) {
		s, c := math.Sincos(omega * time)
		x, v = x*c+v/omega*s, v*c-x*omega*s
	}
	for i := range 400 {
		e.Times = append(e.Times, step*float64(i))
		e.Channels[0].Values = append(e.Channels[0].Values, x+0.01*rng.NormFloat64())
		e.Channels[1].Values = append(e.Channels[1].Values, v+0.01*rng.NormFloat64())
		switch {
		case i < changeAt-1:
			flow(1, step)
		case i == changeAt-1:
			flow(1, step/2)
			flow(math.Sqrt2, step/2)
		default:
			flow(math.Sqrt2, step)
		}
	}
	d, err := fit.Prepare(read(t, `
states: {x: 1, v: 0}
unknowns: {f: {}}
equations: |
  x' = v
  v' = f(x)
`), []record.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	return &fit.Engine{Data: d, Workers: 1}
}

// segment is the linearisation of a smoothed path with a straight line for f.
func segment(t *testing.T, e *fit.Engine) (*fit.Smoothed, *Linearisation) {
	t.Helper()
	path, err := e.Smooth(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r, err := Linearise(e, path, terms.Library(e.Data.Model, 0, 1), 1, 10*fit.OmegaEnd)
	if err != nil || r == nil {
		t.Fatal(err)
	}
	return path, r
}

func TestPiecesOfAChangedRecordAreExplainedAndTheWholeIsNot(t *testing.T) {
	e := stiffened(t)
	_, r := segment(t, e)
	if r.Columns() != 2 {
		t.Fatalf("%d columns", r.Columns())
	}
	ctx := context.Background()
	costs, err := r.PieceCosts(ctx)
	if err != nil || len(costs) != len(r.pieces()) {
		t.Fatal(err)
	}
	whole, err := r.WholeCost(ctx)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(costs)
	if n := float64(e.Data.Observations()); costs[len(costs)/2] > 1.5 || whole < 10*n {
		t.Errorf("pieces cost %v a sample, the whole %g", costs, whole/n)
	}
	if n := r.blockLength(); n < 4 || float64(n) > leastRegime*e.Data.SamplesPerCycle() {
		t.Errorf("blocks of %d samples", n)
	}
	blocks := r.blocks(37)
	end := 0
	for _, b := range blocks {
		if b.From != end || b.To <= b.From {
			t.Errorf("block %+v after sample %d", b, end)
		}
		end = b.To
	}
	if end != 400 {
		t.Errorf("blocks end at sample %d", end)
	}
	triangles, err := r.triangles(ctx, blocks)
	if err != nil || r.compareDrift(triangles, 20, 0) != nil {
		t.Errorf("a drift explains the record better than nothing does (%v)", err)
	}
	if empty, err := Linearise(e, nil, nil, 1, 1); empty != nil || err != nil {
		t.Errorf("a library without terms: %v, %v", empty, err)
	}
	if nothing, err := NewLinearisation(e, nil, nil, nil).Segment(ctx); nothing != nil || err != nil {
		t.Errorf("no coefficients: %v, %v", nothing, err)
	}
}

// formula fits f = a·x, with a difference in every later regime, to the record cut.
func formula(t *testing.T, e *fit.Engine, path *fit.Smoothed, cuts []Cut) Formula {
	t.Helper()
	m, names := WithRegimes(e.Data.Model, len(cuts)+1, nil)
	entries, regimes, blocks := CutAt(e.Data, cuts, names)
	d, err := fit.Prepare(m, entries)
	if err != nil {
		t.Fatal(err)
	}
	var factors []*expr.Expr
	for _, name := range names {
		factors = append(factors, expr.Var(name))
	}
	part := *e
	part.Data = d
	library := terms.Multiplied([]fit.Term{{Factor: expr.Var("x"), Degree: 1}}, factors)
	f, err := terms.NewSelection(&part, library, 1).FitAll(context.Background(), "fit", CutPath(path, blocks, 0))
	if err != nil {
		t.Fatal(err)
	}
	return Formula{Fit: f, Data: d, Model: m, Base: m, Regimes: regimes}
}

func TestAChangeIsSegmentedAndRelocated(t *testing.T) {
	ctx := context.Background()
	e := stiffened(t)
	path, r := segment(t, e)
	found, err := r.Segment(ctx)
	if err != nil || found == nil || found.Drift != nil || len(found.Cuts) != 1 {
		t.Fatalf("segmentation %+v (%v), want one cut", found, err)
	}
	quarter := e.Data.SamplesPerCycle() / 4
	if off := math.Abs(float64(found.Cuts[0].at - changeAt)); off > quarter {
		t.Errorf("cut at sample %d, the change lies at %d", found.Cuts[0].at, changeAt)
	}
	off := []Cut{cutBefore(0, changeAt+int(2*quarter))}
	f := formula(t, e, path, off)
	if !f.Changes() {
		t.Fatalf("f = %s", f.Fit.Formula(0))
	}
	cuts, regimes, stay, err := f.Relocate(ctx, e, "relocate", off, PlaceAround)
	if err != nil {
		t.Fatal(err)
	}
	// Noise of a percent, and a change between samples, leave a sample or two open.
	if at := cuts[0].at; stay || at < changeAt-2 || at > changeAt+2 || cuts[0].low > changeAt || cuts[0].high < changeAt {
		t.Errorf("cut %+v, stays %v; the change lies before sample %d", cuts[0], stay, changeAt)
	}
	if from := e.Data.Entries[0].Times[cuts[0].at]; regimes[1].From != from || regimes[0].To != from {
		t.Errorf("regimes %+v, the cut lies at %g", regimes, from)
	}
	again := formula(t, e, path, cuts)
	if _, _, stay, err := again.Relocate(ctx, e, "again", cuts, PlaceNear); err != nil || !stay {
		t.Errorf("the place does not stay (%v)", err)
	}
	known, err := again.refit(ctx, e, "refit", cuts)
	if err != nil || known == nil || math.Abs(known.Coefficients[0]+1) > 0.01 || math.Abs(known.Coefficients[1]+1) > 0.02 {
		t.Errorf("refitted to %+v (%v), want −1 and −1 more", known, err)
	}
}

func TestChangesThatEvidenceDoesNotAskForAreLeftOut(t *testing.T) {
	ctx := context.Background()
	e := stiffened(t)
	path, _ := segment(t, e)
	cuts := []Cut{cutBefore(0, 100), cutBefore(0, changeAt), cutBefore(0, 300)}
	f := formula(t, e, path, cuts)
	sides, err := f.sides(ctx, e)
	if err != nil || len(sides) != 4 {
		t.Fatalf("%d sides (%v)", len(sides), err)
	}
	if a, b := sides[0].theta[0], sides[3].theta[0]; math.Abs(a+1) > 0.02 || math.Abs(b+2) > 0.02 {
		t.Errorf("stiffness %g and %g, want −1 and −2", a, b)
	}
	got, err := f.Needed(ctx, e, cuts)
	if err != nil || !slices.Equal(got, cuts[1:2]) {
		t.Errorf("needed are %v (%v), want the second alone", got, err)
	}
}

// The formula comes from the ends of the record; the change lies somewhere between.
func TestPlacesAreFoundOnWholeRecords(t *testing.T) {
	ctx := context.Background()
	e := stiffened(t)
	path, _ := segment(t, e)
	whole := e.Data.Entries[0]
	f := formula(t, e, path, []Cut{{0, changeAt, 120, 280}})
	f.Regimes[0].To, f.Regimes[1].From = whole.Times[110], whole.Times[290]
	regimes, err := f.Places(ctx, e, []record.Entry{whole})
	if err != nil {
		t.Fatal(err)
	}
	if from := regimes[1].From; math.Abs(from-whole.Times[changeAt]) > 0.6 || regimes[1].Low > from || regimes[1].High < from {
		t.Errorf("the second regime starts at %g (%g … %g), want %g", from, regimes[1].Low, regimes[1].High, whole.Times[changeAt])
	}
	lies := partsOf(f.Data.Entries, []record.Entry{whole})
	if len(lies) != 2 || lies[0].From != 0 || lies[1].To != 400 {
		t.Errorf("the excerpts lie at %+v", lies)
	}
	p, err := newPlacing(e, e.Data, f)
	if err != nil {
		t.Fatal(err)
	}
	at, err := p.bracket(ctx, "bracket", whole, 1, 110, 290)
	if err != nil || math.Abs(float64(at-changeAt)) > PlaceAround*e.Data.SamplesPerCycle() {
		t.Errorf("bracketed at sample %d (%v)", at, err)
	}
	if first, last := p.window(190, 210, 400); first < 0 || first > 190-int(placeBefore*e.Data.SamplesPerCycle()) || last > 400 {
		t.Errorf("motions go from sample %d to %d", first, last)
	}
	entries, places := p.trials(whole, 100, 300, 190, 210, 10)
	if !slices.Equal(places, []int{190, 200, 210}) || entries[1].Inputs[0][99] != 0 || entries[1].Inputs[0][100] != 1 || measured(entries[1]) != 400 {
		t.Errorf("trials at %v", places)
	}
	p.known = &fitted{f.Fit, f.Data, lies}
	rest := p.outside(whole, 50, 350)
	if len(rest) != 2 || rest[0] != (fit.Block{Entry: 0, From: 0, To: 50}) || rest[1].To != lies[1].To-lies[1].From {
		t.Errorf("outside lies %+v", rest)
	}
	if s := p.noise(f.Data); len(s) != 2 || s[0] != f.Fit.Sigma[0] {
		t.Errorf("noise %v, the fit's is %v", s, f.Fit.Sigma)
	}
}
