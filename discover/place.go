package discover

import (
	"context"
	"fmt"
	"math"
	"slices"

	"govern/expr"
	"govern/fit"
	"govern/model"
	"govern/record"
	"govern/series"
)

// placing finds where regimes of a result meet: a motion that changes from one to
// the next is fitted to the data around the change for every place that comes into
// question. Between, the state goes on; that says most about the place.
type placing struct {
	engine  *fit.Engine
	from    *fit.Data // where noise and cycle come from
	closed  *model.Model
	regimes []Regime
	sigma   []float64
	scale   []float64
	omega   float64 // defect weight of the motion
	reach   float64 // cycles of the record on both sides of the change
	others  [2]int  // of the record, between which samples no other change lies; zeros: nothing known
	cut     *fitted // coefficients may move as far as the rest of the record lets them; nil: not at all
}

// fitted is a result's formula on stretches of a record.
type fitted struct {
	*fit.Fitted
	data *fit.Data
	lies []fit.Block // where the data's entries lie in the record's
}

// found is a place with its 95 % interval: the sample with which a regime begins.
// Excess is how many standard deviations more than chance the best motion through it
// costs.
type found struct {
	at, low, high int
	excess        float64
}

// placeable says that the formulas of a result have no numbers inside functions.
func placeable(r *Result) bool {
	return r.Chosen != nil && !slices.ContainsFunc(r.Chosen.Terms, func(t fit.Term) bool { return t.Knots > 0 })
}

func newPlacing(e *fit.Engine, d *fit.Data, r *Result) (*placing, error) {
	closed, err := closedBy(r)
	if err != nil {
		return nil, err
	}
	p := &placing{engine: e, from: d, closed: closed, regimes: r.Regimes, scale: r.Chosen.Scale, omega: math.Max(r.Chosen.Omega, placeOmega), reach: placeBefore}
	if p.omega < fit.OmegaEnd/2 {
		p.reach = placeLong
	}
	p.sigma = d.Sigmas()
	for i, c := range d.Channels {
		if j := r.Data.IndexOf(c); j >= 0 && j < len(r.Chosen.Sigma) {
			p.sigma[i] = r.Chosen.Sigma[j]
		}
	}
	return p, nil
}

// Around a place that is roughly known it is sought within placeAround cycles, in
// records that begin and end placeBefore cycles from it: first every placeStep-th
// of a cycle, then in placeFine steps or sample by sample where that has left it. One
// that formulas have given before is sought again within placeNear cycles. Where its
// interval reaches the end of these it is sought around there, placeFar times at most.
const (
	placeBefore = 3
	placeAround = 1.6
	placeNear   = 0.4
	placeStep   = 6
	placeFine   = 24
	placeFar    = 4
)

// placeLong is placeBefore where hardly any defects separate what lies far from the
// change from it: in chaos that says more than what lies near.
const placeLong = 8

// placeOmega is the lowest defect weight of a motion through a change: what lower ones
// say of the place is the same, but for the errors of coefficients.
const placeOmega = 1e-4

// sharp is place with as few defects as the data bear: where even the best motion
// costs more than chance lets it the place may lie between samples, or coefficients
// are not known well enough, and more defects are allowed.
func (p *placing) sharp(ctx context.Context, name string, whole record.Entry, low, high, k int, around float64) (found, error) {
	for round := 0; ; round++ {
		at, err := p.place(ctx, fmt.Sprintf("%s/omega-%d", name, round), whole, low, high, k, around)
		if err != nil || at.excess < placeSure || p.omega >= fit.OmegaEnd {
			return at, err
		}
		less := *p
		if less.omega *= placeLess; less.omega >= fit.OmegaEnd {
			less.omega, less.reach = fit.OmegaEnd, placeBefore
		}
		p = &less
	}
}

// placeSure standard deviations more than chance are too much for a motion through a
// change; placeLess times the defects are tried then.
const (
	placeSure = 5
	placeLess = 3.2
)

