package tell

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"govern/conclude"
	"govern/model"
	"govern/note"
	"govern/run"
)

// allNotes is everything that a reader should know beside the answer, in the order in
// which it came about.
func (w writer) allNotes() []note.Note {
	var out []note.Note
	for _, d := range w.Problem.Model.Warnings {
		out = append(out, note.Of(note.Model, "", "%s", d.Error()))
	}
	out = slices.Concat(out, w.Problem.Notes, w.Notes)
	if w.Closed == nil {
		return out
	}
	return slices.Concat(out, w.ofStructure(), w.ofChanges(), w.Proof.Notes, w.ofDrift(), w.ofParameters(), w.ofFit(), w.ofData(), w.ofIntervals())
}

// ofStructure says what the equations may lack, and what else makes the formula look
// like an approximation.
func (w writer) ofStructure() []note.Note {
	var out []note.Note
	if x := w.Found.Extra; x != nil {
		out = append(out, note.Of(note.ExtraState, x.State, "an extra hidden state is needed: %[1]s' = %[2]s, added to %[3]s'; without it no formula passes the checks", x.State, x.Equation(), x.Enters))
	}
	for _, text := range w.Found.Memory {
		out = append(out, note.Of(note.NoiseMemory, "", "%s", text))
	}
	for _, text := range w.Found.Steps {
		out = append(out, note.Of(note.Step, "", "%s", text))
	}
	for _, d := range w.Found.Dense {
		out = append(out, note.Of(note.Approximation, d.Unknown, "%s", d))
	}
	for _, l := range w.Found.Sure() {
		out = append(out, note.Of(note.Lack, l.Equation, "%s", l))
	}
	return out
}

// ofChanges says where coefficients change.
func (w writer) ofChanges() []note.Note {
	var out []note.Note
	for k, r := range w.Found.Regimes {
		if k > 0 && w.Found.Regimes[k-1].Entry == r.Entry && r.High > r.Low {
			out = append(out, note.Of(note.Change, r.Entry, "%s: coefficients change at t = %.6g (%.6g … %.6g): a model with %d regimes explains the data, one without does not", r.Entry, r.From, r.Low, r.High, len(w.Found.Regimes)))
		}
	}
	return out
}

func (w writer) ofDrift() []note.Note {
	if w.Found.Drift == "" {
		return nil
	}
	return []note.Note{note.Of(note.Drift, "", "%s: what is computed of the model, exponents and attractor among it, is of no stationary motion", w.Found.Drift)}
}

// farPrior is the distance of an answer from its prior, in standard deviations,
// that is worth a note.
const farPrior = 3

// fewSpread is the number of entries below which a spread is hardly determined.
const fewSpread = 6

// ofParameters says which answers contradict their priors, what a spread can
// mean, and what stands in the model for values that differ.
func (w writer) ofParameters() []note.Note {
	var out []note.Note
	for _, p := range w.Parameters() {
		out = append(out, farFromPrior(p.Name, p.Value, p.Prior)...)
		for _, e := range p.Entries {
			out = append(out, farFromPrior(model.OfEntry(p.Name, e.Name), e.Value, e.Prior)...)
		}
		if len(p.Entries) > 0 {
			out = append(out, note.Of(note.MeanOfEntries, p.Name, "%s differs between entries: model.yaml holds the mean, %.6g; the values are in result.json", p.Name, p.Value))
		}
		switch s := p.Spread; {
		case s == nil:
		case s.Low == 0:
			out = append(out, note.Of(note.NoSpread, p.Name, "the data show no spread of %s over entries: it is at most %.3g (95 %%), and its values are drawn to their mean", p.Name, s.High))
		case len(p.Entries) < fewSpread:
			out = append(out, note.Of(note.WideSpread, p.Name, "the spread of %s is learned from %d entries alone: it may be anything from %.3g to %.3g (95 %%)", p.Name, len(p.Entries), s.Low, s.High))
		}
	}
	return append(out, w.Calibrated...)
}

// ofFit says what the final fit leaves, and what its free runs do.
func (w writer) ofFit() []note.Note {
	var out []note.Note
	if w.Final.Driven {
		out = append(out, w.drivenByNoise())
	} else if w.Final.LeavesDefect() {
		text := fmt.Sprintf("the equations leave a defect: the evidence allows them an error of %.2g standard deviations a characteristic time", w.Final.Omega)
		if len(w.Spread) > 0 {
			text += fmt.Sprintf(", so intervals are from refits of %d parts of the record", conclude.Blocks)
		}
		out = append(out, note.Of(note.Defect, "", "%s", text))
	}
	if !w.Proof.Bounded && len(w.Final.Forms) > 0 {
		out = append(out, note.Of(note.Escape, "", "the free run of the network leaves the range of the data (%s)", w.Proof.Escape))
	}
	if i := w.farFreeRun(); i >= 0 {
		out = append(out, note.Of(note.FarFreeRuns, w.Data.Channels[i].Column, "free runs leave %s by %.2g standard deviations over three cycles, where its noise is %.2g: without chaos the true equations would stay near it, so these are likely an approximation",
			w.Data.Channels[i].Label(), w.Proof.Free[i], w.Final.Sigma[i]/w.Data.Channels[i].Std))
	}
	if w.Proof.Rest != "" && w.Final.Driven {
		out = append(out, note.Of(note.Rest, "", "left to itself the formula comes to rest: %s. Noise alone keeps the motion going", w.Proof.Rest))
	} else if w.Proof.Rest != "" && len(w.Final.Forms) > 0 {
		out = append(out, note.Of(note.Rest, "", "left to itself the network comes to rest: %s", w.Proof.Rest))
	}
	if w.Found.Model != nil && len(w.Final.Parameters) == len(w.FittedParameters()) {
		out = append(out, w.Whole.AtBounds(w.Found.Model, w.Final.Parameters, w.Problem.Model)...)
	}
	if w.Grown != nil && w.Grown.Short != nil {
		out = append(out, note.Of(note.ShorterSegments, "", "%s", w.Grown.Short))
	}
	if w.TrainingOnly {
		out = append(out, note.Of(note.TrainingOnly, "", "no refit on all data was possible: along the held-out ones the formula is undefined or runs away; the values are of the training data alone"))
	}
	return out
}

