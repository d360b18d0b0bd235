package discover

import (
	"cmp"
	"context"
	"slices"

	"govern/series"
)

// conclude is answer, unless that explains nothing.
func (f *finder) conclude(ctx context.Context) (*Result, error) {
	r, err := f.answer(ctx)
	if err == nil {
		r.suspectNoise(f.engine.Data)
	}
	return r, err
}

// answer lists what is tied with the best formula and judges it; without one
// that passes the checks, networks that do are the answer.
func (f *finder) answer(ctx context.Context) (*Result, error) {
	if better, err := f.preferNetworks(ctx); err != nil || better {
		return f.result, err
	}
	res := f.result
	if res.Neural != nil && !f.passes() {
		if checked := checkFit(f.engine.Data, res.Neural); passed(checked) {
			res.neuralOnly(f.engine.Data.Model, checked)
			return res, nil
		}
	}
	if f.best == nil {
		res.Ending = NotStarted
		return res, nil
	}
	best, ties, err := refitTies(ctx, f.best, f.all, f.options)
	if err != nil {
		return nil, err
	}
	res.Ties = ties
	if err := best.judge(); err != nil {
		return nil, err
	}
	res.choose(best)
	if err := f.doubt(ctx, best); err != nil {
		return nil, err
	}
	return res, nil
}

// judge checks a candidate again, and of process noise whether it is white.
func (c *candidate) judge() error {
	c.checks = checkFit(c.search.Engine.Data, c.fit)
	if !c.fit.Driven {
		return nil
	}
	white, err := testWhiteness(c.search.Engine, c.fit)
	c.checks = append(c.checks, white...)
	return err
}

// doubt lists in the result what speaks against the best formula: other formulas that
// do as well, signs of an approximation, what its equations may lack.
func (f *finder) doubt(ctx context.Context, best *candidate) error {
	d, res := f.engine.Data, f.result
	others, err := findOtherForms(d, f.path, f.all, best, f.options.Tie)
	if err != nil {
		return err
	}
	res.Ties = append(res.Ties, others...)
	slices.SortStableFunc(res.Ties, func(a, b Tie) int { return cmp.Compare(a.Delta, b.Delta) })
	if res.Dense, err = findDense(d, f.path, best, f.options.Degree); err != nil {
		return err
	}
	if res.Steps, err = findSteps(d, f.path, best); err != nil {
		return err
	}
	if res.Neural != nil {
		if res.Apart, err = best.distancesToNetworks(d, f.path); err != nil {
			return err
		}
	}
	if res.Lacks, err = findLacks(ctx, best.search.Engine, best.fit); err != nil {
		return err
	}
	if f.drift != nil {
		res.Drifting = f.drift.String()
	}
	return nil
}

// mayBeApproximation says that the best formula passes the checks and leaves a defect,
// or has not come to rest, so that neural forms should be asked.
func (f *finder) mayBeApproximation() bool {
	if !f.passes() || f.best.fit.Driven || len(f.indicators) > 0 || !allowsNetwork(f.engine.Data.Model) || f.options.Roads != "both" {
		return false
	}
	return f.best.fit.LeavesDefect() || Unfinished(f.best.fit.Status)
}

// preferNetworks says whether networks are the answer although the best formula passes
// the checks: it leaves a defect, or has not converged, and networks explain the
// data clearly better with half of the defect. Such a formula is an approximation.
func (f *finder) preferNetworks(ctx context.Context) (bool, error) {
	if !f.mayBeApproximation() {
		return false, nil
	}
	e, best, net := f.engine, f.best, f.result.Neural
	if net == nil {
		var err error
		if net, err = f.trainNetworks(ctx); err != nil {
			return false, err
		}
	}
	report := func(found string) {
		f.result.Ways = append(f.result.Ways, WayReport{Name: "comparison with neural forms", Cost: Expensive, State: Tried, Found: found})
	}
	checked := checkFit(e.Data, net)
	if !series.Finite(net.Evidence) || !passed(checked) || net.Omega > best.fit.Omega/2 && !Unfinished(best.fit.Status) || net.Evidence > best.score()-f.options.Tie {
		report("they explain the data no better than the formula")
		return false, nil
	}
	if f.result.Neural == nil { // what the network says is smoother than the path that the formula was sought on
		if err := f.adoptNetworks(net); err != nil {
			return false, err
		}
		if err := f.tryFunctions(ctx); err != nil {
			return false, err
		}
		if f.best != best {
			report("they explain the data better, and a better formula was found on what they say")
			return f.preferNetworks(ctx)
		}
	}
	report("they explain the data better, with half of the formula's defect")
	f.result.Neural = net
	f.result.neuralOnly(e.Data.Model, checked)
	f.result.Instead, f.result.FormulaOmega = LeavesDefect, best.fit.Omega
	return true, nil
}

// choose makes a formula the answer.
func (r *Result) choose(c *candidate) {
	r.Ending, r.Model = Formula, c.search.Engine.Data.Model
	r.Chosen, r.Checks, r.Degree, r.Library = c.fit, c.checks, c.degree, len(c.search.Library)
}
