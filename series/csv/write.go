package csv

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"

	"govern/series"
)

// Write writes a series as a table with commas that Read reads back to the same
// numbers: in the fewest digits that do, and with missing samples empty. The
// times of a sampling rate become a column t.
func Write(w io.Writer, s *series.Series) error {
	b := bufio.NewWriter(w)
	name := s.TimeName
	if name == "" {
		name = "t"
		for s.Column(name) != nil {
			name += "_"
		}
	}
	b.WriteString(heading(name, s.TimeUnit))
	for _, c := range s.Columns {
		b.WriteByte(',')
		b.WriteString(heading(c.Name, c.Unit))
	}
	b.WriteByte('\n')
	var number []byte
	for i, t := range s.Time {
		number = strconv.AppendFloat(number[:0], t, 'g', -1, 64)
		b.Write(number)
		for _, c := range s.Columns {
			b.WriteByte(',')
			if v := c.Values[i]; !math.IsNaN(v) {
				number = strconv.AppendFloat(number[:0], v, 'g', -1, 64)
				b.Write(number)
			}
		}
		b.WriteByte('\n')
	}
	return b.Flush() // reports the first error of all writes
}

func heading(name, unit string) string {
	switch {
	case strings.Contains(unit, "("):
		name += " [" + unit + "]"
	case unit != "":
		name += " (" + unit + ")"
	}
	if strings.ContainsAny(name, ",;\t\"#") {
		return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	}
	return name
}
