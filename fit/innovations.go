package fit

import (
	"context"
	"math"
	"slices"

	"govern/fit/neural"
	"govern/internal/vector"
	"govern/optim"
)

// Innovations are what a fit says about the next sample from all samples before
// it, and how far off it was: a Kalman filter through the linearisation along the
// fitted path, with the defects as process noise.
type Innovations struct {
	// Whitened holds the errors of prediction of every channel over their standard
	// deviations, in the order of entries and samples. Of a right model they are
	// independent with variance 1.
	Whitened [][]float64
	// Loss is −2 log L of the data given the path's linearisation, up to a constant:
	// Σ log s + e²/s over the predictions.
	Loss float64
}

// filter is the linearisation that predictions run through.
type filter struct {
	st     *stage
	at     *optim.Point
	l      optim.Linear
	spread []float64   // of every state along the path
	slopes [][]float64 // of the rows of defects by every column that may move: by chain, one after another
}

// newFilter linearises the stage of a fit; segments must be single samples.
func (e *Engine) newFilter(f *Fitted) (*filter, error) {
	st, err := e.libraryStage(f.Terms, f, nil)
	if err != nil {
		return nil, err
	}
	p := st.point()
	for c := range p.Nodes {
		copy(p.Nodes[c], f.Nodes[c])
	}
	copy(p.Border, f.Coefficients)
	copy(p.Border[len(f.Terms):], f.Parameters)
	copy(p.Border[st.named:], neural.Weights(f.Forms))
	k := &filter{st: st, at: p, spread: make([]float64, len(st.states))}
	st.Linearise(p, &k.l)
	mean, n := f.mean(len(st.states)), len(st.states)
	for i := range k.spread {
		count := 0.0
		for _, nodes := range f.Nodes {
			for b := i; b < len(nodes); b += n {
				k.spread[i] += (nodes[b] - mean[i]) * (nodes[b] - mean[i])
				count++
			}
		}
		k.spread[i] = math.Sqrt(k.spread[i] / math.Max(count, 1))
	}
	return k, nil
}

// warmUp is how many nodes of a chain go by before predictions count: until then
// the filter hardly knows the hidden states.
func (k *filter) warmUp() int { return 5 * len(k.st.states) }

// firstDeviations is how many standard deviations a state may lie off the path before
// anything is measured.
const firstDeviations = 3

// mostSlopes bounds the numbers that differentiate keeps.
const mostSlopes = 50_000_000

// differentiate prepares for columns that move: the rows of defects by each of them,
// from differences over a tenth of its step. Where a state is hidden its path moves with
// a coefficient that it is multiplied by, so the residuals' slopes alone would not do.
// False where that is too much to keep.
func (k *filter) differentiate(steps []float64) bool {
	size := 0
	for _, c := range k.l.Chains {
		size += len(c.Defect)
	}
	if size*len(steps) > mostSlopes {
		return false
	}
	for j, step := range steps {
		var slope []float64
		if step > 0 {
			moved := k.at.Clone()
			moved.Border[j] += step / 10
			var l optim.Linear
			k.st.Linearise(moved, &l)
			for c := range l.Chains {
				for i, v := range l.Chains[c].Defect {
					slope = append(slope, (v-k.l.Chains[c].Defect[i])/(step/10))
				}
			}
		}
		k.slopes = append(k.slopes, slope)
	}
	return true
}

// assumed is what predictions may assume in place of what a fit does: factors on the
// standard deviations of every state's process noise and of every channel's noise, and how
// far columns are moved.
type assumed struct {
	process, measured []float64
	moved             []float64 // of the free columns; nil: not at all
}

func asFitted(states, channels int) assumed {
	return assumed{process: slices.Repeat([]float64{1}, states), measured: slices.Repeat([]float64{1}, channels)}
}

// shift is what moving the columns adds to the residual of a row that holds their slopes.
func (a assumed) shift(slopes []float64) float64 {
	sum := 0.0
	for j, v := range a.moved {
		sum += slopes[j] * v
	}
	return sum
}

