package record

import (
	"math"
	"slices"
	"strconv"

	"govern/expr"
	"govern/series"
)

// Table is a set of entries as one table of channels: what their columns say of scale,
// noise and time, whatever model is fitted to them.
type Table struct {
	Entries  []Entry
	Channels []ChannelInfo
	// Time is t_c: half the mean time between turning points that stand out by
	// 0.6 standard deviations, on the clean channel where it is shortest.
	Time float64

	expand func(*expr.Expr) *expr.Expr // puts definitions into observables
	index  [][]int                     // entry, channel of the entry → channel
}

// NewTable collects the channels of entries and estimates their noise, their scale
// and the characteristic time. Expand puts a model's definitions into what channels
// measure; two columns of one name that measure the same are one channel for every
// level of noise. Cost: O(samples · log samples).
func NewTable(entries []Entry, expand func(*expr.Expr) *expr.Expr) Table {
	t := Table{Entries: entries, expand: expand}
	known := map[string]int{}
	for _, e := range entries {
		var index []int
		for _, c := range e.Channels {
			k := c.instrument() + "\x00" + strconv.Itoa(c.Level)
			i, ok := known[k]
			if !ok {
				i = len(t.Channels)
				known[k] = i
				t.Channels = append(t.Channels, ChannelInfo{Column: c.Column, Unit: c.Unit, Observe: expand(c.Observe), Level: c.Level})
			}
			index = append(index, i)
		}
		t.index = append(t.index, index)
	}
	t.describe()
	return t
}

// Window is the table of samples from … to−1 of one entry, with the channels, noise
// and scales of all.
func (t *Table) Window(entry, from, to int) Table {
	p := *t
	p.Entries = []Entry{t.Entries[entry].Slice(from, to)}
	p.index = t.index[entry : entry+1]
	return p
}

// ChannelPlace is where channel c of the table stands among those of entry e, −1 where the
// entry lacks it.
func (t *Table) ChannelPlace(e, c int) int { return slices.Index(t.index[e], c) }

// stretch is what one entry has of a channel.
type stretch struct{ t, x []float64 }

// describe estimates scale and noise of every channel, and t_c.
func (t *Table) describe() {
	parts := t.stretches()
	for i := range t.Channels {
		t.Channels[i].estimateNoise(parts[i])
	}
	t.compareLevels()
	t.Time = t.rotationTime(parts)
	for i := range t.Channels {
		t.Channels[i].Slow = t.slowNoise(&t.Channels[i], parts[i])
	}
	if t.Time == 0 { // no oscillation: a quarter of the longest record
		for _, e := range t.Entries {
			t.Time = math.Max(t.Time, (e.Times[len(e.Times)-1]-e.Times[0])/4)
		}
	}
}

// stretches collects what entries have of every channel, and what they say of its noise.
func (t *Table) stretches() [][]stretch {
	parts := make([][]stretch, len(t.Channels))
	for e, entry := range t.Entries {
		for c, ch := range entry.Channels {
			i := t.index[e][c]
			parts[i] = append(parts[i], stretch{entry.Times, ch.Values})
			if ch.Sigma > 0 {
				t.Channels[i].Sigma0, t.Channels[i].Given = ch.Sigma, true
				t.Channels[i].Correlation = ch.Correlation
			}
		}
	}
	return parts
}

// estimateNoise sets count, deviation and noise from a channel's stretches.
func (c *ChannelInfo) estimateNoise(parts []stretch) {
	var all []float64
	step := 0.0
	for _, p := range parts {
		all = append(all, p.x...)
		step = math.Max(step, series.QuantisationStep(p.x))
	}
	for _, v := range all {
		if !math.IsNaN(v) {
			c.Count++
		}
	}
	c.Std = series.Std(all)
	c.Floor = math.Max(1e-4*c.Std, step/math.Sqrt(12))
	if sigma, ok := differenceNoise(parts); ok {
		c.Differences = sigma
		if !c.Given {
			c.Sigma0 = sigma
		}
	}
	if !c.Given {
		c.Sigma0 = math.Max(c.Sigma0, c.Floor)
	}
}

// differenceNoise is the noise that differences of neighbouring samples show, as the
// mean square over stretches; not ok where they are too few.
func differenceNoise(parts []stretch) (sigma float64, ok bool) {
	sum, weight := 0.0, 0.0
	for _, p := range parts {
		if s, _ := series.NoiseSigma(p.t, p.x); s > 0 && series.Finite(s) {
			n := float64(len(p.x))
			sum += n * s * s
			weight += n
		}
	}
	return math.Sqrt(sum / weight), weight > 0
}

// rotationTime is t_c of the fastest rotation of the clean channels; without turning
// points, of the crossings of the cleanest; 0 where nothing oscillates.
func (t *Table) rotationTime(parts [][]stretch) float64 {
	cleanest := math.Inf(1)
	for _, c := range t.Channels {
		cleanest = math.Min(cleanest, c.Sigma0/c.Std)
	}
	fastest := 0.0
	for i, c := range t.Channels {
		ratio := c.Sigma0 / c.Std
		if ratio > math.Max(cleanRatio, cleanest) {
			continue
		}
		longest := stretch{}
		for _, p := range parts[i] {
			if len(p.t) > len(longest.t) {
				longest = p
			}
		}
		tc := 0.0
		if ratio <= cleanRatio {
			tc = series.TurningTime(longest.t, longest.x, math.Max(0.6*c.Std, 8*c.Sigma0))
		}
		if tc == 0 && ratio == cleanest {
			tc = series.CharacteristicTime(longest.t, longest.x)
		}
		if tc > 0 && (fastest == 0 || tc < fastest) {
			fastest = tc
		}
	}
	return fastest
}

