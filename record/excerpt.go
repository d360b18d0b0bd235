package record

// A search looks at no more than searchSamples samples of a longer record, in
// stretches of excerptSamples spread evenly over it: a formula needs some hundred
// cycles to be found, and more of them cost only time.
const (
	searchLimit    = 40_000
	searchSamples  = 20_000
	excerptSamples = 4_000
	leastExcerpt   = 500 // of an entry, unless it is shorter
)

// Excerpts returns stretches that stand for long entries in a search, the first
// sample and the last of every entry among them: entries as they are where they have
// no more than forty thousand samples in all. Every entry has a share in
// proportion to its length. The stretches share the entries' memory.
func Excerpts(entries []Entry) []Entry {
	total := 0
	for _, e := range entries {
		total += len(e.Times)
	}
	if total <= searchLimit {
		return entries
	}
	var out []Entry
	for _, e := range entries {
		n := len(e.Times)
		quota := min(max(n*searchSamples/total, leastExcerpt), n)
		count := max((quota+excerptSamples/2)/excerptSamples, 1)
		length := quota / count
		for k := range count {
			from := 0
			if count > 1 {
				from = (n - length) * k / (count - 1)
			}
			out = append(out, e.Slice(from, from+length))
		}
	}
	return out
}
