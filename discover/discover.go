// Package discover finds formulas for the unknowns of a model: libraries of
// candidate terms, fitted on trajectories and selected by penalised evidence.
package discover

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"govern/discover/changes"
	"govern/discover/terms"
	"govern/expr"
	"govern/fit"
	"govern/journal"
	"govern/model"
	"govern/optim"
	"govern/series"
)

// Result of a discovery.
type Result struct {
	Ending   Ending
	Data     *fit.Data    // the engine's, without the outliers
	Chosen   *fit.Fitted  // on the training entries
	Model    *model.Model // the problem's, with the knots of hinges as fitted parameters
	Ties     []Tie
	Memory   []string // channels whose noise is correlated for so long that it may be the equations' error
	Steps    []string // sigmoids that may be steps
	Dense    []Dense  // polynomials that are likely approximations
	Lacks    []Lack   // what the equations may lack, the surest first; all tests, also those that find nothing
	Checks   []Check
	Degree   int
	Library  int // terms it was chosen from
	Smoothed *fit.Smoothed
	Tried    []Try
	Neural   *fit.Fitted      // the networks, where the search led through them
	Extra    *Extra           // the state that Model has beyond the problem's; nil without one
	Regimes  []changes.Regime // where coefficients change with time; nil where they do not
	Drift    string           // that, and how, coefficients go along with time; empty where they do not
	Single   *fit.Fitted      // with Regimes that were found: the best formula without
	Base     *model.Model     // with Regimes: the problem's, with their indicators
	Apart    []float64        // of each unknown: rms of formula − network over the network's, along the data

	Noise        string    // why the data show nothing but noise to an equation that is continuous in time; empty where they show more
	Drifting     string    // how coefficients seem to go along with time where no formula passes; empty where they do not
	Instead      Instead   // with NeuralOnly
	FormulaOmega float64   // the defect weight of the formula that LeavesDefect
	Unseen       []string  // with UnseenStates: their names
	Draws        int       // with UnseenStates: starts that were drawn for each library
	Changes      []float64 // with RegimesUnsure: when coefficients change

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

// candidate is the outcome of a road.
type candidate struct {
	search *terms.Selection
	fit    *fit.Fitted
	road   string
	degree int
	checks []Check
}

func (c *candidate) score() float64 { return c.search.Score(c.fit) }

func (c *candidate) passed() bool { return passed(c.checks) }

// bends says that a term holds fitted numbers.
func (c *candidate) bends() bool {
	return slices.ContainsFunc(c.fit.Terms, func(t fit.Term) bool { return t.Knots > 0 })
}

// curved says that the formula for unknown u is no polynomial.
func (c *candidate) curved(u int) bool {
	return slices.ContainsFunc(c.fit.Terms, func(t fit.Term) bool { return t.Unknown == u && kindOf(t.Factor) != "" })
}

func passed(checks []Check) bool {
	return !slices.ContainsFunc(checks, func(k Check) bool { return !k.OK })
}

// Run discovers formulas for every unknown of the engine's model: by libraries,
// and through networks where a model asks for them or no library passes the
// checks. Entries that say in which regime they lie (record.Entry.Regime) may have
// coefficients of their own in each, of libraries: networks know no regimes.
func Run(ctx context.Context, e *fit.Engine, o Options) (*Result, error) {
	if changes.Count(e.Data.Entries) > 1 && !asksForNetwork(e.Data.Model) {
		return searchGiven(ctx, e, o)
	}
	return runWith(ctx, e, o, true)
}

// runWith is Run; memory says that a slow hidden state may be added where nothing
// else passes.
func runWith(ctx context.Context, e *fit.Engine, o Options, memory bool) (*Result, error) {
	f, err := beginSearch(ctx, e, o)
	if err != nil {
		return nil, err
	}
	if f.result.Ending != Searching {
		return f.result, nil
	}
	if !asksForNetwork(e.Data.Model) {
		if regimes, err := f.climbOrCut(ctx); err != nil || regimes != nil {
			return regimes, err
		}
		if f.best != nil && f.best.passed() && noiseReason(e.Data, f.best.search.Engine.Data.Model, f.best.fit) != "" {
			return f.conclude(ctx)
		}
		// With every state observed annealing does not end too soon, while a fit that
		// is forced to the smallest defect over several regimes takes minutes.
		early := observesAll(e.Data)
		if early {
			if regimes, err := f.fitDriven(ctx); err != nil || regimes != nil {
				return regimes, err
			}
		}
		if err := f.tryFunctions(ctx); err != nil {
			return nil, err
		}
		if early {
			if regimes, err := f.findRegimes(ctx); err != nil || regimes != nil {
				return regimes, err
			}
		}
		if err := f.retry(ctx); err != nil {
			return nil, err
		}
		if !early {
			if regimes, err := f.fitDriven(ctx); err != nil || regimes != nil {
				return regimes, err
			}
			if regimes, err := f.findRegimes(ctx); err != nil || regimes != nil {
				return regimes, err
			}
		}
		if coloured, err := f.searchColoured(ctx); err != nil || coloured != nil {
			return coloured, err
		}
		if err := f.tryMixtures(ctx); err != nil {
			return nil, err
		}
		if err := f.tryApproximations(ctx); err != nil {
			return nil, err
		}
	}
	if f.best == nil || !f.best.passed() {
		if err := f.searchThroughNetworks(ctx); err != nil {
			return nil, err
		}
	}
	if memory && (f.best == nil || !f.best.passed()) && (f.result.Neural == nil || !passed(checkFit(f.engine.Data, f.result.Neural))) {
		if found, err := f.findExtra(ctx); err != nil || found != nil {
			return found, err
		}
	}
	return f.conclude(ctx)
}

// beginSearch smooths the data, or draws what a smoother cannot see. Where nothing
// drawn explains the data, the result has a status already.
func beginSearch(ctx context.Context, e *fit.Engine, o Options) (*finder, error) {
	report(e, "smooth", 0)
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
	return &finder{engine: e, options: o.withDefaults(e.Data), path: sm, held: held, result: &Result{Data: e.Data, Smoothed: sm}}, nil
}

// conclude is answer, unless that explains nothing.
func (f *finder) conclude(ctx context.Context) (*Result, error) {
	r, err := f.answer(ctx)
	if err == nil {
		r.suspectNoise(f.engine.Data)
	}
	return r, err
}

// answer lists what is tied with the best formula and judges it; without one
// that passes the checks, networks that do are the answer.
func (f *finder) answer(ctx context.Context) (*Result, error) {
	if better, err := f.preferNetworks(ctx); err != nil || better {
		return f.result, err
	}
	e, res, best := f.engine, f.result, f.best
	if res.Neural != nil && (best == nil || !best.passed()) {
		if checked := checkFit(e.Data, res.Neural); passed(checked) {
			res.neuralOnly(e.Data.Model, checked)
			return res, nil
		}
	}
	if best == nil {
		res.Ending = NotStarted
		return res, nil
	}
	var err error
	if best, res.Ties, err = refitTies(ctx, best, f.all, f.options); err != nil {
		return nil, err
	}
	best.checks = checkFit(best.search.Engine.Data, best.fit)
	if best.fit.Driven {
		more, err := testWhiteness(best.search.Engine, best.fit)
		if err != nil {
			return nil, err
		}
		best.checks = append(best.checks, more...)
	}
	res.choose(best)
	others, err := f.findOtherForms(best)
	if err != nil {
		return nil, err
	}
	res.Ties = append(res.Ties, others...)
	slices.SortStableFunc(res.Ties, func(a, b Tie) int { return cmp.Compare(a.Delta, b.Delta) })
	if res.Dense, err = f.findDense(best); err != nil {
		return nil, err
	}
	if res.Steps, err = f.findSteps(best); err != nil {
		return nil, err
	}
	if res.Neural != nil {
		if res.Apart, err = best.distancesToNetworks(e.Data, f.path); err != nil {
			return nil, err
		}
	}
	if res.Lacks, err = findLacks(ctx, best.search.Engine, best.fit); err != nil {
		return nil, err
	}
	if f.drift != nil {
		res.Drifting = f.drift.String()
	}
	return res, nil
}

// preferNetworks says whether networks are the answer although the best formula passes
// the checks: it leaves a defect, or has not converged, and networks explain the
// data clearly better with half of the defect. Such a formula is an approximation.
func (f *finder) preferNetworks(ctx context.Context) (bool, error) {
	e, best := f.engine, f.best
	if best == nil || !best.passed() || best.fit.Driven || len(f.indicators) > 0 || !allowsNetwork(e.Data.Model) || f.options.Roads != "both" {
		return false, nil
	}
	open := best.fit.Status == optim.IterationLimit || best.fit.Status == optim.Stalled
	if best.fit.Omega <= 2*fit.OmegaEnd && !open {
		return false, nil
	}
	net := f.result.Neural
	if net == nil {
		var err error
		if net, err = f.trainNetworks(ctx); err != nil {
			return false, err
		}
	}
	checked := checkFit(e.Data, net)
	if !series.Finite(net.Evidence) || !passed(checked) || net.Omega > best.fit.Omega/2 && !open || net.Evidence > best.score()-f.options.Tie {
		return false, nil
	}
	if f.result.Neural == nil { // what the network says is smoother than the path that the formula was sought on
		if err := f.adoptNetworks(net); err != nil {
			return false, err
		}
		if err := f.tryFunctions(ctx); err != nil {
			return false, err
		}
		if f.best != best {
			return f.preferNetworks(ctx)
		}
	}
	f.result.Neural = net
	f.result.neuralOnly(e.Data.Model, checked)
	f.result.Instead, f.result.FormulaOmega = LeavesDefect, best.fit.Omega
	return true, nil
}

// choose makes a formula the answer.
func (r *Result) choose(c *candidate) {
	r.Ending, r.Model = Formula, c.search.Engine.Data.Model
	r.Chosen, r.Checks, r.Degree, r.Library = c.fit, c.checks, c.degree, len(c.search.Library)
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

	best *candidate
	all  []*candidate
}

// consider adds the outcomes of roads; better says that one of them is the best
// so far.
func (f *finder) consider(found []*candidate) (isBetter bool) {
	for _, c := range found {
		f.all = append(f.all, c)
		f.result.Tried = append(f.result.Tried, Try{f.prefix + c.road, c.degree, c.score(), len(c.fit.Terms), c.passed()})
		if series.Finite(c.score()) && (f.best == nil || better(c, f.best)) {
			f.best, isBetter = c, true
		}
	}
	return isBetter
}

// libraries tries libraries of rising degree until one more promises nothing.
func (f *finder) libraries(ctx context.Context) error {
	return f.climb(ctx, degrees{1, f.options.Degree}, nil)
}

// climb is libraries between two degrees. After each degree the search may be
// left: where after, if it is given, says so.
func (f *finder) climb(ctx context.Context, which degrees, after func(degree int) (leave bool, err error)) error {
	for degree := which.from; degree <= which.to; degree++ {
		library, same := terms.Libraries(f.engine.Data.Model, degree)
		library = terms.Multiplied(library, f.indicators)
		if degree > which.from && same {
			break // every library is given: one round
		}
		s := terms.NewSelection(f.engine, library, f.options.Penalty)
		name := fmt.Sprintf("%sdegree-%d", f.prefix, degree)
		if f.best != nil && f.best.passed() && !f.best.exhausted() {
			more, err := s.Promises(ctx, name+"/promise", f.best.fit)
			if err != nil {
				return err
			}
			if !more {
				break
			}
		}
		found, err := f.tryLibrary(ctx, s, name, degree, f.path)
		if err != nil {
			return err
		}
		if f.held != nil {
			more, err := f.tryLibrary(ctx, s, name+"-held", degree, f.held)
			if err != nil {
				return err
			}
			found = append(found, more...)
		}
		if !f.consider(found) && f.best != nil && f.best.passed() {
			break
		}
		if after != nil {
			if leave, err := after(degree); leave || err != nil {
				return err
			}
		}
	}
	return nil
}

// exhausted says that a formula needs most of its library for some unknown and still
// leaves a defect, or has not come to rest: it follows the data with what it has, and a profile at such a fit says
// nothing of a larger library.
func (c *candidate) exhausted() bool {
	if c.fit.Omega <= 2*fit.OmegaEnd && c.fit.Status == optim.Converged {
		return false
	}
	const most = 0.75
	of, kept := map[int]float64{}, map[int]float64{}
	for _, t := range c.search.Library {
		of[t.Unknown]++
	}
	for _, t := range c.fit.Terms {
		kept[t.Unknown]++
	}
	for u, n := range kept {
		if n >= most*of[u] {
			return true
		}
	}
	return false
}

// tryLibrary runs the roads of a degree from a path. A wary search takes none where the
// whole library does not explain the data.
func (f *finder) tryLibrary(ctx context.Context, s *terms.Selection, name string, degree int, path *fit.Smoothed) ([]*candidate, error) {
	if f.wary && len(s.Library) > 0 {
		var err error
		if s.Started, err = s.StartAll(ctx, name+"/full", path); err != nil || !passed(checkFit(f.engine.Data, s.Started)) {
			return nil, err
		}
		defer func() { s.Started = nil }() // it belongs to this path
	}
	return roads(ctx, s, name, degree, f.options, path)
}

// retry goes on from the best fit where it has not come to rest at the smallest
// defect. Annealing ends where the evidence worsens, and may have ended too soon:
// with hidden states under much noise a fit with loose defects follows the data
// along a narrow valley in which a few dozen steps lead nowhere. At the smallest
// defect, with the chosen terms and with the whole library, it must explain them.
// A function with fitted numbers inside that passes has come further than that.
func (f *finder) retry(ctx context.Context) error {
	for round := range againRounds {
		c := f.best
		if f.engine.Options.Omega > 0 || c == nil || c.fit.Status == optim.Failed || c.passed() && (c.bends() || c.fit.Driven) || c.fit.Omega <= againDefect && c.fit.Status == optim.Converged {
			return nil
		}
		s := c.search
		var found []*candidate
		for _, road := range []string{"chosen", "full"} {
			start := c.fit
			if road == "full" {
				theta := make([]float64, len(s.Library), len(s.Library)+len(c.fit.Parameters))
				for i, t := range c.fit.Terms {
					theta[s.Index[t.Key()]] = c.fit.Coefficients[i]
				}
				start = s.Near(c.fit, terms.All(len(s.Library)), append(theta, c.fit.Parameters...))
			}
			name := fmt.Sprintf("%sagain-%d/%s", f.prefix, round, road)
			report(s.Engine, name, 0.7)
			g, err := s.Engine.Trajectory(ctx, name+"/first", start, fit.Schedule{To: fit.OmegaEnd, Iterations: againIterations, Noise: true})
			if err != nil {
				return err
			}
			if g.Status == optim.Failed {
				continue
			}
			if g, err = s.Settle(ctx, name, g); err != nil {
				return err
			}
			found = append(found, &candidate{search: s, fit: g, road: "again, " + road, degree: c.degree, checks: checkFit(s.Engine.Data, g)})
		}
		if !f.consider(found) {
			return nil
		}
	}
	return nil
}

// bestPlain is the best formula without fitted numbers inside; nil without one.
func (f *finder) bestPlain() *candidate {
	var best *candidate
	for _, c := range f.all {
		if !c.bends() && c.fit.Status != optim.Failed && series.Finite(c.score()) && (best == nil || better(c, best)) {
			best = c
		}
	}
	return best
}

// searchColoured searches once more where a formula that passes leaves correlated noise,
// which it took for white and so believed too much, or a defect, which may have followed
// such noise, or where such noise explains that nothing passes; nil where it does not, or where nothing passes then either.
func (f *finder) searchColoured(ctx context.Context) (*Result, error) {
	c := f.best
	if c == nil || c.fit.Status == optim.Failed {
		return nil, nil
	}
	if c.passed() && (c.fit.Omega <= againDefect || c.fit.Driven) {
		if correlated, err := c.search.Engine.Correlated(c.fit); err != nil || !correlated {
			return nil, err
		}
	}
	entries, err := c.search.Engine.Coloured(ctx, f.prefix+"coloured", c.fit)
	if plain := f.bestPlain(); err == nil && entries == nil && plain != nil && c.bends() { // it may have bent along the noise
		entries, err = plain.search.Engine.Coloured(ctx, f.prefix+"coloured-plain", plain.fit)
	}
	if err != nil || entries == nil {
		return nil, err
	}
	e := *f.engine
	if e.Data, err = fit.Prepare(f.engine.Data.Model, entries); err != nil {
		return nil, err
	}
	if e.Journal != nil {
		e.Journal = journal.Under("coloured", e.Journal)
	}
	var r *Result
	if len(f.indicators) > 0 {
		r, err = runIn(ctx, &e, f.options, f.indicators)
	} else {
		r, err = runWith(ctx, &e, f.options, false)
	}
	if err != nil || !r.Trusted() {
		return nil, err
	}
	if r.Memory = longMemories(r.Data); len(r.Memory) > 0 { // of the equations, more likely
		if r.Lacks, err = findLacks(ctx, c.search.Engine, c.fit); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// longMemories are the channels whose noise would have to remember for longer than the
// characteristic time of the motion.
func longMemories(d *fit.Data) []string {
	var out []string
	for _, c := range d.Channels {
		if c.Correlation <= 0 {
			continue
		}
		samples := -1 / math.Log(c.Correlation)
		if perTime := d.SamplesPerCycle() / 4; samples > perTime {
			out = append(out, fmt.Sprintf("the noise of %s would have to remember for %.2g characteristic times: equations that are slightly wrong look like that", c.Label(), samples/perTime))
		}
	}
	return out
}

// A fit whose defect is above againDefect is fitted again, and what comes of it
// too, againRounds times at most.
const (
	againDefect     = 5e-3
	againRounds     = 2
	againIterations = 100
)

// resmooth smooths again with the fitted parameters at the best candidate's, where
// that has moved them: a path smoothed with others bends the unknowns.
func (f *finder) resmooth(ctx context.Context) error {
	m := f.engine.Data.Model
	given := m.FittedNames()
	one := slices.ContainsFunc(m.Unknowns, func(u model.Unknown) bool { return len(u.Arguments) == 1 && u.Library == nil })
	if f.best == nil || !series.Finite(f.best.score()) || f.prefix != "" || f.memory != nil || len(f.engine.Data.Unseen()) > 0 || len(given) == 0 || !one || f.best.search.Engine.Data.Model != m {
		return nil
	}
	moved := false
	for i, v := range f.best.fit.Parameters {
		was := f.path.Parameters[i]
		moved = moved || math.Abs(v-was) > resmoothShare*math.Max(math.Abs(v), math.Abs(was))
	}
	if !moved {
		return nil
	}
	sm, err := f.engine.SmoothAt(ctx, "smooth-again", f.best.fit.Parameters)
	if err == nil {
		f.path = sm
	}
	return err
}

// resmoothShare is the relative change of a parameter that is worth another
// smoothing.
const resmoothShare = 0.05

// tryFunctions tries what polynomials of one argument only approximate: a function
// that bends, piecewise linear ones, then another bend beside the best.
func (f *finder) tryFunctions(ctx context.Context) error {
	if err := f.resmooth(ctx); err != nil {
		return err
	}
	for u, unknown := range f.engine.Data.Model.Unknowns {
		if len(unknown.Arguments) != 1 || unknown.Library != nil {
			continue
		}
		if _, err := f.tryShape(ctx, u, 0); err != nil {
			return err
		}
		if f.doubtful(u, leastHinge) || f.best.curved(u) {
			if err := f.tryHinges(ctx, u); err != nil {
				return err
			}
		}
		if _, err := f.tryShape(ctx, u, 1); err != nil {
			return err
		}
	}
	return nil
}

// tryMixtures tries functions that bend in unknowns of several arguments, where
// nothing else passes the checks.
func (f *finder) tryMixtures(ctx context.Context) error {
	for u, unknown := range f.engine.Data.Model.Unknowns {
		if len(unknown.Arguments) < 2 || unknown.Library != nil || f.best != nil && f.best.passed() {
			continue
		}
		for round := range 2 {
			better, err := f.tryShape(ctx, u, round)
			if err != nil {
				return err
			}
			if !better {
				break
			}
		}
	}
	return nil
}

// What the cheapest function of a kind costs in terms and fitted numbers inside
// them: a bend at its canonical numbers and what stands beside it, two bends, a
// kink and a constant.
const (
	leastBend  = 2
	leastBends = 5
	leastHinge = 3
)

// doubtful says that a function of the given cost could be better than what the
// best candidate has for unknown u.
func (f *finder) doubtful(u, cost int) bool {
	if f.best == nil || !f.best.passed() || f.best.fit.Omega > 2*fit.OmegaEnd {
		return true
	}
	have := 0
	for _, t := range f.best.fit.Terms {
		if t.Unknown == u {
			have += 1 + t.Knots
		}
	}
	return have > cost
}

// better prefers a lower score; a fit that passes the checks goes before one
// that does not.
func better(a, b *candidate) bool {
	if a.passed() != b.passed() {
		return a.passed()
	}
	return a.score() < b.score()-1e-3
}

func (o Options) withDefaults(d *fit.Data) Options {
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
		for _, u := range d.Model.Unknowns {
			few = few && len(u.Arguments) <= 2
		}
		if few {
			o.Degree = 4
		}
	}
	return o
}

// tieTrials bounds the neighbours that are refitted for the tie list.
const tieTrials = 12

// refitTies refits the neighbours of the best formula that the quadratic profile
// cannot exclude, and the other roads' formulas. A neighbour that turns out
// better becomes the best, and the search goes on from there.
func refitTies(ctx context.Context, best *candidate, all []*candidate, o Options) (*candidate, []Tie, error) {
	s := best.search
	e := s.Engine
	if len(s.Library) == 0 {
		return best, nil, nil
	}
	for round := range 5 {
		f := best.fit
		report(e, "ties", 0.75)
		prof, err := e.Profile(ctx, fmt.Sprintf("ties-%d/profile", round), f, s.Library)
		if err != nil {
			return nil, nil, err
		}
		q := terms.NewQuadratic(prof, s.Cost)
		here := q.Solve(s.Active(f))
		var trials []terms.Move
		for _, m := range q.Neighbours(&here) {
			if m.Loss < here.Loss+o.Tie+6 && len(trials) < tieTrials {
				trials = append(trials, m)
			}
		}
		for _, c := range all {
			if a, ok := s.Translate(c.fit); ok && !slices.Equal(a, here.Active) && series.Finite(c.score()) && c.score() < best.score()+o.Tie+30 {
				trials = append(trials, terms.Move{Active: a})
			}
		}
		var out []Tie
		var winner *fit.Fitted
		seen := [][]bool{here.Active}
		for k, m := range trials {
			if slices.ContainsFunc(seen, func(a []bool) bool { return slices.Equal(a, m.Active) }) {
				continue
			}
			seen = append(seen, m.Active)
			g, err := e.Trajectory(ctx, fmt.Sprintf("ties-%d/try-%02d", round, k), s.Near(f, m.Active, q.Solve(m.Active).Theta),
				fit.Schedule{To: f.Omega, Iterations: terms.RefitIterations})
			if err != nil {
				return nil, nil, err
			}
			delta := s.Loss(g) - s.Loss(f)
			if delta < -1e-3 && (winner == nil || s.Loss(g) < s.Loss(winner)) {
				winner = g
			}
			if delta < o.Tie {
				out = append(out, Tie{g, math.Max(delta, 0), e.Data.Model})
			}
		}
		if winner == nil {
			slices.SortStableFunc(out, func(a, b Tie) int { return cmp.Compare(a.Delta, b.Delta) })
			return best, out, nil
		}
		settled, err := s.Settle(ctx, fmt.Sprintf("ties-%d/settle", round), winner)
		if err != nil {
			return nil, nil, err
		}
		best = &candidate{search: s, fit: settled, road: best.road, degree: best.degree}
	}
	return best, nil, nil
}

// checkFit judges a fit by its own residuals: noise at its cap, or more loss than
// samples, mark a model that is not finished.
func checkFit(d *fit.Data, f *fit.Fitted) []Check {
	var out []Check
	if f == nil || !series.Finite(f.Evidence) {
		return []Check{{"converged", false, "the fit did not converge"}}
	}
	for i, c := range d.Channels {
		if c.Given || c.Count == 0 {
			continue
		}
		ratio := f.Sigma[i] / c.Slow
		limit := 1.07 + 3/math.Sqrt(2*float64(c.Count))
		out = append(out, Check{"noise " + c.Label(), ratio <= limit,
			fmt.Sprintf("the residual of %s is %.3g times the noise that its own differences show (limit %.3g)", c.Label(), ratio, limit)})
	}
	n := float64(d.Observations())
	effective := 0.0 // correlated samples count for less
	for _, c := range d.Channels {
		effective += float64(c.Count) / (c.Inflation() * c.Inflation())
	}
	per := f.Objective / effective
	width := math.Max(0.05, 3*math.Sqrt(2/n))
	ok := per <= 1+width && (per >= 1-width || anyFloored(d, f))
	out = append(out, Check{"loss", ok, fmt.Sprintf("the loss is %.3g a sample (expected %.3g to %.3g)", per, 1-width, 1+width)})
	if f.Driven {
		return out
	}
	out = append(out, Check{"defect", f.Omega <= largestDefect,
		fmt.Sprintf("the equations need corrections of %.2g standard deviations a characteristic time (limit %.2g)", f.Omega, largestDefect)})
	return out
}

// largestDefect is the defect weight above which a model does not explain the
// motion but follows it: wrong libraries end at 0.1 to 1, a measured circuit under
// its right equations at 0.014, exact simulations at 0.001.
const largestDefect = 0.05

// anyFloored says that a channel is so clean that its noise is an assumption;
// then the loss has no lower bound.
func anyFloored(d *fit.Data, f *fit.Fitted) bool {
	for i, c := range d.Channels {
		if f.Sigma[i] <= c.Floor*1.0001 {
			return true
		}
	}
	return false
}

func report(e *fit.Engine, stage string, done float64) {
	if e.Monitor != nil {
		e.Monitor.Stage(stage, done)
	}
}
