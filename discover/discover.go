package discover

import (
	"context"

	"govern/discover/changes"
	"govern/expr"
	"govern/fit"
	"govern/model"
)

// Result of a discovery.
type Result struct {
	Ending   Ending
	Data     *fit.Data // the engine's, without the outliers
	Smoothed *fit.Smoothed

	// The answer.
	Chosen  *fit.Fitted  // on the training entries
	Model   *model.Model // the problem's, with the knots of hinges as fitted parameters
	Checks  []Check
	Degree  int
	Library int         // terms it was chosen from
	Neural  *fit.Fitted // the networks, where the search led through them
	Apart   []float64   // of each unknown: rms of formula − network over the network's, along the data
	Extra   *Extra      // the state that Model has beyond the problem's; nil without one

	// What changes with time in it.
	Regimes []changes.Regime // where coefficients change with time; nil where they do not
	Base    *model.Model     // with Regimes: the problem's, with their indicators
	Single  *fit.Fitted      // with Regimes that were found: the best formula without
	Drift   string           // that, and how, coefficients drift with time; empty where they do not

	// What speaks against it.
	Ties     []Tie
	Memory   []string // channels whose noise is correlated for so long that it may be the equations' error
	Steps    []string // sigmoids that may be steps
	Dense    []Dense  // polynomials that are likely approximations
	Lacks    []Lack   // what the equations may lack, the surest first; all tests, also those that find nothing
	Noise    string   // why the data show nothing but noise to an equation that is continuous in time; empty where they show more
	Drifting string   // how coefficients seem to drift with time where no formula passes; empty where they do not

	// Of an ending that is no formula.
	Instead      Instead   // with NeuralOnly
	FormulaOmega float64   // the defect weight of the formula that LeavesDefect
	Unseen       []string  // with UnseenStates: their names
	Draws        int       // with UnseenStates: starts that were drawn for each library
	Changes      []float64 // with RegimesUnsure: when coefficients change

	// The course of the search.
	Tried []Try
	Ways  []WayReport // every way of the search: whether it was tried, why not, and what it found

	trained *fit.Fitted // networks, also those that were no better than the formula
}

// Tie is a formula that the data cannot tell from the chosen one.
type Tie struct {
	Fitted *fit.Fitted
	Delta  float64      // penalised −2 log L above the chosen one's
	Model  *model.Model // with the fitted numbers inside its functions
}

// Check is one reason to trust or distrust a fit.
type Check struct {
	Name string
	OK   bool
	Text string
}

// Try is one road at one degree, for the report.
type Try struct {
	Road   string
	Degree int
	Score  float64
	Terms  int
	Passed bool
}

// Run discovers formulas for every unknown of the engine's model: by libraries,
// and through networks where a model asks for them or no library passes the
// checks. Entries that say in which regime they lie (record.Entry.Regime) may have
// coefficients of their own in each, of libraries: networks know no regimes.
func Run(ctx context.Context, e *fit.Engine, o Options) (*Result, error) {
	if changes.Count(e.Data.Entries) > 1 && !asksForNetwork(e.Data.Model) {
		return searchGiven(ctx, e, o)
	}
	return search(ctx, e, o, waysFor(e.Data.Model))
}

// search walks a list of ways and concludes.
func search(ctx context.Context, e *fit.Engine, o Options, list []place) (*Result, error) {
	f, err := beginSearch(ctx, e, o)
	if err != nil {
		return nil, err
	}
	if f.result.Ending != Searching {
		return f.result, nil
	}
	return f.finish(ctx, list)
}

// beginSearch smooths the data, or draws what a smoother cannot see. Where nothing
// drawn explains the data, the result has a status already.
func beginSearch(ctx context.Context, e *fit.Engine, o Options) (*finder, error) {
	report(e, "smoothing", 0)
	if unseen := e.Data.Unseen(); len(unseen) > 0 {
		return beginFromDraws(ctx, e, o, unseen)
	}
	e, sm, err := e.Clean(ctx)
	if err != nil {
		return nil, err
	}
	held, err := e.SmoothHeld(ctx)
	if err != nil {
		return nil, err
	}
	return &finder{engine: e, options: o.withDefaults(e.Data.Model), path: sm, held: held, result: &Result{Data: e.Data, Smoothed: sm}}, nil
}

// finder is a search over libraries, from a path of the states and unknown
// calls.
type finder struct {
	engine  *fit.Engine
	options Options
	path    *fit.Smoothed
	held    *fit.Smoothed // the path with fitted parameters held, a second start; may be nil
	memory  *Extra        // the extra state that the model has been given; nil without one
	prefix  string        // of the names of its steps
	result  *Result

	indicators []*expr.Expr   // of regimes, or the time of a drift: what terms are multiplied by too; nil while none are known
	drift      *changes.Drift // of coefficients, that explains why no formula passes; nil if none is known

	wary bool // it gives up a library that does not pass the checks as a whole

	pool
}

// consider adds candidates to the pool; better says that one of them is the best so
// far.
func (f *finder) consider(found []*candidate) (better bool) {
	for _, c := range found {
		f.result.Tried = append(f.result.Tried, Try{f.prefix + c.road, c.degree, c.score(), len(c.fit.Terms), c.passed()})
		if f.pool.add(c) {
			better = true
		}
	}
	return better
}

// report tells a monitor, in words for its user, which part of a search is done.
func report(e *fit.Engine, stage string, done float64) {
	if e.Monitor != nil {
		e.Monitor.Stage(stage, done)
	}
}
