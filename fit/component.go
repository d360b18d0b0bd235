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
	parent := make([]int, n+len(d.Calls))
	for i := range parent {
		parent[i] = i
	}
	var find func(i int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	join := func(i, j int) {
		i, j = find(i), find(j)
		parent[max(i, j)] = min(i, j)
	}
	for i, right := range d.withoutCalls() {
		for _, name := range expr.Names(right) {
			if j := d.Model.StateIndex(name); j >= 0 {
				join(i, j)
			}
			for k := range d.Calls {
				if name == callName(k) {
					join(i, n+k)
				}
			}
		}
	}
	first := make([]int, len(d.Channels))
	for c := range d.Channels {
		first[c] = -1
		for _, name := range expr.Names(d.Channels[c].Observe) {
			if j := d.Model.StateIndex(name); j >= 0 {
				if first[c] >= 0 {
					join(first[c], j)
				}
				first[c] = j
			}
		}
	}
	if len(d.smoothed()) > 0 {
		for i := range n {
			join(0, i)
		}
	}
	var out []component
	where := map[int]int{}
	for i := range n {
		r := find(i)
		if _, ok := where[r]; !ok {
			where[r] = len(out)
			out = append(out, component{})
		}
		out[where[r]].states = append(out[where[r]].states, i)
	}
	for k := range d.Calls {
		if d.Calls[k].Absorbed {
			continue
		}
		c := &out[where[find(n+k)]]
		c.calls = append(c.calls, k)
	}
	for c, s := range first {
		if s >= 0 {
			t := &out[where[find(s)]]
			t.channels = append(t.channels, c)
		}
	}
	return out
}
