// Package divergence says how trajectories near a fit part, from the state-transition
// matrices of its segments and the defects behind them.
package divergence

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"govern/series"
)

// Transitions are the segments of all chains, in units of the states' scales.
type Transitions struct {
	States int
	Chains []Chain
}

// Chain are the segments of one chain that end at a node.
type Chain struct {
	Matrix []float64 // segment × state × state
	Defect []float64 // segment × state
	Span   []float64 // of time, by segment
}

// segment is segment b's matrix and defect.
func (c *Chain) segment(b, n int) (phi, defect []float64) {
	return c.Matrix[b*n*n : (b+1)*n*n], c.Defect[b*n : (b+1)*n]
}

// Rate is the mean rate, per unit of time, at which a perturbation grows along the
// data: the largest Lyapunov exponent as they show it (Benettin and others, Meccanica
// 15 (1980) 9–20, of one vector).
func (d *Transitions) Rate() float64 {
	n := d.States
	sum, time := 0.0, 0.0
	v, next := make([]float64, n), make([]float64, n)
	for c := range d.Chains {
		t := &d.Chains[c]
		for i := range v {
			v[i] = 1 / math.Sqrt(float64(n))
		}
		for b, dt := range t.Span {
			phi, _ := t.segment(b, n)
			size := apply(next, phi, v)
			if size == 0 {
				break
			}
			for i := range v {
				v[i] = next[i] / size
			}
			sum, time = sum+math.Log(size), time+dt
		}
	}
	if time == 0 {
		return 0
	}
	return sum / time
}

// Growth is the largest factor by which k consecutive segments, taken as one,
// enlarge a perturbation of their start: the spectral norm of the product of their
// matrices. What shrinks does no harm, so the condition of the product plays no part.
func (d *Transitions) Growth(k int) float64 {
	n := d.States
	worst := 0.0
	var svd mat.SVD
	product, next := mat.NewDense(n, n, nil), mat.NewDense(n, n, nil)
	for c := range d.Chains {
		t := &d.Chains[c]
		for b := 0; b < len(t.Span); b += k {
			phi, _ := t.segment(b, n)
			product.Copy(mat.NewDense(n, n, phi))
			for j := b + 1; j < min(b+k, len(t.Span)); j++ {
				phi, _ = t.segment(j, n)
				next.Mul(mat.NewDense(n, n, phi), product)
				product, next = next, product
			}
			if !series.Finite(mat.Sum(product)) || !svd.Factorize(product, mat.SVDNone) {
				return math.Inf(1)
			}
			worst = math.Max(worst, svd.Values(nil)[0])
		}
	}
	return worst
}

// Jump is the largest distance, in scales, by which the end of a segment moves when
// the defect before it is closed, as joining it to the one before does. Of a segment
// that is joined only in part, share, the defect grows at the same rate.
func (d *Transitions) Jump(share float64) float64 {
	n := d.States
	worst := 0.0
	out := make([]float64, n)
	for c := range d.Chains {
		t := &d.Chains[c]
		for b := 0; b+1 < len(t.Span); b += 2 {
			_, defect := t.segment(b, n)
			phi, _ := t.segment(b+1, n)
			if size := norm(defect); size > 0 {
				worst = math.Max(worst, size*math.Pow(apply(out, phi, defect)/size, share))
			}
		}
	}
	return worst
}

// Reach is the distance, in scales, to which the largest defect grows over so many
// segments at the mean rate.
func (d *Transitions) Reach(segments int) float64 {
	worst, time, count := 0.0, 0.0, 0
	for c := range d.Chains {
		t := &d.Chains[c]
		for b, dt := range t.Span {
			_, defect := t.segment(b, d.States)
			worst, time, count = math.Max(worst, norm(defect)), time+dt, count+1
		}
	}
	return worst * math.Exp(d.Rate()*time*float64(segments)/math.Max(float64(count), 1))
}

// Longest is the longest time of a segment.
func (d *Transitions) Longest() float64 {
	most := 0.0
	for c := range d.Chains {
		for _, dt := range d.Chains[c].Span {
			most = math.Max(most, dt)
		}
	}
	return most
}

func norm(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}

// apply writes m·v to out and returns its length.
func apply(out, m, v []float64) float64 {
	for i := range out {
		out[i] = 0
		for j, x := range v {
			out[i] += m[i*len(v)+j] * x
		}
	}
	return norm(out)
}
