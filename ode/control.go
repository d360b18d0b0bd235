package ode

import "math"

// Factors of the step controller (Hairer, Nørsett, Wanner, Solving Ordinary
// Differential Equations I, II.4).
const (
	safety    = 0.9
	shrinkMax = 0.2
	growMax   = 10
)

// controller chooses steps. The adaptive one is proportional–integral on the
// error norm; with a fixed step it accepts everything.
type controller struct {
	fixed              bool
	order              float64
	relative, absolute float64
	largest            []float64 // magnitude each state has reached: the unit of absolute
	biggest            float64   // of largest

	step     float64 // the next proposal
	previous float64 // error norm of the last accepted step
	retry    bool    // the last attempt was refused
}

// norm returns the root mean square of the error estimates, each divided by
// what is allowed: relative·max(|x|, |x+|) + absolute·largest. A state that
// leaves zero has no scale of its own yet and its first slopes may be rounding
// alone, so its unit is at least a millionth of the largest state.
func (c *controller) norm(e, from, to []float64) float64 {
	sum := 0.0
	for i, v := range e {
		unit := max(c.largest[i], 1e-6*c.biggest)
		allowed := c.relative*max(math.Abs(from[i]), math.Abs(to[i])) + c.absolute*unit
		if allowed != 0 { // NaN counts
			sum += (v / allowed) * (v / allowed)
		}
	}
	return math.Sqrt(sum / float64(len(e)))
}

// judge accepts or refuses an attempted step h of the given error norm and
// proposes the next.
func (c *controller) judge(h, norm float64) bool {
	switch {
	case c.fixed:
		return true
	case math.IsNaN(norm) || math.IsInf(norm, 0):
		c.step = shrinkMax * h
		c.retry = true
		return false
	case norm > 1:
		c.step = h * max(shrinkMax, safety*math.Pow(norm, -1/c.order))
		c.retry = true
		return false
	}
	grow := float64(growMax)
	if norm > 0 {
		grow = safety * math.Pow(norm, -0.7/c.order) * math.Pow(c.previous, 0.4/c.order)
	}
	if c.retry {
		grow = min(grow, 1)
	}
	c.retry = false
	c.previous = max(norm, 1e-4)
	c.step = h * min(growMax, max(shrinkMax, grow))
	return true
}

// accept notes the magnitudes of an accepted state.
func (c *controller) accept(x []float64) {
	for i, v := range x[:len(c.largest)] {
		c.largest[i] = max(c.largest[i], math.Abs(v))
		c.biggest = max(c.biggest, c.largest[i])
	}
}
