package govern

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/model"
	"govern/problem"
	"govern/record"
	"govern/run"
	"govern/series"
	"govern/verdict"
)

// adoptRegimes goes on with the model and the entries of the regimes that a
// search has found, or was given.
func (w *work) adoptRegimes() {
	regimes := w.found.Regimes
	if len(regimes) == 0 {
		return
	}
	p := *w.problem
	p.Model = w.found.Base
	w.problem = &p
	if w.sparse() {
		w.train = w.intoRegimes(w.train)
	}
	w.test = w.intoRegimes(w.test)
	w.found.Regimes = w.complete(regimes)
}

// complete lets regimes end where the next begins, or where what is held out of them
// ends.
func (w *work) complete(regimes []discover.Regime) []discover.Regime {
	regimes = slices.Clone(regimes)
	for k := range regimes {
		r := &regimes[k]
		for _, e := range w.test {
			if e.Name == r.Entry && w.lies(e, *r) {
				r.To = math.Max(r.To, e.Times[len(e.Times)-1])
			}
		}
		if k+1 < len(regimes) && regimes[k+1].Entry == r.Entry {
			r.To = regimes[k+1].From
		}
	}
	return regimes
}

// intoRegimes sets the indicators of entries that say in which regime they lie, or
// else in the last one of their record: held-out ones, after it was sought.
func (w *work) intoRegimes(entries []record.Entry) []record.Entry {
	entries = slices.Clone(entries)
	for e := range entries {
		for _, r := range slices.Backward(w.found.Regimes) {
			if r.Entry == entries[e].Name && (entries[e].Regime == 0 || entries[e].Regime == r.Number) {
				entries[e].Set = indicated(entries[e].Set, w.found.Regimes, r)
				break
			}
		}
	}
	return entries
}

// further says that coefficients change where the search has not looked: it
// returns the problem with all changes that are known, to be solved again with the
// last fifth of every regime held out; nil where there is nothing more to find.
// A search sees the training entries, of long records in excerpts only. Where
// changes lie is decided on all samples, held-out ones too; formulas never are.
func (w *work) further(ctx context.Context) (*problem.Problem, error) {
	p := w.asked
	if w.found.Chosen == nil || !w.found.Trusted() || len(p.Data) != 1 || len(p.Data[0].Regimes) > 0 || p.Discover.Method == discover.MethodDerivatives {
		return nil, nil
	}
	var changes []float64
	if len(w.found.Regimes) > 0 {
		regimes := w.found.Regimes
		if w.excerpted() {
			var err error
			if regimes, err = discover.Places(ctx, w.engine(), w.found, record.CondenseAll(w.train, w.data.Condensing())); err != nil {
				return nil, err
			}
		}
		for _, r := range regimes {
			if r.Number > 1 {
				changes = append(changes, r.From)
			}
		}
	}
	ahead, found, err := w.ahead(ctx)
	if err != nil {
		return nil, err
	}
	if found {
		changes = append(changes, ahead)
	} else if !w.excerpted() || len(changes) == 0 {
		return nil, nil
	}
	guard := discover.Guard * w.cycle()
	if found {
		guard = aheadGuard * w.cycle()
	}
	return withRegimes(p, changes, guard), nil
}

// withRegimes is a problem of one file in which regimes begin at given times.
func withRegimes(p *problem.Problem, begins []float64, guard float64) *problem.Problem {
	next := *p
	next.Data = slices.Clone(p.Data)
	next.Data[0].Regimes, next.Data[0].Guard = begins, guard
	return &next
}

// cycle is the time of one.
func (w *work) cycle() float64 { return 4 * w.data.Time }

