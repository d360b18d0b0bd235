package discover

import (
	"context"
	"math"
	"slices"

	"govern/fit"
	"govern/model"
	"govern/series"
)

// functions tries bends and kinks in unknowns of one argument.
func functions() way {
	return way{
		name:     "functions of one argument",
		cost:     Moderate,
		when:     "unknowns of one argument: functions that bend and piecewise linear ones, where they could be shorter than the polynomial",
		excluded: func(e *fit.Engine, _ Options) string { return lacksUnknown(e.Data.Model, 1, 1) },
		run:      func(ctx context.Context, f *finder) (*Result, error) { return nil, f.tryFunctions(ctx) },
	}
}

// lacksUnknown says that no unknown has so many arguments and a library that is open.
func lacksUnknown(m *model.Model, least, most int) string {
	for _, u := range m.Unknowns {
		if n := len(u.Arguments); least <= n && n <= most && u.Library == nil {
			return ""
		}
	}
	if most == 1 {
		return "no unknown of one argument has an open library"
	}
	return "no unknown of several arguments has an open library"
}

// tryFunctions tries what polynomials of one argument only approximate: a function
// that bends, piecewise linear ones, then another bend beside the best.
func (f *finder) tryFunctions(ctx context.Context) error {
	if err := f.resmooth(ctx); err != nil {
		return err
	}
	for u, unknown := range f.engine.Data.Model.Unknowns {
		if len(unknown.Arguments) != 1 || unknown.Library != nil {
			continue
		}
		if _, err := f.tryShape(ctx, u, 0); err != nil {
			return err
		}
		if f.doubtful(u, leastHinge) || f.best.curved(u) {
			if err := f.tryHinges(ctx, u); err != nil {
				return err
			}
		}
		if _, err := f.tryShape(ctx, u, 1); err != nil {
			return err
		}
	}
	return nil
}

// What the cheapest function of a kind costs in terms and fitted numbers inside
// them: a bend at its canonical numbers and what stands beside it, two bends, a
// kink and a constant.
const (
	leastBend  = 2
	leastBends = 5
	leastHinge = 3
)

// resmooth smooths again with the fitted parameters at the best candidate's, where
// that has moved them: a path smoothed with others bends the unknowns.
func (f *finder) resmooth(ctx context.Context) error {
	m := f.engine.Data.Model
	given := m.FittedNames()
	one := slices.ContainsFunc(m.Unknowns, func(u model.Unknown) bool { return len(u.Arguments) == 1 && u.Library == nil })
	if f.best == nil || !series.Finite(f.best.score()) || f.prefix != "" || f.memory != nil || len(f.engine.Data.Unseen()) > 0 || len(given) == 0 || !one || f.best.search.Engine.Data.Model != m {
		return nil
	}
	moved := false
	for i, v := range f.best.fit.Parameters {
		was := f.path.Parameters[i]
		moved = moved || math.Abs(v-was) > resmoothShare*math.Max(math.Abs(v), math.Abs(was))
	}
	if !moved {
		return nil
	}
	sm, err := f.engine.SmoothAt(ctx, "smooth-again", f.best.fit.Parameters)
	if err == nil {
		f.path = sm
	}
	return err
}

// resmoothShare is the relative change of a parameter that is worth another
// smoothing.
const resmoothShare = 0.05
