package fit

import (
	"govern/record"
)

// chain is an entry as a stage sees it.
type chain struct {
	entry      *record.Entry
	values     [][]float64 // per channel of the stage; nil where the entry lacks it
	nodes      []int       // sample of every node; the last sample is the last node
	drive      [][]float64 // signals beyond the model's inputs
	conditions []float64
	later      bool // begins within its entry
	rest       int  // samples of the last node's segment after its own; 0 unless open
	// Where columns differ between entries: of each column of the field the column of
	// the stage; those of the field that this entry knows, and their values. A known
	// one has no coefficients.
	border []int
	known  []int
	given  []float64
}

// chain cuts entry e into segments of the given number of samples.
func (d *Data) chain(e int, channels []int, segment int) chain {
	entry := &d.Entries[e]
	c := chain{entry: entry, values: make([][]float64, len(channels))}
	for k, channel := range channels {
		c.values[k] = d.Values(e, channel)
	}
	n := len(entry.Times)
	for i := 0; i < n-1; i += max(segment, 1) {
		c.nodes = append(c.nodes, i)
	}
	c.nodes = append(c.nodes, n-1)
	for _, name := range d.conditions {
		v, ok := entry.Set[name]
		if !ok {
			if i := d.Model.ParameterIndex(name); i >= 0 {
				v = d.Model.Parameters[i].Value
			}
			if d.local(name) >= 0 {
				v = d.initial(name, entry)
			}
		}
		c.conditions = append(c.conditions, v)
	}
	return c
}

// samples returns the samples of node b's segment: from its own to before the
// next node's.
func (c *chain) samples(b int) (from, to int) {
	if b+1 == len(c.nodes) {
		return c.nodes[b], c.nodes[b] + 1 + c.rest
	}
	return c.nodes[b], c.nodes[b+1]
}

// steps is the number of samples that node b's segment advances by: to the next
// node, or to its last sample.
func (c *chain) steps(b int) int {
	from, to := c.samples(b)
	if b+1 == len(c.nodes) {
		return to - from - 1
	}
	return to - from
}

// dropEnd takes away the node that only ends the last segment.
func (c *chain) dropEnd(segment int) {
	if last := len(c.nodes) - 1; c.nodes[last]%segment != 0 {
		c.nodes = c.nodes[:last]
	}
	c.rest = len(c.entry.Times) - 1 - c.nodes[len(c.nodes)-1]
}

// window is a part of an entry's nodes.
type window struct{ entry, from, to int }
