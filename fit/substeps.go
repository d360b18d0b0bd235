package fit

import (
	"math"

	"govern/optim"
)

// flow returns the end of every segment (chain; nodes × states), with m
// Runge–Kutta steps a sample.
func (s *stage) flow(p *optim.Point, m int) [][]float64 {
	n := len(s.states)
	out := make([][]float64, len(s.chains))
	for c := range out {
		out[c] = make([]float64, len(s.chains[c].nodes)*n)
	}
	keep := s.substeps
	s.substeps = m
	s.sumBlocks(p, func(w *worker, b block) float64 {
		s.evaluate(w, b, p, nil)
		for lane, iv := range b.lanes {
			for i := range n {
				out[iv.chain][iv.node*n+i] = w.stepper.State[i][lane]
			}
		}
		return 0
	})
	s.substeps = keep
	return out
}

// maxSubsteps bounds the Runge–Kutta steps a sample; what needs more is stiff.
const maxSubsteps = 64

// chooseSubsteps returns the fewest Runge–Kutta steps a sample whose error, seen
// by doubling, stays below a tenth of the defects' standard deviation in the
// mean and below half of it nearly everywhere. The error of the doubled run is
// another 16 times smaller.
func (s *stage) chooseSubsteps(p *optim.Point, weight []float64) int {
	if s.data == nil {
		return 1
	}
	n := len(s.states)
	coarse := s.flow(p, 1)
	for m := 1; m < maxSubsteps; m *= 2 {
		fine := s.flow(p, 2*m)
		square, count, large := 0.0, 0.0, 0.0
		for c := range s.chains {
			ch := &s.chains[c]
			for b := range len(ch.nodes) - 1 {
				dt := ch.entry.Times[ch.nodes[b+1]] - ch.entry.Times[ch.nodes[b]]
				for i := range n {
					if weight[i] == 0 {
						continue
					}
					e := (coarse[c][b*n+i] - fine[c][b*n+i]) / (weight[i] * math.Sqrt(dt))
					square += e * e
					count++
					if !(math.Abs(e) < 0.5) {
						large++
					}
				}
			}
		}
		if count == 0 || square < 0.01*count && large < 0.002*count {
			return m
		}
		coarse = fine
	}
	return maxSubsteps
}
