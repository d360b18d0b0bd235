package record

import (
	"math"
	"slices"

	"govern/expr"
	"govern/series"
)

// Levels says which entries share the noise of a channel, and sets Channel.Level:
// 0 everywhere where one level serves all. The entries of one name are parts of a file and share
// theirs; of a file that is partly held out only the other part is looked at. To
// Prepare a channel with several levels is as many channels, each with its own noise.
//
// Given noises are levels as they are given. Others are what the medians of
// differences show: files whose noise is alike are put together, nearest first, as long as −2 log L rises
// by less than a level costs, log(samples) + 2 log(files), or their noise differs by
// less than levelRatio. A file whose differences still see motion may have any smaller noise, so it
// never begins a level above others. Files without noise of their own join
// the level with most samples. Cost: O(samples · log samples).
func Levels(entries []Entry) []Entry {
	out := CloneChannels(entries)
	var files []string
	training := map[string]bool{}
	for _, e := range entries {
		if !slices.Contains(files, e.Name) {
			files = append(files, e.Name)
		}
		training[e.Name] = training[e.Name] || !e.Test
	}
	if len(files) < 2 {
		return out
	}
	noises := map[string][]fileNoise{} // of every channel, by file
	for _, e := range entries {
		if e.Test && training[e.Name] {
			continue
		}
		for _, c := range e.Channels {
			key := c.instrument()
			if noises[key] == nil {
				noises[key] = make([]fileNoise, len(files))
			}
			noises[key][slices.Index(files, e.Name)].add(e.Times, c)
		}
	}
	for key, noise := range noises {
		levels := levelsOf(noise)
		for e := range out {
			for i := range out[e].Channels {
				if c := &out[e].Channels[i]; c.instrument() == key {
					c.Level = levels[slices.Index(files, out[e].Name)]
				}
			}
		}
	}
	return out
}

// Relevel returns the entries with levels apart that are one as far as differences
// show, but not in what a path leaves of them: residual is by entry, channel of the table
// and sample, nil where an entry lacks the channel. The entries are the table's own
// where no level changes. Channels with given noise stay as they are.
func (t *Table) Relevel(residual [][][]float64) (entries []Entry, changed bool) {
	entries = t.Entries
	for i, info := range t.Channels {
		files := t.files(i)
		if info.Given || len(files) < 2 {
			continue
		}
		noises := make([]fileNoise, len(files))
		for e := range t.Entries {
			if r := residual[e][i]; r != nil {
				noises[slices.Index(files, t.Entries[e].Name)].addResidual(r, info.Floor)
			}
		}
		levels := levelsOf(noises)
		if slices.Max(levels) == 0 {
			continue
		}
		if !changed {
			changed = true
			entries = CloneChannels(entries)
		}
		free := 0 // the first number that no level of the channel has
		for _, k := range t.LevelsOf(i) {
			free = max(free, t.Channels[k].Level+1)
		}
		for e := range entries {
			if k := t.ChannelPlace(e, i); k >= 0 {
				if l := levels[slices.Index(files, entries[e].Name)]; l > 0 {
					entries[e].Channels[k].Level = free + l - 1
				}
			}
		}
	}
	return entries, changed
}

// WithLevelsOf returns entries with the levels that other entries of their names have.
func WithLevelsOf(entries, of []Entry) []Entry {
	entries = CloneChannels(entries)
	for e := range entries {
		k := slices.IndexFunc(of, func(o Entry) bool { return o.Name == entries[e].Name })
		if k < 0 {
			continue
		}
		for i := range entries[e].Channels {
			c := &entries[e].Channels[i]
			for _, have := range of[k].Channels {
				if have.instrument() == c.instrument() {
					c.Level = have.Level
				}
			}
		}
	}
	return entries
}

// instrument is what the channels have in common that are one in Data.
func (c *Channel) instrument() string { return c.Column + "\x00" + c.Observe.String() }

