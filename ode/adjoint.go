package ode

import (
	"govern/tape"
)

// Adjoint advances lanes of trajectories by an explicit Runge–Kutta method along
// steps that its user sets, remembers them, and sweeps back over them: the exact
// gradient of a function L of the states of the discrete map. With
//
//	X_i = x + h Σ_j a_ij·k_j,   k_i = f(X_i, t + c_i·h),   x⁺ = x + h Σ b_i·k_i
//
// a step backwards turns λ⁺ = ∂L/∂x⁺ into λ = ∂L/∂x (Hager, Numerische Mathematik
// 87 (2000) 247–282; the steps themselves are not differentiated):
//
//	k̄_i = h (b_i·λ⁺ + Σ_{j>i} a_ji·μ_j),   μ_i = (∂f/∂x)ᵀ·k̄_i at X_i,   λ = λ⁺ + Σ μ_i,   θ̄ += (∂f/∂θ)ᵀ·k̄_i
//
// Use: Reset, set states, steps and signals, Advance; on the way back add
// ∂L/∂x at each sample to Bar and go Back to the sample before. Signals and steps
// may change between steps, as may what a lane is doing: one with Step 0 waits.
// Lanes with steps of their own repeat those of an adaptive solve (StepTimes).
//
// Cost of a step backwards: each stage as much as about twice its evaluation,
// whatever the number of columns. Memory a lane-step: States + 3 + 4·Signals
// numbers, and for the first 12 MB of steps the stages' states and the neural
// forms' memo; steps beyond are evaluated once more on the way back.
//
// An Adjoint belongs to one goroutine; it allocates only when it goes farther
// than before.
type Adjoint struct {
	Batch
	Bar    [][]float64 // [state][lane]: ∂L/∂x where the sweep is
	Column [][]float64 // [named column][lane]: ∂L/∂θ, each lane's share

	field          *Field
	method         *tableau
	value, reverse *tape.Machine

	// Rows of all states, one after another.
	bar   []float64   // of Bar
	stage [][]float64 // of every stage: slopes k; on the way back μ

	steps   int
	log     []float64   // of every step: where it began and what drove it
	slots   [][]float64 // of the first steps: stages' states and memos
	limit   int         // number of slots
	scratch []float64   // the slot of the others
}

// tapeBytes is what the slots of an Adjoint may take: about a core's share of cache.
const tapeBytes = 12 << 20

// NewAdjoint allocates an adjoint of the given number of lanes.
func (f *Field) NewAdjoint(method Method, lanes int) *Adjoint {
	bar := make([]float64, f.States*lanes)
	a := &Adjoint{
		Batch: newBatch(f, lanes), Bar: cut(bar, f.States, lanes), Column: table(f.named, lanes),
		field: f, method: method.tableau(), bar: bar,
		value: f.value.NewMachine(lanes), reverse: f.reverse().NewMachine(lanes),
	}
	for range a.stages() {
		a.stage = append(a.stage, make([]float64, f.States*lanes))
	}
	a.scratch = make([]float64, a.stages()*a.stageSize())
	a.limit = tapeBytes / (8 * max(1, len(a.scratch)))
	return a
}

// stages is their number: the last row of the tableau is the end of the step.
func (a *Adjoint) stages() int { return len(a.method.stage) - 1 }

// stageSize is what a stage takes of a slot.
func (a *Adjoint) stageSize() int { return (a.field.States + a.field.value.Memo()) * a.Lanes }

// SetCondition gives condition k its value in one lane.
func (a *Adjoint) SetCondition(k, lane int, v float64) {
	i := a.field.firstCondition() + k
	a.value.Input(i)[lane] = v
	a.reverse.Input(i)[lane] = v
}

// SetColumn gives column k, a weight beyond the named ones, its value in every
// lane. Steps that are remembered must be swept back before.
func (a *Adjoint) SetColumn(k int, v float64) {
	a.field.setColumn(a.value, k, v)
	a.field.setColumn(a.reverse, k, v)
}

// SetColumnLane gives named column k its value in one lane. Steps that are
// remembered must be swept back before.
func (a *Adjoint) SetColumnLane(k, lane int, v float64) {
	i := a.field.firstColumn() + k
	a.value.Input(i)[lane] = v
	a.reverse.Input(i)[lane] = v
}

// Steps is the number of steps that are remembered.
func (a *Adjoint) Steps() int { return a.steps }

// Reset forgets all steps and begins a new gradient.
func (a *Adjoint) Reset() {
	a.steps = 0
	for _, rows := range [][][]float64{a.Bar, a.Column} {
		for _, r := range rows {
			clear(r)
		}
	}
	a.reverse.ClearGradient()
}

// AddGradient adds to dst, of Field.Columns, the gradient by the columns since Reset:
// sums over lanes in a fixed order.
func (a *Adjoint) AddGradient(dst []float64) {
	for k, row := range a.Column {
		sum := 0.0
		for _, v := range row {
			sum += v
		}
		dst[k] += sum
	}
	a.reverse.AddGradient(dst[a.field.named:])
}