// place of the change from regime k, counted from 1, to the next, within so many
// cycles of samples low to high of a record. The loss hardly has a minimum but that at
// the change: on both sides of it a formula has to explain what the other one made.
func (p *placing) place(ctx context.Context, name string, whole record.Entry, low, high, k int, around float64) (found, error) {
	cycle := p.from.SamplesPerCycle()
	step := max(int(cycle*math.Min(around, 1)/placeStep), 1)
	at := (low + high) / 2
	reach := int(around*cycle) + (high-low)/2
	best, err := p.among(ctx, name, whole, at, k, at-reach, at+reach, step)
	for far := 1; err == nil && far < placeFar && (best.low < at-reach+step && best.low > step || best.high > at+reach-step && best.high < len(whole.Times)-step); far++ {
		at = best.at
		best, err = p.among(ctx, fmt.Sprintf("%s/far-%d", name, far), whole, at, k, at-reach, at+reach, step)
	}
	if err != nil || step == 1 {
		return best, err
	}
	return p.among(ctx, name+"/fine", whole, best.at, k, best.low-step, best.high+step, max((best.high-best.low+2*step)/placeFine, 1))
}

// among weighs the places from … to, step apart, with their likelihoods.
func (p *placing) among(ctx context.Context, name string, whole record.Entry, at, k, from, to, step int) (found, error) {
	n := len(whole.Times)
	first, last := p.around(from, to, n)
	out := found{at: at, low: at, high: at}
	if last-first < 8 {
		return out, nil
	}
	var entries []record.Entry
	var places []int
	for i := max(from, first+2); i <= min(to, last-2); i += step {
		e := whole.Slice(first, last)
		e.Name, e.Set = fmt.Sprintf("%s@%d", whole.Name, i), nil
		signal := make([]float64, last-first)
		for j := range signal {
			if first+j >= i {
				signal[j] = 1
			}
		}
		e.Inputs = append(e.Inputs, signal)
		entries, places = append(entries, e), append(places, i)
	}
	if len(entries) == 0 {
		return out, nil
	}
	for i := range entries {
		entries[i].Set = p.conditions(whole.Set)
	}
	losses, path, err := p.losses(ctx, name, switching(p.closed, p.regimes, k), entries)
	if err == nil && p.cut != nil {
		losses, err = p.adapted(ctx, k, entries, path, p.elsewhere(whole, first, last))
	}
	if err != nil {
		return out, err
	}
	lowest := slices.Min(losses)
	if !series.Finite(lowest) {
		return out, nil
	}
	count := 0.0
	for _, c := range entries[0].Channels {
		for _, v := range c.Values {
			if !math.IsNaN(v) {
				count++
			}
		}
	}
	out.excess = (lowest - count) / math.Sqrt(2*count)
	weights := make([]float64, len(places))
	sum, mean := 0.0, 0.0
	for i, v := range losses {
		weights[i] = math.Exp((lowest - v) / 2)
		sum, mean = sum+weights[i], mean+weights[i]*float64(places[i])
	}
	out.at = int(math.Round(mean / sum))
	out.low, out.high = places[0], places[len(places)-1]
	below := 0.0
	for i, w := range weights {
		if below/sum < 0.025 {
			out.low = places[i]
		}
		if below += w; below/sum >= 0.975 {
			out.high = places[i]
			break
		}
	}
	out.low, out.high = min(out.low, out.at), max(out.high, out.at)
	return out, nil
}

// around are the samples of n that motions through a change between two of them go
// through: placeBefore cycles on both sides, and more where no other change is near.
func (p *placing) around(from, to, n int) (first, last int) {
	cycle := p.from.SamplesPerCycle()
	near, far := int(placeBefore*cycle), int(p.reach*cycle)
	first, last = from-far, to+far
	if p.others[1] > 0 {
		first, last = max(first, p.others[0]), min(last, p.others[1])
	}
	return max(min(first, from-near), 0), min(max(last, to+near), n)
}

// conditions are those of a record without the indicators of regimes.
func (p *placing) conditions(set map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for name, v := range set {
		if !slices.ContainsFunc(p.regimes, func(r Regime) bool { return r.Name == name }) {
			out[name] = v
		}
	}
	return out
}

// losses are the −2 log likelihoods of entries under a closed model, and the paths of
// its states.
func (p *placing) losses(ctx context.Context, name string, m *model.Model, entries []record.Entry) (losses []float64, path [][]float64, err error) {
	data, err := fit.Prepare(m, entries)
	if err != nil {
		return nil, nil, err
	}
	engine := &fit.Engine{Data: data, Options: p.engine.Options, Workers: p.engine.Workers, Journal: p.engine.Journal}
	engine.Options.Omega = p.omega
	located, err := engine.Locate(ctx, name, p.noise(data), p.scale)
	if err != nil {
		return nil, nil, err
	}
	losses = make([]float64, len(entries))
	for i, e := range entries {
		if losses[i] = located.Loss[i] * float64(len(e.Times)*len(data.Channels)); math.IsNaN(losses[i]) {
			losses[i] = math.Inf(1)
		}
	}
	return losses, located.Path, nil
}

