// Package verdict says what an answer is worth: its status, and what to do where it is
// not to be trusted. It is the only writer of a status.
package verdict

import (
	"fmt"
	"strings"

	"govern/discover"
	"govern/note"
	"govern/run"
)

// Verdict is the status of an answer, and what to know and try; no note with run.OK, but
// of baselines.
type Verdict struct {
	Status run.Status
	Note   note.Note
}

// Advice is the note as people read it; empty without one.
func (v Verdict) Advice() string { return v.Note.String() }

// OfSearch judges what a search has found on the training data, before anything was
// refitted or proved.
func OfSearch(r *discover.Result) Verdict {
	if r.Nothing() {
		return Verdict{run.NoModel, note.Of(note.Noise, "", "%s", r.Noise).WithHint("Sample 8 to 10 times a cycle or more often, or give what drives the motion as an input")}
	}
	switch r.Ending {
	case discover.Formula:
		return ofFormula(r)
	case discover.Baseline:
		return Verdict{run.OK, note.Of(note.Baseline, "", "a baseline: regression on derivatives, not fitted on trajectories")}
	case discover.NeuralForms:
		return ofNeuralForms(r)
	case discover.NeuralOnly:
		return Verdict{run.NeuralOnly, insteadOfFormula(r)}
	case discover.NotTrained:
		return Verdict{run.NotConverged, note.Of(note.NotConverged, "", "the fit of the networks did not converge").WithHint("Give a smaller `hidden`, another `activation`, or more data")}
	case discover.NotRetrained:
		return Verdict{run.NotConverged, note.Of(note.NotConverged, "", "the networks could not be brought to rest on the data").WithHint("Train them again with `govern fit`")}
	case discover.UnseenStates:
		states := strings.Join(r.Unseen, ", ")
		return Verdict{run.NoModel, note.Of(note.UnseenState, states, "no channel sees %s, neither directly nor through a known equation, and of %d random starts for each library none explains the data", states, r.Draws).
			WithHint("Observe more, give an equation in which such a state drives an observed one, or another `library`")}
	case discover.RegimesUnsure:
		return Verdict{run.NoModel, note.Of(note.ChangeUnsolved, "", "%s; no formula with regimes that start there passes the checks on the whole record", discover.SayChanges(r.Changes)).
			WithHint("Give `regimes: [...]` where you know better, or the stretches between as files of their own")}
	}
	return Verdict{run.NotConverged, note.Of(note.NotConverged, "", "no fit could be started: the smoothed path leads the library out of its range").WithHint("Give a smaller degree or more data")}
}

// ofFormula judges the best formula by its checks, its rivals, and what makes it look
// like an approximation.
func ofFormula(r *discover.Result) Verdict {
	switch {
	case len(r.Failures()) > 0:
		return Verdict{run.NoModel, whyNoFormula(r)}
	case discover.Unfinished(r.Chosen.Status):
		return Verdict{run.NotConverged, note.Of(note.NotConverged, "", "the last refit still promised a decrease").WithHint("Raise fit.iterations, or give more data")}
	case r.Extra != nil:
		// What a state that nobody asked for is driven by and how fast it forgets rests on
		// this record alone: other slow states have been seen to pass in its place.
		return Verdict{run.Ambiguous, note.Of(note.ExtraState, r.Extra.State, "the model lacks something slow: with the extra hidden state it explains the data, but what drives it may be another quantity").
			WithHint("Test it on a longer record, or observe what it could be")}
	}
	if doubt, ok := doubtOf(r); ok {
		return Verdict{run.Ambiguous, doubt}
	}
	if n := len(r.Ties); n > 0 {
		text := "another formula explains the data as well"
		if n > 1 {
			text = fmt.Sprintf("%d other formulas explain the data as well", n)
		}
		return Verdict{run.Ambiguous, note.Of(note.Tie, "", "%s", text).WithHint("More data, less noise or an experiment in another regime would separate them")}
	}
	return Verdict{Status: run.OK}
}