// again solves the problem with the changes that the first search has not seen;
// nil where there are none, where nothing differs between the regimes, or where that
// explains nothing.
func (w *work) again(ctx context.Context, by search) (*Outcome, error) {
	next, err := w.further(ctx)
	if err != nil || next == nil {
		return nil, err
	}
	s := w.settings
	for round := range 2 {
		if w.settings.Journal != nil {
			s.Journal = journal.Under(fmt.Sprintf("again-%d", round), w.settings.Journal)
		}
		out, err := solve(ctx, next, s, by, w.records())
		var unusable *series.DataError
		if errors.As(err, &unusable) { // a regime that is too short
			break
		}
		if err != nil {
			return nil, err
		}
		if !out.Result.Status.Trusted() || len(out.Result.Regimes) == 0 {
			break
		}
		if !differ(out.Result.Regimes) { // outliers in what was held out, say
			return nil, nil
		}
		var begins []float64
		moved := next.Data[0].Guard > 1.01*discover.Guard*w.cycle()
		for _, r := range out.Result.Regimes[1:] {
			begins = append(begins, float64(r.From))
			moved = moved || math.Abs(float64(r.From)-next.Data[0].Regimes[len(begins)-1]) > discover.Guard*w.cycle()/2
		}
		if !moved || round > 0 {
			return out, nil
		}
		next = withRegimes(w.asked, begins, discover.Guard*w.cycle())
	}
	w.disown(next.Data[0].Regimes)
	return nil, nil
}

// differ says that some regime has another formula or parameter than the first.
func differ(regimes []run.Regime) bool {
	return slices.ContainsFunc(regimes[1:], func(r run.Regime) bool {
		first := regimes[0]
		for name, u := range r.Unknowns {
			if a, b := u.Expression, first.Unknowns[name].Expression; a == nil || b == nil || *a != *b {
				return true
			}
		}
		for name, q := range r.Parameters {
			if q.Value != first.Parameters[name].Value {
				return true
			}
		}
		return false
	})
}

// disown says of changes that have not led to a model what is known of them.
func (w *work) disown(begins []float64) {
	if !w.excerpted() {
		w.foreign = true
		w.doubts = append(w.doubts, verdict.Changes(begins)+": from there on the held-out data do not follow the formula, and are too few, or too different, to say what they follow. Values are of the training data alone, errors on held-out data are of that formula")
		return
	}
	w.found = &discover.Result{Ending: discover.RegimesUnsure, Changes: begins, Data: w.found.Data, Model: w.problem.Model, Smoothed: w.found.Smoothed}
}

// records are the training entries, each with the held-out one that goes on from
// it.
func (w *work) records() []record.Entry {
	var out []record.Entry
	for _, e := range w.train {
		out = append(out, record.Continued(e, w.test))
	}
	return record.CondenseAll(out, w.data.Condensing())
}

// excerpted says that the search has seen stretches of a record only.
func (w *work) excerpted() bool { return w.sparse() && len(w.sought.Entries) > len(w.data.Entries) }

// engine has the settings of the run and no data.
func (w *work) engine() *fit.Engine {
	return &fit.Engine{Options: w.problem.Fit, Workers: w.settings.Workers, Journal: w.settings.Journal}
}

// A formula that holds for the held-out data explains blocks of aheadCycles cycles
// of them as well as such blocks of the end of the training data. Where, from some
// block to the end, at least leastAhead of them cost aheadCost times as much, and by
// aheadSure standard deviations more, coefficients have changed. A cost below one a
// sample is none: noise-free blocks differ by what integration leaves.
const (
	aheadCycles = 2
	leastAhead  = 2
	aheadCost   = 1.5
	aheadSure   = 5
	aheadGuard  = 2.5 // cycles, around a place that blocks have given
	aheadBlocks = 60
)

// ahead finds, in the held-out part of a record, when a formula ceases to hold.
func (w *work) ahead(ctx context.Context) (at float64, found bool, err error) {
	if len(w.test) == 0 || w.found.Chosen.Omega > 2*fit.OmegaEnd || len(w.found.Chosen.Forms) > 0 || w.found.Drift != "" {
		return 0, false, nil
	}
	trained := *w
	trained.adoptRegimes()
	closed, err := trained.close(w.found.Chosen)
	if err != nil {
		return 0, false, err
	}
	k := w.data.Condensing()
	train, test := trained.intoRegimes(record.CondenseAll(w.train, k)), record.CondenseAll(trained.test, k)
	known, _, err := w.costs(ctx, "ahead/known", closed, train[len(train)-1:])
	if err != nil || len(known) == 0 {
		return 0, false, err
	}
	costs, blocks, err := w.costs(ctx, "ahead/held-out", closed, test)
	if err != nil {
		return 0, false, err
	}
	usual := math.Max(series.UpperMedian(known), 1)
	limit := aheadCost * usual
	sum, best, from := 0.0, 0.0, -1
	excess, samples, sure := 0.0, 0.0, false
	for b := len(costs) - 1; b >= 0; b-- {
		n := float64(len(blocks[b].Times) * len(blocks[b].Channels))
		excess, samples = excess+(costs[b]/usual-1)*n, samples+n
		if sum += math.Min(costs[b], 10*limit) - limit; sum > best {
			best, from, sure = sum, b, excess > aheadSure*math.Sqrt(2*samples)
		}
	}
	if from < 0 || len(costs)-from < leastAhead || !sure {
		return 0, false, nil
	}
	return blocks[from].Times[0], true, nil
}

