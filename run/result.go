package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"govern/note"
)

// Status says how a run ended.
type Status string

const (
	OK           Status = "ok"            // a formula
	Ambiguous    Status = "ambiguous"     // a formula, and others that the data cannot tell from it
	NotConverged Status = "not_converged" // the fit did not come to rest
	NoModel      Status = "no_model"      // no formula passed the checks
	NeuralOnly   Status = "neural_only"   // a neural form, but no formula for it
)

// Trusted says whether there is an answer to rely on: exit status 0 or 4.
func (s Status) Trusted() bool { return s == OK || s == Ambiguous }

// Number is a float64 that is null in JSON where it is undefined (NaN, ±Inf).
type Number float64

// MarshalJSON writes the shortest digits that read back to the same number.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads null as NaN.
func (n *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	var v float64
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*n = Number(v)
	return nil
}

// Undefined is the number that result.json shows as null.
func Undefined() Number { return Number(math.NaN()) }

// Numbers converts a series.
func Numbers(v []float64) []Number {
	n := make([]Number, len(v))
	for i := range v {
		n[i] = Number(v[i])
	}
	return n
}

// Schema is the version of result.json.
const Schema = 1

// Result is result.json. Keys of maps are written in alphabetical order, so
// that equal results are equal bytes; Seconds alone may differ between two runs.
type Result struct {
	Schema     int                 `json:"schema"` // of this file: rises when something changes its meaning; additions leave it
	Status     Status              `json:"status"`
	Advice     string              `json:"advice,omitempty"` // what to try; present unless Status is OK
	Equations  map[string]*string  `json:"equations"`        // closed right-hand side by state; nil: still holds a neural form
	Unknowns   map[string]Unknown  `json:"unknowns"`
	Parameters map[string]Estimate `json:"parameters"` // the fitted ones
	Errors     Errors              `json:"errors"`
	Dynamics   Dynamics            `json:"dynamics"`
	Noise      map[string]Number   `json:"noise"` // absolute, by column
	// NoiseEntries is the noise of every entry, by column and entry; absent where one
	// level serves all. Noise and Errors.Nudged are then root mean squares over the levels.
	NoiseEntries map[string]map[string]Number `json:"noise_entries,omitempty"`
	Alternatives []Alternative                `json:"alternatives"`      // ties
	Regimes      []Regime                     `json:"regimes,omitempty"` // where coefficients change with time; absent where they do not
	Notes        []note.Note                  `json:"notes"`             // everything to know beside the answer, the verdict first: advice and warnings, as data
	Warnings     []string                     `json:"warnings"`          // the notes but the verdict, as sentences
	Supplied     Supplied                     `json:"supplied"`
	ProcessNoise map[string]Number            `json:"process_noise,omitempty"` // by state, in its unit over the root of the time unit; absent where the motion needs none
	Extra        *Extra                       `json:"extra,omitempty"`         // a hidden state that the problem's model lacks
	Lack         *Lack                        `json:"lack,omitempty"`          // what the equations lack most surely; absent where it was not tested
	Segments     *Segments                    `json:"segments,omitempty"`      // of the final fit; absent where no longer ones than a sample were asked for
	Seconds      Seconds                      `json:"seconds"`
}

// Segments says how far a fit came to the long segments that were asked for.
type Segments struct {
	Asked  int    `json:"asked"`            // samples a segment
	Used   int    `json:"used"`             // in the final fit
	Rate   Number `json:"rate"`             // at which neighbouring trajectories part along the data, per time unit
	Growth Number `json:"growth"`           // of a perturbation over the segment where it grows most
	Reason string `json:"reason,omitempty"` // why no longer ones are used: "diverges", "misfits" or "noisy"; absent where Used is what was asked for
}

// Regime is a stretch of a record in which coefficients stay what they are. In
// Equations and Unknowns of the Result, Parameter stands for 1 in it and 0
// elsewhere; here it is put in.
type Regime struct {
	Entry      string              `json:"entry"`
	From       Number              `json:"from"` // of the entry's time
	To         Number              `json:"to"`
	Parameter  string              `json:"parameter,omitempty"` // empty: all such parameters are 0
	Equations  map[string]*string  `json:"equations"`
	Unknowns   map[string]Unknown  `json:"unknowns"`
	Parameters map[string]Estimate `json:"parameters"`
	Change     *Estimate           `json:"change,omitempty"`   // From with its interval; absent where it is not an estimate
	Dynamics   *Dynamics           `json:"dynamics,omitempty"` // of this regime
	Free       map[string]Number   `json:"free,omitempty"`     // free-running error by column, null where nothing of the regime is held out
}

// Unknown is what was found for one unknown function.
type Unknown struct {
	Arguments  []string `json:"arguments"`
	Expression *string  `json:"expression"`       // in the arguments; nil: a neural form
	Terms      []Term   `json:"terms"`            // exactly the terms of Expression; empty for a neural form
	Neural     *Shape   `json:"neural,omitempty"` // of the neural form that stands in its place; its weights are in ude.json
}

// Shape is the size of a neural form.
type Shape struct {
	Hidden     []int  `json:"hidden"` // widths of the hidden layers
	Activation string `json:"activation"`
}