// levelRatio is how far the standard deviations of two levels are apart at least. One
// level for two files that differ by less makes intervals 8 % wider at most.
const levelRatio = 1.5

// fileNoise is what the parts of a file say of a channel's noise.
type fileNoise struct {
	given    float64
	square   float64 // Σ freedom·σ²
	freedom  float64
	unlike   float64 // freedom of the parts that may hold motion
	samples  int
	position int // of the file
}

func (f *fileNoise) add(times []float64, c Channel) {
	f.given = math.Max(f.given, c.Sigma)
	f.samples += len(times)
	n := series.MedianNoise(times, c.Values)
	if !series.Finite(n.Sigma) || n.Freedom == 0 {
		return
	}
	f.square += n.Freedom * n.Sigma * n.Sigma
	f.freedom += n.Freedom
	if !n.White {
		f.unlike += n.Freedom
	}
}

// addResidual adds what is left of a stretch around a path, of which it is sure that it is
// no motion; below the floor nothing is told apart.
func (f *fileNoise) addResidual(r []float64, floor float64) {
	var sizes []float64
	for _, v := range r {
		if series.Finite(v) {
			sizes = append(sizes, math.Abs(v))
		}
	}
	f.samples += len(r)
	if len(sizes) > 0 {
		sigma, n := math.Max(series.Median(sizes)/NormalMedian, floor), medianEfficiency*float64(len(sizes))
		f.square += n * sigma * sigma
		f.freedom += n
	}
}

// The median of absolute normal values is NormalMedian standard deviations, and as sure as the
// root mean square of medianEfficiency of their number.
const (
	NormalMedian     = 0.6744897501960817
	medianEfficiency = 0.37
)

func (f *fileNoise) variance() float64 {
	if f.given > 0 {
		return f.given * f.given
	}
	return f.square / f.freedom
}

// group are files of one level.
type group struct {
	files           []int // their positions
	given           float64
	square, freedom float64
	surely          float64 // least variance of a file that is sure to be noise; 0: of none
	samples         int
}

func (g *group) variance() float64 { return g.square / g.freedom }

// levelsOf numbers the levels of the files, from the cleanest; 0 for all of them
// where there is one.
func levelsOf(noise []fileNoise) []int {
	out := make([]int, len(noise))
	var groups []group
	samples := 0
	var sorted []fileNoise
	for i, f := range noise {
		if f.position = i; f.given > 0 {
			f.square, f.freedom, f.unlike = float64(f.samples)*f.given*f.given, float64(f.samples), 0
		}
		if f.freedom > 0 && f.square > 0 {
			sorted = append(sorted, f)
			samples += f.samples
		}
	}
	slices.SortStableFunc(sorted, func(a, b fileNoise) int {
		if d := a.variance() - b.variance(); d != 0 {
			return int(math.Copysign(1, d))
		}
		return 0
	})
	for _, f := range sorted {
		g := group{files: []int{f.position}, given: f.given, square: f.square, freedom: f.freedom, samples: f.samples}
		if 2*f.unlike <= f.freedom {
			g.surely = f.variance()
		}
		groups = append(groups, g)
	}
	price := math.Log(float64(samples)) + 2*math.Log(float64(len(sorted)))
	for len(groups) > 1 {
		next, least := -1, math.Inf(1)
		for i := range len(groups) - 1 {
			if rise := groups[i].joinCost(&groups[i+1], price); rise < least {
				next, least = i, rise
			}
		}
		if next < 0 {
			break
		}
		groups[next].join(groups[next+1])
		groups = slices.Delete(groups, next+1, next+2)
	}
	largest := 0
	for k := range groups {
		if groups[k].samples > groups[largest].samples {
			largest = k
		}
	}
	for i := range out {
		out[i] = largest
	}
	for k, g := range groups {
		for _, f := range g.files {
			out[f] = k
		}
	}
	return out
}

