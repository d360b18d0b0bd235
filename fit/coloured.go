package fit

import (
	"context"
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"govern/expr"
	"govern/record"
	"govern/tape"
)

// Noise of a residual counts as AR(1) when its autocorrelation falls from
// sample to sample as a power, as that of a wrong model does not: at lags of 2 and 4
// within colouredTolerance, from at least colouredLeast at lag 1.
const (
	colouredLeast     = 0.15
	colouredTolerance = 0.12
	colouredSteps     = 100
	// colouredMuch counts even where differences see all of the noise.
	colouredMuch = 0.3
)

// LeavesCorrelatedNoise says that what a fit leaves on a channel is clearly AR(1) noise.
func (e *Engine) LeavesCorrelatedNoise(f *Fitted) (bool, error) {
	if e.segment() > 1 || len(f.Forms) > 0 || f.Driven {
		return false, nil
	}
	residual, err := e.Data.fitResiduals(f)
	if err != nil {
		return false, err
	}
	for c, info := range e.Data.Channels {
		if rho, _, ok := autoregressive(e.Data.Entries, residual, c); ok && rho > colouredMuch && !info.Given {
			return true, nil
		}
	}
	return false, nil
}

// FindCorrelatedNoise asks whether correlated noise is why a fit does not pass: the fit
// is forced to explain the data without defects, with no cap on the noise, and what
// it leaves is looked at. The entries that are returned say so of every channel
// whose residual is AR(1) noise that the differences cannot see; nil when there
// is none, or where it is a function of the motion: a wrong equation's residual may
// look like slow noise. Channels with given noise are left alone.
func (e *Engine) FindCorrelatedNoise(ctx context.Context, name string, at *Fitted) ([]record.Entry, error) {
	if e.segment() > 1 || len(at.Forms) > 0 {
		return nil, nil
	}
	open := *e
	data := *e.Data
	data.Channels = slices.Clone(data.Channels)
	for i := range data.Channels {
		data.Channels[i].Slow = math.Inf(1)
	}
	open.Data = &data
	f, err := open.Trajectory(ctx, name, at, Schedule{To: OmegaEnd, Iterations: colouredSteps, Noise: true})
	if err != nil || !(f.Objective < math.Inf(1)) {
		return nil, err
	}
	residual, err := e.Data.fitResiduals(f)
	if err != nil {
		return nil, err
	}
	entries := record.CloneChannels(e.Data.Entries)
	found := false
	for c, info := range e.Data.Channels {
		rho, sigma, ok := autoregressive(e.Data.Entries, residual, c)
		if !ok || info.Given || sigma < info.Slow && rho < colouredMuch {
			continue
		}
		if e.Data.followsMotion(f, residual, c, rho) {
			return nil, nil
		}
		found = true
		for i := range entries {
			if k := e.Data.ChannelPlace(i, c); k >= 0 {
				entries[i].Channels[k].Correlation = rho
				entries[i].Channels[k].Sigma = sigma * math.Sqrt((1+rho)/(1-rho))
			}
		}
	}
	if !found {
		return nil, nil
	}
	return entries, nil
}

// fitResiduals are data − fit, by entry, channel and sample, of a fit with a node a
// sample.
func (d *Data) fitResiduals(f *Fitted) ([][][]float64, error) {
	n := len(d.Model.States)
	path := &Smoothed{Parameters: f.Parameters}
	for _, nodes := range f.Nodes {
		states := make([][]float64, n)
		for k, v := range nodes {
			states[k%n] = append(states[k%n], v)
		}
		path.States = append(path.States, states)
	}
	return d.pathResiduals(path)
}

// pathResiduals is data − path, by entry, channel and sample.
func (d *Data) pathResiduals(path *Smoothed) ([][][]float64, error) {
	out := make([][][]float64, len(d.Entries))
	for e := range out {
		out[e] = make([][]float64, len(d.Channels))
		for c := range d.Channels {
			out[e][c] = slices.Clone(d.Values(e, c))
		}
	}
	var outputs []*expr.Expr
	for _, c := range d.Channels {
		outputs = append(outputs, c.Observe)
	}
	err := d.evaluateAlong(path, outputs, nil, func(e, i int, m *tape.Machine) {
		for c := range outputs {
			if out[e][c] != nil {
				out[e][c][i] -= m.Output(c)[0]
			}
		}
	})
	return out, err
}

