package terms

import (
	"context"
	"fmt"

	"govern/fit"
	"govern/optim"
)

// tuneFactor is the step of the defect weight in tune, tuneSteps the most steps.
// A larger weight must be worth tuneWorth in −2 log evidence a step, and a smaller one
// may cost as much in all: where the data hardly say, equations hold exactly.
const (
	tuneFactor = 1.7782794100389228 // a quarter of a decade
	tuneSteps  = 6
	tuneWorth  = 2
)

// Tune moves the defect weight to where the evidence of the present terms is
// best, re-estimating the noise on the way: the first fit chose it with other
// terms.
func Tune(ctx context.Context, e *fit.Engine, name string, f *fit.Fitted) (*fit.Fitted, error) {
	if e.Options.Omega > 0 || f.Status == optim.Failed {
		return f, nil
	}
	for _, factor := range []float64{tuneFactor, 1 / tuneFactor} {
		moved := false
		worst := f.Evidence + tuneWorth
		for step := range tuneSteps {
			omega := f.Omega * factor
			if omega < fit.OmegaEnd*0.99 {
				break
			}
			g, err := e.Trajectory(ctx, fmt.Sprintf("%s/%.2g-%d", name, factor, step), f, fit.Schedule{To: omega, Noise: true})
			if err != nil {
				return nil, err
			}
			if factor > 1 {
				worst = f.Evidence - tuneWorth
			}
			if !(g.Evidence < worst) {
				break
			}
			f, moved = g, true
		}
		if moved {
			break
		}
	}
	return f, nil
}