// costs are the −2 log likelihoods a sample of blocks of entries, under a closed
// model.
func (w *work) costs(ctx context.Context, name string, closed *model.Model, entries []record.Entry) ([]float64, []record.Entry, error) {
	var blocks []record.Entry
	for _, e := range entries {
		n := len(e.Times)
		cycle := 4 * w.data.Time * float64(n-1) / (e.Times[n-1] - e.Times[0])
		length := max(int(aheadCycles*cycle), 12, n/aheadBlocks)
		for from := n % length; from+length <= n; from += length {
			blocks = append(blocks, e.Slice(from, from+length))
		}
	}
	if len(blocks) == 0 {
		return nil, nil, nil
	}
	data, err := fit.Prepare(closed, blocks)
	if err != nil {
		return nil, nil, err
	}
	engine := w.engine()
	engine.Data = data
	located, err := engine.Locate(ctx, name, carry(data, w.found.Data, w.found.Chosen.Sigma), w.found.Chosen.Scale)
	if err != nil {
		return nil, nil, err
	}
	return located.Loss, blocks, nil
}

// indicated adds to conditions those of a regime.
func indicated(set map[string]float64, all []discover.Regime, in discover.Regime) map[string]float64 {
	out := maps.Clone(set)
	if out == nil {
		out = map[string]float64{}
	}
	for _, r := range all {
		if r.Name != "" {
			out[r.Name] = 0
		}
	}
	if in.Name != "" {
		out[in.Name] = 1
	}
	return out
}

// regimes are the formulas and parameters of each regime.
func (w *work) regimes() []run.Regime {
	var out []run.Regime
	for _, r := range w.found.Regimes {
		values := map[string]*expr.Expr{}
		for name, v := range indicated(nil, w.found.Regimes, r) {
			values[name] = expr.Num(v)
		}
		entry := run.Regime{Entry: r.Entry, From: run.Number(r.From), To: run.Number(r.To), Parameter: r.Name,
			Equations: map[string]*string{}, Unknowns: map[string]run.Unknown{}, Parameters: map[string]run.Estimate{}}
		for i, right := range w.rightHandSides() {
			entry.Equations[w.closed.States[i].Name] = nil
			if right != nil {
				text := expr.Tidy(expr.Simplify(expr.Substitute(right, values))).String()
				entry.Equations[w.closed.States[i].Name] = &text
			}
		}
		for u, unknown := range w.problem.Model.Unknowns {
			entry.Unknowns[unknown.Name] = w.unknownIn(u, values)
		}
		for i, q := range w.fittedParameters() {
			if w.problem.Model.ParameterIndex(q) < 0 || strings.Contains(q, "_in_regime_") {
				continue
			}
			columns := []int{len(w.final.Terms) + i}
			for k, other := range w.fittedParameters() {
				if r.Name != "" && other == discover.Difference(q, r.Name) {
					columns = append(columns, len(w.final.Terms)+k)
				}
			}
			v, half := w.combined(columns)
			entry.Parameters[q] = run.Estimate{Value: run.Number(v), Low: run.Number(v - half), High: run.Number(v + half)}
		}
		if proof := w.proofs[r.Number]; proof != nil {
			entry.Dynamics, entry.Free = dynamicsOf(proof), map[string]run.Number{}
			for i, c := range w.data.Channels {
				entry.Free[c.Column] = run.Number(proof.FreeColumn[i])
			}
		}
		if r.High > r.Low {
			entry.Change = &run.Estimate{Value: run.Number(r.From), Low: run.Number(r.Low), High: run.Number(r.High)}
		}
		out = append(out, entry)
	}
	return out
}

