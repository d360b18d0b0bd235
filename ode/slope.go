package ode

import (
	"govern/tape"
)

// slopes evaluates y' for one trajectory. y is the state (n numbers) followed
// by vectors of n: first tangents v with v' = ∂f/∂x·v, then one for each column
// θ of the field with s' = ∂f/∂x·s + ∂f/∂θ.
type slopes struct {
	system   *System
	field    *Field
	machine  *tape.Machine
	vectors  int // tangents + columns
	cursors  []int
	tangents int
}

// newSlopes prepares the evaluation of a field of the system; values are of
// its conditions, then its columns.
func newSlopes(s *System, f *Field, values []float64, tangents int) *slopes {
	program := f.value
	if tangents+f.Columns > 0 {
		program = f.jacobian
	}
	e := &slopes{
		system: s, field: f, machine: program.NewMachine(1), cursors: make([]int, len(s.signals)),
		tangents: tangents, vectors: tangents + f.Columns,
	}
	for k, v := range values {
		e.machine.Input(f.States + 1 + f.Signals + k)[0] = v
	}
	return e
}

// enter says that a step starts at t: held signals keep the value that they have from there
// on, up to the step's end. It reports whether one has jumped.
func (e *slopes) enter(t float64) (jumped bool) {
	for i, u := range e.system.signals {
		if !u.Hold {
			continue
		}
		if k := u.locate(t, e.cursors[i]); k != e.cursors[i] {
			e.cursors[i], jumped = k, true
		}
	}
	return jumped
}

// at sets dy = y'(t).
func (e *slopes) at(t float64, y, dy []float64) {
	m, n := e.machine, e.field.States
	for i := range n {
		m.Input(i)[0] = y[i]
	}
	m.Input(n)[0] = t
	for i, u := range e.system.signals {
		if !u.Hold { // see enter
			e.cursors[i] = u.locate(t, e.cursors[i])
		}
		m.Input(n + 1 + i)[0] = u.value(t, e.cursors[i])
	}
	m.Run()
	for i := range n {
		dy[i] = m.Output(i)[0]
	}
	if e.vectors == 0 {
		return
	}
	clear(dy[n:])
	for _, p := range e.field.byState {
		d := m.Output(p.output)[0]
		for at := n; at < len(y); at += n {
			dy[at+p.row] += d * y[at+p.col]
		}
	}
	for _, p := range e.field.byColumn {
		dy[n*(1+e.tangents+p.col)+p.row] += m.Output(p.output)[0]
	}
}
