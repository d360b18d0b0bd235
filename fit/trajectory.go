package fit

import (
	"cmp"
	"context"
	"math"
	"slices"

	"govern/fit/neural"
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
	a, err := e.newAnnealing(name, start, schedule)
	if err != nil {
		return nil, err
	}
	omega := schedule.To
	if omegas := schedule.omegas(); len(omegas) > 1 {
		if omega, err = a.anneal(ctx, omegas); err != nil {
			return nil, err
		}
	}
	a.chooseSubsteps(math.Min(OmegaEnd, schedule.To))
	outcome, err := a.finish(ctx, omega)
	if err != nil {
		return nil, err
	}
	return a.st.result(&a.from, a.p, a.train, outcome, omega, a.iterations), nil
}

// omegas are the defect weights of a schedule's stages.
func (s *Schedule) omegas() []float64 {
	var out []float64
	for w := s.From; w > s.To*1.01; w *= omegaFactor {
		out = append(out, w)
	}
	return append(out, s.To)
}

// limit is the number of steps of the last stage.
func (s *Schedule) limit(o Options) int { return cmp.Or(s.Iterations, max(o.Iterations, 0), 40) }

// annealing is a trajectory fit on its way down the defect weights.
type annealing struct {
	engine   *Engine
	name     string
	schedule Schedule
	from     Fitted // where it starts, every default filled in
	choose   bool   // the steps of the integration are free

	st         *stage
	p          *optim.Point
	train      trainer
	iterations int
}

func (e *Engine) newAnnealing(name string, start *Fitted, schedule Schedule) (*annealing, error) {
	a := &annealing{engine: e, name: name, schedule: schedule, from: *start, choose: start.Substeps == 0 && e.Options.Substeps == 0}
	if a.from.Substeps == 0 {
		a.from.Substeps = max(e.Options.Substeps, 1)
	}
	if a.from.Omega == 0 {
		a.from.Omega = schedule.To
	}
	sp, err := e.librarySpec(start.Terms, &a.from, schedule.Gain)
	if err != nil {
		return nil, err
	}
	if a.st, a.p, a.train, err = e.newTrainer(sp, start, &a.from, schedule.Trials); err != nil {
		return nil, err
	}
	for _, k := range schedule.Held {
		a.st.columns[k].Lower, a.st.columns[k].Upper = a.p.Border[k], a.p.Border[k]
	}
	return a, nil
}

// chooseSubsteps takes steps as fine as the defects of a stage ask for.
func (a *annealing) chooseSubsteps(omega float64) {
	if a.choose {
		a.st.setWeights(a.from.Scale, omega)
		a.st.substeps = a.st.chooseSubsteps(a.p, a.st.weight)
	}
}

// minimise is one stage.
func (a *annealing) minimise(ctx context.Context, omega float64, limit int) (optim.Outcome, error) {
	a.st.setWeights(a.from.Scale, omega)
	return a.train.minimise(ctx, limit, func(_ int, objective, damping float64) {
		a.iterations++
		e := a.engine
		if e.Monitor == nil {
			return
		}
		e.Monitor.Row(journal.Row{
			Stage: a.name, Iteration: a.iterations, Objective: objective, Damping: damping, Omega: omega, Terms: len(a.from.Terms),
			Observations: e.Data.Observations(), Segment: e.segment(), Gain: a.schedule.Gain.strength(), Noise: e.Data.RelativeNoise(a.st.sigma),
		})
	})
}

// anneal lowers the defect weight until the evidence has worsened twice, and goes back
// to the best; the noise is re-estimated after every other stage.
func (a *annealing) anneal(ctx context.Context, omegas []float64) (omega float64, err error) {
	best, kept := math.Inf(1), a.st.snapshot(a.p)
	omega = omegas[len(omegas)-1]
	worse := 0
	for k, w := range omegas {
		a.chooseSubsteps(w)
		outcome, err := a.minimise(ctx, w, stageIterations)
		if err != nil {
			return 0, err
		}
		if outcome.Status == optim.Failed {
			break
		}
		noise := a.schedule.Noise && k%2 == 1
		post := a.train.posterior(noise)
		if post.evidence < best {
			best, omega, worse = post.evidence, w, 0
			a.st.keep(&kept, a.p)
		} else if worse++; worse == 2 {
			break
		}
		if noise {
			a.updateNoise(post)
		}
	}
	a.st.restore(a.p, &kept)
	return omega, nil
}

// finish is the last stage, again while the noise that it leaves moves.
func (a *annealing) finish(ctx context.Context, omega float64) (optim.Outcome, error) {
	limit := a.schedule.limit(a.engine.Options)
	outcome, err := a.minimise(ctx, omega, limit)
	if err != nil || !a.schedule.Noise || outcome.Status == optim.Failed {
		return outcome, err
	}
	for range noiseRounds {
		before := a.st.learned()
		a.updateNoise(a.train.posterior(true))
		if settled(before, a.st.learned()) {
			break
		}
		if outcome, err = a.minimise(ctx, omega, limit); err != nil {
			break
		}
	}
	return outcome, err
}

// noiseRounds are the re-estimations of the noise after the last stage.
const noiseRounds = 3

// updateNoise re-estimates noise and spreads.
func (a *annealing) updateNoise(post posterior) {
	a.st.updateSigma(post)
	a.st.priors.UpdateSpreads(a.train.factor(), a.p.Border)
}

// learned are noise and spreads.
func (s *stage) learned() []float64 {
	out := slices.Clone(s.sigma)
	for _, v := range s.priors.Spreads {
		out = append(out, v.Value)
	}
	return out
}

// result packs a finished stage.
func (s *stage) result(from *Fitted, p *optim.Point, train trainer, o optim.Outcome, omega float64, iterations int) *Fitted {
	k := len(from.Terms)
	out := &Fitted{
		Terms: from.Terms, Coefficients: append([]float64(nil), p.Border[:k]...),
		Parameters: append([]float64(nil), p.Border[k:s.named]...), Forms: neural.WithWeights(from.Forms, p.Border[s.named:]), Spreads: slices.Clone(s.priors.Spreads), Nodes: p.Clone().Nodes,
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
	s.priors.Widen(out.Covariance, train.factor(), p.Border)
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
	wide := 2*n + s.freeColumns() + 1
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
