package fit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"govern/expr"
	"govern/record"
	"govern/series"
	"govern/tape"
)

// UnobservedError says that the data cannot determine a state: no channel sees
// it, directly or through a known equation, and what is unknown leaves it a
// freedom.
type UnobservedError struct {
	State string
	Why   string // empty, or a sentence that says which freedom
}

func (e *UnobservedError) Error() string {
	text := fmt.Sprintf("fit: no channel sees the state %s, neither directly nor through a known equation; "+
		"observe it, or give an equation in which it drives an observed state", e.State)
	if e.Why != "" {
		text += " (" + e.Why + ")"
	}
	return text
}

// Unseen lists the states that no channel sees, neither directly nor through a
// known equation: at most as arguments of unknowns. A smoother has no say about
// them.
func (d *Data) Unseen() []string {
	var out []string
	for _, c := range d.components() {
		if len(c.channels) > 0 {
			continue
		}
		for _, s := range c.states {
			out = append(out, d.Model.States[s].Name)
		}
	}
	return out
}

// The spectrum of a drawn path: sines of random phase between a tenth and three
// times the frequency of the characteristic time.
const drawnSines = 12

// DrawPath is a path to start a search from where no smoother can: states with a
// channel of their own follow it, the others are random smooth functions of the
// size and speed of the observed ones, another for every draw. Unknown calls are
// left at zero.
func (e *Engine) DrawPath(draw int) *Smoothed {
	d := e.Data
	n := len(d.Model.States)
	rng := rand.New(rand.NewPCG(e.Seed, 0x756e7365656e+uint64(draw)))
	out := &Smoothed{Sigma: d.Sigmas(), Rough: make([]float64, len(d.Calls))}
	level, size, count := 0.0, 0.0, 0.0
	own := make([]int, n) // channel of its own, −1 without one
	for s := range own {
		own[s] = slices.IndexFunc(d.Channels, func(c record.ChannelInfo) bool {
			return c.Observe.Kind == expr.Name && c.Observe.Ident == d.Model.States[s].Name
		})
		if own[s] >= 0 {
			own[s] = d.Cleanest(own[s])
			size += d.Channels[own[s]].Std
			level += d.Mean(own[s])
			count++
		}
	}
	if count == 0 {
		level, size, count = 0, d.Channels[d.Cleanest(0)].Std, 1
	}
	level, size = level/count, size/count
	for i := range d.Entries {
		entry := &d.Entries[i]
		states := make([][]float64, n)
		for s := range states {
			var values []float64
			if own[s] >= 0 {
				values = d.ValuesAtAnyLevel(i, own[s])
			}
			if values != nil {
				states[s] = fillGaps(entry.Times, values)
			} else {
				states[s] = smoothNoise(rng, entry.Times, d.Time, level, size)
			}
		}
		none := make([][]float64, len(d.Calls))
		for k := range none {
			none[k] = make([]float64, len(entry.Times))
		}
		out.States, out.Calls, out.Spread = append(out.States, states), append(out.Calls, none), append(out.Spread, none)
	}
	for s := range own {
		out.Scale = append(out.Scale, size)
		if own[s] >= 0 {
			out.Scale[s] = d.Channels[own[s]].Std
		}
	}
	for _, c := range fittedColumns(d.Model) {
		out.Parameters = append(out.Parameters, d.Model.Parameters[d.Model.ParameterIndex(c.Name)].Value)
	}
	return out
}

// smoothNoise is a random smooth function of the given mean and standard deviation.
func smoothNoise(rng *rand.Rand, times []float64, tc, mean, std float64) []float64 {
	out := make([]float64, len(times))
	for i := range out {
		out[i] = mean
	}
	for range drawnSines {
		w := (0.2 + 1.5*rng.Float64()) * math.Pi / (2 * tc)
		a, b := rng.NormFloat64(), rng.NormFloat64()
		for i, t := range times {
			out[i] += std / math.Sqrt(drawnSines) * (a*math.Cos(w*t) + b*math.Sin(w*t))
		}
	}
	return out
}

// FittedPath is a fit of terms as a path: its nodes as states, where every sample is a
// node, and its formulas' values in the place of the calls, as uncertain as the
// coefficients are.
func (e *Engine) FittedPath(f *Fitted) (*Smoothed, error) {
	d := e.Data
	n := len(d.Model.States)
	out := &Smoothed{Sigma: f.Sigma, Parameters: f.Parameters, Rough: make([]float64, len(d.Calls)), Scale: make([]float64, n)}
	for k := range d.Entries {
		samples := len(d.Entries[k].Times)
		states, calls, spread := make([][]float64, n), make([][]float64, len(d.Calls)), make([][]float64, len(d.Calls))
		for i, v := range f.Nodes[k] {
			states[i%n] = append(states[i%n], v)
		}
		if len(f.Nodes[k]) != n*samples {
			return nil, fmt.Errorf("fit: a path needs a node a sample; entry %q has %d nodes for %d samples", d.Entries[k].Name, len(f.Nodes[k])/n, samples)
		}
		for c := range d.Calls {
			calls[c], spread[c] = make([]float64, samples), make([]float64, samples)
		}
		out.States, out.Calls, out.Spread = append(out.States, states), append(out.Calls, calls), append(out.Spread, spread)
	}
	for s := range n {
		var all []float64
		for k := range out.States {
			all = append(all, out.States[k][s]...)
		}
		out.Scale[s] = series.Std(all)
	}
	for c, call := range d.Calls {
		var factors []*expr.Expr
		var terms []int
		arguments := map[string]*expr.Expr{}
		for a, name := range d.Model.Unknowns[call.Unknown].Arguments {
			arguments[name] = call.Call.Args[a]
		}
		for i, t := range f.Terms {
			if t.Unknown == call.Unknown {
				factors, terms = append(factors, expr.Substitute(t.Factor, arguments)), append(terms, i)
			}
		}
		columns := f.Columns()
		err := d.evaluateAlong(out, factors, nil, func(k, i int, m *tape.Machine) {
			value, variance := 0.0, 0.0
			for a, ta := range terms {
				value += f.Coefficients[ta] * m.Output(a)[0]
				for b, tb := range terms {
					variance += m.Output(a)[0] * f.Covariance[ta*columns+tb] * m.Output(b)[0]
				}
			}
			out.Calls[k][c][i] = value
			out.Spread[k][c][i] = math.Sqrt(math.Max(variance, 0))
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