// noise is that of the result, channel by channel of other data.
func (p *placing) noise(data *fit.Data) []float64 {
	sigma := data.Sigmas()
	for i, info := range data.Channels {
		if j := p.from.IndexOf(info); j >= 0 {
			sigma[i] = p.sigma[j]
		}
	}
	return sigma
}

// adapted are the losses of motions that switch from regime k to the next with
// coefficients at their best for every place, near those of the result: what entries
// say of them joins what the rest of the record does. Otherwise errors of
// coefficients, which grow along a chaotic motion, would decide on the place.
func (p *placing) adapted(ctx context.Context, k int, entries []record.Entry, path [][]float64, rest []fit.Block) ([]float64, error) {
	in := indicatorsAt(p.regimes, k)
	data, err := fit.Prepare(switching(p.cut.data.Model, p.regimes, k), entries)
	if err != nil {
		return nil, err
	}
	library := slices.Clone(p.cut.Terms)
	for i := range library {
		library[i].Factor = expr.Substitute(library[i].Factor, in)
	}
	theta := slices.Concat(p.cut.Coefficients, p.cut.Parameters)
	at := *p.cut.Fitted
	at.Omega = p.omega
	known, err := (&fit.Engine{Data: p.cut.data, Options: p.engine.Options, Workers: p.engine.Workers}).Triangles(ctx, &at, p.cut.Terms, theta, rest)
	if err != nil {
		return nil, err
	}
	at.Nodes, at.Sigma = path, p.noise(data)
	blocks := make([]fit.Block, len(entries))
	for i, e := range entries {
		blocks[i] = fit.Block{Entry: i, From: 0, To: len(e.Times)}
	}
	triangles, err := (&fit.Engine{Data: data, Options: p.engine.Options, Workers: p.engine.Workers}).Triangles(ctx, &at, library, theta, blocks)
	if err != nil {
		return nil, err
	}
	others := newStack(len(theta))
	for _, t := range known {
		others.push(t)
	}
	losses := make([]float64, len(entries))
	for i, t := range triangles {
		all := &stack{others.p, slices.Clone(others.a)}
		all.push(t)
		if losses[i] = all.residual() - others.residual(); math.IsNaN(losses[i]) {
			losses[i] = math.Inf(1)
		}
	}
	return losses, nil
}

// elsewhere are the stretches that lie outside of samples first to last of a record.
func (p *placing) elsewhere(whole record.Entry, first, last int) []fit.Block {
	const least = 4 // samples
	var out []fit.Block
	for i, b := range p.cut.lies {
		add := func(from, to int) {
			if to-from >= least {
				out = append(out, fit.Block{Entry: i, From: from - b.From, To: to - b.From})
			}
		}
		if p.from.Entries[b.Entry].Name != whole.Name {
			add(b.From, b.To)
			continue
		}
		add(b.From, min(b.To, first))
		add(max(b.From, last), b.To)
	}
	return out
}

// bracketBlocks blocks of bracketCycles cycles say between which two of them a
// change lies, and again between these.
const (
	bracketBlocks = 24
	bracketCycles = 3
)

// bracket narrows down where, from sample low to sample high of a record, regime k
// gives way to the next, until placeAround cycles hold it: few blocks of the record
// under both formulas. It takes the change to be the only one there.
func (p *placing) bracket(ctx context.Context, name string, whole record.Entry, k, low, high int) (int, error) {
	cycle := p.from.SamplesPerCycle()
	length := int(math.Max(bracketCycles*cycle, 12))
	before, after := p.inRegime(k), p.inRegime(k+1)
	for round := 0; float64(high-low) > 2*placeAround*cycle; round++ {
		var entries []record.Entry
		var centres []int
		for b := range bracketBlocks {
			centre := low + (high-low)*(2*b+1)/(2*bracketBlocks)
			from := min(max(centre-length/2, 0), max(len(whole.Times)-length, 0))
			e := whole.Slice(from, min(from+length, len(whole.Times)))
			e.Set = p.conditions(whole.Set)
			entries, centres = append(entries, e), append(centres, centre)
		}
		old, _, err := p.losses(ctx, fmt.Sprintf("%s/%d-before", name, round), before, entries)
		if err != nil {
			return 0, err
		}
		fresh, _, err := p.losses(ctx, fmt.Sprintf("%s/%d-after", name, round), after, entries)
		if err != nil {
			return 0, err
		}
		sum, best, at := 0.0, 0.0, 0
		for b := range entries {
			if sum += old[b] - fresh[b]; sum < best {
				best, at = sum, b+1
			}
		}
		margin := max((high-low)/bracketBlocks, length/2)
		left, right := low, high
		if at > 0 {
			left = max(centres[at-1]-margin/2, low)
		}
		if at < len(centres) {
			right = min(centres[at]+margin/2, high)
		}
		if right-left >= (high-low)*9/10 {
			return (left + right) / 2, nil
		}
		low, high = left, right
	}
	return (low + high) / 2, nil
}