// joinCost is the rise of −2 log L when a group becomes one with the next noisier one; +Inf
// where the two are levels of their own.
func (g *group) joinCost(next *group, price float64) float64 {
	both := (g.square + next.square) / (g.freedom + next.freedom)
	rise := g.freedom*math.Log(both/g.variance()) + next.freedom*math.Log(both/next.variance())
	if g.given > 0 && next.given > 0 {
		if g.given == next.given {
			return 0
		}
		return math.Inf(1)
	}
	if next.surely < levelRatio*levelRatio*g.variance() || rise < price {
		return rise
	}
	return math.Inf(1)
}

func (g *group) join(other group) {
	g.files = append(g.files, other.files...)
	g.given = math.Max(g.given, other.given)
	g.square += other.square
	g.freedom += other.freedom
	if g.surely == 0 {
		g.surely = other.surely
	}
	g.samples += other.samples
}

// compareLevels sets deviation and floor of channels that have several levels, and the files
// of each. Of the noisier ones most of the spread may be noise, so the motion's is the
// mean of what all levels say of it, weighted by samples and by the square of the signal's share.
func (t *Table) compareLevels() {
	for i := range t.Channels {
		levels := t.LevelsOf(i)
		if len(levels) < 2 {
			continue
		}
		t.Channels[i].Files = t.files(i)
		if levels[0] != i {
			continue
		}
		motion, weight := 0.0, 0.0
		for _, k := range levels {
			c := &t.Channels[k]
			if share := 1 - c.Sigma0*c.Sigma0/(c.Std*c.Std); share > 0 {
				w := float64(c.Count) * share * share
				motion += w * share * c.Std * c.Std
				weight += w
			}
		}
		if weight == 0 { // no level shows any
			continue
		}
		motion /= weight
		for _, k := range levels {
			c := &t.Channels[k]
			c.Floor = math.Max(c.Floor, 1e-4*math.Sqrt(motion))
			if !c.Given {
				c.Sigma0 = math.Max(c.Sigma0, c.Floor)
			}
			c.Std = math.Sqrt(motion + c.Sigma0*c.Sigma0)
		}
	}
}

// files are the names of the entries that have channel i.
func (t *Table) files(i int) []string {
	var out []string
	for e, entry := range t.Entries {
		if slices.Contains(t.index[e], i) && !slices.Contains(out, entry.Name) {
			out = append(out, entry.Name)
		}
	}
	return out
}

// Cleanest is the level of channel i with the least noise, i itself where there are no
// others.
func (t *Table) Cleanest(i int) int {
	for _, k := range t.LevelsOf(i) {
		if t.Channels[k].Sigma0 < t.Channels[i].Sigma0 {
			i = k
		}
	}
	return i
}

// ValuesAtAnyLevel are the samples of channel c, whatever its level in entry e; nil where the
// entry lacks it.
func (t *Table) ValuesAtAnyLevel(e, c int) []float64 {
	for _, k := range t.LevelsOf(c) {
		if v := t.Values(e, k); v != nil {
			return v
		}
	}
	return nil
}

// ChannelAtAnyLevel is the index of an entry's channel, of another level where the data lack its
// own; −1 when they lack it altogether.
func (t *Table) ChannelAtAnyLevel(c Channel) int {
	if i := t.Channel(c); i >= 0 {
		return i
	}
	return slices.IndexFunc(t.Channels, func(have ChannelInfo) bool {
		return have.Column == c.Column && expr.Identical(have.Observe, t.expand(c.Observe))
	})
}

// LevelsOf are the channels that differ from channel i in the level of their noise alone,
// itself among them, in order.
func (t *Table) LevelsOf(i int) []int {
	var out []int
	for k, c := range t.Channels {
		if c.Column == t.Channels[i].Column && expr.Identical(c.Observe, t.Channels[i].Observe) {
			out = append(out, k)
		}
	}
	return out
}
