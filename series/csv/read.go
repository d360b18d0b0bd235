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
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"govern/expr"
	"govern/series"
)

// Options say what to read. The zero value reads every column, the first of
// them as the time.
type Options struct {
	Time     TimeSpec
	Columns  []string // must be there
	Optional []string // are read where they are there
}

// TimeSpec says when the samples were taken.
type TimeSpec struct {
	Column string  // of the times; "": the first one
	Unit   string  // of the times; "": what the header says, if anything
	Rate   float64 // samples a Unit, from time 0, in place of a column of times; 0: there is a column
}

// ReadFile reads the file of that path. Every error is a *series.DataError.
func ReadFile(path string, opt Options) (*series.Series, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	return parse(data, path, opt)
}

// Read reads a table; name is its file in messages. Every error is a
// *series.DataError. About 10⁷ cells a second.
func Read(r io.Reader, name string, opt Options) (*series.Series, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return parse(data, name, opt)
}

// unreadable explains an error of the operating system.
func unreadable(path string, err error) error {
	e := &series.DataError{File: path, Cause: err, Text: "the file cannot be read: " + reason(err)}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Text, e.Hint = "there is no such file", missingFileHint(path)
	case errors.Is(err, fs.ErrPermission):
		e.Text, e.Hint = "the file may not be read", "change its permissions"
	default:
		if info, e2 := os.Stat(path); e2 == nil && info.IsDir() {
			e.Text, e.Hint = "this is a directory", "name the file in it"
		}
	}
	return e
}

// reason is the innermost text of an error: without the operation and path.
func reason(err error) string {
	var wrapped *fs.PathError
	if errors.As(err, &wrapped) {
		return wrapped.Err.Error()
	}
	return err.Error()
}

func missingFileHint(path string) string {
	dir, file := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return fmt.Sprintf("the directory %s does not exist either; paths are relative to the problem file", filepath.Clean(dir))
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if near := expr.Suggest(file, names); near != "" {
		return "did you mean " + filepath.Join(dir, near) + "?"
	}
	return "paths are relative to the problem file"
}

// parse reads a whole table.
func parse(data []byte, name string, opt Options) (*series.Series, error) {
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
	plan, err := head.plan(opt)
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
