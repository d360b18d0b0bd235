package tape

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"govern/internal/lane"
)

// Neural declares a neural form: functions that are the outputs of one network
// of fully connected layers,
//
//	y⁰_i = (u_i − Shift_i)/Scale_i,   yᵏ = σ(Wᵏ·yᵏ⁻¹ + bᵏ),   f_o = Offset_o + Gain_o·(W·y + b)_o
//
// with the last layer linear. A call of one of its functions compiles to one
// instruction; calls with the same arguments share it, whichever output they
// take, and calls with other arguments share the weights.
//
// The weights are parameters of a Machine, the same in all lanes. Those of a
// program are numbered through its forms in their order; within a form layer
// after layer, in each W row by row (one row an output), then b.
type Neural struct {
	Names      []string  // of the functions, one for each output of the network
	Inputs     int       // arguments of each function
	Hidden     []int     // widths of the hidden layers; none: an affine function
	Activation string    // σ: tanh (the default), gelu, softplus, rbf (exp(−a²)), sin
	Shift      []float64 // of the arguments; nil: zeros
	Scale      []float64 // of the arguments; nil: ones
	Offset     []float64 // of the outputs; nil: zeros
	Gain       []float64 // of the outputs; nil: ones
	Start      []float64 // the weights of a new Machine; nil: zeros
}

// Activations lists the activations that a Neural may name.
func Activations() []string {
	var names []string
	for _, a := range activations {
		names = append(names, a.name)
	}
	return names
}

// activation says how a layer is activated in place: by value alone, or with its
// slopes. With slope nil the slope follows from the value (tanh).
type activation struct {
	name  string
	value func(*lane.Table) lane.Unary
	slope func(*lane.Table) lane.ActivationSlope
}

var activations = [...]activation{
	{"tanh", func(k *lane.Table) lane.Unary { return k.Tanh }, nil},
	{"gelu", func(k *lane.Table) lane.Unary { return k.Gelu }, func(k *lane.Table) lane.ActivationSlope { return k.GeluSlope }},
	{"softplus", func(k *lane.Table) lane.Unary { return k.Softplus }, func(k *lane.Table) lane.ActivationSlope { return k.SoftplusSlope }},
	{"rbf", func(k *lane.Table) lane.Unary { return k.Rbf }, func(k *lane.Table) lane.ActivationSlope { return k.RbfSlope }},
	{"sin", func(k *lane.Table) lane.Unary { return k.Sin }, func(k *lane.Table) lane.ActivationSlope { return k.SinSlope }},
}

// Weights is the number of weights and biases.
func (n Neural) Weights() int {
	count := 0
	for in, widths := n.Inputs, n.widths(); len(widths) > 0; widths = widths[1:] {
		count += widths[0] * (in + 1)
		in = widths[0]
	}
	return count
}

// widths are the numbers of outputs of the layers.
func (n Neural) widths() []int { return append(slices.Clone(n.Hidden), len(n.Names)) }

// Draw returns weights to begin a fit with: W normal with variance 1/inputs of its
// layer, b normal with standard deviation ½ in hidden layers, so that their
// bends are spread over the standardised arguments, and a last layer a tenth as large
// with b = 0.
func (n Neural) Draw(rng *rand.Rand) []float64 {
	w := make([]float64, 0, n.Weights())
	in, widths := n.Inputs, n.widths()
	for k, out := range widths {
		scale, bend := 1/math.Sqrt(float64(max(in, 1))), 0.5
		if k == len(widths)-1 {
			scale, bend = 0.1*scale, 0
		}
		for range out * in {
			w = append(w, scale*rng.NormFloat64())
		}
		for range out {
			w = append(w, bend*rng.NormFloat64())
		}
		in = out
	}
	return w
}

func (n Neural) check() error {
	if len(n.Names) == 0 || n.Inputs < 1 {
		return fmt.Errorf("a neural form of %d outputs and %d inputs", len(n.Names), n.Inputs)
	}
	name := n.Names[0]
	for _, w := range n.Hidden {
		if w < 1 {
			return fmt.Errorf("neural form %s: a layer of width %d", name, w)
		}
	}
	if n.Activation != "" && !slices.Contains(Activations(), n.Activation) {
		return fmt.Errorf("neural form %s: no activation %q (there are %s)", name, n.Activation, strings.Join(Activations(), ", "))
	}
	for _, c := range []struct {
		what   string
		values []float64
		want   int
	}{
		{"shifts", n.Shift, n.Inputs},
		{"scales", n.Scale, n.Inputs},
		{"offsets", n.Offset, len(n.Names)},
		{"gains", n.Gain, len(n.Names)},
		{"weights", n.Start, n.Weights()},
	} {
		if c.values != nil && len(c.values) != c.want {
			return fmt.Errorf("neural form %s: %d %s where %d belong", name, len(c.values), c.what, c.want)
		}
	}
	for _, s := range n.Scale {
		if s == 0 || math.IsNaN(s) {
			return fmt.Errorf("neural form %s: a scale of %g", name, s)
		}
	}
	return nil
}

// form is a Neural ready to run, with its places among the weights of a
// program.
type form struct {
	names         []string
	inputs        int
	layers        []layer
	activation    activation
	factor, shift []float64 // y⁰ = factor·u + shift
	gain, offset  []float64
	start         []float64
	weights       int // number
	first         int // place among the program's weights
	width         int // of the widest layer, inputs and outputs included
	rows          int // of a memo: see network.go
}

// layer is W·y + b: out × in. Offsets count from the form's first weight.
type layer struct {
	in, out      int
	weight, bias int
	memo, slopes int // rows of a memo where its outputs and their slopes begin
}

func newForm(n Neural, first int) (*form, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	f := &form{
		names: slices.Clone(n.Names), inputs: n.Inputs, first: first, weights: n.Weights(), activation: activations[0],
		factor: make([]float64, n.Inputs), shift: make([]float64, n.Inputs),
		gain: make([]float64, len(n.Names)), offset: make([]float64, len(n.Names)),
		start: make([]float64, n.Weights()), width: n.Inputs, rows: n.Inputs,
	}
	for _, a := range activations {
		if a.name == n.Activation {
			f.activation = a
		}
	}
	copy(f.start, n.Start)
	for i := range f.factor {
		f.factor[i] = 1
		if n.Scale != nil {
			f.factor[i] = 1 / n.Scale[i]
		}
		if n.Shift != nil {
			f.shift[i] = -n.Shift[i] * f.factor[i]
		}
	}
	for o := range f.gain {
		f.gain[o] = 1
	}
	copy(f.gain, n.Gain)
	copy(f.offset, n.Offset)
	in, weight := n.Inputs, 0
	widths := n.widths()
	for k, out := range widths {
		l := layer{in: in, out: out, weight: weight, bias: weight + in*out, memo: f.rows}
		weight += out * (in + 1)
		f.rows += out
		if k < len(widths)-1 && f.activation.slope != nil {
			l.slopes = f.rows
			f.rows += out
		}
		f.layers = append(f.layers, l)
		f.width = max(f.width, out)
		in = out
	}
	return f, nil
}

// output returns which output of the form a function is, −1 when none.
func (f *form) output(name string) int { return slices.Index(f.names, name) }
