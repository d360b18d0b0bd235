package fit

import (
	"context"
	"math"

	"govern/fit/prior"
	"govern/optim"
)

// Block is a part of an entry: samples From … To−1.
type Block struct{ Entry, From, To int }

// Triangles says what every block alone tells of the coefficients of a library
// and of the fitted parameters: the upper triangle R of (P+1) columns, row major,
// so that −2 log posterior of the block is |R·(θ − theta, 1)|², its nodes at their
// best near those of a fit. Noise, scales and the defect weight are the fit's.
// Cost: one factorisation of the record.
func (e *Engine) Triangles(ctx context.Context, at *Fitted, library []Term, theta []float64, blocks []Block) ([][]float64, error) {
	out := make([][]float64, len(blocks))
	n, p := len(e.Data.Model.States), len(theta)
	scratch := make([]streamScratch, len(blocks))
	err := eachWindow(ctx, e.Workers, len(blocks), func(worker, i int) error {
		b := blocks[i]
		one := *e
		one.Data, one.Workers = e.Data.window(stretch{b.Entry, b.From, b.To}), 1
		st, err := one.libraryStage(library, at, nil)
		if err != nil {
			return err
		}
		st.priors = prior.Set{Named: st.named} // they are of the whole, not of a block
		point := &optim.Point{Nodes: [][]float64{at.Nodes[b.Entry][b.From*n : b.To*n]}, Border: theta}
		f := &scratch[worker].full
		st.Linearise(point, &scratch[worker].wide)
		f.Eliminate(&scratch[worker].wide, optim.Damping{})
		r, z := f.Information()
		rows := make([]float64, (p+1)*(p+1))
		for k := range p {
			copy(rows[k*(p+1):], r[k*p:(k+1)*p])
			rows[k*(p+1)+p] = z[k]
		}
		rows[len(rows)-1] = math.Sqrt(f.Residual())
		out[i] = rows
		return nil
	})
	return out, err
}