// run filters under other assumptions, and hands the whitened prediction errors to visit,
// which may be nil. It returns −2 log L.
func (k *filter) run(a assumed, visit func(channel int, e float64)) float64 {
	n := len(k.st.states)
	block := n * (2*n + k.st.freeColumns() + 1) // rows of a segment's defects
	state, moved := newKalman(n), make([]float64, block)
	loss := 0.0
	first := 0 // of the chain's rows among all slopes
	for c := range k.st.chains {
		lc := &k.l.Chains[c]
		state.begin(firstDeviations, k.spread)
		for b := range lc.Nodes {
			k.st.nodeRows(&k.l, c, b, func(channel int, row []float64) {
				e, variance := state.observe(row, a.shift(row[n:]), a.measured[channel]*a.measured[channel])
				if b < k.warmUp() {
					return
				}
				loss += math.Log(variance) + e*e/variance
				if visit != nil {
					visit(channel, e/math.Sqrt(variance))
				}
			})
			if b+1 < lc.Nodes {
				rows := lc.Defect[b*block : (b+1)*block]
				if len(a.moved) > 0 {
					copy(moved, rows)
					for j, v := range a.moved {
						if v != 0 {
							vector.Axpy(moved, v, k.slopes[j][first+b*block:first+(b+1)*block])
						}
					}
					rows = moved
				}
				state.advance(rows, a.process)
			}
		}
		first += len(lc.Defect)
	}
	return loss
}

// Innovations predicts every sample from those before it. Cost: about one
// iteration of the fit.
func (e *Engine) Innovations(f *Fitted) (*Innovations, error) {
	k, err := e.newFilter(f)
	if err != nil {
		return nil, err
	}
	out := &Innovations{Whitened: make([][]float64, len(e.Data.Channels))}
	out.Loss = k.run(asFitted(len(k.spread), len(e.Data.Channels)), func(channel int, v float64) {
		out.Whitened[channel] = append(out.Whitened[channel], v)
	})
	return out, nil
}

// Process noise is looked for between OmegaEnd and mostNoise standard deviations a
// characteristic time.
const mostNoise = 10

// FitProcessNoise is a fit with process noise of its own for every state, and the noise
// of every channel beside it: where the likelihood of one-step predictions is largest, in
// place of one defect weight for all. The two must be found together, since what is
// taken for noise of a channel is missing in the motion: measured without noise, a
// relaxation would be a third too slow. So are coefficients and parameters, by the same
// likelihood, because at the best path they are drawn to less motion. Nodes are fitted
// again after each round, of which there are drivenRounds at most. Its Scale times Omega
// over √(characteristic time) is what a state's equation is off by after a unit of
// time, in its unit.
func (e *Engine) FitProcessNoise(ctx context.Context, name string, f *Fitted) (*Fitted, error) {
	out := &Fitted{}
	err := e.do(name, out, func() error {
		g, err := e.fitProcessNoise(ctx, name, f)
		if err == nil {
			*out = *g
		}
		return err
	})
	return out, err
}

func (e *Engine) fitProcessNoise(ctx context.Context, name string, f *Fitted) (*Fitted, error) {
	inner := *e
	inner.Journal = nil // a step of the journal is computed as a whole
	for round := range drivenRounds {
		k, err := e.newFilter(f)
		if err != nil {
			return nil, err
		}
		a := k.likeliest(f, e.Data)
		g := *f
		g.Scale, g.Sigma, g.Driven = slices.Clone(f.Scale), slices.Clone(f.Sigma), true
		for i, v := range a.process {
			g.Scale[i] *= v
		}
		for c, v := range a.measured {
			g.Sigma[c] *= v
		}
		schedule := Schedule{To: f.Omega}
		if a.moved != nil {
			g.Coefficients, g.Parameters = slices.Clone(f.Coefficients), slices.Clone(f.Parameters)
			for j, v := range a.moved {
				schedule.Held = append(schedule.Held, j)
				if j < len(g.Coefficients) {
					g.Coefficients[j] += v
				} else {
					g.Parameters[j-len(g.Coefficients)] += v
				}
			}
		}
		steady := round > 0 && a.steady()
		if f, err = inner.trajectory(ctx, name, &g, schedule); err != nil || f.Status == optim.Failed {
			return f, err
		}
		if steady {
			break
		}
	}
	return f, nil
}

// steady says that hardly anything is assumed otherwise than the fit does.
func (a assumed) steady() bool {
	const much = 1.02
	for _, v := range slices.Concat(a.process, a.measured) {
		if v > much || v < 1/much {
			return false
		}
	}
	return true
}

