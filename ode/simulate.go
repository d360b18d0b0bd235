package ode

import (
	"context"
	"fmt"
	"slices"

	"govern/model"
)

// NewSystem compiles a model. A model that still has unknowns, or an equation
// that uses a name nothing gives a value, is an error.
func NewSystem(m *model.Model) (*System, error) {
	if len(m.Unknowns) > 0 {
		return nil, fmt.Errorf("ode: model %q: the unknown %s needs a formula before it can run", m.Name, m.Unknowns[0].Name)
	}
	s := &System{Inputs: slices.Clone(m.Inputs), right: m.Rhs(), signals: make([]Signal, len(m.Inputs))}
	for _, x := range m.States {
		s.States = append(s.States, x.Name)
		s.Start = append(s.Start, x.Value)
	}
	for _, p := range m.Parameters {
		s.Parameters = append(s.Parameters, p.Name)
		s.Values = append(s.Values, p.Value)
	}
	var err error
	if s.field, err = NewField(s.right, s.States, s.Inputs, s.Parameters, nil); err != nil {
		return nil, fmt.Errorf("model %q: %w", m.Name, err)
	}
	return s, nil
}

// Simulate runs a model without unknowns from its own initial values; inputs
// gives each of the model's inputs its signal.
func Simulate(ctx context.Context, m *model.Model, inputs map[string]Signal, times []float64, opt Options) (*Solution, error) {
	sys, err := NewSystem(m)
	if err != nil {
		return nil, err
	}
	for _, name := range sys.Inputs {
		u, ok := inputs[name]
		if !ok {
			return nil, fmt.Errorf("ode: model %q: the input %s has no signal", m.Name, name)
		}
		if err := sys.SetInput(name, u); err != nil {
			return nil, err
		}
	}
	return Solve(ctx, sys, sys.Start, times, opt)
}