// autoregressive estimates the correlation and the standard deviation of a
// channel's residuals, and says whether they are AR(1) noise.
func autoregressive(entries []record.Entry, residual [][][]float64, channel int) (rho, sigma float64, ok bool) {
	var usual []float64
	for _, e := range entries {
		for i := 1; i < len(e.Times); i++ {
			usual = append(usual, e.Times[i]-e.Times[i-1])
		}
	}
	slices.Sort(usual)
	step := usual[len(usual)/2]
	lagged := func(lag int) float64 {
		sum, n := 0.0, 0.0
		for e := range entries {
			x := residual[e][channel]
			for i := 0; i+lag < len(x); i++ {
				apart := entries[e].Times[i+lag] - entries[e].Times[i]
				if v := x[i] * x[i+lag]; !math.IsNaN(v) && math.Abs(apart-float64(lag)*step) < 0.1*step {
					sum += v
					n++
				}
			}
		}
		if n < 100 {
			return math.NaN()
		}
		return sum / n
	}
	variance := lagged(0)
	rho = lagged(1) / variance
	two, four := lagged(2)/variance, lagged(4)/variance
	ok = rho > colouredLeast && rho < 0.99 && math.Abs(two-rho*rho) < colouredTolerance && math.Abs(four-math.Pow(rho, 4)) < colouredTolerance
	return rho, math.Sqrt(variance), ok
}

// A residual follows the motion where states and their products explain this much
// of its innovations, and more than noise would once in a hundred thousand records.
const (
	followingShare  = 0.02
	followingChance = 1e-5
)

// followsMotion regresses the innovations of a channel's residual, taken as AR(1)
// noise, on those of the states and their products (Cochrane and Orcutt, Journal of
// the American Statistical Association 44 (1949) 32–61), and tests what they explain.
func (d *Data) followsMotion(f *Fitted, residual [][][]float64, channel int, rho float64) bool {
	n := len(d.Model.States)
	mean := f.mean(n)
	columns := n * (n + 3) / 2
	features := func(x, out []float64) {
		k := 0
		for i := range n {
			out[k] = x[i] - mean[i]
			k++
			for j := range i + 1 {
				out[k] = (x[i] - mean[i]) * (x[j] - mean[j])
				k++
			}
		}
	}
	now, before := make([]float64, columns), make([]float64, columns)
	var rows, right []float64
	for e := range d.Entries {
		r := residual[e][channel]
		for i := 1; i < len(r); i++ {
			if math.IsNaN(r[i]) || math.IsNaN(r[i-1]) {
				continue
			}
			features(f.Nodes[e][i*n:(i+1)*n], now)
			features(f.Nodes[e][(i-1)*n:i*n], before)
			for k := range now {
				rows = append(rows, now[k]-rho*before[k])
			}
			right = append(right, r[i]-rho*r[i-1])
		}
	}
	if len(right) <= 2*columns {
		return false
	}
	for k := range columns { // to unit length: states differ in size
		sum := 0.0
		for i := k; i < len(rows); i += columns {
			sum += rows[i] * rows[i]
		}
		for i := k; i < len(rows); i += columns {
			rows[i] /= math.Max(math.Sqrt(sum), 1e-300)
		}
	}
	var qr mat.QR
	qr.Factorize(mat.NewDense(len(right), columns, rows))
	var theta, fitted mat.VecDense
	y := mat.NewVecDense(len(right), right)
	if err := qr.SolveVecTo(&theta, false, y); err != nil && !isCondition(err) {
		return false
	}
	fitted.MulVec(mat.NewDense(len(right), columns, rows), &theta)
	all, left := 0.0, 0.0
	for i, v := range right {
		rest := v - fitted.AtVec(i)
		all, left = all+v*v, left+rest*rest
	}
	free := float64(len(right) - columns)
	ratio := distuv.F{D1: float64(columns), D2: free}
	return all-left > followingShare*all && ratio.Survival((all-left)/float64(columns)/(left/free)) < followingChance
}

// isCondition says that an error only warns of nearly collinear columns.
func isCondition(err error) bool {
	var c mat.Condition
	return errors.As(err, &c)
}
