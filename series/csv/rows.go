package csv

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"govern/series"
)

// skipped is the target of a column that is not read.
const skipped = -1

// plan is what to do with the cells of every row.
type plan struct {
	*header
	rate    float64 // of sampling; 0: times are in a column
	time    int     // which one; −1: none
	targets []int   // for every column of the table: its place in series.Columns, or skipped
	series  *series.Series

	timeLine int // line of the last time
}

// cell is a piece of a line, without white space and quotes around it.
type cell struct {
	text   []byte
	offset int // in the line, in bytes
}

// fault is what is wrong at a place in a line.
type fault struct {
	place              int // character in the line, counted from 1
	column, text, hint string
}

// readRows reads all lines below the header.
func (p *plan) readRows(lines *lineReader) (*series.Series, error) {
	s := p.series
	expected := bytes.Count(lines.rest, []byte{'\n'}) + 1
	for i := range s.Columns {
		s.Columns[i].Values = make([]float64, 0, expected)
	}
	s.Time = make([]float64, 0, expected)
	rows := 0
	for line, ok := lines.next(); ok; line, ok = lines.next() {
		if len(p.columns) > 1 && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if p.rate > 0 {
			s.Time = append(s.Time, float64(rows)/p.rate)
		}
		if f := p.readRow(line, lines.number); f != nil {
			return nil, p.fault(lines.number, *f)
		}
		rows++
	}
	switch rows {
	case 0:
		return nil, &series.DataError{File: p.file, Line: p.line, Text: "there are no samples below the header", Hint: "was the file written to its end?"}
	case 1:
		return nil, &series.DataError{File: p.file, Text: "there is only one sample", Hint: "dynamics needs a series of samples, one a line"}
	}
	return s, nil
}

// readRow appends the cells of one line to the series.
func (p *plan) readRow(line []byte, number int) *fault {
	if bytes.IndexByte(line, '"') >= 0 {
		cells, f := splitQuoted(line, p.delimiter)
		if f != nil {
			return f
		}
		if f := p.checkWidth(len(cells), len(cells[len(cells)-1].text) == 0); f != nil {
			return f
		}
		for i, c := range cells[:len(p.columns)] {
			if f := p.readCell(i, c, line, number); f != nil {
				return f
			}
		}
		return nil
	}
	n := bytes.Count(line, []byte{p.delimiter}) + 1
	if f := p.checkWidth(n, len(line) > 0 && line[len(line)-1] == p.delimiter); f != nil {
		return f
	}
	start := 0
	for i := range p.columns {
		end := len(line)
		if k := bytes.IndexByte(line[start:], p.delimiter); k >= 0 {
			end = start + k
		}
		if f := p.readCell(i, trim(line, start, end), line, number); f != nil {
			return f
		}
		start = end + 1
	}
	return nil
}

// checkWidth lets one empty cell too many pass: a delimiter at the line's end.
func (p *plan) checkWidth(cells int, endsEmpty bool) *fault {
	want := len(p.columns)
	if cells == want || cells == want+1 && endsEmpty {
		return nil
	}
	hint := "a missing sample is an empty cell between two delimiters"
	if cells > want {
		hint = "every cell needs a name in the header; decimal commas must be points"
	}
	return &fault{text: fmt.Sprintf("the header has %d columns, this row %d", want, cells), hint: hint}
}

// readCell appends one cell to the time and to the channel it belongs to.
func (p *plan) readCell(i int, c cell, line []byte, number int) *fault {
	if i != p.time && p.targets[i] == skipped {
		return nil
	}
	v, f := p.number(c.text)
	if f == nil && i == p.time {
		f = p.appendTime(v, number)
	}
	if f != nil {
		f.place = utf8.RuneCount(line[:c.offset]) + 1
		f.column = p.columns[i].name
		return f
	}
	if k := p.targets[i]; k != skipped {
		p.series.Columns[k].Values = append(p.series.Columns[k].Values, v)
	}
	return nil
}

