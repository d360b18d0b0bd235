package ode

import (
	"fmt"
	"slices"
	"sync"

	"govern/expr"
	"govern/internal/lane"
	"govern/tape"
)

// Field is the right-hand side of x' = f(x, t, u, c; θ) compiled for lanes, with
// its sparse Jacobian by states and columns. Signals u change along a
// trajectory, conditions c differ between trajectories, columns θ are what
// sensitivities are taken by: the named ones and, after them, the weights of the
// neural forms.
type Field struct {
	States, Signals, Conditions, Columns int

	named    int // columns that are no weights
	value    *tape.Program
	jacobian *tape.Program
	byState  []partial // ∂f_row/∂x_col
	byColumn []partial // ∂f_row/∂θ_col

	reverse func() *tape.Program // adjoints of states and named columns; compiled when first used
}

// partial is a structurally nonzero derivative and the program output that
// holds it.
type partial struct{ row, col, output int }

// NewField compiles right, one expression a state. The names of t, signals,
// conditions and columns may appear in it beside the states, and calls of the
// neural forms, whose weights continue the columns.
func NewField(right []*expr.Expr, states, signals, conditions, columns []string, forms ...tape.Neural) (*Field, error) {
	if len(right) != len(states) {
		return nil, fmt.Errorf("ode: %d equations for %d states", len(right), len(states))
	}
	names := append([]string(nil), states...)
	names = append(names, "t")
	names = append(names, signals...)
	names = append(names, conditions...)
	names = append(names, columns...)
	p, err := tape.Compile(right, names, forms...)
	if err != nil {
		return nil, fmt.Errorf("ode: %w", err)
	}
	f := &Field{
		States: len(states), Signals: len(signals), Conditions: len(conditions), Columns: len(columns) + p.Weights(),
		named: len(columns), value: p,
	}
	var wrt []int
	for i := range states {
		wrt = append(wrt, i)
	}
	for i := range columns {
		wrt = append(wrt, len(names)-len(columns)+i)
	}
	f.reverse = sync.OnceValue(func() *tape.Program { return p.Adjoint(wrt) })
	all := slices.Clone(wrt)
	for j := range p.Weights() {
		all = append(all, p.Inputs()+j)
	}
	j, partials := p.Jacobian(all)
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

// WithoutColumns is the same field for steppers whose sensitivities are by the
// initial state alone: columns keep their values, but cost nothing.
func (f *Field) WithoutColumns() *Field {
	out := *f
	out.Columns, out.byState, out.byColumn = 0, nil, nil
	wrt := make([]int, f.States)
	for i := range wrt {
		wrt[i] = i
	}
	var partials []tape.Partial
	out.jacobian, partials = f.value.Jacobian(wrt)
	for k, q := range partials {
		out.byState = append(out.byState, partial{q.Output, q.Input, f.value.Outputs() + k})
	}
	return &out
}

// firstCondition and firstColumn are numbers of inputs of the field's programs.
func (f *Field) firstCondition() int { return f.States + 1 + f.Signals }
func (f *Field) firstColumn() int    { return f.firstCondition() + f.Conditions }

// setColumn gives column k its value in every lane of a machine.
func (f *Field) setColumn(m *tape.Machine, k int, v float64) {
	if k >= f.named {
		m.SetWeight(k-f.named, v)
		return
	}
	row := m.Input(f.firstColumn() + k)
	for l := range row {
		row[l] = v
	}
}

// Batch is where lanes of trajectories are and what drives them: the part of a
// Stepper or an Adjoint that its user sets.
type Batch struct {
	Lanes int
	Time  []float64   // of each lane; advanced
	Step  []float64   // of each lane; 0 for a lane that waits
	State [][]float64 // [state][lane]; advanced

	// Signal s of a lane is the cubic Base[s] + Slope[s]·τ + Curve[s]·τ² + Jerk[s]·τ³
	// in τ = t − Origin.
	Origin                   []float64
	Base, Slope, Curve, Jerk [][]float64

	kernels *lane.Table
	states  []float64 // the rows of State, one after another
}

func newBatch(f *Field, lanes int) Batch {
	states := make([]float64, f.States*lanes)
	return Batch{
		kernels: lane.Best(), states: states,
		Lanes: lanes, Time: make([]float64, lanes), Step: make([]float64, lanes), State: cut(states, f.States, lanes),
		Origin: make([]float64, lanes), Base: table(f.Signals, lanes), Slope: table(f.Signals, lanes),
		Curve: table(f.Signals, lanes), Jerk: table(f.Signals, lanes),
	}
}

// table returns rows of the given length in one piece of memory.
func table(rows, length int) [][]float64 {
	return cut(make([]float64, rows*length), rows, length)
}

// cut returns the rows of a piece of memory.
func cut(arena []float64, rows, length int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		out[i] = arena[i*length : (i+1)*length : (i+1)*length]
	}
	return out
}

