package discover

import (
	"fmt"
	"math"
	"slices"

	"govern/fit"
	"govern/series"
)

// checkFit judges a fit by its own residuals: noise at its cap, or more loss than
// samples, mark a model that is not finished.
func checkFit(d *fit.Data, f *fit.Fitted) []Check {
	var out []Check
	if f == nil || !series.Finite(f.Evidence) {
		return []Check{{"converged", false, "the fit did not converge"}}
	}
	for i, c := range d.Channels {
		if c.Given || c.Count == 0 {
			continue
		}
		ratio := f.Sigma[i] / c.Slow
		limit := 1.07 + 3/math.Sqrt(2*float64(c.Count))
		out = append(out, Check{"noise " + c.Label(), ratio <= limit,
			fmt.Sprintf("the residual of %s is %.3g times the noise that its own differences show (limit %.3g)", c.Label(), ratio, limit)})
	}
	n := float64(d.Observations())
	effective := 0.0 // correlated samples count for less
	for _, c := range d.Channels {
		effective += float64(c.Count) / (c.Inflation() * c.Inflation())
	}
	per := f.Objective / effective
	width := math.Max(0.05, 3*math.Sqrt(2/n))
	ok := per <= 1+width && (per >= 1-width || anyFloored(d, f))
	out = append(out, Check{"loss", ok, fmt.Sprintf("the loss is %.3g a sample (expected %.3g to %.3g)", per, 1-width, 1+width)})
	if f.Driven {
		return out
	}
	out = append(out, Check{"defect", f.Omega <= largestDefect,
		fmt.Sprintf("the equations need corrections of %.2g standard deviations a characteristic time (limit %.2g)", f.Omega, largestDefect)})
	return out
}

// passed says that no check failed.
func passed(checks []Check) bool {
	return !slices.ContainsFunc(checks, func(k Check) bool { return !k.OK })
}

// largestDefect is the defect weight above which a model does not explain the
// motion but follows it: wrong libraries end at 0.1 to 1, a measured circuit under
// its right equations at 0.014, exact simulations at 0.001.
const largestDefect = 0.05

// anyFloored says that a channel is so clean that its noise is an assumption;
// then the loss has no lower bound.
func anyFloored(d *fit.Data, f *fit.Fitted) bool {
	for i, c := range d.Channels {
		if f.Sigma[i] <= c.Floor*1.0001 {
			return true
		}
	}
	return false
}