// slowNoise is the largest noise that differences show over strides of 1, 2, 4 …
// samples, as long as enough of them are left in a cycle.
func (t *Table) slowNoise(c *ChannelInfo, parts []stretch) float64 {
	slow := c.Sigma0
	for stride := 2; t.Time > 0 && !c.Given && float64(stride*strideSamples) < t.SamplesPerCycle(); stride *= 2 {
		var thinned []stretch
		for _, p := range parts {
			if q := (stretch{Thin(p.t, stride), Thin(p.x, stride)}); len(q.t) >= leastStrided {
				thinned = append(thinned, q)
			}
		}
		if sigma, ok := differenceNoise(thinned); ok {
			slow = math.Max(slow, sigma)
		}
	}
	return slow
}

// Sigmas returns the starting noise of every channel.
func (t *Table) Sigmas() []float64 {
	s := make([]float64, len(t.Channels))
	for i, c := range t.Channels {
		s[i] = c.Sigma0
	}
	return s
}

// RelativeNoise is the noise of every channel in its standard deviations.
func (t *Table) RelativeNoise(sigma []float64) []float64 {
	out := make([]float64, len(sigma))
	for i, s := range sigma {
		out[i] = s / t.Channels[i].Std
	}
	return out
}

// Observations is the number of samples of all channels.
func (t *Table) Observations() int {
	n := 0
	for _, c := range t.Channels {
		n += c.Count
	}
	return n
}

// SamplesPerCycle is the mean number of samples in a cycle, 4·t_c.
func (t *Table) SamplesPerCycle() float64 {
	span, steps := 0.0, 0
	for _, e := range t.Entries {
		span += e.Times[len(e.Times)-1] - e.Times[0]
		steps += len(e.Times) - 1
	}
	return 4 * t.Time * float64(steps) / span
}

// Channel is the index of an entry's channel, −1 when the data lack it.
func (t *Table) Channel(c Channel) int {
	return t.find(c.Column, t.expand(c.Observe), c.Level)
}

// IndexOf is the index of a channel of other data of the same model, −1 when
// these lack it.
func (t *Table) IndexOf(c ChannelInfo) int { return t.find(c.Column, c.Observe, c.Level) }

func (t *Table) find(column string, observe *expr.Expr, level int) int {
	for i, have := range t.Channels {
		if have.Column == column && have.Level == level && expr.Identical(have.Observe, observe) {
			return i
		}
	}
	return -1
}

// Values are the samples of channel c of the data in entry e; nil where the
// entry lacks it.
func (t *Table) Values(e, c int) []float64 {
	if k := t.ChannelPlace(e, c); k >= 0 {
		return t.Entries[e].Channels[k].Values
	}
	return nil
}

// DropOutliers is an entry whose channel c of the data lacks the samples that are
// off by more than limit.
func (t *Table) DropOutliers(entry Entry, e, c int, off []float64, limit float64) Entry {
	k := t.ChannelPlace(e, c)
	if k < 0 {
		return entry
	}
	entry.Channels = slices.Clone(entry.Channels)
	values := slices.Clone(entry.Channels[k].Values)
	for i, r := range off {
		if r > limit {
			values[i] = math.NaN()
		}
	}
	entry.Channels[k].Values = values
	return entry
}

// Mean of all samples of channel c.
func (t *Table) Mean(c int) float64 {
	sum, count := 0.0, 0.0
	for e := range t.Entries {
		for _, v := range t.Values(e, c) {
			if !math.IsNaN(v) {
				sum += v
				count++
			}
		}
	}
	return sum / math.Max(count, 1)
}

// Longest is the number of samples of the longest entry.
func (t *Table) Longest() int {
	most := 0
	for _, e := range t.Entries {
		most = max(most, len(e.Times))
	}
	return most
}

// Samples is the number of sampling times of all entries.
func (t *Table) Samples() int {
	return CountSamples(t.Entries)
}

// Beginning is the beginning of the data: entries, the longest first, until they
// have the given number of samples, the last one cut.
func (t *Table) Beginning(samples int) []Entry {
	order := make([]int, len(t.Entries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(t.Entries[b].Times) - len(t.Entries[a].Times) })
	var out []Entry
	for _, i := range order {
		e := t.Entries[i]
		if len(e.Times) > samples {
			e = e.Slice(0, samples)
		}
		out = append(out, e)
		if samples -= len(e.Times); samples < 10 {
			break
		}
	}
	return out
}

// MiddleTime is the time halfway between the first sample of all entries and the last.
func (t *Table) MiddleTime() float64 {
	first, last := math.Inf(1), math.Inf(-1)
	for _, e := range t.Entries {
		first, last = math.Min(first, e.Times[0]), math.Max(last, e.Times[len(e.Times)-1])
	}
	return (first + last) / 2
}

// cleanRatio is the noise, in standard deviations, up to which turning points
// can be told from noise.
const cleanRatio = 0.15

// strideSamples is how many samples a cycle must keep for differences over a
// stride to be noise and not signal.
const strideSamples = 60

// leastStrided is how many samples a stretch must keep to say something.
const leastStrided = 100

// Thin takes each n-th value.
func Thin(x []float64, n int) []float64 {
	var out []float64
	for i := 0; i < len(x); i += n {
		out = append(out, x[i])
	}
	return out
}
