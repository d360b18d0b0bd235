package ode

import (
	"context"
	"fmt"
	"math"
)

// Options of a solve; the zero value is the default.
type Options struct {
	Method   Method
	Step     float64 // RK4: the fixed step, required. Tsit5: the first step; 0 chooses it
	Relative float64 // error allowed a step, relative to the state; default 1e-9
	Absolute float64 // the same relative to the largest magnitude the state has had; default 1e-12
	Bound    float64 // |state| beyond it is a BlowUpError; default 1e12, times the largest |initial state| where that is above 1
	MaxSteps int     // attempted steps before a StepError; default 10 million
}

// Filled returns the options with every default written out but Bound, which
// depends on where a solve starts.
func (o Options) Filled() Options {
	if o.Relative == 0 {
		o.Relative = 1e-9
	}
	if o.Absolute == 0 {
		o.Absolute = 1e-12
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 10_000_000
	}
	return o
}

func (o Options) check() error {
	switch {
	case o.Method != Tsit5 && o.Method != RK4:
		return fmt.Errorf("ode: no such method: %v", o.Method)
	case o.Method == RK4 && !(o.Step > 0):
		return fmt.Errorf("ode: rk4 has no error estimate: Options.Step must give its step (it is %g)", o.Step)
	case o.Step < 0 || math.IsNaN(o.Step) || math.IsInf(o.Step, 0):
		return fmt.Errorf("ode: a first step of %g", o.Step)
	case !(o.Relative > 0) || !(o.Absolute >= 0):
		return fmt.Errorf("ode: tolerances must be positive (relative %g, absolute %g)", o.Relative, o.Absolute)
	case o.Relative < 1e-14:
		return fmt.Errorf("ode: a relative tolerance of %g is below what float64 can hold; 1e-14 is the least", o.Relative)
	}
	return nil
}

// Solution is a trajectory at requested times.
type Solution struct {
	States []string
	Time   []float64   // the requested times that were reached
	Values [][]float64 // [state][time]

	// Of SolveSensitivity: what the columns are taken by, and
	// Sensitivity[state][column][time] = ∂state/∂column.
	Columns     []string
	Sensitivity [][][]float64

	Steps, Rejected, Evaluations int
}

// Last returns the state at the last time.
func (s *Solution) Last() []float64 {
	x := make([]float64, len(s.Values))
	for i, v := range s.Values {
		x[i] = v[len(v)-1]
	}
	return x
}

// Solve integrates the system from x0 at times[0] through all times, which
// increase strictly. Values between steps are by the method's continuous output,
// so the times do not change the steps; only the bends of input signals and the
// last time do, where steps end.
//
// An error of the integration (*StepError, *BlowUpError, the context's) comes
// with the solution up to there.
func Solve(ctx context.Context, sys *System, x0, times []float64, opt Options) (*Solution, error) {
	return solve(ctx, sys, sys.field, sys.Values, nil, x0, times, opt)
}

// solve integrates states and, when columns are named, their sensitivities by
// the initial state and the columns of the field.
func solve(ctx context.Context, sys *System, f *Field, values []float64, columns []string, x0, times []float64, opt Options) (*Solution, error) {
	opt = opt.Filled()
	if err := checkSolve(sys, x0, times, opt); err != nil {
		return nil, err
	}
	n := len(sys.States)
	y, tangents := x0, 0
	if columns != nil {
		tangents = n
		y = append(append([]float64(nil), x0...), make([]float64, n*len(columns))...)
		for i := range n {
			y[n+n*i+i] = 1
		}
	}
	slopes := newSlopes(sys, f, values, tangents)
	slopes.enter(times[0])
	g := newIntegrator(slopes.at, sys.States, n, times[0], y, opt)
	rows := make([][]float64, len(y))
	arena := make([]float64, len(y)*len(times))
	for i := range rows {
		rows[i] = arena[i*len(times) : (i+1)*len(times)]
	}
	reached, err := fill(ctx, g, slopes, times, rows)
	for i := range rows {
		rows[i] = rows[i][:reached:reached]
	}
	sol := &Solution{
		States: sys.States, Time: append([]float64(nil), times[:reached]...), Values: rows[:n], Columns: columns,
		Steps: g.Steps, Rejected: g.Rejected, Evaluations: g.Evaluations,
	}
	if columns != nil {
		sol.Sensitivity = make([][][]float64, n)
		for i := range n {
			for c := range columns {
				sol.Sensitivity[i] = append(sol.Sensitivity[i], rows[n+n*c+i])
			}
		}
	}
	return sol, err
}

func checkSolve(sys *System, x0, times []float64, opt Options) error {
	if err := opt.check(); err != nil {
		return err
	}
	if err := sys.ready(x0); err != nil {
		return err
	}
	if len(times) == 0 {
		return fmt.Errorf("ode: no times to solve for")
	}
	for k := range times {
		if math.IsNaN(times[k]) || math.IsInf(times[k], 0) {
			return fmt.Errorf("ode: time %d is %g", k+1, times[k])
		}
		if k > 0 && times[k] <= times[k-1] {
			return fmt.Errorf("ode: times must increase (time %d is %g after %g)", k+1, times[k], times[k-1])
		}
	}
	return nil
}

// fill runs the integrator through the times, writes y to rows[·][k] at each,
// and returns how many it reached. It does not allocate.
func fill(ctx context.Context, g *integrator, slopes *slopes, times []float64, rows [][]float64) (int, error) {
	save := func(k int, y []float64) {
		for i, v := range y {
			rows[i][k] = v
		}
	}
	save(0, g.y)
	cursors := make([]int, len(slopes.system.signals))
	at := make([]float64, len(g.y))
	end := times[len(times)-1]
	for k := 1; k < len(times); {
		if g.Steps%256 == 0 && ctx.Err() != nil {
			return k, context.Cause(ctx)
		}
		if slopes.enter(g.t) {
			g.restart()
		}
		if err := g.advance(min(end, slopes.system.nextKnot(g.t, cursors))); err != nil {
			return k, err
		}
		for ; k < len(times) && times[k] <= g.t; k++ {
			if times[k] == g.t {
				save(k, g.y)
				continue
			}
			g.interpolate(times[k], at)
			save(k, at)
		}
	}
	return len(times), nil
}
