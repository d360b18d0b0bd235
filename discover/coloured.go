package discover

import (
	"context"
	"fmt"
	"math"

	"govern/fit"
	"govern/journal"
	"govern/optim"
)

// coloured searches once more with noise that has a memory.
func coloured() way {
	return way{
		name: "correlated noise",
		cost: Expensive,
		when: "what the best formula leaves in the data is correlated: the search starts again with noise that has a memory",
		due: func(f *finder) string {
			if f.best == nil || f.best.fit.Status == optim.Failed {
				return noFormulaConverges
			}
			return ""
		},
		run: func(ctx context.Context, f *finder) (*Result, error) { return f.searchColoured(ctx) },
	}
}

// searchColoured searches once more where a formula that passes leaves correlated noise,
// which it took for white and so believed too much, or a defect, which may have followed
// such noise, or where such noise explains that nothing passes; nil where it does not, or where nothing passes then either.
func (f *finder) searchColoured(ctx context.Context) (*Result, error) {
	c := f.best
	if c.passed() && (c.fit.Omega <= againDefect || c.fit.Driven) {
		if correlated, err := c.search.Engine.LeavesCorrelatedNoise(c.fit); err != nil || !correlated {
			return nil, err
		}
	}
	entries, err := c.search.Engine.FindCorrelatedNoise(ctx, f.prefix+"coloured", c.fit)
	if plain := f.bestPlain(); err == nil && entries == nil && plain != nil && c.bends() { // it may have bent along the noise
		entries, err = plain.search.Engine.FindCorrelatedNoise(ctx, f.prefix+"coloured-plain", plain.fit)
	}
	if err != nil || entries == nil {
		return nil, err
	}
	e := *f.engine
	if e.Data, err = fit.Prepare(f.engine.Data.Model, entries); err != nil {
		return nil, err
	}
	if e.Journal != nil {
		e.Journal = journal.Under("coloured", e.Journal)
	}
	var r *Result
	if len(f.indicators) > 0 {
		r, err = searchInRegimes(ctx, &e, f.options, f.indicators)
	} else {
		r, err = search(ctx, &e, f.options, withoutWay(waysFor(e.Data.Model), extraState().name))
	}
	if err != nil || !r.Trusted() {
		return nil, err
	}
	if r.Memory = longMemories(r.Data); len(r.Memory) > 0 { // of the equations, more likely
		if r.Lacks, err = findLacks(ctx, c.search.Engine, c.fit); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// longMemories are the channels whose noise would have to remember for longer than the
// characteristic time of the motion.
func longMemories(d *fit.Data) []string {
	var out []string
	for _, c := range d.Channels {
		if c.Correlation <= 0 {
			continue
		}
		samples := -1 / math.Log(c.Correlation)
		if perTime := d.SamplesPerCycle() / 4; samples > perTime {
			out = append(out, fmt.Sprintf("the noise of %s would have to remember for %.2g characteristic times: equations that are slightly wrong look like that", c.Label(), samples/perTime))
		}
	}
	return out
}
