package fit

import (
	"context"
	"math"
)

// Landscape returns the mean squared residual, in standard deviations of each
// channel, of single shooting from given initial states (one an entry) as one
// fitted parameter runs through values, the others at their start; with a gain
// the prediction error is fed back. NaN where the model escapes.
func (e *Engine) Landscape(ctx context.Context, start [][]float64, parameter string, values []float64, gain *Gain) ([]float64, error) {
	d := e.Data
	f := &Fitted{Sigma: make([]float64, len(d.Channels)), Scale: make([]float64, len(d.Model.States)), Omega: 1, Substeps: max(e.Options.Substeps, 1)}
	for c, info := range d.Channels {
		f.Sigma[c] = info.Std // residuals in standard deviations
	}
	for i := range f.Scale {
		f.Scale[i] = 1
	}
	engine := *e
	for _, entry := range d.Entries {
		engine.Options.Segment = max(engine.Options.Segment, len(entry.Times))
	}
	column := -1
	for i, c := range fittedColumns(d.Model) {
		f.Parameters = append(f.Parameters, d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Value)
		if c.Name == parameter {
			column = i
		}
	}
	for _, x0 := range start {
		f.Nodes = append(f.Nodes, append(append([]float64(nil), x0...), x0...))
	}
	trusting := *f // trust is by the noise, residuals by the standard deviation
	trusting.Sigma = d.Sigmas()
	st, err := engine.libraryStage(nil, &trusting, gain)
	if err != nil {
		return nil, err
	}
	copy(st.sigma, f.Sigma)
	for i := range st.weight {
		st.weight[i] = math.Inf(1) // one segment: nothing to join
	}
	p := st.point()
	for c := range p.Nodes {
		copy(p.Nodes[c], f.Nodes[c])
	}
	copy(p.Border, f.Parameters)
	out := make([]float64, len(values))
	for i, v := range values {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.Border[column] = v
		out[i] = st.Objective(p) / float64(d.Observations())
		if math.IsInf(out[i], 0) {
			out[i] = math.NaN()
		}
	}
	return out, nil
}
