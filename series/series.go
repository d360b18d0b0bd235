// Package series holds time series: what was measured, when, and in which
// units. Formats are read by packages below it, one a format. It also answers
// what a series can say about itself without a model: how noisy a channel is
// and how fast it moves.
package series

// Series is a table of channels measured at common times.
type Series struct {
	Name     string    // for messages: the file it came from
	Time     []float64 // strictly increasing, in TimeUnit
	TimeName string    // name of the time column; "" when the times come from a sampling rate
	TimeUnit string    // "" when unknown
	Columns  []Column  // those that were read, in the order of the file
	SHA256   string    // of the file, in hexadecimal; "" where it came from none
	Header   []string  // names of all columns of the source, read or not, the time included
}

// Column is one channel.
type Column struct {
	Name   string
	Unit   string    // "" when unknown
	Values []float64 // at the times of the series; NaN where a sample is missing
}

// Column returns the column of that name, or nil.
func (s *Series) Column(name string) *Column {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return &s.Columns[i]
		}
	}
	return nil
}
