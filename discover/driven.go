package discover

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"govern/fit"
	"govern/journal"
	"govern/optim"
	"govern/series"
)

// driven explains corrections by process noise.
func driven() way {
	return way{
		name: "process noise",
		cost: Moderate,
		when: "the best formula needs corrections: whether they are noise that drives the states",
		excluded: func(e *fit.Engine, _ Options) string {
			switch {
			case e.Options.Segment > 1:
				return longSegments
			case e.Options.Omega > 0:
				return defectGiven
			case len(e.Data.Unseen()) > 0:
				return "states that only unknowns see have a freedom that noise would take"
			}
			return ""
		},
		due: func(f *finder) string {
			c := f.best
			switch {
			case c == nil || c.fit.Status == optim.Failed || !series.Finite(c.fit.Evidence):
				return noFormulaConverges
			case c.fit.Omega <= againDefect:
				return "the best formula needs no corrections"
			case len(c.fit.Forms) > 0:
				return "the best is no formula"
			}
			return ""
		},
		run: func(ctx context.Context, f *finder) (*Result, error) { return f.fitDriven(ctx) },
	}
}

// fitDriven asks, where the best formula needs corrections, whether they are
// process noise: independent from sample to sample and of no function of the states.
// Then every state gets a noise of its own, terms are selected again, and the
// formula may pass with it. What a wrong equation leaves is a function of the
// states (lacks) or has a memory (white), or coefficients have changed on the way:
// regimes that pass go first, and are returned.
func (f *finder) fitDriven(ctx context.Context) (*Result, error) {
	c := f.best
	s, name := c.search, f.prefix+"driven"
	report(s.Engine, "process noise", 0.5)
	g, err := s.Engine.FitProcessNoise(ctx, name+"/first", c.fit)
	if err != nil || g.Status == optim.Failed {
		return nil, err
	}
	if g, err = s.Settle(ctx, name, g); err != nil || g.Status == optim.Failed {
		return nil, err
	}
	if g, err = s.Engine.FitProcessNoise(ctx, name+"/last", g); err != nil || g.Status == optim.Failed {
		return nil, err
	}
	found := &candidate{search: s, fit: g, road: "driven", degree: c.degree, checks: checkFit(s.Engine.Data, g)}
	white, err := testWhiteness(s.Engine, g)
	if err != nil {
		return nil, err
	}
	found.checks = append(found.checks, white...)
	if !found.passed() {
		return nil, nil
	}
	e := *s.Engine
	if e.Journal != nil {
		e.Journal = journal.Under(name, e.Journal)
	}
	lacking, err := findLacks(ctx, &e, g)
	if err != nil || len(lacking) > 0 && lacking[0].Sure() {
		return nil, err
	}
	if f.regimesDue() == "" {
		if regimes, err := f.findRegimes(ctx); err != nil || regimes != nil {
			return regimes, err
		}
	}
	f.consider([]*candidate{found})
	return nil, nil
}

// whiteLags is up to which lag innovations are compared with themselves.
const whiteLags = 10

// testWhiteness tests the innovations of every channel for memory: of a right model they
// are independent (Ljung and Box, Biometrika 65 (1978) 297–303).
func testWhiteness(e *fit.Engine, f *fit.Fitted) ([]Check, error) {
	in, err := e.Innovations(f)
	if err != nil {
		return nil, err
	}
	var out []Check
	for c, channel := range e.Data.Channels {
		v := in.Whitened[c]
		n := float64(len(v))
		if n <= 4*whiteLags {
			continue
		}
		square := 0.0
		for _, x := range v {
			square += x * x
		}
		q, largest := 0.0, 0.0
		for lag := 1; lag <= whiteLags; lag++ {
			sum := 0.0
			for i := lag; i < len(v); i++ {
				sum += v[i] * v[i-lag]
			}
			r := sum / square
			q += n * (n + 2) * r * r / (n - float64(lag))
			largest = math.Max(largest, math.Abs(r))
		}
		chance := distuv.ChiSquared{K: whiteLags}.Survival(q)
		out = append(out, Check{"memory " + channel.Label(), chance > sure || largest < leastMemory,
			fmt.Sprintf("the errors of one-step predictions of %s are correlated with each other by %.2g", channel.Label(), largest)})
	}
	return out, nil
}

// leastMemory is the correlation of innovations that linearisation may leave.
const leastMemory = 0.1
