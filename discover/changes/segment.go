package changes

import (
	"context"
	"math"
	"slices"

	"govern/fit"
)

// Change points are sought in blocks of a quarter of a cycle, or longer ones
// where there would be more than mostBlocks; a regime lasts leastRegime cycles at
// least. When the places are known roughly they are looked for again in blocks of
// a sixteenth of a cycle, and guardCycles on both sides belong to neither regime.
// Where there would be more than mostRegimes, the strongest changes between at most
// fewRegimes are looked at.
const (
	mostBlocks  = 240
	leastRegime = 4
	fineShare   = 16
	guardCycles = Guard
	mostRegimes = 8
	fewRegimes  = 4
)

// Segmentation is a record cut at change points.
type Segmentation struct {
	Cuts  []Cut
	Loss  float64 // penalised −2 log posterior
	Drift *Drift  // what explains the record better than change points do; nil if nothing does
}

// Segment finds the change points of a record, or that coefficients drift; nil
// without coefficients.
func (r *Linearisation) Segment(ctx context.Context) (*Segmentation, error) {
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
	out := &Segmentation{Loss: loss}
	if len(ends) > 1 {
		if out.Drift = r.compareDrift(triangles, penalty, loss); out.Drift != nil {
			out.Loss = out.Drift.loss
			return out, nil
		}
	}
	// Where the best fit is far off, what blocks say varies within a regime too: the
	// strongest changes are looked at, and Formula.Needed drops what they did not need.
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
		if last := len(out.Cuts) - 1; inside(d, c) && (last < 0 || separate(d, out.Cuts[last], c)) {
			out.Cuts = append(out.Cuts, c)
		}
	}
	return out, nil
}

// blockLength is the length of the blocks that change points are sought in: they are
// longer where many columns make the partition slow.
func (r *Linearisation) blockLength() int {
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

// place finds where, around the start of block b, what is explained by the
// coefficients before changes to what is explained by those after.
func (r *Linearisation) place(ctx context.Context, blocks []fit.Block, b int, before, after []float64) (Cut, error) {
	const around = 3 // blocks
	d := r.engine.Data
	here := blocks[b]
	if here.From == 0 {
		return cutBefore(here.Entry, 0), nil // it starts with its entry
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
		return Cut{}, err
	}
	sum, lowest, at := 0.0, math.Inf(1), here.From
	for k, t := range triangles {
		if sum < lowest {
			lowest, at = sum, fine[k].From
		}
		sum += squaresAt(t, before) - squaresAt(t, after)
	}
	return cutBefore(here.Entry, at), nil
}
