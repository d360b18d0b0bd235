package fit

import (
	"maps"
	"slices"

	"govern/model"
	"govern/record"
)

// individuals are the parameters of the equations that are not the same in every entry:
// the individual parameters of a mixed model.
type individuals struct {
	model   *model.Model
	locals  []local
	members map[[2]string]int // parameter and entry → index of the value among the model's parameters
	rank    []int             // of each of the model's parameters: fitted ones before it
	columns []string          // names of the fitted parameters
}

// local is one of them: it has values of their own (model.PerEntry), or is fitted and
// known in some entries.
type local struct {
	name   string
	own    bool // it has values of their own
	fitted bool // some of its values are; else all are known
}

// newIndividuals lists them; set are the parameters that entries set.
func newIndividuals(m *model.Model, set map[string]bool) individuals {
	d := individuals{model: m, members: map[[2]string]int{}, rank: make([]int, len(m.Parameters))}
	rank := 0
	for i, p := range m.Parameters {
		if d.rank[i] = rank; p.Fit {
			rank++
			d.columns = append(d.columns, p.Name)
		}
		if p.Of == "" {
			continue
		}
		d.members[[2]string{p.Of, p.Entry}] = i
		k := d.local(p.Of)
		if k < 0 {
			k = len(d.locals)
			d.locals = append(d.locals, local{name: p.Of, own: true})
		}
		d.locals[k].fitted = d.locals[k].fitted || p.Fit
	}
	for _, p := range m.Parameters {
		if p.Fit && set[p.Name] && d.local(p.Name) < 0 {
			d.locals = append(d.locals, local{name: p.Name, fitted: true})
		}
	}
	return d
}

// known are the parameters that entries set, or that have values of entries, without
// those that are fitted in some.
func (d *individuals) known(set map[string]bool) []string {
	names := maps.Clone(set)
	for _, l := range d.locals {
		delete(names, l.name)
		if !l.fitted {
			names[l.name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// local is the index of a parameter among those that are not the same in every
// entry; −1 when it is.
func (d *individuals) local(name string) int {
	return slices.IndexFunc(d.locals, func(l local) bool { return l.name == name })
}

// columnIn is what such a parameter has in entry e: the index among
// the fitted parameters, or −1 and a known value.
func (d *individuals) columnIn(name string, e *record.Entry) (index int, known float64) {
	if v, ok := e.Set[name]; ok {
		return -1, v
	}
	i, ok := d.members[[2]string{name, e.Name}]
	switch {
	case !ok && d.locals[d.local(name)].own:
		return -1, d.model.Parameters[d.model.ParameterIndex(name)].Value
	case !ok:
		return d.rank[d.model.ParameterIndex(name)], 0
	case d.model.Parameters[i].Fit:
		return d.rank[i], 0
	}
	return -1, d.model.Parameters[i].Value
}

// initial is what a parameter that is not the same in every entry begins with in one.
func (d *individuals) initial(name string, e *record.Entry) float64 {
	k, v := d.columnIn(name, e)
	if k < 0 {
		return v
	}
	return d.model.Parameters[d.model.ParameterIndex(d.columns[k])].Value
}

// ValueIn is the value that a parameter that is not the same in every entry has in one, given
// the model's fitted parameters in their order.
func (d *individuals) ValueIn(name string, e *record.Entry, parameters []float64) float64 {
	if k, v := d.columnIn(name, e); k < 0 {
		return v
	} else {
		return parameters[k]
	}
}

// Differing names the parameters with values of entries that are fitted.
func (d *individuals) Differing() []string {
	var out []string
	for _, l := range d.locals {
		if l.fitted && l.own {
			out = append(out, l.name)
		}
	}
	return out
}

// Fits says that a parameter has a value in an entry that is fitted, not known.
func (d *individuals) Fits(name string, e *record.Entry) bool {
	k, _ := d.columnIn(name, e)
	return k >= 0
}

// inEquations is the name under which equations know a fitted parameter; empty for
// the mean of values that differ between entries.
func (d *individuals) inEquations(p *model.Parameter) string {
	switch {
	case p.Of != "":
		return p.Of
	case d.local(p.Name) >= 0 && d.locals[d.local(p.Name)].own:
		return ""
	}
	return p.Name
}

// forColumns is the data for a stage with the given columns: a parameter that is not
// the same in every entry and has none among them is a condition there.
func (d *Data) forColumns(columns []Column) *Data {
	out := d
	for _, l := range d.locals {
		if !l.fitted || slices.ContainsFunc(columns, func(c Column) bool {
			i := d.Model.ParameterIndex(c.Name)
			return i >= 0 && d.inEquations(&d.Model.Parameters[i]) == l.name
		}) {
			continue
		}
		if out == d {
			c := *d
			c.conditions = slices.Clone(d.conditions)
			out = &c
		}
		out.conditions = append(out.conditions, l.name)
	}
	return out
}

// Free says that a fit moves a parameter in the equations of every entry: it is
// fitted, or values of it are, and no entry knows it.
func (d *Data) Free(p *model.Parameter) bool {
	differs := false
	if k := d.local(p.Name); k >= 0 {
		if differs = d.locals[k].fitted; !d.locals[k].own {
			return false
		}
	}
	return (p.Fit || differs) && !slices.Contains(d.conditions, p.Name)
}

// fieldNames are the columns as equations name them: one name for all columns that
// are its values in different entries. shared is the column of each name, −1 for
// such; nil where there are none.
func (d *Data) fieldNames(columns []Column) (names []string, shared []int) {
	differ := false
	for k, c := range columns {
		name, i := c.Name, d.Model.ParameterIndex(c.Name)
		if i >= 0 {
			name = d.inEquations(&d.Model.Parameters[i])
		}
		switch {
		case name == c.Name && d.local(name) < 0:
			shared = append(shared, k)
		case name == "" || slices.Contains(names, name):
			differ = true
			continue
		default:
			differ = true
			shared = append(shared, -1)
		}
		names = append(names, name)
	}
	if !differ {
		return names, nil
	}
	return names, shared
}
