package ode

import (
	"fmt"
	"slices"

	"govern/expr"
)

// System is a closed dynamical system: equations without unknowns, values of
// the parameters, and signals for the inputs. Solvers only read it, so
// goroutines may share one that no one changes.
type System struct {
	States     []string
	Start      []float64 // the model's initial values, in the order of States
	Parameters []string
	Values     []float64 // of Parameters; may be changed between solves
	Inputs     []string

	signals []Signal // of Inputs; empty until SetInput
	right   []*expr.Expr
	field   *Field // parameters are conditions
}

// SetInput drives the named input by a signal.
func (s *System) SetInput(name string, u Signal) error {
	i := slices.Index(s.Inputs, name)
	if i < 0 {
		return fmt.Errorf("ode: the system has no input %q (inputs: %v)", name, s.Inputs)
	}
	if err := u.check(); err != nil {
		return fmt.Errorf("ode: input %s: %w", name, err)
	}
	s.signals[i] = u
	return nil
}

// NewStepper allocates a fixed-step stepper of the system over lanes, the
// parameters set to Values in every lane; they are its conditions, in order, so
// SetCondition gives a lane another value. Signals are the caller's to set.
func (s *System) NewStepper(lanes int) *Stepper {
	step := s.field.NewStepper(lanes)
	for k, v := range s.Values {
		for l := range lanes {
			step.SetCondition(k, l, v)
		}
	}
	return step
}

// ready says why a solve cannot start.
func (s *System) ready(x0 []float64) error {
	if len(x0) != len(s.States) {
		return fmt.Errorf("ode: %d initial values for %d states", len(x0), len(s.States))
	}
	for i, u := range s.signals {
		if len(u.Time) == 0 {
			return fmt.Errorf("ode: the input %s has no signal; set it with SetInput", s.Inputs[i])
		}
	}
	return nil
}

// nextKnot returns the first time after t at which a signal bends, +Inf when
// there is none. cursors remember the place in each signal.
func (s *System) nextKnot(t float64, cursors []int) float64 {
	next := inf
	for i, u := range s.signals {
		cursors[i] = u.locate(t, cursors[i])
		if k := cursors[i] + 1; k < len(u.Time) {
			next = min(next, u.Time[k])
		}
	}
	return next
}
