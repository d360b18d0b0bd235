package fit

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"govern/optim"
	"govern/series"
)

// divergence says how trajectories near a fit part: the state-transition matrices
// of its segments and the defects behind them, in units of the states' scales.
type divergence struct {
	states int
	chains []transitions
}

// transitions are the segments of one chain that end at a node.
type transitions struct {
	matrix []float64 // segment × state × state
	defect []float64 // segment × state
	span   []float64 // of time, by segment
}

// part is segment b's matrix and defect.
func (c *transitions) part(b, n int) (phi, defect []float64) {
	return c.matrix[b*n*n : (b+1)*n*n], c.defect[b*n : (b+1)*n]
}

// divergence reads the rows of the defects at p, which Linearise wrote to l: a row
// holds what the segment's end gains by its start, divided by the defect's standard
// deviation. scale are the states' sizes.
func (s *stage) divergence(l *optim.Linear, scale []float64) *divergence {
	n := len(s.states)
	wide := 2*n + s.free() + 1
	out := &divergence{states: n}
	for c := range s.chains {
		ch := &s.chains[c]
		var t transitions
		for b := range len(ch.nodes) - 1 {
			dt := ch.entry.Times[ch.nodes[b+1]] - ch.entry.Times[ch.nodes[b]]
			t.span = append(t.span, dt)
			for i := range n {
				row := l.Chains[c].Defect[(b*n+i)*wide : (b*n+i+1)*wide]
				unit := 1 / (s.precision(i, dt, math.Sqrt(dt)) * scale[i])
				for j := range n {
					t.matrix = append(t.matrix, -row[j]*unit*scale[j])
				}
				t.defect = append(t.defect, row[wide-1]*unit)
			}
		}
		out.chains = append(out.chains, t)
	}
	return out
}

// rate is the mean rate, per unit of time, at which a perturbation grows along the
// data: the largest Lyapunov exponent as they show it (Benettin and others, Meccanica
// 15 (1980) 9–20, of one vector).
func (d *divergence) rate() float64 {
	n := d.states
	sum, time := 0.0, 0.0
	v, next := make([]float64, n), make([]float64, n)
	for c := range d.chains {
		t := &d.chains[c]
		for i := range v {
			v[i] = 1 / math.Sqrt(float64(n))
		}
		for b, dt := range t.span {
			phi, _ := t.part(b, n)
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

// growth is the largest factor by which k consecutive segments, taken as one,
// enlarge a perturbation of their start: the spectral norm of the product of their
// matrices. What shrinks does no harm, so the condition of the product plays no part.
func (d *divergence) growth(k int) float64 {
	n := d.states
	worst := 0.0
	var svd mat.SVD
	product, next := mat.NewDense(n, n, nil), mat.NewDense(n, n, nil)
	for c := range d.chains {
		t := &d.chains[c]
		for b := 0; b < len(t.span); b += k {
			phi, _ := t.part(b, n)
			product.Copy(mat.NewDense(n, n, phi))
			for j := b + 1; j < min(b+k, len(t.span)); j++ {
				phi, _ = t.part(j, n)
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

// jump is the largest distance, in scales, by which the end of a segment moves when
// the defect before it is closed, as joining it to the one before does. Of a segment
// that is joined only in part, share, the defect grows at the same rate.
func (d *divergence) jump(share float64) float64 {
	n := d.states
	worst := 0.0
	out := make([]float64, n)
	for c := range d.chains {
		t := &d.chains[c]
		for b := 0; b+1 < len(t.span); b += 2 {
			_, defect := t.part(b, n)
			phi, _ := t.part(b+1, n)
			if size := norm(defect); size > 0 {
				worst = math.Max(worst, size*math.Pow(apply(out, phi, defect)/size, share))
			}
		}
	}
	return worst
}

// reach is the distance, in scales, to which the largest defect grows over so many
// segments at the mean rate.
func (d *divergence) reach(segments int) float64 {
	worst, time, count := 0.0, 0.0, 0
	for c := range d.chains {
		t := &d.chains[c]
		for b, dt := range t.span {
			_, defect := t.part(b, d.states)
			worst, time, count = math.Max(worst, norm(defect)), time+dt, count+1
		}
	}
	return worst * math.Exp(d.rate()*time*float64(segments)/math.Max(float64(count), 1))
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

// longest is the longest time of a segment.
func (d *divergence) longest() float64 {
	most := 0.0
	for c := range d.chains {
		for _, dt := range d.chains[c].span {
			most = math.Max(most, dt)
		}
	}
	return most
}
