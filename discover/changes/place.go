package changes

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

// placing finds where regimes of a formula meet: a motion that changes from one to
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
	known   *fitted // coefficients may move as far as the rest of the record lets them; nil: not at all
}

// fitted is a formula fitted to stretches of a record.
type fitted struct {
	*fit.Fitted
	data *fit.Data
	lies []fit.Block // where the data's entries lie in the record's
}

// found is a place with its 95 % interval: the sample with which a regime starts.
// Excess is how many standard deviations more than chance the best motion through it
// costs.
type found struct {
	at, low, high int
	excess        float64
}

func newPlacing(e *fit.Engine, d *fit.Data, f Formula) (*placing, error) {
	closed, err := f.closed()
	if err != nil {
		return nil, err
	}
	p := &placing{engine: e, from: d, closed: closed, regimes: f.Regimes, scale: f.Fit.Scale, omega: math.Max(f.Fit.Omega, placeOmega), reach: placeBefore}
	if p.omega < fit.OmegaEnd/2 {
		p.reach = placeLong
	}
	p.sigma = d.Sigmas()
	for i, c := range d.Channels {
		if j := f.Data.IndexOf(c); j >= 0 && j < len(f.Fit.Sigma) {
			p.sigma[i] = f.Fit.Sigma[j]
		}
	}
	return p, nil
}

// Around a place that is roughly known it is sought within PlaceAround cycles, in
// records that start and end placeBefore cycles from it: first every placeStep-th
// of a cycle, then in placeFine steps or sample by sample where that has left it. One
// that formulas have given before is sought again within PlaceNear cycles. Where its
// interval reaches the end of these it is sought around there, placeFar times at most.
const (
	placeBefore = 3
	PlaceAround = 1.6
	PlaceNear   = 0.4
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

// placeTightly is place with as few defects as the data bear: where even the best motion
// costs more than chance lets it the place may lie between samples, or coefficients
// are not known well enough, and more defects are allowed.
func (p *placing) placeTightly(ctx context.Context, name string, whole record.Entry, low, high, k int, around float64) (found, error) {
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
	best, err := p.weigh(ctx, name, whole, at, k, at-reach, at+reach, step)
	for far := 1; err == nil && far < placeFar && (best.low < at-reach+step && best.low > step || best.high > at+reach-step && best.high < len(whole.Times)-step); far++ {
		at = best.at
		best, err = p.weigh(ctx, fmt.Sprintf("%s/far-%d", name, far), whole, at, k, at-reach, at+reach, step)
	}
	if err != nil || step == 1 {
		return best, err
	}
	return p.weigh(ctx, name+"/fine", whole, best.at, k, best.low-step, best.high+step, max((best.high-best.low+2*step)/placeFine, 1))
}

// weigh compares the places from … to, step apart, with their likelihoods.
func (p *placing) weigh(ctx context.Context, name string, whole record.Entry, at, k, from, to, step int) (found, error) {
	first, last := p.window(from, to, len(whole.Times))
	out := found{at: at, low: at, high: at}
	entries, places := p.trials(whole, first, last, from, to, step)
	if last-first < 8 || len(entries) == 0 {
		return out, nil
	}
	losses, path, err := p.losses(ctx, name, switching(p.closed, p.regimes, k), entries)
	if err == nil && p.known != nil {
		losses, err = p.adaptedLosses(ctx, k, entries, path, p.outside(whole, first, last))
	}
	if err != nil {
		return out, err
	}
	lowest := slices.Min(losses)
	if !series.Finite(lowest) {
		return out, nil
	}
	out = meanPlace(losses, places)
	count := measured(entries[0])
	out.excess = (lowest - count) / math.Sqrt(2*count)
	return out, nil
}

// trials are samples first to last of a record, once for every place from … to, step
// apart: an input switches there from one regime to the next.
func (p *placing) trials(whole record.Entry, first, last, from, to, step int) (entries []record.Entry, places []int) {
	for i := max(from, first+2); i <= min(to, last-2); i += step {
		e := whole.Slice(first, last)
		e.Name, e.Set = fmt.Sprintf("%s@%d", whole.Name, i), p.conditions(whole.Set)
		signal := make([]float64, last-first)
		for j := range signal {
			if first+j >= i {
				signal[j] = 1
			}
		}
		e.Inputs = append(e.Inputs, signal)
		entries, places = append(entries, e), append(places, i)
	}
	return entries, places
}

// measured is how many values an entry holds.
func measured(e record.Entry) float64 {
	count := 0.0
	for _, c := range e.Channels {
		for _, v := range c.Values {
			if !math.IsNaN(v) {
				count++
			}
		}
	}
	return count
}

// meanPlace is the mean of places under their likelihoods, exp(−loss/2) each, and the
// interval that leaves out 2.5 % of them on either side.
func meanPlace(losses []float64, places []int) found {
	lowest := slices.Min(losses)
	weights := make([]float64, len(places))
	sum, mean := 0.0, 0.0
	for i, v := range losses {
		weights[i] = math.Exp((lowest - v) / 2)
		sum, mean = sum+weights[i], mean+weights[i]*float64(places[i])
	}
	out := found{at: int(math.Round(mean / sum)), low: places[0], high: places[len(places)-1]}
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
	return out
}

// window are the samples of n that motions through a change between two of them go
// through: placeBefore cycles on both sides, and more where no other change is near.
func (p *placing) window(from, to, n int) (first, last int) {
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

// adaptedLosses are the losses of motions that switch from regime k to the next with
// coefficients at their best for every place, near those of the result: what entries
// say of them joins what the rest of the record does. Otherwise errors of
// coefficients, which grow along a chaotic motion, would decide on the place.
func (p *placing) adaptedLosses(ctx context.Context, k int, entries []record.Entry, path [][]float64, rest []fit.Block) ([]float64, error) {
	in := indicatorsAt(p.regimes, k)
	data, err := fit.Prepare(switching(p.known.data.Model, p.regimes, k), entries)
	if err != nil {
		return nil, err
	}
	library := slices.Clone(p.known.Terms)
	for i := range library {
		library[i].Factor = expr.Substitute(library[i].Factor, in)
	}
	theta := slices.Concat(p.known.Coefficients, p.known.Parameters)
	at := *p.known.Fitted
	at.Omega = p.omega
	known, err := (&fit.Engine{Data: p.known.data, Options: p.engine.Options, Workers: p.engine.Workers}).Triangles(ctx, &at, p.known.Terms, theta, rest)
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

// outside are the stretches that lie outside of samples first to last of a record.
func (p *placing) outside(whole record.Entry, first, last int) []fit.Block {
	const least = 4 // samples
	var out []fit.Block
	for i, b := range p.known.lies {
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

// moveChange sets where regime k of a record ends and the next starts.
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
