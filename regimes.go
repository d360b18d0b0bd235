package govern

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/run"
)

// adoptRegimes goes on with the model and the entries of the regimes that a
// search has found; held-out entries belong to the last one of their record.
func (w *work) adoptRegimes() {
	regimes := w.found.Regimes
	if len(regimes) == 0 {
		return
	}
	p := *w.problem
	p.Model = w.found.Base
	w.problem = &p
	if w.sparse() {
		w.train = cutAtRegimes(w.train, regimes, 0.4*w.data.Time)
	}
	w.test = slices.Clone(w.test)
	for e := range w.test {
		for _, r := range slices.Backward(regimes) {
			if r.Entry == w.test[e].Name {
				w.test[e].Set = indicated(w.test[e].Set, regimes, r)
				break
			}
		}
	}
}

// refuseExcerptRegimes takes back regimes that were found in excerpts of a long
// record: between excerpts nobody has looked for the change.
func (w *work) refuseExcerptRegimes() {
	if len(w.found.Regimes) == 0 || !w.sparse() || len(w.sought.Entries) <= len(w.data.Entries) {
		return
	}
	var when []string
	for _, r := range w.found.Regimes[1:] {
		when = append(when, fmt.Sprintf("%.4g", r.From))
	}
	w.found = &discover.Result{Status: discover.NoModel, Data: w.found.Data, Model: w.problem.Model, Smoothed: w.found.Smoothed,
		Advice: "coefficients change with time, near t = " + strings.Join(when, ", ") +
			": the record is too long to find where exactly; give the stretches between as files of their own, with less than 40,000 training samples in all to have the changes found"}
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

// cutAtRegimes cuts entries that a search has seen condensed; guard is the time
// on both sides of a change that belongs to no regime.
func cutAtRegimes(entries []fit.Entry, regimes []discover.Regime, guard float64) []fit.Entry {
	var out []fit.Entry
	for _, e := range entries {
		var mine []discover.Regime
		for _, r := range regimes {
			if r.Entry == e.Name && r.From < e.Times[len(e.Times)-1] && r.To > e.Times[0] {
				mine = append(mine, r)
			}
		}
		for k, r := range mine {
			from, to := 0, len(e.Times)
			if k > 0 {
				from, _ = slices.BinarySearch(e.Times, r.From+guard)
			}
			if k+1 < len(mine) {
				to, _ = slices.BinarySearch(e.Times, r.To-guard)
			}
			part := e.Slice(from, to)
			part.Set = indicated(e.Set, regimes, r)
			out = append(out, part)
		}
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
		out = append(out, entry)
	}
	return out
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
			out = append(out, fmt.Sprintf("%s: coefficients change at t = %.6g: a model with %d regimes explains the data, one without does not", r.Entry, r.From, len(w.found.Regimes)))
		}
	}
	return out
}
