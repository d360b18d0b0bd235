// Package verdict says what an answer is worth: its status, and what to do where it is
// not to be trusted. It is the only writer of a status.
package verdict

import (
	"fmt"
	"strings"

	"govern/discover"
	"govern/run"
)

// Verdict is the status of an answer, and what to try; no advice with run.OK, but
// for baselines.
type Verdict struct {
	Status run.Status
	Advice string
}

// OfSearch judges what a search has found on the training data, before anything was
// refitted or proved.
func OfSearch(r *discover.Result) Verdict {
	if r.Nothing() {
		return Verdict{run.NoModel, r.Noise}
	}
	switch r.Ending {
	case discover.Formula:
		return ofFormula(r)
	case discover.Baseline:
		return Verdict{run.OK, "a baseline: regression on derivatives, not fitted on trajectories"}
	case discover.NeuralForms:
		return ofNeuralForms(r)
	case discover.NeuralOnly:
		return Verdict{run.NeuralOnly, insteadOfFormula(r)}
	case discover.NotTrained:
		return Verdict{run.NotConverged, "the fit of the networks did not converge; give a smaller `hidden`, another `activation`, or more data"}
	case discover.NotRetrained:
		return Verdict{run.NotConverged, "the networks could not be brought to rest on the data: train them again with `govern fit`"}
	case discover.UnseenStates:
		return Verdict{run.NoModel, fmt.Sprintf("no channel sees %s, neither directly nor through a known equation, and of %d random starts for each library none explains the data: "+
			"observe more, give an equation in which such a state drives an observed one, or another `library`", strings.Join(r.Unseen, ", "), r.Draws)}
	case discover.RegimesUnsure:
		return Verdict{run.NoModel, discover.SayChanges(r.Changes) + "; no formula with regimes that begin there passes the checks on the whole record. Give `regimes: [...]` where you know better, or the stretches between as files of their own"}
	}
	return Verdict{run.NotConverged, "no fit could be started: the smoothed path leads the library out of its range; give a smaller degree or more data"}
}

// ofFormula judges the best formula by its checks, its rivals, and what makes it look
// like an approximation.
func ofFormula(r *discover.Result) Verdict {
	switch {
	case len(r.Failures()) > 0:
		return Verdict{run.NoModel, whyNoFormula(r)}
	case discover.Unfinished(r.Chosen.Status):
		return Verdict{run.NotConverged, "the last refit still promised a decrease: raise fit.iterations, or give more data"}
	case r.Extra != nil:
		// What a state that nobody asked for is driven by and how fast it forgets rests on
		// this record alone: other slow states have been seen to pass in its place.
		return Verdict{run.Ambiguous, "the model lacks something slow: with the extra hidden state it explains the data, but what drives it may be another quantity; test it on a longer record, or observe what it could be"}
	}
	if doubt := doubtOf(r); doubt != "" {
		return Verdict{run.Ambiguous, doubt}
	}
	const rival = "explains the data as well; more data, less noise or an experiment in another regime would separate them"
	switch n := len(r.Ties); n {
	case 0:
		return Verdict{Status: run.OK}
	case 1:
		return Verdict{run.Ambiguous, "another formula " + rival}
	default:
		return Verdict{run.Ambiguous, fmt.Sprintf("%d other formulas explain", n) + strings.TrimPrefix(rival, "explains")}
	}
}

// whyNoFormula says which checks the best formula fails and what that may mean.
func whyNoFormula(r *discover.Result) string {
	text := ""
	if r.Drifting != "" {
		text = "It seems that " + r.Drifting + ". " + driftAdvice
	}
	text += failures(r.Failures())
	if sure := r.Sure(); len(sure) > 0 {
		text += sentence(sure[0].String())
	}
	return text + "Likely the library lacks a term of the true equation, a known equation is wrong, or the noise is not white: widen `library`, check the known equations, or give `noise`."
}

const driftAdvice = "That is no change at a few times, and a formula with constant coefficients does not describe it: " +
	"make the time t an argument of the unknown, give what drifts as an input or as a state, or cut the record into shorter files. "

// doubtOf is why a formula that passes the checks is likely an approximation; empty
// where nothing says so.
func doubtOf(r *discover.Result) string {
	sure := r.Sure()
	switch {
	case len(sure) > 0 && len(r.Memory) > 0:
		return r.Memory[0] + ". Without it " + sure[0].String() + ". Check the given equations, or give the unknown there another argument"
	case len(r.Memory) > 0:
		return r.Memory[0] + ". Check the given equations, or give `noise`"
	case len(sure) > 0:
		return "the formula is an approximation, or a given equation is wrong: " + sure[0].String() + ". Add it, give the unknown there another argument or a richer `library`, or check the given equation"
	case len(r.Dense) > 0:
		return r.Dense[0].String() + ": name functions that it could be, `library: {functions: [...]}`, or let a network learn it (`neural: {}`)"
	case len(r.Steps) > 0:
		return r.Steps[0] + ": samples that are closer together would"
	}
	return ""
}

// ofNeuralForms judges neural forms that were asked for.
func ofNeuralForms(r *discover.Result) Verdict {
	failed := r.Failures()
	if len(failed) == 0 {
		return Verdict{Status: run.OK}
	}
	return Verdict{run.NoModel, failures(failed) +
		"Likely a known equation is wrong, an argument of an unknown is missing, the network is too small, or the noise is not white: check the known equations, add arguments, give a wider `hidden`, or give `noise`."}
}

// insteadOfFormula says why neural forms are the answer, and how to a formula.
func insteadOfFormula(r *discover.Result) string {
	switch r.Instead {
	case discover.LeavesDefect:
		return fmt.Sprintf("the best formula found is an approximation: it leaves a defect of %.2g standard deviations a characteristic time, the network one of %.2g; "+
			"give `library: {functions: [...]}` with what the learned function looks like", r.FormulaOmega, r.Chosen.Omega)
	case discover.DoesNotMove:
		return "the best formula passes the checks, but left to itself it does not move like the data; the network does: give `library: {functions: [...]}` with what the learned function looks like"
	}
	return "the networks explain the data, but no formula of the libraries does: look at the learned function and try others, with `govern extract --functions` or `--degree` on this run, or give more data"
}

// failures says what failed checks found, a sentence each.
func failures(checks []discover.Check) string {
	text := ""
	for _, k := range checks {
		text += sentence(k.Text)
	}
	return text
}

// sentence is a text with a capital and a full stop.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + ". " }
