package tell

import (
	"fmt"
	"math"

	"govern/conclude"
	"govern/model"
	"govern/report"
	"govern/run"
)

// estimate is a parameter as result.json shows it.
func estimate(p conclude.Parameter) run.Estimate {
	out := run.Estimate{Value: run.Number(p.Value), Low: run.Number(p.Value - p.Half), High: run.Number(p.Value + p.Half), Prior: priorOf(p.Prior), Held: p.Held}
	for _, e := range p.Entries {
		if out.Entries == nil {
			out.Entries = map[string]run.Estimate{}
		}
		out.Entries[e.Name] = estimate(e)
	}
	if p.Spread != nil {
		out.Spread = &run.Estimate{Value: run.Number(p.Spread.Value), Low: run.Number(p.Spread.Low), High: run.Number(p.Spread.High)}
	}
	return out
}

func priorOf(p *conclude.Prior) *run.Prior {
	if p == nil {
		return nil
	}
	return &run.Prior{Value: run.Number(p.Value), SD: run.Number(p.SD), Off: run.Number(p.Off)}
}

// estimates are the parameters as the report lists them: after a mean the values
// of entries and the spread.
func (w writer) estimates() []report.Estimate {
	row := func(name string, p conclude.Parameter) report.Estimate {
		return report.Estimate{Name: name, Value: p.Value, Low: p.Value - p.Half, High: p.Value + p.Half}
	}
	var out []report.Estimate
	for _, p := range w.Parameters() {
		if len(p.Entries) == 0 {
			out = append(out, row(p.Name, p))
			continue
		}
		out = append(out, row(p.Name+" (mean over entries)", p))
		for _, e := range p.Entries {
			out = append(out, row(model.OfEntry(p.Name, e.Name), e))
		}
		if p.Spread != nil {
			out = append(out, report.Estimate{Name: p.Name + " (spread over entries)", Value: p.Spread.Value, Low: p.Spread.Low, High: p.Spread.High})
		}
	}
	for k, name := range w.FittedParameters() {
		if k < len(w.Final.Parameters) && w.Problem.Model.ParameterIndex(name) < 0 { // a knot
			out = append(out, row(name, conclude.Parameter{Value: w.Final.Parameters[k], Half: conclude.Confidence * w.Spread[len(w.Final.Terms)+k]}))
		}
	}
	return out
}

// priorSettings list the priors that were used.
func (w writer) priorSettings() []report.Setting {
	var out []report.Setting
	add := func(name string, p *conclude.Prior) {
		out = append(out, report.Setting{Name: "prior of " + name, Value: fmt.Sprintf("%.4g ± %.3g; the answer is %.2g standard deviations from it", p.Value, p.SD, math.Abs(p.Off))})
	}
	for _, p := range w.Parameters() {
		if p.Prior != nil {
			add(p.Name, p.Prior)
		}
		for _, e := range p.Entries {
			if e.Prior != nil {
				add(model.OfEntry(p.Name, e.Name), e.Prior)
			}
		}
	}
	return out
}
