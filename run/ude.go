package run

import "io"

// UDE is ude.json: the networks of a run and the parameters fitted beside them,
// all that is needed to evaluate the learned functions elsewhere.
type UDE struct {
	Forms      []Network         `json:"forms"`
	Parameters map[string]Number `json:"parameters"`
}

// Network is f = gain·(W·y + b) with y⁰ = (u − shift)/scale, yᵏ = σ(W·y + b) of
// each hidden layer. Weights run layer after layer: W row by row (a row an
// output), then b.
type Network struct {
	Unknown    string   `json:"unknown"`
	Arguments  []string `json:"arguments"`
	Hidden     []int    `json:"hidden"`
	Activation string   `json:"activation"`
	Shift      []Number `json:"shift"` // of the arguments
	Scale      []Number `json:"scale"`
	Gain       Number   `json:"gain"` // of the output
	Weights    []Number `json:"weights"`
}

// Write writes ude.json.
func (u *UDE) Write(w io.Writer) error { return encodeJSON(w, u) }