// Term is one term of a sum; "1" is the constant. A formula that is not a sum
// is one term with coefficient 1 and no interval.
type Term struct {
	Term        string `json:"term"`
	Coefficient Number `json:"coefficient"`
	Low         Number `json:"low"`
	High        Number `json:"high"`
}

// Estimate is a fitted number with its 95 % interval.
type Estimate struct {
	Value Number `json:"value"`
	Low   Number `json:"low"`
	High  Number `json:"high"`

	Held    bool                `json:"held,omitempty"`    // it was not estimated: no data determine it beside others
	Prior   *Prior              `json:"prior,omitempty"`   // that it was given
	Entries map[string]Estimate `json:"entries,omitempty"` // of a parameter that differs between entries: its values, by their names; Value is the mean
	Spread  *Estimate           `json:"spread,omitempty"`  // their standard deviation, where it was learned; High is null where nothing bounds it
}

// Prior is a normal prior of a parameter.
type Prior struct {
	Value Number `json:"value"`
	SD    Number `json:"sd"`
	Off   Number `json:"off"` // how far the estimate is from Value, in SD
}

// Errors are root mean square errors in standard deviations of the channel.
type Errors struct {
	Nudged map[string]Number `json:"nudged"` // by column, with all help of the last stage
	Free   map[string]Number `json:"free"`   // by column, over one Lyapunov time, median over held-out starts
	Neural map[string]Number `json:"neural"` // by unknown, formula against neural form
}

// Dynamics are properties of the free-running model.
type Dynamics struct {
	Lyapunov          []Number `json:"lyapunov"`   // descending, per time unit
	ValidTime         Number   `json:"valid_time"` // median, in Lyapunov times
	AttractorDistance Number   `json:"attractor_distance"`
	AttractorFloor    Number   `json:"attractor_floor"` // the same distance between two halves of the data
	SpectrumDistance  Number   `json:"spectrum_distance"`
	SpectrumFloor     Number   `json:"spectrum_floor"`
}

// Supplied is the share of the motion that the final model does not explain by
// itself: c²/(F² + c²) with the root mean squares of the right-hand side F and of
// a correction c; 1 − R of Abarbanel et al. 2009.
type Supplied struct {
	Gain    Number            `json:"gain"`    // by the prediction error: 0, nothing is fed back in the final model
	Defects map[string]Number `json:"defects"` // by state, by the defects between segments
}

// Extra is a slow hidden state that the data ask for beside those of the model:
// State' = Equation, and Term is added to the equation of Enters. Its parameters
// are among the fitted ones.
type Extra struct {
	State    string `json:"state"`
	Equation string `json:"equation"`
	Enters   string `json:"enters"`
	Term     string `json:"term"`
}

// Lack is the outcome of the test of what the equations lack: of all equations and
// states along which something could be lacking, the one where it is least likely
// to be chance.
type Lack struct {
	Equation string `json:"equation"`       // the state whose equation it is
	Along    string `json:"along"`          // the state that the lacking part depends on; empty: several
	Chance   Number `json:"chance"`         // that a right model shows as much anywhere; near 1 for most right models
	Size     Number `json:"size"`           // rms of the lacking part over that of the equation; undefined unless chance is small
	Term     string `json:"term,omitempty"` // the single term, with its coefficient, that makes up most of it
}

// Alternative is a set of formulas that the data cannot tell from the chosen
// one.
type Alternative struct {
	Expressions map[string]string `json:"expressions"` // by unknown
	Delta       Number            `json:"delta"`       // penalised −2 log L above the chosen one's, ≥ 0
}

// Seconds of wall clock, by phase.
type Seconds struct {
	Fit      Number `json:"fit"`
	Discover Number `json:"discover"`
	Assess   Number `json:"assess"`
}

// Encode returns the bytes of result.json. Absent maps and lists are written
// empty, not null.
func (r *Result) Encode() ([]byte, error) {
	c := *r
	fillMap(&c.Equations)
	fillMap(&c.Unknowns)
	fillMap(&c.Parameters)
	fillMap(&c.Errors.Nudged)
	fillMap(&c.Errors.Free)
	fillMap(&c.Errors.Neural)
	fillMap(&c.Noise)
	fillMap(&c.Supplied.Defects)
	fillList(&c.Dynamics.Lyapunov)
	fillList(&c.Alternatives)
	fillList(&c.Warnings)
	fillList(&c.Notes)
	unknowns := make(map[string]Unknown, len(c.Unknowns))
	for name, u := range c.Unknowns {
		fillList(&u.Arguments)
		fillList(&u.Terms)
		unknowns[name] = u
	}
	c.Unknowns = unknowns
	var b bytes.Buffer
	if err := encodeJSON(&b, &c); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// DecodeResult reads result.json.
func DecodeResult(data []byte) (*Result, error) {
	r := new(Result)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", ResultFile, err)
	}
	return r, nil
}

func fillMap[V any](m *map[string]V) {
	if *m == nil {
		*m = map[string]V{}
	}
}

func fillList[V any](s *[]V) {
	if *s == nil {
		*s = []V{}
	}
}