// appendTime appends a time that comes after the last one.
func (p *plan) appendTime(v float64, number int) *fault {
	s := p.series
	if n := len(s.Time); n > 0 && v <= s.Time[n-1] {
		last := s.Time[n-1]
		if v == last {
			return &fault{text: fmt.Sprintf("the time %s stands in line %d already", format(v), p.timeLine),
				hint: "remove or average the samples of one time; if the times were rounded, write more digits"}
		}
		hint := "sort the rows by time; without another word the first column is the time"
		if v <= s.Time[0] {
			hint = "if a new trial begins here, put it into a file of its own; otherwise sort the rows by time"
		}
		return &fault{text: fmt.Sprintf("the time goes back from %s (line %d) to %s", format(last), p.timeLine, format(v)), hint: hint}
	}
	if math.IsNaN(v) {
		return &fault{text: "the time is missing", hint: "give every row its time, or remove the row"}
	}
	s.Time = append(s.Time, v)
	p.timeLine = number
	return nil
}

// missing are the spellings of a missing sample, besides those of NaN.
var missing = [...]string{"", "na", "n/a", "null", "none"}

// number reads a cell; a missing sample is NaN.
func (p *plan) number(text []byte) (float64, *fault) {
	v, err := strconv.ParseFloat(string(text), 64)
	switch {
	case bytes.ContainsAny(text, "_xX"): // of programs, not of tables: 1_000, 0x1p3
		return 0, &fault{text: fmt.Sprintf("%q is not a number", abbreviate(text)), hint: p.advice(text)}
	case math.IsInf(v, 0):
		return 0, &fault{text: fmt.Sprintf("%s is infinite", text), hint: "for a missing sample leave the cell empty"}
	case err == nil:
		return v, nil
	case slices.Contains(missing[:], strings.ToLower(string(text))):
		return math.NaN(), nil
	}
	return 0, &fault{text: fmt.Sprintf("%q is not a number", abbreviate(text)), hint: p.advice(text)}
}

// advice guesses what was meant by a text where a number should be.
func (p *plan) advice(text []byte) string {
	switch {
	case bytes.IndexByte(text, '_') >= 0:
		return "digits are not grouped: write 1000 for 1_000"
	case bytes.IndexByte(text, ',') >= 0:
		return "numbers have a decimal point, not a comma"
	case bytes.IndexByte(text, ':') >= 0 || bytes.Count(text, []byte{'-'}) == 2:
		return "dates and clock times must become numbers, such as seconds since the first sample"
	case len(p.columns) == 1 && bytes.ContainsAny(text, " |"):
		return "cells are separated by commas, semicolons or tabs"
	}
	return "a missing sample is an empty cell, NaN or NA"
}

func abbreviate(text []byte) string {
	const most = 40
	if utf8.RuneCount(text) <= most {
		return string(text)
	}
	return string([]rune(string(text))[:most]) + "…"
}

func format(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// trim returns line[start:end] without white space around it.
func trim(line []byte, start, end int) cell {
	for start < end && isBlank(line[start]) {
		start++
	}
	for start < end && isBlank(line[end-1]) {
		end--
	}
	return cell{line[start:end], start}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// splitQuoted cuts a line into cells, some of which stand in double quotes; two
// of them inside are one.
func splitQuoted(line []byte, delimiter byte) ([]cell, *fault) {
	var cells []cell
	for start := 0; ; {
		end, quoted := start, false
		for end < len(line) && (quoted || line[end] != delimiter) {
			if line[end] == '"' {
				quoted = !quoted
			}
			end++
		}
		c := trim(line, start, end)
		if quoted {
			return nil, &fault{place: utf8.RuneCount(line[:c.offset]) + 1, text: "a quote is opened and not closed in this line",
				hint: "a cell may not go over several lines"}
		}
		if n := len(c.text); n > 1 && c.text[0] == '"' && c.text[n-1] == '"' {
			inside := bytes.ReplaceAll(c.text[1:n-1], []byte(`""`), []byte(`"`))
			c = cell{bytes.TrimSpace(inside), c.offset}
		}
		cells = append(cells, c)
		if end == len(line) {
			return cells, nil
		}
		start = end + 1
	}
}