// ofData says what was left out of the data, and what they are like.
func (w writer) ofData() []note.Note {
	var out []note.Note
	for _, column := range slices.Sorted(maps.Keys(w.Left)) {
		out = append(out, note.Of(note.Outliers, column, "%s: %d samples that lie alone, more than 5 standard deviations off the path, were left out as outliers", column, w.Left[column]))
	}
	for _, c := range w.Data.Channels {
		if c.Correlation > 0 {
			out = append(out, note.Of(note.CorrelatedNoise, c.Column, "the noise of %s is correlated, %.2g from sample to sample: it counts as white noise %.2g times as large", c.Label(), c.Correlation, c.Inflation()))
		}
	}
	out = append(out, conclude.OfData(w.Data)...)
	if w.Sparse() {
		out = append(out, note.Of(note.SearchedSparse, "", "the formula was sought on %d of %d training samples%s; coefficients, intervals, noise and free runs are from all samples",
			w.Sought.Samples(), w.Data.Samples(), w.howSparse()))
	}
	return out
}

// ofIntervals says which numbers cannot be told apart.
func (w writer) ofIntervals() []note.Note {
	var out []note.Note
	for i, s := range w.Spread {
		if !math.IsInf(s, 1) && !math.IsNaN(s) {
			continue
		}
		name := ""
		if i < len(w.Final.Terms) {
			name = "the coefficient of " + w.Final.Terms[i].Factor.String()
		} else {
			name = w.FittedParameters()[i-len(w.Final.Terms)]
		}
		out = append(out, note.Of(note.Inseparable, name, "the data do not determine %s apart from the others", name))
	}
	return out
}

func farFromPrior(name string, value float64, p *conclude.Prior) []note.Note {
	if p == nil || !(math.Abs(p.Off) > farPrior) {
		return nil
	}
	return []note.Note{note.Of(note.FarFromPrior, name, "%s = %.4g lies %.2g standard deviations from its prior, %.4g ± %.3g: data and prior contradict each other", name, value, math.Abs(p.Off), p.Value, p.SD)}
}

// farFreeRun is the channel that free runs miss by much more than its noise although
// nothing grows and the equations leave a defect; −1 for none. Free runs of what noise
// drives miss the data whatever the equations are.
func (w writer) farFreeRun() int {
	const much, least = 5, 0.05
	worst := -1
	if w.Proof.Chaotic || w.Final.Driven || !w.Final.LeavesDefect() {
		return worst
	}
	for i, c := range w.Data.Channels {
		noise := w.Final.Sigma[i] / c.Std
		if free := w.Proof.Free[i]; free > least && free > much*noise && (worst < 0 || free > w.Proof.Free[worst]) {
			worst = i
		}
	}
	return worst
}

// howSparse says how the samples of a search were chosen.
func (w writer) howSparse() string {
	text := ""
	if k := w.Data.CondenseFactor(); k > 1 {
		text = fmt.Sprintf(", each of %d put together", k)
	}
	if len(w.Sought.Entries) > len(w.Data.Entries) {
		text += fmt.Sprintf(", in %d stretches spread over the record", len(w.Sought.Entries))
	}
	return text
}

// processNoise is what noise does to every state in a unit of time.
func (w writer) processNoise() map[string]run.Number {
	if !w.Final.Driven {
		return nil
	}
	out := map[string]run.Number{}
	for i, s := range w.Data.Model.States {
		out[s.Name] = run.Number(w.Final.Omega * w.Final.Scale[i] / math.Sqrt(w.Data.Time))
	}
	return out
}

func (w writer) drivenByNoise() note.Note {
	noise := w.processNoise()
	var each []string
	for _, s := range w.Data.Model.States {
		each = append(each, fmt.Sprintf("%s by %.2g", s.Name, noise[s.Name]))
	}
	return note.Of(note.DrivenByNoise, "", "the motion is driven by noise, white and of no function of the states, that moves %s in a unit of time; free runs are those of the equations without it", strings.Join(each, ", "))
}
