package conclude

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"govern/fit"
	"govern/fit/neural"
	"govern/fit/prior"
	"govern/model"
	"govern/optim"
	"govern/record"
)

// cutSwing is one swing in three entries: the second goes on after the first, before the
// third twenty samples are missing.
func cutSwing() []record.Entry {
	return []record.Entry{swing("a", 0, 100), swing("a", 100, 50), swing("a", 170, 60)}
}

// exactly is a fit of the oscillator that goes through all samples of entries.
func exactly(d *fit.Data) *fit.Fitted {
	f := &fit.Fitted{Parameters: []float64{1}, Scale: []float64{0.7, 0.7}, Sigma: d.Sigmas(), Omega: fit.OmegaEnd / 100, Status: optim.Converged}
	for _, e := range d.Entries {
		f.Nodes = append(f.Nodes, nodes(e))
	}
	return f
}

func TestACutMotionIsPutTogether(t *testing.T) {
	m := read(t, oscillator)
	d := prepare(t, m, cutSwing()...)
	f := exactly(d)
	joints, bridged, err := joinsOf(context.Background(), d, m, f)
	if err != nil || len(joints) != 1 || !bridged {
		t.Fatalf("%d motions, bridged: %t (%v)", len(joints), bridged, err)
	}
	j := joints[0]
	if !slices.Equal(j.parts, []int{0, 1, 2}) || !slices.Equal(j.first, []int{0, 100, 170}) {
		t.Errorf("parts %v begin at samples %v", j.parts, j.first)
	}
	if len(j.entry.Times) != 230 || len(j.nodes) != 2*230 {
		t.Fatalf("%d samples, %d numbers of nodes", len(j.entry.Times), len(j.nodes))
	}
	for i, s := range j.entry.Times {
		if gap := i >= 150 && i < 170; math.IsNaN(j.entry.Channels[0].Values[i]) != gap {
			t.Errorf("sample %d is %g", i, j.entry.Channels[0].Values[i])
		}
		// The tolerance is that of the integration across the gap.
		if math.Abs(s-step*float64(i)) > 1e-9 || math.Abs(j.nodes[2*i]-math.Cos(s)) > 1e-5 || math.Abs(j.nodes[2*i+1]+math.Sin(s)) > 1e-5 {
			t.Fatalf("node %d at t = %g is (%g, %g)", i, s, j.nodes[2*i], j.nodes[2*i+1])
		}
	}
	if len(d.Entries[0].Times) != 100 || len(f.Nodes[0]) != 200 || math.IsNaN(d.Entries[1].Channels[0].Values[49]) {
		t.Error("the entries themselves were changed")
	}

	// What was joined is split into the same parts again.
	u := &Union{Engine: &fit.Engine{Data: prepare(t, m, j.entry)}, Fit: &fit.Fitted{Nodes: [][]float64{j.nodes}, Sigma: []float64{0.1, 0.2}}, joints: joints}
	back := u.split(d)
	for e := range d.Entries {
		if !slices.Equal(back.Nodes[e], f.Nodes[e]) {
			t.Errorf("entry %d has other nodes after joining and splitting", e)
		}
	}
	if !slices.Equal(back.Sigma, []float64{0.1, 0.2}) {
		t.Errorf("noise %v", back.Sigma)
	}
}

func TestOnlyOneMotionIsPutTogether(t *testing.T) {
	driven := read(t, "states: {x: 1, y: 0}\nparameters: {w: {value: 1, fit: true}}\ninputs: [I]\nequations: |\n  x' = y\n  y' = -w*x + I\n")
	for name, c := range map[string]struct {
		model  *model.Model
		change func(entries []record.Entry, f *fit.Fitted)
		want   int // motions
	}{
		"as it is":                 {nil, func([]record.Entry, *fit.Fitted) {}, 1},
		"within reach of the gap":  {nil, func(_ []record.Entry, f *fit.Fitted) { shift(f.Nodes[2], 1.9*0.7) }, 1},
		"beyond reach of the gap":  {nil, func(_ []record.Entry, f *fit.Fitted) { shift(f.Nodes[2], 2.1*0.7) }, 2},
		"another record":           {nil, func(e []record.Entry, _ *fit.Fitted) { e[1].Name, e[2].Name = "b", "c" }, 3},
		"other conditions":         {nil, func(e []record.Entry, _ *fit.Fitted) { e[2].Set = map[string]float64{"w": 1} }, 2},
		"another regime":           {nil, func(e []record.Entry, _ *fit.Fitted) { e[1].Regime, e[2].Regime = 1, 1 }, 2},
		"inputs, unknown in a gap": {driven, func([]record.Entry, *fit.Fitted) {}, 2},
		"a gap that is too long": {nil, func(e []record.Entry, _ *fit.Fitted) {
			for i := range e[2].Times {
				e[2].Times[i] += 320 * math.Pi // so many cycles later: 10,053 samples
			}
		}, 2},
	} {
		if c.model == nil {
			c.model = read(t, oscillator)
		}
		entries := cutSwing()
		for i := range entries {
			for range c.model.Inputs {
				entries[i].Inputs = append(entries[i].Inputs, make([]float64, len(entries[i].Times)))
			}
		}
		f := exactly(prepare(t, c.model, entries...))
		c.change(entries, f)
		joints, _, err := joinsOf(context.Background(), prepare(t, c.model, entries...), c.model, f)
		if err != nil || len(joints) != c.want {
			t.Errorf("%s: %d motions, want %d (%v)", name, len(joints), c.want, err)
		}
	}
}

