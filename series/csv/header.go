package csv

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"govern/expr"
	"govern/series"
)

// header is the first line of a table.
type header struct {
	file      string
	line      int
	delimiter byte
	columns   []headerCell
}

// headerCell is one column's head: a name and perhaps a unit.
type headerCell struct {
	name, unit string
	place      int // character in the line, counted from 1
}

func readHeader(lines *lineReader, file string) (*header, error) {
	line, ok := lines.next()
	for ok && len(bytes.TrimSpace(line)) == 0 {
		line, ok = lines.next()
	}
	if !ok {
		return nil, &series.DataError{File: file, Text: "the file is empty",
			Hint: "a table has a line of column names, such as t,x,y, and then a line a sample"}
	}
	h := &header{file: file, line: lines.number, delimiter: detectDelimiter(line)}
	cells, err := splitQuoted(line, h.delimiter)
	if err != nil {
		return nil, h.fault(lines.number, *err)
	}
	if last := len(cells) - 1; last > 0 && len(cells[last].text) == 0 {
		cells = cells[:last] // a delimiter at the end of every line
	}
	for _, c := range cells {
		name, unit := splitUnit(string(c.text))
		h.columns = append(h.columns, headerCell{name, unit, utf8.RuneCount(line[:c.offset]) + 1})
	}
	if !slices.ContainsFunc(h.columns, func(c headerCell) bool { return !isNumber(c.name) }) {
		return nil, &series.DataError{File: file, Line: h.line, Text: "the first row holds numbers: the header is missing",
			Hint: "put a line with the names of the columns first, such as " + exampleHeader(len(cells), h.delimiter)}
	}
	for i, c := range h.columns {
		if first := h.index(c.name); first < i && c.name != "" {
			return nil, h.fault(h.line, fault{place: c.place, column: c.name,
				text: fmt.Sprintf("columns %d and %d have the same name", first+1, i+1), hint: "rename one of them"})
		}
	}
	return h, nil
}

// detectDelimiter returns the separator that is most frequent outside quotes.
func detectDelimiter(line []byte) byte {
	best, most := byte(','), 0
	for _, d := range []byte{'\t', ';', ','} {
		count, quoted := 0, false
		for _, c := range line {
			switch {
			case c == '"':
				quoted = !quoted
			case c == d && !quoted:
				count++
			}
		}
		if count > most {
			best, most = d, count
		}
	}
	return best
}

// splitUnit takes "v (mV)" and "v [mV]" apart.
func splitUnit(text string) (name, unit string) {
	text = strings.TrimSpace(text)
	for _, brackets := range []string{"()", "[]"} {
		open := strings.LastIndexByte(text, brackets[0])
		if open > 0 && text[len(text)-1] == brackets[1] {
			return strings.TrimSpace(text[:open]), strings.TrimSpace(text[open+1 : len(text)-1])
		}
	}
	return text, ""
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// exampleHeader is t,x1,x2… of so many columns.
func exampleHeader(columns int, delimiter byte) string {
	names := []string{"t"}
	for i := 1; i < min(columns, 4); i++ {
		names = append(names, fmt.Sprintf("x%d", i))
	}
	example := strings.Join(names, string(delimiter))
	if columns > 4 {
		example += string(delimiter) + "…"
	}
	return example
}

func (h *header) names() []string {
	names := make([]string, len(h.columns))
	for i, c := range h.columns {
		names[i] = c.name
	}
	return names
}

func (h *header) index(name string) int {
	return slices.IndexFunc(h.columns, func(c headerCell) bool { return c.name == name })
}

// fault is an error at a place in a line.
func (h *header) fault(line int, f fault) *series.DataError {
	return &series.DataError{File: h.file, Line: line, Column: f.place, ColumnName: f.column, Text: f.text, Hint: f.hint}
}

// plan decides what becomes of every column.
func (h *header) plan(want series.Want) (*plan, error) {
	p := &plan{header: h, rate: want.Time.Rate, time: -1, targets: make([]int, len(h.columns))}
	for i := range p.targets {
		p.targets[i] = skipped
	}
	p.series = &series.Series{Name: h.file, TimeUnit: want.Time.Unit, Header: h.names()}
	if p.rate == 0 {
		if want.Time.Column != "" {
			if p.time = h.index(want.Time.Column); p.time < 0 {
				return nil, h.missing(want.Time.Column, "for the time")
			}
		} else if p.time = 0; h.columns[0].name == "" {
			return nil, h.fault(h.line, fault{place: 1, text: "the first column, the time, has no name",
				hint: "name it, or say which column holds the time: " + h.list()})
		}
		p.series.TimeName = h.columns[p.time].name
		if p.series.TimeUnit == "" {
			p.series.TimeUnit = h.columns[p.time].unit
		}
	}
	for _, name := range want.Columns {
		if h.index(name) < 0 {
			return nil, h.missing(name, "")
		}
	}
	all := want.Columns == nil && want.Optional == nil
	for i, c := range h.columns {
		if all && c.name == "" {
			return nil, h.fault(h.line, fault{place: c.place, text: fmt.Sprintf("column %d has no name", i+1), hint: "name it in the header"})
		}
		if all && i != p.time || slices.Contains(want.Columns, c.name) || slices.Contains(want.Optional, c.name) {
			p.targets[i] = len(p.series.Columns)
			p.series.Columns = append(p.series.Columns, series.Column{Name: c.name, Unit: c.unit})
		}
	}
	return p, nil
}

func (h *header) missing(name, use string) error {
	e := &series.DataError{File: h.file, Line: h.line, Text: strings.TrimSpace(fmt.Sprintf("there is no column %q %s", name, use)), Hint: h.list()}
	if bare, unit := splitUnit(name); unit != "" && h.index(bare) >= 0 {
		e.Hint = fmt.Sprintf("write %q: what stands in brackets is its unit", bare)
	} else if near := expr.Suggest(name, h.names()); near != "" {
		e.Hint = fmt.Sprintf("did you mean %q? %s", near, e.Hint)
	}
	return e
}

// list names the columns, as many as fit on a line or two.
func (h *header) list() string {
	const most = 20
	names := slices.DeleteFunc(h.names(), func(name string) bool { return name == "" })
	text := "the columns are " + strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}
