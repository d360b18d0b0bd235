package fit

import (
	"math"
	"slices"

	"govern/fit/prior"
	"govern/model"
	"govern/record"
)

// local is a parameter of the equations that is not the same in every entry: it has
// values of their own (model.PerEntry), or is fitted and known in some of them.
type local struct {
	name   string
	own    bool // it has values of their own
	fitted bool // some of its values are; else all are known
}

// findLocals lists the parameters that are not the same in every entry; set are
// those that entries set.
func (d *Data) findLocals(set map[string]bool) {
	rank := 0
	d.members, d.rank = map[[2]string]int{}, make([]int, len(d.Model.Parameters))
	for i, p := range d.Model.Parameters {
		if d.rank[i] = rank; p.Fit {
			rank++
		}
		if p.Fit {
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
	for _, p := range d.Model.Parameters {
		if p.Fit && set[p.Name] && d.local(p.Name) < 0 {
			d.locals = append(d.locals, local{name: p.Name, fitted: true})
		}
	}
}

// local is the index of a parameter among those that are not the same in every
// entry; −1 when it is.
func (d *Data) local(name string) int {
	return slices.IndexFunc(d.locals, func(l local) bool { return l.name == name })
}

// own is what such a parameter has in entry e: the index among
// the fitted parameters, or −1 and a known value.
func (d *Data) own(name string, e *record.Entry) (index int, known float64) {
	if v, ok := e.Set[name]; ok {
		return -1, v
	}
	i, ok := d.members[[2]string{name, e.Name}]
	switch {
	case !ok && d.locals[d.local(name)].own:
		return -1, d.Model.Parameters[d.Model.ParameterIndex(name)].Value
	case !ok:
		return d.rank[d.Model.ParameterIndex(name)], 0
	case d.Model.Parameters[i].Fit:
		return d.rank[i], 0
	}
	return -1, d.Model.Parameters[i].Value
}

// start is what a parameter that is not the same in every entry begins with in one.
func (d *Data) start(name string, e *record.Entry) float64 {
	k, v := d.own(name, e)
	if k < 0 {
		return v
	}
	return d.Model.Parameters[d.Model.ParameterIndex(d.columns[k])].Value
}

// holding is the data for a stage with the given columns: a parameter that is not
// the same in every entry and has none among them is a condition there.
func (d *Data) holding(columns []Column) *Data {
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

// Own is the value that a parameter that is not the same in every entry has in one, given
// the model's fitted parameters in their order.
func (d *Data) Own(name string, e *record.Entry, parameters []float64) float64 {
	if k, v := d.own(name, e); k < 0 {
		return v
	} else {
		return parameters[k]
	}
}

// Differing names the parameters with values of entries that are fitted.
func (d *Data) Differing() []string {
	var out []string
	for _, l := range d.locals {
		if l.fitted && l.own {
			out = append(out, l.name)
		}
	}
	return out
}

// Fits says that a parameter has a value in an entry that is fitted, not known.
func (d *Data) Fits(name string, e *record.Entry) bool {
	k, _ := d.own(name, e)
	return k >= 0
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

// inEquations is the name under which equations know a fitted parameter; empty for
// the mean of values that differ between entries.
func (d *Data) inEquations(p *model.Parameter) string {
	switch {
	case p.Of != "":
		return p.Of
	case d.local(p.Name) >= 0 && d.locals[d.local(p.Name)].own:
		return ""
	}
	return p.Name
}

// priors are those of columns: given ones, and those of values that are drawn from a
// distribution of which the spread is learned, from spreads on if there are some.
func (d *Data) priors(columns []Column, spreads []prior.Spread) prior.Set {
	at := map[string]int{}
	for k, c := range columns {
		at[c.Name] = k
	}
	out := prior.Set{Spreads: slices.Clone(spreads)}
	if len(spreads) == 0 {
		out.Spreads = d.startSpreads()
	}
	names := d.Spreads()
	for k, c := range columns {
		i := d.Model.ParameterIndex(c.Name)
		if i < 0 {
			continue
		}
		p := &d.Model.Parameters[i]
		if p.SD > 0 {
			out.Given = append(out.Given, prior.Normal{Column: k, Mean: -1, Value: p.Value, SD: p.SD})
		}
		if s := slices.Index(names, p.Of); s >= 0 {
			if mean, ok := at[p.Of]; ok {
				out.Drawn = append(out.Drawn, prior.Normal{Column: k, Mean: mean, Spread: s})
			}
		}
	}
	return out
}

// Spreads names the parameters whose values of entries are drawn from one normal
// distribution with a mean and a spread that are learned.
func (d *Data) Spreads() []string {
	var out []string
	for _, p := range d.Model.Parameters {
		if p.Spread && p.Fit && d.local(p.Name) >= 0 {
			out = append(out, p.Name)
		}
	}
	return out
}

// startSpreads are the spreads before anything is known of them: as large as the
// values.
func (d *Data) startSpreads() []prior.Spread {
	var out []prior.Spread
	for _, name := range d.Spreads() {
		s := math.Abs(d.Model.Parameters[d.Model.ParameterIndex(name)].Value)
		if s == 0 {
			s = 1
		}
		out = append(out, prior.Spread{Parameter: name, Value: s, Low: 0, High: math.Inf(1)})
	}
	return out
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