// enter hands the states and what drives them at a stage to a machine.
func (b *Batch) enter(m *tape.Machine, node float64) {
	copy(m.Inputs(0, len(b.State)), b.states)
	b.drive(m, node)
}

// drive hands the clock Time + node·Step and the signals then to a machine.
func (b *Batch) drive(m *tape.Machine, node float64) {
	n := len(b.State)
	clock := m.Input(n)
	copy(clock, b.Time)
	if node != 0 {
		b.kernels.Axpy(clock, node, b.Step)
	}
	for k := range b.Base {
		b.kernels.Cubic(m.Input(n+1+k), clock, b.Origin, b.Base[k], b.Slope[k], b.Curve[k], b.Jerk[k])
	}
}

// tick moves the clock to the end of the step.
func (b *Batch) tick() {
	b.kernels.Add(b.Time, b.Time, b.Step)
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
	Batch
	// Sensitivity[i] holds ∂x_i/∂(x(0), θ) as (States+Columns) rows of lanes; set by
	// Identity, advanced by AdvanceSensitivity.
	Sensitivity [][]float64

	field           *Field
	value, jacobian *tape.Machine
	start, sum      [][]float64 // states at the step's start; weighted sum of stages
	startS, sumS    [][]float64 // the same of the sensitivities
	rate            [][]float64 // slope of the sensitivities at a stage
}

// The classical method's nodes and weights.
var (
	rk4Node   = [4]float64{0, 1. / 2, 1. / 2, 1}
	rk4Weight = [4]float64{1. / 6, 1. / 3, 1. / 3, 1. / 6}
)

// NewStepper allocates a stepper of the given number of lanes.
func (f *Field) NewStepper(lanes int) *Stepper {
	n, width := f.States, f.States+f.Columns
	return &Stepper{
		Batch: newBatch(f, lanes), Sensitivity: table(n, width*lanes),
		field: f,
		value: f.value.NewMachine(lanes), jacobian: f.jacobian.NewMachine(lanes),
		start: table(n, lanes), sum: table(n, lanes),
		startS: table(n, width*lanes), sumS: table(n, width*lanes), rate: table(n, width*lanes),
	}
}

// SetCondition gives condition k its value in one lane.
func (s *Stepper) SetCondition(k, lane int, v float64) {
	i := s.field.firstCondition() + k
	s.value.Input(i)[lane] = v
	s.jacobian.Input(i)[lane] = v
}

// SetColumn gives column k, a weight beyond the named ones, its value in every
// lane.
func (s *Stepper) SetColumn(k int, v float64) {
	s.field.setColumn(s.value, k, v)
	s.field.setColumn(s.jacobian, k, v)
}

// SetColumnLane gives named column k its value in one lane.
func (s *Stepper) SetColumnLane(k, lane int, v float64) {
	i := s.field.firstColumn() + k
	s.value.Input(i)[lane] = v
	s.jacobian.Input(i)[lane] = v
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
		s.tick()
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
		s.tick()
	}
}

// enter hands a stage to a machine.
func (s *Stepper) enter(m *tape.Machine, stage int) {
	if stage == 0 {
		for i, x := range s.State {
			copy(s.start[i], x)
			copy(s.sum[i], x)
		}
	}
	s.Batch.enter(m, rk4Node[stage])
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
