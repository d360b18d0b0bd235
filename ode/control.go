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
	largest            []float64 // magnitude each component has reached: the unit of absolute
	zero               []bool    // states that began at zero
	states             int       // components that are states; tangent vectors of as many follow
	biggest            []float64 // of largest among the states, then among each tangent in units of the states

	step     float64 // the next proposal
	previous float64 // error norm of the last accepted step
	retry    bool    // the last attempt was refused
}

// norm returns the root mean square of the error estimates, each divided by
// what is allowed: relative·max(|x|, |x+|) + absolute·largest. A state that
// leaves zero has no scale of its own yet and its first slopes may be rounding
// alone, so its unit is at least a millionth of the largest state; one that began
// elsewhere has a scale, however small it is in the units of the others. The
// components of a tangent have the units of the states.
func (c *controller) norm(e, from, to []float64) float64 {
	sum := 0.0
	for i, v := range e {
		unit := c.largest[i]
		if group := i / c.states; group > 0 {
			unit = max(unit, 1e-6*c.biggest[group]*c.sizeOf(i%c.states))
		} else if c.zero[i] {
			unit = max(unit, 1e-6*c.biggest[0])
		}
		allowed := c.relative*max(math.Abs(from[i]), math.Abs(to[i])) + c.absolute*unit
		if allowed != 0 { // NaN counts
			sum += (v / allowed) * (v / allowed)
		}
	}
	return math.Sqrt(sum / float64(len(e)))
}

// sizeOf is the magnitude of state i, as far as it has one.
func (c *controller) sizeOf(i int) float64 {
	if c.largest[i] > 0 {
		return c.largest[i]
	}
	return 1
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
		if group := i / c.states; group == 0 {
			c.biggest[0] = max(c.biggest[0], c.largest[i])
		} else {
			c.biggest[group] = max(c.biggest[group], c.largest[i]/c.sizeOf(i%c.states))
		}
	}
}

// begin notes the first state.
func (c *controller) begin(x []float64) {
	c.biggest = make([]float64, (len(c.largest)+c.states-1)/c.states)
	for _, v := range x[:c.states] {
		c.zero = append(c.zero, v == 0)
	}
	c.accept(x)
}
