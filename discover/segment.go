package discover

import (
	"context"
	"math"
	"slices"

	"govern/discover/terms"
	"govern/fit"
	"govern/optim"
)

// linearisation is data near a fit: its stretches say what they tell of the coefficients
// of a library and of the fitted parameters. Noise, path and defect weight are the
// fit's.
type linearisation struct {
	engine  *fit.Engine
	at      *fit.Fitted
	library []fit.Term
	theta   []float64 // of the library and the parameters, where it is linearised
}

func (r *linearisation) triangles(ctx context.Context, blocks []fit.Block) ([][]float64, error) {
	return r.engine.Triangles(ctx, r.at, r.library, r.theta, blocks)
}

// blocks cuts every entry into blocks of about so many samples.
func (r *linearisation) blocks(length int) []fit.Block {
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

// blockLength is the length of the blocks that change points are sought in: they are
// longer where many columns make the partition slow.
func (r *linearisation) blockLength() int {
	d := r.engine.Data
	cycle, total := d.SamplesPerCycle(), float64(d.Samples())
	length := math.Max(math.Max(cycle/4, total/mostBlocks), 4)
	for length < leastRegime/2*cycle && total*total/(length*length)*math.Pow(float64(len(r.theta)+1), 3) > partitionWork {
		length *= 2
	}
	return int(length)
}

// partitionWork bounds blocks²·columns³: half a second.
const partitionWork = 3e8

// segmented is a record cut at change points.
type segmented struct {
	cuts  []cut
	loss  float64 // penalised −2 log posterior
	drift *drift  // what explains the record better than change points do; nil if nothing does
}

// segmentation of a record; nil without coefficients.
func (f *formulas) segmentation(ctx context.Context, r *linearisation) (*segmented, error) {
	d := r.engine.Data
	p := len(r.theta)
	if p == 0 {
		return nil, nil
	}
	length := r.blockLength()
	blocks := r.blocks(length)
	triangles, err := r.triangles(ctx, blocks)
	if err != nil {
		return nil, err
	}
	least := max(int(math.Ceil(leastRegime*d.SamplesPerCycle()/float64(length))), 1)
	penalty := float64(p)*math.Log(float64(d.Observations())) + 2*math.Log(float64(len(blocks)))
	ends, loss := partition(triangles, p, least, penalty)
	out := &segmented{loss: loss}
	if len(ends) > 1 {
		if out.drift = f.drifting(triangles, r.library, r.theta, penalty, loss); out.drift != nil {
			out.loss = out.drift.loss
			return out, nil
		}
	}
	// Where the best fit is far off, what blocks say varies within a regime too: the
	// strongest changes are looked at, and needed drops what they did not need.
	if len(ends) > mostRegimes {
		for price := 2 * penalty; len(ends) > fewRegimes; price *= 2 {
			ends, _ = partition(triangles, p, least, price)
		}
	}
	for k := range len(ends) - 1 {
		from := 0
		if k > 0 {
			from = ends[k-1]
		}
		c, err := r.place(ctx, blocks, ends[k],
			minimiser(triangles[from:ends[k]], p), minimiser(triangles[ends[k]:ends[k+1]], p))
		if err != nil {
			return nil, err
		}
		if last := len(out.cuts) - 1; f.inside(c) && (last < 0 || f.apartEnough(out.cuts[last], c)) {
			out.cuts = append(out.cuts, c)
		}
	}
	return out, nil
}

// partition cuts a row of blocks into segments of at least so many blocks, so that
// the sum of their least squares and of a penalty a segment is least; ends are the
// first blocks after the segments. Cost: O(blocks²·p³).
func partition(triangles [][]float64, p, least int, penalty float64) (ends []int, loss float64) {
	n := len(triangles)
	best, from := make([]float64, n+1), make([]int, n+1)
	for j := range best {
		best[j] = math.Inf(1)
	}
	best[0] = 0
	for i := range n {
		if math.IsInf(best[i], 1) {
			continue
		}
		t := newStack(p)
		for j := i + 1; j <= n; j++ {
			t.push(triangles[j-1])
			if j-i < least && (i > 0 || j < n) {
				continue
			}
			if v := best[i] + t.residual() + penalty; v < best[j] {
				best[j], from[j] = v, i
			}
		}
	}
	for j := n; j > 0; j = from[j] {
		ends = append(ends, j)
	}
	slices.Reverse(ends)
	return ends, best[n]
}

// stack is the triangle of blocks put on top of each other.
type stack struct {
	p int
	a []float64 // 2(p+1) rows of p+1
}

func newStack(p int) *stack { return &stack{p, make([]float64, 2*(p+1)*(p+1))} }

func (s *stack) push(triangle []float64) {
	w := s.p + 1
	copy(s.a[w*w:], triangle)
	terms.Triangularise(s.a, 2*w, w)
}

// residual is the least sum of squares.
func (s *stack) residual() float64 {
	w := s.p + 1
	return s.a[w*w-1] * s.a[w*w-1]
}

// minimiser is the step of θ at which blocks are best explained together.
func minimiser(triangles [][]float64, p int) []float64 {
	var f optim.Factor
	l := optim.Linear{N: 1, P: p}
	for _, t := range triangles {
		l.Prior = append(l.Prior, t...)
	}
	f.Eliminate(&l, optim.Damping{})
	delta := make([]float64, p)
	f.SolveBorder(delta)
	return delta
}

// squares is a block's −2 log posterior at a step of θ.
func squares(triangle, delta []float64) float64 {
	p := len(delta)
	sum := triangle[len(triangle)-1] * triangle[len(triangle)-1]
	for i := range p {
		row := triangle[i*(p+1) : (i+1)*(p+1)]
		v := row[p]
		for j := i; j < p; j++ {
			v += row[j] * delta[j]
		}
		sum += v * v
	}
	return sum
}

// place finds where, around the beginning of block b, what is explained by the
// coefficients before changes to what is explained by those after.
func (r *linearisation) place(ctx context.Context, blocks []fit.Block, b int, before, after []float64) (cut, error) {
	const around = 3 // blocks
	d := r.engine.Data
	here := blocks[b]
	if here.From == 0 {
		return cutBefore(here.Entry, 0), nil // it begins with its entry
	}
	length := here.To - here.From
	first, last := max(here.From-around*length, 0), min(here.From+around*length, len(d.Entries[here.Entry].Times))
	step := max(int(d.SamplesPerCycle()/fineShare), 2)
	var fine []fit.Block
	for i := first; i+step <= last; i += step {
		fine = append(fine, fit.Block{Entry: here.Entry, From: i, To: i + step})
	}
	triangles, err := r.triangles(ctx, fine)
	if err != nil {
		return cut{}, err
	}
	sum, lowest, at := 0.0, math.Inf(1), here.From
	for k, t := range triangles {
		if sum < lowest {
			lowest, at = sum, fine[k].From
		}
		sum += squares(t, before) - squares(t, after)
	}
	return cutBefore(here.Entry, at), nil
}
