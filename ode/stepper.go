package ode

import (
	"fmt"

	"govern/expr"
	"govern/internal/lane"
	"govern/tape"
)

// Field is the right-hand side of x' = f(x, t, u, c; θ) compiled for lanes, with
// its sparse Jacobian by states and columns. Signals u change along a
// trajectory, conditions c differ between trajectories, columns θ are what
// sensitivities are taken by.
type Field struct {
	States, Signals, Conditions, Columns int

	value    *tape.Program
	jacobian *tape.Program
	byState  []partial // ∂f_row/∂x_col
	byColumn []partial // ∂f_row/∂θ_col
}

// partial is a structurally nonzero derivative and the program output that
// holds it.
type partial struct{ row, col, output int }

// NewField compiles right, one expression a state. The names of t, signals,
// conditions and columns may appear in it beside the states.
func NewField(right []*expr.Expr, states, signals, conditions, columns []string) (*Field, error) {
	if len(right) != len(states) {
		return nil, fmt.Errorf("ode: %d equations for %d states", len(right), len(states))
	}
	names := append([]string(nil), states...)
	names = append(names, "t")
	names = append(names, signals...)
	names = append(names, conditions...)
	names = append(names, columns...)
	p, err := tape.Compile(right, names)
	if err != nil {
		return nil, fmt.Errorf("ode: %w", err)
	}
	f := &Field{States: len(states), Signals: len(signals), Conditions: len(conditions), Columns: len(columns), value: p}
	var wrt []int
	for i := range states {
		wrt = append(wrt, i)
	}
	for i := range columns {
		wrt = append(wrt, len(names)-len(columns)+i)
	}
	j, partials := p.Jacobian(wrt)
	f.jacobian = j
	for k, q := range partials {
		out := p.Outputs() + k
		if q.Input < len(states) {
			f.byState = append(f.byState, partial{q.Output, q.Input, out})
		} else {
			f.byColumn = append(f.byColumn, partial{q.Output, q.Input - len(states), out})
		}
	}
	return f, nil
}

// Stepper advances lanes of trajectories of a field by the classical
// Runge–Kutta method of order 4, each lane with its own time and step, and
// with them, on request, the forward sensitivities of every state by the
// initial state and the columns. It belongs to one goroutine and allocates
// nothing after its construction.
//
// A step with sensitivities costs four Jacobian programs and
// 4·nnz(∂f/∂x)·(States+Columns) multiply-adds a lane.
type Stepper struct {
	Lanes int
	Time  []float64   // of each lane; advanced
	Step  []float64   // of each lane
	State [][]float64 // [state][lane]; advanced
	// Sensitivity[i] holds ∂x_i/∂(x(0), θ) as (States+Columns) rows of lanes;
	// advanced by AdvanceSensitivity.
	Sensitivity [][]float64

	// Signal s of a lane is Base[s] + Slope[s]·(t − Origin).
	Origin      []float64
	Base, Slope [][]float64

	field           *Field
	kernels         *lane.Table
	value, jacobian *tape.Machine
	start, sum      [][]float64 // states at the step's start; weighted sum of stages
	startS, sumS    [][]float64 // the same of the sensitivities
	rate            [][]float64 // slope of the sensitivities at a stage
	clock           []float64
}

// The classical method's nodes and weights.
var (
	rk4Node   = [4]float64{0, 1. / 2, 1. / 2, 1}
	rk4Weight = [4]float64{1. / 6, 1. / 3, 1. / 3, 1. / 6}
)

// NewStepper allocates a stepper of the given number of lanes.
func (f *Field) NewStepper(lanes int) *Stepper {
	n, width := f.States, f.States+f.Columns
	table := func(rows, length int) [][]float64 {
		arena := make([]float64, rows*length)
		out := make([][]float64, rows)
		for i := range out {
			out[i] = arena[i*length : (i+1)*length : (i+1)*length]
		}
		return out
	}
	return &Stepper{
		Lanes: lanes, Time: make([]float64, lanes), Step: make([]float64, lanes),
		State: table(n, lanes), Sensitivity: table(n, width*lanes),
		Origin: make([]float64, lanes), Base: table(f.Signals, lanes), Slope: table(f.Signals, lanes),
		field: f, kernels: lane.Best(),
		value: f.value.NewMachine(lanes), jacobian: f.jacobian.NewMachine(lanes),
		start: table(n, lanes), sum: table(n, lanes),
		startS: table(n, width*lanes), sumS: table(n, width*lanes), rate: table(n, width*lanes),
		clock: make([]float64, lanes),
	}
}

