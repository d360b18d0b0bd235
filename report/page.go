// Package report writes the page that a person reads: one self-contained HTML
// file with the equations typeset, the evidence for them and the figures. It
// needs no network, no script and no font; it follows the reader's light or dark
// preference and prints.
package report

import "govern/expr"

// Page is what a report says, as plain data. Absent parts (nil, "", NaN) are
// left out.
type Page struct {
	Title    string // the problem's name
	Subtitle string // one line below it: data, seed, version
	Status   string // of result.json: ok, ambiguous, not_converged, no_model, neural_only
	Advice   string // what to try
	TimeUnit string // "": the model's time has no unit

	Equations  []Equation // in the order of the states
	Unknowns   []Unknown
	Parameters []Estimate // the fitted ones
	Regimes    *Regimes   // where coefficients change with time; nil where they do not
	Ties       []Tie      // formulas that the data cannot tell from the chosen ones
	Channels   []Channel
	Dynamics   *Dynamics
	Warnings   []string
	Settings   []Setting // everything that was used, defaults included

	FreeRuns    []Series // from held-out starts
	CloseUps    []Series // stretches short enough for single cycles to be seen
	Series      []Series // whole entries
	Portraits   []Portrait
	Spectra     []Spectrum
	Slices      []Slice // of the unknowns
	Supplied    *Supplied
	Innovations []Innovation
	History     []Iteration
}

// Regimes are the stretches of records in which coefficients stay what they are.
type Regimes struct {
	List []Regime
	// Records are the data, and below them their innovations: of the best formula
	// without regimes, where there is one, and of that with them.
	Records []Series
}

// Regime is one stretch of a record.
type Regime struct {
	Entry     string
	From, To  float64
	Low, High float64 // 95 % interval of From; NaN where it is not an estimate
	Unknowns  []Unknown
	Values    []Estimate // of the fitted parameters
	Lyapunov  []float64
	Free      []Free // free-running errors; empty where nothing is held out
}

// Free is the free-running error of a channel, in its standard deviations.
type Free struct {
	Column string
	Error  float64
}

// Equation is d State / dt = Right; nil where it holds a neural form.
type Equation struct {
	State   string
	Right   *expr.Expr
	Learned bool // all or part of it was found by this run
}

// Unknown is what was found for one unknown function.
type Unknown struct {
	Name      string
	Arguments []string
	Formula   *expr.Expr // nil: none was found
	Terms     []Term     // of Formula
	Neural    string     // what stands in its place without a formula: the network's shape; may be empty
}

// Term is one term of a sum with its 95 % interval; NaN where there is none.
type Term struct {
	Factor                 *expr.Expr
	Coefficient, Low, High float64
}

// Estimate is a fitted parameter with its 95 % interval.
type Estimate struct {
	Name, Unit       string
	Value, Low, High float64
}

// Tie is a set of formulas, one for each unknown that differs.
type Tie struct {
	Formulas []Formula
	Delta    float64 // penalised −2 log L above the chosen one's
}

// Formula is the right-hand side of one unknown.
type Formula struct {
	Name      string
	Arguments []string
	Right     *expr.Expr
}

// Channel is what is known of one column, over all entries. Errors are root
// mean squares in standard deviations of the channel.
type Channel struct {
	Column, Unit string
	Observe      *expr.Expr // what it measures
	Std          float64    // of the data
	Noise        float64    // standard deviation, absolute
	Differences  float64    // what differences of neighbouring samples say of it
	Origin       string     // how Noise was found
	Nudged       float64    // error with all the help of the last stage
	Free         float64    // error of free runs over one Lyapunov time, median over held-out starts
}

// Dynamics are properties of the free-running model; NaN where undefined.
type Dynamics struct {
	Lyapunov                          []float64 // descending, per time unit
	Reference                         []float64 // the same from the data or the literature; may be absent
	ValidTime                         float64   // median over held-out starts, in Lyapunov times
	AtLeast                           bool      // most runs were still valid when the data ended: ValidTime is a lower bound
	Starts                            int       // how many
	AttractorDistance, AttractorFloor float64
	SpectrumDistance, SpectrumFloor   float64
	PeriodModel, PeriodData           float64 // mean cycle, in time units
	Note                              string
}

// Setting is one choice that was made.
type Setting struct{ Name, Value string }

// Series is one figure: the channels of an entry over time.
type Series struct {
	Entry    string
	Caption  string // "": a default one
	Time     []float64
	Channels []Track
	Marks    []Mark
}

// Track is one channel of a figure. Data, Free and Nudged are as long as the
// figure's Time, NaN where there is no value, or nil.
type Track struct {
	Name, Unit         string
	Data, Free, Nudged []float64
}

// Mark is a vertical line: where the free run starts, the valid time.
type Mark struct {
	At    float64
	Label string
}

// Portrait is a pair of phase portraits, the data beside the free-running model,
// in two or three coordinates.
type Portrait struct {
	Caption string
	Left    string // what is on the left; "": data
	Dots    bool   // points, not a curve
	Axes    []Axis
}

// Axis is one coordinate of a portrait. Data and Model need not be of equal
// length; NaN breaks the curve.
type Axis struct {
	Name, Unit  string
	Data, Model []float64
}

// Slice is a learned function along one of its arguments, the others held at
// the medians of the data. Series are as long as At, NaN or nil where there is
// nothing.
type Slice struct {
	Unknown, Argument, Unit string
	Held                    []Held // the other arguments
	At, Value, Low, High    []float64
	Density                 []float64 // of the data around the point; 1 is that around the median sample
	Network                 []float64 // of the network that the formula was read from
	// SampleAt and Sample are the smoothed samples û of the unknown, moved along the
	// formula onto the slice: û(u) − f(u) + f(slice).
	SampleAt, Sample []float64
}

// Held is an argument that does not move.
type Held struct {
	Name  string
	Value float64
}

// Spectrum is the power spectral density of a channel and of the free run, at
// the same frequencies (cycles per time unit).
type Spectrum struct {
	Name, Unit             string
	Frequency, Data, Model []float64
}

// Supplied says how much of the motion the final model does not explain by
// itself.
type Supplied struct {
	Gain   float64 // share that the prediction error feeds back
	States []Help
}

// Help compares one state's right-hand side with the defects beside it, both as
// root mean squares per time unit.
type Help struct {
	State, Unit    string
	Motion, Defect float64
}

// Share is 1 − R, R = F²/(F² + D²) of the right-hand side F and the defect D
// (Abarbanel et al. 2009).
func (h Help) Share() float64 {
	return h.Defect * h.Defect / (h.Motion*h.Motion + h.Defect*h.Defect)
}

// Innovation is what the fitted path leaves of a channel, over all entries.
type Innovation struct {
	Column, Unit    string
	Values          []float64 // data − fitted path, in standard deviations of the noise; NaN where missing
	Autocorrelation []float64 // at lags 0, 1, 2 … samples
	Step            float64   // between samples, in time units
	Assumed         bool      // the noise is a floor: the data are cleaner, and nothing here is a test of them
}

// Iteration is one row of the fits' history.
type Iteration struct {
	Stage   string  // step/stage
	Loss    float64 // objective per observation
	Omega   float64 // defect weight
	Gain    float64
	Segment int       // samples
	Noise   []float64 // of every channel, in its standard deviations
}
