package discover

import (
	"context"
	"math"

	"govern/fit"
)

// mixtures tries bends in unknowns of several arguments.
func mixtures() way {
	return way{
		name:     "functions of several arguments",
		cost:     Moderate,
		when:     "no formula passes, and an unknown has several arguments: functions that bend along one of them or a combination",
		excluded: func(e *fit.Engine, _ Options) string { return lacksUnknown(e.Data.Model, 2, math.MaxInt) },
		due:      untilOnePasses,
		run:      func(ctx context.Context, f *finder) (*Result, error) { return nil, f.tryMixtures(ctx) },
	}
}

// tryMixtures tries functions that bend in unknowns of several arguments, where
// nothing else passes the checks.
func (f *finder) tryMixtures(ctx context.Context) error {
	for u, unknown := range f.engine.Data.Model.Unknowns {
		if len(unknown.Arguments) < 2 || unknown.Library != nil || f.best != nil && f.best.passed() {
			continue
		}
		for round := range 2 {
			better, err := f.tryShape(ctx, u, round)
			if err != nil {
				return err
			}
			if !better {
				break
			}
		}
	}
	return nil
}