// shift moves x at the first node of an entry.
func shift(nodes []float64, by float64) { nodes[0] += by }

func TestABridgeIsAsLongAsTheGap(t *testing.T) {
	m := read(t, oscillator)
	d := prepare(t, m, cutSwing()...)
	f := exactly(d)
	for e, want := range map[int]int{1: 0, 2: 70} { // from the end of the first entry
		j := &joint{entry: d.Entries[0], nodes: f.Nodes[0]}
		between, err := bridge(context.Background(), d, m, f, j, e, step)
		if err != nil || between == nil || len(between.Time) != want {
			t.Errorf("to entry %d: %v (%v), want %d samples", e, between, err, want)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := bridge(ctx, d, m, f, &joint{entry: d.Entries[0], nodes: f.Nodes[0]}, 2, step); err == nil {
		t.Error("a bridge was built though nobody waits for it")
	}
}

// fittedApart is the oscillator fitted to a noisy swing in three parts, with equations
// that hold exactly.
func fittedApart(t *testing.T) (*fit.Engine, *fit.Fitted) {
	t.Helper()
	entries := cutSwing()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, e := range entries {
		for _, c := range e.Channels {
			for i := range c.Values {
				c.Values[i] += 0.02 * rng.NormFloat64()
			}
		}
	}
	ctx, engine := context.Background(), &fit.Engine{Data: prepare(t, read(t, oscillator), entries...), Workers: 1}
	start := exactly(engine.Data)
	start.Omega = 0
	f, err := engine.Trajectory(ctx, "apart", start, fit.Schedule{From: 0.1, To: fit.OmegaEnd, Noise: true})
	if err != nil {
		t.Fatal(err)
	}
	if f, err = engine.Tighten(ctx, "tighten", f); err != nil || f.Omega >= fit.OmegaEnd {
		t.Fatalf("ω = %g (%v)", f.Omega, err)
	}
	return engine, f
}

func TestFitsWhoseEquationsDoNotHoldExactlyAreNotJoined(t *testing.T) {
	engine, apart := fittedApart(t)
	for name, c := range map[string]struct {
		change func(*fit.Engine, *fit.Fitted)
		want   bool
	}{
		"nothing against it": {func(*fit.Engine, *fit.Fitted) {}, true},
		"defects":            {func(_ *fit.Engine, f *fit.Fitted) { f.Omega = fit.OmegaEnd }, false},
		"process noise":      {func(_ *fit.Engine, f *fit.Fitted) { f.Driven = true }, false},
		"long segments":      {func(e *fit.Engine, _ *fit.Fitted) { e.Options.Segment = 4 }, false},
		"a neural form":      {func(_ *fit.Engine, f *fit.Fitted) { f.Forms = make([]neural.Form, 1) }, false},
		"a spread":           {func(_ *fit.Engine, f *fit.Fitted) { f.Spreads = make([]prior.Spread, 1) }, false},
		"one part": {func(e *fit.Engine, f *fit.Fitted) {
			e.Data, f.Nodes = prepare(t, e.Data.Model, e.Data.Entries[0]), f.Nodes[:1]
		}, false},
		// What noise explains: a cost of two states at two joints.
		"a likelihood that disagrees": {func(_ *fit.Engine, f *fit.Fitted) { f.Objective -= 100 }, false},
	} {
		e, f := *engine, *apart
		c.change(&e, &f)
		if u, err := Join(context.Background(), &e, e.Data.Model, &f); (u != nil) != c.want || err != nil {
			t.Errorf("%s: joined: %t (%v)", name, u != nil, err)
		}
	}
}

// Three parts of a noisy swing are fitted apart; as one motion w is surer, since each part
// has no start of its own any more.
func TestAJoinedMotionTellsMore(t *testing.T) {
	engine, apart := fittedApart(t)
	whole, err := Join(context.Background(), engine, engine.Data.Model, apart)
	if err != nil || whole == nil {
		t.Fatalf("not joined (%v)", err)
	}
	before, after := math.Sqrt(apart.Variance(0)), math.Sqrt(whole.Fit.Variance(0))
	if !(after < before/1.5) || !(math.Abs(whole.Fit.Parameters[0]-1) < 3*after) {
		t.Errorf("w = %g ± %g joined, %g ± %g apart", whole.Fit.Parameters[0], after, apart.Parameters[0], before)
	}
	back := whole.split(engine.Data)
	for e, entry := range engine.Data.Entries {
		if len(back.Nodes[e]) != 2*len(entry.Times) || math.Abs(back.Nodes[e][0]-math.Cos(entry.Times[0])) > 0.02 {
			t.Errorf("entry %d: %d numbers, the first %g", e, len(back.Nodes[e]), back.Nodes[e][0])
		}
	}
}
