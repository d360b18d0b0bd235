package discover

import "govern/model"

// The methods of a problem file's `discover: {method: …}`.
const (
	MethodLibrary     = "library"
	MethodDerivatives = "derivatives"
)

// Options of the search; the zero value is the default of every field. The
// keys are those of a problem file's `discover:` section.
type Options struct {
	Method  string  `yaml:"method" json:"method"`   // "library" (default): trajectories; "derivatives": the baseline, sparse regression on derivatives of the data
	Roads   string  `yaml:"roads" json:"roads"`     // "both" (default), "full" (prune the full library) or "grown" (start sparse)
	Degree  int     `yaml:"degree" json:"degree"`   // largest degree tried for unknowns without a library; 0: 3, or 4 for at most two arguments
	Penalty float64 `yaml:"penalty" json:"penalty"` // factor on the penalty a term; 0: 1
	Tie     float64 `yaml:"tie" json:"tie"`         // penalised −2 log L within which formulas are tied; 0: 6
}

// Degrees are the lowest and the highest degree of library that a search with these
// options tries for an unknown of a model.
func (o Options) Degrees(m *model.Model, unknown int) (from, to int) {
	if l := m.Unknowns[unknown].Library; l != nil && l.Degree > 0 {
		return l.Degree, l.Degree
	}
	return 1, o.withDefaults(m).Degree
}

// withDefaults fills in what is not set: degree 3 for models with an unknown of more
// than two arguments, else 4.
func (o Options) withDefaults(m *model.Model) Options {
	if o.Roads == "" {
		o.Roads = "both"
	}
	if o.Penalty == 0 {
		o.Penalty = 1
	}
	if o.Tie == 0 {
		o.Tie = 6
	}
	if o.Degree == 0 {
		o.Degree = 3
		few := true
		for _, u := range m.Unknowns {
			few = few && len(u.Arguments) <= 2
		}
		if few {
			o.Degree = 4
		}
	}
	return o
}
