package changes

import (
	"context"
	"slices"

	"govern/discover/terms"
	"govern/fit"
	"govern/internal/vector"
	"govern/series"
)

// Linearisation is data near a fit: its stretches say what they tell of the coefficients
// of a library and of the fitted parameters. Noise, path and defect weight are the
// fit's.
type Linearisation struct {
	engine  *fit.Engine
	at      *fit.Fitted
	library []fit.Term
	theta   []float64 // of the library and the parameters, where it is linearised
}

// NewLinearisation linearises a fit of the engine's data at coefficients of a library
// and parameters, which need not be the fit's.
func NewLinearisation(e *fit.Engine, at *fit.Fitted, library []fit.Term, theta []float64) *Linearisation {
	return &Linearisation{e, at, library, theta}
}

// Linearise is a path with a library, at the coefficients of the regression along it
// and a defect weight; nil where the library is empty or the regression has none.
func Linearise(e *fit.Engine, path *fit.Smoothed, library []fit.Term, substeps int, omega float64) (*Linearisation, error) {
	if len(library) == 0 {
		return nil, nil
	}
	_, coefficients, parameters, err := terms.MatchGradients(e.Data, path, library)
	if err != nil {
		return nil, err
	}
	theta := slices.Concat(coefficients, parameters)
	if !series.Finite(vector.Dot(theta, theta)) {
		return nil, nil
	}
	r := NewLinearisation(e, e.Start(path, library, coefficients, parameters), library, theta)
	r.at.Substeps, r.at.Omega = substeps, omega
	return r, nil
}

// Columns is how many coefficients and parameters there are.
func (r *Linearisation) Columns() int { return len(r.theta) }

func (r *Linearisation) triangles(ctx context.Context, blocks []fit.Block) ([][]float64, error) {
	return r.engine.Triangles(ctx, r.at, r.library, r.theta, blocks)
}

// blocks cuts every entry into blocks of about so many samples.
func (r *Linearisation) blocks(length int) []fit.Block {
	var out []fit.Block
	for k, e := range r.engine.Data.Entries {
		n := len(e.Times)
		parts := max(n/length, 1)
		for b := range parts {
			out = append(out, fit.Block{Entry: k, From: b * n / parts, To: (b + 1) * n / parts})
		}
	}
	return out
}

// pieces are blocks as long as the shortest regime.
func (r *Linearisation) pieces() []fit.Block {
	return r.blocks(int(leastRegime * r.engine.Data.SamplesPerCycle()))
}

// PieceCosts are what pieces as long as the shortest regime cost a sample, each with
// coefficients of its own.
func (r *Linearisation) PieceCosts(ctx context.Context) ([]float64, error) {
	blocks := r.pieces()
	triangles, err := r.triangles(ctx, blocks)
	if err != nil {
		return nil, err
	}
	per := float64(r.engine.Data.Observations()) / float64(r.engine.Data.Samples())
	out := make([]float64, len(blocks))
	for i, t := range triangles {
		out[i] = t[len(t)-1] * t[len(t)-1] / (per * float64(blocks[i].To-blocks[i].From))
	}
	return out, nil
}

// WholeCost is what the record costs with the same coefficients everywhere.
func (r *Linearisation) WholeCost(ctx context.Context) (float64, error) {
	triangles, err := r.triangles(ctx, r.pieces())
	if err != nil {
		return 0, err
	}
	s := newStack(len(r.theta))
	for _, t := range triangles {
		s.push(t)
	}
	return s.residual(), nil
}
