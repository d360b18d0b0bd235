package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"

	"govern/expr"
	"govern/tape"
)

// UDE is ude.json: the networks of a run and the parameters fitted beside them,
// all that is needed to evaluate the learned functions elsewhere.
type UDE struct {
	Forms      []Network         `json:"forms"`
	Parameters map[string]Number `json:"parameters"`
	Training   *Training         `json:"training,omitempty"` // nil: not known
}

// Training is the fit of the networks that has not seen the held-out entries:
// where a search for their formula starts.
type Training struct {
	Weights    map[string][]Number `json:"weights"` // by unknown, as in Network
	Parameters map[string]Number   `json:"parameters"`
	Omega      Number              `json:"omega"` // defect weight
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

// Neural is the network as the tape runs it: the function is called by the name
// of the unknown.
func (n Network) Neural() tape.Neural {
	return tape.Neural{
		Names: []string{n.Unknown}, Inputs: len(n.Arguments), Hidden: n.Hidden, Activation: n.Activation,
		Shift: floats(n.Shift), Scale: floats(n.Scale), Gain: []float64{float64(n.Gain)}, Start: floats(n.Weights),
	}
}

// Formula is the network written out in its arguments, as it stands in
// model.yaml.
func (n Network) Formula() *expr.Expr { return n.Neural().Formula(n.Arguments) }

func floats(numbers []Number) []float64 {
	out := make([]float64, len(numbers))
	for i, v := range numbers {
		out[i] = float64(v)
	}
	return out
}

// Write writes ude.json.
func (u *UDE) Write(w io.Writer) error {
	c := *u
	c.Forms = slices.Clone(u.Forms)
	fillList(&c.Forms)
	fillMap(&c.Parameters)
	if u.Training != nil {
		training := *u.Training
		fillMap(&training.Parameters)
		c.Training = &training
	}
	for i := range c.Forms {
		fillList(&c.Forms[i].Hidden)
	}
	return encodeJSON(w, &c)
}

// NoUDEError says that a run has no networks.
type NoUDEError struct{ Dir string }

func (e *NoUDEError) Error() string {
	return fmt.Sprintf("run: there is no %s in %s: the run ended without a network", UDEFile, e.Dir)
}

// UDEError says what is wrong in a file of networks.
type UDEError struct {
	File  string
	Place string // such as forms[0].weights; empty: the whole file
	Text  string
}

func (e *UDEError) Error() string {
	if e.Place == "" {
		return fmt.Sprintf("run: %s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("run: %s: %s: %s", e.File, e.Place, e.Text)
}

// ReadUDE reads the networks of a run. Errors: NoUDEError, UDEError.
func ReadUDE(dir string) (*UDE, error) {
	file := filepath.Join(dir, UDEFile)
	data, err := OS{}.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoUDEError{dir}
	}
	if err != nil {
		return nil, &UDEError{File: file, Text: "cannot be read: " + err.Error()}
	}
	return DecodeUDE(file, data)
}

// DecodeUDE reads what Write wrote, or another program in the same format; file
// is for messages. Numbers read back to the same bits. The error is a UDEError.
func DecodeUDE(file string, data []byte) (*UDE, error) {
	u := new(UDE)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(u); err != nil {
		return nil, &UDEError{File: file, Text: err.Error()}
	}
	if d.More() {
		return nil, &UDEError{File: file, Text: "something stands behind the networks"}
	}
	if len(u.Forms) == 0 {
		return nil, &UDEError{File: file, Place: "forms", Text: "there is no network"}
	}
	for i, n := range u.Forms {
		if place, text := n.mistake(); text != "" {
			return nil, &UDEError{file, fmt.Sprintf("forms[%d].%s", i, place), text}
		}
		if slices.ContainsFunc(u.Forms[:i], func(other Network) bool { return other.Unknown == n.Unknown }) {
			return nil, &UDEError{file, fmt.Sprintf("forms[%d].unknown", i), "a second network for " + n.Unknown}
		}
	}
	for name, v := range u.Parameters {
		if !isFinite(v) {
			return nil, &UDEError{file, "parameters." + name, "not a finite number"}
		}
	}
	if place, text := u.Training.mistake(u); text != "" {
		return nil, &UDEError{file, "training." + place, text}
	}
	return u, nil
}

// mistake finds what does not belong to the networks.
func (t *Training) mistake(u *UDE) (place, text string) {
	if t == nil {
		return "", ""
	}
	if len(t.Weights) != len(u.Forms) {
		return "weights", fmt.Sprintf("of %d networks, there are %d", len(t.Weights), len(u.Forms))
	}
	for _, n := range u.Forms {
		n.Weights = t.Weights[n.Unknown]
		if place, text := n.mistake(); text != "" {
			return place + "." + n.Unknown, text
		}
	}
	if len(t.Parameters) != len(u.Parameters) {
		return "parameters", fmt.Sprintf("%d where %d belong", len(t.Parameters), len(u.Parameters))
	}
	for name := range u.Parameters {
		if v, ok := t.Parameters[name]; !ok || !isFinite(v) {
			return "parameters." + name, "there is no finite number"
		}
	}
	if !isFinite(t.Omega) || t.Omega <= 0 {
		return "omega", "not a number above zero"
	}
	return "", ""
}

// mistake finds what the tape could not run.
func (n Network) mistake() (place, text string) {
	if !expr.IsName(n.Unknown) {
		return "unknown", fmt.Sprintf("%q is not a name", n.Unknown)
	}
	for i, w := range n.Hidden {
		if w < 1 {
			return "hidden", fmt.Sprintf("layer %d has the width %d", i+1, w)
		}
	}
	if !slices.Contains(tape.Activations(), n.Activation) {
		return "activation", fmt.Sprintf("%q is none of %v", n.Activation, tape.Activations())
	}
	inputs := len(n.Arguments)
	if inputs == 0 {
		return "arguments", "there is none"
	}
	for _, c := range []struct {
		place  string
		values []Number
		want   int
	}{
		{"shift", n.Shift, inputs}, {"scale", n.Scale, inputs}, {"gain", []Number{n.Gain}, 1},
		{"weights", n.Weights, tape.Neural{Names: []string{n.Unknown}, Inputs: inputs, Hidden: n.Hidden}.Weights()},
	} {
		if len(c.values) != c.want {
			return c.place, fmt.Sprintf("%d numbers where %d belong", len(c.values), c.want)
		}
		for i, v := range c.values {
			if !isFinite(v) || v == 0 && (c.place == "scale" || c.place == "gain") {
				return c.place, fmt.Sprintf("number %d is %v", i+1, float64(v))
			}
		}
	}
	return "", ""
}

func isFinite(v Number) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