const drivenRounds = 8

// likeliest are the assumptions with the largest likelihood of the predictions. Given
// noise stays; columns move where every entry has the same and the covariance says how
// large a step is. Noises and columns lie on a ridge, on which descent along one after
// the other stops, so they are sought together: by L-BFGS (optim.LBFGS) on logarithms of
// factors and on columns in standard deviations, with differences as slopes. Cost: some
// hundred filters.
func (k *filter) likeliest(f *Fitted, d *Data) assumed {
	r := k.ridgeOf(f, d)
	x := make([]float64, len(r.low))
	_, _ = optim.LBFGS{Iterations: 80, Tolerance: 1e-3}.Minimise(context.Background(), r, x) // it stays where it is at worst
	return r.assume(x)
}

// ridge is −2 log L over the logarithms of factors on noises, and columns.
type ridge struct {
	filter    *filter
	states    int
	free      []int     // channels whose noise is not given
	channels  int       // all of them
	steps     []float64 // of columns: their standard deviations; nil: they stay
	low, high []float64 // bounds of the numbers
}

func (k *filter) ridgeOf(f *Fitted, d *Data) *ridge {
	r := &ridge{filter: k, states: len(k.spread), channels: len(d.Channels)}
	bound := func(low, high float64) { r.low, r.high = append(r.low, low), append(r.high, high) }
	for i, spread := range k.spread {
		now := math.Log(f.Omega * f.Scale[i] / math.Max(spread, 1e-300))
		bound(math.Min(math.Log(OmegaEnd)-now, 0), math.Max(math.Log(mostNoise)-now, 0))
	}
	for c := range d.Channels {
		if info := &d.Channels[c]; !info.Given {
			r.free = append(r.free, c)
			bound(math.Min(math.Log(info.Floor/f.Sigma[c]), 0), math.Max(math.Log(info.NoiseCap()/f.Sigma[c]), 0))
		}
	}
	if len(d.Differing()) > 0 || len(f.Forms) > 0 || len(f.Covariance) == 0 {
		return r
	}
	lower, upper := k.st.Bounds()
	for j := range f.Columns() {
		sd := math.Sqrt(f.Variance(j))
		if !(sd > 0) || math.IsInf(sd, 0) {
			sd = 0
		}
		r.steps = append(r.steps, sd)
	}
	if !k.differentiate(r.steps) {
		r.steps = nil
		return r
	}
	for j, sd := range r.steps {
		if sd == 0 {
			bound(0, 0)
			continue
		}
		bound(math.Max(math.Min((lower[j]-k.at.Border[j])/sd, 0), -mostDeviations), math.Min(math.Max((upper[j]-k.at.Border[j])/sd, 0), mostDeviations))
	}
	return r
}

// mostDeviations is how far a column moves at once: the filter knows it at the path alone.
const mostDeviations = 5

// assume turns numbers into assumptions.
func (r *ridge) assume(x []float64) assumed {
	out := asFitted(r.states, r.channels)
	for i := range out.process {
		out.process[i] = math.Exp(x[i])
	}
	for k, c := range r.free {
		out.measured[c] = math.Exp(x[r.states+k])
	}
	for j, sd := range r.steps {
		out.moved = append(out.moved, sd*x[r.states+len(r.free)+j])
	}
	return out
}

// Bounds, Accept and Evaluate make it an optim.Smooth.
func (r *ridge) Bounds() (lower, upper []float64) { return r.low, r.high }

func (r *ridge) Accept() {}

// Evaluate takes its slopes from central differences.
func (r *ridge) Evaluate(x, gradient []float64) float64 {
	const h = 1e-4
	for k, v := range x {
		x[k] = v + h
		above := r.filter.run(r.assume(x), nil)
		x[k] = v - h
		gradient[k] = (above - r.filter.run(r.assume(x), nil)) / (2 * h)
		x[k] = v
	}
	return r.filter.run(r.assume(x), nil)
}

// Noise are the options under which states are located along a model of the fit:
// with its process noise, or with equations that hold as far as they did in the fit.
func (f *Fitted) Noise() Options {
	if f.Driven || f.Omega < OmegaEnd {
		return Options{Omega: f.Omega}
	}
	return Options{}
}
