package optim

import (
	"context"
	"math"
	"math/rand/v2"
)

// Sum is an objective that is a sum over batches.
type Sum interface {
	Batches() int
	// Part returns one batch's share of the objective at x and writes its gradient;
	// +Inf or NaN where the model cannot be evaluated.
	Part(batch int, x, gradient []float64) float64
	// Bounds returns the limits of x (±Inf where there are none).
	Bounds() (lower, upper []float64)
}

// Adam settings; the zero value of a field is its default.
type Adam struct {
	Epochs int     // passes over all batches; 0: 20
	Rate   float64 // length of the first steps, in units of x; 0: 1e-2. It falls to nothing along a cosine.
	Decay  float64 // decoupled weight decay, per unit of rate; 0: none
	Seed   uint64  // of the batches' order
	Report func(epoch int, objective, rate float64)
}

// The decay of Adam's averages of slopes and squares, and its guard.
const (
	adamFirst  = 0.9
	adamSecond = 0.999
	adamGuard  = 1e-8
)

// Minimise improves x in place by steps along single batches' gradients, averaged
// and divided by their root mean square (Kingma and Ba, ICLR 2015), with
// decoupled weight decay (Loshchilov and Hutter, ICLR 2019), one step a batch, in a
// new order each epoch. Outcome.Objective is the sum of the batches' shares in
// the last epoch, each at its own time; the status is IterationLimit, or Failed
// where the first epoch has no number. A batch that cannot be evaluated takes no step.
// Use it to come near a minimum from far away; LBFGS and LevenbergMarquardt
// settle there.
func (s Adam) Minimise(ctx context.Context, f Sum, x []float64) (Outcome, error) {
	if s.Epochs == 0 {
		s.Epochs = 20
	}
	if s.Rate == 0 {
		s.Rate = 1e-2
	}
	n, batches := len(x), f.Batches()
	first, second, g := make([]float64, n), make([]float64, n), make([]float64, n)
	lower, upper := f.Bounds()
	rng := rand.New(rand.NewPCG(s.Seed, 0x6164616d))
	out := Outcome{}
	all, taken := s.Epochs*batches, 0
	power1, power2 := 1.0, 1.0
	for range s.Epochs {
		total, rate := 0.0, 0.0
		for _, b := range rng.Perm(batches) {
			if err := ctx.Err(); err != nil {
				return out, err
			}
			rate = s.Rate * (1 + math.Cos(math.Pi*float64(taken)/float64(all))) / 2
			taken++
			part := f.Part(b, x, g)
			total += part
			if !finite(part) {
				continue
			}
			power1 *= adamFirst
			power2 *= adamSecond
			for j, v := range g {
				first[j] += (1 - adamFirst) * (v - first[j])
				second[j] += (1 - adamSecond) * (v*v - second[j])
				step := first[j] / (1 - power1) / (math.Sqrt(second[j]/(1-power2)) + adamGuard)
				x[j] = math.Min(math.Max(x[j]-rate*(step+s.Decay*x[j]), lower[j]), upper[j])
			}
		}
		out.Iterations++
		out.Objective, out.Damping = total, rate
		if out.Iterations == 1 && !finite(total) {
			out.Status = Failed
			break
		}
		if s.Report != nil {
			s.Report(out.Iterations, total, rate)
		}
	}
	return out, nil
}
