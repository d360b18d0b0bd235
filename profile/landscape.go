package profile

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/conclude"
	"govern/fit"
	"govern/problem"
	"govern/record"
)

// Landscape is the loss of single shooting along one parameter, for several
// gains.
type Landscape struct {
	Parameter string
	Values    []float64
	Gains     []float64
	Loss      [][]float64 // gain, value: mean squared residual in standard deviations; NaN where the model escapes
}

// Minima counts the local minima of the loss at gain k, a plain counting once, and says
// where the lowest is.
func (l *Landscape) Minima(k int) (count int, lowest float64) {
	loss := l.Loss[k]
	best := math.Inf(1)
	for i, v := range loss {
		if math.IsNaN(v) {
			continue
		}
		if v < best {
			best, lowest = v, l.Values[i]
		}
		end := i // of the plain that begins here
		for end+1 < len(loss) && loss[end+1] == v {
			end++
		}
		left, right := i == 0 || !(loss[i-1] <= v), end == len(loss)-1 || !(loss[end+1] < v)
		if left && right {
			count++
		}
	}
	return count, lowest
}

// LandscapeOf computes the loss of a closed model on a problem's training data as
// one of its parameters runs from low to high. The initial states are the model's
// where it fixes them, and otherwise those that the data give under the model as
// it stands.
func LandscapeOf(ctx context.Context, p *problem.Problem, parameter string, low, high float64, points int, gains []float64, s conclude.Settings) (*Landscape, error) {
	if len(p.Model.Unknowns) > 0 {
		return nil, &conclude.OpenModelError{Unknown: p.Model.Unknowns[0].Name}
	}
	at := p.Model.ParameterIndex(parameter)
	if at < 0 {
		return nil, fmt.Errorf("govern: the model has no parameter %q", parameter)
	}
	if q := p.Model.Parameters[at]; q.Each && q.Fit {
		return nil, &conclude.EachError{What: "a landscape", Parameter: q.Name}
	}
	entries, err := p.Open()
	if err != nil {
		return nil, err
	}
	train, _ := record.Split(entries)
	m := *p.Model
	m.Parameters = slices.Clone(m.Parameters)
	for i := range m.Parameters {
		m.Parameters[i].Fit = i == at
	}
	held := m
	held.Parameters = slices.Clone(m.Parameters)
	held.Parameters[at].Fit = false
	nominal, err := fit.Prepare(&held, train)
	if err != nil {
		return nil, err
	}
	smoothed, err := (&fit.Engine{Data: nominal, Workers: s.Workers, Monitor: s.Monitor}).Smooth(ctx)
	if err != nil {
		return nil, err
	}
	drive, err := nominal.Drive(smoothed)
	if err != nil {
		return nil, err
	}
	var start [][]float64
	for e := range train {
		x0 := make([]float64, len(m.States))
		for i, state := range m.States {
			if x0[i] = smoothed.States[e][i][0]; state.Fixed && !train[e].Later {
				x0[i] = state.Value
			}
		}
		start = append(start, x0)
	}
	out := &Landscape{Parameter: parameter, Gains: gains}
	for i := range points {
		out.Values = append(out.Values, low+(high-low)*float64(i)/float64(max(points-1, 1)))
	}
	data, err := fit.Prepare(&m, train)
	if err != nil {
		return nil, err
	}
	engine := &fit.Engine{Data: data, Workers: s.Workers, Options: fit.Options{Substeps: max(p.Fit.Substeps, 4)}}
	for k, gain := range gains {
		s.Stage(fmt.Sprintf("gain %g", gain), float64(k)/float64(len(gains)))
		loss, err := engine.Landscape(ctx, start, parameter, out.Values, &fit.Gain{K: gain, Drive: drive})
		if err != nil {
			return nil, err
		}
		out.Loss = append(out.Loss, loss)
	}
	return out, nil
}
