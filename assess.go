package govern

import (
	"context"
	"fmt"
	"slices"

	"govern/problem"
)

// OpenModelError says that a model with unknowns cannot be proved.
type OpenModelError struct{ Unknown string }

func (e *OpenModelError) Error() string {
	return fmt.Sprintf("govern: the model still holds the unknown %s; only a closed model can be assessed: discover it first, "+
		"or put a formula in its place", e.Unknown)
}

// Assess proves a closed model against data as it stands: nothing is fitted but
// the states along the record and the noise. Parameters keep their values, those
// marked for a fit too.
func Assess(ctx context.Context, p *problem.Problem, s Settings) (*Outcome, error) {
	if len(p.Model.Unknowns) > 0 {
		return nil, &OpenModelError{p.Model.Unknowns[0].Name}
	}
	m := *p.Model
	m.Parameters = slices.Clone(m.Parameters)
	for i := range m.Parameters {
		m.Parameters[i].Fit = false
	}
	q := *p
	q.Model = &m
	return Discover(ctx, &q, s)
}
