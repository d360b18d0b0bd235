package conclude

import (
	"govern/assess"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/model"
	"govern/note"
	"govern/problem"
	"govern/record"
)

// Settings of a run; the zero value is the default.
type Settings struct {
	Seed    uint64          // of everything random: the starts of networks
	Workers int             // 0: all cores; the result does not depend on it
	Journal journal.Journal // nil: nothing is remembered
	Monitor journal.Monitor // nil: nobody watches
}

// Engine of a fit that goes on from another, where the seed plays no part.
func (s Settings) Engine(data *fit.Data, o fit.Options) *fit.Engine {
	return &fit.Engine{Data: data, Options: o, Workers: s.Workers, Journal: s.Journal, Monitor: s.Monitor}
}

// Stage tells whoever watches what has begun, and which share of the whole is done.
func (s Settings) Stage(name string, done float64) {
	if s.Monitor != nil {
		s.Monitor.Stage(name, done)
	}
}

// under are the settings with steps whose names continue a prefix.
func (s Settings) under(prefix string) Settings {
	if s.Journal != nil {
		s.Journal = journal.Under(prefix, s.Journal)
	}
	return s
}

// Question is what a run is asked.
type Question struct {
	Asked    *problem.Problem // as it came
	Problem  *problem.Problem // with the model that is solved: gauges held, values of entries, extra states, regimes
	Settings Settings
}

// baseline says that the question asks for the regression on derivatives, which trains
// nothing and is refitted nowhere.
func (q Question) baseline() bool { return q.Problem.Discover.Method == discover.MethodDerivatives }

// Material is what the files of a question hold.
type Material struct {
	Train, Test []record.Entry
	Data        *fit.Data      // of the training entries
	Sought      *fit.Data      // what the search began with: Data, condensed or in excerpts
	Left        map[string]int // samples left out as outliers, by column
}

// Sparse says that the search has seen the data condensed or in excerpts.
func (m Material) Sparse() bool { return m.Sought != nil && m.Sought.Samples() < m.Data.Samples() }

// Excerpted says that the search has seen stretches of a record only.
func (m Material) Excerpted() bool { return m.Sparse() && len(m.Sought.Entries) > len(m.Data.Entries) }

// cycle is the time of one.
func (m Material) cycle() float64 { return 4 * m.Data.Time }

// Searched is a question with what a search has found.
type Searched struct {
	Question
	Material
	Notes   []note.Note // on the problem and its data
	Found   *discover.Result
	Adrift  bool // the formula explains the excerpts of its search, but not all samples
	Foreign bool // coefficients change in the held-out data, so these are no part of the refit
}

// Answering relates fits of the search to the problem's model.
func (s Searched) Answering() fit.Answering {
	return fit.Answering{User: s.Problem.Model, Of: s.Found.Model}
}

// Formula is a fit's formula for unknown u.
func (s Searched) Formula(f *fit.Fitted, u int) *expr.Expr { return s.Answering().Formula(f, u) }

// FittedParameters are those of the chosen fit, in its order.
func (s Searched) FittedParameters() []string { return s.Found.Model.FittedNames() }

// choose returns what was searched with another fit of the chosen formula.
func (s Searched) choose(f *fit.Fitted) Searched {
	found := *s.Found
	found.Chosen = f
	s.Found = &found
	return s
}

// Refit is the chosen formula fitted on all entries.
type Refit struct {
	Trained      *model.Model // closed by the formula fitted on the training entries
	Informed     *fit.Fitted  // that fit, with the own parameters of tests
	Calibrated   []note.Note  // on tests whose own parameters no training entry tells
	All          []record.Entry
	Whole        *fit.Data // of all entries
	Final        *fit.Fitted
	Grown        *fit.Grown   // how Final came to the long segments that were asked for; nil without
	TrainingOnly bool         // no refit on all entries was possible: Final is of the training entries
	Closed       *model.Model // closed by Final, starting where the data start
	Spread       []float64    // standard deviation of Final's coefficients, then parameters; weights have none
}

// Seconds that parts of a run took.
type Seconds struct{ Discover, Fit, Assess float64 }

// Answer is what a run has come to. Without a formula, or neural forms in its place,
// Closed and Proof are nil.
type Answer struct {
	Searched
	Refit
	Proof   *assess.Proof
	Regimes map[int]*assess.Proof // of every regime, by its number
	Seconds Seconds
}

// Factor is what the i-th coefficient of the final fit multiplies.
func (a *Answer) Factor(i int) *expr.Expr { return a.Answering().Factor(a.Final, i) }

// RightHandSides are the closed equations; nil for one that holds a neural form. Fixed
// parameters are numbers in them, conditions stay names.
func (a *Answer) RightHandSides() []*expr.Expr {
	m := a.Problem.Model
	open := m.Rhs()
	out := a.Closed.Rhs()
	for i, right := range out {
		if out[i] = nil; !a.holdsNeuralForm(m, open[i]) {
			out[i] = a.substituted(right)
		}
	}
	return out
}

// holdsNeuralForm says that an open right-hand side calls an unknown that is one.
func (a *Answer) holdsNeuralForm(m *model.Model, open *expr.Expr) bool {
	for _, c := range expr.Calls(open) {
		for u := range m.Unknowns {
			if m.Unknowns[u].Name == c.Ident && a.Final.Form(u) != nil {
				return true
			}
		}
	}
	return false
}

// substituted puts fixed parameters' values in the place of their names.
func (a *Answer) substituted(e *expr.Expr) *expr.Expr {
	stay := map[string]bool{}
	for _, entry := range a.All {
		for name := range entry.Set {
			stay[name] = true
		}
	}
	values := map[string]*expr.Expr{}
	for _, q := range a.Closed.Parameters {
		if !stay[q.Name] {
			values[q.Name] = expr.Num(q.Value)
		}
	}
	return expr.Simplify(expr.Substitute(e, values))
}
