package neural

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"govern/model"
	"govern/series"
	"govern/tape"
)

// The shapes of a network that are tried, smallest first, when none is given, the
// random starts of each, and the steps of a start. Of a long path only
// every n-th pair is used. Networks with more than largeNetwork weights start by
// gradients.
var shapes = [][]int{{6}, {10}, {10, 10}}

const (
	draws          = 3
	warmIterations = 60
	mostPairs      = 1000

	largeNetwork = 300
	largeSteps   = 400
	largePairs   = 10_000
)

// Start regresses networks of several shapes and random starts on the samples of
// unknown u and returns the best by its evidence. Arguments are standardised, the
// output is scaled by the values. An unknown that has a shape keeps it.
func Start(ctx context.Context, seed uint64, u int, unknown model.Unknown, s Samples) (Form, error) {
	form, tried := standardised(u, unknown, s), shapes
	if n := unknown.Neural; n != nil {
		form.Neural.Activation = n.Activation
		if n.Hidden != nil {
			tried = [][]int{n.Hidden}
		}
	}
	best := math.Inf(1)
	rng := rand.New(rand.NewPCG(seed, uint64(u)))
	for _, hidden := range tried {
		candidate := form
		candidate.Neural.Hidden, candidate.Neural.Start = hidden, nil
		evidence, err := candidate.learn(ctx, rng, s)
		if err != nil {
			return form, err
		}
		if !(evidence < best) {
			break
		}
		best, form = evidence, candidate
	}
	if form.Neural.Start == nil {
		return form, &NoStartError{unknown.Name}
	}
	return form, nil
}

// standardised is a form without hidden units for samples of this size.
func standardised(u int, unknown model.Unknown, s Samples) Form {
	form := Form{Unknown: u, Arguments: unknown.Arguments, Neural: tape.Neural{
		Names: []string{unknown.Name}, Inputs: len(unknown.Arguments), Gain: []float64{unitWithout(series.RMS(s.Target))},
	}}
	for _, x := range s.Arguments {
		form.Neural.Shift, form.Neural.Scale = append(form.Neural.Shift, mean(x)), append(form.Neural.Scale, unitWithout(series.Std(x)))
	}
	return form
}

// learn starts a form several times at random and keeps the weights with the best
// evidence; none where all fail.
func (f *Form) learn(ctx context.Context, rng *rand.Rand, s Samples) (float64, error) {
	most := mostPairs
	if f.Neural.Weights() > largeNetwork {
		most = largePairs
	}
	r, err := NewRegression(f.Neural, s.thin((len(s.Target)+most-1)/most))
	if err != nil {
		return 0, err
	}
	evidence := math.Inf(1)
	for range draws {
		weights := f.Neural.Draw(rng)
		v, err := r.Learn(ctx, weights)
		if err != nil {
			return 0, err
		}
		if v < evidence {
			evidence, f.Neural.Start = v, weights
		}
	}
	return evidence, nil
}

// NoStartError says that no network learns what the smoother says of an unknown:
// its path is no motion that the known equations can have made.
type NoStartError struct{ Unknown string }

func (e *NoStartError) Error() string {
	return fmt.Sprintf("fit: no network for %s could be started on the smoothed path; likely a known equation contradicts the data", e.Unknown)
}

// unitWithout is a scale, 1 where there is none.
func unitWithout(scale float64) float64 {
	if scale > 0 {
		return scale
	}
	return 1
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v / float64(len(x))
	}
	return sum
}