// Advance takes the given number of steps and remembers them. With RK4 the states
// are those of a Stepper, bit for bit.
func (a *Adjoint) Advance(steps int) {
	for range steps {
		a.remember()
		a.evaluate(a.slot())
		a.combine(a.states, a.stages())
		a.tick()
		a.steps++
	}
}

// Backward goes the given number of steps back: Bar becomes ∂L/∂x at their start, and
// State, Time, Step and signals are again what they were.
func (a *Adjoint) Backward(steps int) {
	for range steps {
		a.steps--
		a.restore()
		slot := a.slot()
		if a.steps >= a.limit {
			a.evaluate(slot)
		}
		a.sweep(slot)
	}
}

// slot returns the memory of the step that is under way.
func (a *Adjoint) slot() []float64 {
	if a.steps >= a.limit {
		return a.scratch
	}
	if a.steps == len(a.slots) {
		a.slots = append(a.slots, make([]float64, len(a.scratch)))
	}
	return a.slots[a.steps]
}

// evaluate computes the slopes of all stages of the step from State, and keeps what
// the sweep needs in slot.
func (a *Adjoint) evaluate(slot []float64) {
	x := a.value.Inputs(0, a.field.States)
	for s := range a.stages() {
		states, memo := a.open(slot, s)
		a.combine(x, s)
		copy(states, x)
		a.drive(a.value, a.method.node[s])
		a.value.Record(memo)
		a.value.Run()
		for i := range a.State {
			copy(a.stage[s][i*a.Lanes:(i+1)*a.Lanes], a.value.Output(i))
		}
	}
}

// open divides a slot: the states of a stage and its memo.
func (a *Adjoint) open(slot []float64, stage int) (states, memo []float64) {
	n := a.field.States * a.Lanes
	part := slot[stage*a.stageSize() : (stage+1)*a.stageSize()]
	return part[:n:n], part[n:]
}

// combine sets dst = State + h Σ_j a_sj·k_j; dst may be State.
func (a *Adjoint) combine(dst []float64, s int) {
	from := a.states
	for j, w := range a.method.stage[s] {
		if w != 0 {
			a.kernels.CombineRows(dst, from, a.Step, a.stage[j], w)
			from = dst
		}
	}
	if len(dst) > 0 && &from[0] != &dst[0] {
		copy(dst, from)
	}
}

// sweep goes back over the step whose start is restored.
func (a *Adjoint) sweep(slot []float64) {
	n, last := a.field.States, a.stages()
	adjoints := a.field.value.Inputs()
	for s := last - 1; s >= 0; s-- {
		states, memo := a.open(slot, s)
		copy(a.reverse.Inputs(0, n), states)
		bar := a.reverse.Inputs(adjoints, n)
		a.kernels.Linear(bar, a.method.stage[last][s], a.bar, 0)
		for j := s + 1; j < last; j++ {
			if w := a.method.stage[j][s]; w != 0 {
				a.kernels.Axpy(bar, w, a.stage[j])
			}
		}
		for i := range n {
			row := bar[i*a.Lanes : (i+1)*a.Lanes]
			a.kernels.Mul(row, row, a.Step)
		}
		a.drive(a.reverse, a.method.node[s])
		a.reverse.Recall(memo)
		a.reverse.Run()
		for i := range n {
			copy(a.stage[s][i*a.Lanes:(i+1)*a.Lanes], a.reverse.Output(i))
		}
		for k, c := range a.Column {
			a.kernels.Add(c, c, a.reverse.Output(n+k))
		}
	}
	for s := range last {
		a.kernels.Add(a.bar, a.bar, a.stage[s])
	}
}

// remember writes the start of a step to the log, restore reads it.
func (a *Adjoint) remember() {
	width := a.logWidth()
	if need := (a.steps + 1) * width; need > len(a.log) {
		a.log = append(a.log, make([]float64, need-len(a.log))...)
	}
	entry := a.log[a.steps*width:]
	for i := 0; i*a.Lanes < width; i++ {
		copy(entry[i*a.Lanes:], a.row(i))
	}
}

func (a *Adjoint) restore() {
	width := a.logWidth()
	entry := a.log[a.steps*width : (a.steps+1)*width]
	for i := 0; i*a.Lanes < width; i++ {
		copy(a.row(i), entry[i*a.Lanes:(i+1)*a.Lanes])
	}
}

func (a *Adjoint) logWidth() int { return (a.field.States + 3 + 4*a.field.Signals) * a.Lanes }

// row is the i-th row of what the log holds of a Batch.
func (a *Adjoint) row(i int) []float64 {
	n, m := a.field.States, a.field.Signals
	if i < n {
		return a.State[i]
	}
	if i -= n; i < 3 {
		return [3][]float64{a.Time, a.Step, a.Origin}[i]
	}
	i -= 3
	return [4][][]float64{a.Base, a.Slope, a.Curve, a.Jerk}[i/m][i%m]
}