// proveRegimes assesses every regime by itself: its exponents, its attractor, and
// free runs where some of it is held out.
func (w *work) proveRegimes(ctx context.Context, in assess.Input) error {
	w.proofs = map[int]*assess.Proof{}
	for _, r := range w.found.Regimes {
		if w.proofs[r.Number] != nil {
			continue
		}
		part := in
		part.Train, part.Path, part.Test = nil, nil, nil
		for e, entry := range in.Train {
			if w.lies(entry, r) {
				part.Train, part.Path = append(part.Train, entry), append(part.Path, in.Path[e])
			}
		}
		for _, entry := range in.Test {
			if w.lies(entry, r) {
				part.Test = append(part.Test, entry)
			}
		}
		if len(part.Train) == 0 {
			continue
		}
		set := indicated(nil, w.found.Regimes, r)
		part.Model, part.Final = in.Model.WithParameters(set), in.Final.WithParameters(set)
		if in.Journal != nil {
			part.Journal = journal.Under(fmt.Sprintf("regime-%d", r.Number), in.Journal)
		}
		proof, err := assess.Run(ctx, part)
		if err != nil {
			return err
		}
		w.proofs[r.Number] = proof
	}
	return nil
}

// lies says that an entry has the indicators of a regime.
func (w *work) lies(entry record.Entry, in discover.Regime) bool {
	for _, r := range w.found.Regimes {
		if r.Name != "" && entry.Set[r.Name] != 0 != (r.Name == in.Name) {
			return false
		}
	}
	return true
}

// unknownIn is unknown u with the indicators put in.
func (w *work) unknownIn(u int, values map[string]*expr.Expr) run.Unknown {
	var keys []string
	columns, factors := map[string][]int{}, map[string]*expr.Expr{}
	for i, t := range w.final.Terms {
		if t.Unknown != u {
			continue
		}
		factor := expr.Simplify(expr.Substitute(w.factor(w.final, i), values))
		if factor.Kind == expr.Number && factor.Value == 0 {
			continue
		}
		key := factor.String()
		if factors[key] == nil {
			keys, factors[key] = append(keys, key), factor
		}
		columns[key] = append(columns[key], i)
	}
	out := run.Unknown{Arguments: w.problem.Model.Unknowns[u].Arguments}
	f := &fit.Fitted{}
	for _, key := range keys {
		c, half := w.combined(columns[key])
		out.Terms = append(out.Terms, run.Term{Term: key, Coefficient: run.Number(c), Low: run.Number(c - half), High: run.Number(c + half)})
		f.Terms, f.Coefficients = append(f.Terms, fit.Term{Factor: factors[key]}), append(f.Coefficients, c)
	}
	text := f.Formula(0).String()
	out.Expression = &text
	return out
}

// combined is a sum of fitted numbers and half the width of its 95 % interval.
func (w *work) combined(columns []int) (sum, half float64) {
	theta := append(slices.Clone(w.final.Coefficients), w.final.Parameters...)
	inflation := w.inflation()
	variance := 0.0
	for _, i := range columns {
		sum += theta[i]
		for _, j := range columns {
			variance += w.final.Covariance[i*w.final.Columns()+j] * inflation[i] * inflation[j]
		}
	}
	return sum, confidence * math.Sqrt(variance)
}

// regimeWarnings say where coefficients change.
func (w *work) regimeWarnings() []string {
	var out []string
	for k, r := range w.found.Regimes {
		if k > 0 && w.found.Regimes[k-1].Entry == r.Entry {
			if r.High > r.Low {
				out = append(out, fmt.Sprintf("%s: coefficients change at t = %.6g (%.6g … %.6g): a model with %d regimes explains the data, one without does not", r.Entry, r.From, r.Low, r.High, len(w.found.Regimes)))
			}
		}
	}
	return out
}
