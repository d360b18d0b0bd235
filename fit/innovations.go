package fit

import (
	"context"
	"math"
	"slices"

	"govern/fit/neural"
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
	l      optim.Linear
	spread []float64 // of every state along the path
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
	k := &filter{st: st, spread: make([]float64, len(st.states))}
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

// run filters with the process noise of every state times factor, and hands the
// whitened prediction errors to visit, which may be nil. It returns −2 log L.
func (k *filter) run(factor []float64, visit func(channel int, e float64)) float64 {
	n := len(k.st.states)
	block := n * (2*n + k.st.freeColumns() + 1) // rows of a segment's defects
	state := newKalman(n)
	loss := 0.0
	for c := range k.st.chains {
		lc := &k.l.Chains[c]
		state.begin(firstDeviations, k.spread)
		for b := range lc.Nodes {
			k.st.nodeRows(&k.l, c, b, func(channel int, row []float64) {
				e, variance := state.observe(row)
				if b < k.warmUp() {
					return
				}
				loss += math.Log(variance) + e*e/variance
				if visit != nil {
					visit(channel, e/math.Sqrt(variance))
				}
			})
			if b+1 < lc.Nodes {
				state.advance(lc.Defect[b*block:(b+1)*block], factor)
			}
		}
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
	out.Loss = k.run(slices.Repeat([]float64{1}, len(k.spread)), func(channel int, v float64) {
		out.Whitened[channel] = append(out.Whitened[channel], v)
	})
	return out, nil
}

// Process noise is looked for by these steps, a state at a time, coarse and then
// fine, between OmegaEnd and mostNoise standard deviations a characteristic time.
var noiseSteps = []float64{3.1622776601683795, 1.7782794100389228, 1.1547819846894583}

const mostNoise = 10

// FitProcessNoise is a fit with process noise of its own for every state: where the
// likelihood of one-step predictions is largest, in place of one defect weight for
// all. Noise and nodes are fitted again after each round. Its Scale times Omega
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
	for range drivenRounds {
		k, err := e.newFilter(f)
		if err != nil {
			return nil, err
		}
		factor := k.likeliest(f)
		g := *f
		g.Scale, g.Driven = slices.Clone(f.Scale), true
		for i, v := range factor {
			g.Scale[i] *= v
		}
		if f, err = inner.trajectory(ctx, name, &g, Schedule{To: f.Omega, Noise: true}); err != nil || f.Status == optim.Failed {
			return f, err
		}
	}
	return f, nil
}

const drivenRounds = 3

// likeliest are the factors on the states' process noise with the largest
// likelihood of the predictions, by descent along one state after the other.
func (k *filter) likeliest(f *Fitted) []float64 {
	n := len(k.spread)
	factor := slices.Repeat([]float64{1}, n)
	best := k.run(factor, nil)
	for _, step := range noiseSteps {
		for moved := true; moved; {
			moved = false
			for i := range n {
				for _, by := range []float64{step, 1 / step} {
					for {
						was := factor[i]
						relative := was * by * f.Omega * f.Scale[i] / math.Max(k.spread[i], 1e-300)
						if relative < OmegaEnd || relative > mostNoise {
							break
						}
						factor[i] = was * by
						if v := k.run(factor, nil); v < best-1e-3 {
							best, moved = v, true
							continue
						}
						factor[i] = was
						break
					}
				}
			}
		}
	}
	return factor
}

// Noise are the options under which states are located along a model of the fit:
// with its process noise, or with equations that hold as far as they did in the fit.
func (f *Fitted) Noise() Options {
	if f.Driven || f.Omega < OmegaEnd {
		return Options{Omega: f.Omega}
	}
	return Options{}
}
