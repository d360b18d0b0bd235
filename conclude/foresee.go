package conclude

import (
	"slices"
	"strings"

	"govern/fit"
	"govern/model"
	"govern/note"
	"govern/problem"
)

// What a fit wants of data, after experience with the Rössler, Lorenz and
// Hindmarsh–Rose systems; docs/league.md shows what the defaults make of such data.
const (
	fewSamplesPerCycle = 10  // below it a fit becomes unreliable, below 8 it fails
	fewCycles          = 5   // of the whole record
	noisyChannel       = 0.5 // noise in standard deviations beyond which a channel says little
)

// Foresee says what may go wrong with a problem before anything is fitted; data are
// its training entries.
func Foresee(p *problem.Problem, data *fit.Data) []note.Note {
	out := OfData(data)
	fitted := slices.ContainsFunc(p.Model.Parameters, func(q model.Parameter) bool { return q.Fit })
	if len(p.Model.Unknowns) == 0 && !fitted {
		out = append(out, note.Of(note.NothingUnknown, "", "nothing is unknown").WithHint("`govern assess` judges this model against the data"))
	}
	doubts, _, _ := undetermined(data)
	out = append(append(out, doubts...), farFromZero(data)...)
	for _, d := range p.Model.Warnings {
		out = append(out, note.Of(note.Model, "", "%s", strings.TrimSpace(d.Error())))
	}
	return append(out, p.Notes...)
}

// OfData says what is hard about training data: samples that are too few, a cycle or in all,
// channels that are mostly noise, and given noises that are far from what samples show.
func OfData(data *fit.Data) []note.Note {
	out := ofSampling(data)
	for _, c := range data.Channels {
		if c.Sigma0 > noisyChannel*c.Std {
			out = append(out, note.Of(note.NoisyChannel, c.Column, "channel %s is mostly noise (%.2g of its standard deviation); it will count for little", c.Label(), c.Sigma0/c.Std))
		}
	}
	return append(out, MisgivenNoise(data)...)
}

func ofSampling(data *fit.Data) []note.Note {
	var out []note.Note
	if rate := data.SamplesPerCycle(); rate < fewSamplesPerCycle {
		out = append(out, note.Of(note.CoarseSampling, "", "%.3g samples a cycle: fits get unreliable below 10 and fail below 8", rate).WithHint("Record faster"))
	}
	duration := 0.0
	for _, e := range data.Entries {
		duration += e.Times[len(e.Times)-1] - e.Times[0]
	}
	if cycles := duration / (4 * data.Time); cycles < fewCycles {
		out = append(out, note.Of(note.FewCycles, "", "the training data hold %.2g cycles: formulas found on so few need not hold elsewhere", cycles).WithHint("Record longer"))
	}
	return out
}

// MisgivenNoise says which noises that the problem gives are far from what samples show.
func MisgivenNoise(data *fit.Data) []note.Note {
	var out []note.Note
	for _, c := range data.Channels {
		if text := c.Misgiven(data.SamplesPerCycle()); text != "" {
			out = append(out, note.Of(note.GivenNoise, c.Column, "%s", text).
				WithHint("Check that it is in the unit of the column, and no variance; without it the noise is estimated"))
		}
	}
	return out
}

// farFromZero says which columns vary little around a value far from zero.
func farFromZero(data *fit.Data) []note.Note {
	var out []note.Note
	for i := range data.Channels {
		if text, hint := data.FarFromZero(i); text != "" {
			out = append(out, note.Of(note.FarFromZero, data.Channels[i].Column, "%s", text).WithHint("%s", hint))
		}
	}
	return out
}
