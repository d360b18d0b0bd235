package fit

import (
	"context"
	"slices"

	"govern/optim"
	"govern/series"
)

// Nodes of a window, and of a batch.
const (
	batchWindow = 64
	batchNodes  = 1024
	// adamRate is short: columns begin at a regression, near what they will be.
	adamRate = 3e-3
)

// approach lets Adam move the columns x; they stay where that makes the whole
// worse.
func (r *reducedSpace) approach(ctx context.Context, x []float64, report func(int, float64, float64)) error {
	g, moved := make([]float64, len(x)), slices.Clone(x)
	before := r.Evaluate(x, g)
	if _, err := r.adam(ctx, moved, report); err != nil {
		return err
	}
	if r.Evaluate(moved, g) < before {
		copy(x, moved)
		r.Accept()
	}
	return ctx.Err()
}

// adam moves the columns x by batches of windows: each window a record of its
// own, whose nodes follow the columns by Gauss–Newton, so that only columns are
// left to the gradient. What links windows is left out; it is for the steps
// that follow on the whole.
func (r *reducedSpace) adam(ctx context.Context, x []float64, report func(int, float64, float64)) (optim.Outcome, error) {
	r.split()
	for _, b := range r.batches {
		b.ctx = ctx
	}
	out, err := optim.Adam{Epochs: r.epochs, Rate: adamRate, Seed: r.seed, Report: report}.Minimise(ctx, (*parts)(r), x)
	for _, b := range r.batches {
		b.ctx = nil
	}
	return out, err
}

// split makes the batches: windows from all over the record, by turns.
func (r *reducedSpace) split() {
	total := 0
	var all []chain
	n := len(r.st.states)
	var nodes [][]float64
	for c, ch := range r.st.chains {
		total += len(ch.nodes)
		for from := 0; from+1 < len(ch.nodes); from += batchWindow {
			to := min(from+batchWindow, len(ch.nodes))
			if len(ch.nodes)-to < 2 {
				to = len(ch.nodes)
			}
			part := ch
			part.nodes, part.later = ch.nodes[from:to], ch.later || from > 0
			all, nodes = append(all, part), append(nodes, r.keep[c][from*n:to*n])
			if to == len(ch.nodes) {
				break
			}
		}
	}
	count := max(1, min(total/batchNodes, len(all)))
	r.batches = nil
	for b := range count {
		var chains []chain
		var start [][]float64
		for k := b; k < len(all); k += count {
			chains, start = append(chains, all[k]), append(start, nodes[k])
		}
		st := r.st.withChains(chains)
		p := st.point()
		for c := range start {
			copy(p.Nodes[c], start[c])
		}
		r.batches = append(r.batches, newReducedSpace(st, p))
	}
}

// withChains is a reduced stage of other chains that shares all else with s.
func (s *reduced) withChains(chains []chain) *reduced {
	st := *s.stage
	st.chains, st.blocks = chains, divide(chains, s.workers[0].stepper.Lanes)
	st.partial = make([]float64, len(st.blocks))
	return newReduced(&st)
}

// parts are the batches of an apart, as Adam sees them.
type parts reducedSpace

func (r *parts) Batches() int { return len(r.batches) }

// Part settles the nodes of a batch and keeps them.
func (r *parts) Part(batch int, x, gradient []float64) float64 {
	b := r.batches[batch]
	objective := b.Evaluate(x, gradient)
	if series.Finite(objective) {
		b.Accept()
	}
	// Every part holds the whole prior.
	share := 1 - 1/float64(len(r.batches))
	r.st.priors.AddGradient(x, gradient, -share)
	return objective - share*r.st.priors.Objective(x)
}

func (r *parts) Bounds() (lower, upper []float64) { return (*reducedSpace)(r).Bounds() }
