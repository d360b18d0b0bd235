package discover

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
