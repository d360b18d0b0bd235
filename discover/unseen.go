package discover

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/fit/gauge"
	"govern/model"
	"govern/optim"
)

// The search for states that only unknowns see begins on a stretch of
// unseenCycles cycles, at least unseenSamples samples, from at most unseenStarts
// draws for every degree. Of Lorenz-96 with every other place observed one draw
// in two to eight leads to the truth, under 0 to 5 % noise, and takes half a
// second.
const (
	unseenCycles  = 10
	unseenSamples = 300
	unseenStarts  = 24
)

// beginFromDraws is begin for models with states that are seen, if at all, as
// arguments of unknowns. No smoother determines them before the unknowns are known, so
// both are fitted together, from drawn paths and the whole library at zero: with
// loose defects a fit of states and coefficients costs little, and tightening the
// equations sorts out which draw was right. The first that explains a stretch and then
// all of the data is the path that the roads begin with.
func beginFromDraws(ctx context.Context, e *fit.Engine, o Options, unseen []string) (*finder, error) {
	if len(e.Data.Model.Unknowns) == 0 {
		return nil, &fit.UnobservedError{State: unseen[0]}
	}
	if err := gauge.CheckStates(e.Data, unseen); err != nil {
		return nil, err
	}
	f := &finder{engine: e, options: o.withDefaults(e.Data.Model), result: &Result{Data: e.Data}}
	samples := max(unseenSamples, int(unseenCycles*e.Data.SamplesPerCycle()))
	searcher := *e
	searcher.Options.Segment = 1 // a path has a node a sample
	part := searcher
	var err error
	if part.Data, err = fit.Prepare(e.Data.Model, e.Data.Beginning(samples)); err != nil {
		return nil, err
	}
	// A library of degree 1 is part of that of degree 2, which is quick enough.
	for degree := min(2, f.options.Degree); degree <= f.options.Degree; degree++ {
		library, same := terms.Libraries(e.Data.Model, degree)
		for k := range unseenStarts {
			name := fmt.Sprintf("unseen/degree-%d/draw-%02d", degree, k)
			report(e, fmt.Sprintf("starts of states that only unknowns see, %d of %d", k+1, unseenStarts), 0.02+0.1*float64(k)/unseenStarts)
			found, err := fitDraw(ctx, &searcher, &part, name, library, k)
			if err != nil {
				return nil, err
			}
			if found != nil {
				f.path = found
				f.result.Smoothed = found
				return f, nil
			}
		}
		if same {
			break
		}
	}
	f.result.Ending, f.result.Unseen, f.result.Draws = UnseenStates, unseen, unseenStarts
	return f, nil
}

// fitDraw fits a library and a drawn path to a stretch, and from there to all of
// the data; nil where either fails the checks.
func fitDraw(ctx context.Context, e, part *fit.Engine, name string, library []fit.Term, k int) (*fit.Smoothed, error) {
	path := part.DrawPath(k)
	end := e.Options.Omega
	if end == 0 {
		end = fit.OmegaEnd
	}
	g, err := part.Trajectory(ctx, name, part.Start(path, library, make([]float64, len(library)), path.Parameters),
		fit.Schedule{From: 1, To: end, Noise: true})
	if err != nil || !explains(part.Data, g) {
		return nil, err
	}
	start, err := extendToAll(ctx, e, part.Data, name, g)
	if err != nil {
		return nil, err
	}
	whole, err := e.Trajectory(ctx, name+"/whole", start, fit.Schedule{From: 0.1, To: end, Noise: true})
	if err != nil || !explains(e.Data, whole) {
		return nil, err
	}
	return e.FittedPath(whole)
}

// explains says that a fit passes the checks.
func explains(d *fit.Data, f *fit.Fitted) bool {
	return f.Status != optim.Failed && passed(checkFit(d, f))
}

// extendToAll takes a fit of a stretch to all of the data: states are located under
// its formula.
func extendToAll(ctx context.Context, e *fit.Engine, stretch *fit.Data, name string, f *fit.Fitted) (*fit.Fitted, error) {
	closed, err := closedAt(e.Data.Model, f)
	if err != nil {
		return nil, err
	}
	startAtMeans(closed, f.Nodes)
	d, err := fit.Prepare(closed, e.Data.Entries)
	if err != nil {
		return nil, err
	}
	locator := *e
	locator.Data = d
	out := *f
	out.Sigma = e.Data.Sigmas()
	for c, info := range e.Data.Channels {
		if k := stretch.IndexOf(info); k >= 0 {
			out.Sigma[c] = f.Sigma[k]
		}
	}
	located, err := locator.Locate(ctx, name+"/locate", out.Sigma, f.Scale)
	if err != nil {
		return nil, err
	}
	out.Substeps, out.Nodes = 0, located.Path
	return &out, nil
}

// withFormulas is a model with the formulas of a fit in the place of its unknowns.
func withFormulas(m *model.Model, f *fit.Fitted) (*model.Model, error) {
	formulas := map[string]*expr.Expr{}
	for u, unknown := range m.Unknowns {
		formulas[unknown.Name] = f.Formula(u)
	}
	return m.WithFormulas(formulas)
}

// closedAt is a model with the formulas and the parameters of a fit, which are fitted
// no more.
func closedAt(m *model.Model, f *fit.Fitted) (*model.Model, error) {
	closed, err := withFormulas(m, f)
	if err != nil {
		return nil, err
	}
	closed.States, closed.Parameters = slices.Clone(closed.States), slices.Clone(closed.Parameters)
	fitted := 0
	for i := range closed.Parameters {
		if q := &closed.Parameters[i]; q.Fit {
			q.Value, q.Fit = f.Parameters[fitted], false
			fitted++
		}
	}
	return closed, nil
}

// startAtMeans starts the states of a model, but for those that are fixed, at their
// means over nodes.
func startAtMeans(m *model.Model, nodes [][]float64) {
	n := len(m.States)
	for s := range m.States {
		sum, count := 0.0, 0.0
		for _, row := range nodes {
			for i := s; i < len(row); i += n {
				sum += row[i]
				count++
			}
		}
		if !m.States[s].Fixed {
			m.States[s].Value = sum / math.Max(count, 1)
		}
	}
}
