// Package tell says what a run has come to: result.json, the model file, the report's
// page and figures, trajectories. It reads an answer and its verdict, and fits nothing.
//
// # The report
//
// report draws what it is given and computes nothing of science: slices, densities, spectra, autocorrelations
// and shares come from this package (figures.go, portraits.go, learned.go), which asks fit.Data.Evaluate for
// bands, dynamics and series for the rest. What a gain would supply is zero in the final model by construction;
// what defects supply is measured at the last linearisation (fit.Fitted.Motion, Defect). Smoothed samples of an
// unknown are drawn only where the smoother saw the call alone: not where calls are added in one equation, nor
// where a fitted parameter was held beside them, since the call absorbs the difference.
package tell

import (
	"context"

	"govern/conclude"
	"govern/discover"
	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/note"
	"govern/record"
	"govern/report"
	"govern/run"
	"govern/verdict"
)

// Outcome is what a run leaves.
type Outcome struct {
	Result       *run.Result
	Model        *model.Model // closed and ready to simulate, a neural form written out where it is the answer; nil without either
	UDE          *run.UDE     // the neural forms, where the search led through them
	Page         *report.Page
	Trajectories *run.Trajectories
	Unknowns     *run.Unknowns // the unknowns along their arguments; nil without any, or without an answer
}

// Tell puts an answer into words, numbers and figures. Cost: free runs along every
// entry, for the figures.
func Tell(ctx context.Context, a *conclude.Answer, v verdict.Verdict) (*Outcome, error) {
	w := writer{Answer: a, verdict: v}
	w.notes = w.allNotes()
	out := &Outcome{Model: a.Closed, Result: w.result(), UDE: w.ude(), Trajectories: &run.Trajectories{}}
	out.Page = w.page(out.Result)
	if a.Closed == nil {
		return out, nil
	}
	if err := w.trajectories(ctx, out); err != nil {
		return nil, err
	}
	return out, nil
}

// writer turns an answer into what is read.
type writer struct {
	*conclude.Answer
	verdict verdict.Verdict
	notes   []note.Note
}

// tied is the formula of a tie for unknown u.
func (w writer) tied(t discover.Tie, u int) *expr.Expr {
	return fit.Answering{User: w.Problem.Model, Of: t.Model}.Formula(t.Fitted, u)
}

// withValues is an entry that sets what the final fit says of parameters that differ.
func (w writer) withValues(entry record.Entry) record.Entry {
	return conclude.Known(w.Data, []record.Entry{entry}, w.Final.Parameters)[0]
}
