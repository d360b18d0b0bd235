package fit

import (
	"math"

	"govern/expr"
	"govern/fit/neural"
	"govern/fit/prior"
	"govern/optim"
)

// Fitted is a model with sums of terms or neural forms in place of its unknowns,
// fitted on trajectories.
type Fitted struct {
	Terms        []Term
	Coefficients []float64      // of Terms
	Forms        []neural.Form  // at their fitted weights
	Parameters   []float64      // of the model's fitted parameters, in their order
	Spreads      []prior.Spread // of parameters whose values of entries are drawn from a distribution
	Nodes        [][]float64
	Sigma        []float64 // per channel of the data
	Scale        []float64 // per state
	Omega        float64   // defect weight: sd = Omega·scale·√(dt/t_c)
	Driven       bool      // the defects are process noise: Scale holds each state's own, see Engine.Driven
	Substeps     int
	Objective    float64   // Σ residual²/σ² + Σ defect²/w²
	Evidence     float64   // −2 log evidence, coefficients and parameters at their best, weights integrated out
	LogBorder    float64   // log det of the columns' information
	Covariance   []float64 // of coefficients, then parameters, then weights; nil for more than 2000
	Residual     []float64 // rms residual per channel
	Motion       []float64 // per state: rms of the right-hand side, as means over segments
	Defect       []float64 // per state: rms defect per unit of time, what the equations do not explain
	Status       optim.Status
	Iterations   int // steps accepted
	Tried        int // steps tried in the last minimisation of the schedule
}

// Variance of column i: a coefficient, then a parameter, then a weight; NaN where
// they are too many for a covariance.
func (f *Fitted) Variance(i int) float64 { return f.covariance(i, i) }

func (f *Fitted) covariance(i, j int) float64 {
	if f.Covariance == nil {
		return math.NaN()
	}
	return f.Covariance[i*f.Columns()+j]
}

// Formula is the fitted sum of unknown u, or its network written out, in its
// arguments.
func (f *Fitted) Formula(u int) *expr.Expr {
	if form := f.Form(u); form != nil {
		return form.Neural.Formula(form.Arguments)
	}
	var sum *expr.Expr
	for i, t := range f.Terms {
		c := f.Coefficients[i]
		switch {
		case t.Unknown != u:
		case sum == nil:
			sum = scaled(expr.Num(c), t.Factor)
		case c < 0:
			sum = expr.Binary(expr.Sub, sum, scaled(expr.Num(-c), t.Factor))
		default:
			sum = expr.Binary(expr.Add, sum, scaled(expr.Num(c), t.Factor))
		}
	}
	if sum == nil {
		return expr.Num(0)
	}
	return sum
}

// mean is the mean state over all nodes.
func (f *Fitted) mean(n int) []float64 {
	out := make([]float64, n)
	count := 0.0
	for _, nodes := range f.Nodes {
		for i, v := range nodes {
			out[i%n] += v
		}
		count += float64(len(nodes) / n)
	}
	for i := range out {
		out[i] /= math.Max(count, 1)
	}
	return out
}

// Form is the neural form of unknown u, nil when it has none.
func (f *Fitted) Form(u int) *neural.Form { return neural.Of(f.Forms, u) }

// LeavesDefect says that the equations need corrections: the defect weight has stayed
// above the least.
func (f *Fitted) LeavesDefect() bool { return f.Omega > 2*OmegaEnd }

// Columns is the number of fitted numbers: the width of Covariance.
func (f *Fitted) Columns() int {
	return len(f.Coefficients) + len(f.Parameters) + len(neural.Weights(f.Forms))
}
