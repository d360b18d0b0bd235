package fit

import (
	"govern/expr"
	"govern/tape"
)

// observer computes what the channels measure.
type observer struct {
	channels, states, conditions int
	jacobian                     *tape.Program
	byState, byColumn            [][]slope // per channel
}

type slope struct{ col, output int }

func newObserver(d *Data, channels []int, states, columns []string) (*observer, error) {
	var outputs []*expr.Expr
	for _, c := range channels {
		outputs = append(outputs, d.Channels[c].Observe)
	}
	names := append(append(append([]string(nil), states...), "t"), d.conditions...)
	names = append(names, columns...)
	p, err := tape.Compile(d.bind(outputs, columns), names)
	if err != nil {
		return nil, err
	}
	var wrt []int
	for i := range names {
		if i < len(states) || i >= len(names)-len(columns) {
			wrt = append(wrt, i)
		}
	}
	j, partials := p.Jacobian(wrt)
	o := &observer{
		channels: len(channels), states: len(states), conditions: len(d.conditions), jacobian: j,
		byState: make([][]slope, len(channels)), byColumn: make([][]slope, len(channels)),
	}
	for k, q := range partials {
		s := slope{q.Input, len(channels) + k}
		if q.Input < len(states) {
			o.byState[q.Output] = append(o.byState[q.Output], s)
		} else {
			s.col -= len(states)
			o.byColumn[q.Output] = append(o.byColumn[q.Output], s)
		}
	}
	return o, nil
}

// bind replaces the names that have a fixed value by it.
func (d *Data) bind(right []*expr.Expr, columns []string) []*expr.Expr {
	free := map[string]bool{}
	for _, c := range columns {
		free[c] = true
	}
	for _, c := range d.conditions {
		free[c] = true
	}
	values := map[string]*expr.Expr{}
	for _, p := range d.Model.Parameters {
		if !free[p.Name] {
			values[p.Name] = expr.Num(p.Value)
		}
	}
	out := make([]*expr.Expr, len(right))
	for i, e := range right {
		out[i] = expr.Substitute(e, values)
	}
	return out
}
