package fit

import (
	"context"
	"math"
	"slices"

	"govern/journal"
	"govern/optim"
)

// Schedule says how a trajectory fit lowers the defect weight.
type Schedule struct {
	From, To   float64 // omega; From ≤ To: one stage at To
	Iterations int     // Levenberg–Marquardt steps of the last stage; 0: 40
	Trials     int     // steps tried in a stage, accepted or not; 0: no limit
	Noise      bool    // re-estimate the noise under its cap
	Gain       *Gain   // nil: none
	Longer     bool    // long segments from shorter ones: long records go window by window, too
	Held       []int   // columns, terms and then parameters, that stay where the start has them
}

// The factor between stages and the steps of a stage that is not the last.
const (
	omegaFactor     = 0.31622776601683794
	stageIterations = 6
)

// OmegaEnd is the lowest defect weight, used where the data allow it.
const OmegaEnd = 1e-3

// Trajectory fits terms on trajectories from the given start. The defect weight
// falls from schedule.From to the end that evidence prefers, not below
// schedule.To.
func (e *Engine) Trajectory(ctx context.Context, name string, start *Fitted, schedule Schedule) (*Fitted, error) {
	out := &Fitted{}
	err := e.do(name, out, func() error {
		f, err := e.trajectory(ctx, name, start, schedule)
		if err == nil {
			*out = *f
		}
		return err
	})
	return out, err
}

func (e *Engine) trajectory(ctx context.Context, name string, start *Fitted, schedule Schedule) (*Fitted, error) {
	if e.streams(start, schedule) {
		return e.stream(ctx, name, start, schedule)
	}
	from := *start
	if from.Substeps == 0 {
		from.Substeps = max(e.Options.Substeps, 1)
	}
	if from.Omega == 0 {
		from.Omega = schedule.To
	}
	sp, err := e.librarySpec(start.Terms, &from, schedule.Gain)
	if err != nil {
		return nil, err
	}
	st, p, train, err := e.newTrainer(sp, start, &from, schedule.Trials)
	if err != nil {
		return nil, err
	}
	for _, k := range schedule.Held {
		st.columns[k].Lower, st.columns[k].Upper = p.Border[k], p.Border[k]
	}
	choose := func(omega float64) { // a stage needs steps as fine as its defects
		if start.Substeps == 0 && e.Options.Substeps == 0 {
			st.weights(from.Scale, omega)
			st.substeps = st.chooseSubsteps(p, st.weight)
		}
	}
	omegas := []float64{}
	for w := schedule.From; w > schedule.To*1.01; w *= omegaFactor {
		omegas = append(omegas, w)
	}
	omegas = append(omegas, schedule.To)
	iterations := 0
	minimise := func(omega float64, limit int) (optim.Outcome, error) {
		st.weights(from.Scale, omega)
		return train.minimise(ctx, limit, func(_ int, objective, damping float64) {
			iterations++
			if e.Monitor != nil {
				e.Monitor.Row(journal.Row{
					Stage: name, Iteration: iterations, Objective: objective, Damping: damping, Omega: omega, Terms: len(start.Terms),
					Observations: e.Data.Observations(), Segment: e.segment(), Gain: schedule.Gain.strength(), Noise: e.Data.RelativeNoise(st.sigma),
				})
			}
		})
	}
	best, keep := math.Inf(1), p.Clone()
	keepSigma := append([]float64(nil), st.sigma...)
	keepSpreads := slices.Clone(st.spreads)
	omega := omegas[len(omegas)-1]
	worse := 0
	for k, w := range omegas {
		if len(omegas) == 1 {
			break
		}
		choose(w)
		outcome, err := minimise(w, stageIterations)
		if err != nil {
			return nil, err
		}
		if outcome.Status == optim.Failed {
			break
		}
		post := train.posterior(schedule.Noise && k%2 == 1)
		if post.evidence < best {
			best, omega, worse = post.evidence, w, 0
			keep.Copy(p)
			copy(keepSigma, st.sigma)
			copy(keepSpreads, st.spreads)
		} else if worse++; worse == 2 {
			break
		}
		if schedule.Noise && k%2 == 1 {
			st.updateSigma(post)
			st.updateSpreads(train.factor(), p.Border)
		}
	}
	if len(omegas) > 1 {
		p.Copy(keep)
		copy(st.sigma, keepSigma)
		copy(st.spreads, keepSpreads)
	}
	choose(math.Min(OmegaEnd, schedule.To))
	limit := schedule.Iterations
	if limit == 0 {
		limit = e.Options.Iterations
	}
	if limit == 0 {
		limit = 40
	}
	outcome, err := minimise(omega, limit)
	if err != nil {
		return nil, err
	}
	if schedule.Noise && outcome.Status != optim.Failed {
		for range 3 {
			post := train.posterior(true)
			before := st.learned()
			st.updateSigma(post)
			st.updateSpreads(train.factor(), p.Border)
			if settled(before, st.learned()) {
				break
			}
			if outcome, err = minimise(omega, limit); err != nil {
				return nil, err
			}
		}
	}
	return st.result(&from, p, train, outcome, omega, iterations), nil
}

