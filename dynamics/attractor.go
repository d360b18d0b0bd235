package dynamics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// bins is the number of histogram bins an axis of the attractor distance.
const bins = 30

// AttractorDistance returns the Kullback–Leibler divergence KL(reference ‖ model)
// of the histograms of visited states, in nats: 30 bins an axis over the range
// of the reference, times ignored. More than three states are projected on the
// first three principal components of the reference's states, each divided by
// its standard deviation.
//
// The number of samples limits what an empty bin says: one that the model never
// visits has half a count, the probability 0.5/N, so that the distance stays
// finite. Model samples outside the range, NaN included, are in no bin but count
// in N: a model that leaves the attractor is far from it. Samples of the
// reference with a NaN are left out.
//
// Two runs of the truth do not have distance zero; compare with AttractorFloor.
func AttractorDistance(reference, model [][]float64) (float64, error) {
	if len(reference) == 0 || len(reference) != len(model) {
		return 0, fmt.Errorf("dynamics: attractor distance between %d and %d states", len(reference), len(model))
	}
	reference = complete(reference)
	if len(reference[0]) < 2 || len(model[0]) < 2 {
		return 0, fmt.Errorf("dynamics: attractor distance between %d and %d samples", len(reference[0]), len(model[0]))
	}
	if len(reference) > 3 {
		var err error
		if reference, model, err = principal(reference, model); err != nil {
			return 0, err
		}
	}
	edges := make([]span, len(reference))
	for i, x := range reference {
		edges[i] = spanOf(x)
	}
	p, q := histogram(reference, edges), histogram(model, edges)
	np, nq := float64(len(reference[0])), float64(len(model[0]))
	distance := 0.0
	for b, count := range p {
		if count > 0 {
			distance += count / np * math.Log((count/np)/(max(q[b], 0.5)/nq))
		}
	}
	return max(0, distance), nil // half counts can exceed a sum of one by a little
}

// AttractorFloor returns the attractor distance between the two halves of x:
// what a perfect model would have on data of that length. Halves are shorter
// than the whole, so it is a little above the distance of two true runs.
func AttractorFloor(x [][]float64) (float64, error) {
	a, b := halves(x)
	return AttractorDistance(a, b)
}

// halves cuts every channel in the middle.
func halves(x [][]float64) (a, b [][]float64) {
	for _, v := range x {
		half := len(v) / 2
		a, b = append(a, v[:half]), append(b, v[half:2*half])
	}
	return a, b
}

// complete returns x without the samples at which a channel is NaN.
func complete(x [][]float64) [][]float64 {
	out := make([][]float64, len(x))
	for k := range x[0] {
		whole := true
		for _, v := range x {
			whole = whole && !math.IsNaN(v[k])
		}
		if whole {
			for i, v := range x {
				out[i] = append(out[i], v[k])
			}
		}
	}
	return out
}

// span is the range of an axis.
type span struct{ low, high float64 }

func spanOf(x []float64) span {
	s := span{math.Inf(1), math.Inf(-1)}
	for _, v := range x {
		s.low, s.high = min(s.low, v), max(s.high, v)
	}
	return s
}

// bin returns the bin of v, −1 outside the range. All of a constant axis is
// bin 0.
func (s span) bin(v float64) int {
	switch {
	case !(v >= s.low && v <= s.high):
		return -1
	case s.low == s.high:
		return 0
	}
	return min(bins-1, int(bins*((v-s.low)/(s.high-s.low))))
}

// histogram counts samples in bins, the last axis fastest.
func histogram(x [][]float64, axes []span) []float64 {
	size := 1
	for range axes {
		size *= bins
	}
	counts := make([]float64, size)
sample:
	for k := range x[0] {
		at := 0
		for i, s := range axes {
			b := s.bin(x[i][k])
			if b < 0 {
				continue sample
			}
			at = at*bins + b
		}
		counts[at]++
	}
	return counts
}

// principal projects both on the reference's first three principal components.
func principal(reference, model [][]float64) (r, m [][]float64, err error) {
	n := len(reference)
	means, stds := make([]float64, n), make([]float64, n)
	standard := func(x [][]float64) *mat.Dense {
		d := mat.NewDense(len(x[0]), n, nil)
		for i, v := range x {
			for k, u := range v {
				d.Set(k, i, (u-means[i])/stds[i])
			}
		}
		return d
	}
	for i, v := range reference {
		if means[i], stds[i] = stat.PopMeanStdDev(v, nil); stds[i] == 0 {
			stds[i] = 1
		}
	}
	ref := standard(reference)
	var covariance mat.SymDense
	stat.CovarianceMatrix(&covariance, ref, nil)
	var eigen mat.EigenSym
	if !eigen.Factorize(&covariance, true) {
		return nil, nil, fmt.Errorf("dynamics: no principal components of %d states over %d samples", n, len(reference[0]))
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	project := func(d *mat.Dense) [][]float64 {
		var p mat.Dense
		p.Mul(d, vectors.Slice(0, n, n-3, n))
		out := make([][]float64, 3)
		for i := range out {
			out[i] = mat.Col(nil, i, &p)
		}
		return out
	}
	return project(ref), project(standard(model)), nil
}
