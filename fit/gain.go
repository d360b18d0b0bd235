package fit

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"govern/expr"
	"govern/tape"
)

// Gain is the prediction-error correction of a stage: the right-hand side gets
// G·K·(ŷ(t) − h(x)) with K diagonal over channels and G the pseudo-inverse of
// ∂h/∂x, so that a state that no channel sees receives nothing directly. ŷ is a
// path of the channels (Drive), cubic between samples: a linear one would bias
// even noise-free fits.
type Gain struct {
	K     float64       // of a channel that can be trusted, per unit of time
	Drive [][][]float64 // entry, channel of the data, sample
}

// strength is K, zero without a gain.
func (g *Gain) strength() float64 {
	if g == nil {
		return 0
	}
	return g.K
}

// Trust is the share of a gain that a channel deserves: 1 up to a noise of a
// tenth of its signal's standard deviation, falling with the square beyond.
func (d *Data) Trust(channel int, sigma float64) float64 {
	c := d.Channels[channel]
	signal := math.Sqrt(math.Max(c.Std*c.Std-sigma*sigma, 1e-12*c.Std*c.Std))
	return math.Min(1, math.Pow(0.1*signal/sigma, 2))
}

// Drive evaluates what the channels would measure along a smoothed path: the ŷ
// of a gain. Columns that are not observed in an entry are smoothed all the same.
func (d *Data) Drive(sm *Smoothed) ([][][]float64, error) {
	var outputs []*expr.Expr
	for _, c := range d.Channels {
		outputs = append(outputs, c.Observe)
	}
	out := make([][][]float64, len(d.Entries))
	for e := range out {
		out[e] = make([][]float64, len(d.Channels))
		for c := range out[e] {
			out[e][c] = make([]float64, len(d.Entries[e].Times))
		}
	}
	err := d.evaluateAlong(sm, outputs, nil, func(e, i int, m *tape.Machine) {
		for c := range out[e] {
			out[e][c][i] = m.Output(c)[0]
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func driveName(channel int) string { return fmt.Sprintf("y#%d", channel) }

// innovationOf is the innovation of a channel by the signals of a stage. Where its noise has
// several levels the signals of the cleanest and the next are s·ŷ and s, with the share s of the gain
// that an entry's own level deserves.
func (d *Data) innovationOf(channel int) *expr.Expr {
	h := d.Channels[channel].Observe
	if share := d.shareChannel(channel); share >= 0 {
		h = expr.Binary(expr.Mul, expr.Var(driveName(share)), h)
	}
	return expr.Binary(expr.Sub, expr.Var(driveName(channel)), h)
}

// shareChannel is the channel whose signal is the share s of a channel with several levels, −1
// for others.
func (d *Data) shareChannel(channel int) int {
	levels := d.LevelsOf(channel)
	if k := slices.IndexFunc(levels, func(k int) bool { return k != channel }); k >= 0 {
		return levels[k]
	}
	return -1
}

// trustedDrive are the signals of driven for a path of the channels; the path itself where no
// channel has several levels.
func (d *Data) trustedDrive(path [][][]float64, gains []float64) [][][]float64 {
	out := path
	for c := range d.Channels {
		share := d.shareChannel(c)
		if share < 0 || d.Cleanest(c) != c || gains[c] == 0 {
			continue
		}
		if &out[0] == &path[0] {
			out = slices.Clone(path)
			for e := range out {
				out[e] = slices.Clone(path[e])
			}
		}
		for e := range out {
			s := 1.0
			for _, k := range d.LevelsOf(c) {
				if d.Values(e, k) != nil {
					s = gains[k] / gains[c]
				}
			}
			out[e][c], out[e][share] = slices.Clone(path[e][c]), slices.Repeat([]float64{s}, len(path[e][c]))
			for i := range out[e][c] {
				out[e][c][i] *= s
			}
		}
	}
	return out
}

// Nudge adds the correction to right-hand sides. gains are per channel; at is
// the state where a nonlinear channel's slope is taken; innovation is ŷ − h(x). Of a
// channel whose noise has several levels the cleanest stands for all.
// A channel without gain or without a state in it corrects nothing.
func (d *Data) Nudge(right []*expr.Expr, gains []float64, at []float64, innovation func(channel int) *expr.Expr) ([]*expr.Expr, error) {
	n := len(d.Model.States)
	h := mat.NewDense(len(d.Channels), n, nil)
	values := map[string]float64{}
	for i, s := range d.Model.States {
		values[s.Name] = at[i]
	}
	for _, p := range d.Model.Parameters {
		values[p.Name] = p.Value
	}
	look := func(name string) (float64, bool) { v, ok := values[name]; return v, ok }
	for c, ch := range d.Channels {
		for i, s := range d.Model.States {
			v, err := expr.Eval(expr.Diff(ch.Observe, s.Name), look)
			if err != nil {
				return nil, fmt.Errorf("fit: slope of channel %s: %w", ch.Column, err)
			}
			if gains[c] > 0 && d.Cleanest(c) == c {
				h.Set(c, i, v)
			}
		}
	}
	g, err := pseudoInverse(h)
	if err != nil {
		return nil, err
	}
	out := append([]*expr.Expr(nil), right...)
	size := d.StateSizes()
	for i := range out {
		for c, ch := range d.Channels {
			// What rounding leaves of the pseudo-inverse moves the state by nothing.
			if k := g.At(i, c) * gains[c]; k != 0 && math.Abs(g.At(i, c)*ch.Std) > 1e-12*size[i] {
				out[i] = expr.Binary(expr.Add, out[i], expr.Binary(expr.Mul, expr.Num(k), innovation(c)))
			}
		}
	}
	return out, nil
}

// pseudoInverse of a small matrix, by singular values.
func pseudoInverse(h *mat.Dense) (*mat.Dense, error) {
	var svd mat.SVD
	if !svd.Factorize(h, mat.SVDThin) {
		return nil, fmt.Errorf("fit: the channels' slopes have no singular value decomposition")
	}
	values := svd.Values(nil)
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	m, n := h.Dims()
	out := mat.NewDense(n, m, nil)
	for k, s := range values {
		if s <= 1e-10*values[0] {
			continue
		}
		for i := range n {
			for j := range m {
				out.Set(i, j, out.At(i, j)+v.At(i, k)*u.At(j, k)/s)
			}
		}
	}
	return out, nil
}

// hermite returns the cubic between samples i and i+1 of x as coefficients of
// powers of t − t_i, with slopes of the parabolas through three samples.
func hermite(t, x []float64, i int) (base, slope, curve, jerk float64) {
	h := t[i+1] - t[i]
	chord := (x[i+1] - x[i]) / h
	left, right := chord, chord
	if i > 0 {
		g := t[i] - t[i-1]
		left = (h*(x[i]-x[i-1])/g + g*chord) / (g + h)
	}
	if i+2 < len(x) {
		g := t[i+2] - t[i+1]
		right = (g*chord + h*(x[i+2]-x[i+1])/g) / (g + h)
	}
	return x[i], left, (3*chord - 2*left - right) / h, (left + right - 2*chord) / (h * h)
}
