package govern

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"govern/fit"
	"govern/run"
)

// warnings collects what a reader should know.
func (w *work) warnings() []string {
	out := append(w.regimeWarnings(), w.proof.Warnings...)
	if w.found.Drift != "" {
		out = append(out, w.found.Drift+": what is computed of the model, exponents and attractor among it, is of no stationary motion")
	}
	out = append(out, w.parameterWarnings()...)
	if w.final.Driven {
		out = append(out, w.drivenWarning())
	} else if w.final.Omega > 2*fit.OmegaEnd {
		text := fmt.Sprintf("the equations leave a defect: the evidence allows them an error of %.2g standard deviations a characteristic time", w.final.Omega)
		if len(w.spread) > 0 {
			text += fmt.Sprintf(", so intervals are from refits of %d parts of the record", blocks)
		}
		out = append(out, text)
	}
	if !w.proof.Bounded && len(w.final.Forms) > 0 {
		out = append(out, "the free run of the network leaves the range of the data ("+w.proof.Escape+")")
	}
	if i := w.wide(); i >= 0 {
		out = append(out, fmt.Sprintf("free runs leave %s by %.2g standard deviations over three cycles, where its noise is %.2g: without chaos the true equations would stay near it, so these are likely an approximation",
			w.data.Channels[i].Label(), w.proof.Free[i], w.final.Sigma[i]/w.data.Channels[i].Std))
	}
	if w.proof.Rest != "" && len(w.final.Forms) > 0 {
		out = append(out, "left to itself the network comes to rest: "+w.proof.Rest)
	}
	if w.found.Model != nil && len(w.final.Parameters) == len(w.fittedParameters()) {
		out = append(out, w.whole.AtBounds(w.found.Model, w.final.Parameters, w.problem.Model)...)
	}
	if w.grown != nil && w.grown.Short != nil {
		out = append(out, w.grown.Short.Error())
	}
	if w.apart {
		out = append(out, "no refit on all data was possible: along the held-out ones the formula is undefined or runs away; the values are of the training data alone")
	}
	for _, column := range slices.Sorted(maps.Keys(w.left)) {
		out = append(out, fmt.Sprintf("%s: %d samples that lie alone, more than 5 standard deviations off the path, were left out as outliers", column, w.left[column]))
	}
	for _, c := range w.data.Channels {
		if c.Correlation > 0 {
			out = append(out, fmt.Sprintf("the noise of %s is correlated, %.2g from sample to sample: it counts as white noise %.2g times as large", c.Label(), c.Correlation, c.Inflation()))
		}
	}
	for _, c := range w.data.Channels {
		if text := c.Misgiven(w.data.SamplesPerCycle()); text != "" {
			out = append(out, text)
		}
	}
	if w.sparse() {
		out = append(out, fmt.Sprintf("the formula was sought on %d of %d training samples%s; coefficients, intervals, noise and free runs are from all samples",
			w.sought.Samples(), w.data.Samples(), w.sparsely()))
	}
	rate := w.data.SamplesPerCycle()
	if rate < 9 {
		out = append(out, fmt.Sprintf("only %.1f samples a cycle: below 8–10 the equations may not be determined", rate))
	}
	for i, s := range w.spread {
		if math.IsInf(s, 1) || math.IsNaN(s) {
			name := ""
			if i < len(w.final.Terms) {
				name = "the coefficient of " + w.final.Terms[i].Factor.String()
			} else {
				name = w.fittedParameters()[i-len(w.final.Terms)]
			}
			out = append(out, "the data do not determine "+name+" apart from the others")
		}
	}
	return out
}

// wide returns the channel that free runs miss by much more than its noise although
// nothing grows and the equations leave a defect; −1 for none.
func (w *work) wide() int {
	const much, least = 5, 0.05
	worst := -1
	if w.proof.Chaotic || w.final.Omega <= 2*fit.OmegaEnd {
		return worst
	}
	for i, c := range w.data.Channels {
		noise := w.final.Sigma[i] / c.Std
		if free := w.proof.Free[i]; free > least && free > much*noise && (worst < 0 || free > w.proof.Free[worst]) {
			worst = i
		}
	}
	return worst
}

// sparsely says how the samples of a search were chosen.
func (w *work) sparsely() string {
	text := ""
	if k := w.data.Condensing(); k > 1 {
		text = fmt.Sprintf(", each of %d put together", k)
	}
	if len(w.sought.Entries) > len(w.data.Entries) {
		text += fmt.Sprintf(", in %d stretches spread over the record", len(w.sought.Entries))
	}
	return text
}

// processNoise is what noise does to every state in a unit of time.
func (w *work) processNoise() map[string]run.Number {
	if !w.final.Driven {
		return nil
	}
	out := map[string]run.Number{}
	for i, s := range w.data.Model.States {
		out[s.Name] = run.Number(w.final.Omega * w.final.Scale[i] / math.Sqrt(w.data.Time))
	}
	return out
}

func (w *work) drivenWarning() string {
	noise := w.processNoise()
	var each []string
	for _, s := range w.data.Model.States {
		each = append(each, fmt.Sprintf("%s by %.2g", s.Name, noise[s.Name]))
	}
	return "the motion is driven by noise, white and of no function of the states, that moves " + strings.Join(each, ", ") +
		" in a unit of time; free runs are those of the equations without it"
}