// inRegime is the closed model of one regime.
func (p *placing) inRegime(number int) *model.Model {
	values := map[string]float64{}
	for _, r := range p.regimes {
		if r.Name != "" {
			if values[r.Name] = 0; r.Number == number {
				values[r.Name] = 1
			}
		}
	}
	return p.closed.WithParameters(values)
}

// moveChange sets where regime k of a record ends and the next begins.
func moveChange(regimes []Regime, whole record.Entry, k int, at found) {
	for i := range regimes {
		if regimes[i].Entry != whole.Name {
			continue
		}
		switch regimes[i].Number {
		case k:
			regimes[i].To = whole.Times[at.at]
		case k + 1:
			regimes[i].From = whole.Times[at.at]
			regimes[i].Low, regimes[i].High = whole.Times[max(at.low-1, 0)], whole.Times[at.high]
		}
	}
}

// Places finds on whole records when the regimes of a result begin that was found
// on part of the samples, such as excerpts: on every change that lies within a
// record, first between which of few blocks, then by the motion that goes on through
// it. The result's regimes come back with their times; changes that lie between
// records stay. Engine gives options, workers and journal.
func Places(ctx context.Context, e *fit.Engine, r *Result, records []record.Entry) ([]Regime, error) {
	if len(r.Regimes) == 0 || !placeable(r) {
		return r.Regimes, nil
	}
	d, err := fit.Prepare(r.Model, records)
	if err != nil {
		return nil, err
	}
	p, err := newPlacing(e, d, r)
	if err != nil {
		return nil, err
	}
	p.cut = &fitted{r.Chosen, r.Data, partsOf(r.Data.Entries, records)}
	if len(p.cut.lies) < len(r.Data.Entries) {
		p.cut = nil
	}
	out := slices.Clone(r.Regimes)
	for i, next := range r.Regimes {
		for _, before := range r.Regimes[:i] {
			if before.Entry != next.Entry || before.Number != next.Number-1 {
				continue
			}
			for k, whole := range records {
				if whole.Name != next.Entry || whole.Times[0] > before.To || whole.Times[len(whole.Times)-1] < next.From {
					continue
				}
				margin := int(placeAround * d.SamplesPerCycle())
				low, _ := slices.BinarySearch(whole.Times, before.To)
				high, _ := slices.BinarySearch(whole.Times, next.From)
				name := fmt.Sprintf("places-%d-%d", k, before.Number)
				at, err := p.bracket(ctx, name, whole, before.Number, max(low-margin/2, 0), min(high+margin/2, len(whole.Times)-1))
				if err != nil {
					return nil, err
				}
				where, err := p.sharpest(ctx, name, whole, at, before.Number)
				if err != nil {
					return nil, err
				}
				moveChange(out, whole, before.Number, where)
			}
		}
	}
	return out, nil
}

// sharpest is place with as few defects as any motion bears, where what the rest of the
// record says of the coefficients is known.
func (p *placing) sharpest(ctx context.Context, name string, whole record.Entry, at, k int) (found, error) {
	rough, err := p.place(ctx, name, whole, at, at, k, placeAround)
	if err != nil || p.cut == nil || p.omega > fit.OmegaEnd {
		return rough, err
	}
	fine := *p
	fine.omega, fine.reach = placeOmega, placeLong
	return fine.sharp(ctx, name, whole, rough.low, rough.high, k, placeNear)
}

// partsOf says where entries that are parts of records lie in them; those that are of
// none are left out.
func partsOf(entries, records []record.Entry) []fit.Block {
	var out []fit.Block
	for _, e := range entries {
		for k, r := range records {
			from, exact := slices.BinarySearch(r.Times, e.Times[0])
			to := from + len(e.Times)
			if r.Name == e.Name && exact && to <= len(r.Times) && r.Times[to-1] == e.Times[len(e.Times)-1] {
				out = append(out, fit.Block{Entry: k, From: from, To: to})
				break
			}
		}
	}
	return out
}
