package govern

import (
	"context"
	"maps"
	"slices"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/problem"
	"govern/record"
	"govern/run"
)

// work is a discovery on its way from the chosen formula to its proof.
type work struct {
	problem     *problem.Problem
	asked       *problem.Problem // as it came
	settings    Settings
	train, test []record.Entry
	data        *fit.Data // of the training entries
	sought      *fit.Data // what the search began with: data, condensed or in excerpts
	doubts      []string  // what no data can determine
	found       *discover.Result

	trained    *model.Model   // closed by the formula fitted on the training entries
	left       map[string]int // samples left out as outliers, by column
	all        []record.Entry
	whole      *fit.Data
	final      *fit.Fitted  // refitted on all entries
	grown      *fit.Grown   // how final came to the long segments that were asked for; nil without
	foreign    bool         // coefficients change in the held-out data: final is of the training entries
	apart      bool         // no refit on all entries was possible: final is of the training entries
	closed     *model.Model // closed by final, starting where the data start
	adrift     bool         // the formula explains the excerpts of its search, but not all samples
	loose      float64      // the defect weight of the search's fit, before it was tightened
	informed   *fit.Fitted  // the chosen fit, with the own parameters of tests
	calibrated []string     // what was done for tests whose own parameters no training entry tells
	spread     []float64    // standard deviation of final's coefficients, then parameters; weights have none
	proof      *assess.Proof
	proofs     map[int]*assess.Proof // of every regime, by its number
	seconds    run.Seconds
}

// close puts a fit's formulas and parameters into the model.
func (w *work) close(f *fit.Fitted) (*model.Model, error) {
	m := w.problem.Model
	formulas := map[string]*expr.Expr{}
	for u := range m.Unknowns {
		formulas[m.Unknowns[u].Name] = w.formula(f, u)
	}
	closed, err := m.WithFormulas(formulas)
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for k, q := range w.fittedParameters() {
		if m.ParameterIndex(q) >= 0 {
			values[q] = f.Parameters[k]
		}
	}
	maps.Copy(values, w.means(f))
	return closed.WithParameters(values).Shared().WithoutPriors(), nil // the values have them in them already
}

// formula is a fit's formula for unknown u, the knots of hinges put in as
// numbers.
func (w *work) formula(f *fit.Fitted, u int) *expr.Expr { return w.formulaIn(w.found.Model, f, u) }

// formulaIn is formula for a fit of another model than the chosen one, as a tie of
// another family may be.
func (w *work) formulaIn(m *model.Model, f *fit.Fitted, u int) *expr.Expr {
	g := *f
	g.Terms = slices.Clone(f.Terms)
	for i, t := range g.Terms {
		if t.Knots > 0 {
			g.Terms[i].Factor = expr.Tidy(expr.Substitute(t.Factor, w.knots(m, f)))
		}
	}
	return g.Formula(u)
}

// factor is what the i-th coefficient of a fit multiplies, with the knots of
// hinges as numbers.
func (w *work) factor(f *fit.Fitted, i int) *expr.Expr {
	t := f.Terms[i]
	if t.Knots == 0 {
		return t.Factor
	}
	return expr.Tidy(expr.Substitute(t.Factor, w.knots(w.found.Model, f)))
}

// knots are the fitted parameters of a fit's model that the search has added to the
// problem's.
func (w *work) knots(m *model.Model, f *fit.Fitted) map[string]*expr.Expr {
	values := map[string]*expr.Expr{}
	for k, q := range fittedNames(m) {
		if w.problem.Model.ParameterIndex(q) < 0 {
			values[q] = expr.Num(f.Parameters[k])
		}
	}
	return values
}

func (w *work) fittedParameters() []string { return fittedNames(w.found.Model) }

// sparse says that the search has seen the data condensed or in excerpts.
func (w *work) sparse() bool { return w.sought != nil && w.sought.Samples() < w.data.Samples() }

// prove assesses the formula: free runs with the one that never saw the
// held-out entries, dynamics with the final one.
func (w *work) prove(ctx context.Context) error {
	w.settings.stage("assess", 0.92)
	path := byState(w.found.Chosen.Nodes[:len(w.train)], len(w.closed.States))
	first, rest := w.halves()
	in := assess.Input{
		Model: w.trained, Final: w.closed, Train: w.known(w.train, w.informed), Test: w.known(rest, w.informed), Before: w.known(first, w.informed),
		Sigma: sampled(w.data, w.found.Chosen.Sigma), Scale: w.found.Chosen.Scale, Omega: w.found.Chosen.Noise().Omega, Path: path,
		Workers: w.settings.Workers, Journal: w.settings.Journal,
	}
	var err error
	if w.proof, err = assess.Run(ctx, in); err != nil || len(w.found.Regimes) == 0 {
		return err
	}
	return w.proveRegimes(ctx, in)
}

// sampled is the noise of single samples, where fits use more because it is
// correlated.
func sampled(d *fit.Data, sigma []float64) []float64 {
	out := slices.Clone(sigma)
	for i, c := range d.Channels {
		out[i] /= c.Inflation()
	}
	return out
}
