package fit

import (
	"govern/expr"
)

// component is a part of a model that can be smoothed alone: states that no
// equation, unknown call or channel couples to the others.
type component struct{ states, calls, channels []int }

// components splits the model's states.
func (d *Data) components() []component {
	n := len(d.Model.States)
	coupled := newPartition(n + len(d.Calls)) // states, then calls
	d.coupleByEquations(coupled)
	first := d.coupleByChannels(coupled)
	if len(d.smoothedColumns()) > 0 {
		for i := range n {
			coupled.join(0, i)
		}
	}
	var out []component
	where := map[int]int{} // representative → index of the component
	for i := range n {
		r := coupled.find(i)
		if _, ok := where[r]; !ok {
			where[r] = len(out)
			out = append(out, component{})
		}
		out[where[r]].states = append(out[where[r]].states, i)
	}
	for k := range d.Calls {
		if !d.Calls[k].Absorbed {
			c := &out[where[coupled.find(n+k)]]
			c.calls = append(c.calls, k)
		}
	}
	for channel, s := range first {
		if s >= 0 {
			c := &out[where[coupled.find(s)]]
			c.channels = append(c.channels, channel)
		}
	}
	return out
}

// coupleByEquations joins every state to the states and calls in its equation.
func (d *Data) coupleByEquations(coupled partition) {
	n := len(d.Model.States)
	for i, right := range d.withoutCalls() {
		for _, name := range expr.Names(right) {
			if j := d.Model.StateIndex(name); j >= 0 {
				coupled.join(i, j)
			}
			for k := range d.Calls {
				if name == callName(k) {
					coupled.join(i, n+k)
				}
			}
		}
	}
}

// coupleByChannels joins the states that a channel measures together, and returns one
// of them for every channel, −1 for those that measure none.
func (d *Data) coupleByChannels(coupled partition) []int {
	measured := make([]int, len(d.Channels))
	for c := range d.Channels {
		measured[c] = -1
		for _, name := range expr.Names(d.Channels[c].Observe) {
			if j := d.Model.StateIndex(name); j >= 0 {
				if measured[c] >= 0 {
					coupled.join(measured[c], j)
				}
				measured[c] = j
			}
		}
	}
	return measured
}

// partition is a set split into classes: a union–find forest, every tree represented
// by its smallest element.
type partition []int

func newPartition(n int) partition {
	p := make(partition, n)
	for i := range p {
		p[i] = i
	}
	return p
}

func (p partition) find(i int) int {
	if p[i] != i {
		p[i] = p.find(p[i])
	}
	return p[i]
}

func (p partition) join(i, j int) {
	i, j = p.find(i), p.find(j)
	p[max(i, j)] = min(i, j)
}
