package verdict

import (
	"govern/conclude"
	"govern/discover"
	"govern/note"
	"govern/run"
)

// Of judges an answer: what its search is worth, taken back where the proof does not
// bear it out.
func Of(a *conclude.Answer) Verdict {
	v := ofSearch(a)
	if a.Closed == nil || !v.Status.Trusted() {
		return v
	}
	if refused, ok := refusedByProof(a); ok {
		return refused
	}
	if a.TrainingOnly && len(a.Final.Forms) == 0 {
		return Verdict{run.NotConverged, note.Of(note.TrainingOnly, "", "no fit to all data came near the held-out ones, so the formula holds for the training data alone: what was held out may move differently, or the formula is an approximation").
			WithHint("Give more data, or cut the record where it changes")}
	}
	return withoutProof(a, v)
}

// Accepts says that an answer is to be trusted.
func Accepts(a *conclude.Answer) bool { return Of(a).Status.Trusted() }

// ofSearch judges the search of an answer, and its fit to all samples where the search
// has seen only some.
func ofSearch(a *conclude.Answer) Verdict {
	if a.Adrift {
		return Verdict{run.NotConverged, note.Of(note.SearchedSparse, "", "the formula explains the excerpts that it was sought on, but a fit to all samples does not come near them: some of the record may move differently").
			WithHint("Cut it, or give more excerpts of it as files")}
	}
	return OfSearch(a.Found)
}

// refusedByProof is the verdict on a model that, left to itself, does not move like the data.
func refusedByProof(a *conclude.Answer) (Verdict, bool) {
	refuse := func(n note.Note) (Verdict, bool) { return Verdict{run.NoModel, n}, true }
	astray := astray(a)
	switch {
	case a.Proof.Rest != "" && !a.Final.Driven: // what noise drives may come to rest without it
		return refuse(note.Of(note.Rest, "", "left to itself the formula comes to rest: %s. It follows the data closely, but is only an approximation of what moves them", a.Proof.Rest).
			WithHint("Give a richer library, or let a network learn the unknown (`neural: {}`)"))
	case !a.Proof.Bounded:
		what, richer := "formula", "a richer library"
		if len(a.Final.Forms) > 0 {
			what, richer = "network", "a wider `hidden`"
		}
		return refuse(note.Of(note.Escape, "", "the %s, running free, leaves the range of the data (%s): it is not a model of them", what, a.Proof.Escape).
			WithHint("Give more data, or %s", richer))
	case astray >= 0 && a.Found.Extra != nil:
		return refuse(note.Of(note.Astray, a.Data.Channels[astray].Column, "a formula with an extra hidden state follows the data, but free runs from held-out starts are %.2g standard deviations of %s off, no better than chance: "+
			"the library lacks something else", a.Proof.Free[astray], a.Data.Channels[astray].Label()).WithHint("Widen it, or observe more"))
	case astray >= 0:
		return refuse(note.Of(note.Astray, a.Data.Channels[astray].Column, "free runs of the network from held-out starts are %.2g standard deviations of %s off, no better than chance: "+
			"it does not hold where it was not trained", a.Proof.Free[astray], a.Data.Channels[astray].Label()).
			WithHint("Train on data that cover the held-out ones, or seek a formula with `govern extract`, which may"))
	}
	return Verdict{}, false
}

// withoutProof is a verdict where no free run from a held-out start was possible: then a
// formula may be right, but nothing shows it. One whose own numbers are not
// determined is no answer at all.
func withoutProof(a *conclude.Answer, v Verdict) Verdict {
	if a.Proof.Starts > 0 || len(a.Final.Terms) == 0 || len(a.Final.Forms) > 0 || a.Found.Ending == discover.Baseline {
		return v
	}
	const why = "not proven: no free run from a held-out start was possible"
	for i := range a.Final.Terms {
		if _, low, high := a.Interval(i); !(low > 0 || high < 0) {
			return Verdict{run.NoModel, note.Of(note.NotProven, "", "%s, and the data do not even determine the sign of the coefficient of %s", why, a.Factor(i)).WithHint("Give a longer record")}
		}
	}
	if v.Status == run.OK {
		return Verdict{run.Ambiguous, note.Of(note.NotProven, "", "%s; the formula explains the samples that it was fitted to, and others may as well", why).
			WithHint("Give a longer record, or another with `use: test`")}
	}
	v.Note.Text = why + "; " + v.Note.Text
	return v
}

// chance is the free-running error, in standard deviations, above which a
// network, or a formula with an extra state, has learned nothing that holds elsewhere: two unrelated points of one
// attractor are √2 apart.
const chance = 1.5

// astray returns the channel on which free runs of a network, or of a model with an
// extra state, are worst, −1 when all are better than chance or there is neither.
func astray(a *conclude.Answer) int {
	worst := -1
	if len(a.Final.Forms) == 0 && a.Found.Extra == nil {
		return worst
	}
	for i, off := range a.Proof.Free {
		if off > chance && (worst < 0 || off > a.Proof.Free[worst]) {
			worst = i
		}
	}
	return worst
}