// SetCondition gives condition k its value in one lane.
func (s *Stepper) SetCondition(k, lane int, v float64) {
	i := s.field.States + 1 + s.field.Signals + k
	s.value.Input(i)[lane] = v
	s.jacobian.Input(i)[lane] = v
}

// SetColumn gives column k its value in every lane.
func (s *Stepper) SetColumn(k int, v float64) {
	i := s.field.States + 1 + s.field.Signals + s.field.Conditions + k
	a, b := s.value.Input(i), s.jacobian.Input(i)
	for l := range a {
		a[l], b[l] = v, v
	}
}

// Identity sets the sensitivities to those of a fresh start: ∂x/∂x(0) = 1.
func (s *Stepper) Identity() {
	for i, row := range s.Sensitivity {
		clear(row)
		d := row[i*s.Lanes : (i+1)*s.Lanes]
		for l := range d {
			d[l] = 1
		}
	}
}

// Advance takes the given number of steps, states alone.
func (s *Stepper) Advance(steps int) {
	for range steps {
		for stage := range 4 {
			s.enter(s.value, stage)
			s.value.Run()
			s.leave(s.value, stage)
		}
		s.finish()
	}
}

// AdvanceSensitivity takes the given number of steps, states and sensitivities.
func (s *Stepper) AdvanceSensitivity(steps int) {
	for range steps {
		for stage := range 4 {
			s.enter(s.jacobian, stage)
			s.jacobian.Run()
			s.sensitivityStage(stage)
			s.leave(s.jacobian, stage)
		}
		s.finish()
	}
}

// enter hands a stage's states, time and signals to a machine.
func (s *Stepper) enter(m *tape.Machine, stage int) {
	if stage == 0 {
		for i, x := range s.State {
			copy(s.start[i], x)
			copy(s.sum[i], x)
		}
	}
	n := s.field.States
	for i, x := range s.State {
		copy(m.Input(i), x)
	}
	for l, h := range s.Step {
		s.clock[l] = s.Time[l] + rk4Node[stage]*h
	}
	copy(m.Input(n), s.clock)
	for k := range s.Base {
		u, base, slope := m.Input(n+1+k), s.Base[k], s.Slope[k]
		for l := range u {
			u[l] = base[l] + slope[l]*(s.clock[l]-s.Origin[l])
		}
	}
}

// leave adds a stage to the step's sum and moves the states to the next stage.
func (s *Stepper) leave(m *tape.Machine, stage int) {
	for i := range s.State {
		k := m.Output(i)
		s.kernels.Combine(s.sum[i], s.sum[i], s.Step, k, rk4Weight[stage])
		if stage < 3 {
			s.kernels.Combine(s.State[i], s.start[i], s.Step, k, rk4Node[stage+1])
		} else {
			copy(s.State[i], s.sum[i])
		}
	}
}

// sensitivityStage does for S' = ∂f/∂x·S + ∂f/∂θ what leave does for the states.
func (s *Stepper) sensitivityStage(stage int) {
	if stage == 0 {
		for i, x := range s.Sensitivity {
			copy(s.startS[i], x)
			copy(s.sumS[i], x)
		}
	}
	for i := range s.rate {
		clear(s.rate[i])
	}
	for _, p := range s.field.byState {
		s.kernels.AccumulateRows(s.rate[p.row], s.jacobian.Output(p.output), s.Sensitivity[p.col])
	}
	for _, p := range s.field.byColumn {
		at := (s.field.States + p.col) * s.Lanes
		d := s.rate[p.row][at : at+s.Lanes]
		s.kernels.Add(d, d, s.jacobian.Output(p.output))
	}
	for i, k := range s.rate {
		s.kernels.CombineRows(s.sumS[i], s.sumS[i], s.Step, k, rk4Weight[stage])
		if stage < 3 {
			s.kernels.CombineRows(s.Sensitivity[i], s.startS[i], s.Step, k, rk4Node[stage+1])
		} else {
			copy(s.Sensitivity[i], s.sumS[i])
		}
	}
}

// finish moves the clock to the end of the step.
func (s *Stepper) finish() {
	for l, h := range s.Step {
		s.Time[l] += h
	}
}
