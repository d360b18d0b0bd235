package conclude

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/fit"
	"govern/model"
	"govern/ode"
	"govern/optim"
	"govern/record"
)

// A gap is bridged where a free run from its one side arrives at the other within
// nearBy standard deviations of every state, and is no longer than mostBridge samples.
const (
	nearBy     = 2
	mostBridge = 1000
	// Steps of each stage that takes up the run's distance by defects.
	bridgeSteps = 100
)

// joint is a motion that was cut into entries, by gaps or because the end of the
// record was held out, and is one again.
type joint struct {
	entry record.Entry
	nodes []float64
	parts []int // the entries, in order of time
	first []int // sample of the joint at which each begins
}

// Union is a fit of whole motions.
type Union struct {
	Engine *fit.Engine
	Fit    *fit.Fitted
	joints []joint
}

// Join holds a final fit to what cutting let it forget: the motion after a
// gap, or in the held-out data, goes on from where it was before. Records of one
// name are put together again, with nodes and no samples in the gaps, and fitted
// as one. Only a fit whose equations hold exactly (fit.Engine.Tighten) may say so,
// and the likelihood must agree: every state that is no longer free may cost what
// noise explains. Nil where nothing is joined.
//
// Cost: a refit; where gaps are bridged some more, from larger defects.
func Join(ctx context.Context, engine *fit.Engine, closed *model.Model, f *fit.Fitted) (*Union, error) {
	d := engine.Data
	if f.Omega >= fit.OmegaEnd || f.Driven || engine.Options.Segment > 1 || len(f.Forms) > 0 || len(f.Spreads) > 0 || len(d.Differing()) > 0 {
		return nil, nil
	}
	joints, bridged, err := joinsOf(ctx, d, closed, f)
	if err != nil || len(joints) == len(d.Entries) {
		return nil, err
	}
	start := *f
	start.Nodes = nil
	var entries []record.Entry
	for _, j := range joints {
		entries, start.Nodes = append(entries, j.entry), append(start.Nodes, j.nodes)
	}
	whole, err := fit.Prepare(d.Model, entries)
	if err != nil {
		return nil, err
	}
	start.Sigma = carry(whole, d, f.Sigma)
	one := *engine
	one.Data = whole
	g := &start
	if bridged {
		for k, omega := range []float64{1e2 * fit.OmegaEnd, 1e1 * fit.OmegaEnd, fit.OmegaEnd} {
			if g, err = one.Trajectory(ctx, fmt.Sprintf("final/bridge-%d", k), g, fit.Schedule{To: omega, Iterations: bridgeSteps}); err != nil {
				return nil, err
			}
		}
		g, err = one.Tighten(ctx, "final/joined", g)
	} else {
		g, err = one.Trajectory(ctx, "final/joined", g, fit.Schedule{To: f.Omega, Noise: true})
	}
	if err != nil {
		return nil, err
	}
	ties := float64((len(d.Entries) - len(joints)) * len(d.Model.States))
	if g.Status != optim.Converged || g.Omega > f.Omega*1.01 || !(g.Objective-f.Objective < ties+4*math.Sqrt(2*ties)) {
		return nil, nil
	}
	return &Union{&one, g, joints}, nil
}

// split is the fit with the nodes of the entries of d, which were joined.
func (u *Union) split(d *fit.Data) *fit.Fitted {
	out := *u.Fit
	out.Sigma = carry(d, u.Engine.Data, u.Fit.Sigma)
	out.Nodes = make([][]float64, len(d.Entries))
	n := len(d.Model.States)
	for k, j := range u.joints {
		for i, e := range j.parts {
			from := j.first[i] * n
			out.Nodes[e] = u.Fit.Nodes[k][from : from+len(d.Entries[e].Times)*n]
		}
	}
	return &out
}

// joinsOf puts the entries of d together where one goes on as another; bridged
// says that a gap was filled.
func joinsOf(ctx context.Context, d *fit.Data, closed *model.Model, f *fit.Fitted) (joints []joint, bridged bool, err error) {
	order := record.OrderByTime(d.Entries)
	usual := record.Interval(d.Entries)
	for _, e := range order {
		entry := d.Entries[e]
		into := slices.IndexFunc(joints, func(j joint) bool { return record.SameMotion(j.entry, entry) })
		if into >= 0 {
			j := &joints[into]
			between, err := bridge(ctx, d, closed, f, j, e, usual)
			if err != nil {
				return nil, false, err
			}
			if between != nil {
				bridged = bridged || len(between.Time) > 0
				j.add(d, f, e, between)
				continue
			}
		}
		joints = append(joints, joint{entry: entry, nodes: f.Nodes[e], parts: []int{e}, first: []int{0}})
	}
	return joints, bridged, nil
}

// bridge runs the closed model from the end of a joint to the start of entry e, over
// times of the usual interval. It returns nil where the run does not arrive, and
// nothing between where the entry is the next sample.
func bridge(ctx context.Context, d *fit.Data, closed *model.Model, f *fit.Fitted, j *joint, e int, usual float64) (*ode.Solution, error) {
	n := len(d.Model.States)
	last, next := j.entry.Times[len(j.entry.Times)-1], d.Entries[e].Times[0]
	steps := int(math.Round((next - last) / usual))
	if steps <= 1 {
		return &ode.Solution{}, nil
	}
	if steps > mostBridge || len(d.Model.Inputs) > 0 {
		return nil, nil
	}
	sys, err := ode.NewSystem(closed)
	if err != nil {
		return nil, err
	}
	for k, name := range sys.Parameters {
		if v, ok := d.Entries[e].Set[name]; ok {
			sys.Values[k] = v
		}
	}
	times := []float64{last}
	for k := 1; k < steps; k++ {
		times = append(times, last+(next-last)*float64(k)/float64(steps))
	}
	times = append(times, next)
	run, err := ode.Solve(ctx, sys, j.nodes[len(j.nodes)-n:], times, ode.Options{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, nil // it does not arrive
	}
	for i, x := range run.Last() {
		if !(math.Abs(x-f.Nodes[e][i]) < nearBy*f.Scale[i]) {
			return nil, nil
		}
	}
	between := &ode.Solution{Time: times[1:steps]}
	for _, v := range run.Values {
		between.Values = append(between.Values, v[1:steps])
	}
	return between, nil
}

// add appends entry e after nodes without samples.
func (j *joint) add(d *fit.Data, f *fit.Fitted, e int, between *ode.Solution) {
	next := d.Entries[e]
	j.entry.Times = slices.Concat(j.entry.Times, between.Time, next.Times)
	missing := make([]float64, len(between.Time))
	for k := range missing {
		missing[k] = math.NaN()
	}
	j.entry.Channels = slices.Clone(j.entry.Channels)
	for c := range j.entry.Channels {
		j.entry.Channels[c].Values = slices.Concat(j.entry.Channels[c].Values, missing, next.Channels[c].Values)
	}
	j.entry.Inputs = slices.Clone(j.entry.Inputs)
	for u := range j.entry.Inputs {
		j.entry.Inputs[u] = slices.Concat(j.entry.Inputs[u], next.Inputs[u])
	}
	j.nodes = slices.Clone(j.nodes)
	for k := range between.Time {
		for i := range between.Values {
			j.nodes = append(j.nodes, between.Values[i][k])
		}
	}
	j.parts, j.first = append(j.parts, e), append(j.first, len(j.nodes)/len(d.Model.States))
	j.nodes = append(j.nodes, f.Nodes[e]...)
}