// learned are noise and spreads.
func (s *stage) learned() []float64 {
	out := slices.Clone(s.sigma)
	for _, v := range s.spreads {
		out = append(out, v.Value)
	}
	return out
}

// result packs a finished stage.
func (s *stage) result(from *Fitted, p *optim.Point, train trainer, o optim.Outcome, omega float64, iterations int) *Fitted {
	k := len(from.Terms)
	out := &Fitted{
		Terms: from.Terms, Coefficients: append([]float64(nil), p.Border[:k]...),
		Parameters: append([]float64(nil), p.Border[k:s.named]...), Forms: withWeights(from.Forms, p.Border[s.named:]), Spreads: slices.Clone(s.spreads), Nodes: p.Clone().Nodes,
		Sigma: append([]float64(nil), s.sigma...), Scale: from.Scale, Omega: omega, Driven: from.Driven, Substeps: s.substeps,
		Objective: o.Objective, Evidence: math.Inf(1), Status: o.Status, Iterations: iterations, Tried: o.Tried,
	}
	if o.Status == optim.Failed {
		out.Objective = math.Inf(1)
		return out
	}
	post := train.posterior(false)
	out.Objective, out.Evidence, out.LogBorder = post.objective, post.evidence, post.logBorder
	out.Covariance = train.covariance()
	s.widen(out.Covariance, train.factor(), p.Border)
	for c, n := range post.count {
		out.Residual = append(out.Residual, math.Sqrt(post.residual[c]/math.Max(float64(n), 1)))
	}
	out.Motion, out.Defect = train.supplied()
	return out
}

// supplied compares, state by state, what the equations do in a segment with
// what its defect adds: root mean squares of (end − start)/dt of the segments'
// flows and of defect/dt, weighted with dt. l is the linearisation at p.
func (s *stage) supplied(p *optim.Point, l *optim.Linear) (motion, defect []float64) {
	motion, defect, total := s.suppliedSums(p, l)
	for i := range motion {
		motion[i], defect[i] = math.Sqrt(motion[i]/total), math.Sqrt(defect[i]/total)
	}
	return motion, defect
}

// suppliedSums are the squares of supplied, summed over the time total.
func (s *stage) suppliedSums(p *optim.Point, l *optim.Linear) (motion, defect []float64, total float64) {
	n := len(s.states)
	wide := 2*n + s.free() + 1
	motion, defect = make([]float64, n), make([]float64, n)
	for c := range s.chains {
		ch := &s.chains[c]
		for b := range len(ch.nodes) - 1 {
			dt := ch.entry.Times[ch.nodes[b+1]] - ch.entry.Times[ch.nodes[b]]
			total += dt
			for i := range n {
				gap := l.Chains[c].Defect[(b*n+i+1)*wide-1] * s.weight[i] * math.Sqrt(dt) // whitened in the row
				moved := p.Nodes[c][(b+1)*n+i] - p.Nodes[c][b*n+i] - gap
				motion[i] += moved * moved / dt
				defect[i] += gap * gap / dt
			}
		}
	}
	return motion, defect, total
}
