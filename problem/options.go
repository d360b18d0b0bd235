package problem

import (
	"slices"

	"github.com/goccy/go-yaml/ast"

	"govern/discover"
	"govern/fit"
	"govern/model"
)

// Bounds of options; beyond them lies a typing mistake.
const (
	maxSegment    = 1_000_000
	maxSubsteps   = 10_000
	maxIterations = 1_000_000
)

// MaxDegree is the largest degree of a library.
const MaxDegree = 12

// defaultFit and defaultDiscover are the options that a file does not give. A
// zero among them is chosen by the engine.
func defaultFit() fit.Options { return fit.Options{Segment: 1, Iterations: 40, Optimiser: fit.Auto} }

func defaultDiscover() discover.Options {
	return discover.Options{Method: "library", Roads: "both", Penalty: 1, Tie: 6}
}

// fit reads the section fit; n may be nil.
func (r *reader) fit(n ast.Node) fit.Options {
	o := defaultFit()
	if n == nil {
		return o
	}
	keys := r.Keys(n, "fit", "segment", "substeps", "omega", "iterations", "optimiser")
	if n := keys["segment"]; n != nil {
		o.Segment = r.Integer(n, "segment", 1, maxSegment)
	}
	if n := keys["substeps"]; n != nil {
		o.Substeps = r.Integer(n, "substeps", 0, maxSubsteps)
	}
	if n := keys["omega"]; n != nil {
		if o.Omega = r.Number(n, "omega"); o.Omega < 0 {
			r.Report(n, "0 leaves the choice to the evidence", "omega must not be negative")
		}
	}
	if n := keys["iterations"]; n != nil {
		o.Iterations = r.Integer(n, "iterations", 1, maxIterations)
	}
	if n := keys["optimiser"]; n != nil {
		o.Optimiser = r.choice(n, "optimiser", fit.Optimisers()...)
	}
	return o
}

// discover reads the section discover; n may be nil.
func (r *reader) discover(n ast.Node) discover.Options {
	o := defaultDiscover()
	if n == nil {
		return o
	}
	keys := r.Keys(n, "discover", "method", "roads", "degree", "penalty", "tie")
	if n := keys["method"]; n != nil {
		o.Method = r.choice(n, "method", "library", "derivatives")
	}
	if n := keys["roads"]; n != nil {
		o.Roads = r.choice(n, "roads", "both", "full", "grown")
	}
	if n := keys["degree"]; n != nil {
		o.Degree = r.Integer(n, "degree", 0, MaxDegree)
	}
	if n := keys["penalty"]; n != nil {
		o.Penalty = r.positive(n, "penalty")
	}
	if n := keys["tie"]; n != nil {
		o.Tie = r.positive(n, "tie")
	}
	return o
}

// choice reads one of some words.
func (r *reader) choice(n ast.Node, what string, words ...string) string {
	before := r.count()
	word := r.String(n, what)
	if !slices.Contains(words, word) && r.count() == before {
		r.Report(n, didYouMean(word, words), "%s cannot be %q", what, word)
	}
	return word
}

// WithLibrary returns the problem with other candidate terms for all unknowns:
// degree is the largest tried, functions, of one argument each, join the
// monomials. Zero and nil leave what the problem says.
func (p *Problem) WithLibrary(degree int, functions []string) *Problem {
	q, m := *p, *p.Model
	m.Unknowns = slices.Clone(m.Unknowns)
	if degree > 0 {
		q.Discover.Degree = degree
	}
	for i, u := range m.Unknowns {
		library := model.Library{}
		if u.Library != nil {
			library = *u.Library
		}
		if degree > 0 {
			library.Degree = 0 // those up to the largest
		}
		if functions != nil {
			library.Functions = functions
		}
		if u.Library != nil || functions != nil {
			m.Unknowns[i].Library = &library
		}
	}
	q.Model = &m
	return &q
}
