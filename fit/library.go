package fit

import (
	"math"
)

// libraryStage builds the stage of a library or formula fit.
func (e *Engine) libraryStage(terms []Term, from *Fitted, gain *Gain) (*stage, error) {
	sp, err := e.librarySpec(terms, from, gain)
	if err != nil {
		return nil, err
	}
	return e.stageOf(sp, from)
}

// stageOf builds a stage at the defect weight of a fit.
func (e *Engine) stageOf(sp spec, from *Fitted) (*stage, error) {
	st, err := newStage(sp, e.Workers)
	if err == nil {
		st.setWeights(from.Scale, from.Omega)
	}
	return st, err
}

// librarySpec says what the stage of a library, formula or neural fit is.
func (e *Engine) librarySpec(terms []Term, from *Fitted, gain *Gain) (spec, error) {
	d := e.Data
	sp := spec{
		data: d, right: d.withTerms(terms, from.Forms), forms: from.Forms, segment: e.segment(), substeps: from.Substeps,
		sigma: append([]float64(nil), from.Sigma...), processNoise: processNoise{weight: make([]float64, len(d.Model.States))},
	}
	for i := range terms {
		sp.columns = append(sp.columns, Column{coefficientName(i), math.Inf(-1), math.Inf(1)})
	}
	sp.columns = append(sp.columns, d.fittedColumns()...)
	sp.priors = d.priors(sp.columns, from.Spreads)
	for _, s := range d.Model.States {
		sp.states = append(sp.states, s.Name)
	}
	for c := range d.Channels {
		sp.channels = append(sp.channels, c)
	}
	if gain != nil && gain.K > 0 {
		gains := make([]float64, len(d.Channels))
		for c := range gains {
			gains[c] = gain.K * d.Trust(c, from.Sigma[c])
		}
		var err error
		if sp.right, err = d.Nudge(sp.right, gains, from.mean(len(d.Model.States)), d.innovationOf); err != nil {
			return sp, err
		}
		sp.drive = d.trustedDrive(gain.Drive, gains)
	}
	return sp, nil
}

// setWeights sets every state's defect to omega·scale·√(dt/t_c).
func (s *stage) setWeights(scale []float64, omega float64) {
	for i := range s.states {
		s.weight[i] = omega * math.Max(scale[i], 1e-300) / math.Sqrt(s.data.Time)
	}
}

// Start is a fit to begin from: the smoothed path and coefficients of a
// regression.
func (e *Engine) Start(sm *Smoothed, terms []Term, coefficients, parameters []float64) *Fitted {
	d := e.Data
	f := &Fitted{
		Terms: terms, Coefficients: append([]float64(nil), coefficients...), Parameters: append([]float64(nil), parameters...),
		Sigma: append([]float64(nil), sm.Sigma...), Scale: append([]float64(nil), sm.Scale...),
	}
	n := len(d.Model.States)
	for k := range d.Entries {
		ch := d.chain(k, nil, e.segment())
		nodes := make([]float64, len(ch.nodes)*n)
		for b, i := range ch.nodes {
			for s := range n {
				nodes[b*n+s] = sm.States[k][s][i]
			}
		}
		f.Nodes = append(f.Nodes, nodes)
	}
	return f
}