// whyNoFormula says which checks the best formula fails and what that may mean.
func whyNoFormula(r *discover.Result) note.Note {
	text, hint := "", ""
	if r.Drifting != "" {
		text = "It seems that " + r.Drifting + ". That is no change at a few times, and a formula with constant coefficients does not describe it. "
		hint = "For what drifts: make the time t an argument of the unknown, give it as an input or as a state, or cut the record into shorter files. "
	}
	text += sentences(r.Failures())
	if sure := r.Sure(); len(sure) > 0 {
		text += sentence(sure[0].String())
	}
	text += "Likely the library lacks a term of the true equation, a known equation is wrong, or the noise is not white"
	return note.Of(note.NoFormula, "", "%s", text).WithHint("%sWiden `library`, check the known equations, or give `noise`", hint)
}

// doubtOf is why a formula that passes the checks is likely an approximation; false
// where nothing says so.
func doubtOf(r *discover.Result) (note.Note, bool) {
	sure := r.Sure()
	switch {
	case len(sure) > 0 && len(r.Memory) > 0:
		return note.Of(note.NoiseMemory, "", "%s. Without it %s", r.Memory[0], sure[0]).WithHint("Check the given equations, or give the unknown there another argument"), true
	case len(r.Memory) > 0:
		return note.Of(note.NoiseMemory, "", "%s", r.Memory[0]).WithHint("Check the given equations, or give `noise`"), true
	case len(sure) > 0:
		return note.Of(note.Lack, sure[0].Equation, "the formula is an approximation, or a given equation is wrong: %s", sure[0]).
			WithHint("Add it, give the unknown there another argument or a richer `library`, or check the given equation"), true
	case len(r.Dense) > 0:
		return note.Of(note.Approximation, r.Dense[0].Unknown, "%s", r.Dense[0]).
			WithHint("Name functions that it could be, `library: {functions: [...]}`, or let a network learn it (`neural: {}`)"), true
	case len(r.Steps) > 0:
		return note.Of(note.Step, "", "%s", r.Steps[0]).WithHint("Samples that are closer together would tell"), true
	}
	return note.Note{}, false
}

// ofNeuralForms judges neural forms that were asked for.
func ofNeuralForms(r *discover.Result) Verdict {
	failed := r.Failures()
	if len(failed) == 0 {
		return Verdict{Status: run.OK}
	}
	return Verdict{run.NoModel, note.Of(note.NoFormula, "", "%sLikely a known equation is wrong, an argument of an unknown is missing, the network is too small, or the noise is not white", sentences(failed)).
		WithHint("Check the known equations, add arguments, give a wider `hidden`, or give `noise`")}
}

// insteadOfFormula says why neural forms are the answer, and how to a formula.
func insteadOfFormula(r *discover.Result) note.Note {
	const look = "Give `library: {functions: [...]}` with what the learned function looks like"
	switch r.Instead {
	case discover.LeavesDefect:
		return note.Of(note.NeuralOnly, "", "the best formula found is an approximation: it leaves a defect of %.2g standard deviations a characteristic time, the network one of %.2g",
			r.FormulaOmega, r.Chosen.Omega).WithHint(look)
	case discover.DoesNotMove:
		return note.Of(note.NeuralOnly, "", "the best formula passes the checks, but left to itself it does not move like the data; the network does").WithHint(look)
	}
	return note.Of(note.NeuralOnly, "", "the networks explain the data, but no formula of the libraries does").
		WithHint("Look at the learned function and try others, with `govern extract --functions` or `--degree` on this run, or give more data")
}

// sentences says what failed checks found, a sentence each.
func sentences(checks []discover.Check) string {
	text := ""
	for _, k := range checks {
		text += sentence(k.Text)
	}
	return text
}

// sentence is a text with a capital and a full stop.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + ". " }
