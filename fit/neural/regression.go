package neural

import (
	"context"
	"fmt"
	"math"

	"govern/expr"
	"govern/fit/prior"
	"govern/optim"
	"govern/record"
	"govern/tape"
)

// Samples are the pairs of arguments and values of an unknown.
type Samples struct {
	Arguments [][]float64 // argument, sample
	Target    []float64
	Spread    []float64 // standard deviation of Target
}

// thin keeps every n-th pair.
func (s Samples) thin(n int) Samples {
	out := Samples{Target: record.Thin(s.Target, n), Spread: record.Thin(s.Spread, n)}
	for _, x := range s.Arguments {
		out.Arguments = append(out.Arguments, record.Thin(x, n))
	}
	return out
}

// Regression is the regression of a neural form on pairs of arguments and values: an
// optim.Problem without nodes, its rows on the border alone.
type Regression struct {
	samples      Samples
	weights      int
	value, slope *tape.Machine
	back         *tape.Machine // of the reverse sweep
}

// pairLanes is how many pairs are evaluated together.
const pairLanes = 64

// NewRegression prepares the regression of a form on samples.
func NewRegression(n tape.Neural, s Samples) (*Regression, error) {
	var names []string
	var args []*expr.Expr
	for i := range s.Arguments {
		names = append(names, fmt.Sprintf("u%d", i+1))
		args = append(args, expr.Var(names[i]))
	}
	program, err := tape.Compile([]*expr.Expr{expr.Apply(n.Names[0], args...)}, names, n)
	if err != nil {
		return nil, err
	}
	return &Regression{
		samples: s, weights: n.Weights(),
		value: program.NewMachine(pairLanes), slope: WeightSlopes(program).NewMachine(pairLanes), back: program.Adjoint(nil).NewMachine(pairLanes),
	}, nil
}

// Learn improves the weights in place and returns −2 log evidence, the weights
// integrated out; for a large network, whose information is not computed, with
// log(pairs) for each weight (Schwarz 1978).
func (r *Regression) Learn(ctx context.Context, weights []float64) (float64, error) {
	if r.weights > largeNetwork {
		out, err := optim.LBFGS{Iterations: largeSteps, Tolerance: 1e-4 * float64(len(r.samples.Target))}.Minimise(ctx, r, weights)
		if err != nil || out.Status == optim.Failed {
			return math.Inf(1), err
		}
		return out.Objective + float64(r.weights)*math.Log(float64(len(r.samples.Target))), nil
	}
	p := &optim.Point{Border: weights}
	var l optim.Linear
	var f optim.Factor
	out, err := optim.LevenbergMarquardt{Iterations: warmIterations, Tolerance: 1e-2}.Minimise(ctx, r, p, &l, &f)
	if err != nil || out.Status == optim.Failed {
		return math.Inf(1), err
	}
	f.Eliminate(&l, optim.Damping{})
	_, logDet := f.LogDet()
	return out.Objective + logDet - float64(r.weights)*math.Log(prior.Ridge), nil
}

// Residuals visits the whitened residual of every pair; slope(j) is its derivative by
// weight j.
func (r *Regression) Residuals(weights []float64, visit func(i int, left float64, slope func(j int) float64)) {
	r.run(r.slope, weights, func(i, lane int) {
		visit(i, (r.slope.Output(0)[lane]-r.samples.Target[i])/r.samples.Spread[i], func(j int) float64 { return r.slope.Output(1 + j)[lane] / r.samples.Spread[i] })
	})
}

// run evaluates all pairs on a machine.
func (r *Regression) run(m *tape.Machine, weights []float64, visit func(i, lane int)) {
	m.SetWeights(weights)
	for at := 0; at < len(r.samples.Target); at += pairLanes {
		for a, x := range r.samples.Arguments {
			copy(m.Input(a), x[at:min(at+pairLanes, len(x))])
		}
		m.Run()
		for i := at; i < min(at+pairLanes, len(r.samples.Target)); i++ {
			visit(i, i-at)
		}
	}
}

// Evaluate is the objective, with its gradient by a reverse sweep.
func (r *Regression) Evaluate(weights, gradient []float64) float64 {
	sum := prior.WeightsObjective(weights)
	r.value.SetWeights(weights)
	r.back.SetWeights(weights)
	r.back.ClearGradient()
	bar := r.back.Input(len(r.samples.Arguments))
	for at := 0; at < len(r.samples.Target); at += pairLanes {
		for a, x := range r.samples.Arguments {
			copy(r.value.Input(a), x[at:min(at+pairLanes, len(x))])
			copy(r.back.Input(a), r.value.Input(a))
		}
		r.value.Run()
		clear(bar)
		for i := at; i < min(at+pairLanes, len(r.samples.Target)); i++ {
			left := (r.value.Output(0)[i-at] - r.samples.Target[i]) / r.samples.Spread[i]
			sum += left * left
			bar[i-at] = 2 * left / r.samples.Spread[i]
		}
		r.back.Run()
	}
	for j, w := range weights {
		gradient[j] = 2 * prior.Ridge * w
	}
	r.back.AddGradient(gradient)
	return sum
}

// Accept does nothing: there are no nodes.
func (r *Regression) Accept() {}

// Objective is Σ residual² and the prior.
func (r *Regression) Objective(p *optim.Point) float64 {
	sum := prior.WeightsObjective(p.Border)
	r.run(r.value, p.Border, func(i, lane int) {
		left := (r.value.Output(0)[lane] - r.samples.Target[i]) / r.samples.Spread[i]
		sum += left * left
	})
	return sum
}

// Linearise fills the rows of the pairs, then the prior's.
func (r *Regression) Linearise(p *optim.Point, l *optim.Linear) float64 {
	l.P = r.weights
	sum := prior.WeightsObjective(p.Border)
	rows := l.Prior[:0]
	r.Residuals(p.Border, func(_ int, left float64, slope func(int) float64) {
		for j := range r.weights {
			rows = append(rows, slope(j))
		}
		rows = append(rows, left)
		sum += left * left
	})
	l.Prior = prior.AppendWeightRows(rows, 0, p.Border)
	return sum
}

// Bounds of the weights: none.
func (r *Regression) Bounds() (lower, upper []float64) {
	for range r.weights {
		lower, upper = append(lower, math.Inf(-1)), append(upper, math.Inf(1))
	}
	return lower, upper
}
