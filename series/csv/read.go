// Package csv reads and writes time series as text tables: a header line, then
// a line a sample.
//
// Cells are separated by commas, semicolons or tabs, whichever the header uses
// most, and may stand in double quotes. A name in the header may be followed by
// its unit, "v (mV)" or "v [mV]". Numbers have a decimal point; an empty cell,
// NaN, NA, N/A, null or None is a missing sample. Lines that begin with # are
// comments, and blank lines are skipped (in a table of one column they are
// missing samples).
package csv

import (
	"bytes"
	"io"

	"govern/series"
)

// Reader reads text tables: a series.Reader.
type Reader struct{}

// Name of the format.
func (Reader) Name() string { return "a text table" }

// Endings of files that hold text tables.
func (Reader) Endings() []string { return []string{".csv", ".tsv", ".txt"} }

// Holds says that a file begins without zero bytes, as text does.
func (Reader) Holds(head []byte) bool { return bytes.IndexByte(head, 0) < 0 }

// Read reads a table; see the function Read.
func (Reader) Read(file io.ReaderAt, size int64, name string, want series.Want) (*series.Series, error) {
	return Read(io.NewSectionReader(file, 0, size), name, want)
}

// Read reads a table; name is its file in messages. Every error is a
// *series.DataError. About 10⁷ cells a second.
func Read(r io.Reader, name string, want series.Want) (*series.Series, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, &series.DataError{File: name, Cause: err, Text: "the file cannot be read: " + err.Error()}
	}
	return parse(data, name, want)
}

// parse reads a whole table.
func parse(data []byte, name string, want series.Want) (*series.Series, error) {
	data = bytes.TrimLeft(data, "\ufeff") // the byte order mark of UTF-8
	if bytes.IndexByte(data[:min(len(data), 4096)], 0) >= 0 {
		return nil, &series.DataError{File: name, Text: "this is no text table: it has zero bytes",
			Hint: "a table saved as UTF-16 must be saved as UTF-8; binary formats must be exported as CSV"}
	}
	lines := &lineReader{rest: bytes.TrimRight(data, "\r\n")}
	head, err := readHeader(lines, name)
	if err != nil {
		return nil, err
	}
	plan, err := head.plan(want)
	if err != nil {
		return nil, err
	}
	return plan.readRows(lines)
}

// lineReader cuts a text into lines and drops comments.
type lineReader struct {
	rest   []byte
	number int // of the line last returned, counted from 1
}

// next returns the next line without its end; false after the last one.
func (r *lineReader) next() ([]byte, bool) {
	for len(r.rest) > 0 {
		line, rest, _ := bytes.Cut(r.rest, []byte{'\n'})
		r.rest = rest
		r.number++
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) == 0 || line[0] != '#' {
			return line, true
		}
	}
	return nil, false
}
